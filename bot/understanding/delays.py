"""Blockers and postponements: why a node waits, and until when."""

from datetime import datetime
from itertools import pairwise

from bot.understanding.claims import Claim
from bot.understanding.clauses import Clause
from bot.understanding.counts import Numbers
from bot.understanding.lexicon import reason_of
from bot.understanding.tokens import Token

_FORECAST = frozenset(["要晚", "得晚", "会晚", "要拖", "得拖", "要推", "得推", "要延", "得延"])
_VAGUE_DELAY = _FORECAST | frozenset(
    [
        "晚",
        "慢",
        "拖",
        "延",
        "推",
        "误",
        "往后",
        "late",
        "赶不上",
        "来不及",
        "赶不及",
        "出不来",
        "交不了",
        "发不了",
        "发不出",
        "做不了",
        "做不完",
        "完不成",
        "完不了",
        "开不了",
        "干不了",
        "等不到",
        "走不了",
    ]
)
_STOPPING = frozenset(
    [
        "停了",
        "停下来",
        "停下来了",
        "停着",
        "暂停",
        "暂停了",
        "停线",
        "停线了",
        "停工",
        "停工了",
        "停产",
        "停机",
        "停机了",
    ]
)
_UNTIL_CUES = frozenset("到等至才延推要得迟后")


def delay_of(clause: Clause, numbers: Numbers, text: str, now: datetime) -> Claim | None:
    """A blocker or a postponement, with its reason and its end."""
    cues = clause.tagged("blocked", "postponed", "waits")
    strong = [t for t in cues if t.text not in _VAGUE_DELAY]
    until = until_of(clause, text, now)
    if moves_date(clause) and until:
        return Claim("delay", clause.nodes, reason=reason_of(_words(clause)), until=until)
    if not strong and not (
        cues and (numbers.days or until or any(t.text in _FORECAST for t in cues))
    ):
        return None
    if any("waits" in t.tags for t in strong) and len(strong) == 1 and not (until or numbers.days):
        reason = reason_of(_words(clause))
        if reason is None:
            return None
    claim = Claim("delay", reason=reason_of(_words(clause)), until=until)
    claim.delay_days = None if until else numbers.days
    claim.nodes = _waiting(clause)
    return claim


def _waiting(clause: Clause) -> list[Token]:
    """组装等五金: the step before 等 waits; a node word behind it is what it waits for."""
    waits = clause.tagged("waits")
    before = [t for t in clause.nodes if t.start < waits[0].start] if waits else []
    return before or clause.nodes


def moves_date(clause: Clause) -> bool:
    """送货改明天, 安装改成周日."""
    return clause.has("become") and any(
        a.text in ("改", "改成", "改为") and b.kind == "date" for a, b in pairwise(clause.tokens)
    )


def is_order_to_stop(clause: Clause) -> bool:
    """先停一下 is an instruction, no report."""
    return clause.has("first", "order_given") or (
        any(t.text in ("一下", "下") for t in clause.tokens)
        and any(t.text in _STOPPING for t in clause.tokens)
    )


def _words(clause: Clause) -> str:
    return "".join(t.text for t in clause.tokens if t.kind not in ("order", "stranger"))


def until_of(clause: Clause, text: str, now: datetime) -> str | None:
    """The last date that a word such as 到 or 等 points at, or the last one still to come."""
    best: str | None = None
    for token in clause.kind("date"):
        found = token.date
        if found is None or found.date < now.date():
            continue
        before = text[max(0, token.start - 3) : token.start]
        cued = any(c in _UNTIL_CUES for c in before) or before.rstrip().endswith(
            ("til", "to", "by", "l")
        )
        if found.date > now.date() or cued or (found.time and found.time > now.time()):
            best = found.moment()
    return best
