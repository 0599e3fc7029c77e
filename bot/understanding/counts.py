"""The counts of a clause by what they count: done, left, to be mended, lost."""

import re
from dataclasses import dataclass

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
    spoilt: tuple[Token, ...] = ()  # 坏了3件: words that count pieces and report no machine

    @property
    def any_pieces(self) -> bool:
        return (
            self.partial
            or self.vague
            or any(n is not None for n in (self.quantity, self.left, self.rework, self.scrap))
        )


_BESIDE = frozenset(["了", "都", "有", "是", "的", "也", "最后", "要", "还", "又", "再"])
_COUNTED = frozenset(["pieces", "bare", "of"])
_MACHINE = re.compile(
    "机|设备|炉|泵|主板|刀|模具|网版|钢网|针|电脑|喷头|machine|printer|laser|equipment"
)
_SPOILT = frozenset(["坏", "坏了", "坏掉", "坏掉了", "烧了", "烂", "烂了", "broken"]) | {
    *("做坏", "做坏了", "搞坏", "弄坏", "印坏", "印坏了", "打坏", "打坏了", "喷坏", "喷坏了")
}
_NO_PIECES = ("台", "组")  # 坏了2台: machines are counted so
_WEIGHTS = {"lost": 10, "mend": 10, "left": 10, "good": 4, "done": 3}


def numbers_of(clause: Clause) -> Numbers:
    """Read the amounts of a clause with the words beside them."""
    out = Numbers()
    if clause.amounts:
        tokens = [t for t in clause.tokens if t.kind != "mark" and t.text not in _BESIDE]
        labels = _labels(clause, out)
        for n, token in enumerate(tokens):
            if token.amount:
                before = tokens[n - 1] if n else None
                after = tokens[n + 1] if n + 1 < len(tokens) else None
                _take(out, token.amount, before, after, labels.get(token.start, ""))
    if clause.has("half") and not out.any_pieces:
        out.partial = True
    if "done" in clause.tags and any(t.text == "💯" for t in clause.tokens):
        out.complete = True
    return _relabelled(out, clause)


def _relabelled(out: Numbers, clause: Clause) -> Numbers:
    """A single number beside 剩 or 返工 counts what is left or to be mended, never what is done."""
    if out.quantity is None or out.total is not None or len(clause.amounts) > 1:
        return out
    if out.left is None and clause.has("left"):
        out.left, out.quantity = out.quantity, None
    elif out.rework is None and clause.has("reworked") and not clause.has("done", "done_after"):
        out.rework, out.quantity = out.quantity, None
    return out


@dataclass(slots=True)
class _Item:
    """A number, a word that may own one (`label`), or something between (neither)."""

    token: Token
    run: int  # items of one run are written without a gap
    label: str = ""


def _labels(clause: Clause, out: Numbers) -> dict[int, str]:
    """By position of a number: the label of the word it belongs to.

    报废3件 and 3件报废 are both written: neighbours are paired so that the most words find a
    number; a word between two numbers takes the one that touches it, else the one behind it.
    """
    items = _items(clause)
    # best[i] is the best pairing of the first i items
    best: list[tuple[int, tuple[tuple[_Item, _Item], ...]]] = [(0, ()), (0, ())]
    for i in range(1, len(items)):
        score = _fit(items[i - 1], items[i])
        with_pair = best[i - 1][0] + score
        if score and with_pair > best[i][0]:
            best.append((with_pair, (*best[i - 1][1], (items[i - 1], items[i]))))
        else:
            best.append(best[i])
    labels: dict[int, str] = {}
    for a, b in best[-1][1]:
        number, word = (a, b) if a.token.amount else (b, a)
        labels[number.token.start] = word.label
        if word.token.text in _SPOILT:
            out.spoilt = (*out.spoilt, word.token)
    return labels


def _items(clause: Clause) -> list[_Item]:
    machine = clause.has("blocked") and _MACHINE.search("".join(t.text for t in clause.tokens))
    items: list[_Item] = []
    run, last = 0, 0
    for token in clause.tokens:
        if token.start != last or token.kind == "mark":
            run += 1
        last = token.end
        label = _label(token, machine=bool(machine))
        idle = "fill" in token.tags or token.kind == "mark"
        if token.text not in _BESIDE and (label or token.amount or not idle):
            items.append(_Item(token, run, label))
    return items


def _label(token: Token, *, machine: bool) -> str:
    tags = token.tags
    if token.text in _SPOILT:
        return "" if machine else "lost"
    if "done" in tags:
        return "good" if "good" in tags else "done"
    return next((label for label in ("lost", "left", "mend", "good") if label in tags), "")


def _fit(a: _Item, b: _Item) -> int:
    """How well two neighbours go together; 0 where they do not."""
    number, word = (a, b) if a.token.amount else (b, a)
    amount, label = number.token.amount, word.label
    if amount is None or amount.kind not in _COUNTED or not label or word.token.amount:
        return 0
    if amount.kind == "of" and label not in ("good", "done"):
        return 0
    close, first = a.run == b.run, word is a
    if word.token.text in _SPOILT and (
        number.token.text.endswith(_NO_PIECES) or not (close or first)
    ):
        return 0
    return _WEIGHTS[label] + 2 * close + first


def _take(
    out: Numbers, amount: Amount, before: Token | None, after: Token | None, label: str
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
        _count(out, amount, before, after, label)


def _count(
    out: Numbers, amount: Amount, before: Token | None, after: Token | None, label: str
) -> None:
    tags_before = before.tags if before else frozenset()
    if "rate" in tags_before or (
        before
        and (
            before.text in ("不到", "没到", "不足", "不够", "没有", "没")
            or (before.kind == "text" and before.text.endswith(("少", "多", "漏")))
        )
    ):
        out.vague = True
    elif label == "left" or (after is not None and _undone(after)):
        out.left = amount.n
    elif label == "lost":
        out.scrap = amount.n
    elif label == "mend":
        out.rework = amount.n
    elif amount.kind == "pieces" or label == "good" or _owns_bare(before, after):
        out.quantity = amount.n


def _undone(after: Token) -> bool:
    """5件没做; 102不是120 says nothing of the kind."""
    return "neg" in after.tags and "done" not in after.tags and not after.text.startswith("不是")


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
