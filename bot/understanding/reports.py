"""Statements about work: which orders they mean, what they claim, and what may be applied."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.understanding.claims import HARD, SOFT, Claim
from bot.understanding.clauses import REPORTING, Clause
from bot.understanding.gate import MAX_OFFERED, Outcome, admit, ask, likely_nodes, node_keys, settle
from bot.understanding.homophones import by_sound
from bot.understanding.model import Decision, Update
from bot.understanding.orders import find_ranges, suggested
from bot.understanding.reading import Reader, Statement
from bot.understanding.routes import AliasTable
from bot.understanding.scene import Scene
from bot.understanding.tokens import Token
from bot.understanding.world import name_parts

_PRODUCT_GRAM = 2
_CODED_THING = re.compile("[a-z0-9./-]*[0-9][a-z0-9./-]*[\u4e00-\u9fff]")  # A4纸, 12v电源
_MACHINE = re.compile("[机台炉床厂组线]|设备|师傅")
_NO_REPORT = frozenset(["open", "mended", "more", "note"])
_BLOCKING = HARD | SOFT


def report(scene: Scene, out: Outcome) -> None:
    """Read every statement of the message and put what it comes to into `out`."""
    if _range_or_exception(scene, out):
        return
    updates: list[Update] = []
    for statement in statements(scene):
        updates += _settled(statement, scene, out)
    admit(updates, scene, out)


def statements(scene: Scene) -> list[Statement]:
    """Consecutive clauses that speak of the same orders."""
    found: list[Statement] = []
    waiting: list[Clause] = []
    for clause in scene.clauses:
        orders, strangers = clause.orders, clause.strangers
        if (orders or strangers) and clause.bare("order", "stranger") and not clause.nodes:
            if found and not found[-1].orders and not found[-1].strangers:
                found[-1].orders += orders
                found[-1].strangers += strangers
                continue
            if waiting or not found or True:
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
        elif found:
            found[-1].clauses.append(clause)
        else:
            found.append(Statement([], [], [clause]))
        waiting = []
    _flush(found, waiting)
    return _with_heading(found)


def _flush(found: list[Statement], clauses: list[Clause]) -> None:
    for clause in clauses:
        found.append(Statement(clause.orders, clause.strangers, [clause]))


def _with_heading(found: list[Statement]) -> list[Statement]:
    """今天停电，A102车缝要晚: what comes before the first order gives the reason."""
    if len(found) > 1 and not found[0].orders and not found[0].strangers:
        head = found[0]
        if not any(c.nodes for c in head.clauses):
            found[1].clauses = [*head.clauses, *found[1].clauses]
            return found[1:]
    return found


def _settled(statement: Statement, scene: Scene, out: Outcome) -> list[Update]:
    if statement.orders:
        return _for_orders(statement, statement.orders, scene, out, explicit=True)
    if statement.strangers:
        _unknown_order(statement, scene, out)
        return []
    tail = _leading_digits(statement, scene)
    if tail:
        _suffix(statement, tail, scene, out)
        return []
    supplied, by = scene.supplied()
    if len(supplied) == 1:
        return _for_orders(statement, supplied, scene, out, explicit=by in ("card", "message"))
    _order_missing(statement, scene, out, supplied)
    return []


def _for_orders(
    statement: Statement, orders: list[str], scene: Scene, out: Outcome, *, explicit: bool
) -> list[Update]:
    updates: list[Update] = []
    for order_no in orders:
        table = scene.world.aliases(scene.entry(order_no).route)
        claims = read(statement, table, scene, sounds=True)
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
        _unknown_order(statement, scene, out)
    return updates


def _sounded(claim: Claim, order_no: str, table: AliasTable) -> Decision:
    keys = table.resolve(claim.nodes[0].text)
    node = keys[0] if len(keys) == 1 else None
    return ask(claim.problem, "confirm" if node else "node", Update(claim.op, order_no, node), keys)


def _unknown_process(statement: Statement) -> bool:
    """A102 打枣完成: a formal completion of something short that no route knows is worth a question."""
    for clause in statement.residue:
        unknown = [t for t in clause.tokens if t.kind == "text"]
        others = [t for t in clause.tokens if t.kind in ("node",) or t.tags & {"thing", "praise"}]
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
    working = replace_clauses(statement, clauses)
    Reader(table, scene.text, scene.message.at).claims(working)
    statement.loose, statement.residue = working.loose, working.residue
    for claim in working.claims:
        sounded = [hits[t.start] for t in claim.nodes if t.start in hits]
        if any(not safe for _, safe in sounded):
            claim.problem = "homophone"
    return working.claims


def _sounding(clause: Clause, table: AliasTable, scene: Scene) -> tuple[Token, bool] | None:
    """A homophone of a node word of this route, or else of another: the latter is only ever asked."""
    hit = by_sound(clause, table, scene.text)
    if hit or clause.nodes:
        return hit
    others = (
        by_sound(clause, other, scene.text) for other in scene.world.tables if other is not table
    )
    found = next((other for other in others if other), None)
    return (found[0], False) if found else None


def replace_clauses(statement: Statement, clauses: list[Clause]) -> Statement:
    return replace(statement, clauses=list(clauses), claims=[], residue=[], loose=False)


def _with_token(clause: Clause, token: Token) -> Clause:
    kept = [t for t in clause.tokens if t.end <= token.start or t.start >= token.end]
    return replace(clause, tokens=sorted([*kept, token], key=lambda t: t.start))


# orders that are not certain


def _any_claims(statement: Statement, scene: Scene) -> list[Claim]:
    """The claims by the words of whichever route knows them."""
    best: list[Claim] = []
    for table in scene.world.tables:
        claims = read(statement, table, scene, sounds=False)
        known = [c for c in claims if not c.nodes or node_keys(c, table)[1] is None or c.nodes]
        if any(c.nodes and node_keys(c, table)[0] for c in claims):
            return claims
        best = best or known
    return best


def _worth_asking(claims: list[Claim]) -> list[Claim]:
    return [c for c in claims if c.nodes and c.op not in _NO_REPORT and not _of_a_place(c)]


def _of_a_place(claim: Claim) -> bool:
    """钻孔房空调坏了: without an order, a blocker counts for a node or its machine only."""
    return claim.op == "delay" and not (claim.until or claim.delay_days) and all(
        t.compound and not _MACHINE.match(t.behind) for t in claim.nodes
    )


def _unknown_order(statement: Statement, scene: Scene, out: Outcome) -> None:
    """A number shaped like ours in what would otherwise be a report."""
    claims = [
        c for c in _any_claims(statement, scene) if c.op not in _NO_REPORT
    ]
    if not claims and not statement.loose:
        return
    if scene.outsider:
        out.refused = True
        return
    near = [
        no for text in statement.strangers for no in suggested(text, scene.world, scene.universe)
    ]
    out.asks.append(
        ask(
            "unknown-order",
            "order",
            _pending(claims, scene),
            list(dict.fromkeys(near))[:MAX_OFFERED],
        )
    )


def _pending(claims: list[Claim], scene: Scene) -> Iterable[Update]:
    for claim in claims:
        for table in scene.world.tables:
            keys, question = node_keys(claim, table)
            if question is None:
                for key in keys:
                    yield Update(claim.op, None, key, quantity=claim.quantity, reason=claim.reason,
                                 until=claim.until, delay_days=claim.delay_days)  # fmt: skip
                break


def _leading_digits(statement: Statement, scene: Scene) -> list[str]:
    """Bare digits where an order number would stand: at the head, before a node word."""
    found: list[str] = []
    for clause in statement.clauses[:1]:
        tokens = [
            t for t in clause.tokens if t.kind != "mark" and (t.amount or "fill" not in t.tags)
        ]
        head = tokens[0] if tokens else None
        if head is None:
            continue
        digits = _digits(head)
        if digits and (len(tokens) == 1 or tokens[1].kind == "node" or tokens[1].tags):
            found.append(digits)
    return found


def _digits(token: Token) -> str:
    amount = token.amount
    if amount is not None:
        plain = amount.kind == "bare" or (
            amount.kind == "other" and token.text.endswith(("号", "单", "款"))
        )
        if not plain:
            return ""
        written = "".join(c for c in token.text if c.isdigit() and c.isascii())
        return written if written else str(amount.n) if amount.n > 9 else ""
    if token.date is not None and token.text.endswith("号"):
        return "".join(c for c in token.text if c.isdigit() and c.isascii())
    return (
        token.text if token.kind == "text" and token.text.isdigit() and token.text.isascii() else ""
    )


def _suffix(statement: Statement, digits: list[str], scene: Scene, out: Outcome) -> None:
    claims = _any_claims(statement, scene)
    if not _worth_asking(claims) and not statement.loose:
        return
    if scene.outsider:
        out.refused = True
        return
    ending = [no for d in digits if len(d) > 1 for no in scene.world.ending(d, scene.universe)]
    if not _worth_asking(claims) and not ending:
        return
    why = "suffix" if ending else "order-missing"
    out.asks.append(ask(why, "order", _pending(claims, scene), ending[:MAX_OFFERED]))


def _order_missing(statement: Statement, scene: Scene, out: Outcome, supplied: list[str]) -> None:
    claims = _worth_asking(_any_claims(statement, scene))
    if not claims or any(
        _CODED_THING.match(t.text) for c in statement.clauses for t in c.kind("text")
    ):
        return
    if scene.outsider:
        out.refused = True
        return
    candidates = supplied[:MAX_OFFERED] or suggestions(scene)
    out.asks.append(ask("order-missing", "order", _pending(claims, scene), candidates))


def suggestions(scene: Scene) -> list[str]:
    """Orders that a customer's name or a product in the text points to; never more than a guess."""
    text = scene.text
    by_customer: list[str] = []
    for customer in scene.world.customers.values():
        if any(part in text for part in name_parts(customer.name)):
            by_customer += scene.world.of_customer(customer.id)
    if by_customer:
        return by_customer[:MAX_OFFERED]
    words = "".join(t.text if t.kind == "text" or "name" in t.tags else " " for t in scene.tokens)
    grams = {words[n : n + _PRODUCT_GRAM] for n in range(len(words) - 1)}
    grams = {g for g in grams if " " not in g and not g.isascii()}
    hits = [(sum(g in o.product for g in grams), o.order_no) for o in scene.world.orders]
    ranked = sorted((hit for hit in hits if hit[0]), key=lambda hit: -hit[0])
    return [no for _, no in ranked][:MAX_OFFERED]


def _range_or_exception(scene: Scene, out: Outcome) -> bool:
    """A102-A105, 除了A104: which orders are meant is asked, all of them offered."""
    mentions = [t.mention for t in scene.tokens if t.mention is not None]
    meant, _ = find_ranges(scene.text, mentions, scene.world)
    excepted = _excepted(scene)
    if not meant and not excepted:
        return False
    clauses = [c for c in scene.clauses if not c.blocks & (SOFT | {"cond", "hearsay"})]
    if not any(
        t.tags & REPORTING or t.kind == "amount" for c in clauses for t in c.tokens
    ) and not any("question" in c.blocks for c in clauses):
        return True
    if scene.outsider:
        out.refused = True
        return True
    base = meant or [t.mention.order for t in scene.tokens if t.mention and t.mention.order]
    rest = [no for no in base if no and no not in excepted]
    if not rest:
        rest = [o.order_no for o in scene.world.orders if o.order_no not in excepted]
    out.asks.append(ask("range" if meant else "exception", "order", (), rest))
    return True


def _excepted(scene: Scene) -> list[str]:
    found: list[str] = []
    for n, token in enumerate(scene.tokens):
        if "excepted" in token.tags:
            for after in scene.tokens[n + 1 : n + 6]:
                if after.mention and after.mention.order:
                    found.append(after.mention.order)
                elif after.kind not in ("mark", "order"):
                    break
    return found
