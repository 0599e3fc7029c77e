"""What a supplier sees: its own needs with what can be done about each, what is coming, how well it
kept its word. Nothing of customers, prices, products or other suppliers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from adapters.web.supplier.port import Due, Sheet
from adapters.web.words import Words
from domain.amounts import plain
from domain.needs import Need, NeedState, amount_of
from domain.node import Status
from domain.supply import Figure, Record, Reward, Share, Steps, record, reward, visible
from domain.supplying import too_late

REASONS = ("material", "equipment", "labour", "quality", "logistics", "weather", "power", "other")
"""What a supplier may give as the reason of another day."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of a delivery: its address and what is said of it."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Line:
    """One need. `state` is one of the five node states, for colour and icon; `acts` are what can be
    done: `confirm`, `promise`, `deliver`; `why` says that something is wrong.
    """

    key: str
    order: str
    need: str
    item: str
    amount: str
    node: str
    state: Status
    word: str
    day: str
    by: str
    promised: str
    why: str
    note: str
    left: str
    acts: tuple[str, ...]
    shots: tuple[Shot, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the record: what it is, the figure, of how many cases, and what it means."""

    title: str
    value: str
    cases: str
    meaning: str
    hue: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """What is needed in one week of one item."""

    week: str
    item: str
    amount: str
    orders: str


@dataclass(frozen=True, slots=True)
class Portal:
    """The whole page."""

    name: str
    sentence: str
    urgent: bool
    open: tuple[Line, ...]
    over: tuple[Line, ...]
    coming: tuple[Coming, ...]
    ahead: str
    further: str
    tiles: tuple[Tile, ...]
    today: str
    last: str


def portal(sheet: Sheet, steps: Steps, words: Words, path: str) -> Portal:
    """The page of one supplier. `path` is its own address, for its pictures."""
    calendar = words.house.calendar
    today = calendar.day(words.house.now())
    found = record(sheet.needs, today, calendar)
    sees = reward(found, steps)
    shown = [d for d in sheet.due if visible(d.need, today, sees.days)]
    alive = sorted((d for d in shown if d.need.open), key=lambda d: _rank(d, words, today))
    over = [d for d in reversed(shown) if not d.need.open and d.need.state is not _GONE]
    lines = tuple(line(d, words, f"{path}/photos") for d in alive)
    return Portal(
        name=sheet.person.name,
        sentence=_sentence(alive, words),
        urgent=any(x.why for x in lines),
        open=lines,
        over=tuple(line(d, words, f"{path}/photos") for d in over[:12]),
        coming=_coming(alive, words, today, sees.days),
        ahead=words("supplier.ahead", n=sees.days),
        further=further(found, sees, words),
        tiles=tiles(found, words),
        today=today.isoformat(),
        last=(today + timedelta(days=365)).isoformat(),
    )


_GONE = NeedState.CANCELLED


def _rank(due: Due, words: Words, today: date) -> tuple[bool, date, str, str]:
    """What is wrong or not answered first, then by the day it is needed."""
    need = due.need
    calm = need.state is not NeedState.ASKED and not _why(due, words, today)
    return calm, need.promised or need.needed_by, due.order_no, need.id


def _sentence(alive: Sequence[Due], words: Words) -> str:
    if not alive:
        return words("supplier.none")
    today = words.house.calendar.day(words.house.now())
    waits = sum(d.need.state is NeedState.ASKED for d in alive)
    late = sum(bool(_why(d, words, today)) for d in alive)
    first = min(d.need.needed_by for d in alive)
    key = "supplier.says_waiting" if waits else "supplier.says_open"
    if late or first < today:
        key = "supplier.says_late_waiting" if waits else "supplier.says_late"
    return words(key, n=len(alive), waits=waits, late=late, date=words.date(first))


def line(due: Due, words: Words, photos: str, asked: str = "supplier.is_asked") -> Line:
    """One need as a line; `photos` is where its pictures are, `asked` how an unanswered one is
    called.
    """
    need, today = due.need, words.house.calendar.day(words.house.now())
    why = _why(due, words, today)
    status = _status(need, why)
    acts = ("confirm",) if need.state is NeedState.ASKED and need.needed_by >= today else ()
    return Line(
        key=f"{due.order_no}-{need.id}",
        order=due.order_no,
        need=need.id,
        item=need.item,
        amount=amount_of(need),
        node=due.spec.called(words.language),
        state=status,
        word=words(asked) if need.state is NeedState.ASKED else _word(need, why, words),
        day=need.needed_by.isoformat(),
        by=words.date(need.needed_by),
        promised=words.date(need.promised) if need.promised else "",
        why=why,
        note=need.note,
        left=plain(need.left),
        acts=(*acts, "promise", "deliver") if need.open else (),
        shots=_shots(due, words, photos),
        said=_said(need, words),
    )


def _status(need: Need, why: str) -> Status:
    if need.state in (NeedState.DELIVERED, NeedState.CHECKED):
        return Status.DONE
    if why:
        return Status.DELAYED
    return Status.TO_CONFIRM if need.state is NeedState.ASKED else Status.IN_PROGRESS


def _word(need: Need, why: str, words: Words) -> str:
    """The state in words: `等您回`, `已答应`, `已到 8/20 kg`."""
    if need.state is NeedState.CHECKED:
        back = need.returned != "0"
        return words("supplier.is_returned" if back else "supplier.is_checked")
    if need.open and need.deliveries:
        came = f"{plain(need.delivered)}/{amount_of(need)}"
        return words("supplier.is_part", came=came)
    if why and need.state is NeedState.CONFIRMED:
        return words("supplier.is_late")
    return words(f"supplier.is_{need.state.value}")


def _why(due: Due, words: Words, today: date) -> str:
    """What is wrong with an open need: over the day, or promised for later than the work can
    wait.
    """
    need, calendar = due.need, words.house.calendar
    if not need.open:
        return ""
    day = need.promised or need.needed_by
    if day < today:
        over = calendar.workdays_between(day, today)
        return words("supplier.why_over", n=over) if over else words("supplier.why_over_today")
    if need.promised is not None and need.promised > need.needed_by:
        late = calendar.workdays_between(need.needed_by, need.promised)
        stops = too_late(need, due.node, calendar) and not due.node.completed
        return words("supplier.why_stops" if stops else "supplier.why_late", n=max(late, 1))
    return ""


def _said(need: Need, words: Words) -> tuple[str, ...]:
    """What was said of it, oldest first: days that moved, deliveries, what went back."""
    rows = []
    for before, after in zip(need.given, need.given[1:], strict=False):
        why = " · ".join(
            x for x in (words.reason(after.reason) if after.reason else "", after.text) if x
        )
        rows.append(
            words(
                "supplier.said_moved",
                before=words.date(before.day),
                day=words.date(after.day),
                why=f" · {why}" if why else "",
            )
        )
    for came in need.deliveries:
        amount = f"{came.amount} {need.unit}".strip()
        rows.append(words("supplier.said_came", amount=amount, date=words.day(came.at)))
    if need.returned not in ("", "0"):
        back = f"{need.returned} {need.unit}".strip()
        rows.append(words("supplier.said_back", amount=back))
    return tuple(rows)


def _shots(due: Due, words: Words, photos: str) -> tuple[Shot, ...]:
    count = len(due.need.photos)
    return tuple(
        Shot(
            f"{photos}/{due.order_no}/{due.need.id}/{n}",
            words("supplier.photo_alt", order=due.order_no, item=due.need.item, n=n + 1, all=count),
        )
        for n in range(count)
    )


def _coming(alive: Iterable[Due], words: Words, today: date, days: int) -> tuple[Coming, ...]:
    """What is needed within the days that this supplier sees, by week and item."""
    found: dict[tuple[date, str, str], list[Due]] = {}
    for due in alive:
        day = max(due.need.needed_by, today)
        if day <= today + timedelta(days=days):
            monday = day - timedelta(days=day.weekday())
            found.setdefault((monday, due.need.item, due.need.unit), []).append(due)
    rows = []
    for (monday, item, unit), dues in sorted(found.items()):
        total = plain(sum((d.need.left for d in dues), Decimal(0)))
        week = words("supplier.week_of", date=words.date(monday))
        this = today - timedelta(days=today.weekday())
        week = words("supplier.this_week") if monday == this else week
        orders = ", ".join(dict.fromkeys(d.order_no for d in dues))
        rows.append(Coming(week, item, f"{total} {unit}".strip(), orders))
    return tuple(rows)


def further(found: Record, sees: Reward, words: Words) -> str:
    """What it takes to see further."""
    if sees.next is None:
        return words("supplier.furthest")
    percent = found.kept.percent
    key = "supplier.further_cases" if sees.lacks else "supplier.further"
    return words(
        key,
        percent=f"{sees.next.percent:g}",
        days=sees.next.days,
        now=f"{percent:g}" if percent is not None else "",
        n=sees.lacks if sees.lacks else found.kept.cases,
    )


def tiles(found: Record, words: Words) -> tuple[Tile, ...]:
    """The record, a figure each, with its cases and its meaning."""
    return (
        Tile(words("supplier.kept"), share(found.kept, words), cases(found.kept, words),
             words("supplier.kept_means"), _hue(found.kept)),
        Tile(words("supplier.in_time"), share(found.in_time, words), cases(found.in_time, words),
             words("supplier.in_time_means"), _hue(found.in_time)),
        Tile(words("supplier.passed"), share(found.passed, words), cases(found.passed, words),
             words("supplier.passed_means"), _hue(found.passed)),
        Tile(words("supplier.confirming"), hours(found.confirming, words),
             cases(found.confirming, words), words("supplier.confirming_means")),
        Tile(words("supplier.warning"), ahead_days(found.warning, words),
             cases(found.warning, words), words("supplier.warning_means")),
    )  # fmt: skip


def _hue(found: Share) -> str:
    """Whether a share is good or poor, for those that have one."""
    percent = found.percent
    if percent is None:
        return ""
    return "good" if percent >= 95 else "poor" if percent < 80 else ""


def share(found: Share, words: Words) -> str:
    """`86 %`, or that there is none yet."""
    percent = found.percent
    return f"{percent:.0f} %" if percent is not None else words("supplier.not_yet")


def cases(found: Share | Figure, words: Words) -> str:
    """`6/7 次`, `7 次`; empty without a case."""
    if not found.cases:
        return ""
    if isinstance(found, Share):
        return words("supplier.hits", hits=found.hits, n=found.cases)
    return words("supplier.cases", n=found.cases)


def hours(found: Figure, words: Words) -> str:
    """Working hours."""
    if found.value is None:
        return words("supplier.not_yet")
    return words("supplier.hours", n=f"{found.value:g}")


def ahead_days(found: Figure, words: Words) -> str:
    """Working days, before or after."""
    if found.value is None:
        return words("supplier.not_yet")
    if found.value <= 0:
        return words("supplier.same_day" if found.value == 0 else "supplier.after_days",
                     n=f"{abs(found.value):g}")  # fmt: skip
    return words("supplier.before_days", n=f"{found.value:g}")
