"""Pages for staff and for the workshop's wall: board, order, sandbox."""

import json
from typing import Any
from urllib.parse import quote

from aiohttp import web

from adapters.web.board import Board, as_data, board
from adapters.web.faults import Fault
from adapters.web.feed import BOARD, opened, tell
from adapters.web.order import Facts, gather
from adapters.web.ports import House
from adapters.web.site import LANGUAGES, Site, language_of, site_of
from adapters.web.words import Words
from domain.ports import Reader

LANGUAGE_NAMES = {"zh-CN": "简体", "zh-TW": "繁體", "en": "English"}


def page(request: web.Request, template: str, language: str, **facts: Any) -> web.Response:
    """A page in a language."""
    site = site_of(request)
    text = render(site, request, template, language, **facts)
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})


def render(site: Site, request: web.Request, template: str, language: str, **facts: Any) -> str:
    """The text of a page or of a part of one."""
    words = Words(site.house, language)
    return site.templates.get_template(template).render(
        say=words, words=words, language=language, site=site,
        languages=[(code, name, _address(request, code)) for code, name in LANGUAGE_NAMES.items()],
        embed=request.query.get("embed") == "1", **facts,
    )  # fmt: skip


def _address(request: web.Request, language: str) -> str:
    """This page's address in another language."""
    kept = {k: v for k, v in request.query.items() if k in ("theme", "embed")}
    return str(request.rel_url.with_query({**kept, "lang": language}))


async def home(request: web.Request) -> web.StreamResponse:
    """The sandbox where it is on, else the board."""
    site = site_of(request)
    if site.sandbox is None:
        return await show_board(request)
    language = language_of(request)
    config = {
        "language": language,
        "words": dict(site.house.words(language, "sandbox.")),
        "languages": list(LANGUAGES),
    }
    return page(request, "sandbox.html", language, config=_embedded(config))


def _embedded(data: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")


async def show_board(request: web.Request) -> web.StreamResponse:
    """The board on the wall."""
    site, language = site_of(request), language_of(request)
    theme = request.query.get("theme", "dark")
    found = await _look(site.house, language)
    return page(
        request, "board.html", language, board=found,
        theme=theme if theme in ("light", "dark", "auto") else "dark",
    )  # fmt: skip


async def board_events(request: web.Request) -> web.StreamResponse:
    """The board's live feed: the whole board whenever it changed, a tick when it did not."""
    site, language = site_of(request), language_of(request)
    response = await opened(request)
    await _tell_board(request, response, language)
    async for topics in site.feed.listen():
        try:
            if BOARD in topics:
                await _tell_board(request, response, language)
            elif not topics:
                clock = site.house.date(language, site.house.now())
                await tell(response, "tick", json.dumps({"clock": clock}, ensure_ascii=False))
        except ConnectionError:
            break
    return response


async def _tell_board(request: web.Request, response: web.StreamResponse, language: str) -> None:
    site = site_of(request)
    found = await _look(site.house, language)
    html = render(site, request, "board_body.html", language, board=found)
    data = as_data(found) | {"clock": found.clock, "html": html}
    await tell(response, "board", json.dumps(data, ensure_ascii=False))


async def _look(house: House, language: str) -> Board:
    return await house.read(lambda reader: board(reader, Words(house, language)))


async def order(request: web.Request) -> web.StreamResponse:
    """One order for staff."""
    site, language = site_of(request), language_of(request)
    number = request.match_info["order_no"]

    def look(reader: Reader) -> Facts | None:
        return gather(reader, number, Words(site.house, language))

    found = await site.house.read(look)
    if found is None:
        raise Fault(404, "no-such-order")
    links = {
        "ticket": await site.house.link("t", number),
        "pdf": f"/orders/{quote(number, safe='')}/ticket.pdf",
    }
    if found.customer_id:
        links["customer"] = await site.house.link("p", number, found.customer_id)
    return page(request, "order.html", language, order=found, links=links)


ROUTES = [
    web.get("/", home),
    web.get("/board", show_board),
    web.get("/board/events", board_events),
    web.get("/orders/{order_no}", order),
]
