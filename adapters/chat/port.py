"""The port of the chat platforms: what every adapter hears, says and can do.

An adapter knows its platform's wire and nothing of orders. A new platform is one folder whose
`adapter.py` has `Options` and `build(options, lent) -> ChatAdapter`; one contract suite finds and
tests every adapter.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from aiohttp import web

from domain.person import Address


class Said(StrEnum):
    """What happened in a chat."""

    MESSAGE = "message"
    EDITED = "edited"
    RECALLED = "recalled"
    PRESSED = "pressed"
    JOINED = "joined"
    LEFT = "left"
    MOVED = "moved"


Chunks = Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, video or voice of a message: `kind` is `photo`, `video` or `voice`.

    `ref` is all that the adapter's `fetch(ref)` needs to bring the bytes, as a string that survives
    a restart: it is kept with the message, and the bytes are fetched once the message is
    acknowledged. Where there is no such thing, `stream` hands the bytes over at once, before the
    acknowledgement. `thumb` and `thumb_ref` are a video's still picture, likewise.
    """

    kind: str
    stream: Chunks | None = None
    name: str = ""
    thumb: Chunks | None = None
    ref: str = ""
    thumb_ref: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Something heard. `message_id` is the platform's id and the dedupe key of redeliveries.

    It is unique on the platform: where ids are counted per chat, the adapter puts the chat in.
    For EDITED and RECALLED `target` is the message that changed, and `message_id` is unique to the
    change; for PRESSED `target` carries the buttons and `button` is the one that was pressed; for
    MOVED `chat` is the old id and `target` the new one. LEFT: we were taken out of the chat, or its
    only reader blocked us. `at` is the platform's moment, in UTC. `album` is what the messages of
    one album share; they are handled as one. `text` comes without the mention that addressed us
    (`mentions_bot` says that there was one). `title` is the chat's, where the platform tells it.
    """

    platform: str
    account: str
    chat: str
    message_id: str
    sender: str
    at: datetime
    said: Said = Said.MESSAGE
    text: str = ""
    media: tuple[Media, ...] = ()
    reply_to: str = ""
    target: str = ""
    button: str = ""
    sender_name: str = ""
    private: bool = False
    mentions_bot: bool = False
    forwarded: bool = False
    from_bot: bool = False
    album: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A button: `id` comes back when it is pressed. `style` is `primary`, `danger` or empty."""

    id: str
    label: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Content to send; the adapter owns the dialect.

    `kind` is the notice's kind, `text` the whole message in plain words (always complete without
    picture, title and buttons), `picture` a PNG, `link` an address that stands in the text already.
    `title` may repeat the text's first line. `state` is one of the five node states, for colours.
    `mention` are (name, the platform's user id): where `@name` stands in the text the platform's
    own mention takes its place, else it is put before the text. `group` says that several people
    read the chat; `urgent` that the reader must be reached now. `others` is the same content in
    other languages, for platforms that show each viewer their own.
    """

    kind: str
    text: str
    title: str = ""
    state: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    picture: bytes | None = None
    link: str = ""
    reply_to: str = ""
    silent: bool = False
    mention: tuple[tuple[str, str], ...] = ()
    group: bool = False
    urgent: bool = False
    language: str = "zh-CN"
    others: tuple["Reply", ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A platform's limit: at most `count` messages in any `seconds`, per `scope`: `account` (all
    that we send), `chat` (each chat), `group` (each chat of several people), `private` (each other
    chat).
    """

    scope: str
    count: int
    seconds: float


class Edits(StrEnum):
    """When a message of ours can be changed in place."""

    ALWAYS = "always"
    PRESSED = "pressed"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do, as data, so that the voice can degrade.

    `edits`: PRESSED is only as the answer to a press of that message, within seconds. `buttons` is
    how many a message may carry, 0 for none. `idempotent`: a second send with the same key is known
    for one. `whispers`: something can be shown to one reader of a group alone. `hears_group_media`:
    a bare picture in a group reaches us. `text_limit` in `text_unit`: `chars`, `utf16` (code
    units) or `bytes` (UTF-8). `pictures`: a reply's picture can be sent with it, if the text is not
    above `caption_limit` (same unit); `picture_extra` is how many messages more it costs.
    """

    edits: Edits = Edits.NEVER
    buttons: int = 0
    reactions: bool = False
    idempotent: bool = False
    whispers: bool = False
    viewer_language: bool = False
    hears_group_media: bool = True
    pictures: bool = True
    text_limit: int = 4096
    text_unit: str = "chars"
    caption_limit: int = 4096
    picture_extra: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be right on the platform's side. `code` names it in the wording
    (`check.<code>` what was looked at, `check.<code>.todo` the exact switch to turn); `well` None
    means that it could not be found out.
    """

    code: str
    well: bool | None
    facts: tuple[tuple[str, str], ...] = ()


class SendError(Exception):
    """A send that did not work.

    `permanent`: it never will. `shut`: because the chat is closed to us (blocked, gone, left), so
    nothing else will reach it either. `retry_after`: seconds the platform asked for, `everywhere`
    if it meant the whole account and not this chat. `moved_to`: the chat's new id. `ambiguous`: it
    may have arrived. The reason names neither tokens nor what was said.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        shut: bool = False,
        retry_after: float | None = None,
        everywhere: bool = False,
        moved_to: str = "",
        ambiguous: bool = False,
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent or shut
        self.shut = shut
        self.retry_after = retry_after
        self.everywhere = everywhere
        self.moved_to = moved_to
        self.ambiguous = ambiguous


class CannotEdit(SendError):
    """The message can't be changed any more (too old, gone, or never could): send a new one."""


Heard = Callable[[InboundMessage], Awaitable[bool]]
"""Takes a message in durably, then answers: True if it was new. The adapter acknowledges after
it.
"""


class Memory(Protocol):
    """What an adapter may remember beyond its process: small texts by name."""

    async def get(self, name: str) -> str:
        """The text, or an empty one."""

    async def put(self, name: str, value: str) -> None:
        """Keep it."""

    async def count(self, name: str, more: int) -> int:
        """Add to a number and hand back the sum, in one step."""


@dataclass(frozen=True, slots=True)
class Lent:
    """What the composition root lends a platform. `alarm(code, facts)` tells the admins once what
    they have to see to (worded as `alarm.<platform>.<code>`); `now` is the wall clock in UTC.
    """

    memory: Memory
    alarm: Callable[[str, Mapping[str, str]], Awaitable[None]]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Hook:
    """An address at which a platform calls us. The handler answers after the commit."""

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]


class ChatAdapter(Protocol):
    """A door to one platform and account.

    `alone` says that only one process at a time may `listen`, because it holds a connection that
    the platform gives once; `attend` says in every process who keeps what comes in over `hooks`.
    """

    platform: str
    account: str
    can: Capabilities
    rules: tuple[Rule, ...]
    hooks: tuple[Hook, ...]
    counts: Counter[str]

    @property
    def alone(self) -> bool:
        """Whether only one process at a time may listen."""

    def attend(self, heard: Heard) -> None:
        """What comes in over the hooks is handed to `heard`, listening or not."""

    async def listen(self, heard: Heard) -> None:
        """Hear until cancelled; every message is handed to `heard` before it is acknowledged.
        Connects, and connects again after whatever happens; never ends by itself.
        """

    async def send(self, to: Address, reply: Reply, key: str) -> str:
        """Say it; the platform's message id. `key` is the same for every try of the same notice.
        Raises SendError.
        """

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        """Put other content in the place of a message of ours. Raises SendError, CannotEdit."""

    async def react(self, to: Address, message_id: str, mark: str) -> None:
        """Mark a message: `recorded`, `asked`, or empty to take the mark away."""

    async def whisper(self, to: Address, user: str, reply: Reply, press: str) -> bool:
        """Show it to one reader of a group alone; `press` is the message id of the press that it
        answers, if it does. False if that can't be done here and now.
        """

    def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """The bytes of a `Media.ref`. Raises PhotoFault (`expired`, `unreachable`, `too-large`)
        after tries of its own.
        """

    async def examine(self) -> tuple[Check, ...]:
        """Ask the platform what works and what does not; for the doctor and the self-test. Never
        raises.
        """

    @property
    def checks(self) -> tuple[Check, ...]:
        """What the last look found, without asking again."""

    def deep_link(self, code: str) -> str:
        """An address that opens a chat with us and says the code; empty if there is none."""

    async def close(self) -> None:
        """Let go of connections."""

    @property
    def state(self) -> str:
        """`ok`, or what is wrong, in one word for /healthz: `starting`, `unreachable`, `refused`
        (our credentials), `kicked`, `silent`.
        """
