"""管理者驾驶舱: the factory on one phone screen, and every chart as a table for Excel."""

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.answers import as_file
from adapters.web.cockpit.cards import Speaker
from adapters.web.cockpit.view import CARDS, SHOWN, view
from adapters.web.doors import DOORS, present
from adapters.web.faults import Fault
from adapters.web.showing import page
from adapters.web.site import language_of, site_of
from adapters.web.words import Words
from domain.insight_scope import SPANS, Scope

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 80
"""Signs of a filter that are looked at."""


def scope_of(request: web.Request) -> Scope:
    """The filters of an address; what it does not say, or says wrongly, filters nothing."""
    days = request.query.get("days", "")
    found = {
        name: request.query.get(name, "").strip()[:LONGEST]
        for name in ("route", "team", "customer", "product")
    }
    if not visitor_of(request).private:
        found["customer"] = ""
    return Scope(int(days) if days in map(str, SPANS) else Scope().days, **found)


async def show(request: web.Request) -> web.StreamResponse:
    """The page."""
    site, visitor, language = site_of(request), visitor_of(request), language_of(request)
    insight = present(request.app[DOORS].insight)
    cockpit = await insight.cockpit(scope_of(request))
    found = view(cockpit, Words(site.house, language), visitor.private)
    return page(
        request, "cockpit.html", language, visitor=visitor, cockpit=found, shown=SHOWN
    )  # fmt: skip


async def sheet(request: web.Request) -> web.StreamResponse:
    """One chart's figures."""
    key = request.match_info["chart"]
    if key not in CARDS:
        raise Fault(404, "not-found")
    return await _workbook(request, (key,), f"vitrine-{key}.xlsx")


async def sheets(request: web.Request) -> web.StreamResponse:
    """All charts' figures, a sheet each."""
    return await _workbook(request, tuple(CARDS), "vitrine-cockpit.xlsx")


async def _workbook(request: web.Request, keys: tuple[str, ...], name: str) -> web.StreamResponse:
    insight = present(request.app[DOORS].insight)
    cockpit = await insight.cockpit(scope_of(request))
    say = Speaker(Words(site_of(request).house, language_of(request)), cockpit)
    body = await insight.workbook([CARDS[key](say).table for key in keys])
    return as_file(body, XLSX, name)


ROUTES = [
    web.get("/cockpit", show),
    web.get("/cockpit.xlsx", sheets),
    web.get("/cockpit/{chart:[a-z]+}.xlsx", sheet),
]
