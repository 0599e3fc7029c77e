"""Tokened pages: the customer's page with its two forms, and the work ticket."""

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from adapters.web.bodies import read_small_form
from adapters.web.customer import Portal, portal, visible_nodes
from adapters.web.faults import Fault
from adapters.web.ports import Opened
from adapters.web.showing import page
from adapters.web.site import language_of, site_of, wanted_language
from adapters.web.words import Words
from domain.order import Order
from domain.ports import Reader

NOTICES = ("follow", "unfollow", "asked")


async def _opened(request: web.Request, kind: str) -> Opened:
    """What the address opens; wrong, revoked and expired tokens look the same."""
    found = await site_of(request).house.opened(kind, request.match_info["token"])
    if found is None:
        raise Fault(404, "no-such-link")
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    page: Portal
    order: Order
    language: str


async def customer(request: web.Request) -> web.StreamResponse:
    """One order for its customer, in the customer's language unless the address says another."""
    house, found = site_of(request).house, await _opened(request, "p")

    def look(reader: Reader) -> _Seen | None:
        order = reader.order(found.subject)
        if order is None:
            return None
        who = found.reader or order.customer
        person = reader.person(who)
        language = language_of(request, person.language if person else "")
        return _Seen(portal(order, Words(house, language), who), order, language)

    seen = await house.read(look)
    if seen is None:
        raise Fault(404, "no-such-link")
    done = request.query.get("done", "")
    return page(
        request, "customer.html", seen.language, portal=seen.page, order=seen.order,
        done=done if done in NOTICES else "", path=request.path,
        lang=wanted_language(request),
    )  # fmt: skip


async def follow(request: web.Request) -> web.StreamResponse:
    """Hear of a stage, or hear of it no more."""
    house, found = site_of(request).house, await _opened(request, "p")
    form = await read_small_form(request)
    on = form.get("on") != "0"
    order = await house.read(lambda reader: reader.order(found.subject))
    nodes = visible_nodes(order, form.get("stage", "")) if order else ()
    if not nodes:
        raise Fault(422, "no-such-stage")
    for node in nodes:
        await house.follow(found, node, on)
    return _back(request, "follow" if on else "unfollow")


async def ask(request: web.Request) -> web.StreamResponse:
    """A question to the merchandiser."""
    house, found = site_of(request).house, await _opened(request, "p")
    form = await read_small_form(request)
    await house.ask(found, form.get("text", "").strip()[:500])
    return _back(request, "asked")


def _back(request: web.Request, done: str) -> web.StreamResponse:
    """To the page again, so that reloading it sends nothing twice."""
    kept = {k: request.query[k] for k in ("lang", "embed") if k in request.query}
    query = urlencode({**kept, "done": done})
    raise web.HTTPSeeOther(f"/p/{request.match_info['token']}?{query}#notice")


async def _ticket_of(request: web.Request) -> tuple[Order, str]:
    """The order and perhaps the node of a ticket. Codes on paper carry upper case addresses."""
    found = await _opened(request, "t")
    number, _, node = found.subject.partition("\x1f")
    order = await site_of(request).house.read(lambda reader: reader.order(number))
    if order is None:
        raise Fault(404, "no-such-link")
    return order, node


async def ticket(request: web.Request) -> web.StreamResponse:
    """The work ticket: what to make, and how far it is."""
    order, node = await _ticket_of(request)
    return page(
        request, "ticket.html", language_of(request), order=order, node=node,
        path=request.path.rstrip("/"),
    )  # fmt: skip


async def ticket_file(request: web.Request) -> web.StreamResponse:
    """The ticket to print, for whoever holds it."""
    order, node = await _ticket_of(request)
    form = request.match_info["form"]
    body = await site_of(request).house.ticket(order.order_no, form, node)
    if body is None:
        raise Fault(404, "no-such-link")
    media = "application/pdf" if form == "pdf" else "image/png"
    return web.Response(
        body=body,
        headers={
            "Content-Type": media, "Content-Disposition": "inline", "Cache-Control": "no-store",
        },
    )  # fmt: skip


ROUTES = [
    web.get("/p/{token}", customer),
    web.post("/p/{token}/follow", follow),
    web.post("/p/{token}/ask", ask),
    web.get("/t/{token}", ticket),
    web.get("/T/{token}", ticket),
    web.get("/t/{token}/ticket.{form:pdf|png}", ticket_file),
    web.get("/T/{token}/ticket.{form:pdf|png}", ticket_file),
]
