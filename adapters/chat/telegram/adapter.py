"""Telegram's door: what the port asks for, put together from the parts beside this file."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from adapters.chat.port import (
    Capabilities,
    ChatAdapter,
    Check,
    Edits,
    Heard,
    Hook,
    Lent,
    Reply,
    Rule,
)
from adapters.chat.telegram import fetching, saying
from adapters.chat.telegram.ears import Ears
from adapters.chat.telegram.hearing import PLATFORM, Me
from adapters.chat.telegram.looking import look
from adapters.chat.telegram.polling import Polling
from adapters.chat.telegram.presses import Presses, ShortForms
from adapters.chat.telegram.speaking import Mouth
from adapters.chat.telegram.standing import Standing
from adapters.chat.telegram.times import Times, pause
from adapters.chat.telegram.webhook import Webhook, address
from adapters.chat.telegram.wire import Halted, Line, refused
from domain.person import Address

REMEMBERED = "telegram.me"
PATIENCE = 3

log = logging.getLogger("vitrine.telegram")


@dataclass(frozen=True, slots=True)
class Options:
    """`proxy` is a URL (http:// or socks5://). With `webhook_secret`
    Telegram calls us at `public_url`, without it we poll.
    """

    token: str = field(repr=False)
    base_url: str = "https://api.telegram.org"
    proxy: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    public_url: str = ""
    times: Times = field(default_factory=Times)


def build(options: Options, lent: Lent) -> ChatAdapter:
    """Raises ValueError, with a sentence that says what to change."""
    if not re.fullmatch(r"[A-Za-z0-9_:-]+", options.token):
        raise ValueError("The Telegram token must look like 123456789:AA… (from @BotFather)")
    try:
        root = urlsplit(options.base_url)
        good = root.scheme in ("http", "https") and bool(root.hostname)
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            "The Telegram address in VITRINE_TELEGRAM_BASE_URL must be http:// or https:// "
            "with a host, like https://api.telegram.org"
        )
    return Telegram(options, lent)


class Telegram:
    """One bot. Everything that waits for Telegram waits without holding the loop."""

    platform = PLATFORM
    account = ""
    can = Capabilities(
        edits=Edits.ALWAYS,
        buttons=24,
        reactions=True,
        whispers=True,
        text_limit=saying.TEXT_LIMIT,
        text_unit="utf16",
        caption_limit=saying.CAPTION_LIMIT,
    )
    rules: tuple[Rule, ...] = (
        Rule("account", 30, 1),
        Rule("private", 1, 1),
        Rule("group", 20, 60),
        Rule("group", 1, 1),
    )

    def __init__(self, options: Options, lent: Lent) -> None:
        times, secret = options.times, options.webhook_secret
        self._url = address(secret, options.public_url) if secret else ""
        self._lent, self._times = lent, times
        self._line = Line(options.token, options.base_url, options.proxy, times)
        self._standing = Standing(lent, times.quiet)
        self._presses = Presses(self._line, times.press, self._standing.counts)
        self._forms = ShortForms(lent.memory)
        self._ears = Ears(self._standing, self._presses, self._forms)
        self._way: Polling | Webhook = Polling(self._line, self._ears, self._standing, times)
        self.hooks: tuple[Hook, ...] = ()
        if secret:
            way = Webhook(self._line, self._ears, self._standing, times, secret, self._url)
            self._way, self.hooks = way, (way.hook,)
        self._mouth = Mouth(self._line, self._standing, self._forms)
        self._checks: tuple[Check, ...] = ()
        self.counts = self._standing.counts

    @property
    def state(self) -> str:
        """In one word."""
        return self._standing.state

    @property
    def checks(self) -> tuple[Check, ...]:
        """What the last look found."""
        return self._checks

    @property
    def alone(self) -> bool:
        """Telegram hands its updates to one who asks for them; a webhook may lead anywhere."""
        return isinstance(self._way, Polling)

    def attend(self, heard: Heard) -> None:
        """See `ChatAdapter`."""
        self._ears.heard = heard

    async def listen(self, heard: Heard) -> None:
        """Hear until cancelled."""
        self._ears.heard = heard
        await self._remember()
        known = asyncio.Event()
        asking = asyncio.create_task(self._introduce(known))
        try:
            await known.wait()
            self._ears.ready = True
            await self._way.run()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _remember(self) -> None:
        """Our name from last time, for links and mentions before Telegram is reached."""
        try:
            doc = json.loads(await self._lent.memory.get(REMEMBERED) or "{}")
            if not self._ears.me.id:
                self._ears.me = Me(int(doc.get("id", 0)), str(doc.get("username", "")))
        except Exception as error:
            log.warning("our own name is not remembered: %s", type(error).__name__)

    async def _introduce(self, known: asyncio.Event) -> None:
        """Ask who we are until Telegram says it: without it no mention is known for ours. After a
        few failures that are not about the token we listen without it, and go on asking.
        """
        fails = 0
        while True:
            try:
                user = await self._line.bot.get_me()
                break
            except Exception as error:
                fails += 1
                wait = await self._unknown(error, fails, quietly=known.is_set())
                if fails >= PATIENCE and not refused(error):
                    known.set()
                await asyncio.sleep(wait)
        known.set()
        self._ears.me = Me(user.id, user.username or "")
        doc = {"id": user.id, "username": user.username or ""}
        try:
            await self._lent.memory.put(REMEMBERED, json.dumps(doc))
        except Exception as error:
            log.warning("our own name could not be kept: %s", type(error).__name__)

    async def _unknown(self, error: Exception, fails: int, *, quietly: bool) -> float:
        """How long to wait; the state is ours only as long as nobody listens (not `quietly`)."""
        if quietly:
            log.warning("we still do not know who we are: %s", type(error).__name__)
            return max(pause(self._times, fails), getattr(error, "seconds", 0.0))
        if refused(error):
            self._standing.become("refused")
            await self._standing.alarm("token")
            return self._times.refused
        self._standing.become("unreachable")
        log.warning("Telegram does not answer: %s", type(error).__name__)
        return error.seconds if isinstance(error, Halted) else pause(self._times, fails)

    async def send(self, to: Address, reply: Reply, key: str) -> str:
        """Say it; `chat:number` of the message. Telegram knows no keys."""
        return await self._mouth.send(to, reply)

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        """Put other content in the place of a message of ours."""
        await self._mouth.edit(message_id, reply)

    async def react(self, to: Address, message_id: str, mark: str) -> None:
        """Mark a message with the bot's one reaction."""
        await self._mouth.react(message_id, mark)

    async def whisper(self, to: Address, user: str, reply: Reply, press: str) -> bool:
        """The answer to a press is all that one reader of a group can be shown alone."""
        return await self._presses.whisper(press, user, reply)

    def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """The bytes of a ref, in pieces."""
        return fetching.fetch(self._line, ref)

    async def examine(self) -> tuple[Check, ...]:
        """Ask Telegram what works."""
        self._checks = await look(self._line, self._url)
        return self._checks

    def deep_link(self, code: str) -> str:
        """Opens a chat with us that says `/start CODE`; Telegram takes 64 plain characters."""
        name = self._ears.me.username
        if not name or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code):
            return ""
        return f"https://t.me/{name}?start={code}"

    async def close(self) -> None:
        """Let go of connections."""
        await self._presses.close()
        await self._line.close()
