"""From clauses to claims: what each clause reports, and which speak of the same thing."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.understanding.claims import HARD, SOFT, Claim, happened_at
from bot.understanding.clauses import Clause
from bot.understanding.counts import Numbers, numbers_of
from bot.understanding.delays import delay_of, is_order_to_stop, moves_date, until_of
from bot.understanding.homophones import by_sound
from bot.understanding.lexicon import reason_of
from bot.understanding.routes import AliasTable
from bot.understanding.scene import Scene
from bot.understanding.statements import Statement
from bot.understanding.tokens import Token
from bot.understanding.work import Work

_BLOCKING = HARD | SOFT
_TROUBLE = frozenset(
    ("reworked", "failed", "resumed", "mended", "repair", "blocked", "postponed", "waits", "become")
)


@dataclass(slots=True)
class Reader:
    """Reads the clauses of one statement against one route's words."""

    table: AliasTable
    text: str
    now: datetime
    work: Work = field(init=False)

    def __post_init__(self) -> None:
        self.work = Work(self.table, self.now)

    def claims(self, statement: Statement) -> None:
        found: list[Claim] = []
        reasons: list[str] = []
        for clause in statement.clauses:
            self._one(clause, statement, found, reasons)
        statement.claims = [c for c in found if c.op != "note"]
        for claim in statement.claims:
            if (
                claim.op == "complete"
                and claim.quantity is None
                and self._only_partly(claim, statement)
            ):
                claim.problem = claim.problem or "partly"
        _fill_reasons(statement.claims, reasons)

    def _only_partly(self, claim: Claim, statement: Statement) -> bool:
        """底漆完成，面漆明天上: another step of the same node is still to come."""
        said = {t.text for t in claim.nodes}
        keys = {key for word in said for key in self.table.resolve(word)}
        return any(
            token.text not in said and keys & set(self.table.resolve(token.text))
            for clause in statement.clauses
            if clause.blocks & SOFT and "question" not in clause.blocks
            for token in clause.nodes
        )

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
            if not clause.blocks & HARD:
                self.work.mentioned = clause.nodes or self.work.mentioned
            return
        if not claim.nodes and last is None and claim.op in ("delay", "rework", "fail", "resume?"):
            claim.nodes = list(self.work.mentioned)
            claim.op = "resume" if claim.op == "resume?" and claim.nodes else claim.op
        claim.tracking = next((t.text.upper() for t in clause.kind("tracking")), claim.tracking)
        if claim.op == "more":
            if last is not None:
                found[-1] = _with_more(last, claim, good=clause.has("good"))
            return
        if not claim.nodes and last is not None and last.nodes and _continues(last, claim):
            found[-1] = _continued(last, claim)
            return
        if last is not None and claim.op == last.op == "delay" and _same(claim, last, self.table):
            found[-1] = last.merged(claim)
            found[-1].nodes = last.nodes or claim.nodes
            return
        mends = claim.op == "rework" and not claim.nodes and claim.rework
        if mends and last is not None and last.op in ("complete", "progress"):
            last.rework = last.rework or claim.rework  # 14套合格，1套返修
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
        if not _TROUBLE.isdisjoint(clause.tags):
            for read in (self._rework, self._fail, self._resume, self._delay):
                claim = read(clause, numbers)
                if claim:
                    return claim
        return self.work.claim(clause, numbers, statement)

    def _rework(self, clause: Clause, numbers: Numbers) -> Claim | None:
        words = clause.tagged("reworked")
        if not words or clause.blocks & (HARD | {"neg", "future", "hope"}):
            return None
        if any(
            self.work.binds(clause, t) for t in clause.tagged("done", "done_after")
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
        if clause.has("mended") or _repaired(clause):
            return Claim("mended", clause.nodes)
        return None

    def _delay(self, clause: Clause, numbers: Numbers) -> Claim | None:
        if not clause.has("blocked", "postponed", "waits") and not moves_date(clause):
            return None
        if clause.has("noun") and not (clause.has("postponed") or moves_date(clause)):
            return None
        if clause.blocks & (HARD | {"neg", "hope"}) or is_order_to_stop(clause):
            return None
        if "order_given" in clause.blocks:
            return None
        if numbers.spoilt and all(
            t in numbers.spoilt for t in clause.tagged("blocked", "postponed", "waits")
        ):
            return None
        if _spoilt_work(clause):
            return None
        claim = delay_of(clause, numbers, self.text, self.now)
        if claim and any(self.work.binds(clause, t) for t in clause.tagged("done", "done_after")):
            if not (claim.until or claim.delay_days):
                return None
            after = max(t.start for t in clause.tagged("done", "done_after"))
            cues = clause.tagged("blocked", "postponed", "waits")
            if not cues or max(t.start for t in cues) < after:
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
            clause.has("done")
            and not clause.blocks & {"plan", "future"}
            and not any(t.text in ("才", "才能") for t in clause.tokens)
        ):
            return
        if clause.nodes and not _same(Claim("delay", clause.nodes), delay, self.table):
            return
        delay.nodes = delay.nodes or clause.nodes
        until = until_of(clause, self.text, self.now)
        if delay.until is None and until is not None:
            delay.until, delay.delay_days = until, None
        elif delay.until is None and delay.delay_days is None:
            delay.delay_days = numbers.days


def _repaired(clause: Clause) -> bool:
    """绣花机维修完成: the machine runs again."""
    if not clause.has("repair"):
        return False
    repairs = clause.tagged("repair")
    return any(t.start > repairs[0].start for t in clause.tagged("done", "done_after"))


def _spoilt_work(clause: Clause) -> bool:
    """裁坏了: the verb of the step, so the pieces are spoilt; 裁床坏了 is a machine."""
    cues = clause.tagged("blocked", "postponed", "waits")
    return bool(cues) and all(
        t.text.startswith("坏")
        and any(n.end == t.start and n.kind == "node" and len(n.text) == 1 for n in clause.tokens)
        for t in cues
    )


def _sole(numbers: Numbers) -> int | None:
    return numbers.quantity


def _next(clause: Clause, token: Token) -> str:
    index = clause.tokens.index(token)
    return clause.tokens[index + 1].text if index + 1 < len(clause.tokens) else ""


def _with_more(last: Claim, more: Claim, *, good: bool) -> Claim:
    """A clause of numbers belongs to the report before it."""
    if last.op in ("complete", "progress", "open", "start"):
        merged = last.merged(more)
        if last.op in ("open", "start") and (more.quantity is not None or more.left is not None):
            merged.op = "progress"
        return merged
    if last.op == "rework" and last.rework is None:
        last.rework = more.rework or more.quantity
    elif last.op == "rework" and more.quantity and (good or more.quantity > (last.rework or 0)):
        return replace(last.merged(more), op="progress", reason=None)  # 返修10，合格110
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
    """A reason in one clause (停电, 台风) explains the delay or failure in the next."""
    for claim in claims:
        if claim.op == "delay" and claim.reason is None and reasons:
            claim.reason = reasons[0]
        if claim.op == "fail" and claim.reason is None and reasons:
            claim.reason = "quality" if "quality" in reasons else reasons[0]


def read(statement: Statement, table: AliasTable, scene: Scene, *, sounds: bool) -> list[Claim]:
    """The claims of a statement, read with one route's words."""
    hits: dict[int, tuple[Token, bool]] = {}
    clauses = statement.clauses
    if sounds:
        clauses = []
        for clause in statement.clauses:
            hit = None if clause.blocks & _BLOCKING else _sounding(clause, table, scene)
            clauses.append(_with_token(clause, hit[0]) if hit else clause)
            if hit:
                hits[hit[0].start] = hit
    statement.loose = False
    working = Statement(statement.orders, statement.strangers, list(clauses))
    Reader(table, scene.text, scene.message.at).claims(working)
    statement.loose, statement.residue = working.loose, working.residue
    for claim in working.claims:
        sounded = [hits[t.start] for t in claim.nodes if t.start in hits]
        if any(not safe for _, safe in sounded):
            claim.problem = "homophone"
    return working.claims


def _sounding(clause: Clause, table: AliasTable, scene: Scene) -> tuple[Token, bool] | None:
    """A homophone of a node word of this route, or of another, which is only ever asked."""
    hit = by_sound(clause, table, scene.text)
    if hit or clause.nodes:
        return hit
    others = (
        by_sound(clause, other, scene.text) for other in scene.world.tables if other is not table
    )
    found = next((other for other in others if other), None)
    return (found[0], False) if found else None


def _with_token(clause: Clause, token: Token) -> Clause:
    kept = [t for t in clause.tokens if t.end <= token.start or t.start >= token.end]
    return replace(clause, tokens=sorted([*kept, token], key=lambda t: t.start))


# orders that are not certain
