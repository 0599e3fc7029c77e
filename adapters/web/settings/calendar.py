"""The factory's year: what the state says, what the factory says, and what another day off would
do to the orders under way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.bodies import read_small_pairs
from adapters.web.doors import DOORS, present
from adapters.web.settings.page import back, shown
from adapters.web.settings.rules_port import Kind, Moved, Own, Rules
from adapters.web.site import site_of

LONGEST = 62
"""Days that are set in one go."""
YEARS = (2015, 2100)
Cell = tuple[date, Kind] | None


@dataclass(frozen=True, slots=True)
class Typed:
    """Days as the form has them."""

    first: str = ""
    last: str = ""
    kind: str = "off"
    reason: str = ""


def rules_of(request: web.Request) -> Rules:
    """The port, or 404 where the house has none."""
    return present(request.app[DOORS].rules)


async def year(request: web.Request) -> web.StreamResponse:
    """The year."""
    return await _year(request, Typed())


async def _year(
    request: web.Request,
    typed: Typed,
    *,
    fault: str = "",
    effect: tuple[Moved, ...] | None = None,
) -> web.StreamResponse:
    house = site_of(request).house
    today = house.calendar.day(house.now())
    given, asked = _day(typed.first), request.query.get("year", "")
    plain = asked.isascii() and asked.isdigit() and len(asked) == 4
    number = given.year if given else int(asked) if plain else today.year
    number = min(max(number, YEARS[0]), YEARS[1])
    found = await rules_of(request).year(number)
    told = request.query.get("told", "")
    moved = request.query.get("moved", "")
    return shown(
        request, "settings-calendar.html", "calendar", 422 if fault else 200,
        year=number, years=YEARS, months=[_month(found.days, number, m) for m in range(1, 13)],
        today=today, published=found.published, typed=typed, fault=fault, effect=effect,
        own=[s for s in found.own if s.first.year <= number <= s.last.year],
        told=told if told in ("kept", "cleared") and request.method == "GET" else "",
        moved=int(moved) if moved.isascii() and moved.isdigit() and len(moved) < 6 else 0,
    )  # fmt: skip


def _month(days: Mapping[date, Kind], year: int, month: int) -> list[list[Cell]]:
    """Weeks of a month, Monday first; None outside it."""
    cells: list[Cell] = [(d, k) for d, k in days.items() if (d.year, d.month) == (year, month)]
    lead = date(year, month, 1).weekday()
    padded: list[Cell] = [*[None] * lead, *cells]
    padded += [None] * (-len(padded) % 7)
    return [padded[n : n + 7] for n in range(0, len(padded), 7)]


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if YEARS[0] <= found.year <= YEARS[1] else None


def _wrong(first: date | None, last: date | None) -> str:
    """Which field cannot be, and why."""
    if first is None:
        return "first"
    if last is None or last < first:
        return "last"
    return "long" if (last - first).days >= LONGEST else ""


async def change(request: web.Request) -> web.StreamResponse:
    """Days of the factory's own: look what they would do, or keep them."""
    form = dict(await read_small_pairs(request))
    kind: Own = "work" if form.get("kind") == "work" else "off"
    typed = Typed(form.get("first", ""), form.get("last", ""), kind, form.get("reason", "")[:60])
    first = _day(typed.first)
    last = _day(typed.last) if typed.last else first
    wrong = _wrong(first, last)
    if wrong or first is None or last is None:
        return await _year(request, typed, fault=wrong)
    rules = rules_of(request)
    if form.get("do") != "keep":
        return await _year(request, typed, effect=tuple(await rules.effect(first, last, kind)))
    by = visitor_of(request).person
    moved = await rules.set_days(first, last, kind, typed.reason.strip(), by)
    facts = {"told": "kept", "moved": str(len(moved)), "year": str(first.year)}
    raise back(request, "/settings/calendar", **facts)


async def clear(request: web.Request) -> web.StreamResponse:
    """Days as week and state have them."""
    form = dict(await read_small_pairs(request))
    first, last = _day(form.get("first", "")), _day(form.get("last", ""))
    if first is None or last is None or not 0 <= (last - first).days < 20 * LONGEST:
        return await _year(request, Typed(), fault="first")
    moved = await rules_of(request).set_days(first, last, None, "", visitor_of(request).person)
    facts = {"told": "cleared", "moved": str(len(moved)), "year": str(first.year)}
    raise back(request, "/settings/calendar", **facts)


ROUTES = [
    web.get("/settings/calendar", year),
    web.post("/settings/calendar", change),
    web.post("/settings/calendar/clear", clear),
]
