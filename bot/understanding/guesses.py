"""Orders that are not certain: unknown numbers, endings, ranges, names and products."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.understanding.claims import SOFT, Claim
from bot.understanding.clauses import REPORTING, Clause
from bot.understanding.gate import MAX_OFFERED, Outcome, ask, node_keys
from bot.understanding.model import Update
from bot.understanding.orders import find_ranges, suggested
from bot.understanding.reading import read
from bot.understanding.scene import Scene
from bot.understanding.statements import Statement
from bot.understanding.tokens import Token
from bot.understanding.world import name_parts

_NO_REPORT = frozenset(["open", "mended", "more", "note"])


_PRODUCT_GRAM = 2
_MAX_SUGGESTED = 5  # orders of one customer
_CODED_THING = re.compile("[a-z0-9./-]*[0-9][a-z0-9./-]*[\u4e00-\u9fff]")  # A4纸, 12v电源
_POSTPOSED = frozenset(["以外", "除外", "之外", "不包括", "不包含"])
_MACHINE = re.compile("[机台炉床厂组线]|设备|师傅")


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
    return (
        claim.op == "delay"
        and not (claim.until or claim.delay_days)
        and all(t.compound and not _MACHINE.match(t.behind) for t in claim.nodes)
    )


def unknown_order(statement: Statement, scene: Scene, out: Outcome) -> None:
    """A number shaped like ours in what would otherwise be a report."""
    claims = [c for c in _any_claims(statement, scene) if c.op not in _NO_REPORT]
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
                    yield Update(
                        claim.op,
                        None,
                        key,
                        claim.quantity,
                        claim.rework,
                        claim.scrap,
                        claim.reason,
                        claim.until,
                        claim.delay_days,
                        claim.at,
                        claim.tracking,
                    )
                break


def leading_digits(statement: Statement) -> list[str]:
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
    written = token.text.replace("-", "")  # 1105-03 of 20251105-03
    plain = token.kind == "text" and written.isdigit() and written.isascii()
    return token.text if plain else ""


def suffix(statement: Statement, digits: list[str], scene: Scene, out: Outcome) -> None:
    """Ask for the order whose number ends so."""
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


def order_missing(statement: Statement, scene: Scene, out: Outcome, supplied: list[str]) -> None:
    """Ask for the order of what would be a report otherwise."""
    if not any(c.nodes for c in statement.clauses):
        return
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
    words = "".join(t.text if t.kind == "text" or "name" in t.tags else " " for t in scene.tokens)
    grams = {words[n : n + _PRODUCT_GRAM] for n in range(len(words) - 1)}
    grams = {g for g in grams if " " not in g and not g.isascii()}
    among = [scene.entry(no) for no in by_customer] or scene.world.orders
    hits = [(sum(g in o.product for g in grams), o.order_no) for o in among]
    ranked = sorted((hit for hit in hits if hit[0]), key=lambda hit: -hit[0])
    if not ranked:
        return by_customer[:_MAX_SUGGESTED]
    return [no for _, no in ranked][: _MAX_SUGGESTED if by_customer else MAX_OFFERED]


def range_or_exception(scene: Scene, out: Outcome) -> bool:
    """A102-A105, 除了A104: which orders are meant is asked, all of them offered."""
    if not scene.followed and "excepted" not in scene.tags:
        return False
    mentions = [t.mention for t in scene.tokens if t.mention is not None]
    meant, end = find_ranges(scene.text, mentions, scene.world)
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
    pending = list(_pending(_claims_of_all(scene, end), scene))
    out.asks.append(ask("range" if meant else "exception", "order", pending, rest))
    return True


def _claims_of_all(scene: Scene, end: int) -> list[Claim]:
    """What the message reports of every order it means, where no number of pieces is in it."""
    kept: list[Clause] = []
    for clause in scene.clauses:
        tokens = [
            t
            for t in clause.tokens
            if t.start >= end and t.kind not in ("order", "stranger") and "excepted" not in t.tags
        ]
        if tokens:
            kept.append(replace(clause, tokens=tokens))
    claims = _any_claims(Statement([], [], kept), scene) if kept else []
    clear = [c for c in claims if c.nodes and c.op not in _NO_REPORT]
    return [c for c in clear if c.quantity is None and c.left is None]


def _excepted(scene: Scene) -> list[str]:
    found: list[str] = []
    for n, token in enumerate(scene.tokens):
        if "excepted" in token.tags:
            for after in scene.tokens[n + 1 : n + 6]:
                if after.mention and after.mention.order:
                    found.append(after.mention.order)
                elif after.kind not in ("mark", "order"):
                    break
            if token.text in _POSTPOSED:
                found += _orders_before(scene.tokens[:n])
    return found


def _orders_before(tokens: list[Token]) -> list[str]:
    """A102除外, A102和A103以外, A102裁切除外."""
    found: list[str] = []
    for token in reversed(tokens):
        if token.mention and token.mention.order:
            found.append(token.mention.order)
        elif token.kind not in ("mark", "order", "node") and "fill" not in token.tags:
            break
    return found
