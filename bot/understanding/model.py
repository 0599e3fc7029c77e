"""What goes in and what comes out: one message with its context, and one decision.

Everything is frozen: a decision is a value that can be logged, compared and tested.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Literal

Verdict = Literal["apply", "ask", "answer", "ignore"]


@dataclass(frozen=True, slots=True)
class Update:
    """One change to one node of one order; a field is None where nothing was said about it."""

    op: str
    order: str | None = None
    node: str | None = None
    quantity: int | None = None
    rework: int | None = None
    scrap: int | None = None
    reason: str | None = None
    until: str | None = None
    delay_days: int | None = None
    at: str | None = None
    tracking: str | None = None

    def facts(self) -> dict[str, str | int]:
        """The fields that hold something, in the order they are declared."""
        values = zip(_NAMES, _VALUES(self), strict=True)
        return {name: value for name, value in values if value is not None}


_NAMES = tuple(f.name for f in fields(Update))
_VALUES = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody wants to know: status, eta, owner, list, or refused."""

    kind: str
    order: str | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One message, one decision; `rest` may be asked or answered after an apply.

    `why` is a stable short code of the rule that decided; `asked` and `pending` belong to `ask`.
    """

    decision: Verdict
    updates: tuple[Update, ...] = ()
    candidates: tuple[str, ...] = ()
    query: Query | None = None
    asked: str | None = None
    pending: tuple[Update, ...] = ()
    why: str = ""
    rest: tuple["Decision", ...] = ()


@dataclass(frozen=True, slots=True)
class Previous:
    """An earlier message of the same chat and what was applied from it."""

    sender: str | None
    seconds_ago: int
    text: str = ""
    attachments: tuple[str, ...] = ()
    applied: tuple[Update, ...] = ()
    source: bool = False


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """What a message replies to: bot_card, bot_question, photo or message."""

    kind: str
    order: str | None = None
    asked: str | None = None
    pending: Update | None = None
    options: tuple[Update, ...] = ()
    sender: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class OrderState:
    """How far an order is: node keys by state, good pieces so far by node."""

    done: frozenset[str] = frozenset()
    in_progress: frozenset[str] = frozenset()
    delayed: frozenset[str] = frozenset()
    quantity: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message. `sender` None stands for a manager; `at` is naive local time."""

    text: str
    at: datetime
    channel: str = "production_group"
    sender: str | None = None
    mentions_bot: bool = False
    attachments: tuple[str, ...] = ()
    reply_to: ReplyTo | None = None
    previous: Sequence[Previous] = ()
    state: Mapping[str, OrderState] = field(default_factory=dict)
    forwarded: bool = False
    from_bot: bool = False
    event: str | None = None
