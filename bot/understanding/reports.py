"""Statements about work: which orders they mean, what they claim, and what may be applied."""

from dataclasses import replace

from bot.understanding.beside import glued_to_place, second_numbers
from bot.understanding.claims import Claim
from bot.understanding.clauses import Clause
from bot.understanding.gate import Outcome, admit, ask, likely_nodes, settle
from bot.understanding.guesses import (
    leading_digits,
    order_missing,
    range_or_exception,
    suffix,
    unknown_order,
)
from bot.understanding.model import Decision, Update
from bot.understanding.reading import read
from bot.understanding.routes import AliasTable
from bot.understanding.scene import Scene
from bot.understanding.statements import Statement, statements
from bot.understanding.tokens import Token


def report(scene: Scene, out: Outcome) -> None:
    """Read every statement of the message and put what it comes to into `out`."""
    if range_or_exception(scene, out):
        return
    updates: list[Update] = []
    for statement in statements(scene):
        updates += _settled(statement, scene, out)
    admit(updates, scene, out)


def _settled(statement: Statement, scene: Scene, out: Outcome) -> list[Update]:
    if statement.orders:
        return _for_orders(statement, statement.orders, scene, out, explicit=True)
    if statement.strangers:
        unknown_order(statement, scene, out)
        return []
    tail = leading_digits(statement)
    if tail:
        suffix(statement, tail, scene, out)
        return []
    supplied, by = scene.supplied()
    if len(supplied) == 1:
        return _for_orders(statement, supplied, scene, out, explicit=by in ("card", "message"))
    order_missing(statement, scene, out, supplied)
    return []


def _for_orders(
    statement: Statement, orders: list[str], scene: Scene, out: Outcome, *, explicit: bool
) -> list[Update]:
    updates: list[Update] = []
    for order_no in orders:
        table = scene.world.aliases(scene.entry(order_no).route)
        claims = _claims(statement, table, scene)
        if claims and glued_to_place(statement, order_no, scene):
            claims = [_doubted(claim) for claim in claims]
        for claim in claims:
            if claim.problem:
                if not scene.outsider:
                    out.asks.append(_sounded(claim, order_no, table))
                out.refused = out.refused or scene.outsider
                continue
            if not claim.nodes and not explicit:
                continue
            updates += settle(claim, order_no, scene, out)
        if explicit and not claims and (statement.loose or _unknown_process(statement)):
            _node_missing(order_no, scene, out, table)
    if statement.strangers and updates:
        unknown_order(statement, scene, out)
    if updates and not scene.outsider:
        second_numbers(statement, updates, scene, out)
    return updates


def _claims(statement: Statement, table: AliasTable, scene: Scene) -> list[Claim]:
    """The claims of a statement, as they were read the last time if its frame is known."""
    key = table, scene.world.tables, tuple([c.number for c in statement.clauses])
    known = scene.known.get(key)
    if known is None:
        claims = read(statement, table, scene, sounds=True)
        scene.known[key] = claims, statement.loose, statement.residue
        return claims
    claims, statement.loose, statement.residue = known
    return claims


def _doubted(claim: Claim) -> Claim:
    """What is reported beside the number of a place."""
    if claim.problem or claim.op not in ("start", "progress", "complete"):
        return claim
    return replace(claim, problem="place")


def _sounded(claim: Claim, order_no: str, table: AliasTable) -> Decision:
    keys = table.resolve(claim.nodes[0].text) if claim.nodes else ()
    node = keys[0] if len(keys) == 1 else None
    if node and claim.problem == "part-of-lot":
        return ask(claim.problem, "quantity", Update("progress", order_no, node), keys)
    return ask(claim.problem, "confirm" if node else "node", Update(claim.op, order_no, node), keys)


def _unknown_process(statement: Statement) -> bool:
    """A102 打枣完成: a formal completion of something no route knows is worth asking."""
    for clause in statement.residue:
        unknown = [t for t in clause.tokens if t.kind == "text"]
        others = [t for t in clause.tokens if t.kind in ("node",) or t.tags & {"thing", "praise"}]
        if not others and _one_verb(clause, unknown):
            return True
        if (
            len(unknown) == 1
            and 1 < len(unknown[0].text) <= 4
            and not others
            and clause.has("formal")
        ):
            return not unknown[0].text.isascii() or unknown[0].text.isalpha()
    return False


def _one_verb(clause: Clause, unknown: list[Token]) -> bool:
    """A102 焊完了: one unknown character right before the end of a work is a verb of some node."""
    return (
        len(unknown) == 1
        and len(unknown[0].text) == 1
        and any(
            t.start == unknown[0].end and t.tags & {"done", "done_after"} for t in clause.tokens
        )
    )


def _node_missing(order_no: str, scene: Scene, out: Outcome, table: AliasTable) -> None:
    if scene.outsider:
        out.refused = True
        return
    candidates = likely_nodes(order_no, scene, table)
    out.asks.append(ask("node-missing", "node", Update("complete", order_no), candidates))
