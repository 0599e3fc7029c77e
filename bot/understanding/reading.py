"""From clauses to claims: which report each clause makes, and which clauses speak of the same thing."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.understanding.claims import (
    HARD,
    Claim,
    Numbers,
    clear,
    delay_of,
    first_thing,
    happened_at,
    is_order_to_stop,
    nodes_left,
    nodes_right,
    numbers_of,
    own_word,
    until_of,
)
from bot.understanding.claims import _TAKES_OBJECT as TAKES_OBJECT
from bot.understanding.clauses import Clause
from bot.understanding.lexicon import reason_of
from bot.understanding.routes import AliasTable
from bot.understanding.tokens import Token

_WRONGLY = frozenset("错 错了 歪 歪了 坏".split())


@dataclass(slots=True)
class Statement:
    """Clauses about the same orders, and the claims they make together."""

    orders: list[str]
    strangers: list[str]
    clauses: list[Clause]
    claims: list[Claim] = field(default_factory=list)
    loose: bool = False  # a completion was claimed of nothing in particular
    residue: list[Clause] = field(default_factory=list)


@dataclass(slots=True)
class Reader:
    """Reads the clauses of one statement against one route's words."""

    table: AliasTable
    text: str
    now: datetime
    header_today: bool = False

    def claims(self, statement: Statement) -> None:
        found: list[Claim] = []
        reasons: list[str] = []
        for clause in statement.clauses:
            self._one(clause, statement, found, reasons)
        statement.claims = [c for c in found if c.op != "note"]
        _fill_reasons(statement.claims, reasons)

    def _one(
        self, clause: Clause, statement: Statement, found: list[Claim], reasons: list[str]
    ) -> None:
        numbers = numbers_of(clause)
        last = found[-1] if found else None
        if "question" in clause.blocks or clause.has("size"):
            return
        if not clause.blocks & HARD:
            reason = reason_of("".join(t.text for t in clause.tokens if t.kind != "order"))
            if reason:
                reasons.append(reason)
        claim = self._claim(clause, numbers, statement, last) or self._defect(clause)
        if claim is None:
            if last is not None and last.op == "delay":
                self._prolong(last, clause, numbers)
            return
        claim.tracking = next((t.text.upper() for t in clause.kind("tracking")), claim.tracking)
        if claim.op == "more":
            if last is not None:
                found[-1] = _with_more(last, claim)
            return
        if not claim.nodes and last is not None and last.nodes and _continues(last, claim):
            found[-1] = _continued(last, claim)
            return
        if last is not None and claim.op == last.op == "delay" and _same(claim, last, self.table):
            found[-1] = last.merged(claim)
            found[-1].nodes = last.nodes or claim.nodes
            return
        if (
            last is not None
            and last.op == "rework"
            and not last.nodes
            and claim.op in ("note", "rework")
        ):
            last.nodes = claim.nodes
            return
        found.append(claim)

    def _claim(
        self, clause: Clause, numbers: Numbers, statement: Statement, last: Claim | None
    ) -> Claim | None:
        for read in (self._rework, self._fail, self._resume, self._delay):
            claim = read(clause, numbers)
            if claim:
                return claim
        return self._work(clause, numbers, statement, last)

    def _rework(self, clause: Clause, numbers: Numbers) -> Claim | None:
        words = clause.tagged("reworked")
        if not words or clause.blocks & (HARD | {"neg", "future", "hope"}):
            return None
        if any(
            self._binds(clause, t) for t in clause.tagged("done", "done_after")
        ) or "单" in _next(clause, words[-1]):
            return None
        if numbers.quantity is not None and (numbers.rework is not None):
            return None
        claim = Claim("rework", clause.nodes, rework=numbers.rework or _sole(numbers), reason=None)
        claim.reason = (
            reason_of("".join(t.text for t in clause.tokens)) if clause.has("defect") else "quality"
        )
        claim.reason = "quality" if claim.reason in (None, "equipment") else claim.reason
        claim.at = happened_at(clause, self.now)
        return claim

    def _fail(self, clause: Clause, numbers: Numbers) -> Claim | None:
        if not clause.has("failed") or clause.blocks & (HARD | {"future", "hope"}):
            return None
        if numbers.quantity is not None and numbers.rework is not None:
            return None
        if numbers.rework is not None or numbers.quantity is not None:
            return Claim(
                "rework", clause.nodes, rework=numbers.rework or numbers.quantity, reason="quality"
            )
        return Claim("fail", clause.nodes, reason=None, at=happened_at(clause, self.now))

    def _resume(self, clause: Clause, numbers: Numbers) -> Claim | None:
        if clause.blocks & (HARD | {"neg", "future", "hope", "order_given"}):
            return None
        if clause.has("resumed"):
            return Claim("resume", clause.nodes) if clause.nodes else Claim("resume?", [])
        if clause.has("mended"):
            return Claim("mended", clause.nodes)
        return None

    def _delay(self, clause: Clause, numbers: Numbers) -> Claim | None:
        if not clause.has("blocked", "postponed", "waits"):
            return None
        if clause.blocks & (HARD | {"neg", "hope"}) or is_order_to_stop(clause):
            return None
        if "order_given" in clause.blocks:
            return None
        claim = delay_of(clause, numbers, self.text, self.now)
        if claim and any(self._binds(clause, t) for t in clause.tagged("done", "done_after")):
            if not (claim.until or claim.delay_days):
                return None
            after = max(t.start for t in clause.tagged("done", "done_after"))
            cue = max(t.start for t in clause.tagged("blocked", "postponed", "waits"))
            if cue < after:
                return None
        return claim

    def _defect(self, clause: Clause) -> Claim | None:
        """绣花位置歪了: no report by itself, but it names the node of a rework beside it."""
        if clause.nodes and clause.has("defect") and not clause.blocks & HARD:
            return Claim("note", clause.nodes)
        return None

    def _prolong(self, delay: Claim, clause: Clause, numbers: Numbers) -> None:
        """修到下午三点, 后天才能发: a clause that only says how long."""
        if clause.blocks & (HARD | {"neg", "hope"}) or (
            clause.has("done") and not any(t.text in ("才", "才能") for t in clause.tokens)
        ):
            return
        if clause.nodes and not _same(Claim("delay", clause.nodes), delay, self.table):
            return
        until = until_of(clause, self.text, self.now)
        if delay.until is None and until is not None:
            delay.until, delay.delay_days = until, None
        elif delay.until is None and delay.delay_days is None:
            delay.delay_days = numbers.days

    # finished, begun, counted

    def _work(
        self, clause: Clause, numbers: Numbers, statement: Statement, last: Claim | None
    ) -> Claim | None:
        blocks = clause.blocks
        if blocks & HARD or first_thing(clause):
            return None
        at = happened_at(clause, self.now)
        if at:
            blocks = blocks - {"future"}
        if "neg" in blocks:
            return (
                self._negated(clause, numbers, last)
                if not blocks & {"hope", "order_given"}
                else None
            )
        if blocks & {"plan", "hope", "future", "order_given"}:
            return None
        claim = (
            self._finished(clause, numbers, statement)
            or self._begun(clause)
            or self._counted(clause, numbers, last)
        )
        if claim:
            claim.at = at
        return claim

    def _finished(self, clause: Clause, numbers: Numbers, statement: Statement) -> Claim | None:
        nodes: list[Token] = []
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
        return bound, unknown

    def _binds(self, clause: Clause, token: Token) -> bool:
        return bool(nodes_left(clause.tokens, clause.tokens.index(token), self.table)[0])

    def _marks_end(self, clause: Clause, n: int, token: Token) -> bool:
        after = clause.tokens[n + 1] if n + 1 < len(clause.tokens) else None
        if token.kind == "node":
            return self._ends_by_itself(token, after) or self._already(clause, n)
        if "done" in token.tags:
            if token.text in ("好", "成了", "得了", "通过", "ok") and after is not None:
                return after.kind != "text" or after.start > token.end
            return True
        if "arrived" in token.tags:
            left, _ = nodes_left(clause.tokens, n, self.table)
            return any(
                k in self.table.material for t in left for k in self.table.resolve(t.text)
            ) or (token.text.startswith("回") and bool(left))
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
        before = clause.tokens[n - 1].text if n else ""
        begun = clause.has("begin", "doing_after", "at_work") or clause.tokens[n].compound
        return before in ("已", "已经", "业已") and not begun

    def _complete(self, nodes: list[Token], numbers: Numbers, clause: Clause) -> Claim:
        claim = Claim("complete", nodes)
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

    def _counted(self, clause: Clause, numbers: Numbers, last: Claim | None) -> Claim | None:
        if not numbers.any_pieces and not clause.kind("tracking"):
            return None
        if clause.has("rate"):
            return None
        nodes = [t for t in clause.nodes if not self._only_part(clause, t)]
        claim = Claim("progress" if nodes else "more", nodes)
        _count(claim, numbers, clause, self.now)
        if not nodes and not numbers.any_pieces:
            return claim if claim.tracking is None else claim
        if nodes and not numbers.any_pieces:
            return None
        return claim

    def _only_part(self, clause: Clause, token: Token) -> bool:
        return token.compound and not own_word(
            clause.tokens, clause.tokens.index(token), self.table
        )

    def _negated(self, clause: Clause, numbers: Numbers, last: Claim | None) -> Claim | None:
        """未完成 with a number is progress; without one it is nothing, but a number may follow."""
        nodes = [t for t in clause.nodes if not t.compound]
        if not clause.has("neg") and not nodes:
            return None
        if numbers.left is not None or (
            numbers.quantity is not None and not _number_negated(clause)
        ):
            claim = Claim("progress" if nodes else "more", nodes)
            _count(claim, numbers, clause, self.now)
            return claim
        if nodes and any(
            t.text.startswith(
                (
                    "未完",
                    "没完",
                    "没做完",
                    "没搞完",
                    "没弄完",
                    "not",
                    "unfinished",
                    "incomplete",
                    "没好",
                    "还没",
                    "没",
                    "未",
                )
            )
            for t in clause.tokens
        ):
            return Claim("open", nodes)
        return None


def _number_negated(clause: Clause) -> bool:
    return any(
        "neg" in a.tags and b.amount for a, b in zip(clause.tokens, clause.tokens[1:], strict=False)
    )


def _count(claim: Claim, numbers: Numbers, clause: Clause, now: datetime) -> None:
    claim.quantity, claim.total, claim.left = numbers.quantity, numbers.total, numbers.left
    claim.rework, claim.scrap = numbers.rework, numbers.scrap
    claim.partial, claim.vague = numbers.partial, numbers.vague
    today = any(t.date and t.date.date == now.date() for t in clause.kind("date"))
    more = clause.has("again") or today
    claim.delta = bool(
        more and numbers.quantity is not None and numbers.total is None and not clause.has("total")
    )


def _sole(numbers: Numbers) -> int | None:
    return numbers.quantity


def _next(clause: Clause, token: Token) -> str:
    index = clause.tokens.index(token)
    return clause.tokens[index + 1].text if index + 1 < len(clause.tokens) else ""


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


def _with_more(last: Claim, more: Claim) -> Claim:
    """A clause of numbers belongs to the report before it."""
    if last.op in ("complete", "progress", "open", "start"):
        merged = last.merged(more)
        if last.op in ("open", "start") and (more.quantity is not None or more.left is not None):
            merged.op = "progress"
        return merged
    if last.op == "rework" and last.rework is None:
        last.rework = more.rework or more.quantity
    if last.op == "delay":
        return last
    return last


def _continues(last: Claim, claim: Claim) -> bool:
    """Whether a claim without a node goes on about the one before it."""
    if claim.op in ("delay", "resume?", "mended"):
        return last.op in ("delay", "mended", "open", "fail", "start")
    return claim.op == "rework" and last.op in ("note", "fail", "rework", "open")


def _continued(last: Claim, claim: Claim) -> Claim:
    if claim.op == "rework":
        merged = claim.merged(last)
        merged.nodes, merged.op = last.nodes, "rework"
        return merged
    if claim.op == "resume?":
        return Claim("resume", last.nodes)
    if claim.op == "mended":
        return last
    if last.op == "delay":
        return last.merged(claim)
    return Claim("delay", last.nodes).merged(claim)


def _same(a: Claim, b: Claim, table: AliasTable) -> bool:
    keys = [{k for t in c.nodes for k in table.resolve(t.text)} for c in (a, b)]
    return not keys[0] or not keys[1] or keys[0] == keys[1]


def _fill_reasons(claims: list[Claim], reasons: list[str]) -> None:
    """A reason in one clause (停电, 台风) explains the delay in the next."""
    for claim in claims:
        if claim.op == "delay" and claim.reason is None and reasons:
            claim.reason = reasons[0]
