"""The self-built application: pushes to single members over HTTP. Sources:
developer.work.weixin.qq.com path/90236 (message/send), path/94888 (update_template_card),
path/90389 and 90390 (media), path/91039 (gettoken).
"""

import asyncio
import io
import json
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from adapters.chat.port import CannotEdit, Check, Lent, Reply, SendError
from adapters.chat.wecom import saying
from adapters.chat.wecom.codes import (
    CREDENTIALS,
    GONE_MEDIA,
    IP,
    TOKENS,
    USED_UP,
    code_of,
    fault,
)
from adapters.chat.wecom.media import PIECE, Trouble
from adapters.chat.wecom.pace import Pace
from adapters.chat.wecom.wire import Wire
from domain.errors import PhotoFault

log = logging.getLogger("vitrine.wecom")

LIMIT = 2048
PICTURE = 10 * 1024 * 1024
SAME = 120
"""Seconds in which the platform takes the same content to the same member for a second try. The
platform knows no key, so a longer time would swallow two honest, equal answers."""
CODE_LIFE = 72 * 3600
MARGIN = 300


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to the API."""

    corp_id: str
    agent_id: int
    secret: str


class Application:
    """One application of one company."""

    def __init__(
        self, base: str, identity: Identity, wire: Wire, lent: Lent, counts: Counter[str]
    ) -> None:
        self._base, self._identity = base.rstrip("/"), identity
        self._wire, self._lent, self._counts = wire, lent, counts
        self._pace = Pace((30, 60), (1000, 3600))
        self._fetching = asyncio.Lock()
        self.state = "starting"

    async def send(self, user: str, reply: Reply, name: str) -> None:
        """Say it to a member under the message id `name`. Raises SendError."""
        task = saying.task_id(name, SAME)
        card = saying.whole_card(reply, task) if reply.buttons else None
        later = saying.rest_card(reply, task) if reply.buttons and card is None else None
        picture = reply.picture if reply.picture and len(reply.picture) <= PICTURE else None
        self._pace.take(user, 1 + bool(later) + bool(picture))
        if card is not None:
            await self._card(user, card, name)
        else:
            text = saying.plain(reply, LIMIT)
            await self._put(user, {"msgtype": "text", "text": {"content": text}})
        try:
            if later is not None:
                await self._card(user, later, name)
            if picture:
                await self._picture(user, picture)
        except SendError as error:
            self._counts["incomplete"] += 1
            log.warning("%s: the second part did not go out: %s", name, error)

    async def _card(self, user: str, card: saying.Card, name: str) -> None:
        sent = await self._put(user, {"msgtype": "template_card", "template_card": card})
        code = sent.get("response_code")
        if isinstance(code, str) and code:
            await self.remember(name, code, card["task_id"], user)

    async def remember(self, name: str, code: str, task: str, user: str) -> None:
        """Keep what allows one change of a card: from its sending, or from a press."""
        kept = {"code": code, "task": task, "user": user, "at": int(time.time())}
        await self._lent.memory.put(f"wecom:card:{name}", json.dumps(kept))

    async def _put(self, user: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send one message to one member. Raises SendError."""
        full = {
            "touser": user,
            "agentid": self._identity.agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": SAME,
            **body,
        }
        answer = await self.call("message/send", full)
        if user.lower() in str(answer.get("invaliduser") or "").lower().split("|"):
            raise SendError("wecom message/send: the member is out of range", shut=True)
        return answer

    async def _picture(self, user: str, picture: bytes) -> None:
        form = aiohttp.FormData()
        raw = io.BytesIO(picture)
        form.add_field("media", raw, filename="vitrine.png", content_type="image/png")
        answer = await self.call("media/upload", None, {"type": "image"}, form)
        media_id = answer.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise SendError("wecom media/upload: no media_id")
        await self._put(user, {"msgtype": "image", "image": {"media_id": media_id}})

    async def edit(self, name: str, reply: Reply) -> None:
        """Change the card `name`, once for each sending or press of it. Raises SendError,
        CannotEdit.
        """
        found = await self._lent.memory.get(f"wecom:card:{name}")
        kept = json.loads(found) if found else None
        if not kept or time.time() - kept["at"] > CODE_LIFE:
            raise CannotEdit("no code to change the card with")
        card = saying.changed_card(reply, kept["task"])
        if card is None:
            raise CannotEdit("the text does not fit a card")
        body = {
            "userids": [kept["user"]],
            "agentid": self._identity.agent_id,
            "response_code": kept["code"],
            "template_card": card,
        }
        await self._lent.memory.put(f"wecom:card:{name}", "")
        await self.call("message/update_template_card", body)

    async def call(
        self,
        path: str,
        body: Mapping[str, Any] | None,
        params: Mapping[str, str] | None = None,
        form: aiohttp.FormData | None = None,
    ) -> dict[str, Any]:
        """One call with our token, which is fetched anew if it has just ended. Raises SendError,
        or CannotEdit for a card that can't be changed.
        """
        method = "GET" if body is None and form is None else "POST"
        url = f"{self._base}/cgi-bin/{path}"
        for last in (False, True):
            token = await self.token()
            with_token = {"access_token": token, **(params or {})}
            answer = await self._wire.ask(
                method, url, path, params=with_token, body=body, data=form
            )
            code = code_of(answer)
            if code not in TOKENS or last or form is not None:
                break
            await self.forget(token)
        if not code:
            self.state = "ok"
            return answer
        if code in USED_UP:
            raise CannotEdit(f"wecom {path}: errcode {code}")
        await self._tell(code, answer)
        raise fault(code, path)

    async def _tell(self, code: int, answer: Mapping[str, Any]) -> None:
        """What an admin has to see to."""
        if code == IP:
            await self._lent.alarm("trusted-ip", {"ip": address_in(answer)})
        elif code in CREDENTIALS:
            self.state = "refused"
            await self._lent.alarm("app-credentials", {})

    async def token(self) -> str:
        """The access token, shared through the memory; one is fetched at a time."""
        async with self._fetching:
            kept = await self._lent.memory.get("wecom:token")
            facts = json.loads(kept) if kept else {}
            if facts.get("for") == self._whose and facts.get("until", 0) > time.time():
                return str(facts["token"])
            params = {"corpid": self._identity.corp_id, "corpsecret": self._identity.secret}
            url = f"{self._base}/cgi-bin/gettoken"
            answer = await self._wire.ask("GET", url, "gettoken", params=params)
            if code := code_of(answer):
                await self._tell(code, answer)
                raise fault(code, "gettoken")
            token = str(answer.get("access_token") or "")
            life = float(answer.get("expires_in") or 7200)
            until = time.time() + max(life - MARGIN, life / 2)
            fresh = {"token": token, "until": until, "for": self._whose}
            await self._lent.memory.put("wecom:token", json.dumps(fresh))
            self._counts["tokens"] += 1
            self.state = "ok"
            return token

    @property
    def _whose(self) -> str:
        """Another application's token is no use to this one."""
        return f"{self._identity.corp_id}/{self._identity.agent_id}"

    async def forget(self, token: str) -> None:
        """A token that the platform refused; unless another has come in its place already."""
        async with self._fetching:
            kept = await self._lent.memory.get("wecom:token")
            if kept and json.loads(kept).get("token") == token:
                await self._lent.memory.put("wecom:token", "")

    async def media(self, media_id: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a media id. Raises PhotoFault `expired`, or Trouble."""
        try:
            token = await self.token()
        except SendError:
            raise Trouble from None
        params = {"access_token": token, "media_id": media_id}
        url = f"{self._base}/cgi-bin/media/get"
        timeout = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=20)
        async with self._wire.api().get(url, params=params, timeout=timeout) as answer:
            kind = answer.content_type
            if answer.status == 200 and kind not in ("application/json", "text/plain"):
                async for piece in answer.content.iter_chunked(PIECE):
                    yield piece
                return
            raw = await answer.content.read(4096)
        code = _code(raw)
        if code in TOKENS:
            await self.forget(token)
        if code in GONE_MEDIA:
            raise PhotoFault("expired")
        raise Trouble

    async def checks(self) -> tuple[Check, ...]:
        """Whether our secret is right and our address is trusted."""
        try:
            token = await self.token()
        except SendError:
            return Check("wecom.app", False if self.state == "refused" else None), Check(
                "wecom.trusted-ip", None, (("ip", "?"),)
            )
        params = {"access_token": token, "agentid": str(self._identity.agent_id)}
        try:
            url = f"{self._base}/cgi-bin/agent/get"
            answer = await self._wire.ask("GET", url, "agent/get", params=params)
        except SendError:
            return Check("wecom.app", True), Check("wecom.trusted-ip", None, (("ip", "?"),))
        code = code_of(answer)
        trusted = Check("wecom.trusted-ip", code != IP, (("ip", address_in(answer)),))
        return Check("wecom.app", code not in CREDENTIALS), trusted


def address_in(answer: Mapping[str, Any]) -> str:
    """Our own address, as the platform saw it, out of its words."""
    found = re.search(r"from ip: ?([0-9a-fA-F.:]+)", str(answer.get("errmsg") or ""))
    return found.group(1).strip(".") if found else "?"


def _code(raw: bytes) -> int:
    try:
        answer = json.loads(raw)
    except ValueError:
        return -1
    return code_of(answer) if isinstance(answer, dict) else -1
