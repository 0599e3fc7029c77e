"""The JSON API over orders, and what stands beside it: health, metrics, pictures, exports."""

import asyncio
from collections import Counter

from aiohttp import web

from adapters.web import metrics
from adapters.web.access.visitor import visitor_of
from adapters.web.answers import as_file, as_json, as_picture, media_of
from adapters.web.doors import DOORS
from adapters.web.faults import Fault
from adapters.web.openapi import document
from adapters.web.orders import event_data, level_of, order_data
from adapters.web.site import site_of
from domain.plan import Level
from domain.ports import Reader

_EXPORTS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


async def healthz(request: web.Request) -> web.Response:
    """Whether all is well; 503 with the failing part if not."""
    health = dict(await site_of(request).house.health())
    return as_json(health, 200 if health.get("status") == "ok" else 503)


async def numbers(request: web.Request) -> web.Response:
    """Prometheus text."""
    site, measured = site_of(request), request.app[DOORS].measured
    house = site.house
    opened = await house.read(lambda reader: tuple(reader.open_orders()))

    def levels() -> dict[str, int]:
        """Beside the books: what it costs grows with the open orders."""
        now = house.now()
        found = Counter(level_of(order, now, house.calendar)[1].value for order in opened)
        return {each.value: found[each.value] for each in Level}

    own = metrics.families(
        site.counts, site.feed.opened, await asyncio.to_thread(levels), house.counts()
    )
    more = await measured.families() if measured is not None else ()
    return web.Response(body=metrics.text([*own, *more]), headers={"Content-Type": metrics.MEDIA})


async def openapi(request: web.Request) -> web.Response:
    """The description of all this."""
    return as_json(document(site_of(request).house.version))


async def orders(request: web.Request) -> web.Response:
    """Orders with their nodes, open ones unless all are asked for; those that the visitor sees."""
    house, visitor = site_of(request).house, visitor_of(request)
    state = request.query.get("state", "open")
    if state not in ("open", "all"):
        raise Fault(422, "order-state")
    every = await house.all_orders() if state == "all" else None
    return as_json(
        await house.read(
            lambda reader: [
                order_data(order, house, reader, private=visitor.private)
                for order in (reader.open_orders() if every is None else every)
                if visitor.sees(order)
            ]
        )
    )


async def order(request: web.Request) -> web.Response:
    """One order."""
    house, number, visitor = site_of(request).house, _number(request), visitor_of(request)

    def look(reader: Reader) -> dict[str, object] | None:
        found = reader.order(number)
        if found is None or not visitor.sees(found):
            return None
        return order_data(found, house, reader, private=visitor.private)

    data = await house.read(look)
    if data is None:
        raise Fault(404, "no-such-order")
    return as_json(data)


async def order_events(request: web.Request) -> web.Response:
    """The audit log of one order."""
    house, visitor = site_of(request).house, visitor_of(request)
    number = await _seen(request)
    rows = await house.event_rows(number)
    return as_json([event_data(r, house.calendar, private=visitor.private) for r in rows])


def _number(request: web.Request) -> str:
    return request.match_info["order_no"]


async def _seen(request: web.Request) -> str:
    """The number of an order that the visitor sees; 404 for any other."""
    number, visitor = _number(request), visitor_of(request)
    order = await site_of(request).house.read(lambda reader: reader.order(number))
    if order is None or not visitor.sees(order):
        raise Fault(404, "no-such-order")
    return number


async def export(request: web.Request) -> web.Response:
    """All orders as a table."""
    form, visitor, people = (
        request.match_info["form"],
        visitor_of(request),
        request.app[DOORS].people,
    )
    if people is None:
        body = await site_of(request).house.export(form)
    else:
        body = await people.table(form, visitor.person.id, private=visitor.private)
    return as_file(body, _EXPORTS[form], f"vitrine-orders.{form}")


async def photo(request: web.Request) -> web.Response:
    """A picture of an order; 404 without the right secret."""
    found = await site_of(request).house.photo(request.match_info["token"])
    if found is None:
        raise Fault(404, "no-such-photo")
    return as_picture(*found)


async def picture(request: web.Request) -> web.Response:
    """A card that was drawn for a chat."""
    found = site_of(request).house.picture(request.match_info["name"])
    if found is None:
        raise Fault(404, "no-such-photo")
    return as_picture(found, media_of(found))


async def ticket(request: web.Request) -> web.Response:
    """The work ticket of an order, to print."""
    number, form = await _seen(request), request.match_info["form"]
    body = await site_of(request).house.ticket(number, form, request.query.get("node", ""))
    if body is None:
        raise Fault(404, "no-such-order")
    media = "application/pdf" if form == "pdf" else "image/png"
    headers = {
        "Content-Type": media, "Content-Disposition": "inline", "Cache-Control": "no-store",
    }  # fmt: skip
    return web.Response(body=body, headers=headers)


ROUTES = [
    web.get("/healthz", healthz),
    web.get("/metrics", numbers),
    web.get("/api/openapi.json", openapi),
    web.get("/api/orders", orders),
    web.get("/api/orders/{order_no}", order),
    web.get("/api/orders/{order_no}/events", order_events),
    web.get("/api/export.{form:xlsx|csv}", export),
    web.get("/photos/{token}", photo),
    web.get("/pictures/{name}", picture),
    web.get("/orders/{order_no}/ticket.{form:pdf|png}", ticket),
]
