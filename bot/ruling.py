"""The house behind the pages of its rules: routes, days, escalation. Implements
`adapters.web.settings.rules_port.Rules`.

What is kept is committed first and followed then; timers are moved in the same transaction as what
moves them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from adapters.web.settings.rules_port import Chains, Kind, Moved, Own, RouteCard, Span, Year
from bot.office import note
from bot.retiming import Law, retime
from bot.rules import DAYS, ESCALATION, WHY, Rules, own_days
from bot.taking import DEFAULT_ROUTE
from bot.worlds import template, templates
from domain.calendar import WorkCalendar
from domain.errors import NotFound, Refused
from domain.escalation import default, from_toml
from domain.order import Order
from domain.person import Person
from domain.plan import days_late, forecast
from domain.ports import Clock
from domain.route import Route, check
from storage.holidays import Override
from storage.ledger import Ledger
from storage.store import Store

DAY = timedelta(days=1)


@dataclass(slots=True)
class Ruling:
    """See the port for the promises. `clock` is the factory's, `wall` the machine's; `stir` tells
    boards that something changed.
    """

    store: Store
    rules: Rules
    clock: Clock
    wall: Clock
    stir: Callable[[], None]

    async def routes(self) -> Sequence[RouteCard]:
        """All routes."""
        return await self.store.run(lambda ledger: [*_cards(ledger).values()])

    async def route(self, key: str) -> RouteCard:
        """One of them."""
        return await self.store.run(lambda ledger: _card(ledger, key))

    def templates(self) -> Sequence[Route]:
        """The routes that come with us."""
        return [template(key) for key in templates()]

    async def keep_route(self, route: Route, seen: int, by: Person) -> RouteCard:
        """A new version."""

        def act(ledger: Ledger) -> RouteCard:
            newest = ledger.route(route.key)
            if newest is not None and seen == 0:
                raise Refused("route-taken", route=route.key)
            if (newest.version if newest else 0) != seen:
                raise Refused("route-moved", version=newest.version if newest else 0)
            kept = ledger.orders.keep_route(check(replace(route, version=max(seen, 1))))
            if kept.version != seen:
                label = f"{kept.name} v{kept.version}"
                note(ledger, self.wall.now(), by, "route-kept", label=label)
            return _card(ledger, route.key)

        return await self.store.run(act)

    async def year(self, year: int) -> Year:
        """A year's days."""
        reasons = await self.store.run(lambda ledger: ledger.settings.starting(WHY))
        return await asyncio.to_thread(self._year, year, reasons)

    def _year(self, year: int, reasons: dict[str, str]) -> Year:
        days, day = {}, date(year, 1, 1)
        while day.year == year:
            days[day] = self._kind(day)
            day += DAY
        return Year(days, self.rules.base.known(year), _spans(dict(self.rules.days), reasons))

    def _kind(self, day: date) -> Kind:
        own = self.rules.days.get(day)
        if own is not None:
            return "own-off" if own == "off" else "own-work"
        off = self.rules.base.is_off(day)
        if off is not None:
            return "holiday" if off else "exchanged"
        return "work" if day.weekday() in self.rules.calendar.week.days else "rest"

    async def effect(self, first: date, last: date, kind: Own | None) -> Sequence[Moved]:
        """What such days would do."""
        orders = await self.store.run(lambda ledger: ledger.open_orders())
        after = _changed(dict(self.rules.days), first, last, kind)
        return await asyncio.to_thread(self._moved, orders, after)

    def _moved(self, orders: Sequence[Order], days: dict[date, Override]) -> list[Moved]:
        now, found = self.clock.now(), []
        old = self.rules.with_days(dict(self.rules.days))
        new = self.rules.with_days(days)
        for order in orders:
            before, after = (_day(order, now, c) for c in (old, new))
            if before != after:
                late = days_late(order, forecast(order, now, new), new)
                found.append(Moved(order.order_no, before, after, late))
        return found

    async def set_days(
        self, first: date, last: date, kind: Own | None, reason: str, by: Person
    ) -> Sequence[Moved]:
        """Do it."""
        moved = await self.effect(first, last, kind)

        def act(ledger: Ledger) -> dict[date, Override]:
            before = own_days(ledger)
            after = _changed(before, first, last, kind)
            _write(ledger, first, last, kind, reason)
            policy = self.rules.desk.policy
            retime(
                ledger,
                Law(self.rules.with_days(before), policy),
                Law(self.rules.with_days(after), policy),
            )
            shown = f"{first:%Y-%m-%d}" + (f" – {last:%Y-%m-%d}" if last > first else "")
            what = {"off": "day-off", "work": "day-work"}.get(kind or "", "day-cleared")
            label = f"{shown} {reason}".strip()
            note(ledger, self.wall.now(), by, what, label=label)
            return after

        self.rules.follow(await self.store.run(act))
        self.stir()
        return moved

    async def chains(self) -> Chains:
        """Who hears of what."""

        def look(ledger: Ledger) -> Chains:
            own = bool(self.rules.file or ledger.settings.get(ESCALATION))
            text = self.rules.text(ledger)
            rules = self.rules
            return Chains(rules.desk.policy, text, rules.file, own, rules.broken)

        return await self.store.run(look)

    async def keep_chains(self, text: str, by: Person) -> None:
        """Another declaration."""
        if self.rules.file:
            raise Refused("escalation-file")
        policy = from_toml(text) if text else default()

        def act(ledger: Ledger) -> None:
            calendar = self.rules.calendar
            if text:
                ledger.settings.put(ESCALATION, text)
                ledger.sql.everybody = True
            else:
                ledger.settings.drop(ESCALATION)
            retime(ledger, Law(calendar, self.rules.desk.policy), Law(calendar, policy))
            what = "escalation-kept" if text else "escalation-reset"
            note(ledger, self.wall.now(), by, what)

        await self.store.run(act)
        self.rules.desk.policy, self.rules.broken = policy, ""
        self.stir()


def _cards(ledger: Ledger) -> dict[str, RouteCard]:
    routes = ledger.orders.routes()
    keys = [r.key for r in routes]
    kept = ledger.settings.get(DEFAULT_ROUTE)
    usual = kept if kept in keys else next(iter(keys), "")
    running = [(o.route.key, o.route.version) for o in ledger.open_orders()]
    return {
        r.key: RouteCard(
            r,
            running.count((r.key, r.version)),
            sum(key == r.key and version != r.version for key, version in running),
            r.key == usual,
        )
        for r in routes
    }


def _card(ledger: Ledger, key: str) -> RouteCard:
    found = _cards(ledger).get(key)
    if found is None:
        raise NotFound("no-such-route", route=key)
    return found


def _day(order: Order, now: datetime, calendar: WorkCalendar) -> date:
    return calendar.day(forecast(order, now, calendar))


def _range(first: date, last: date) -> list[date]:
    return [first + DAY * n for n in range((last - first).days + 1)]


def _changed(
    days: dict[date, Override], first: date, last: date, kind: Own | None
) -> dict[date, Override]:
    """The factory's days after a change."""
    inside = _range(first, last)
    found = {d: k for d, k in days.items() if d not in inside}
    return found | (dict.fromkeys(inside, kind) if kind else {})


def _write(ledger: Ledger, first: date, last: date, kind: Own | None, reason: str) -> None:
    ledger.sql.everybody = True
    for day in _range(first, last):
        if kind:
            ledger.settings.put(f"{DAYS}{day:%Y-%m-%d}", kind)
        else:
            ledger.settings.drop(f"{DAYS}{day:%Y-%m-%d}")
        if kind and reason:
            ledger.settings.put(f"{WHY}{day:%Y-%m-%d}", reason)
        else:
            ledger.settings.drop(f"{WHY}{day:%Y-%m-%d}")


def _spans(days: dict[date, Override], reasons: dict[str, str]) -> list[Span]:
    """The factory's days, those side by side that mean the same as one."""
    found: list[Span] = []
    for day, kind in sorted(days.items()):
        why = reasons.get(f"{day:%Y-%m-%d}", "")
        last = found[-1] if found else None
        if last and last.last + DAY == day and (last.kind, last.reason) == (kind, why):
            found[-1] = replace(last, last=day)
        else:
            found.append(Span(day, day, kind, why))
    return found
