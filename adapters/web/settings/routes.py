"""Routes as a form with their TOML beside it: whichever side was changed is what counts, both are
checked, and nothing holds until it is kept as a new version.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.bodies import read_small_pairs
from adapters.web.doors import DOORS, present
from adapters.web.faults import Fault
from adapters.web.settings import route_form, route_text
from adapters.web.settings.page import back, refusal, shown
from adapters.web.settings.rules_port import Rules
from domain.errors import NotFound, Refused
from domain.route import Route
from domain.route_flaws import Flaw, judged, whole

MOST, FIELDS = 512 * 2**10, 6000
NODES = 80
KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
ACT = re.compile(r"(up|down|remove|add):(-1|\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Desk:
    """A route on the bench: as plain data (None while its TOML cannot be read as a route), as TOML
    as it was typed, what is wrong, and the version that was seen (0 for a new one). `both`:
    form and TOML were changed, `doc` is the form's; `said`: why it was not kept; `open`: the node
    to show.
    """

    key: str
    seen: int
    doc: dict[str, Any] | None
    text: str
    flaws: tuple[Flaw, ...] = ()
    both: bool = False
    said: str = ""
    open: int = -1


def rules_of(request: web.Request) -> Rules:
    """The port, or 404 where the house has none."""
    return present(request.app[DOORS].rules)


async def index(request: web.Request) -> web.StreamResponse:
    """All routes, and how a new one begins."""
    return await _index(request)


async def _index(request: web.Request, *, fault: str = "", **typed: str) -> web.StreamResponse:
    rules = rules_of(request)
    return shown(
        request, "settings-routes.html", "routes", 422 if fault else 200,
        cards=await rules.routes(), templates=rules.templates(), fault=fault,
        typed={"like": "", "key": "", "name": ""} | typed,
    )  # fmt: skip


async def begin(request: web.Request) -> web.StreamResponse:
    """The form for a new route, made like another; nothing is kept yet."""
    rules = rules_of(request)
    kind, _, like = request.query.get("from", "").partition(":")
    key, name = request.query.get("key", "").strip(), request.query.get("name", "").strip()[:60]
    cards = {card.route.key: card.route for card in await rules.routes()}
    ours = {route.key: route for route in rules.templates()} if kind == "template" else cards
    typed = {"key": key, "name": name, "like": f"{kind}:{like}"}
    if like not in ours:
        return await _index(request, fault="like", **typed)
    if KEY.fullmatch(key) is None:
        return await _index(request, fault="key", **typed)
    if key in cards:
        return await _index(request, fault="taken", **typed)
    made = replace(ours[like], key=key, name=name or ours[like].name, version=1)
    return await _bench(request, _fresh(made, 0))


async def route(request: web.Request) -> web.StreamResponse:
    """One route."""
    card = await rules_of(request).route(request.match_info["route"])
    return await _bench(request, _fresh(card.route, card.route.version))


def _fresh(found: Route, seen: int) -> Desk:
    doc = route_text.plain(found)
    return Desk(found.key, seen, doc, route_text.written(doc))


async def _bench(request: web.Request, desk: Desk, status: int = 200) -> web.StreamResponse:
    """The form and the TOML as they stand."""
    rules = rules_of(request)
    card = None
    if desk.seen:
        card = await rules.route(desk.key)
    told = request.query.get("told", "")
    two = desk.both and desk.doc is not None
    flaws = {(f.row, f.where): f for f in reversed(desk.flaws)}
    return shown(
        request, "settings-route.html", "routes", status, desk=desk, card=card, flaws=flaws,
        rows=route_form.rows(desk.doc) if desk.doc is not None else [],
        title=route_form.title(desk.doc or {}), stages=_stages(desk.doc),
        photos=route_form.PHOTOS, roles=route_form.ROLES,
        flags=route_form.FLAGS,
        base=route_text.written(desk.doc or {}) if two else desk.text,
        lines={f.row: route_text.node_line(desk.text, f.row) for f in desk.flaws},
        told=told if told in ("kept", "same") and request.method == "GET" else "",
        flawed={f.row for f in desk.flaws if f.row >= 0}, request_checked=request.method == "POST"
        and status == 200 and desk.open < 0,
    )  # fmt: skip


def _stages(doc: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Key and name of the stages that a node may be shown under."""
    given = doc.get("stages", []) if doc is not None else []
    rows = given if isinstance(given, list) else []
    return [(str(s.get("key", "")), str(s.get("name", ""))) for s in rows if isinstance(s, dict)]


async def change(request: web.Request) -> web.StreamResponse:
    """Check, move a node, or keep."""
    rules = rules_of(request)
    pairs = await read_small_pairs(request, MOST, FIELDS)
    form = dict(pairs)
    wanted = request.match_info.get("route", "")
    seen = form.get("seen", "")
    version = int(seen) if wanted and seen.isascii() and seen.isdigit() else 0
    key = wanted or form.get("key", "")
    if wanted:
        await rules.route(wanted)  # 404 for one that is not there
    elif KEY.fullmatch(key) is None:
        raise Fault(422, "missing-field", field="key")
    desk = _typed(key, version, pairs)
    act = ACT.fullmatch(form.get("do", ""))
    if act is not None and desk.doc is not None and not desk.both:
        desk = _moved(desk, act[1], int(act[2]))
        return await _bench(request, desk)
    found, desk = _judge(desk)
    if found is None or form.get("do") != "keep":
        return await _bench(request, desk, 422 if found is None else 200)
    try:
        kept = await rules.keep_route(found, version, visitor_of(request).person)
    except (Refused, NotFound) as error:
        return await _bench(request, replace(desk, said=refusal(request, error)), 422)
    told = "same" if kept.route.version == version else "kept"
    raise back(request, f"/settings/routes/{kept.route.key}", told=told)


def _typed(key: str, seen: int, pairs: list[tuple[str, str]]) -> Desk:
    """What was sent: whichever side was changed, or both."""
    form = dict(pairs)
    text = form.get("toml", "").replace("\r\n", "\n")
    base = form.get("base", "").replace("\r\n", "\n")
    doc, wrong = route_text.read(text)
    before, _ = route_text.read(base)
    if form.get("form") != "1" or before is None or not whole(before):
        return Desk(key, seen, doc if doc and whole(doc) else None, text, (wrong,) if wrong else ())
    filled = route_form.merged(before, pairs)
    side = form.get("side", "")
    by_form, by_text = filled != before, text.strip() != base.strip()
    if (form.get("both") == "1" or (by_form and by_text)) and side not in ("form", "toml"):
        return Desk(key, seen, filled, text, both=True)
    if side == "form" or (by_form and side != "toml"):
        return Desk(key, seen, filled, route_text.written(filled))
    return Desk(key, seen, doc if doc and whole(doc) else None, text, (wrong,) if wrong else ())


def _moved(desk: Desk, act: str, place: int) -> Desk:
    """After adding, moving or removing a node."""
    assert desk.doc is not None
    if act == "add" and len(desk.doc["nodes"]) >= NODES:
        return replace(desk, flaws=(Flaw("too-many", facts={"n": str(NODES)}),))
    doc = route_form.changed(desk.doc, act, place)
    shown_at = {"add": place + 1, "up": max(place - 1, 0), "down": place + 1}.get(act, -1)
    at = min(shown_at, len(doc["nodes"]) - 1)
    return replace(desk, doc=doc, text=route_text.written(doc), open=at)


def _judge(desk: Desk) -> tuple[Route | None, Desk]:
    """The route, if it is one and may be kept under its key; what was typed stays."""
    if desk.both:
        return None, desk
    if desk.flaws:
        return None, desk
    if desk.doc is None:
        doc, wrong = route_text.read(desk.text)
        flaws = (wrong,) if wrong else judged(doc or {})[1]
        return None, replace(desk, flaws=flaws or (Flaw("no-nodes"),))
    if len(desk.doc["nodes"]) > NODES:
        return None, replace(desk, flaws=(Flaw("too-many", facts={"n": str(NODES)}),))
    found, flaws = judged(desk.doc)
    if found is not None and found.key != desk.key:
        found, flaws = None, (Flaw("other-key", -1, "key", {"own": desk.key}),)
    return found, replace(desk, flaws=flaws)


ROUTES = [
    web.get("/settings/routes", index),
    web.get("/settings/new-route", begin),
    web.post("/settings/new-route", change),
    web.get("/settings/routes/{route}", route),
    web.post("/settings/routes/{route}", change),
]
