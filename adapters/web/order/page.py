"""One order for staff, and the list of all; following an order and labelling it."""

from dataclasses import replace
from urllib.parse import quote, urlencode

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.bodies import read_small_form
from adapters.web.doors import DOORS, present
from adapters.web.faults import Fault, fault_of, sentence
from adapters.web.order.listing import ENDED, STATES, Listing, Wanted, listing
from adapters.web.order.port import Record, recorded
from adapters.web.order.view import facts
from adapters.web.showing import page
from adapters.web.site import language_of, site_of
from adapters.web.words import Words
from domain.errors import DomainError
from domain.labels import LONGEST, MOST
from domain.person import SYSTEM
from domain.ports import Reader

SEARCHED = 40
"""Signs of a search that are looked at."""


async def orders(request: web.Request) -> web.StreamResponse:
    """The list."""
    site, visitor, language = site_of(request), visitor_of(request), language_of(request)
    wanted = _wanted(request)
    ended = []
    if wanted.state == "ended":
        ended = list(await present(request.app[DOORS].records).ended(wanted.text, ENDED))

    def look(reader: Reader) -> Listing:
        return listing(reader, ended, wanted, Words(site.house, language), visitor)

    found = await site.house.read(look)
    return page(request, "orders.html", language, visitor=visitor, listing=found)


def _wanted(request: web.Request) -> Wanted:
    state = request.query.get("state", "open")
    return Wanted(
        request.query.get("q", "").strip()[:SEARCHED],
        state if state in STATES else "open",
        request.query.get("label", "").strip()[:LONGEST],
    )


async def order(request: web.Request) -> web.StreamResponse:
    """One order."""
    return await _shown(request, await _record(request))


async def _record(request: web.Request) -> Record:
    """The order of an address; one that the visitor does not see is not there."""
    number, records = request.match_info["order_no"], request.app[DOORS].records
    found = await site_of(request).house.read(lambda reader: recorded(reader, number))
    if found is None or not visitor_of(request).sees(found.order):
        raise Fault(404, "no-such-order")
    if records is not None:
        found = replace(found, alerts=tuple(await records.alerts(number)))
    return found


async def _shown(
    request: web.Request, record: Record, refusal: str = "", status: int = 200
) -> web.StreamResponse:
    site, visitor, language = site_of(request), visitor_of(request), language_of(request)
    number = record.order.order_no
    found = facts(record, Words(site.house, language), visitor)
    links = {
        "ticket": await site.house.link("t", number),
        "pdf": f"/orders/{quote(number, safe='')}/ticket.pdf",
        "png": f"/orders/{quote(number, safe='')}/ticket.png",
        "here": f"/orders/{quote(number, safe='')}",
        "customer": "",
    }
    if found.customer_id:
        links["customer"] = await site.house.link("p", number, found.customer_id)
    return page(
        request, "order.html", language, status, visitor=visitor, order=found, links=links,
        subject=record.order, refusal=refusal, longest=LONGEST, full=len(found.labels) >= MOST,
    )  # fmt: skip


async def follow(request: web.Request) -> web.StreamResponse:
    """Hear of an order, or hear of it no more."""
    record, visitor = await _record(request), visitor_of(request)
    if visitor.person.id == SYSTEM.id:
        raise Fault(403, "not-yours")
    form = await read_small_form(request)
    on = form.get("on") != "0"
    if record.order.follows(visitor.person.id, "") is not on:
        await present(request.app[DOORS].records).follow(record.order.order_no, visitor.person, on)
    return _back(request, "follow")


async def label(request: web.Request) -> web.StreamResponse:
    """Put a label on, or take it off; a label that can't be is answered with the page and why."""
    record, visitor = await _record(request), visitor_of(request)
    form = await read_small_form(request)
    records = present(request.app[DOORS].records)
    try:
        await records.label(
            record.order.order_no, visitor.person, form.get("label", ""), form.get("on") != "0"
        )
    except DomainError as error:
        fault = fault_of(error)
        told = sentence(site_of(request), language_of(request), fault)
        return await _shown(request, record, told, fault.status)
    return _back(request, "labels")


def _back(request: web.Request, place: str) -> web.StreamResponse:
    """To the page again, so that reloading it sends nothing twice."""
    kept = {k: request.query[k] for k in ("lang",) if k in request.query}
    number = quote(request.match_info["order_no"], safe="")
    query = f"?{urlencode(kept)}" if kept else ""
    raise web.HTTPSeeOther(f"/orders/{number}{query}#{place}")


ROUTES = [
    web.get("/orders", orders),
    web.get("/orders/{order_no}", order),
    web.post("/orders/{order_no}/follow", follow),
    web.post("/orders/{order_no}/labels", label),
]
