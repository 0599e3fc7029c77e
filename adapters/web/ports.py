"""What the web server is handed by the composition root: the factory to read, links, pictures,
words, and the sandbox.

The pages know no database and no wording room; everything they show comes through here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from domain.calendar import WorkCalendar
from domain.order import Order
from domain.ports import Reader

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a tokened link points at: an order's number, and the person it was made for."""

    subject: str
    reader: str


class House(Protocol):
    """The factory as the pages see it."""

    version: str
    sandbox: bool
    language: str
    factory: str
    calendar: WorkCalendar

    def now(self) -> datetime:
        """The moment, in UTC."""

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Ask the books something; `work` runs elsewhere and must only read."""

    async def all_orders(self) -> Sequence[Order]:
        """All orders, open or not, by number."""

    async def event_rows(self, order_no: str) -> Sequence[Mapping[str, Any]]:
        """The stored audit log of an order, oldest first: `seq`, `type`, `node`, `by`,
        `occurred_at`, `recorded_at`, `source` (mapping or None), `data`, `hash`; empty if there is
        no such order. Moments as datetimes or as stored stamps.
        """

    def say(self, language: str, key: str, **facts: object) -> str:
        """A sentence of the wording catalogue; KeyError if there is none of that key."""

    def words(self, language: str, prefix: str) -> Mapping[str, str]:
        """All sentences of the catalogue whose key begins so, for scripts."""

    def date(self, language: str, value: object) -> str:
        """A date or moment as people say it: `周四 11/26`, `Thu Nov 26`; a moment with its
        clock time in the factory.
        """

    async def link(self, kind: str, subject: str, reader: str = "") -> str:
        """The relative address of a tokened page: `/p/…`, `/t/…`, `/s/…`."""

    async def opened(self, kind: str, token: str) -> Opened | None:
        """What a token opens; None for wrong, revoked and expired ones alike."""

    def photo_url(self, order_no: str, photo_id: int, thumb: bool = False) -> str:
        """The relative, unguessable address of an order's picture."""

    async def photo(self, token: str) -> tuple[bytes, str] | None:
        """A picture's bytes and media type; None if the token opens none."""

    def picture(self, name: str) -> bytes | None:
        """A card that was drawn for a chat (PNG), by the secret name in its address."""

    async def ticket(self, order_no: str, form: str, node: str = "") -> bytes | None:
        """The work ticket as `pdf` or `png`."""

    async def export(self, form: str) -> bytes:
        """All orders and events as `xlsx`, or all orders as `csv`."""

    async def follow(self, opened: Opened, node: str, on: bool) -> bool:
        """The customer's opt-in of one node on their page."""

    async def ask(self, opened: Opened, text: str) -> None:
        """The customer's question from their page, to the merchandiser; `text` may be empty."""

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told, on the event loop, that orders changed; call the result to stop."""

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """What happened on each chat platform: counts by platform and name."""

    async def health(self) -> Mapping[str, Any]:
        """`{"status", "version", "database", "platforms"}`; status other than ok names what
        fails.
        """


class Sandbox(Protocol):
    """The sandbox platform as its API sees it. All ids are the world's."""

    async def chats(self) -> list[dict[str, Any]]:
        """`[{"chat", "title", "kind", "members"}]`."""

    async def post(
        self,
        chat: str,
        sender: str,
        text: str,
        photos: list[tuple[str, bytes]],
        reply_to: str,
        message_id: str,
        edits: str,
    ) -> str:
        """Say something; the message id, after the commit. DomainError for unknown chats and
        people.
        """

    async def recall(self, chat: str, message_id: str, sender: str) -> None:
        """Take a message out of the chat, as a platform's recall does."""

    async def messages(self, chat: str, after: str) -> dict[str, Any]:
        """`{"cursor", "messages": […]}`."""

    async def press(self, message_id: str, button: str, sender: str) -> None:
        """Press a button."""

    async def turn(self, advance: str, to: str) -> datetime:
        """Turn the clock by an ISO 8601 duration or to a moment; all that falls due on the way
        runs.
        """

    async def idle(self) -> None:
        """Come back when nothing waits to be handled or sent."""

    async def reset(self, world: Mapping[str, Any] | None, at: str) -> None:
        """Begin again, with a world or with the demo factory."""

    async def links(self) -> dict[str, Any]:
        """The tokened links of all orders, customers, suppliers."""

    async def script(self) -> list[dict[str, Any]]:
        """The demo's steps: `{"title", "chat", "sender", "text", "photo", "press", "turn",
        "why"}`. `title` and `why` are keys of the catalogue (`script.…`) or plain sentences;
        `photo` is a relative address; `press` is a button's id, the begin of one, or its label, on
        the newest message of `chat` that has it; `turn` and `turn_after` are durations, or moments
        to turn to; `customer` is whose phone to show.
        """

    def watch(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Be told, on the event loop, that something was said or changed in a chat (its id)."""
