"""What one clause claims to have happened, still in words: which node words, which numbers.

A completion counts only where nothing unknown stands between the node word and the marker; that is
how 绣花线买好了 says nothing about 绣花.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from bot.understanding.clauses import REPORTING, Clause
from bot.understanding.routes import AliasTable
from bot.understanding.tokens import Token

_CLEAR = frozenset(
    [
        "fill",
        "done",
        "done_after",
        "name",
        "again",
        "total",
        "half",
        "lot",
        "at_work",
        "good",
        "reworked",
        "mend",
        "first",
        "begin",
        "doing_after",
        "mended",
    ]
)
TAKES_OBJECT = frozenset(
    [
        "完成",
        "完成了",
        "做完",
        "做完了",
        "搞定",
        "搞定了",
        "搞完",
        "搞完了",
        "弄完",
        "弄完了",
        "干完",
        "干完了",
        "忙完",
        "赶完",
        "打完",
        "跑完",
        "done",
        "finished",
        "completed",
        "complete",
    ]
)
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
        partial, vague = self.partial or other.partial, self.vague or other.vague
        delta = self.delta or other.delta
        return replace(self, **added, partial=partial, vague=vague, delta=delta)


def clear(token: Token) -> bool:
    """Whether a token may stand between a node word and its marker."""
    return token.kind in ("date", "amount", "mark", "order", "tracking") or bool(
        token.tags & _CLEAR
    )


def nodes_left(tokens: list[Token], index: int, table: AliasTable) -> tuple[list[Token], bool]:
    """Node words that a marker speaks about, and whether something unknown is in the way."""
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
            return found, (not found and token.kind in ("text",)) or "thing" in token.tags
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
    if not clause.nodes:
        return False
    for before, token in pairwise(clause.tokens):
        if token.kind == "node" and (
            "thing" in before.tags or (before.kind == "node" and before.compound)
        ):
            return True
    compound_before = False
    for before, token in pairwise(clause.tokens):
        if compound_before and token.kind == "node" and before.kind == "text":
            return True
        compound_before = before.kind == "node" and before.compound
        if before.text == "的" and token.kind == "text" and _owner_before(clause.tokens, before):
            return _node_after(clause.tokens, token)
    return False


def _owner_before(tokens: list[Token], token: Token) -> bool:
    """S12的架子焊接好了, S12喷漆的架子焊接好了."""
    index = tokens.index(token)
    return index > 0 and tokens[index - 1].kind in ("order", "node")


def _node_after(tokens: list[Token], token: Token) -> bool:
    index = tokens.index(token)
    return index + 1 < len(tokens) and tokens[index + 1].kind == "node"


def perfective(clause: Clause) -> bool:
    """Words that say a thing is over: 了, 的 at an end, 已."""
    return any(
        t.text.endswith(("了", "的")) or t.text.startswith("已") or "perfect" in t.tags
        for t in clause.tokens
    )


def happened_at(clause: Clause, now: datetime) -> str | None:
    """The day a report speaks of, if not today; 周五 has passed where 了 says so."""
    for token in clause.dates:
        if token.date:
            day = token.date.date
            if day > now.date() and token.date.past and perfective(clause):
                day = token.date.past
            if day < now.date():
                return day.isoformat()
    return None
