"""The factory's page of its suppliers: what is at risk, what is to be checked, how well each keeps
its word, and the form that asks for materials.
"""

import asyncio

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.answers import as_picture
from adapters.web.bodies import read_small_form
from adapters.web.faults import Fault
from adapters.web.showing import page
from adapters.web.site import language_of, site_of
from adapters.web.supplier.factory import board
from adapters.web.supplier.forms import back, day_of, notice_of, refused
from adapters.web.supplier.page import supplies_of
from adapters.web.supplier.view import REASONS
from adapters.web.words import Words
from domain.errors import DomainError, Refused
from domain.need_commands import (
    CancelNeed,
    CheckNeed,
    ConfirmNeed,
    DeliverNeed,
    PlaceNeed,
    PromiseNeed,
)
from domain.person import Deed
from domain.supply import Steps, steps_from

HOME = "/suppliers"


async def show(request: web.Request) -> web.StreamResponse:
    """The page."""
    supplies, house = supplies_of(request), site_of(request).house
    language = language_of(request)
    words = Words(house, language)
    sheets, choices = await supplies.sheets(), await supplies.choices()
    steps = await supplies.steps()
    links = {s.person.id: await house.link("s", s.person.id, s.person.id) for s in sheets}
    found = await asyncio.to_thread(board, sheets, choices, steps, links, words)
    notice, fault = notice_of(request, words)
    visitor = visitor_of(request)
    return page(
        request, "suppliers.html", language, board=found, steps=steps, notice=notice, fault=fault,
        visitor=visitor, lang=language, reasons=REASONS, public=site_of(request).public,
        may_set=visitor.may(Deed.SETTINGS),
    )  # fmt: skip


async def place(request: web.Request) -> web.StreamResponse:
    """Ask a supplier for something."""
    form = await read_small_form(request)
    supplies = supplies_of(request)
    try:
        no = form.get("order", "")
        choice = next((c for c in await supplies.choices() if c.order_no == no), None)
        if choice is None:
            raise Refused("no-such-order")
        keys = [n.key for n in choice.nodes]
        node = form.get("node", "") or next(iter(keys), "")
        if node not in keys:
            raise Refused("no-such-node-open")
        command = PlaceNeed(
            no,
            node,
            form.get("item", ""),
            form.get("amount", ""),
            form.get("unit", ""),
            form.get("supplier", ""),
            day_of(form.get("day", "")),
            form.get("note", ""),
        )
        await supplies.act(visitor_of(request).person, command)
    except DomainError as error:
        refused(request, HOME, error)
    back(request, HOME, done="place")


async def answer(request: web.Request) -> web.StreamResponse:
    """On a supplier's behalf: what it said on the telephone. `do` is `confirm`, `promise` or
    `deliver`.
    """
    form = await read_small_form(request)
    no, need, reason = form.get("order", ""), form.get("need", ""), form.get("reason", "")
    try:
        by, act = visitor_of(request).person, supplies_of(request).act
        match form.get("do", ""):
            case "confirm":
                await act(by, ConfirmNeed(no, need))
            case "promise":
                known = reason if reason in REASONS else ""
                day = day_of(form.get("day", ""))
                await act(by, PromiseNeed(no, need, day, known, form.get("text", "")[:200]))
            case "deliver":
                await act(by, DeliverNeed(no, need, form.get("amount", "")[:20]))
            case _:
                raise Fault(422, "wrong-field")
    except DomainError as error:
        refused(request, HOME, error)
    back(request, HOME, done=form["do"])


async def check(request: web.Request) -> web.StreamResponse:
    """What came is good, but for what goes back."""
    form = await read_small_form(request)
    command = CheckNeed(
        form.get("order", ""),
        form.get("need", ""),
        form.get("returned", "").strip()[:20] or "0",
        form.get("text", ""),
    )
    try:
        await supplies_of(request).act(visitor_of(request).person, command)
    except DomainError as error:
        refused(request, HOME, error)
    back(request, HOME, done="check")


async def cancel(request: web.Request) -> web.StreamResponse:
    """It is not needed any more."""
    form = await read_small_form(request)
    command = CancelNeed(form.get("order", ""), form.get("need", ""), form.get("text", ""))
    try:
        await supplies_of(request).act(visitor_of(request).person, command)
    except DomainError as error:
        refused(request, HOME, error)
    back(request, HOME, done="cancel")


async def reward(request: web.Request) -> web.StreamResponse:
    """What suppliers see ahead, and for what."""
    form = await read_small_form(request)
    n = [form.get(f"days{place}", "") for place in range(3)]
    p = [form.get(f"share{place}", "") for place in range(1, 3)]
    text = f"{n[0]}, {n[1]}@{p[0]}, {n[2]}@{p[1]}; {form.get('cases', '')}"
    steps = steps_from(text)
    if steps == Steps() and text != "7, 14@85, 28@95; 5":
        refused(request, HOME, Refused("wrong-steps"))
    await supplies_of(request).set_steps(steps)
    back(request, HOME, done="reward")


async def picture(request: web.Request) -> web.StreamResponse:
    """A picture of a delivery."""
    match = request.match_info
    found = await supplies_of(request).picture(
        match["order_no"], match["need"], int(match["place"])
    )
    if found is None:
        raise Fault(404, "no-such-photo")
    return as_picture(found[1], "image/jpeg")


ROUTES = [
    web.get("/suppliers", show),
    web.post("/suppliers/place", place),
    web.post("/suppliers/answer", answer),
    web.post("/suppliers/check", check),
    web.post("/suppliers/cancel", cancel),
    web.post("/suppliers/reward", reward),
    web.get("/suppliers/photos/{order_no}/{need}/{place:[0-9][0-9]?}", picture),
]
