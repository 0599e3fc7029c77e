"""Clauses about the same orders, put together as one statement."""

from dataclasses import dataclass, field

from bot.understanding.claims import Claim
from bot.understanding.clauses import Clause
from bot.understanding.scene import Scene


@dataclass(slots=True)
class Statement:
    """Clauses about the same orders, and the claims they make together."""

    orders: list[str]
    strangers: list[str]
    clauses: list[Clause]
    claims: list[Claim] = field(default_factory=list)
    loose: bool = False  # a completion was claimed of nothing in particular
    residue: list[Clause] = field(default_factory=list)


def statements(scene: Scene) -> list[Statement]:
    """Consecutive clauses that speak of the same orders."""
    if len(scene.clauses) == 1:
        only = scene.clauses[0]
        return [Statement(only.orders, only.strangers, [only])]
    found: list[Statement] = []
    waiting: list[Clause] = []
    for clause in scene.clauses:
        orders, strangers = clause.orders, clause.strangers
        if (orders or strangers) and clause.bare("order", "stranger") and not clause.nodes:
            if found and not found[-1].orders and not found[-1].strangers:
                found[-1].orders, found[-1].strangers = orders, strangers
                continue
            waiting.append(clause)
            continue
        listed = [c for c in waiting if clause.orders and clause.tokens[0].kind == "order"]
        if orders or strangers:
            lead = [no for c in listed for no in c.orders]
            head = [c for c in waiting if c not in listed]
            _flush(found, head)
            found.append(Statement(list(dict.fromkeys(lead + orders)), strangers, [clause]))
        elif waiting:
            named = [no for c in waiting for no in c.orders]
            odd = [text for c in waiting for text in c.strangers]
            found.append(Statement(list(dict.fromkeys(named)), odd, [clause]))
        elif found and not _of_another(clause, scene):
            found[-1].clauses.append(clause)
        else:
            found.append(Statement([], [], [clause]))
        waiting = []
    _flush(found, waiting)
    return _with_heading(found)


def _of_another(clause: Clause, scene: Scene) -> bool:
    """A102裁切完成，103车缝完成: digits that end an order's number begin the next report."""
    tokens = [t for t in clause.tokens if t.kind != "mark"][:2]
    if len(tokens) < 2 or tokens[1].kind != "node" or len(tokens[0].text) < 2:
        return False
    digits = tokens[0].text
    return digits.isascii() and digits.isdigit() and bool(scene.world.ending(digits))


def _flush(found: list[Statement], clauses: list[Clause]) -> None:
    for clause in clauses:
        found.append(Statement(clause.orders, clause.strangers, [clause]))


def _with_heading(found: list[Statement]) -> list[Statement]:
    """今天停电，A102车缝要晚: what comes before the first order gives the reason."""
    if len(found) > 1 and not found[0].orders and not found[0].strangers:
        head = found[0]
        if not any(c.nodes or c.has("done", "done_after") for c in head.clauses):
            found[1].clauses = [*head.clauses, *found[1].clauses]
            return found[1:]
    return found
