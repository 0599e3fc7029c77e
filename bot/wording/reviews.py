"""The weekly review in words, exceptions first and a line each; and our question to a customer,
with what is said to the answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.chat.port import Button, Reply
from bot.wording.phrases import Phrases
from bot.wording.speak import joined
from domain.notice import Kind, Notice
from domain.satisfaction import SCORES

Facts = Mapping[str, Any]


def word(p: Phrases, notice: Notice) -> Reply:
    """The reply for one of our notices."""
    return MINE[notice.what](p, notice)


def _review(p: Phrases, notice: Notice) -> Reply:
    facts = notice.facts
    title = p.say("review.title", since=p.date(facts["since"]), date=p.date(facts["day"]))
    if facts["empty"]:
        return Reply(Kind.REVIEW.value, f"{title}{p.say('review.empty')}", title, silent=True)
    done = p.say("review.done", n=facts["finished"])
    if facts["finished"]:
        done += p.say("review.on_time", percent=_percent(facts["on_time"] / facts["finished"]),
                      hit=facts["on_time"], all=facts["finished"])  # fmt: skip
    lines = [f"{title}{done}"]
    for part in (_delays, _unhappy, _warnings, _standards, _feedback, _questions, _reports):
        lines += part(p, facts)
    lines.append(
        p.say("review.written", mean=f"{facts['written_mean']:g}", most=facts["written_max"])
    )
    buttons = tuple(_button(p, facts, row) for row in facts["standards"])
    return Reply(Kind.REVIEW.value, "\n".join(lines), title, buttons=buttons, silent=True)


def _delays(p: Phrases, facts: Facts) -> list[str]:
    if not facts["delayed"]:
        return []
    causes = [p.say("review.entry", what=p.reason(code), n=n) for code, n in facts["causes"]]
    teams = [
        p.say("review.entry", what=_called(p, team, route, node), n=n)
        for team, route, node, n in facts["teams"]
    ]
    first = p.say("review.delayed", n=facts["delayed"], causes=joined(p.language, causes))
    return [first, p.say("review.teams", teams=joined(p.language, teams))] if teams else [first]


def _unhappy(p: Phrases, facts: Facts) -> list[str]:
    found = facts["feedback"]
    rows = [p.say("review.words", order=no, text=text) for no, text in found["words"]]
    return [p.say("review.unhappy", n=found["unhappy"], words=joined(p.language, rows))] if (
        found["unhappy"] or rows
    ) else []  # fmt: skip


def _warnings(p: Phrases, facts: Facts) -> list[str]:
    found = facts["warned"]
    if not found["right"] + found["wrong"] + found["missed"]:
        return []
    more = [
        p.say(f"review.{key}", percent=_percent(found[key]))
        for key in ("precision", "recall")
        if found[key] is not None
    ]
    if found["lead"] is not None:
        more.append(p.say("review.lead", days=f"{found['lead']:g}"))
    counts = {k: found[k] for k in ("right", "wrong", "missed")}
    return [p.say("review.warned", **counts, more=joined(p.language, more))]


def _standards(p: Phrases, facts: Facts) -> list[str]:
    rows = [
        p.say(
            "review.standard",
            node=_step(p, facts, row),
            old=f"{row['old']:g}",
            new=f"{row['new']:g}",
            n=row["samples"],
        )
        for row in facts["standards"]
    ]
    if facts["standards_more"]:
        rows.append(p.say("review.more", n=facts["standards_more"]))
    return [p.say("review.standards", rows=joined(p.language, rows))] if rows else []


def _feedback(p: Phrases, facts: Facts) -> list[str]:
    found = facts["feedback"]
    if not found["count"]:
        return []
    return [p.say("review.feedback", average=f"{found['average']:g}", n=found["count"])]


def _questions(p: Phrases, facts: Facts) -> list[str]:
    all_asked = facts["answered"] + facts["passed"]
    if not all_asked:
        return []
    percent = _percent(facts["answered"] / all_asked)
    return [p.say("review.questions", percent=percent, hit=facts["answered"], all=all_asked)]


def _reports(p: Phrases, facts: Facts) -> list[str]:
    """How long after the plan a team reports; and after it happened, where that is no moment."""
    after, since = [], []
    for row in facts["latency"]:
        team = _called(p, row["team"], row["route"], row["node"])
        if row["planned"]:
            after.append(p.say("review.hours", team=team, **_pair(row["planned"])))
        if row["recorded"][1] >= 1:
            since.append(p.say("review.minutes", team=team, **_pair(row["recorded"])))
    lines = [p.say("review.planned", rows=joined(p.language, after))] if after else []
    return [*lines, p.say("review.recorded", rows=joined(p.language, since))] if since else lines


def _pair(values: Sequence[float]) -> dict[str, str]:
    return {"middle": f"{values[0]:g}", "high": f"{values[1]:g}"}


def _called(p: Phrases, team: str, route: str, node: str) -> str:
    """A team, or the node that it is called after, in the reader's language."""
    found = p.reader.route(route)
    if found is None or node not in found.keys():  # noqa: SIM118 - a method, no mapping
        return team or node
    spec = found.node(node)
    return spec.called(p.language) if team in ("", spec.name) else team


def _percent(share: float) -> int:
    return round(100 * share)


def _step(p: Phrases, facts: Facts, row: Facts) -> str:
    """A node, with its route where several are spoken of."""
    name = _called(p, "", row["route"], row["node"])
    route = p.reader.route(row["route"])
    several = len({r["route"] for r in facts["standards"]}) > 1
    return f"{route.name}·{name}" if route is not None and several else name


def _button(p: Phrases, facts: Facts, row: Facts) -> Button:
    """Its id carries the standard that it replaces, so that a late tap is known for one."""
    name = _step(p, facts, row)
    label = p.say("button.standard", node=name, new=f"{row['new']:g}")
    return Button(f"std:{row['route']}/{row['node']}/{row['new']:g}/{row['old']:g}", label)


def _standard_set(p: Phrases, notice: Notice) -> Reply:
    facts = notice.facts
    text = p.say(
        "review.standard-set",
        node=_called(p, "", str(facts["route"]), str(facts["node"])),
        old=f"{facts['old']:g}",
        new=f"{facts['new']:g}",
        who=p.who(str(facts["by"])),
    )
    return Reply(Kind.ANSWER.value, text, reply_to=notice.reply_to)


def _ask(p: Phrases, notice: Notice) -> Reply:
    order = p.reader.order(str(notice.facts["order"]))
    about = p.order_line(order) if order else str(notice.facts["order"])
    buttons = tuple(
        Button(f"rate:{notice.facts['order']}/{score}", p.say(f"button.rate{score}"))
        for score in SCORES
    )
    return Reply(Kind.ASK.value, p.say("feedback.ask", order=about), buttons=buttons)


def _thanks(p: Phrases, notice: Notice) -> Reply:
    score = int(notice.facts["score"])
    key = "good" if score >= SCORES[0] - 1 else "bad"
    said = p.say(f"feedback.score{score}")
    text = p.say(f"feedback.thanks_{key}", order=notice.facts["order"], score=said)
    if notice.facts["more"]:
        text += p.say("feedback.more")
    return Reply(Kind.ANSWER.value, text, reply_to=notice.reply_to)


def _told(p: Phrases, notice: Notice) -> Reply:
    order = p.reader.order(str(notice.facts["order"]))
    about = p.order_line(order) if order else str(notice.facts["order"])
    key = "feedback.unhappy_words" if notice.facts["text"] else "feedback.unhappy"
    who = p.who(str(notice.facts["by"]))
    text = p.say(key, order=about, who=who, text=notice.facts["text"])
    return Reply(Kind.NOTICE.value, text)


MINE: Mapping[str, Callable[[Phrases, Notice], Reply]] = {
    "review": _review,
    "standard-set": _standard_set,
    "feedback": _ask,
    "rated": _thanks,
    "unhappy": _told,
}
"""What of notices is worded here."""
