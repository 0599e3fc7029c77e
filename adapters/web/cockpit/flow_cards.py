"""The cards about orders: where they stand, how they come out, what their nodes take, what delays
them.
"""

from adapters.web.charts.bars import Bar, Part, pareto, stacked
from adapters.web.charts.bars import Step as Cost
from adapters.web.charts.columns import Column, columns
from adapters.web.charts.ranges import Range, ranges
from adapters.web.cockpit.cards import Card, Picture, Speaker, percent
from domain.insight_flow import Bucket, Stand
from domain.insight_work import Took

ENOUGH = 3
"""Values that a node needs before it is called the slowest."""
SLOW = 1.1
"""A node is marked as slow if its median is more than so many times its standard."""
STATES = ("pending", "in_progress", "delayed", "to_confirm")


def flow(say: Speaker) -> Card:
    """Open orders at their nodes."""
    rows = say.cockpit.stands
    names = {id(r): say.node(r.route, r.node) for r in rows}
    table = say.table(
        "flow",
        ("node", "waiting", "working", "delayed", "to_confirm", "all", "done_today"),
        [
            (names[id(r)], r.waiting, r.working, r.delayed, r.to_confirm, r.all, r.done)
            for r in rows
        ],
    )
    busy = max(rows, key=lambda r: (r.all, r.delayed), default=None)
    if busy is None or not busy.all:
        return Card("flow", table.name, say("flow_empty"), table)
    late = say("flow_late", n=busy.delayed) if busy.delayed else ""
    bars = [_stand(say, row, names[id(row)]) for row in rows]
    chart = stacked("flow", table.name, "", bars)
    return Card(
        "flow",
        table.name,
        say("flow_says", node=names[id(busy)], n=busy.all, late=late),
        table,
        (Picture(chart, say.states("flow", *STATES)),),
    )


def _stand(say: Speaker, row: Stand, name: str) -> Bar:
    counts = (row.waiting, row.working, row.delayed, row.to_confirm)
    parts = tuple(
        Part(kind, n, f"{say.words(f'icon.{kind}')} {n}", f"{say.words(f'status.{kind}')} {n}")
        for kind, n in zip(STATES, counts, strict=True)
    )
    today = say("flow_done", n=row.done) if row.done else ""
    return Bar(name, parts, " · ".join(p for p in (today, say("orders", n=row.all)) if p))


def trend(say: Speaker) -> Card:
    """Finished orders, in time or late, against what was promised; nodes against their plan."""
    found, kept = say.cockpit.trend, say.cockpit.promises
    table = say.table(
        "trend",
        ("week" if found.weekly else "day", "kept", "late", "promised", "nodes", "planned"),
        [(b.day, b.kept, b.late, b.promised, b.nodes, b.planned) for b in found.buckets],
    )
    if not any((b.kept, b.late, b.nodes) != (0, 0, 0) for b in found.buckets):
        return Card("trend", table.name, say("trend_empty", span=say.span), table)
    if kept.all:
        share = percent(kept.first, kept.all)
        sentence = say("trend_says", span=say.span, n=kept.all, k=kept.first, percent=share)
        note = say("trend_valid", n=kept.all, k=kept.valid, percent=percent(kept.valid, kept.all))
    else:
        sentence, note = say("trend_no_orders", span=say.span), ""
    names = [f"{b.day.month}/{b.day.day}" for b in found.buckets]
    orders = [
        Column(name, (("done", b.kept), ("delayed", b.late)), b.promised, _orders_tip(say, name, b))
        for name, b in zip(names, found.buckets, strict=True)
    ]
    nodes = [
        Column(name, (("in_progress", b.nodes),), b.planned, _nodes_tip(say, name, b))
        for name, b in zip(names, found.buckets, strict=True)
    ]
    first, second = say("trend_orders"), say("trend_nodes")
    return Card(
        "trend",
        table.name,
        sentence,
        table,
        (
            Picture(
                columns("trend", first, sentence, orders),
                say.legend("trend", ("done", "kept"), ("delayed", "late"), ("mark", "promised")),
                first,
            ),
            Picture(
                columns("nodes", second, "", nodes),
                say.legend("nodes", ("in_progress", "nodes"), ("mark", "planned")),
                second,
            ),
        ),
        (note,) if note else (),
    )


def _orders_tip(say: Speaker, name: str, bucket: Bucket) -> str:
    return say("trend_tip", day=name, kept=bucket.kept, late=bucket.late, promised=bucket.promised)


def _nodes_tip(say: Speaker, name: str, bucket: Bucket) -> str:
    return say("nodes_tip", day=name, n=bucket.nodes, planned=bucket.planned)


def times(say: Speaker) -> Card:
    """Working times of nodes against their standards."""
    rows = say.cockpit.took
    days = say.in_days
    table = say.table(
        "times",
        ("node", "n", "mean", "median", "low", "high", "standard"),
        [
            (
                say.node(r.route, r.node), r.n, days(r.mean), days(r.median), days(r.low),
                days(r.high), days(r.standard),
            )
            for r in rows
        ],
    )  # fmt: skip
    known = [r for r in rows if r.n >= ENOUGH and r.standard > 0] or [r for r in rows if r.standard]
    if not known:
        return Card("times", table.name, say("times_empty", span=say.span), table)
    slow = max(known, key=lambda r: r.median / r.standard)
    sentence = say(
        "times_says" if slow.median > slow.standard else "times_fine",
        node=say.node(slow.route, slow.node),
        days=say.days(slow.median),
        standard=say.days(slow.standard),
        n=slow.n,
    )
    chart = ranges("times", table.name, sentence, [_took(say, r) for r in rows], say("unit_days"))
    legend = say.legend(
        "times", ("median", "median"), ("slow", "slow"), ("mean", "mean"), ("span", "most"),
        ("limit", "standard"),
    )  # fmt: skip
    return Card("times", table.name, sentence, table, (Picture(chart, legend),))


def _took(say: Speaker, row: Took) -> Range:
    hours = say.words.house.calendar.week.hours
    return Range(
        say.node(row.route, row.node),
        row.low / hours,
        row.median / hours,
        row.high / hours,
        row.mean / hours,
        row.standard / hours,
        say("times_note", days=say.days(row.median), n=row.n),
        row.median > row.standard * SLOW,
    )


def causes(say: Speaker) -> Card:
    """Reasons for delay, the costliest first, and what they add up to."""
    rows, theirs = say.cockpit.causes, say.cockpit.customer
    names = [say.words.reason(r.reason) for r in rows]
    table = say.table(
        "causes",
        ("reason", "orders", "lost_days", "sum_share"),
        [
            (name, r.orders, say.in_days(r.hours), round(r.share))
            for name, r in zip(names, rows, strict=True)
        ]
        + (
            [(say("causes_waited"), theirs.orders, say.in_days(theirs.hours), None)]
            if theirs
            else []
        ),
    )
    notes = []
    if theirs is not None:
        notes.append(say("causes_customer", n=theirs.orders, days=say.days(theirs.hours)))
    if not rows:
        return Card(
            "causes", table.name, say("causes_empty", span=say.span), table, (), tuple(notes)
        )
    whole = sum(r.hours for r in rows)
    first = rows[0]
    sentence = say(
        "causes_says",
        reason=names[0],
        n=first.orders,
        days=say.days(first.hours),
        share=percent(first.hours, whole),
    )
    steps = [
        Cost(
            name,
            r.hours / whole * 100,
            r.share,
            say("causes_note", n=r.orders, days=say.days(r.hours), share=round(r.share)),
        )
        for name, r in zip(names, rows, strict=True)
    ]
    chart = pareto("causes", table.name, sentence, steps)
    legend = say.legend("causes", ("delayed", "share"), ("sum", "sum"))
    return Card("causes", table.name, sentence, table, (Picture(chart, legend),), tuple(notes))
