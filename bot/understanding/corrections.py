"""Corrections: undo, move, set_quantity, and messages that were recalled or edited.

Own updates may be corrected at once within ten minutes; what is older, or somebody else's, is asked
or left alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.understanding.clauses import Clause
from bot.understanding.gate import MAX_OFFERED, ask
from bot.understanding.model import Decision, Previous, Update
from bot.understanding.orders import suggested
from bot.understanding.scene import Scene
from bot.understanding.tokens import Token

CLOCK_SECONDS = 600
NOT_CORRECTABLE = frozenset(["undo", "move", "subscribe", "unsubscribe"])
_WEAK_BECOME = {"是", "而是", "应该是", "应是", "其实是", "实际", "实际是", "改"} | {
    *("change", "changed", "instead", "actually", "but", "mean")
}
_CUES = ("wrong", "take_back", "not_but", "become")
_CUED = frozenset(_CUES)
_ALONE = frozenset(["错了", "错啦"])


@dataclass(slots=True)
class Wanted:
    """What a correction names: what was wrong, what is right."""

    orders: list[str] = field(default_factory=list)
    nodes: list[Token] = field(default_factory=list)
    not_orders: list[str] = field(default_factory=list)
    not_nodes: list[Token] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    number: int | None = None


def correct(scene: Scene) -> Decision | None:
    """The decision where the message corrects an earlier one, else None."""
    if not _is_correction(scene) or any("question" in c.blocks for c in scene.clauses):
        return None
    if any(c.has("size") for c in scene.clauses):
        return Decision("ignore", why="order-size")
    wanted = _wanted(scene)
    target, own = _target(scene, wanted)
    if target is None:
        return _without_target(scene, wanted)
    if not own:
        return (
            ask("not-your-update", "confirm", undo_of(target))
            if scene.manager
            else Decision("ignore", why="not-your-update")
        )
    decision = _change(scene, wanted, target)
    of_earlier = any(
        t.date and t.date.date < scene.message.at.date() for c in scene.clauses for t in c.dates
    )
    if decision.decision == "apply" and (target.seconds_ago > CLOCK_SECONDS or of_earlier):
        return ask("too-late", "confirm", decision.updates)
    return decision


def _is_correction(scene: Scene) -> bool:
    clauses = scene.clauses
    if _CUED.isdisjoint(scene.tags) and "错" not in scene.text:
        return False
    if any(_about_things(c) for c in clauses if c.has(*_CUES) or c.orders or c.nodes):
        return False
    if any(c.has("wrong", "take_back") and not _about_work(c) for c in clauses):
        return True
    tokens = [t for c in clauses for t in c.tokens]
    if any(t.text in _ALONE for t in tokens) and all(
        t.kind in ("order", "mark") or "fill" in t.tags or t.text in _ALONE for t in tokens
    ):
        return True
    for n, token in enumerate(tokens):
        if "not_but" in token.tags and any(
            t.text in _WEAK_BECOME or "become" in t.tags for t in tokens[n + 1 :]
        ):
            return True
        if "become" in token.tags and token.text not in _WEAK_BECOME:
            if n + 1 < len(tokens) and tokens[n + 1].kind == "date":
                return False  # 安装改成周日 is a delay
            return bool(scene.message.previous) or any(
                c.nodes and c.kind("amount") for c in clauses
            )
    if _this_not_that(tokens) and scene.own_previous():
        return True
    if len(tokens) > 1 and tokens[0].text == "是" and any("not_but" in t.tags for t in tokens):
        return True
    return (
        tokens[:1] != []
        and tokens[0].text in ("应该是", "应是", "其实是", "actually")
        and bool(scene.own_previous())
    )


def _this_not_that(tokens: list[Token]) -> bool:
    """开料是102不是120, I mean A102, not A112."""
    negated = False
    tokens = [t for t in tokens if t.kind != "mark"]
    for before, token in zip(reversed(tokens[:-1]), reversed(tokens[1:]), strict=True):
        if not (token.amount or token.mention):
            continue
        if "not_but" in before.tags:
            negated = True
        elif negated and before.text in ("是", "mean", "meant"):
            return True
    return False


def _about_work(clause: Clause) -> bool:
    """取消 of the order itself, an error at the machine: nothing was misreported."""
    return (clause.has("neg") and not clause.has("not_but")) or (
        clause.has("order_given") and clause.has("take_back")
    )


def _about_things(clause: Clause) -> bool:
    """A105客户取消了, 尺寸搞错了: something else was wrong, not what was reported."""
    return any(t.kind == "text" or "thing" in t.tags or "name" in t.tags for t in clause.tokens)


def _wanted(scene: Scene) -> Wanted:
    wanted = Wanted()
    negated = False
    for clause in scene.clauses:
        becomes = any("become" in t.tags and t.text not in _WEAK_BECOME for t in clause.tokens)
        seen_become = negated = False
        cue = max((t.start for t in clause.tagged("wrong", "take_back")), default=-1)
        for token in clause.tokens:
            if "not_but" in token.tags:
                negated = True
            elif "become" in token.tags:
                negated, seen_become = False, True
            elif token.kind == "stranger":
                wanted.strangers += [] if negated else [token.text]
            elif token.mention and token.mention.order:
                old = negated or (becomes and not seen_become) or token.start < cue
                (wanted.not_orders if old else wanted.orders).append(token.mention.order)
            elif token.kind == "node":
                old = negated or (becomes and not seen_become and _node_comes(clause, token))
                (wanted.not_nodes if old else wanted.nodes).append(token)
            elif (
                token.amount
                and not negated
                and token.amount.kind in ("bare", "pieces", "of")
                and (
                    not token.text.endswith("条") or token.amount.n > 9  # 上一条 is a message
                )
            ):
                wanted.number = token.amount.n
    return wanted


def _node_comes(clause: Clause, token: Token) -> bool:
    return any(t.kind == "node" and t.start > token.end for t in clause.tokens)


def _target(scene: Scene, wanted: Wanted) -> tuple[Previous | None, bool]:
    """The message that is corrected, and whether it is the sender's own."""
    changed = [p for p in scene.message.previous if _correctable(p)]
    own = [p for p in changed if p.sender == scene.message.sender]
    named = set(wanted.orders) | set(wanted.not_orders)
    touching = [p for p in own if not named or named & {u.order for u in p.applied}]
    if wanted.not_orders and own and not touching and not _anybody_touched(changed, named):
        return None, False
    if own and (touching or not [p for p in changed if named & {u.order for u in p.applied}]):
        return (touching or own)[-1], True
    others = [p for p in changed if p.sender != scene.message.sender]
    matching = [p for p in others if not named or named & {u.order for u in p.applied}]
    if matching and (named or scene.message.reply_to is not None):
        return matching[-1], False
    return (own[-1], True) if own else (None, False)


def _anybody_touched(changed: list[Previous], named: set[str]) -> bool:
    """Whether anybody's update is about one of these orders."""
    return any(named & {u.order for u in p.applied} for p in changed)


def _correctable(previous: Previous) -> bool:
    return any(u.op not in NOT_CORRECTABLE for u in previous.applied)


def _without_target(scene: Scene, wanted: Wanted) -> Decision | None:
    """Nothing known to correct: a set number is asked, the rest is no report."""
    if scene.outsider:
        return Decision("ignore", why="may-not-update")
    named = list(dict.fromkeys(wanted.orders + wanted.not_orders))
    if wanted.number is not None and len(named) == 1 and wanted.nodes:
        table = scene.world.aliases(scene.entry(named[0]).route)
        keys = table.resolve(wanted.nodes[-1].text)
        if len(keys) == 1:
            return ask(
                "too-late",
                "confirm",
                Update("set_quantity", named[0], keys[0], wanted.number),
            )
    if _reports_anew(scene):
        return None
    return Decision("ignore", why="nothing-to-correct")


def _reports_anew(scene: Scene) -> bool:
    """裁错了，在重新裁 and the like are about work, not about a message."""
    return any(c.has("reworked", "blocked", "postponed", "failed") for c in scene.clauses)


def undo_of(previous: Previous, only: Iterable[str] = ()) -> list[Update]:
    """What takes a message back, or only its updates to some orders."""
    named = set(only)
    return [Update("undo", u.order, u.node) for u in previous.applied
            if u.op not in NOT_CORRECTABLE and (not named or u.order in named)]  # fmt: skip


def _change(scene: Scene, wanted: Wanted, target: Previous) -> Decision:
    applied = [u for u in target.applied if u.op not in NOT_CORRECTABLE]
    orders = {u.order for u in applied}
    new_orders = [no for no in dict.fromkeys(wanted.orders) if no not in orders]
    if wanted.strangers and not new_orders:
        near = [no for s in wanted.strangers for no in suggested(s, scene.world, scene.universe)]
        return ask("unknown-order", "order", Update("move"), near[:MAX_OFFERED])
    if len(new_orders) > 1:
        return ask("order-ambiguous", "order", Update("move"), new_orders[:MAX_OFFERED])
    named = {*wanted.orders, *wanted.not_orders}
    base = [u for u in applied if u.order in named] or applied
    order_no = new_orders[0] if new_orders else None
    new_nodes, question = _new_nodes(scene, wanted, base, order_no)
    if question is not None:
        return question
    if order_no or new_nodes:
        return _move(scene, base, order_no, new_nodes)
    if wanted.number is not None:
        return _set_quantity(scene, base, wanted)
    undo = undo_of(target, [no for no in named if no in orders])
    return Decision("apply", tuple(undo), why="undo")


def _new_nodes(
    scene: Scene, wanted: Wanted, base: list[Update], order_no: str | None
) -> tuple[list[str], Decision | None]:
    nodes = {u.node for u in base}
    route_of = order_no or base[0].order
    if route_of is None or scene.world.get(route_of) is None:
        return [], None
    table = scene.world.aliases(scene.entry(route_of).route)
    found: list[str] = []
    for token in wanted.nodes:
        keys = table.resolve(token.text)
        if len(keys) > 1 and nodes & set(keys):
            continue
        if len(keys) != 1:
            why = "node-ambiguous" if keys else "node-not-on-route"
            return [], ask(why, "node", Update("move", order_no), keys)
        if keys[0] not in nodes and keys[0] not in found:
            found.append(keys[0])
    if len(found) > 1:
        return [], ask("node-ambiguous", "node", Update("move", order_no), found)
    return found, None


def _move(scene: Scene, base: list[Update], order_no: str | None, nodes: list[str]) -> Decision:
    node = nodes[0] if nodes else None
    move = Update("move", order_no, node)
    if len(base) > 1 and len({(u.order, u.node) for u in base}) > 1:
        return ask("which-update", "order", _undo_all(base), [u.order or "" for u in base])
    if order_no and node is None and not _on_route(scene, order_no, base):
        return ask("node-not-on-route", "node", move)
    if node is not None and not scene.may(node):
        return ask("not-your-node", "confirm", move)
    return Decision("apply", (move,), why="move")


def _on_route(scene: Scene, order_no: str, base: list[Update]) -> bool:
    keys = scene.world.aliases(scene.entry(order_no).route).index
    return all(u.node is None or u.node in keys for u in base)


def _undo_all(base: list[Update]) -> list[Update]:
    return [Update("undo", u.order, u.node) for u in base]


def _set_quantity(scene: Scene, base: list[Update], wanted: Wanted) -> Decision:
    nodes = {t.text for t in wanted.nodes}
    for update in base:
        entry = scene.world.get(update.order)
        if entry is None or update.node is None:
            continue
        keys = {k for word in nodes for k in scene.world.aliases(entry.route).resolve(word)}
        if keys and update.node not in keys:
            continue
        change = Update("set_quantity", update.order, update.node, wanted.number)
        if (wanted.number or 0) > entry.quantity:
            return ask("over-quantity", "quantity", change)
        return Decision("apply", (change,), why="set-quantity")
    return Decision("ignore", why="nothing-to-correct")
