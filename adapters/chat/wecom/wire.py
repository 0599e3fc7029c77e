"""HTTP to WeCom: two sessions (its API, and media from wherever it says), JSON in and out, and the
difference between what surely did not arrive and what may have.
"""

import io
import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.chat.port import SendError
from adapters.chat.wecom.times import Times


class Wire:
    """Sessions that are opened when they are first needed. `inside` lets media come from our own
    network: only where WeCom itself is reached there (tests, private deployments).
    """

    def __init__(self, times: Times, inside: bool) -> None:
        self._times, self.inside = times, inside
        self._api: aiohttp.ClientSession | None = None
        self._media: aiohttp.ClientSession | None = None

    def api(self) -> aiohttp.ClientSession:
        """For WeCom's own addresses."""
        if self._api is None:
            self._api = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._times.http),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._api

    def media(self) -> aiohttp.ClientSession:
        """For addresses that stand in messages: never into our own network."""
        if self._media is None:
            resolver = None if self.inside else Public()
            self._media = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver),
                timeout=aiohttp.ClientTimeout(
                    total=self._times.download,
                    sock_connect=self._times.http,
                    sock_read=self._times.http,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._media

    async def ask(
        self,
        method: str,
        url: str,
        where: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        data: aiohttp.FormData | None = None,
    ) -> dict[str, Any]:
        """The answer's JSON. Raises SendError: plain if it did not arrive, else ambiguous. A
        question (GET) may be asked again whatever became of it.
        """
        maybe = method != "GET"
        timeout = aiohttp.ClientTimeout(total=self._times.http, sock_connect=self._times.http)
        sent: aiohttp.FormData | io.BytesIO | None = data
        headers = {}
        if body is not None:  # as a file, so that a large one does not hold up the loop
            sent = io.BytesIO(json.dumps(body, ensure_ascii=False).encode())
            headers["Content-Type"] = "application/json"
        try:
            async with self.api().request(
                method, url, params=params, data=sent, headers=headers, timeout=timeout
            ) as answer:
                raw, status = await answer.read(), answer.status
        except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError) as error:
            late = isinstance(error, aiohttp.ServerTimeoutError)
            late = late and not isinstance(error, aiohttp.ConnectionTimeoutError)
            raise SendError(f"wecom {where}: unreachable", ambiguous=late and maybe) from None
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise SendError(f"wecom {where}: no answer", ambiguous=maybe) from None
        if status in (429, 503):
            raise SendError(f"wecom {where}: HTTP {status}")
        if status in (502, 504):  # a gateway lost the answer
            raise SendError(f"wecom {where}: HTTP {status}", ambiguous=maybe)
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        theirs = isinstance(found, dict) and (status < 400 or "errcode" in found)
        if not isinstance(found, dict) or not theirs:
            unsure = maybe and status != 404
            raise SendError(f"wecom {where}: HTTP {status}, no JSON", ambiguous=unsure)
        return found

    async def close(self) -> None:
        """Let go of connections."""
        for session in (self._api, self._media):
            if session is not None:
                await session.close()
        self._api = self._media = None


class Public(AbstractResolver):
    """Resolves names, but only to addresses of the public internet."""

    def __init__(self) -> None:
        self._inner = aiohttp.DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public ones. Raises OSError if there is none."""
        found = [r for r in await self._inner.resolve(host, port, family) if public(r["host"])]
        if not found:
            raise OSError("no public address")
        return found

    async def close(self) -> None:
        """Let go of the inner one."""
        await self._inner.close()


def public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def literal(host: str) -> bool:
    """Whether a host is an IP address and no name: then no resolver is asked."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_inside(url: str) -> bool:
    """Whether an address of ours to WeCom points into our own network."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or (literal(host) and not public(host))
