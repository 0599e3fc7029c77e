"""The cards about ourselves and the teams: warnings, load, what is not settled, how fast reports
come, whom we spared a question, how much we said.
"""

from statistics import median

from adapters.web.charts.bars import Bar, Part, stacked
from adapters.web.charts.columns import Column, columns
from adapters.web.charts.ranges import Range, ranges
from adapters.web.cockpit.cards import BADGES, Card, Picture, Speaker, percent
from domain.alert import Alert, AlertState

SHOWN = 12
"""Bars of a chart whose rows have no end; the table has them all."""


def warned(say: Speaker) -> Card:
    """Warnings that were right, wrong, missed."""
    found, orders = say.cockpit.warned, say.cockpit.judged
    counts = (("right", found.right), ("wrong", found.wrong), ("missed", found.missed))
    lead = median(found.leads) if found.leads else None
    rows = [(say(f"warned_{name}"), n) for name, n in counts]
    rows.append((say("warned_orders"), orders))
    table = say.table("warned", ("what", "n"), rows)
    if not any(n for _, n in counts):
        key = "warned_none" if orders else "warned_empty"
        return Card("warned", table.name, say(key, span=say.span, n=orders), table)
    given, late = found.right + found.wrong, found.right + found.missed
    parts = []
    if given:
        share = percent(found.right, given)
        parts.append(say("warned_precision", n=given, k=found.right, percent=share))
    if late:
        share = percent(found.right, late)
        parts.append(say("warned_recall", n=late, k=found.right, percent=share))
    sentence = say("join").join(parts)
    fills = {"right": "done", "wrong": "in_progress", "missed": "delayed"}
    bars = [
        Bar(say(f"warned_{name}"), (Part(fills[name], n),), say("orders", n=n))
        for name, n in counts
    ]
    chart = stacked("warned", table.name, sentence, bars)
    notes = [say("warned_of", n=orders)]
    if lead is not None:
        notes.insert(0, say("warned_lead", days=f"{lead:g}", n=len(found.leads)))
    return Card("warned", table.name, sentence, table, (Picture(chart),), tuple(notes))


def load(say: Speaker) -> Card:
    """What lies before each team."""
    rows = say.cockpit.load
    names = [say.team(r.team, r.route, r.node) for r in rows]
    table = say.table(
        "load",
        ("team", "lines", "five", "room_five", "ten", "room_ten"),
        [
            (
                name, r.lines, round(r.five, 1), round(r.room_five, 1), round(r.ten, 1),
                round(r.room_ten, 1),
            )
            for name, r in zip(names, rows, strict=True)
        ],
    )  # fmt: skip
    if not rows:
        return Card("load", table.name, say("load_empty"), table)
    full = rows[0]
    share = percent(full.five, full.room_five)
    sentence = say(
        "load_says" if share > 100 else "load_fine",
        team=names[0],
        hours=f"{full.five:.0f}",
        room=f"{full.room_five:.0f}",
        percent=share,
    )
    bars = []
    for name, r in zip(names, rows, strict=True):
        five, ten = percent(r.five, r.room_five), percent(r.ten, r.room_ten)
        kind = "delayed" if five > 100 else "in_progress"
        part = Part(kind, r.five / r.room_five * 100, f"{five}%")
        bars.append(Bar(name, (part,), say("load_note", percent=five, ten=ten), 100.0))
    chart = stacked("load", table.name, sentence, bars)
    legend = say.legend("load", ("in_progress", "work"), ("delayed", "over"), ("limit", "room"))
    return Card("load", table.name, sentence, table, (Picture(chart, legend),), (say("load_how"),))


def alerts(say: Speaker) -> Card:
    """What was raised and is not settled, by its age."""
    now, rows = say.cockpit.now, say.cockpit.alerts
    hours = {a.id: (now - a.raised_at).total_seconds() / 3600 for a in rows}
    table = say.table(
        "alerts",
        ("order", "node", "what", "level", "hours", "steps", "state", "who"),
        [
            (
                a.order_no,
                say.node_of(a.order_no, a.node),
                what(say, a),
                BADGES.get(a.level or a.kind),
                round(hours[a.id], 1),
                a.step,
                say(f"alert_{a.state.value}"),
                say.person(a.owner or a.taken_by),
            )
            for a in rows
        ],
    )
    if not rows:
        return Card("alerts", table.name, say("alerts_empty"), table)
    oldest = max(rows, key=lambda a: hours[a.id])
    sentence = say("alerts_says", n=len(rows), order=oldest.order_no, age=say.age(hours[oldest.id]))
    ranked = sorted(rows, key=lambda a: (-hours[a.id], a.id))[:SHOWN]
    bars = [
        Bar(
            " ".join(p for p in (a.order_no, say.node_of(a.order_no, a.node), what(say, a)) if p),
            (Part("delayed" if a.state is AlertState.OPEN else "to_confirm", hours[a.id]),),
            say.age(hours[a.id]),
        )
        for a in ranked
    ]
    chart = stacked("alerts", table.name, sentence, bars)
    legend = say.legend("alerts", ("delayed", "open"), ("to_confirm", "taken"))
    notes = (say("more_in_table", n=len(rows) - SHOWN),) if len(rows) > SHOWN else ()
    return Card("alerts", table.name, sentence, table, (Picture(chart, legend),), notes)


def what(say: Speaker, alert: Alert) -> str:
    """What an alert is about: `▲2 偏差`, `缺料`, `给客户的草稿`."""
    badge = BADGES.get(alert.level or alert.kind)
    text = say.words.reason(alert.reason) if alert.kind == "problem" else say(f"kind_{alert.kind}")
    return f"▲{badge} {text}" if badge else text


def latency(say: Speaker) -> Card:
    """How late each team reports."""
    rows = sorted(say.cockpit.latency, key=lambda r: (-r.recorded[0], -r.recorded[1], r.team))
    names = [say.team(r.team, r.route, r.node) for r in rows]
    table = say.table(
        "latency",
        ("team", "n", "median_minutes", "high_minutes", "median_plan", "high_plan"),
        [
            (name, r.reports, *r.recorded, *(r.planned or (None, None)))
            for name, r in zip(names, rows, strict=True)
        ],
    )
    if not rows:
        return Card("latency", table.name, say("latency_empty", span=say.span), table)
    if all(r.recorded[1] < 1 for r in rows):
        at_once = say("latency_now", n=sum(r.reports for r in rows))
        return Card("latency", table.name, at_once, table)
    worst = rows[0]
    sentence = say(
        "latency_says",
        team=names[0],
        median=say.minutes(worst.recorded[0]),
        high=say.minutes(worst.recorded[1]),
        n=worst.reports,
    )
    shown = [
        Range(
            name,
            r.recorded[0] / 60,
            r.recorded[0] / 60,
            r.recorded[1] / 60,
            note=f"{say.minutes(r.recorded[0])} · 95% {say.minutes(r.recorded[1])}",
        )
        for name, r in zip(names, rows, strict=True)
    ]
    chart = ranges("latency", table.name, sentence, shown, say("unit_hours"))
    legend = say.legend("latency", ("median", "median"), ("span", "to_high"))
    return Card("latency", table.name, sentence, table, (Picture(chart, legend),))


def helped(say: Speaker) -> Card:
    """Customers' questions that needed no person."""
    answered, passed = say.cockpit.answered, say.cockpit.passed
    whole = answered + passed
    rows = [(say("helped_alone"), answered), (say("helped_person"), passed)]
    table = say.table("helped", ("what", "n"), rows)
    notes = (say("unfiltered"),) if say.cockpit.scope.narrow else ()
    if not whole:
        return Card("helped", table.name, say("helped_empty", span=say.span), table, (), notes)
    share = percent(answered, whole)
    sentence = say("helped_says", n=whole, k=answered, percent=share)
    bar = Bar(
        say("helped_all"),
        (Part("done", answered, f"{answered}"), Part("to_confirm", passed, f"{passed}")),
        f"{share}% ({answered}/{whole})",
    )
    chart = stacked("helped", table.name, sentence, [bar])
    legend = say.legend("helped", ("done", "alone"), ("to_confirm", "person"))
    return Card("helped", table.name, sentence, table, (Picture(chart, legend),), notes)


def said(say: Speaker) -> Card:
    """What the bot wrote unasked, a group and day."""
    rows = say.cockpit.said
    table = say.table("said", ("group", "day", "n"), [(r.group, r.day, r.count) for r in rows])
    notes = (say("unfiltered"),) if say.cockpit.scope.narrow else ()
    if not any(r.count for r in rows):
        return Card("said", table.name, say("said_empty", span=say.span), table, (), notes)
    most = max(rows, key=lambda r: r.count)
    mean = sum(r.count for r in rows) / len(rows)
    day = f"{most.day.month}/{most.day.day}"
    sentence = say("said_says", mean=f"{mean:.1f}", most=most.count, group=most.group, day=day)
    pictures = []
    for n, group in enumerate(dict.fromkeys(r.group for r in rows)):
        own = [
            Column(f"{r.day.month}/{r.day.day}", (("done", r.count),), None, f"{r.count}")
            for r in rows
            if r.group == group
        ]
        pictures.append(Picture(columns(f"said{n}", group, "", own), (), group))
    return Card("said", table.name, sentence, table, tuple(pictures), notes)
