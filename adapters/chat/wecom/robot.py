"""The group robot (消息推送): one address that speaks into one group and hears nothing. Limits:
developer.work.weixin.qq.com path/99110: 20 messages a minute, markdown 4096 bytes, pictures 2 MB.
"""

import base64
import hashlib
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from adapters.chat.port import Check, Lent, Reply, SendError
from adapters.chat.wecom import saying
from adapters.chat.wecom.codes import NO_KEY, code_of, fault
from adapters.chat.wecom.pace import Pace
from adapters.chat.wecom.wire import Wire

log = logging.getLogger("vitrine.wecom")

LIMIT = 4096
PICTURE = 2 * 1024 * 1024
KINDS = frozenset({"digest", "escalation", "review", "reminder"})
"""The kinds of notices that go this way."""


class Robot:
    """One robot; its whole address is a secret."""

    def __init__(self, url: str, wire: Wire, lent: Lent, counts: Counter[str]) -> None:
        self._url, self._wire, self._lent, self._counts = url, wire, lent, counts
        self._pace = Pace((20, 60))

    async def send(self, reply: Reply, name: str) -> None:
        """The text with real mentions, then the picture, whose failure is only logged. Raises
        SendError.
        """
        picture = reply.picture
        if picture and len(picture) > PICTURE:
            log.warning("%s: the picture is too large for the group robot", name)
            picture = None
        self._pace.take("", 1 + bool(picture))
        text = saying.markdown(reply, LIMIT, lambda user: f"<@{user}>")
        await self._put({"msgtype": "markdown", "markdown": {"content": text}})
        if picture:
            try:
                await self._put(_image(picture))
            except SendError as error:
                self._counts["incomplete"] += 1
                log.warning("%s: the picture did not go out: %s", name, error)

    async def _put(self, body: Mapping[str, Any]) -> None:
        code = code_of(await self._wire.ask("POST", self._url, "group robot", body=body))
        if code in NO_KEY:
            await self._lent.alarm("webhook", {})
        if code:
            raise fault(code, "group robot")

    async def check(self) -> Check:
        """Whether the key is known: a body without a message is refused, but as that."""
        try:
            code = code_of(await self._wire.ask("POST", self._url, "group robot", body={}))
        except SendError:
            return Check("wecom.webhook", None)
        return Check("wecom.webhook", code not in NO_KEY)


def _image(picture: bytes) -> Mapping[str, Any]:
    digest = hashlib.md5(picture, usedforsecurity=False).hexdigest()
    data = base64.b64encode(picture).decode()
    return {"msgtype": "image", "image": {"base64": data, "md5": digest}}
