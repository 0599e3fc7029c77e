"""How content a customer was, as they tell us: by a tap, by a word or number in reply, or in their
own words.
"""

import re
from datetime import datetime
from typing import Any

from bot.context import Scene
from bot.replies import Replies
from bot.typed import NUMBERS_LAST
from bot.understanding.model import Update
from bot.understanding.normalise import normalise
from domain.commands import GiveFeedback, Told
from domain.desk import Desk, Outcome
from domain.errors import DomainError, Refused
from domain.events import Source
from domain.person import GroupKind, Person
from domain.satisfaction import BAD, FEEDBACK, LISTEN, timely
from storage.ledger import Ledger
from storage.reviews import ReviewBook

Facts = dict[str, Any]
OURS = (FEEDBACK, "rated")
"""Messages of ours that words in reply belong to."""
MOST = 500
"""Characters of a customer's words that are kept."""
SAID = (
    (1, "不满意|不太满意|很不满意|非常不满意|太差|很差|差评|差|terrible|poor|bad"),
    (1, "not satisfied|dissatisfied|unsatisfied|unhappy|not happy"),
    (3, "一般般|一般|普通|还行|还可以|还好|凑合|so-so|so so|average|okay|ok|fine"),
    (5, "非常满意|很满意|挺满意|满意|很好|非常好|好评|不错|satisfied|happy|great"),
    (5, "very satisfied|very happy|very good|good|excellent|perfect"),
)
WORD = tuple((score, re.compile(f"(?:{words})[了的]?")) for score, words in SAID)
STOP = re.compile(r"[^\w]")
POLITE = frozenset(
    {
        "好",
        "好的",
        "谢谢",
        "谢了",
        "收到",
        "嗯",
        "辛苦了",
        "thanks",
        "thank you",
        "ok thanks",
        "got it",
    }
)
"""Words that say nothing of how it was."""
MILD = frozenset({"ok", "okay", "fine"})
ASKS = re.compile(r"到哪|什么时候|几时|多久|\bwhen\b|\bwhere\b|别推了|通知我")
"""Words that want something else of us."""


def keep(
    ledger: Ledger,
    desk: Desk,
    person: Person,
    order_no: str,
    score: int,
    text: str,
    now: datetime,
    source: Source | None = None,
) -> Outcome:
    """Keep a customer's score, words, or both. Raises a DomainError if it can't be."""
    order = ledger.order(order_no)
    if order is None or order.customer != person.id or not (score or text):
        raise Refused("no-such-button")
    if not order.finished:
        raise Refused("feedback-over", order=order_no)
    timely(ledger.history(order_no), score, now)
    return desk.handle(
        ledger, GiveFeedback(order_no, score, text[:MOST]), Told(person, now, source)
    )


def give(
    ledger: Ledger,
    desk: Desk,
    replies: Replies,
    view: Scene,
    order_no: str,
    score: int,
    text: str = "",
) -> Facts:
    """Keep a score, words, or both, and say thanks. Raises a DomainError if it can't be."""
    now = ledger.clock.now()
    done = keep(ledger, desk, view.person, order_no, score, text, now, view.source)
    if score:
        facts = {"order": order_no, "score": score, "more": not text}
        replies.answer(ledger, view, "rated", facts)
    else:
        replies.recorded(ledger, view, done.events)
    return {"rated": order_no, "events": [[e.order_no, e.seq] for e in done.events]}


def word(ledger: Ledger, desk: Desk, replies: Replies, view: Scene) -> Facts | None:
    """Words of a customer that answer our question: in reply to it or to our thanks, within seven
    days; in private a word for how it was, right after it, will do. None if they are none.
    """
    text = view.text.strip()
    low = normalise(text).strip(" .。!！~")
    if not low or len(text) > 2 * MOST or low in POLITE:
        return None
    score, bare = read(low)
    order_no, replied = _asked(ledger, view, low)
    if not order_no or not (replied or (score and (bare or not low.isascii()))):
        return None
    if low.isdigit() and not replied:
        return None
    if (low.isdigit() and _numbered(ledger, view)) or (not score and ASKS.search(low)):
        return None
    try:
        return give(ledger, desk, replies, view, order_no, score, "" if bare else text)
    except DomainError as error:
        replies.refused(ledger, view, Update("none", order_no), error)
        return {"why": error.code}


def read(low: str) -> tuple[int, bool]:
    """The score that words begin with (0 if none), and whether they are nothing else."""
    if low.isascii() and low.isdigit():
        return (int(low), True) if 1 <= int(low) <= 5 else (0, False)
    for score, words in WORD:
        match = words.match(low)
        if match is not None:
            rest = low[match.end() :]
            if not rest:
                return score, True
            if STOP.match(rest) or (score == BAD and "满意" in match[0]):
                return score, False
    return 0, False


def _asked(ledger: Ledger, view: Scene, low: str) -> tuple[str, bool]:
    """The order that is spoken of, and whether the words reply to us: what we asked about seven
    days ago at most. Without a reply it must be the last thing that we said in a private chat; an
    `ok` to our thanks is none.
    """
    books = ReviewBook(ledger.sql, ledger.safe)
    ours = (str(view.ours["what"]), view.ours["facts"]) if view.ours is not None else None
    if ours is None and view.kind is GroupKind.PRIVATE and not view.row.payload.get("reply_to"):
        ours = books.newest(view.to)
        if ours is None or ours[0] != FEEDBACK:
            return "", False
    if ours is None or ours[0] not in OURS or not isinstance(ours[1], dict):
        return "", False
    if ours[0] != FEEDBACK and low in MILD:
        return "", False
    order_no = str(ours[1].get("order", ""))
    at = books.sent_at(f"{FEEDBACK}/{order_no}")
    if at is None or ledger.clock.now() - at > LISTEN:
        return "", False
    return order_no, view.ours is not None


def _numbered(ledger: Ledger, view: Scene) -> bool:
    """Whether the number means a button, because our message could show none."""
    reply_to = str(view.row.payload.get("reply_to", ""))
    return bool(ledger.outbox.numbered(view.to, reply_to, ledger.clock.now() - NUMBERS_LAST))
