"""Calls of Feishu's open API on our own event loop: one session, one token, every call counted.

lark-oapi's calls are not used: its asynchronous ones fetch their token with a blocking request, its
synchronous ones hide the throttling header and whether a request had gone out at all.
"""

import asyncio
import json
import logging
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from adapters.chat.feishu.content import number, text
from adapters.chat.feishu.faults import SCOPE, THROTTLED, TOKEN, Fault
from adapters.chat.feishu.options import Options

log = logging.getLogger("vitrine.feishu")
Json = dict[str, Any]
Form = Callable[[], aiohttp.FormData]
_TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105
_RESET = "x-ogw-ratelimit-reset"
_LONGEST_WAIT = 3600.0
_EARLY, _LIFE = 600.0, 7200
_ANSWER_CAP = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One call, which can be made again."""

    method: str
    path: str
    body: Json | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Form | None = None
    within: float = 0.0

    def payload(self) -> aiohttp.FormData | bytes | None:
        """The body, made anew for each try."""
        if self.form is not None:
            return self.form()
        return None if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


class Calls:
    """The open API, with the tenant's token. `spent` is told of every call that goes out; `alarm`
    of what an admin has to see to.
    """

    def __init__(
        self,
        options: Options,
        counts: Counter[str],
        spent: Callable[[], None],
        alarm: Callable[[str, Mapping[str, str]], Awaitable[None]],
    ) -> None:
        self._options, self._counts = options, counts
        self._spent, self._alarm = spent, alarm
        self._session: aiohttp.ClientSession | None = None
        self._token, self._until = "", 0.0
        self._fetching = asyncio.Lock()
        self._alarmed: set[str] = set()

    @property
    def untrusted(self) -> bool:
        """Whether our credentials were refused when they were last looked at."""
        return "credentials" in self._alarmed

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one session; opened when first asked for."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        form: Form | None = None,
        within: float = 0.0,
    ) -> Json:
        """The answer's `data`. `form` makes a multipart body anew for each try; `within` is another
        time limit than the usual, in seconds. Raises Fault.
        """
        answer = await self.ask(Request(method, path, body, query or {}, form, within))
        found = answer.get("data")
        return found if isinstance(found, dict) else {}

    async def ask(self, request: Request) -> Json:
        """The whole answer: a few old addresses have no `data`. Raises Fault."""
        token = await self.token()
        try:
            return await self._exchange(request, token)
        except Fault as fault:
            if fault.code not in TOKEN:
                await self._noted(fault)
                raise
        self._counts["token.refreshed"] += 1
        token = await self.token(instead_of=token)
        try:
            return await self._exchange(request, token)
        except Fault as fault:
            await self._noted(fault)
            raise

    async def _noted(self, fault: Fault) -> None:
        if fault.throttled:
            self._counts["throttled"] += 1
        if fault.code in SCOPE and "permission" not in self._alarmed:
            self._alarmed.add("permission")
            await self._alarm("permission", {"code": str(fault.code)})

    async def _exchange(self, request: Request, token: str) -> Json:
        what = f"{request.method} {_pattern(request.path)}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if request.body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        timeout = request.within or self._options.call_timeout
        self._spent()
        try:
            async with self.session.request(
                request.method,
                self._options.base_url.rstrip("/") + request.path,
                data=request.payload(),
                params=request.query,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout, connect=self._options.connect_timeout),
            ) as answer:
                return _read(what, answer, await _body(what, answer))
        except TimeoutError:
            raise Fault(f"{what}: no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Fault(f"{what}: {type(error).__name__}") from None

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A download as aiohttp's response, which is good. Raises Fault."""
        what = f"GET {_pattern(path)}"
        token = await self.token()
        self._spent()
        timeout = aiohttp.ClientTimeout(
            total=None, connect=self._options.connect_timeout, sock_read=self._options.call_timeout
        )
        try:
            async with self.session.get(
                self._options.base_url.rstrip("/") + path,
                params=query,
                headers={"Authorization": f"Bearer {token}"},
                allow_redirects=False,
                timeout=timeout,
            ) as answer:
                kind = answer.content_type
                if answer.status != 200 or kind == "application/json":
                    _read(what, answer, await _body(what, answer))
                    raise Fault(f"{what}: no content", status=answer.status)
                yield answer
        except TimeoutError:
            raise Fault(f"{what}: no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Fault(f"{what}: {type(error).__name__}") from None
        except Fault as fault:
            if fault.code in TOKEN:
                self.forget(token)
            await self._noted(fault)
            raise

    def forget(self, token: str) -> None:
        """The platform does not take this token any more."""
        if token == self._token:
            self._token = ""

    async def prove(self) -> None:
        """Show our credentials once more, though a token may be left. Raises Fault."""
        await self.token(instead_of=self._token)

    async def token(self, instead_of: str = "") -> str:
        """The tenant's token; a fresh one if the one named was refused. Raises Fault."""
        async with self._fetching:
            if instead_of:
                self.forget(instead_of)
            if self._token and time.monotonic() < self._until:
                return self._token
            secrets = {"app_id": self._options.app_id, "app_secret": self._options.app_secret}
            try:
                answer = await self._exchange(Request("POST", _TOKEN_PATH, secrets), "")
            except Fault as fault:
                raise await self._refusal(fault) from None
            token, life = text(answer, "tenant_access_token"), number(answer, "expire")
            if not token:
                raise Fault("the token's answer has no token")
            life = _LIFE if life is None else life
            # a token of two hours is renewed ten minutes early, a shorter one in proportion
            self._token, self._until = token, time.monotonic() + life - min(_EARLY, life * 0.1)
            self._alarmed.discard("credentials")
            return token

    async def _refusal(self, fault: Fault) -> Fault:
        if fault.passing or not 0 <= fault.status < 500:
            return fault
        await self.refused()
        return Fault("the app id or secret was refused", code=fault.code, refused=True)

    async def refused(self) -> None:
        """Our credentials were refused: say so once, until they are taken again."""
        self._counts["refused.credentials"] += 1
        if "credentials" not in self._alarmed:
            self._alarmed.add("credentials")
            await self._alarm("credentials", {})


async def _body(what: str, answer: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        raw += chunk
        if len(raw) > _ANSWER_CAP:
            raise Fault(f"{what}: the answer is too long", status=answer.status)
    return bytes(raw)


def _read(what: str, answer: aiohttp.ClientResponse, raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    code = number(body, "code")
    if code is None and isinstance(body, dict) and "code" not in body and answer.status < 300:
        code = 0
    if not isinstance(body, dict) or code is None:
        wait = _wait(answer) if answer.status == 429 else None
        raise Fault(f"{what}: not an answer of the API", status=answer.status, wait=wait)
    if code == 0 and answer.status < 400:
        return body
    throttled = code == THROTTLED or answer.status == 429
    wait = _wait(answer) if throttled or _RESET in answer.headers else None
    raise Fault(what, code=code, status=answer.status, wait=wait, hint=str(body.get("msg", "")))


def _wait(answer: aiohttp.ClientResponse) -> float:
    try:
        asked = float(answer.headers.get(_RESET, ""))
    except ValueError:
        return 1.0
    return min(max(asked, 0.0), _LONGEST_WAIT) if math.isfinite(asked) else 1.0


def _pattern(path: str) -> str:
    """The path without its ids, for logs and reasons."""
    return "/".join("…" if "_" in part and part[:3] in _IDS else part for part in path.split("/"))


_IDS = ("om_", "img", "fil", "oc_", "ou_")
