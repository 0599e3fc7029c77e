"""What one clause claims to have happened, still in words: which node words, which numbers.

A completion counts only where nothing unknown stands between the node word and the marker; that is
how 绣花线买好了 says nothing about 绣花.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.understanding.amounts import Amount
from bot.understanding.clauses import REPORTING, Clause
from bot.understanding.lexicon import reason_of
from bot.understanding.routes import AliasTable
from bot.understanding.tokens import Token

_CLEAR = frozenset(
    "fill done done_after name again total half at_work good reworked mend first begin doing_after mended".split()
)
_TAKES_OBJECT = frozenset(
    "完成 完成了 做完 做完了 搞定 搞定了 搞完 搞完了 弄完 弄完了 干完 干完了 忙完 赶完 打完 跑完 done finished completed complete".split()
)
_VAGUE_DELAY = frozenset(
    "晚 慢 拖 延 推 误 往后 late 要晚 得晚 会晚 要拖 得拖 要推 得推 要延 得延".split()
)
_STOPPING = frozenset(
    "停了 停下来 停下来了 停着 暂停 暂停了 停线 停线了 停工 停工了 停产 停机 停机了".split()
)
_UNTIL_CUES = frozenset("到等至才延推要得迟后")
HARD = frozenset({"question", "cond", "hearsay"})
SOFT = frozenset({"neg", "plan", "hope", "future", "order_given"})


@dataclass(slots=True)
class Claim:
    """One thing said to have happened; node words are resolved per order later."""

    op: str
    nodes: list[Token] = field(default_factory=list)
    quantity: int | None = None
    total: int | None = None  # of what, where the text says n/m
    left: int | None = None
    delta: bool = False
    rework: int | None = None
    scrap: int | None = None
    reason: str | None = None
    until: str | None = None
    delay_days: int | None = None
    at: str | None = None
    tracking: str | None = None
    partial: bool = False  # 一半, 80%
    vague: bool = False
    compound: bool = False
    inherited: bool = False  # its node came from an earlier clause
    problem: str = ""

    def merged(self, other: "Claim") -> "Claim":
        """This claim with what the other adds."""
        names = (
            "quantity",
            "total",
            "left",
            "rework",
            "scrap",
            "reason",
            "until",
            "delay_days",
            "at",
            "tracking",
        )
        added = {n: getattr(other, n) for n in names if getattr(self, n) is None}
        return replace(self, **added, partial=self.partial or other.partial, vague=self.vague or other.vague,
                       delta=self.delta or other.delta)  # fmt: skip


@dataclass(slots=True)
class Numbers:
    """The counts of a clause by what they count."""

    quantity: int | None = None
    total: int | None = None
    left: int | None = None
    rework: int | None = None
    scrap: int | None = None
    partial: bool = False
    complete: bool = False
    vague: bool = False
    days: int | None = None

    @property
    def any_pieces(self) -> bool:
        return (
            self.partial
            or self.vague
            or any(n is not None for n in (self.quantity, self.left, self.rework, self.scrap))
        )


def clear(token: Token) -> bool:
    """Whether a token may stand between a node word and its marker."""
    return token.kind in ("date", "amount", "mark", "order", "tracking") or bool(
        token.tags & _CLEAR
    )


def nodes_left(tokens: list[Token], index: int, table: AliasTable) -> tuple[list[Token], bool]:
    """Node words that a marker at `index` speaks about, and whether something unknown is in the way."""
    found: list[Token] = []
    n = index - 1
    while n >= 0:
        token = tokens[n]
        if token.kind == "node" and not (token.compound and not own_word(tokens, n, table)):
            found.insert(0, token)
        elif token.kind == "node":
            return found, not found
        elif token.kind == "text" and found == [] and n and own_word(tokens, n - 1, table):
            pass
        elif not clear(token):
            return found, not found and token.kind in ("text",) or "thing" in token.tags
        n -= 1
    return found, False


def own_word(tokens: list[Token], n: int, table: AliasTable) -> bool:
    """产前样+确认: the text behind an alias is a word of the same node."""
    if tokens[n].kind != "node" or n + 1 >= len(tokens) or tokens[n + 1].kind != "text":
        return False
    text = tokens[n + 1].text
    return any(table.belongs(text, key) for key in table.resolve(tokens[n].text))


def nodes_right(tokens: list[Token], index: int) -> list[Token]:
    """完成了A102的裁切: the object of a verb."""
    found: list[Token] = []
    for n in range(index + 1, len(tokens)):
        token = tokens[n]
        if token.kind == "node" and not token.compound:
            found.append(token)
        elif token.tags & (REPORTING | {"neg", "waits"}):
            return []
        elif not (token.kind in ("order", "mark", "amount") or "fill" in token.tags):
            return [] if token.kind == "text" else found
    return found


def first_thing(clause: Clause) -> bool:
    """发票打印好了: the subject is a paper or a tool, not the order's work."""
    for before, token in zip(clause.tokens, clause.tokens[1:], strict=False):
        if token.kind == "node" and (
            "thing" in before.tags or (before.kind == "node" and before.compound)
        ):
            return True
    compound_before = False
    for before, token in zip(clause.tokens, clause.tokens[1:], strict=False):
        if compound_before and token.kind == "node" and before.kind == "text":
            return True
        compound_before = before.kind == "node" and before.compound
        if before.text == "的" and token.kind == "text" and _order_before(clause.tokens, before):
            return _node_after(clause.tokens, token)
    return False


def _order_before(tokens: list[Token], token: Token) -> bool:
    index = tokens.index(token)
    return index > 0 and tokens[index - 1].kind == "order"


def _node_after(tokens: list[Token], token: Token) -> bool:
    index = tokens.index(token)
    return index + 1 < len(tokens) and tokens[index + 1].kind == "node"


def numbers_of(clause: Clause) -> Numbers:
    """Read the amounts of a clause with the words beside them."""
    out = Numbers()
    tokens = [
        t
        for t in clause.tokens
        if t.kind != "mark" and t.text not in ("了", "都", "有", "是", "的", "也")
    ]
    prefix = _labels_first(tokens)
    for n, token in enumerate(tokens):
        if token.amount:
            before = tokens[n - 1] if n else None
            after = tokens[n + 1] if n + 1 < len(tokens) else None
            _take(out, token.amount, before, after, prefix=prefix)
    if clause.has("half") and not out.any_pieces:
        out.partial = True
    if any(t.text == "💯" for t in clause.tokens):
        out.complete = True
    return out


_LABELS = frozenset({"good", "mend", "lost"})


def _labels_first(tokens: list[Token]) -> bool:
    """合格110返修10 against 98件合格2件返修."""
    for before, token in zip(tokens, tokens[1:], strict=False):
        if token.amount and before.tags & _LABELS:
            return True
        if before.amount and token.tags & _LABELS:
            return False
    return False


def _take(
    out: Numbers, amount: Amount, before: Token | None, after: Token | None, *, prefix: bool
) -> None:
    if amount.kind == "days":
        out.days = amount.n
    elif amount.kind == "percent":
        out.complete, out.partial = amount.n >= 100, amount.n < 100
    elif amount.kind == "of":
        out.quantity, out.total = amount.n, amount.total
    elif amount.kind == "vague":
        out.vague = True
    elif amount.kind in ("pieces", "bare"):
        _count(out, amount, before, after, prefix=prefix)


def _count(
    out: Numbers, amount: Amount, before: Token | None, after: Token | None, *, prefix: bool
) -> None:
    tags_before = before.tags if before else frozenset()
    tags_after = after.tags if after else frozenset()
    label = tags_before if prefix else tags_after
    if "rate" in tags_before or (
        before and before.text in ("不到", "没到", "不足", "不够", "没有", "没")
    ):
        out.vague = True
    elif "left" in tags_before or "left" in tags_after or _undone(tags_after):
        out.left = amount.n
    elif "lost" in label:
        out.scrap = amount.n
    elif "mend" in label and "done" not in label:
        out.rework = amount.n
    elif amount.kind == "pieces" or _owns_bare(before, after):
        out.quantity = amount.n


def _undone(tags: frozenset[str]) -> bool:
    return "neg" in tags and "done" not in tags


def _owns_bare(before: Token | None, after: Token | None) -> bool:
    """A number without a unit counts pieces only right beside a node word or a marker."""
    if before is None:
        return False
    owned = before.kind == "node" or bool(
        before.tags & {"done", "good", "again", "become", "total", "mend"}
    )
    owned = owned or before.text in (
        "做了",
        "出了",
        "搞了",
        "弄了",
        "到",
        "做",
        "只做了",
        "完成了",
        "数量",
    )
    return owned and (after is None or after.kind != "text" or not after.text[0].isascii())


def perfective(clause: Clause) -> bool:
    """Words that say a thing is over: 了, 的 at an end, 已."""
    return any(t.text.endswith(("了", "的")) or t.text.startswith("已") or "perfect" in t.tags for t in clause.tokens)


def happened_at(clause: Clause, now: datetime) -> str | None:
    """The day a report speaks of, where it is another than today; 周五 has passed where 了 says so."""
    for token in clause.dates:
        if token.date:
            day = token.date.date
            if day > now.date() and token.date.past and perfective(clause):
                day = token.date.past
            if day < now.date():
                return day.isoformat()
    return None


def delay_of(clause: Clause, numbers: Numbers, text: str, now: datetime) -> Claim | None:
    """A blocker or a postponement, with its reason and its end."""
    cues = clause.tagged("blocked", "postponed", "waits")
    strong = [t for t in cues if t.text not in _VAGUE_DELAY]
    until = until_of(clause, text, now)
    if not strong and not (cues and (numbers.days or until or any(t.text in _FORECAST for t in cues))):
        return None
    if any("waits" in t.tags for t in strong) and len(strong) == 1 and not (until or numbers.days):
        reason = reason_of(_words(clause))
        if reason is None:
            return None
    claim = Claim("delay", reason=reason_of(_words(clause)), until=until)
    claim.delay_days = None if until else numbers.days
    claim.nodes = clause.nodes
    return claim


def is_order_to_stop(clause: Clause) -> bool:
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


def dates_of(tokens: Iterable[Token]) -> list[date]:
    return [t.date.date for t in tokens if t.date]
