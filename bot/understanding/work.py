"""Work finished, begun or counted: the plain reports, read with one route's words."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from bot.understanding.claims import (
    HARD,
    TAKES_OBJECT,
    Claim,
    clear,
    first_thing,
    happened_at,
    nodes_left,
    nodes_right,
    own_word,
)
from bot.understanding.clauses import Clause
from bot.understanding.counts import Numbers
from bot.understanding.routes import AliasTable
from bot.understanding.statements import Statement
from bot.understanding.tokens import Token

_OPEN = ("未", "没", "还没", "not", "unfinished", "incomplete")
_OTHERS = frozenset(["其他", "其余", "其它", "剩下", "剩下的", "别的"])
_SHOWN = frozenset(["如图", "见图", "看图", "拍了", "拍的"])
_PAST = frozenset(["done", "finished", "completed"])


@dataclass(slots=True)
class Work:
    """Reads one clause after the other of a statement."""

    table: AliasTable
    now: datetime
    mentioned: list[Token] = field(default_factory=list)  # node words of clauses without a claim
    doubtful: bool = False  # 完成A102裁切 may be an instruction as well

    def claim(self, clause: Clause, numbers: Numbers, statement: Statement) -> Claim | None:
        blocks = clause.blocks
        if blocks & HARD or clause.has("noun") or first_thing(clause) or _of_others(clause):
            return None
        at = happened_at(clause, self.now)
        if at:
            blocks = blocks - {"future"}
        if "neg" in blocks:
            return self._negated(clause, numbers) if not blocks & {"hope", "order_given"} else None
        if blocks & {"plan", "hope", "future", "order_given"}:
            return None
        claim = (
            self._finished(clause, numbers, statement)
            or self._begun(clause)
            or self._counted(clause, numbers)
        )
        if claim:
            claim.at = at
            if clause.has("lot") and claim.op != "start":
                claim.problem = "part-of-lot"
        return claim

    def _finished(self, clause: Clause, numbers: Numbers, statement: Statement) -> Claim | None:
        nodes: list[Token] = []
        self.doubtful = False
        in_the_way = False
        marked = False
        for n, token in enumerate(clause.tokens):
            if not self._marks_end(clause, n, token):
                continue
            bound, unknown = self._bound(clause, n, token)
            in_the_way = in_the_way or unknown
            marked = marked or "done" in token.tags or (unknown and "done_after" in token.tags)
            nodes += [t for t in bound if t not in nodes]
        if numbers.complete and not nodes:
            nodes = [t for t in clause.nodes if not t.compound]
        if nodes:
            return self._complete(nodes, numbers, clause)
        if marked and not numbers.any_pieces:
            (
                statement.residue if in_the_way or self._unknown(clause) else statement.clauses
            ).append(clause) if in_the_way or self._unknown(clause) else None
            statement.loose = statement.loose or not (in_the_way or self._unknown(clause))
        return None

    def _unknown(self, clause: Clause) -> bool:
        return any(
            t.kind == "text" or "thing" in t.tags or "praise" in t.tags for t in clause.tokens
        )

    def _bound(self, clause: Clause, n: int, token: Token) -> tuple[list[Token], bool]:
        if token.kind == "node":
            left, _ = nodes_left(clause.tokens, n, self.table)
            return [*left, token], False
        bound, unknown = nodes_left(clause.tokens, n, self.table)
        if not bound and not unknown and token.text in TAKES_OBJECT:
            bound = nodes_right(clause.tokens, n)
            self.doubtful = bool(bound) and not (token.text.endswith("了") or token.text in _PAST)
        return bound, unknown

    def binds(self, clause: Clause, token: Token) -> bool:
        return bool(nodes_left(clause.tokens, clause.tokens.index(token), self.table)[0])

    def _marks_end(self, clause: Clause, n: int, token: Token) -> bool:
        after = clause.tokens[n + 1] if n + 1 < len(clause.tokens) else None
        if token.kind == "node":
            return self._ends_by_itself(token, after) or self._already(clause, n)
        if "done" in token.tags:
            if after is not None and _runs_on(token, after):
                return False
            if token.text in ("好", "成了", "得了", "通过", "ok") and after is not None:
                return after.kind != "text" or after.start > token.end
            return True
        if "arrived" in token.tags:
            left, _ = nodes_left(clause.tokens, n, self.table)
            return any(
                k in self.table.material for t in left for k in self.table.resolve(t.text)
            ) or (token.text.startswith("回") and bool(left))
        if token.text == "确认了":
            left, _ = nodes_left(clause.tokens, n, self.table)
            return any(
                self.table.belongs("确认", k) for t in left for k in self.table.resolve(t.text)
            )
        return "done_after" in token.tags and (
            after is None or after.kind != "text" or after.start > token.end
        )

    def _ends_by_itself(self, token: Token, after: Token | None) -> bool:
        """已发, 料齐, shipped; or 发货 with 了 behind it."""
        if token.compound:
            return False
        if "perfect" in token.tags:
            return True
        keys = self.table.resolve(token.text)
        if any(self.table.says(token.text, key) == "done" for key in keys):
            return True
        return (
            after is not None
            and after.text in ("了", "啦", "咯", "喽", "囉", "货了")
            and self.table.instant(token.text)
        )

    def _already(self, clause: Clause, n: int) -> bool:
        """已出货, 已经裁切."""
        if not n or clause.tokens[n - 1].text not in ("已", "已经", "业已"):
            return False
        word = clause.tokens[n]
        return not (
            word.compound
            or clause.has("begin", "doing_after", "at_work")
            or any(self.table.says(word.text, key) for key in self.table.resolve(word.text))
        )

    def _complete(self, nodes: list[Token], numbers: Numbers, clause: Clause) -> Claim:
        claim = Claim("complete", nodes, problem="maybe-instruction" if self.doubtful else "")
        _count(claim, numbers, clause, self.now)
        return claim

    def _begun(self, clause: Clause) -> Claim | None:
        for n, token in enumerate(clause.tokens):
            nodes: list[Token] = []
            if "begin" in token.tags or ("at_work" in token.tags and _followed_by_node(clause, n)):
                nodes = _following_nodes(clause, n) or nodes_left(clause.tokens, n, self.table)[0]
            elif "doing_after" in token.tags:
                nodes = _directly_before(clause, n)
            elif token.kind == "node" and not token.compound:
                keys = self.table.resolve(token.text)
                if any(self.table.says(token.text, key) == "begin" for key in keys):
                    nodes = [token]
            if nodes:
                return Claim("start", nodes)
        return None

    def _counted(self, clause: Clause, numbers: Numbers) -> Claim | None:
        if not numbers.any_pieces and not clause.kind("tracking"):
            return None
        if clause.has("rate"):
            return None
        nodes = [t for t in clause.nodes if not self._only_part(clause, t)]
        claim = Claim("progress" if nodes else "more", nodes)
        _count(claim, numbers, clause, self.now)
        if not nodes and numbers.any_pieces and clause.kind("text"):
            return None  # 余纸500张 counts something else
        return None if nodes and not numbers.any_pieces else claim

    def _only_part(self, clause: Clause, token: Token) -> bool:
        return token.compound and not own_word(
            clause.tokens, clause.tokens.index(token), self.table
        )

    def _negated(self, clause: Clause, numbers: Numbers) -> Claim | None:
        """未完成 with a number is progress; without one it is nothing, but a number may follow."""
        nodes = [t for t in clause.nodes if not t.compound]
        if not clause.has("neg") and not nodes:
            return None
        if numbers.left is not None or (
            numbers.quantity is not None and not _number_negated(clause)
        ):
            claim = Claim("progress" if nodes else "more", nodes)
            _count(claim, numbers, clause, self.now)
            return claim if nodes or not clause.kind("text") else None
        if nodes and any(t.text.startswith(_OPEN) for t in clause.tokens):
            return Claim("open", nodes)
        return None


def _of_others(clause: Clause) -> bool:
    """A102没有，其余裁切完成: other orders than the one named before."""
    if not clause.nodes or clause.orders or clause.kind("amount"):
        return False
    first = next((t for t in clause.tokens if t.kind != "mark"), None)
    return first is not None and first.text in _OTHERS


def _runs_on(token: Token, after: Token) -> bool:
    """完成现场照片, 完成一个我给你发红包: the word begins a phrase instead of ending the work."""
    if after.start != token.end:
        return False
    if after.amount is not None and after.amount.kind in ("other", "packages"):
        return True
    return token.text in ("完成", "完工") and "photo" in after.tags and after.text not in _SHOWN


def _number_negated(clause: Clause) -> bool:
    return any("neg" in a.tags and b.amount for a, b in pairwise(clause.tokens))


def _count(claim: Claim, numbers: Numbers, clause: Clause, now: datetime) -> None:
    claim.quantity, claim.total, claim.left = numbers.quantity, numbers.total, numbers.left
    claim.rework, claim.scrap = numbers.rework, numbers.scrap
    claim.partial, claim.vague = numbers.partial, numbers.vague
    today = any(t.date and t.date.date == now.date() for t in clause.kind("date"))
    more = clause.has("again") or today
    claim.delta = bool(
        more and numbers.quantity is not None and numbers.total is None and not clause.has("total")
    )


def _followed_by_node(clause: Clause, n: int) -> bool:
    return (
        n + 1 < len(clause.tokens)
        and clause.tokens[n + 1].kind == "node"
        and not clause.tokens[n + 1].compound
    )


def _following_nodes(clause: Clause, n: int) -> list[Token]:
    nodes: list[Token] = []
    for token in clause.tokens[n + 1 :]:
        if token.kind == "node":
            if token.compound:
                return []
            nodes.append(token)
        elif not clear(token):
            break
    return nodes


def _directly_before(clause: Clause, n: int) -> list[Token]:
    before = clause.tokens[n - 1] if n else None
    return (
        [before]
        if before and before.kind == "node" and before.end == clause.tokens[n].start
        else []
    )
