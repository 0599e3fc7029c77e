"""What leaves the house: to whom, what (data, not text), how loud, and when at the earliest.

A notice is written in the transaction of the event that caused it and worded only when it is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from domain.person import Address


class Loud(IntEnum):
    """The ladder of chat etiquette: the quietest step that does the job."""

    SILENT = 0
    REACTION = 1
    TOAST = 2
    CARD = 3
    REPLY = 4
    QUIET = 5
    MENTION = 6
    URGENT = 7


class Kind(StrEnum):
    """What a notice is, for wording and for readers of the chat."""

    REACTION = "reaction"
    CARD = "card"
    ASK = "ask"
    ANSWER = "answer"
    DIGEST = "digest"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    REVIEW = "review"
    PUSH = "push"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one chat.

    `key` makes it unique: the same key is kept once. `slot` names a message that is edited in place
    by later notices of the same slot. `bundle` lets notices of one reader be told in one message.
    `causes` are `order/seq` of the events told about, so that an undo can take back what has not
    been sent. `reply_to` is the platform's message id.
    """

    to: Address
    kind: Kind
    what: str
    key: str
    not_before: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    language: str = "zh-CN"
    loud: Loud = Loud.REPLY
    reader: str = ""
    reply_to: str = ""
    slot: str = ""
    bundle: str = ""
    causes: tuple[str, ...] = ()


def cause(order_no: str, seq: int) -> str:
    """The name under which an event stands in `Notice.causes`."""
    return f"{order_no}/{seq}"
