"""Settings where a page is better than the chat: who works here, and who and what may come in."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.bodies import read_small_pairs
from adapters.web.doors import DOORS, present
from adapters.web.faults import Fault, sentence
from adapters.web.settings.port import Card, Draft, Office
from adapters.web.showing import page
from adapters.web.site import LANGUAGES, language_of, site_of
from adapters.web.words import Words
from domain.errors import DomainError
from domain.person import Person, Role

ROLES = (Role.OPERATOR, Role.MANAGER, Role.ADMIN, Role.SUPPLIER)
DONE = ("saved", "left", "pin-cleared", "ended")
LOG = 50


def office_of(request: web.Request) -> Office:
    """The port, or 404 where the house has none."""
    return present(request.app[DOORS].office)


def shown(
    request: web.Request, template: str, here: str, status: int = 200, **facts: Any
) -> web.Response:
    """A page of the settings, with what all of them carry."""
    language = language_of(request, visitor_of(request).person.language)
    done = request.query.get("done", "")
    return page(
        request, template, language, status, visitor=visitor_of(request), here=here,
        done=done if done in DONE else "", path=request.path,
        moment=Words(site_of(request).house, language).date, **facts,
    )  # fmt: skip


def refusal(request: web.Request, error: DomainError) -> str:
    """A refusal in words, for beside the form."""
    language = language_of(request, visitor_of(request).person.language)
    return sentence(site_of(request), language, Fault(422, error.code, **error.facts))


def back(request: web.Request, address: str, **query: str) -> web.HTTPSeeOther:
    """To a page again, so that reloading sends nothing twice."""
    kept = {k: request.query[k] for k in ("lang",) if k in request.query}
    return web.HTTPSeeOther(f"{address}?{urlencode(kept | query)}")


async def index(request: web.Request) -> web.StreamResponse:
    """What can be set, with a line each on how it stands."""
    return shown(request, "settings.html", "", counts=await office_of(request).counts())


async def people(request: web.Request) -> web.StreamResponse:
    """Everybody of the factory."""
    office = office_of(request)
    names = {key: name for key, name, _ in await office.nodes()}
    return shown(
        request, "settings-people.html", "people", cards=await office.people(), names=names
    )


async def new_person(request: web.Request) -> web.StreamResponse:
    """The form for somebody new."""
    draft = Draft("", "", Role.OPERATOR, "", (), site_of(request).house.language)
    return await _form(request, draft)


async def person(request: web.Request) -> web.StreamResponse:
    """Somebody's form."""
    card = await _card(request)
    return await _form(request, _draft_of(card.person), card=card)


async def _card(request: web.Request) -> Card:
    wanted = request.match_info["person"]
    found = next((c for c in await office_of(request).people() if c.person.id == wanted), None)
    if found is None:
        raise Fault(404, "no-such-person")
    return found


def _draft_of(found: Person) -> Draft:
    return Draft(found.id, found.name, found.role, found.title, found.nodes, found.language)


async def _form(
    request: web.Request, draft: Draft, *, card: Card | None = None, fault: str = ""
) -> web.StreamResponse:
    office = office_of(request)
    ways = await office.ways(draft.id) if draft.id else ()
    return shown(
        request, "settings-person.html", "people", 422 if fault else 200, draft=draft, card=card,
        roles=ROLES, languages_known=LANGUAGES, nodes=await office.nodes(), ways=ways, fault=fault,
    )  # fmt: skip


async def keep_person(request: web.Request) -> web.StreamResponse:
    """Change somebody, or add somebody."""
    pairs = await read_small_pairs(request)
    form = dict(pairs)
    wanted = request.match_info.get("person", "")
    card = await _card(request) if wanted else None
    draft = Draft(
        wanted,
        form.get("name", "")[:60],
        Role(form["role"]) if form.get("role") in set(ROLES) else Role.OPERATOR,
        form.get("title", "")[:60],
        ("*",) if form.get("every") == "1" else tuple(v for k, v in pairs if k == "node"),
        form.get("language", "") if form.get("language") in LANGUAGES else LANGUAGES[0],
    )
    try:
        invitation = await office_of(request).keep(draft, visitor_of(request).person)
    except DomainError as error:
        return await _form(request, draft, card=card, fault=refusal(request, error))
    if invitation is not None:
        return shown(request, "settings-invited.html", "people", invitation=invitation)
    raise back(request, f"/settings/people/{wanted}", done="saved")


async def act_on_person(request: web.Request) -> web.StreamResponse:
    """A new code, no PIN, or gone."""
    card, office = await _card(request), office_of(request)
    await read_small_pairs(request)
    by, who = visitor_of(request).person, card.person.id
    try:
        match request.match_info["act"]:
            case "invite":
                invitation = await office.invite(who, by)
                return shown(request, "settings-invited.html", "people", invitation=invitation)
            case "clear-pin":
                await office.clear_pin(who, by)
                raise back(request, f"/settings/people/{who}", done="pin-cleared")
            case _:
                await office.dismiss(who, by)
                raise back(request, "/settings/people", done="left")
    except DomainError as error:
        told = refusal(request, error)
        return await _form(request, _draft_of(card.person), card=card, fault=told)


async def ways(request: web.Request) -> web.StreamResponse:
    """Sessions, tokens and kiosks that live."""
    return await _ways(request)


async def _ways(
    request: web.Request, *, secret: str = "", kind: str = "", fault: str = ""
) -> web.StreamResponse:
    office = office_of(request)
    staff = [c.person for c in await office.people() if c.person.role is not Role.SUPPLIER]
    base = site_of(request).public or f"{request.scheme}://{request.host}"
    return shown(
        request, "settings-access.html", "access", 422 if fault else 200,
        ways=await office.ways(), staff=staff, secret=secret, kind=kind, fault=fault,
        address=f"{base}/board?kiosk={secret}" if kind == "kiosk" else "",
    )  # fmt: skip


async def open_way(request: web.Request) -> web.StreamResponse:
    """A new token or kiosk; its secret is shown this once."""
    form = dict(await read_small_pairs(request))
    days = form.get("days", "")
    lasts = timedelta(days=min(int(days), 3650)) if days.isascii() and days.isdigit() else None
    kind = form.get("kind", "")
    try:
        secret = await office_of(request).open_way(
            kind, form.get("person", ""), form.get("label", ""), lasts, visitor_of(request).person
        )
    except DomainError as error:
        return await _ways(request, fault=refusal(request, error))
    return await _ways(request, secret=secret, kind=kind)


async def close_way(request: web.Request) -> web.StreamResponse:
    """End one."""
    form = dict(await read_small_pairs(request))
    await office_of(request).close_way(form.get("key", "")[:80], visitor_of(request).person)
    raise back(request, "/settings/access", done="ended")


async def changes(request: web.Request) -> web.StreamResponse:
    """Who changed what lately."""
    office = office_of(request)
    names = {c.person.id: c.person.name for c in await office.people()}
    return shown(
        request, "settings-changes.html", "changes", changes=await office.changes(LOG), names=names
    )


ROUTES = [
    web.get("/settings", index),
    web.get("/settings/people", people),
    web.get("/settings/people/new", new_person),
    web.post("/settings/people/new", keep_person),
    web.get("/settings/people/{person}", person),
    web.post("/settings/people/{person}", keep_person),
    web.post("/settings/people/{person}/{act:invite|clear-pin|dismiss}", act_on_person),
    web.get("/settings/access", ways),
    web.post("/settings/access", open_way),
    web.post("/settings/access/end", close_way),
    web.get("/settings/changes", changes),
]
