"""Questions: what is asked, and whether it was asked of the bot."""

from datetime import datetime

from bot.understanding.clauses import Clause
from bot.understanding.gate import MAX_OFFERED, Outcome, ask
from bot.understanding.guesses import suggestions
from bot.understanding.model import Decision, Query
from bot.understanding.orders import suggested
from bot.understanding.scene import Scene

_ABLE = frozenset(
    ["能", "可以", "会", "能够", "可", "能不能", "可不可以", "会不会", "will", "can", "could"]
)
_ENGLISH_OPENERS = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "did",
        "does",
        "do",
        "can",
        "could",
        "will",
        "would",
        "when",
        "what",
        "where",
        "who",
        "which",
        "how",
        "any",
    ]
)


def answer(scene: Scene, out: Outcome) -> None:
    """Put the answer, or the question about the order, into `out`."""
    asked = [c for c in scene.clauses if _asks(c)]
    if scene.names_other and not scene.names_bot:
        return
    if not asked:
        _bare_number(scene, out)
        return
    clause = asked[0]
    orders = clause.orders or _nearby(scene, clause)
    strangers = clause.strangers or (
        [] if orders else [s for c in scene.clauses for s in c.strangers]
    )
    if orders:
        for order_no in orders:
            out.answers.append(_answered(scene, clause, order_no))
        return
    if strangers:
        near = [no for text in strangers for no in suggested(text, scene.world, scene.universe)]
        if scene.customer and not near:
            near = list(scene.universe or ())
        out.asks.append(ask("unknown-order", "order", (), list(dict.fromkeys(near))[:MAX_OFFERED]))
        return
    _without_order(scene, clause, out)


def _bare_number(scene: Scene, out: Outcome) -> None:
    """An order number and nothing else, said to the bot, asks how far it is."""
    if (
        not (scene.names_bot or scene.private)
        or scene.message.attachments
        or out.applied
        or out.asks
    ):
        return
    if all(c.bare("order") for c in scene.clauses) and scene.message.reply_to is None:
        for order_no in dict.fromkeys(no for c in scene.clauses for no in c.orders):
            out.answers.append(Decision("answer", query=Query("status", order_no), why="question"))


def _asks(clause: Clause) -> bool:
    if "question" in clause.blocks:
        return True
    for token in clause.tokens:
        if token.kind != "mark":
            if token.text in _ENGLISH_OPENERS and token.text != "when":
                return True
            break
    if clause.has("noun") and clause.has("blocked"):
        return False  # 完成度不够 is a complaint
    return clause.has("look_up") and not clause.has("done", "begin")


def _nearby(scene: Scene, clause: Clause) -> list[str]:
    """The order of an earlier clause, of the card replied to, or a customer's only one."""
    named: list[str] = []
    for other in scene.clauses:
        if other is clause:
            break
        named = other.orders or named
    if named:
        return named
    if not clause.strangers:
        later = [no for other in scene.clauses for no in other.orders]
        if later and len(scene.clauses) <= 3:
            return later[:1]
    supplied, by = scene.supplied()
    if by == "card" and len(supplied) == 1:
        return supplied
    mine = scene.world.of_customer(scene.customer) if scene.customer else ()
    to_bot = (
        scene.names_bot
        or scene.private
        or scene.on_card
        or any(c.has("mine") for c in scene.clauses)
    )
    return list(mine) if len(mine) == 1 and to_bot and not clause.strangers else []


def _answered(scene: Scene, clause: Clause, order_no: str) -> Decision:
    table = scene.world.aliases(scene.entry(order_no).route)
    nodes = [keys[0] for t in clause.nodes if len(keys := table.resolve(t.text)) == 1]
    query = Query(kind_of(clause, scene.message.at), order_no, nodes[0] if nodes else None)
    return Decision("answer", query=query, why="question")


def _without_order(scene: Scene, clause: Clause, out: Outcome) -> None:
    digits = [
        t.text for t in clause.tokens if t.amount and t.amount.kind == "bare" and len(t.text) > 1
    ]
    ending = [no for d in digits for no in scene.world.ending(d, scene.universe)]
    kind = kind_of(clause, scene.message.at)
    if len(ending) == 1:
        out.asks.append(ask("suffix", "order", (), ending))
    elif scene.names_bot or scene.private or scene.on_card:
        out.answers.append(Decision("answer", query=Query(kind), why="question"))
    elif scene.customer and any(c.has("mine") for c in scene.clauses):
        out.asks.append(ask("order-missing", "order", (), list(scene.universe or ())[:MAX_OFFERED]))
    elif scene.customer is None and any("name" in t.tags for t in clause.tokens):
        named = suggestions(scene)
        if named:
            out.asks.append(ask("order-suggested", "order", (), named))


def kind_of(clause: Clause, now: datetime) -> str:
    """status, eta, owner or list."""
    if clause.has("which"):
        return "list"
    if clause.has("when"):
        return "eta"
    if clause.has("how_far") and not clause.has("who"):
        return "status"
    if any("who" in t.tags for t in clause.tokens) and "知道" not in "".join(
        t.text for t in clause.tokens
    ):
        return "owner"
    ahead = any(t.text in _ABLE or "plan" in t.tags for t in clause.tokens)
    finished = any(t.text == "了" or t.text.endswith(("了吗", "了没")) for t in clause.tokens)
    coming = any(t.date and t.date.date >= now.date() for t in clause.dates)
    if (
        (clause.dates and ahead)
        or (coming and not finished)
        or ("future" in clause.blocks and not finished)
        or (ahead and not finished)
    ):
        return "eta"
    return "status"
