"""WeCom 企业微信 as one platform with up to three channels: the smart bot hears and answers, the
group robot speaks into its group, the self-built application reaches single members.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from adapters.chat.port import (
    CannotEdit,
    Capabilities,
    ChatAdapter,
    Check,
    Edits,
    Heard,
    Hook,
    Lent,
    Reply,
    Rule,
    SendError,
)
from adapters.chat.wecom import application, bot, robot, saying
from adapters.chat.wecom.callback import SEEN, Callback
from adapters.chat.wecom.crypto import Envelope
from adapters.chat.wecom.hearing import PLATFORM
from adapters.chat.wecom.media import Downloads
from adapters.chat.wecom.socket import NotConnected
from adapters.chat.wecom.times import Times
from adapters.chat.wecom.wire import Wire, is_inside
from domain.person import Address

log = logging.getLogger("vitrine.wecom")

Alarm = Callable[[str, Mapping[str, str]], Awaitable[None]]

RULES = (Rule("chat", 30, 60), Rule("chat", 1000, 3600))
ADDRESSES = {
    "ws_url": ("ws", "wss"),
    "base_url": ("http", "https"),
    "group_webhook": ("http", "https"),
}
ROOM = {"bot": 18_000, "robot": 4000, "application": 2000}
"""Bytes of text that fit a channel, with room for what the dialect adds."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the settings say. The smart bot needs `bot_id` and `bot_secret`, the group robot
    `group_webhook` (its full address), the application all of `corp_id`, `agent_id`,
    `agent_secret`, `token` and `aes_key`.
    """

    bot_id: str = ""
    bot_secret: str = field(default="", repr=False)
    ws_url: str = "wss://openws.work.weixin.qq.com"
    group_webhook: str = field(default="", repr=False)
    group_chat: str = ""
    corp_id: str = ""
    agent_id: str = ""
    agent_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    base_url: str = "https://qyapi.weixin.qq.com"
    times: Times = field(default_factory=Times)


def build(options: Options, lent: Lent) -> ChatAdapter:
    """The adapter. Raises ValueError, in words for the one who writes the settings."""
    return WeCom(options, lent)


class WeCom:
    """The door to one company. Ids of our messages are made here: WeCom returns none."""

    platform = PLATFORM
    account = ""
    rules: tuple[Rule, ...] = RULES

    def __init__(self, options: Options, lent: Lent) -> None:
        check(options)
        self.counts: Counter[str] = Counter()
        self._lent = lent = replace(lent, alarm=_quietly(lent.alarm))
        self._checks: tuple[Check, ...] = ()
        times = options.times
        self._wire = Wire(times, bool(options.bot_id) and is_inside(options.ws_url))
        self._bot: bot.Bot | None = None
        self._robot: robot.Robot | None = None
        self._group_chat = options.group_chat
        self._app: application.Application | None = None
        self._callback: Callback | None = None
        if options.bot_id:
            self._bot = bot.Bot(
                options.ws_url,
                options.bot_id,
                options.bot_secret,
                times,
                lent,
                self.counts,
                self._wire.api,
            )
        if options.group_webhook:
            self._robot = robot.Robot(options.group_webhook, self._wire, lent, self.counts)
        if options.corp_id:
            identity = application.Identity(
                options.corp_id, int(options.agent_id), options.agent_secret
            )
            self._app = application.Application(
                options.base_url, identity, self._wire, lent, self.counts
            )
            envelope = Envelope(options.token, options.aes_key, options.corp_id)
            self._callback = Callback(envelope, self._app, lent, self.counts)
        self.hooks: tuple[Hook, ...] = self._callback.hooks if self._callback else ()
        self._downloads = Downloads(self._wire, times, self._app.media if self._app else None)
        self.can = self._abilities()

    def _abilities(self) -> Capabilities:
        """The least of what the channels can carry."""
        channels = {"bot": self._bot, "robot": self._robot, "application": self._app}
        limit = min(ROOM[name] for name, channel in channels.items() if channel is not None)
        cards = self._bot is not None or self._app is not None
        return Capabilities(
            edits=Edits.PRESSED if cards else Edits.NEVER,
            buttons=saying.BUTTONS if cards else 0,
            hears_group_media=False,
            text_limit=limit,
            text_unit="bytes",
            caption_limit=limit,
            picture_extra=1,
        )

    @property
    def alone(self) -> bool:
        """A robot has one connection: a second one throws the first out."""
        return self._bot is not None

    def attend(self, heard: Heard) -> None:
        """See `ChatAdapter`: the application's callbacks come to any process."""
        if self._callback is not None:
            self._callback.begin(heard)

    async def listen(self, heard: Heard) -> None:
        """Hear until cancelled."""
        self.attend(heard)
        if self._bot is not None:
            await self._bot.listen(heard)
        await asyncio.Event().wait()

    async def send(self, to: Address, reply: Reply, key: str) -> str:
        """Say it over the channel that fits; our name of the message."""
        name = saying.message_id(key)
        try:
            await self._send(to.chat, reply, name)
        except SendError as error:
            self.counts["failed.send"] += 1
            if error.retry_after is not None:
                self.counts["throttled"] += 1
            raise
        self.counts["sent"] += 1
        return name

    async def _send(self, chat: str, reply: Reply, name: str) -> None:
        way = await self._bot.way(chat, reply.reply_to) if self._bot is not None else None
        its_own = self._group_chat in ("", chat)
        if self._robot is not None and its_own and reply.group and reply.kind in robot.KINDS:
            try:
                await self._robot.send(reply, name)
            except SendError as error:
                if way is None or not error.permanent:
                    raise
            else:
                if self._bot is not None and reply.buttons:
                    await self._bot.card(chat, reply, name)
                return
        reachable = self._app is not None and not reply.group
        if self._bot is not None and way is not None:
            try:
                await self._bot.send(way, reply, name)
            except NotConnected:
                if not reachable:
                    raise
            else:
                return
        if self._app is not None and reachable:
            await self._app.send(chat, reply, name)
            return
        raise SendError("no way to reach this chat: nobody has written there yet", permanent=True)

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        """Change a card just pressed (smart bot), or one of the last 72 hours (application)."""
        try:
            if self._bot is None:
                raise CannotEdit("only cards can be changed")
            await self._bot.edit(message_id, reply)
        except CannotEdit:
            if self._app is None:
                raise
            await self._app.edit(message_id, reply)
        self.counts["edited"] += 1

    async def react(self, to: Address, message_id: str, mark: str) -> None:
        """WeCom has no reactions of bots."""

    async def whisper(self, to: Address, user: str, reply: Reply, press: str) -> bool:
        """WeCom shows everything to everybody in a group."""
        return False

    def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """The bytes of a photo, video or voice. Raises PhotoFault."""
        return self._downloads.fetch(ref)

    async def examine(self) -> tuple[Check, ...]:
        """What works, asked of the platform now; nothing is said in any chat."""
        found: list[Check] = []
        if self._bot is not None:
            state = self._bot.socket.state
            found.append(Check("wecom.bot", None if state == "starting" else state == "ok"))
            found.append(Check("wecom.kicked", state != "kicked"))
            found.append(Check("wecom.group-hearing", None))
        try:
            if self._robot is not None:
                found.append(await self._robot.check())
            if self._app is not None:
                found += await self._app.checks()
                found.append(Check("wecom.callback", bool(await self._lent.memory.get(SEEN))))
        except Exception as error:  # a look must not break what looks
            log.warning("the self-test could not end: %s", type(error).__name__)
        self._checks = tuple(found)
        return self._checks

    @property
    def checks(self) -> tuple[Check, ...]:
        """What the last look found."""
        return self._checks

    def deep_link(self, code: str) -> str:
        """WeCom has no address that opens a chat with a bot and says something."""
        return ""

    async def close(self) -> None:
        """Let go of connections."""
        await self._wire.close()

    @property
    def state(self) -> str:
        """The smart bot's, else the application's."""
        if self._bot is not None:
            return self._bot.socket.state
        if self._app is not None and self._app.state == "refused":
            return "refused"
        return "ok"


def _quietly(alarm: Alarm) -> Alarm:
    """An alarm that can't be told is logged, and stops nothing."""

    async def tell(code: str, facts: Mapping[str, str]) -> None:
        try:
            await alarm(code, facts)
        except Exception as error:
            log.error("the alarm %s could not be told: %s", code, type(error).__name__)

    return tell


def check(options: Options) -> None:
    """Whether the settings make sense together. Raises ValueError."""
    if bool(options.bot_id) != bool(options.bot_secret):
        raise ValueError("WeCom's smart bot needs both its bot id and its secret")
    wanted = ("corp_id", "agent_id", "agent_secret", "token", "aes_key")
    missing = [name for name in wanted if not getattr(options, name)]
    if missing and len(missing) < len(wanted):
        raise ValueError(f"WeCom's self-built application also needs {', '.join(missing)}")
    if not missing and not (options.agent_id.isascii() and options.agent_id.isdigit()):
        raise ValueError("WeCom's agent id must be a number")
    for name, schemes in ADDRESSES.items():
        url = getattr(options, name)
        if (url or name != "group_webhook") and not _is_address(url, schemes):
            raise ValueError(
                f"WeCom's address in VITRINE_WECOM_{name.upper()} must be "
                f"{' or '.join(f'{scheme}://' for scheme in schemes)} with a host"
            )
    if options.group_webhook and "key=" not in urlsplit(options.group_webhook).query:
        raise ValueError("WeCom's group webhook must be the robot's full address with its key")
    if not (options.bot_id or options.group_webhook or options.corp_id):
        raise ValueError("WeCom needs a smart bot, a group webhook or a self-built application")


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        return False
