"""Answers that are typed instead of tapped: a number, the words of a button, a yes or a no."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.context import Scene
from bot.understanding.normalise import normalise
from bot.wording import asking
from bot.wording.phrases import Phrases
from domain.desk import Desk
from storage.ledger import Ledger

YES = frozenset(
    {"是", "是的", "嗯", "对", "对的", "好", "好的", "ok", "yes", "y", "行", "可以", "中"}
)
NO = frozenset({"不是", "都不是", "不", "不对", "算了", "不用", "不用了", "取消", "no", "n"})
REFUSING = frozenset({"option.no", "option.none", "option.cancel"})
NUMBERS_LAST = timedelta(minutes=30)
"""How long a bare number answers a message of ours that nobody replied to."""


def picks(ledger: Ledger, desk: Desk, view: Scene, doc: Mapping[str, Any]) -> int | None:
    """Which option a number, its own words, or a yes or no chooses."""
    options = doc.get("options", ())
    word = bare(view.text)
    if word.isascii() and word.isdigit() and len(word) == 1:
        return int(word) - 1 if 0 < int(word) <= len(options) else None
    phrases = Phrases(view.language, ledger, desk.calendar, ledger.clock.now())
    for place, option in enumerate(options):
        if word and word == bare(asking.label(phrases, option["key"], option["facts"])):
            return place
    real = [n for n, o in enumerate(options) if o["key"] not in REFUSING]
    if word in YES and len(real) == 1:
        return real[0]
    if word in NO:
        return next((n for n, o in enumerate(options) if o["key"] in REFUSING), None)
    return None


LETTER = re.compile("[A-Za-z\u4e00-\u9fff]")
"""What no number contains, however it is written: most messages are seen to be none at once."""


def numbered(ledger: Ledger, view: Scene) -> str:
    """The button behind a number, where our message could show none: that of the message
    replied to, or of the newest one here.
    """
    if LETTER.search(view.text):
        return ""
    word = bare(view.text)
    if not (word.isascii() and word.isdigit() and len(word) <= 2):
        return ""
    if ledger.questions.open(view.to, view.person.id, view.at) is not None:
        return ""
    since = ledger.clock.now() - NUMBERS_LAST
    reply_to = str(view.row.payload.get("reply_to", ""))
    buttons = ledger.outbox.numbered(view.to, reply_to, since)
    return buttons[int(word) - 1] if 0 < int(word) <= len(buttons) else ""


def bare(text: str) -> str:
    """A short answer without what does not matter."""
    kept = normalise(text).strip().strip(".。、，,!！）)~～")
    return "".join(kept.split())
