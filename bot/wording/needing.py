"""Materials in words: what a supplier is asked for and told, what the floor and those who lead hear
of a delivery.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from adapters.chat.port import Button, Reply
from bot.wording.phrases import Phrases
from domain.amounts import amount, plain
from domain.needs import Need, amount_of
from domain.notice import Notice
from domain.order import Order

LinkTo = Callable[[str, str, str], str]
PASS = "-pass"  # noqa: S105 - part of a name: words to pass on
MOST = 4
"""Buttons of a message at most."""
TOLD = ("need-asked", "need-moved", "need-cancelled", "need-returned")
"""What a supplier is told by itself; with `-pass` those who lead, who pass it on."""
MINE = frozenset(
    {
        *TOLD,
        *(what + PASS for what in TOLD),
        "need-delivered",
        "need-placed",
        "need-help",
        "need-checked",
        "check-help",
        "supplier-asked",
        "supply-noted",
        "supply-other",
        "supply-which",
        "supply-help",
    }
)


def word(p: Phrases, notices: Sequence[Notice], link: LinkTo) -> Reply:
    """The reply for notices of ours: several of a bundle are asked in one message."""
    first = notices[0]
    kind, facts = first.kind.value, first.facts
    what = first.what.removesuffix(PASS)
    if what in TOLD:
        text, buttons = _told(p, what, notices, link)
        if first.what.endswith(PASS):
            head = p.say("supply.pass", who=p.who(str(facts["supplier"])))
            return Reply(kind, f"{head}\n{text}")
        return Reply(kind, text, buttons=buttons)
    if what in ("need-help", "check-help"):
        return Reply(kind, p.say(f"supply.{what}"), reply_to=first.reply_to)
    if what in ("supply-help", "supply-other"):
        url = link("s", str(facts["person"]), str(facts["person"]))
        text = p.say(f"supply.{what}", url=url, line=_example(p, facts))
        return Reply(kind, text, link=url, reply_to=first.reply_to)
    if what == "supply-which":
        lines = [line(p, *found) for no, n in facts["needs"] if (found := _need(p, no, n))]
        return Reply(kind, "\n".join([p.say("supply.which"), *lines]), reply_to=first.reply_to)
    if what == "supplier-asked":
        about = f" {facts['about']}" if facts.get("about") else ""
        said = {"who": p.who(str(facts["by"])), "about": about, "text": facts["text"]}
        return Reply(kind, p.say("supply.asked", **said))
    found = _need(p, str(facts["order"]), str(facts["need"]))
    if found is None:
        return Reply(kind, str(facts["order"]))
    text, name = _one(p, what, *found, facts), f"{facts['order']}/{facts['need']}"
    if what == "need-delivered" and not found[1].open and found[1].checked_at is None:
        good = Button(f"need:good:{name}", p.say("supply.button_good"), "primary")
        return Reply(kind, text, buttons=(good,))
    return Reply(kind, text, reply_to=first.reply_to)


def _told(
    p: Phrases, what: str, notices: Sequence[Notice], link: LinkTo
) -> tuple[str, tuple[Button, ...]]:
    """What a supplier hears, with its own page."""
    who = str(notices[0].facts["supplier"])
    url = link("s", who, who)
    found = [
        (pair, n.facts)
        for n in notices
        if (pair := _need(p, str(n.facts["order"]), str(n.facts["need"]))) is not None
    ]
    if what != "need-asked":
        lines = [_one(p, what, *pair, facts) for pair, facts in found]
        return "\n".join([*lines, p.say("supply.page", url=url)]), ()
    asked = [pair for pair, _ in found if pair[1].open and not pair[1].given]
    if not asked:
        return p.say("supply.nothing", url=url), ()
    lines = [_one(p, what, *pair, {}) for pair in asked]
    lines.append(p.say("supply.ask_one" if len(asked) == 1 else "supply.ask_all"))
    lines.append(p.say("supply.page", url=url))
    buttons = [
        Button(
            f"need:ok:{order.order_no}/{need.id}",
            p.say("supply.button_ok")
            if len(asked) == 1
            else p.say("supply.button_ok_one", order=order.order_no, item=need.item),
            "primary",
        )
        for order, need in asked[: MOST - 1]
    ]
    first = f"{asked[0][0].order_no}/{asked[0][1].id}"
    buttons.append(Button(f"need:other:{first}", p.say("supply.button_other")))
    return "\n".join(lines), tuple(buttons)


def _one(p: Phrases, what: str, order: Order, need: Need, facts: Mapping[str, Any]) -> str:
    """One sentence about one need."""
    day = need.promised or need.needed_by
    photos = int(facts.get("photos", 0))
    came = str(facts.get("amount", "")) or plain(need.delivered)
    back = str(facts.get("returned", "")) or need.returned or "0"
    text = str(facts.get("text", ""))
    said = what
    if what == "supply-noted":
        said = f"noted_{facts['did']}"
    if what == "need-checked" and amount(back):
        said = "need-checked_back"
    if what == "need-delivered" and need.open:
        said = "need-delivered_part"
    return p.say(
        f"supply.{said}",
        order=order.order_no,
        item=need.item,
        amount=amount_of(need),
        came=f"{came} {need.unit}".strip(),
        back=f"{back} {need.unit}".strip(),
        left=f"{plain(need.left)} {need.unit}".strip(),
        node=p.node(order, need.node),
        by=p.date(need.needed_by),
        before=p.date(str(facts["before"])) if facts.get("before") else "",
        day=p.date(day),
        who=p.who(need.supplier),
        note=p.say("supply.note", text=need.note) if need.note else "",
        text=p.say("supply.note", text=text) if text else "",
        photos=f" · {p.say('unit.photos', n=photos)}" if photos else "",
    )


def line(p: Phrases, order: Order, need: Need) -> str:
    """`A103 罗纹 20 kg，周三 11/25 前`: one need of several."""
    by = p.date(need.needed_by)
    facts = {"order": order.order_no, "item": need.item, "amount": amount_of(need)}
    return p.say("supply.line", **facts, by=by)


def _example(p: Phrases, facts: Mapping[str, Any]) -> str:
    """What could be written, made of a need that is there."""
    found = _need(p, str(facts.get("order", "")), str(facts.get("need", "")))
    day = date.fromisoformat(str(facts["example"])) if facts.get("example") else p.now.date()
    shown = f"{day.month}/{day.day}"
    if found is None:
        return p.say("supply.example", order="A103", item=p.say("supply.rib"), day=shown)
    return p.say("supply.example", order=found[0].order_no, item=found[1].item, day=shown)


def _need(p: Phrases, order_no: str, need: str) -> tuple[Order, Need] | None:
    order = p.reader.order(order_no) if order_no else None
    found = order.needs.get(need) if order is not None else None
    return (order, found) if order is not None and found is not None else None
