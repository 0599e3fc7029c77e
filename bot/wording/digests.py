"""The standup digest in words: exceptions first, a line each, shortened until it fits the smallest
platform and a phone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from adapters.chat.port import Button, Reply
from bot.wording.digest_rows import (
    decision_line,
    place,
    stale_place,
    taken_by,
    team_line,
    waiting_place,
)
from bot.wording.drafts import Draft
from bot.wording.phrases import Phrases
from domain.notice import Kind, Notice

ROOM = 1880
"""Bytes of the text: 2,048 is the least that a platform takes, and numbered buttons follow."""
FEW = 4
"""Teams that have more than one line on the card."""
BUTTONS = 3
"""Decisions that have a button."""
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cut:
    """How much is said: rows of each part, characters of a reason's text."""

    decide: int = 5
    wait: int = 5
    teams: int = 8
    jobs: int = 4
    stale: int = 5
    text: int = 12


CUTS = (
    Cut(),
    Cut(jobs=3, text=8),
    Cut(jobs=2, wait=4, stale=4, text=6),
    Cut(jobs=2, teams=6, wait=3, stale=3, text=0),
    Cut(jobs=1, teams=6, wait=3, stale=3, text=0),
    Cut(decide=4, jobs=1, teams=4, wait=2, stale=2, text=0),
    Cut(decide=3, jobs=1, teams=3, wait=2, stale=2, text=0),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the digest: the state it is about, its title, its rows; `inline` ones stand
    behind the title.
    """

    state: str
    title: str
    rows: tuple[str, ...] = ()
    inline: bool = False


def word(p: Phrases, notice: Notice, board: str) -> Draft:
    """The digest as text, and as the card that goes with it; the midday's changes as text alone."""
    facts = notice.facts
    changes = notice.what == "standup-changes"
    title = p.say("meeting.changes" if changes else "digest.title", date=p.date(str(facts["day"])))
    counts = "" if changes else p.say("digest.counts", open=facts["open"], today=facts["today"])
    quiet = not changes and nothing(facts)
    found: list[Part] = []
    text = ""
    for cut in CUTS:
        found = [Part("done", p.say("digest.empty"))] if quiet else parts(p, facts, cut)
        text = _text(p, f"{title} · {counts}" if counts else title, found, facts, board)
        if quiet or len(text.encode()) <= ROOM:
            break
    if quiet:
        text = " ".join([found[0].title, *_all(p, board)])
    asked = [str(r["who"]) for r in facts["decide"] if r.get("who")]
    reply = Reply(
        Kind.DIGEST.value,
        text,
        title,
        buttons=_buttons(p, facts, board, quiet=quiet),
        link=board,
        silent=True,
        mention=tuple((p.who(w), w) for w in dict.fromkeys(asked)),
    )
    if changes:
        return Draft(reply)
    sections = _card(found if quiet else parts(p, facts, _screen(facts, cut)))
    return Draft(reply, ("digest", {"title": title, "subtitle": counts, "sections": sections}))


def _screen(facts: Facts, cut: Cut) -> Cut:
    """What fits one screen of a phone: a line a team where there are many."""
    return replace(cut, jobs=1) if len(facts["jobs"]) > FEW else cut


def _card(found: Sequence[Part]) -> list[tuple[str, str, list[str]]]:
    return [
        (s.state, s.title, [" · ".join(s.rows)] if s.inline and s.rows else list(s.rows))
        for s in found
    ]


def nothing(facts: Facts) -> bool:
    """Whether there is nothing to talk about."""
    return not any(facts.get(k) for k in ("decide", "wait", "stale", "unanswered"))


def _text(p: Phrases, head: str, found: Sequence[Part], facts: Facts, board: str) -> str:
    lines = [head]
    for part in found:
        title = f"{p.say(f'icon.{part.state}')} {part.title}"
        if part.inline and part.rows:
            lines.append(p.say("meeting.inline", title=title, rows=" · ".join(part.rows)))
        else:
            lines += [title, *part.rows]
    if facts.get("stood"):
        held = facts["stood"]
        lines.append(p.say("meeting.held", who=p.who(held["by"]), time=p.clock(held["at"])))
    return "\n".join([*lines, *_all(p, board)])


def _all(p: Phrases, board: str) -> list[str]:
    return [p.say("digest.all", url=board)] if board else []


def _buttons(p: Phrases, facts: Facts, board: str, *, quiet: bool) -> tuple[Button, ...]:
    """Decisions to take, the board, and that the standup was held."""
    taken: dict[str, Button] = {}
    for row in facts["decide"]:
        name = str(row.get("alert", ""))
        if name and len(taken) < BUTTONS and not taken_by(p, row):
            label = p.say("meeting.ack", order=row["order"])
            taken.setdefault(name, Button(f"ack:{name}", label))
    more = [Button("board", p.say("button.board"))] if board else []
    if facts.get("held") and not facts.get("stood") and not quiet:
        more.append(Button(f"stood:{facts['day']}", p.say("meeting.stood"), "primary"))
    return (*taken.values(), *more)


def parts(p: Phrases, facts: Facts, cut: Cut) -> list[Part]:
    """The parts of the digest in their order, those that have something to say."""
    changes = "solved" in facts
    decide = [
        decision_line(p, n, row, cut.text) for n, row in enumerate(facts["decide"][: cut.decide], 1)
    ]
    wait = [waiting_place(p, row) for row in facts["wait"][: cut.wait]]
    stale = [stale_place(p, row) for row in facts["stale"][: cut.stale]]
    counts = {}
    for name, rows in (("decide", decide), ("wait", wait), ("stale", stale)):
        counts[name] = len(facts[name]) + facts[f"{name}_more"]
        if counts[name] > len(rows):
            rows.append(p.say("meeting.more", n=counts[name] - len(rows)))
    keys = ("meeting.new", "meeting.new_waiting", "meeting.new_stale")
    heads = keys if changes else ("digest.decide", "digest.waiting", "meeting.stale")
    first = Part("delayed", p.say(heads[0], n=counts["decide"]), tuple(decide))
    waits = Part("to_confirm", p.say(heads[1], n=counts["wait"]), tuple(wait), inline=True)
    silent = Part("pending", p.say(heads[2], n=counts["stale"]), tuple(stale), inline=True)
    if changes:
        found = [first, waits, silent, _solved(p, facts)]
    else:
        found = [first, waits, _today(p, facts, cut), _done(p, facts), silent, _lapsed(p, facts)]
    return [s for s in found if s.rows or (s.state == "done" and not changes)]


def _done(p: Phrases, facts: Facts) -> Part:
    """What was done since the last working day, and the share on time."""
    rate = ""
    if facts["finished"]:
        percent = round(100 * facts["hits"] / facts["finished"])
        rate = p.say("digest.rate", percent=percent, hit=facts["hits"], all=facts["finished"])
    day = date.fromisoformat(str(facts["day"]))
    since = date.fromisoformat(str(facts.get("since", facts["day"])))
    if (day - since).days > 1:
        title = p.say("meeting.done_since", date=p.date(since), n=facts["done"], rate=rate)
    else:
        title = p.say("digest.yesterday", n=facts["done"], rate=rate)
    return Part("done", title)


def _today(p: Phrases, facts: Facts, cut: Cut) -> Part:
    """What each team owes today."""
    teams = facts["jobs"][: cut.teams]
    rows = [team_line(p, row, cut.jobs) for row in teams]
    count = facts.get("jobs_all", sum(len(row["jobs"]) for row in teams))
    left = count - sum(len(row["jobs"]) + row.get("more", 0) for row in teams)
    if left > 0:
        rows.append(p.say("meeting.more", n=left))
    return Part("in_progress", p.say("digest.today", n=count), tuple(rows))


def _lapsed(p: Phrases, facts: Facts) -> Part:
    """Questions that nobody answered."""
    rows = tuple(
        p.say("digest.unanswered_line", who=p.who(row["who"]), text=row["text"])
        for row in facts.get("unanswered", ())
    )
    return Part("to_confirm", p.say("digest.unanswered", n=len(rows)), rows)


def _solved(p: Phrases, facts: Facts) -> Part:
    rows = []
    for row in facts["solved"]:
        who = p.say("meeting.following", who=p.who(row["who"])) if row["who"] else ""
        rows.append(place(p, row) + (p.say("meeting.text", text=who) if who else ""))
    count = len(rows) + facts["solved_more"]
    if facts["solved_more"]:
        rows.append(p.say("meeting.more", n=facts["solved_more"]))
    return Part("done", p.say("meeting.solved", n=count), tuple(rows), inline=True)
