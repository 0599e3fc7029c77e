"""Photos: with their text, after it, or alone."""

from bot.understanding.gate import MAX_OFFERED, Outcome, admit, ask
from bot.understanding.model import Decision, Previous, Update
from bot.understanding.scene import Scene

TOGETHER_SECONDS = 180
_PICTURES = frozenset(["photo", "video"])
_SPOILS = frozenset(["question", "cond", "hearsay"])


def has_picture(attachments: tuple[str, ...]) -> bool:
    """A voice message is no picture; its transcript is the text."""
    return any(a in _PICTURES for a in attachments)


def photo_alone(scene: Scene) -> Decision | None:
    """A photo without a word joins what the same sender said just before, or waits."""
    message = scene.message
    if not has_picture(message.attachments) or scene.outsider:
        return None
    reply = message.reply_to
    if reply is not None and reply.order and scene.visible(reply.order):
        return _attach(scene, [Update("attach", reply.order)])
    earlier = _said_before(scene)
    if earlier is None:
        return None
    applied = [
        u
        for u in earlier.applied
        if u.order
        and scene.visible(u.order)
        and u.op not in ("undo", "move", "subscribe", "unsubscribe")
    ]
    targets = list(dict.fromkeys(Update("attach", u.order, u.node) for u in applied))
    if not targets:
        targets = [Update("attach", no) for no in scene.orders_in(earlier.text)]
    if len(targets) > 1:
        orders = list(dict.fromkeys(t.order for t in targets if t.order))
        return ask("photo-of-which", "order", targets, orders[:MAX_OFFERED])
    return _attach(scene, targets) if targets else None


def _said_before(scene: Scene) -> Previous | None:
    for previous in reversed(scene.own_previous()):
        if previous.seconds_ago > TOGETHER_SECONDS:
            return None
        if previous.text.strip():
            return previous
    return None


def _pictured(scene: Scene) -> bool:
    """Whether this text has a photo: its own, one replied to, or one sent just before."""
    message = scene.message
    if has_picture(message.attachments):
        return True
    if message.reply_to is not None and message.reply_to.kind == "photo":
        return True
    own = scene.own_previous()
    return (
        bool(own)
        and own[-1].seconds_ago <= TOGETHER_SECONDS
        and has_picture(own[-1].attachments)
        and not own[-1].text.strip()
    )


def photo_with_text(scene: Scene) -> Decision | None:
    """A photo whose text names an order but reports nothing: it is a photo of that order."""
    if scene.outsider or not _pictured(scene):
        return None
    if any(c.blocks & _SPOILS for c in scene.clauses):
        return None
    updates: list[Update] = []
    for clause in scene.clauses:
        for order_no in clause.orders:
            table = scene.world.aliases(scene.entry(order_no).route)
            found = [table.resolve(t.text) for t in clause.nodes if not t.compound]
            keys = list(dict.fromkeys(keys[0] for keys in found if len(keys) == 1))
            updates.append(Update("attach", order_no, keys[0] if len(keys) == 1 else None))
    return _attach(scene, updates) if updates else None


def _attach(scene: Scene, updates: list[Update]) -> Decision:
    out = Outcome()
    admit(updates, scene, out)
    return out.decision()
