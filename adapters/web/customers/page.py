"""The customer's page: one order in the customer's words, what they can do there, and what of it
they may pass on.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from adapters.web.access.guard import GUARD
from adapters.web.answers import as_json, as_picture
from adapters.web.bodies import read_small_form
from adapters.web.customer import Portal, portal, visible_nodes
from adapters.web.customers.port import GUEST, Customers
from adapters.web.customers.shelf import Line, line
from adapters.web.doors import DOORS
from adapters.web.faults import Fault
from adapters.web.ports import Opened
from adapters.web.rendering import static
from adapters.web.showing import page
from adapters.web.site import language_of, site_of, wanted_language
from adapters.web.words import Words
from domain.order import Order
from domain.ports import Reader

NOTICES = ("follow", "unfollow", "asked", "rated", "said", "unshared")
SCORES = (5, 3, 1)


async def opened(request: web.Request) -> Opened:
    """What the address opens; wrong, revoked and expired tokens look the same. One whose order has
    long been over says so.
    """
    house = site_of(request).house
    found = await house.opened("p", request.match_info["token"])
    if found is None:
        raise Fault(404, "no-such-link")
    customers = _customers(request)
    ended = await customers.ended(found) if customers is not None else None
    if ended is not None and ended < house.now():
        raise Fault(410, "link-over")
    return found


async def _own(request: web.Request) -> Opened:
    """The same, for what only the customer may do."""
    found = await opened(request)
    if found.reader == GUEST:
        raise Fault(403, "link-of-guest")
    return found


def _customers(request: web.Request) -> Customers | None:
    return request.app[DOORS].customers


@dataclass(frozen=True, slots=True)
class _Seen:
    page: Portal
    order: Order
    language: str
    words: Words


async def show(request: web.Request) -> web.StreamResponse:
    """One order for its customer, in the customer's language unless the address says another."""
    house, found = site_of(request).house, await opened(request)

    def look(reader: Reader) -> _Seen | None:
        order = reader.order(found.subject)
        if order is None:
            return None
        guest = found.reader == GUEST
        who = "" if guest else found.reader or order.customer
        person = reader.person(who or order.customer)
        language = language_of(request, person.language if person else "")
        words = Words(house, language)
        return _Seen(portal(order, words, who), order, language, words)

    seen = await house.read(look)
    if seen is None:
        raise Fault(404, "no-such-link")
    done = request.query.get("done", "")
    return page(
        request, "customer.html", seen.language, portal=seen.page, order=seen.order,
        done=done if done in NOTICES else "", path=request.path, lang=wanted_language(request),
        guest=found.reader == GUEST, more=await _more(request, found, seen),
        picture=f"{_base(request)}{request.path}/card.png?lang={seen.language}",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class More:
    """What stands below the order for the customer: their other orders, the calendar, what was
    passed on, and whether to ask how content they are.
    """

    others: tuple[Line, ...] = ()
    calendar: str = ""
    shared: bool = False
    rates: bool = False


async def _more(request: web.Request, found: Opened, seen: _Seen) -> More:
    customers = _customers(request)
    if customers is None or found.reader == GUEST:
        return More()
    others = await customers.others(found)
    return More(
        tuple(line(each, seen.words) for each in others),
        await customers.calendar(found),
        await customers.shared(found),
        seen.order.finished and not seen.order.score,
    )


async def follow(request: web.Request) -> web.StreamResponse:
    """Hear of a stage, or hear of it no more."""
    house, found = site_of(request).house, await _own(request)
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
    house, found = site_of(request).house, await _own(request)
    form = await read_small_form(request)
    request.app[GUARD].asked(f"{found.subject}\x1f{found.reader}")
    await house.ask(found, form.get("text", "").strip()[:500])
    return _back(request, "asked")


async def rate(request: web.Request) -> web.StreamResponse:
    """How content the customer is with a finished order: a score, then words if they like."""
    found, customers = await _own(request), _customers(request)
    form = await read_small_form(request)
    score, text = form.get("score", "") or "0", form.get("text", "").strip()[:500]
    if customers is None or score not in {"0", *map(str, SCORES)} or not (text or score != "0"):
        raise Fault(422, "unprocessable")
    await customers.rate(found, int(score), text)
    return _back(request, "rated" if score != "0" else "said")


async def share(request: web.Request) -> web.StreamResponse:
    """A link for somebody else, shown to be copied."""
    found, customers = await _own(request), _customers(request)
    if customers is None:
        raise Fault(404, "no-such-link")
    await read_small_form(request)
    path, until = await customers.share(found)
    house = site_of(request).house
    person = await house.read(lambda reader: reader.person(found.reader))
    language = language_of(request, person.language if person else "")
    return page(
        request, "shared.html", language, link=f"{_base(request)}{path}", back=_address(request),
        until=Words(house, language).day(until),
    )  # fmt: skip


async def unshare(request: web.Request) -> web.StreamResponse:
    """What was passed on opens nothing any more."""
    found, customers = await _own(request), _customers(request)
    await read_small_form(request)
    if customers is not None:
        await customers.unshare(found)
    return _back(request, "unshared")


async def card(request: web.Request) -> web.StreamResponse:
    """What a link shows of itself in a chat: the progress card, without names."""
    found, customers = await opened(request), _customers(request)
    body = await customers.card(found, language_of(request)) if customers else None
    if body is None:
        raise Fault(404, "no-such-photo")
    answer = as_picture(body, "image/png")
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


async def manifest(request: web.Request) -> web.StreamResponse:
    """What a phone needs to keep the page on its home screen."""
    found, house = await opened(request), site_of(request).house
    order = await house.read(lambda reader: reader.order(found.subject))
    language = language_of(request)
    name = f"{order.product} · {house.factory}" if order else house.factory
    data = {
        "name": name, "short_name": order.product[:12] if order else house.factory[:12],
        "start_url": _address(request), "scope": _address(request), "display": "minimal-ui",
        "lang": language, "background_color": "#FAF9F7", "theme_color": "#FAF9F7",
        "icons": [
            {"src": static(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png",
             "purpose": "any maskable"}
            for size in (192, 512)
        ],
    }  # fmt: skip
    answer = as_json(data)
    answer.headers["Content-Type"] = "application/manifest+json; charset=utf-8"
    return answer


def _base(request: web.Request) -> str:
    return site_of(request).public or f"{request.scheme}://{request.host}"


def _address(request: web.Request) -> str:
    """The page's own address, of whichever act below it was asked."""
    return f"/p/{request.match_info['token']}"


def _back(request: web.Request, done: str) -> web.StreamResponse:
    """To the page again, so that reloading it sends nothing twice."""
    kept = {k: request.query[k] for k in ("lang", "embed") if k in request.query}
    query = urlencode({**kept, "done": done})
    raise web.HTTPSeeOther(f"{_address(request)}?{query}#notice")


ROUTES = [
    web.get("/p/{token}", show),
    web.post("/p/{token}/follow", follow),
    web.post("/p/{token}/ask", ask),
    web.post("/p/{token}/rate", rate),
    web.post("/p/{token}/share", share),
    web.post("/p/{token}/unshare", unshare),
    web.get("/p/{token}/card.png", card),
    web.get("/p/{token}/app.webmanifest", manifest),
]
