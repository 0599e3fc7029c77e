"""Due dates as an iCalendar feed (RFC 5545): one whole day an order, moved when the promise moves.

A date is the promise; where the factory expects another day now, the entry says so.
"""

from datetime import UTC, datetime, timedelta

from aiohttp import web
from icalendar import Calendar, Event

from adapters.web.customers.port import Dates, Page
from adapters.web.doors import DOORS, present
from adapters.web.faults import Fault
from adapters.web.site import language_of, site_of
from adapters.web.words import Words
from domain.order import Order
from domain.plan import forecast

KEPT = timedelta(days=60)
"""How long a finished order stays in the calendar."""


async def feed(request: web.Request) -> web.StreamResponse:
    """The calendar of one reader."""
    dates = await present(request.app[DOORS].customers).dates(request.match_info["token"])
    if dates is None:
        raise Fault(404, "no-such-link")
    site = site_of(request)
    words = Words(site.house, language_of(request, dates.language))
    base = f"{request.scheme}://{request.host}" if not site.public else site.public
    return web.Response(
        body=calendar(dates, words, base),
        headers={
            "Content-Type": "text/calendar; charset=utf-8",
            "Content-Disposition": 'inline; filename="vitrine.ics"',
            "Cache-Control": "private, max-age=900",
        },
    )


def calendar(dates: Dates, words: Words, base: str) -> bytes:
    """The feed's text. `base` is what addresses begin with."""
    found = Calendar()
    found.add("prodid", "-//Vitrine//orders//")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", words("portal.calendar_name", factory=words.house.factory))
    found.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    since = words.house.now() - KEPT
    for page in dates.pages:
        if page.order.open or (page.order.updated_at or since) > since:
            found.add_component(_entry(page, words, base))
    return bytes(found.to_ical())


def _entry(page: Page, words: Words, base: str) -> Event:
    order = page.order
    entry = Event()
    entry.add("uid", f"{order.order_no}@vitrine")
    entry.add("dtstamp", (order.updated_at or words.house.now()).astimezone(UTC))
    entry.add("sequence", len(order.promises) - 1)
    entry.add("dtstart", order.due)
    entry.add("dtend", order.due + timedelta(days=1))
    entry.add("transp", "TRANSPARENT")
    entry.add("status", "CANCELLED" if order.cancelled else "CONFIRMED")
    entry.add("summary", _summary(order, words))
    entry.add("description", _description(order, words, f"{base}{page.path}"))
    entry.add("url", f"{base}{page.path}")
    return entry


def _summary(order: Order, words: Words) -> str:
    key = "portal.calendar_shipped" if order.finished else "portal.calendar_due"
    return words(key, order=order.order_no, product=order.product, pieces=words.pieces(order))


def _description(order: Order, words: Words, url: str) -> str:
    lines = []
    if order.open:
        finish: datetime = forecast(order, words.house.now(), words.house.calendar)
        lines.append(
            words(
                "portal.calendar_expected",
                date=words.day(finish),
                word=words.promise(order, finish),
            )
        )
    return "\n".join([*lines, url])


ROUTES = [web.get("/calendars/{token}.ics", feed)]
