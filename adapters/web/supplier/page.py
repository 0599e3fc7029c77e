"""The supplier's own page behind its link, and what it can do there. A token that is wrong, revoked
or of another kind opens nothing.
"""

import asyncio

from aiohttp import web

from adapters.web.access.guard import GUARD
from adapters.web.answers import as_picture
from adapters.web.bodies import read_form, read_small_form
from adapters.web.doors import DOORS, present
from adapters.web.faults import Fault
from adapters.web.showing import page
from adapters.web.site import language_of, site_of
from adapters.web.supplier.forms import back, day_of, notice_of, refused
from adapters.web.supplier.port import Sheet, Supplies
from adapters.web.supplier.view import REASONS, portal
from adapters.web.words import Words
from domain.errors import DomainError
from domain.need_commands import ConfirmNeed, DeliverNeed, PromiseNeed
from domain.needs_decide import SHOTS


def supplies_of(request: web.Request) -> Supplies:
    """The port, or 404 where the house has none."""
    return present(request.app[DOORS].supplies)


async def _sheet(request: web.Request) -> Sheet:
    """Whose page the address opens."""
    supplies = supplies_of(request)
    found = await site_of(request).house.opened("s", request.match_info["token"])
    sheet = None
    if found is not None and found.subject == found.reader:
        sheet = await supplies.sheet(found.subject)
    if sheet is None:
        raise Fault(404, "no-such-link")
    return sheet


def _path(request: web.Request) -> str:
    return f"/s/{request.match_info['token']}"


async def show(request: web.Request) -> web.StreamResponse:
    """The page, in the supplier's language unless the address says another."""
    house, sheet = site_of(request).house, await _sheet(request)
    steps = await supplies_of(request).steps()
    language = language_of(request, sheet.person.language)
    words = Words(house, language)
    found = await asyncio.to_thread(portal, sheet, steps, words, _path(request))
    notice, fault = notice_of(request, words)
    return page(
        request, "supplier.html", language, portal=found, path=_path(request), notice=notice,
        fault=fault, lang=language, reasons=REASONS, most=SHOTS,
    )  # fmt: skip


async def confirm(request: web.Request) -> web.StreamResponse:
    """It will come in time."""
    sheet, form = await _sheet(request), await read_small_form(request)
    no, need = form.get("order", ""), form.get("need", "")
    try:
        await supplies_of(request).act(sheet.person, ConfirmNeed(no, need))
    except DomainError as error:
        refused(request, _path(request), error)
    back(request, _path(request), done="confirm")


async def promise(request: web.Request) -> web.StreamResponse:
    """It will come on another day, for a reason."""
    sheet, form = await _sheet(request), await read_small_form(request)
    reason = form.get("reason", "")
    try:
        command = PromiseNeed(
            form.get("order", ""),
            form.get("need", ""),
            day_of(form.get("day", "")),
            reason if reason in REASONS else "",
            form.get("text", "")[:200],
        )
        await supplies_of(request).act(sheet.person, command)
    except DomainError as error:
        refused(request, _path(request), error)
    back(request, _path(request), done="promise")


async def deliver(request: web.Request) -> web.StreamResponse:
    """So much has come, perhaps with pictures."""
    sheet, form = await _sheet(request), await read_form(request)
    no, need = form.text("order"), form.text("need")
    if not any((d.order_no, d.need.id) == (no, need) for d in sheet.due):
        raise Fault(404, "no-such-need")
    shots = [(name, raw) for name, raw in form.files if raw][:SHOTS]
    try:
        photos = await supplies_of(request).keep(shots)
        command = DeliverNeed(no, need, form.text("amount", longest=20), photos)
        await supplies_of(request).act(sheet.person, command)
    except DomainError as error:
        refused(request, _path(request), error)
    back(request, _path(request), done="deliver")


async def ask(request: web.Request) -> web.StreamResponse:
    """A question to those who lead."""
    sheet, form = await _sheet(request), await read_small_form(request)
    request.app[GUARD].asked(sheet.person.id)
    about = form.get("order", "")
    own = about if any(d.order_no == about for d in sheet.due) else ""
    await supplies_of(request).ask(sheet.person, form.get("text", "").strip()[:500], own)
    back(request, _path(request), done="ask")


async def picture(request: web.Request) -> web.StreamResponse:
    """A picture of one of its own deliveries."""
    sheet, match = await _sheet(request), request.match_info
    found = await supplies_of(request).picture(
        match["order_no"], match["need"], int(match["place"])
    )
    if found is None or found[0].need.supplier != sheet.person.id:
        raise Fault(404, "no-such-photo")
    return as_picture(found[1], "image/jpeg")


ROUTES = [
    web.get("/s/{token}", show),
    web.post("/s/{token}/confirm", confirm),
    web.post("/s/{token}/promise", promise),
    web.post("/s/{token}/deliver", deliver),
    web.post("/s/{token}/ask", ask),
    web.get("/s/{token}/photos/{order_no}/{need}/{place:[0-9][0-9]?}", picture),
]
