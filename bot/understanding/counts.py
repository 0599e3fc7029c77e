"""The counts of a clause by what they count: done, left, to be mended, lost."""

from dataclasses import dataclass
from itertools import pairwise

from bot.understanding.amounts import Amount
from bot.understanding.clauses import Clause
from bot.understanding.tokens import Token


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


_BESIDE = frozenset(["了", "都", "有", "是", "的", "也", "最后", "要", "还", "又", "再"])


def numbers_of(clause: Clause) -> Numbers:
    """Read the amounts of a clause with the words beside them."""
    out = Numbers()
    tokens = [t for t in clause.tokens if t.kind != "mark" and t.text not in _BESIDE]
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
    return _relabelled(out, clause)


def _relabelled(out: Numbers, clause: Clause) -> Numbers:
    """A single number beside 剩 or 返工 counts what is left or to be mended, never what is done."""
    if (
        out.quantity is None
        or out.total is not None
        or sum(t.amount is not None for t in clause.tokens) > 1
    ):
        return out
    if out.left is None and clause.has("left"):
        out.left, out.quantity = out.quantity, None
    elif out.rework is None and clause.has("reworked") and not clause.has("done", "done_after"):
        out.rework, out.quantity = out.quantity, None
    return out


_LABELS = frozenset({"good", "mend", "lost"})


def _labels_first(tokens: list[Token]) -> bool:
    """合格110返修10 against 98件合格2件返修."""
    for before, token in pairwise(tokens):
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
