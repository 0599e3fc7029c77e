"""What is said of the telling itself: what a report was recorded as where no mark can be set, who
could not be reached, what a platform lacks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.chat.port import Button, Reply
from bot.wording.phrases import Phrases
from bot.wording.speak import has, joined, say
from bot.wording.today import line
from domain.events import Event
from domain.notice import Kind, Notice


def recorded(p: Phrases, notice: Notice) -> Reply:
    """A short yes with the way back, where a platform has no marks."""
    events = [e for pair in notice.facts.get("events", ()) if (e := _event(p, pair)) is not None]
    lines = list(dict.fromkeys(line(p, e, gone=False) for e in events if e.node))
    text = "\n".join([p.say("telling.recorded"), *lines]) if lines else p.say("telling.recorded")
    buttons: tuple[Button, ...] = ()
    if events:
        last = events[-1]
        buttons = (Button(f"undo:{last.order_no}/{last.seq}", p.say("button.undo")),)
    return Reply(Kind.ANSWER.value, text, buttons=buttons, reply_to=notice.reply_to)


def _event(p: Phrases, pair: Sequence[Any]) -> Event | None:
    order_no, seq = pair
    return next((e for e in p.reader.history(str(order_no)) if e.seq == int(seq)), None)


def forwarded(p: Phrases, notices: Sequence[Notice], text: str, who: str) -> Reply:
    """What a customer did not get, in their own words, to be forwarded by hand; a button tries
    again.
    """
    head = p.say(f"letter.{notices[0].facts['why']}", who=p.who(who))
    letters = ",".join(str(n.facts["letter"]) for n in notices if n.facts.get("letter"))[:100]
    buttons = (Button(f"resend:{letters}", p.say("button.resend")),) if letters else ()
    return Reply(Kind.NOTICE.value, f"{head}\n{text}", buttons=buttons)


def about(p: Phrases, notice: Notice) -> str:
    """A chat that is closed to us, or an alarm of a platform."""
    facts = dict(notice.facts)
    match notice.what:
        case "alarm":
            key = f"alarm.{facts.pop('code')}"
            return p.say(key, **facts) if has(key) else p.say("alarm.other", code=key[6:])
        case "left-group":
            kind = p.say(f"chat.{facts['kind']}")
            return p.say("letter.left-group", kind=kind, title=facts.get("title", ""))
        case _:
            return p.say(f"letter.{notice.what}", who=p.who(str(facts["who"])))


def choices(p: Phrases, notice: Notice) -> tuple[Button, ...]:
    """What a customer may choose between, as buttons."""
    facts = notice.facts
    name = f"{facts.get('order')}/{facts.get('seq')}"
    return tuple(
        Button(f"choose:{name}:{n}", _choice(p, str(offer)))
        for n, offer in enumerate(facts.get("offer", ()))
    )


def _choice(p: Phrases, offer: str) -> str:
    kind, _, value = offer.partition(":")
    shown = p.date(value) if kind == "date" else value
    return p.say(f"choice.{kind}", value=shown)


def chosen(p: Phrases, notice: Notice) -> str:
    """Thanks to the customer, or news to those who lead."""
    facts = notice.facts
    what = _choice(p, f"{facts['choice']}:{facts['value']}")
    key = "choice.thanks" if notice.what == "chosen" else "choice.told"
    return p.say(key, order=facts["order"], who=p.who(str(facts["who"])), what=what)


def checked(p: Phrases, found: Sequence[Sequence[Any]]) -> list[str]:
    """What was looked at on a platform, a line each: a tick, or the switch to turn."""
    return [check(p.language, str(c), well, facts) for c, well, facts in found]


def check(language: str, code: str, well: bool | None, facts: Mapping[str, str]) -> str:
    """One line of the self-test."""
    what = say(language, f"check.{code}", **facts)
    if well:
        return f"{what} {say(language, 'telling.well')}"
    todo = say(language, f"check.{code}.todo", **facts)
    mark = say(language, "telling.unknown" if well is None else "telling.unwell")
    return f"{what} {mark} {todo}".strip()


def doors(p: Phrases, links: Sequence[str]) -> str:
    """Links that bring somebody in with one tap."""
    return p.say("telling.doors", links=joined(p.language, list(links)))
