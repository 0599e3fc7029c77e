"""The port of the chat platforms: what every adapter hears, says and can do.

An adapter knows its platform's wire and nothing of orders. A new platform is one file with
`build(settings, web) -> ChatAdapter`; one contract suite finds and tests every adapter.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.person import Address


class Said(StrEnum):
    """What happened in a chat."""

    MESSAGE = "message"
    EDITED = "edited"
    RECALLED = "recalled"
    PRESSED = "pressed"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, video or voice of a message. `fetch` streams its bytes; it is called once, at
    once.
    """

    kind: str
    fetch: Callable[[], AsyncIterator[bytes]]
    name: str = ""
    thumb: Callable[[], AsyncIterator[bytes]] | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Something heard. `message_id` is the platform's id and the dedupe key of redeliveries.

    For EDITED and RECALLED `target` is the message that changed, and `message_id` is unique to the
    change; for PRESSED `target` carries the buttons and `button` is the one that was pressed.
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
    picture and buttons), `picture` a PNG, `link` an address named at the end of the text.
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
    mention: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do, as data, so that the voice can degrade. `text_limit` in
    `text_unit`.
    """

    edits: bool = False
    buttons: bool = False
    reactions: bool = False
    proactive: bool = True
    idempotent: bool = False
    hears_group_media: bool = True
    text_limit: int = 4096
    text_unit: str = "chars"


class SendError(Exception):
    """A send that did not work.

    `permanent`: it never will (blocked, gone): the address is shut. `retry_after`: seconds the
    platform asked for. `moved_to`: the chat's new id. `ambiguous`: it may have arrived.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        moved_to: str = "",
        ambiguous: bool = False,
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after = retry_after
        self.moved_to = moved_to
        self.ambiguous = ambiguous


Heard = Callable[[InboundMessage], Awaitable[bool]]
"""Takes a message in durably, then answers: True if it was new. The adapter acknowledges after
it.
"""


class ChatAdapter(Protocol):
    """A door to one platform and account."""

    platform: str
    account: str
    can: Capabilities

    async def listen(self, heard: Heard) -> None:
        """Hear until cancelled; every message is handed to `heard` before it is acknowledged."""

    async def send(self, to: Address, reply: Reply, key: str) -> str:
        """Say it; the platform's message id. `key` is the same for every try of the same notice."""

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        """Put other content in the place of a message of ours."""

    async def react(self, to: Address, message_id: str, mark: str) -> None:
        """Mark a message: `recorded`, `asked`, or empty to take the mark away."""

    async def close(self) -> None:
        """Let go of connections."""

    @property
    def state(self) -> str:
        """`ok`, or what is wrong, in one word for /healthz."""
