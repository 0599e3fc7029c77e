"""Pages for staff and for the workshop's wall: board and sandbox."""

import json
import time
from urllib.parse import urlencode

from aiohttp import web

from adapters.web.access.guard import still_admitted
from adapters.web.access.visitor import visitor_of
from adapters.web.board import Board, as_data, board
from adapters.web.feed import BOARD, opened, tell
from adapters.web.ports import House
from adapters.web.rendering import static
from adapters.web.showing import embedded, page, render
from adapters.web.site import LANGUAGES, language_of, site_of
from adapters.web.words import Words
from domain.person import Deed

AGAIN = 10.0
"""Seconds after which an open feed asks again who watches."""


async def home(request: web.Request) -> web.StreamResponse:
    """The sandbox where it is on, else the board."""
    site = site_of(request)
    if site.sandbox is None:
        return await show_board(request)
    language = language_of(request)
    config = {
        "language": language,
        "words": {
            **site.house.words(language, "sandbox."),
            **site.house.words(language, "script."),
        },
        "languages": list(LANGUAGES),
    }
    return page(request, "sandbox.html", language, config=embedded(config))


async def show_board(request: web.Request) -> web.StreamResponse:
    """The board on the wall."""
    site, language = site_of(request), language_of(request)
    theme = request.query.get("theme", "dark")
    found = await _look(site.house, language)
    return page(
        request, "board.html", language, board=found, links=_linked(request),
        theme=theme if theme in ("light", "dark", "auto") else "dark",
        feed=_feed(request, language), version=_version(site.house),
    )  # fmt: skip


def _feed(request: web.Request, language: str) -> str:
    """The live feed's address, with what lets a wall in."""
    kept = {k: request.query[k] for k in ("embed", "kiosk") if k in request.query}
    return f"/board/events?{urlencode({'lang': language, **kept})}"


def _linked(request: web.Request) -> bool:
    """Whether rows lead to their orders: not on a wall, nor for who sees only some of them."""
    return visitor_of(request).may(Deed.SEE_ALL_ORDERS)


def _version(house: House) -> str:
    """What a board must reload for: a new program, other scripts or styles."""
    return f"{house.version} {static('board.js')} {static('board.css')} {static('base.css')}"


async def board_events(request: web.Request) -> web.StreamResponse:
    """The board's live feed: the whole board whenever it changed, a tick when it did not. Before a
    message it is asked again, every ten seconds at most, whether the watcher may still watch.
    """
    site, language = site_of(request), language_of(request)
    response = await opened(request)
    await _tell_board(request, response, language)
    asked = time.monotonic()
    async for topics in site.feed.listen():
        if time.monotonic() - asked > AGAIN:
            asked = time.monotonic()
            if not await still_admitted(request, Deed.SEE_BOARD):
                break
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
    site, linked = site_of(request), _linked(request)
    embedded_here = request.query.get("embed") == "1"

    async def make() -> str:
        found = await _look(site.house, language)
        html = render(request, "board_body.html", language, board=found, links=linked)
        data = as_data(found) | {"clock": found.clock, "html": html}
        data["version"] = _version(site.house)
        return json.dumps(data, ensure_ascii=False)

    key = (language, embedded_here, linked)
    await tell(response, "board", await site.wall.message(key, site.feed.changes[BOARD], make))


async def _look(house: House, language: str) -> Board:
    return await house.read(lambda reader: board(reader, Words(house, language)))


ROUTES = [
    web.get("/", home),
    web.get("/board", show_board),
    web.get("/board/events", board_events, allow_head=False),
]
