"""Where the long connection is: we ask with our credentials and are given an address with a ticket,
which is good for one connection and goes into no log.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from adapters.chat.feishu.calls import Calls
from adapters.chat.feishu.content import number, part, text
from adapters.chat.feishu.options import Options

_PATH = "/callback/ws/endpoint"
_BUSY = frozenset({1, 1000040343})
_TOO_MANY = 1000040350
# these and the headers below are named in the ws/const.py of lark-oapi
_AUTH_FAILED, _FORBIDDEN = "514", "403"
_FRAME_CAP = 4 * 1024 * 1024


class Dropped(Exception):
    """The connection is not there, or not any more. `state` is what it means for the adapter."""

    def __init__(self, reason: str, state: str = "unreachable") -> None:
        super().__init__(reason)
        self.state = state


class Endpoint:
    """Finds the address and opens the socket. Both have a time limit."""

    def __init__(
        self, options: Options, calls: Calls, alarm: Callable[[str], Awaitable[None]]
    ) -> None:
        self._options, self._calls, self._alarm = options, calls, alarm
        self._crowded = False

    async def find(self) -> tuple[str, Any]:
        """The address and the server's ClientConfig. Raises Dropped."""
        status, found = await self._ask()
        code = number(found, "code")
        if code is None and text(part(found, "data"), "URL"):
            code = 0
        if status >= 500 or status == 429 or code is None or code in _BUSY:
            raise Dropped(f"no address (code {code}, status {status})")
        if code == _TOO_MANY:
            raise await self._too_many()
        if code or status >= 400:
            await self._calls.refused()
            raise Dropped(f"no address (code {code}, status {status})", "refused")
        data = part(found, "data")
        url = text(data, "URL")
        secure = self._options.base_url.startswith("https:")
        if not url.startswith("wss://" if secure else ("ws://", "wss://")):
            raise Dropped("no address of a websocket")
        return url, data.get("ClientConfig")

    async def _ask(self) -> tuple[int, Any]:
        options = self._options
        try:
            async with self._calls.session.post(
                options.base_url.rstrip("/") + _PATH,
                json={"AppID": options.app_id, "AppSecret": options.app_secret},
                headers={"locale": "zh"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=options.discovery_timeout),
            ) as answer:
                return answer.status, await answer.json(content_type=None)
        except TimeoutError:
            raise Dropped("no address in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Dropped(f"no address: {type(error).__name__}") from None

    async def open(self, url: str) -> aiohttp.ClientWebSocketResponse:
        """The socket. Raises Dropped."""
        try:
            async with asyncio.timeout(self._options.discovery_timeout):
                socket = await self._calls.session.ws_connect(
                    url,
                    max_msg_size=_FRAME_CAP,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise await self._unwelcome(error) from None
        except TimeoutError:
            raise Dropped("no handshake in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Dropped(f"no handshake: {type(error).__name__}") from None
        self._crowded = False
        return socket

    async def _unwelcome(self, error: aiohttp.WSServerHandshakeError) -> Dropped:
        def header(name: str) -> str:
            return str(error.headers.get(name, "")) if error.headers else ""

        if header("handshake-autherrcode") == str(_TOO_MANY):
            return await self._too_many()
        if header("handshake-status") in {_AUTH_FAILED, _FORBIDDEN}:
            await self._calls.refused()
            return Dropped("the handshake was refused", "refused")
        return Dropped(f"the handshake failed (status {error.status})")

    async def _too_many(self) -> Dropped:
        """Some process somewhere uses up the app's fifty connections; said once."""
        if not self._crowded:
            self._crowded = True
            await self._alarm("connections")
        return Dropped("too many connections of this app", "refused")


def service(url: str) -> int:
    """The service id that our pings have to name."""
    value = parse_qs(urlsplit(url).query).get("service_id", [""])[0]
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
