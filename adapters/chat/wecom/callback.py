"""What the platform tells the self-built application: calls of ours with a sealed XML message.
Source: developer.work.weixin.qq.com path/90238 (receiving) and path/90240 (events).
"""

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as Xml  # type: ignore[import-untyped]  # it brings no types
from aiohttp import web
from defusedxml import DefusedXmlException

from adapters.chat.patience import POISON, Patience
from adapters.chat.port import Heard, Hook, InboundMessage, Lent, Media, Said
from adapters.chat.recent import Recent
from adapters.chat.wecom.application import Application
from adapters.chat.wecom.crypto import Envelope, Unsealed
from adapters.chat.wecom.hearing import IDLE, PLATFORM, Malformed, clean, moment, need, stem

log = logging.getLogger("vitrine.wecom")

PATH = "/webhooks/wecom"
LARGEST = 256 * 1024
WINDOW = 300.0
SEEN = "wecom:callback"


class Refusal(Exception):
    """A call that is answered with a status and nothing else."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Callback:
    """Takes calls in. `begin` gives the one who hears; before it, calls are answered with 503."""

    def __init__(
        self, envelope: Envelope, application: Application, lent: Lent, counts: Counter[str]
    ) -> None:
        self._envelope, self._application = envelope, application
        self._lent, self._counts = lent, counts
        self._heard: Heard | None = None
        self._signatures: Recent[bool] = Recent(20_000, 2 * WINDOW)
        self._patience = Patience()
        self._seen = False
        self.hooks = (Hook("GET", PATH, self.verify), Hook("POST", PATH, self.receive))

    def begin(self, heard: Heard) -> None:
        """Hear from now on."""
        self._heard = heard

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """The console asks whether the address is ours: the opened echo is the proof."""
        sealed = request.query.get("echostr", "")
        try:
            signature = self._checked(request, sealed)
            echo = self._opened(sealed)
        except Refusal as refusal:
            return self._refused(refusal)
        self._signatures.put(signature, True)
        await self._noted()
        return web.Response(body=echo, content_type="text/plain")

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """One message or event; 200 when it is committed, 500 if it can't be: then it is told
        again.
        """
        try:
            outer = parsed(await _body(request))
            sealed = text_of(outer, "Encrypt")
            signature = self._checked(request, sealed)
            inner = self._opened(sealed)
        except Refusal as refusal:
            return self._refused(refusal)
        if self._heard is None:
            return web.Response(status=503)
        self._counts["received"] += 1
        try:
            await self._take(inner, self._heard)
        except (Malformed, Refusal) as error:
            self._counts["malformed"] += 1
            log.warning("a callback is malformed: %s", error)
        except POISON as error:
            self._counts["malformed"] += 1
            log.error("a callback can't be taken in: %s", type(error).__name__)
        except Exception as error:  # not committed: it must come again
            self._counts["untaken"] += 1
            kind = type(error).__name__
            log.warning("a callback was not taken in: %s", kind)
            tries = self._patience.over(hashlib.sha256(inner).hexdigest(), error)
            if not tries:
                return web.Response(status=500)
            self._counts["given-up"] += 1
            log.error("a callback is given up after %d tries: %s", tries, kind)
        self._signatures.put(signature, True)
        await self._noted()
        return web.Response()

    def _checked(self, request: web.Request, sealed: str) -> str:
        """The signature of a genuine, fresh, new call. Raises Refusal."""
        query = request.query
        signature, stamp = query.get("msg_signature", ""), query.get("timestamp", "")
        if not sealed or not signature or not stamp.isascii() or not stamp.isdigit():
            raise Refusal(401, "signature")
        if not self._envelope.genuine(signature, stamp, query.get("nonce", ""), sealed):
            raise Refusal(401, "signature")
        if len(stamp) > 12 or abs(time.time() - int(stamp)) > WINDOW:
            raise Refusal(401, "stale")
        if self._signatures.get(signature.lower()):
            raise Refusal(403, "replayed")
        return signature.lower()

    def _opened(self, sealed: str) -> bytes:
        try:
            return self._envelope.open(sealed)
        except Unsealed:
            raise Refusal(401, "sealed") from None

    def _refused(self, refusal: Refusal) -> web.Response:
        self._counts[f"refused.{refusal.reason}"] += 1
        log.warning("a callback is refused: %s", refusal.reason)
        return web.Response(status=refusal.status)

    async def _noted(self) -> None:
        """For the self-test: the address works."""
        if not self._seen:
            await self._lent.memory.put(SEEN, "1")
            self._seen = True

    async def _take(self, raw: bytes, heard: Heard) -> None:
        words = {child.tag: child.text or "" for child in parsed(raw)}
        message = read(words, moment(words.get("CreateTime"), self._lent.now()))
        if message is None:
            self._counts["ignored"] += 1
            return
        if message.said is Said.JOINED and not await self._first(message):
            self._counts["ignored"] += 1
            return
        code = words.get("ResponseCode", "")
        if message.said is Said.PRESSED and code:
            task = words.get("TaskId", "")
            await self._application.remember(message.target, code, task, message.sender)
        await heard(message)
        if message.said is Said.JOINED:
            await self._lent.memory.put(f"wecom:entered:{message.chat}", "1")

    async def _first(self, message: InboundMessage) -> bool:
        """Whether nobody has greeted this member yet; entering happens many times a day."""
        return not await self._lent.memory.get(f"wecom:entered:{message.chat}")


def read(words: Mapping[str, str], at: datetime) -> InboundMessage | None:
    """An opened message by the names of its fields; None if it says nothing to us. Raises
    Malformed.
    """
    kind, sender = need(words, "MsgType"), need(words, "FromUserName")
    if kind == "event":
        return _event(words, sender, at)
    text = ""
    media: tuple[Media, ...] = ()
    match kind:
        case "text":
            text = words.get("Content", "")
        case "image":
            media = (_media("photo", need(words, "MediaId")),)
        case "voice":
            text = words.get("Recognition", "")
            media = () if text else (_media("voice", need(words, "MediaId")),)
        case "video" | "shortvideo":
            media = (_media("video", need(words, "MediaId"), words.get("ThumbMediaId", "")),)
        case _:
            return None
    return InboundMessage(
        PLATFORM,
        "",
        sender,
        need(words, "MsgId"),
        sender,
        at,
        text=clean(text),
        media=media,
        private=True,
    )


def _event(words: Mapping[str, str], sender: str, at: datetime) -> InboundMessage | None:
    """Events have no id: who, when and what make one."""
    event = words.get("Event", "").lower()
    button, target = "", ""
    match event:
        case "subscribe" | "enter_agent":
            said = Said.JOINED
        case "unsubscribe":
            said = Said.LEFT
        case "template_card_event":
            button, target = need(words, "EventKey"), stem(need(words, "TaskId"))
            said = Said.PRESSED
        case _:
            return None
    if button == IDLE:
        return None
    parts = (sender, need(words, "CreateTime"), event, words.get("TaskId", ""), button)
    unique = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    return InboundMessage(
        PLATFORM,
        "",
        sender,
        f"event-{unique}",
        sender,
        at,
        said,
        target=target,
        button=button,
        private=True,
    )


def _media(kind: str, media_id: str, thumb: str = "") -> Media:
    """Ids live for three days."""
    return Media(kind, ref=_ref(kind, media_id), thumb_ref=_ref("photo", thumb) if thumb else "")


def _ref(kind: str, media_id: str) -> str:
    facts = {"from": "app", "kind": kind, "id": media_id, "at": int(time.time())}
    return json.dumps(facts, separators=(",", ":"))


async def _body(request: web.Request) -> bytes:
    """The body, up to our bound. Raises Refusal."""
    if (request.content_length or 0) > LARGEST:
        raise Refusal(413, "size")
    raw = bytearray()
    async for piece in request.content.iter_chunked(64 * 1024):
        raw += piece
        if len(raw) > LARGEST:
            raise Refusal(413, "size")
    return bytes(raw)


def parsed(raw: bytes) -> Element:
    """XML without a document type. Raises Refusal."""
    try:
        root: Element = Xml.fromstring(raw, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Refusal(400, "xml") from None
    return root


def text_of(root: Element, name: str) -> str:
    """The text of a child, or nothing."""
    return (root.findtext(name) or "").strip()
