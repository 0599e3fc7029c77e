"""The standup digest in words: exceptions first, a line each, cut where it would not fit a
phone.
"""

from collections.abc import Mapping
from typing import Any

from adapters.chat.port import Button, Reply
from bot.wording.drafts import Draft
from bot.wording.phrases import Phrases
from bot.wording.speak import has
from domain.notice import Kind, Notice

Section = tuple[str, str, list[str]]
"""State, title, lines."""


def word(p: Phrases, notice: Notice, board: str) -> Draft:
    """The digest as text, and as the card that goes with it."""
    facts = notice.facts
    title = p.say("digest.title", date=p.date(str(facts["day"])))
    counts = p.say("digest.counts", open=facts["open"], today=facts["today"])
    parts = [s for s in sections(p, facts) if s[2] or s[0] == "done"]
    if not facts["decide"] and not facts["wait"]:
        parts = [("done", p.say("digest.empty"), []), *parts]
    lines = [f"{title} · {counts}"]
    for state, head, rows in parts:
        lines.append(f"{p.say(f'icon.{state}')} {head}")
        lines.extend(rows)
    if board:
        lines.append(p.say("digest.all", url=board))
    reply = Reply(
        Kind.DIGEST.value,
        "\n".join(lines),
        title,
        buttons=(Button("board", p.say("button.board")),) if board else (),
        link=board,
        silent=True,
    )
    shown = {"title": title, "subtitle": counts, "sections": parts}
    return Draft(reply, ("digest", shown))


def sections(p: Phrases, facts: Mapping[str, Any]) -> list[Section]:
    """The parts of the digest in their order."""
    decide = [_decision(p, n, row) for n, row in enumerate(facts["decide"], 1)]
    wait = [_waiting(p, row) for row in facts["wait"]]
    jobs = [_team(p, row) for row in facts["jobs"]]
    stale = [_place(p, row) for row in facts["stale"]]
    unanswered = [
        p.say("digest.unanswered_line", who=p.who(row["who"]), text=row["text"])
        for row in facts.get("unanswered", ())
    ]
    for rows, more in ((decide, "decide_more"), (wait, "wait_more"), (stale, "stale_more")):
        if facts[more]:
            rows.append(p.say("digest.more", n=facts[more]))
    rate = ""
    if facts["finished"]:
        percent = round(100 * facts["hits"] / facts["finished"])
        rate = p.say("digest.rate", percent=percent, hit=facts["hits"], all=facts["finished"])
    count = sum(len(row["jobs"]) for row in facts["jobs"])
    return [
        ("delayed", p.say("digest.decide", n=len(facts["decide"]) + facts["decide_more"]), decide),
        ("to_confirm", p.say("digest.waiting", n=len(facts["wait"]) + facts["wait_more"]), wait),
        ("in_progress", p.say("digest.today", n=count), jobs),
        ("done", p.say("digest.yesterday", n=facts["done"], rate=rate), []),
        ("pending", p.say("digest.stale"), stale),
        ("to_confirm", p.say("digest.unanswered", n=len(unanswered)), unanswered),
    ]


def _decision(p: Phrases, number: int, row: Mapping[str, Any]) -> str:
    order = p.reader.order(row["order"])
    if order is None:
        return str(row["order"])
    node = order.nodes[row["node"]]
    until = p.say("answer.until", date=p.date(node.until)) if node.until else ""
    what = p.reason(node.reason) if node.held else p.badge(order)
    line = p.say(
        "digest.decide_line",
        order=order.order_no,
        product=order.product,
        pieces=p.pieces(order),
        node=p.node(order, node.key),
        what=what,
        until=until,
        ships=p.ships(order),
    )
    return f"{number}. {line}"


def _waiting(p: Phrases, row: Mapping[str, Any]) -> str:
    order = p.reader.order(row["order"])
    key = f"role.{row['whom']}"
    whom = p.say(key) if has(key) else p.say("event.PhotoAttached")
    name = p.node(order, row["node"]) if order else ""
    return p.say("digest.wait_line", order=row["order"], node=name, whom=whom)


def _team(p: Phrases, row: Mapping[str, Any]) -> str:
    """A team that is called like its work says it once: `接单确认：A102 · A104`."""
    team, jobs = str(row["team"]), []
    names: set[str] = set()
    for job in row["jobs"]:
        more = p.say("digest.left", n=job["left"]) if job["left"] else ""
        order = p.reader.order(job["order"])
        spec = order.route.node(job["node"]) if order else None
        if spec is not None and team in (spec.name, spec.called(p.language)):
            names.add(spec.called(p.language))
            jobs.append(str(job["order"]) + more)
        else:
            jobs.append(_place(p, job) + more)
    shown = names.pop() if len(names) == 1 else team
    return p.say("digest.team_line", team=shown, jobs=" · ".join(jobs))


def _place(p: Phrases, row: Mapping[str, Any]) -> str:
    order = p.reader.order(row["order"])
    name = p.node(order, row["node"]) if order else ""
    return p.say("digest.job", order=row["order"], node=name, more="")
