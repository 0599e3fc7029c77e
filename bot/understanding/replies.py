"""Answers to a question the bot asked: a word, a number of the list, yes or no."""

import re
from dataclasses import replace

from bot.understanding.gate import MAX_OFFERED, Outcome, admit, ask
from bot.understanding.lexicon import MARKERS, NO, YES
from bot.understanding.model import Decision, ReplyTo, Update
from bot.understanding.orders import suggested
from bot.understanding.scene import Scene

_TRIM = " 了的哦啊呀哈吧呢,.。!~、;"
_CHOICE = re.compile(r"(?:选|第)?([1-9一二三四五六七八九])(?:个|号|项)?")
_POLITE = frozenset(["please", "pls", "thanks", "thx", "谢谢", "多谢", "麻烦了", "辛苦了"])
_HAN = "一二三四五六七八九"


def reply_to_question(scene: Scene) -> Decision | None:
    """The decision where the message answers the question, else None: judge it as a message."""
    reply = scene.message.reply_to
    if (
        reply is None
        or reply.kind != "bot_question"
        or (reply.pending is None and not reply.options)
    ):
        return None
    said = scene.text.strip(_TRIM + " ")
    if said in NO or scene.text.strip() in NO or _polite_no(scene.text):
        return Decision("ignore", why="answered-no")
    chosen = _chosen(said, reply)
    if chosen is not None:
        return _complete(scene, chosen, confirmed=reply.asked == "confirm")
    pending = reply.pending or reply.options[0]
    if said in YES or _all_yes(scene.text):
        if reply.asked in (None, "confirm"):
            return _complete(scene, pending, confirmed=True)
        return _missing(scene, pending)
    if any("question" in c.blocks for c in scene.clauses):
        return None
    return _filled(scene, reply, pending)


def _polite_no(text: str) -> bool:
    words = [w for w in re.split(r"[\s,。!、~]+", text) if w]
    return bool(words) and words[0] in NO and all(w in _POLITE for w in words[1:])


def _all_yes(text: str) -> bool:
    words = [w for w in re.split(r"[\s,。!、~]+", text) if w and w not in _POLITE]
    if not words or not {words[0], words[0].rstrip(_TRIM)} & YES:
        return False
    return all(w in YES or w.rstrip(_TRIM) in YES or "done" in MARKERS.tags(w) for w in words)


def _chosen(said: str, reply: ReplyTo) -> Update | None:
    """By number into the options, or by the digits an offered order ends in."""
    match = _CHOICE.fullmatch(said)
    if match and reply.options:
        digit = match[1]
        index = (int(digit) if digit.isdigit() and digit.isascii() else _HAN.index(digit) + 1) - 1
        return reply.options[index] if index < len(reply.options) else None
    if said.isascii() and said.isdigit() and len(said) > 1:
        ends = [o for o in reply.options if o.order and o.order.endswith(said)]
        return ends[0] if len(ends) == 1 else None
    return None


def _filled(scene: Scene, reply: ReplyTo, pending: Update) -> Decision | None:
    """Put the order, node or number of the answer into what was pending."""
    orders = [no for c in scene.clauses for no in c.orders]
    strangers = [s for c in scene.clauses for s in c.strangers]
    words = [t.text for c in scene.clauses for t in c.nodes]
    blocked = any(c.blocks & {"neg", "cond", "hearsay", "plan", "future"} for c in scene.clauses)
    if blocked and "不是" not in scene.text:
        return None
    if strangers and not orders:
        near = [no for s in strangers for no in suggested(s, scene.world, scene.universe)]
        return ask("unknown-order", "order", pending, near[:MAX_OFFERED])
    if len(orders) == 1 and orders[0] != pending.order:
        if pending.order is not None and words:
            return None  # a new report rather than an answer
        pending = replace(pending, order=orders[0])
    elif len(orders) > 1:
        return None
    if words:
        return _with_node(scene, reply, pending, words)
    numbers = [
        t.amount.n for t in scene.tokens if t.amount and t.amount.kind in ("bare", "pieces", "of")
    ]
    if reply.asked == "quantity" and len(numbers) == 1:
        return _complete(scene, replace(pending, quantity=numbers[0]), confirmed=False)
    if reply.asked == "order" and not orders:
        return _by_digits(scene, pending, numbers)
    return _complete(scene, pending, confirmed=False) if orders else None


def _by_digits(scene: Scene, pending: Update, numbers: list[int]) -> Decision | None:
    ending = [no for n in numbers for no in scene.world.ending(str(n), scene.universe)]
    return ask("suffix", "order", pending, ending[:MAX_OFFERED]) if ending else None


def _with_node(scene: Scene, reply: ReplyTo, pending: Update, words: list[str]) -> Decision | None:
    order_no = pending.order or reply.order
    entry = scene.world.get(order_no)
    if entry is None:
        return None
    table = scene.world.aliases(entry.route)
    found = [table.resolve(word) for word in words]
    keys = list(dict.fromkeys(keys[0] for keys in found if len(keys) == 1))
    if len(keys) != 1:
        why = "node-ambiguous" if any(len(f) > 1 for f in found) else "node-not-on-route"
        candidates = keys or [k for f in found for k in f]
        return ask(why, "node", replace(pending, order=order_no), candidates[:MAX_OFFERED])
    if pending.node not in (None, keys[0]) and "不是" in scene.text and scene.text.count("是") == 1:
        return Decision("ignore", why="answered-no")
    return _complete(scene, replace(pending, order=order_no, node=keys[0]), confirmed=False)


def _complete(scene: Scene, update: Update, *, confirmed: bool) -> Decision:
    """Apply what was pending, unless something is missing still."""
    missing = _missing(scene, update)
    if missing is not None:
        return missing
    update = _counted(scene, update)
    out = Outcome()
    if update.quantity is not None and update.quantity > scene.entry(update.order or "").quantity:
        return ask("over-quantity", "quantity", update)
    admit([update], scene, out, confirmed=confirmed)
    return out.decision()


def _counted(scene: Scene, update: Update) -> Update:
    if update.quantity is None or update.op not in ("progress", "complete"):
        return update
    total = scene.entry(update.order or "").quantity
    return replace(update, op="complete" if update.quantity == total else "progress")


def _missing(scene: Scene, update: Update) -> Decision | None:
    if update.op in ("undo", "unsubscribe"):
        return None
    if not scene.world.get(update.order):
        return ask("order-missing", "order", update)
    if update.node is None and update.op not in ("attach", "subscribe", "move"):
        return ask("node-missing", "node", update)
    return None
