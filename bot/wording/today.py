"""The living card of a production group: the last reports of the day, the newest with a way
back.
"""

from datetime import timedelta

from adapters.chat.port import Button, Reply
from bot.wording.phrases import Phrases
from domain.desk import SOON
from domain.events import REPORTS, Event, ReportUndone
from domain.notice import Kind, Notice

LINES = 5
"""Reports on the card."""
LOOKED_AT = 40
"""Events that are looked through for them."""


def word(p: Phrases, notice: Notice) -> Reply:
    """The card as things stand now."""
    day = str(notice.facts["day"])
    newest = [
        e for e in p.reader.latest(LOOKED_AT) if p.calendar.day(e.recorded_at).isoformat() == day
    ]
    undone = {
        (e.order_no, seq)
        for e in newest
        if isinstance(e.fact, ReportUndone)
        for seq in e.fact.undone
    }
    shown = [e for e in newest if isinstance(e.fact, REPORTS) and e.source is not None][:LINES]
    rows = [line(p, e, gone=(e.order_no, e.seq) in undone) for e in shown]
    title = p.say("card.title", date=p.date(day))
    text = "\n".join([title, *([r for r in rows if r] or [p.say("card.empty")])])
    fresh = next((e for e in shown if (e.order_no, e.seq) not in undone), None)
    buttons: tuple[Button, ...] = ()
    if fresh is not None and p.now - fresh.recorded_at <= SOON + timedelta(seconds=1):
        buttons = (Button(f"undo:{fresh.order_no}/{fresh.seq}", p.say("button.undo")),)
    return Reply(Kind.CARD.value, text, title, buttons=buttons, silent=True)


def line(p: Phrases, event: Event, *, gone: bool) -> str:
    """One report: when, who, what."""
    order = p.reader.order(event.order_no)
    if order is None:
        return ""
    what = p.say(f"event.{event.type}", quantity=getattr(event.fact, "quantity", None))
    return p.say(
        "card.line",
        time=f"{p.calendar.local(event.recorded_at):%H:%M}",
        who=p.who(event.by),
        order=event.order_no,
        node=p.node(order, event.node),
        what=what + (p.say("card.undone") if gone else ""),
    )
