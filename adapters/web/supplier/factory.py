"""What the factory sees of its suppliers: open needs at risk, deliveries to check, all suppliers
side by side, and the form that asks for materials.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from adapters.web.supplier.port import Choice, Due, Sheet
from adapters.web.supplier.view import (
    Line,
    Tile,
    ahead_days,
    cases,
    hours,
    line,
    share,
    tiles,
)
from adapters.web.words import Words
from domain.needs import NeedState
from domain.supply import Steps, record, reward

SOON = 2
"""Working days before the day it is needed from which an unanswered need is at risk."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One need as the factory sees it: whose it is, why it is at risk (empty: it is not), and what
    can be done: `check`, `cancel`, `answer`.
    """

    line: Line
    supplier: str
    risk: str
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One supplier side by side with the others; each figure with its cases."""

    id: str
    name: str
    kept: tuple[str, str]
    in_time: tuple[str, str]
    passed: tuple[str, str]
    confirming: tuple[str, str]
    warning: tuple[str, str]
    open: int
    risky: int
    sees: str
    link: str


@dataclass(frozen=True, slots=True)
class Board:
    """The whole page."""

    sentence: str
    risky: tuple[Owed, ...]
    check: tuple[Owed, ...]
    waiting: tuple[Owed, ...]
    rows: tuple[Row, ...]
    meanings: tuple[Tile, ...]
    orders: tuple[tuple[str, str], ...]
    nodes: tuple[tuple[str, str], ...]
    units: tuple[str, ...]
    today: str
    soon: str


def board(
    sheets: Sequence[Sheet],
    choices: Sequence[Choice],
    steps: Steps,
    links: dict[str, str],
    words: Words,
) -> Board:
    """The page of all suppliers; `links` are their own pages by id."""
    calendar = words.house.calendar
    today = calendar.day(words.house.now())
    owed = {s.person.id: [_owed(s, d, words, today) for d in s.due] for s in sheets}
    everything = [o for own in owed.values() for o in own if o.acts]
    everything.sort(key=lambda o: (o.line.day, o.line.order, o.line.need))
    risky = tuple(o for o in everything if o.risk)
    check = tuple(o for o in everything if "check" in o.acts and "cancel" not in o.acts)
    waiting = tuple(o for o in everything if not o.risk and o not in check)
    rows = tuple(_row(s, owed[s.person.id], steps, links, words, today) for s in sheets)
    nodes = {n.key: n.called(words.language) for c in choices for n in c.nodes}
    units = dict.fromkeys(d.need.unit for s in sheets for d in s.due if d.need.unit)
    return Board(
        sentence=_sentence(rows, risky, words),
        risky=risky,
        check=check,
        waiting=waiting,
        rows=rows,
        meanings=tiles(record((), today, calendar), words),
        orders=tuple((c.order_no, f"{c.order_no} {c.product}") for c in choices),
        nodes=tuple(nodes.items()),
        units=tuple(units),
        today=today.isoformat(),
        soon=calendar.day(calendar.opening(today + timedelta(days=3))).isoformat(),
    )


def _sentence(rows: Sequence[Row], risky: Sequence[Owed], words: Words) -> str:
    if not rows:
        return words("suppliers.none")
    count = sum(r.open for r in rows)
    if not count:
        return words("suppliers.calm_none")
    key = "suppliers.says_risky" if risky else "suppliers.says_calm"
    return words(key, n=count, risky=len(risky))


def _owed(sheet: Sheet, due: Due, words: Words, today: date) -> Owed:
    need = due.need
    acts: tuple[str, ...] = ()
    if need.open:
        acts = ("answer", "cancel")
    if need.deliveries and need.state is not NeedState.CHECKED and need.checked_at is None:
        acts = (*acts, "check")
    if need.state is NeedState.CANCELLED:
        acts = ()
    found = line(due, words, "/suppliers/photos", "suppliers.is_asked")
    return Owed(found, sheet.person.name, _risk(due, found, words, today), acts)


def _risk(due: Due, found: Line, words: Words, today: date) -> str:
    """Late by its own word, over its day, or not answered while the day is near."""
    if found.why or not due.need.open:
        return found.why
    near = words.house.calendar.workdays_between(today, due.need.needed_by) <= SOON
    if due.need.state is NeedState.ASKED and near:
        return words("suppliers.unanswered")
    return ""


def _row(
    sheet: Sheet,
    owed: Sequence[Owed],
    steps: Steps,
    links: dict[str, str],
    words: Words,
    today: date,
) -> Row:
    found = record(sheet.needs, today, words.house.calendar)
    alive = [o for o in owed if "cancel" in o.acts]
    return Row(
        id=sheet.person.id,
        name=sheet.person.name,
        kept=(share(found.kept, words), cases(found.kept, words)),
        in_time=(share(found.in_time, words), cases(found.in_time, words)),
        passed=(share(found.passed, words), cases(found.passed, words)),
        confirming=(hours(found.confirming, words), cases(found.confirming, words)),
        warning=(ahead_days(found.warning, words), cases(found.warning, words)),
        open=len(alive),
        risky=sum(bool(o.risk) for o in alive),
        sees=words("suppliers.sees", n=reward(found, steps).days),
        link=links.get(sheet.person.id, ""),
    )
