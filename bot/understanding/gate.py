"""From claims to updates: route, numbers, state and role decide what may be applied."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.understanding.claims import Claim
from bot.understanding.model import Decision, Update
from bot.understanding.routes import AliasTable
from bot.understanding.scene import Scene

_CHECKED = frozenset(["start", "progress", "complete"])
MAX_OFFERED = 3


@dataclass(slots=True)
class Outcome:
    """What one message comes to before it is one decision."""

    applied: list[Update] = field(default_factory=list)
    asks: list[Decision] = field(default_factory=list)
    answers: list[Decision] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)  # codes of what is passed over in silence
    refused: bool = False

    def decision(self) -> Decision:
        """Apply if anything applies, else ask, else answer, else ignore."""
        if self.applied:
            return Decision(
                "apply", tuple(self.applied), why="reported", rest=(*self.asks, *self.answers)
            )
        if self.asks:
            return replace(self.asks[0], rest=(*self.asks[1:], *self.answers))
        if self.answers:
            return replace(self.answers[0], rest=tuple(self.answers[1:]))
        return Decision("ignore", why=self.dropped[0] if self.dropped else "nothing-said")


def ask(
    why: str, asked: str, pending: Update | Iterable[Update] = (), candidates: Iterable[str] = ()
) -> Decision:
    """A question to the sender."""
    updates = (pending,) if isinstance(pending, Update) else tuple(pending)
    return Decision("ask", candidates=tuple(candidates), asked=asked, pending=updates, why=why)


def node_keys(claim: Claim, table: AliasTable) -> tuple[list[str], Decision | None]:
    """The nodes a claim is about, or the question about them."""
    keys: list[str] = []
    doubtful: list[tuple[str, ...]] = []
    for token in claim.nodes:
        found = table.resolve(token.text)
        if not found:
            return [], ask("node-not-on-route", "node")
        if len(found) > 1:
            doubtful.append(found)
        elif found[0] not in keys:
            keys.append(found[0])
    for several in doubtful:
        if not set(several) & set(keys):
            return [], ask("node-ambiguous", "node", candidates=several)
    return keys, None if keys else ask("node-missing", "node")


def settle(claim: Claim, order_no: str, scene: Scene, out: Outcome) -> list[Update]:
    """The updates a claim makes to one order; questions go to `out`."""
    table = scene.world.aliases(scene.entry(order_no).route)
    keys, question = node_keys(claim, table)
    if claim.op in ("open", "note", "more"):
        return []
    op = "resume" if claim.op in ("resume?", "mended") else claim.op
    if question is not None:
        if claim.op == "mended":
            return []
        out.asks.append(_about(question, order_no, Update(op, order_no), scene, table))
        return []
    updates = []
    for key in keys:
        update = _counted(claim, op, order_no, key, scene, out)
        if update and (claim.op != "mended" or _delayed(update, scene)):
            updates.append(update)
    return updates


def _delayed(update: Update, scene: Scene) -> bool:
    state = scene.state(update.order or "")
    return state is not None and update.node in state.delayed


def _about(
    question: Decision, order_no: str, update: Update, scene: Scene, table: AliasTable
) -> Decision:
    candidates = question.candidates or likely_nodes(order_no, scene, table)
    if question.why == "node-not-on-route":
        candidates = likely_nodes(order_no, scene, table)
    return replace(question, pending=(update,), candidates=tuple(candidates))


def likely_nodes(order_no: str, scene: Scene, table: AliasTable) -> tuple[str, ...]:
    """Nodes worth offering: those under way, else the sender's own."""
    state = scene.state(order_no)
    if state is not None and (state.in_progress or state.delayed):
        going = state.in_progress | state.delayed
        return tuple(key for key in table.keys if key in going)[:MAX_OFFERED]
    person = scene.person
    own = person.nodes if person else ()
    return tuple(key for key in table.keys if key in own)[:MAX_OFFERED]


def _counted(
    claim: Claim, op: str, order_no: str, key: str, scene: Scene, out: Outcome
) -> Update | None:
    """The update with its numbers; more pieces than the order has are a question."""
    total = scene.entry(order_no).quantity
    reason = claim.reason if op in ("delay", "rework", "fail") else None
    if op == "delay":
        until, days = claim.until, claim.delay_days
        return Update(op, order_no, key, None, None, None, reason, until, days)
    rework, scrap, at = claim.rework, claim.scrap, claim.at
    if op not in ("complete", "progress"):
        if rework is not None and rework > total:
            over = Update(op, order_no, key, None, rework, scrap, reason, at=at)
            out.asks.append(ask("over-quantity", "quantity", over))
            return None
        return Update(op, order_no, key, None, rework, None, reason, at=at)
    quantity, why = _quantity(claim, order_no, key, total, scene)
    if quantity is None:
        partly = claim.partial or rework is not None or scrap is not None
        said = "progress" if partly and not why else op
    else:
        said = "complete" if quantity == total and not rework else "progress"
    update = Update(
        op if why else said,
        order_no,
        key,
        quantity,
        rework,
        scrap,
        reason,
        None,
        None,
        at,
        claim.tracking or None,
    )
    if why:
        out.asks.append(ask(why, "quantity", update))
        return None
    return update


def _quantity(
    claim: Claim, order_no: str, key: str, total: int, scene: Scene
) -> tuple[int | None, str]:
    """The cumulative number, and the code of what is wrong with it."""
    quantity = claim.quantity
    if claim.vague:
        return None, "vague-quantity"
    if claim.total is not None and claim.total != total:
        return quantity, "over-quantity" if (quantity or 0) > total else "total-mismatch"
    if claim.left is not None and quantity is None:
        quantity = total - claim.left
        if quantity < 0:
            return None, "over-quantity"
    if claim.delta and quantity is not None:
        state = scene.state(order_no)
        base = state.quantity.get(key) if state else None
        if base is None:
            return quantity, "delta-without-base"
        quantity += base
    if quantity is not None and quantity + (claim.rework or 0) + (claim.scrap or 0) > total:
        return quantity, "over-quantity"
    return quantity, ""


def admit(updates: list[Update], scene: Scene, out: Outcome, *, confirmed: bool = False) -> None:
    """Role and state: what passes is applied, the rest asked or dropped."""
    if scene.outsider:
        if updates:
            out.refused = True
        return
    several = dict.fromkeys(updates) if len(updates) > 1 else updates
    allowed = [u for u in several if _may(u, scene, out)]
    if confirmed:
        out.applied += [u for u in allowed if u not in out.applied]
        return
    completed: set[tuple[str | None, str | None]] = set()
    for update in sorted(allowed, key=lambda u: _place(u, scene)):
        if _fits(update, completed, scene, out):
            if update.op == "complete":
                completed.add((update.order, update.node))
            if update not in out.applied:
                out.applied.append(update)


def _place(update: Update, scene: Scene) -> int:
    """Earlier nodes first, so that one message may complete several in a row."""
    if update.order is None or update.node is None:
        return -1
    return scene.world.aliases(scene.entry(update.order).route).index.get(update.node, -1)


def _may(update: Update, scene: Scene, out: Outcome) -> bool:
    if update.node is None or scene.may(update.node):
        return True
    person = scene.person
    if person is not None and person.role == "supplier":
        out.refused = True
    else:
        out.asks.append(ask("not-your-node", "confirm", update))
    return False


def _fits(
    update: Update, completed: set[tuple[str | None, str | None]], scene: Scene, out: Outcome
) -> bool:
    """Rule 12: no noise for what is known, a question for what contradicts the state."""
    state = scene.state(update.order or "")
    if state is None or update.node is None:
        return True
    if update.node in state.done:
        return _after_done(update, out)
    if update.op == "start" and update.node in state.in_progress:
        out.dropped.append("already-started")
        return False
    if update.op == "resume" and update.node not in state.delayed:
        out.dropped.append("not-delayed")
        return False
    if update.op in _CHECKED:
        table = scene.world.aliases(scene.entry(update.order or "").route)
        earlier = table.keys[: table.index.get(update.node, 0)]
        still = [k for k in earlier if k not in state.done and (update.order, k) not in completed]
        if still:
            out.asks.append(ask("earlier-open", "confirm", update, still[-MAX_OFFERED:]))
            return False
    return True


def _after_done(update: Update, out: Outcome) -> bool:
    if update.op == "complete":
        out.dropped.append("already-done")
        return False
    if update.op in ("start", "progress", "delay"):
        out.asks.append(ask("already-done", "confirm", update))
        return False
    if update.op == "resume":
        out.dropped.append("already-done")
        return False
    return True
