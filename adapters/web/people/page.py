"""Customers for those who may see who they are: contacts behind a button that is written down, and
what may be done with all that is kept of them.
"""

import asyncio
from urllib.parse import quote, urlencode

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.answers import as_json
from adapters.web.bodies import read_small_form
from adapters.web.doors import DOORS, present
from adapters.web.faults import Fault
from adapters.web.people.port import CONTACTS, Client, People
from adapters.web.showing import page
from adapters.web.site import language_of, site_of, wanted_language
from domain.person import Deed

DONE = ("shown", "saved", "pushes-on", "pushes-off", "revoked", "erased")
LOOKS = 300
PIECE = 256 * 1024


def _people(request: web.Request) -> People:
    return present(request.app[DOORS].people)


def _who(request: web.Request) -> str:
    return visitor_of(request).person.id


async def clients(request: web.Request) -> web.StreamResponse:
    """All customers."""
    found = await _people(request).clients()
    return page(
        request, "clients.html", language_of(request), visitor=visitor_of(request), clients=found
    )


async def client(request: web.Request) -> web.StreamResponse:
    """One customer."""
    found, language = await _client(request), language_of(request)
    done = request.query.get("done", "")
    visitor = visitor_of(request)
    orders = [o for o in found.orders if visitor.sees(o)]
    return page(
        request, "client.html", language, visitor=visitor, client=found, orders=orders,
        names=[n for n in CONTACTS if n in found.contacts], every=CONTACTS,
        done=done if done in DONE else "",
        here=f"/customers/{quote(found.person.id, safe='')}",
        erases=visitor.may(Deed.SETTINGS) and not found.erased,
    )  # fmt: skip


async def _client(request: web.Request) -> Client:
    found = await _people(request).client(request.match_info["customer"], _who(request))
    if found is None:
        raise Fault(404, "no-such-customer")
    return found


async def show(request: web.Request) -> web.StreamResponse:
    """The contacts, whole; written down."""
    await _people(request).show(request.match_info["customer"], _who(request))
    raise _back(request, "shown")


async def change(request: web.Request) -> web.StreamResponse:
    """Other contacts. Only who has seen the old ones may overwrite them."""
    found = await _client(request)
    if found.contacts and not found.shown:
        raise Fault(409, "show-first")
    form = await read_small_form(request)
    whole = "whole" in form  # the page's own form; what is empty there is not sent
    given = {name: form.get(name, "") for name in CONTACTS if whole or name in form}
    await _people(request).change(found.person.id, given, _who(request))
    raise _back(request, "saved")


async def pushes(request: web.Request) -> web.StreamResponse:
    """Whether the customer hears of their orders."""
    form = await read_small_form(request)
    on = form.get("on") == "1"
    await _people(request).pushes(request.match_info["customer"], on)
    raise _back(request, "pushes-on" if on else "pushes-off")


async def revoke(request: web.Request) -> web.StreamResponse:
    """Close all pages of the customer."""
    await _people(request).revoke(request.match_info["customer"])
    raise _back(request, "revoked")


async def packed(request: web.Request) -> web.StreamResponse:
    """Everything held about the customer, to keep."""
    found = await _client(request)
    path = await _people(request).packed(found.person.id, _who(request))
    try:
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Length": str(path.stat().st_size),
                "Content-Disposition": f'attachment; filename="customer-{_plain(found)}.zip"',
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(request)
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                await response.write(piece)
        await response.write_eof()
        return response
    finally:
        path.unlink(missing_ok=True)


def _plain(found: Client) -> str:
    return "".join(c for c in found.person.id if c.isascii() and c.isalnum()) or "x"


async def ask_erase(request: web.Request) -> web.StreamResponse:
    """What erasing would do, before it is done."""
    found = await _client(request)
    if found.erased:
        raise _back(request, "erased")
    photos = request.query.get("photos") == "1"
    counts = await _people(request).would_erase(found.person.id, photos=photos)
    return page(
        request, "client-erase.html", language_of(request), visitor=visitor_of(request),
        client=found, counts=[(code, n) for code, n in counts if n], photos=photos,
        wrong=request.query.get("wrong") == "1",
        here=f"/customers/{quote(found.person.id, safe='')}",
    )  # fmt: skip


async def erase(request: web.Request) -> web.StreamResponse:
    """Forget the customer, once their number was typed."""
    form = await read_small_form(request)
    name, photos = request.match_info["customer"], form.get("photos") == "1"
    if form.get("typed", "").strip().casefold() != name.casefold():
        more = {"photos": "1"} if photos else {}
        raise _seen(request, "/erase", wrong="1", **more)
    await _people(request).erase(name, _who(request), photos=photos)
    raise _back(request, "erased")


def _back(request: web.Request, done: str) -> web.HTTPException:
    """To the page again, so that reloading it sends nothing twice."""
    return _seen(request, done=done)


def _seen(request: web.Request, tail: str = "", **query: str) -> web.HTTPException:
    kept = {"lang": language} if (language := wanted_language(request)) else {}
    name = quote(request.match_info["customer"], safe="")
    return web.HTTPSeeOther(f"/customers/{name}{tail}?{urlencode({**kept, **query})}")


async def looks(request: web.Request) -> web.StreamResponse:
    """Who looked at what lately."""
    found = await _people(request).looks(LOOKS)
    return page(
        request, "looks.html", language_of(request), visitor=visitor_of(request), looks=found,
        kinds=site_of(request).house.words(language_of(request), "privacy.look_"),
    )  # fmt: skip


async def contact(request: web.Request) -> web.StreamResponse:
    """How the customer of an order is reached, and what it costs, for programs."""
    number, visitor = request.match_info["order_no"], visitor_of(request)
    order = await site_of(request).house.read(lambda reader: reader.order(number))
    if order is None or not visitor.sees(order):
        raise Fault(404, "no-such-order")
    found = await _people(request).contact(number, visitor.person.id)
    return as_json({"order_no": number, "customer": order.customer, **found})


ROUTES = [
    web.get("/customers", clients),
    web.get("/customers/{customer}", client),
    web.post("/customers/{customer}/show", show),
    web.post("/customers/{customer}/contacts", change),
    web.post("/customers/{customer}/pushes", pushes),
    web.post("/customers/{customer}/revoke", revoke),
    web.post("/customers/{customer}/export", packed),
    web.get("/customers/{customer}/erase", ask_erase),
    web.post("/customers/{customer}/erase", erase),
    web.get("/settings/looks", looks),
    web.get("/api/orders/{order_no}/contact", contact),
]
