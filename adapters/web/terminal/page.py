"""The shop floor's terminal: whoever scans a work ticket sees the order and, with a session or a
PIN, reports with one press. Works without scripts; with them, without a network for a while.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web

from adapters.web.access.guard import GUARD
from adapters.web.answers import as_json
from adapters.web.bodies import Form, read_posted, read_small_form
from adapters.web.doors import DOORS
from adapters.web.faults import Fault, sentence
from adapters.web.rendering import STATIC, static
from adapters.web.showing import page
from adapters.web.site import language_of, site_of
from adapters.web.terminal.port import ACTS, Became, Pressed, Terminal
from adapters.web.terminal.view import sheet
from adapters.web.words import Words
from domain.errors import DomainError
from domain.order import Order
from domain.person import Person

BADGE = "vitrine-badge"
REASONS = ("material", "equipment", "quality", "labour", "power", "other")
DONE = ("kept", "repeated", "undone", "in", "out")
LATEST = timedelta(days=8)
SHOTS = 9


@dataclass(frozen=True, slots=True)
class Held:
    """The ticket in somebody's hand."""

    order: Order
    node: str
    person: Person | None
    badge: str


async def order_of(request: web.Request) -> tuple[Order, str]:
    """The order and perhaps the node of a ticket. Codes on paper carry upper case addresses."""
    house = site_of(request).house
    found = await house.opened("t", request.match_info["token"])
    if found is None:
        raise Fault(404, "no-such-link")
    number, _, node = found.subject.partition("\x1f")
    order = await house.read(lambda reader: reader.order(number))
    if order is None:
        raise Fault(404, "no-such-link")
    return order, node


def _terminal(request: web.Request) -> Terminal | None:
    return request.app[DOORS].terminal


async def _person(request: web.Request, badge: str, ago: timedelta = timedelta()) -> Person | None:
    """Who holds the phone: by badge, else by their own session. The sandbox's visitor is nobody in
    particular.
    """
    terminal = _terminal(request)
    if badge and terminal is not None:
        found = await terminal.wearer(badge, ago)
        if found is not None:
            return found
    visitor = await request.app[GUARD].visitor(request)
    return visitor.person if visitor is not None and visitor.how == "session" else None


async def show(request: web.Request) -> web.StreamResponse:
    """The ticket: what to make, how far it is, and the three buttons."""
    order, node = await order_of(request)
    badge = request.cookies.get(BADGE, "")
    person = await _person(request, badge)
    language = language_of(request, person.language if person else "")
    words = Words(site_of(request).house, language)
    terminal = _terminal(request)
    open_still = terminal is not None and order.open
    workers = await terminal.workers(order.order_no) if terminal and open_still else ()
    found = sheet(order, request.query.get("node", "") or node, person, workers, words)
    done = request.query.get("done", "")
    told = request.query.get("told", "")
    return page(
        request, "terminal.html", language, sheet=found, person=person, badge=badge,
        path=f"/t/{request.match_info['token']}", reasons=REASONS, made=time.time_ns() // 10**6,
        done=done if done in DONE else "",
        fault=_fault(request, told, order, language) if told else "", told=told,
        press=request.query.get("press", "")[:64],
        words_of_script=site_of(request).house.words(language, "terminal."),
    )  # fmt: skip


def _fault(request: web.Request, code: str, order: Order, language: str) -> str:
    given = {k: request.query.get(k, "") for k in ("total", "quantity", "minutes", "before")}
    facts = {k: v for k, v in given.items() if v.isascii() and v.isdigit() and len(v) < 10}
    fault = Fault(
        422, code[:40], order=order.order_no, node=_name(request, order, language), **facts
    )
    return sentence(site_of(request), language, fault)


def _name(request: web.Request, order: Order, language: str) -> str:
    key = request.query.get("node", "")
    return order.route.node(key).called(language) if key in order.nodes else ""


async def enter(request: web.Request) -> web.StreamResponse:
    """A PIN for a badge."""
    await order_of(request)
    form, terminal = await read_small_form(request), _terminal(request)
    if terminal is None:
        raise Fault(404, "no-such-link")
    secret, code = None, "pin-wrong"
    facts: dict[str, object] = {}
    try:
        guard = request.app[GUARD]
        secret = await terminal.badge(
            form.get("person", "")[:40], form.get("pin", "")[:16], guard.client(request)
        )
    except DomainError as error:
        code, facts = error.code, dict(error.facts)
    if secret is None:
        raise _to(request, told=code, **{k: str(v) for k, v in facts.items()})
    response = _to(request, done="in")
    response.set_cookie(
        BADGE, secret, max_age=12 * 3600, path="/", httponly=True, samesite="Lax",
        secure=request.app[GUARD].public.startswith("https://"),
    )  # fmt: skip
    raise response


async def leave(request: web.Request) -> web.StreamResponse:
    """Give the phone to somebody else. The badge itself lives on until it runs out: what was
    pressed with it may still wait for a network.
    """
    await order_of(request)
    await read_small_form(request)
    response = _to(request, done="out")
    response.del_cookie(BADGE, path="/", samesite="Lax")
    raise response


async def press(request: web.Request) -> web.StreamResponse:
    """Report. Scripts get JSON, forms their page again."""
    order, _ = await order_of(request)
    badge = request.headers.get("X-Badge", "") or request.cookies.get(BADGE, "")
    if await _person(request, badge, LATEST) is None:
        raise Fault(401, "badge-over")  # before a body of many megabytes is read
    form = await read_posted(request)
    said = _pressed(form)
    person, terminal = await _person(request, badge, said.ago), _terminal(request)
    if terminal is None:
        raise Fault(404, "no-such-link")
    who = form.text("who", longest=60)
    if person is None or who not in ("", person.id):
        return _answer(request, order, said, Became("refused", "badge-over"), 401)
    became = await terminal.press(order.order_no, person, said)
    return _answer(request, order, said, became, 200)


async def undo(request: web.Request) -> web.StreamResponse:
    """Take one's own press back."""
    order, _ = await order_of(request)
    form = await read_posted(request)
    badge = request.headers.get("X-Badge", "") or request.cookies.get(BADGE, "")
    person, terminal = await _person(request, badge), _terminal(request)
    name = form.text("press", required=True, longest=64)
    if terminal is None:
        raise Fault(404, "no-such-link")
    said = Pressed(name, "undo", form.text("node", longest=60))
    if person is None:
        return _answer(request, order, said, Became("refused", "badge-over"), 401)
    try:
        became = await terminal.undo(order.order_no, person, name)
    except DomainError as error:
        became = Became("refused", error.code, dict(error.facts))
    return _answer(request, order, said, became, 200)


def _pressed(form: Form) -> Pressed:
    act, node = form.text("act", required=True), form.text("node", required=True)
    name = form.text("press", required=True, longest=64)
    if act not in ACTS:
        raise Fault(422, "wrong-field", field="act")
    reason = form.text("reason", longest=20)
    files = form.files[:SHOTS]
    return Pressed(
        name,
        act,
        node,
        min(timedelta(seconds=_number(form, "ago") or 0), LATEST),
        _number(form, "quantity"),
        _number(form, "scrap"),
        reason if reason in REASONS else "",
        form.text("text", longest=300),
        form.text("anyway") == "1",
        tuple(f for f in files if f[1]),
    )


def _number(form: Form, name: str) -> int | None:
    given = form.text(name, longest=20).strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise Fault(422, "wrong-field", field=name)
    return int(given)


def _answer(
    request: web.Request, order: Order, said: Pressed, became: Became, status: int
) -> web.StreamResponse:
    """What became of it: data for a script, a way back for a form."""
    if "application/json" in request.headers.get("Accept", ""):
        language = language_of(request)
        data: dict[str, object] = {"state": became.state, "press": said.id, "code": became.code}
        if became.code:
            name = order.route.node(said.node).called(language) if said.node in order.nodes else ""
            facts = {"order": order.order_no, "node": name} | {
                k: v for k, v in became.facts.items() if k not in ("order", "node")
            }
            data["message"] = sentence(site_of(request), language, Fault(422, became.code, **facts))
        if became.faults:
            fault = Fault(415, became.faults[0])
            data["photo"] = sentence(site_of(request), language, fault)
        return as_json(data, status)
    if became.code:
        known = ("total", "quantity", "before")
        facts_text = {k: str(became.facts[k]) for k in known if k in became.facts}
        raise _to(request, told=became.code, node=said.node, **facts_text)
    raise _to(request, done=became.state, press=said.id, node=said.node)


def _to(request: web.Request, **query: str) -> web.HTTPSeeOther:
    kept = {k: request.query[k] for k in ("lang",) if k in request.query}
    return web.HTTPSeeOther(f"/t/{request.match_info['token']}?{urlencode(kept | query)}#notice")


async def file(request: web.Request) -> web.StreamResponse:
    """The ticket to print, for whoever holds it."""
    order, node = await order_of(request)
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


async def worker(_: web.Request) -> web.StreamResponse:
    """The script that opens tickets without a network; it may look after all tickets."""
    text = (STATIC / "ticket-worker.js").read_text(encoding="utf-8")
    kept = [static(f"{name}") for name in ("tokens.css", "base.css", "terminal.css", "terminal.js")]
    head = f"const KEPT = {kept!r};\n".replace("'", '"')
    return web.Response(
        text=head + text,
        headers={
            "Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache",
            "Service-Worker-Allowed": "/",
            "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
        },
    )  # fmt: skip


ROUTES = [
    web.get("/t/{token}", show),
    web.get("/T/{token}", show),
    web.post("/t/{token}/pin", enter),
    web.post("/t/{token}/leave", leave),
    web.post("/t/{token}/press", press),
    web.post("/t/{token}/undo", undo),
    web.get("/t/{token}/ticket.{form:pdf|png}", file),
    web.get("/T/{token}/ticket.{form:pdf|png}", file),
    web.get("/ticket-worker.js", worker),
]
