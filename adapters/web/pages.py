"""Pages for staff and for the workshop's wall: board, order, sandbox."""

import json
from urllib.parse import quote

from aiohttp import web

from adapters.web.board import Board, as_data, board
from adapters.web.faults import Fault
from adapters.web.feed import BOARD, opened, tell
from adapters.web.order import Facts, gather
from adapters.web.ports import House
from adapters.web.showing import embedded, page, render
from adapters.web.site import LANGUAGES, language_of, site_of
from adapters.web.words import Words
from domain.ports import Reader


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
    html = render(request, "board_body.html", language, board=found)
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
    web.get("/board/events", board_events, allow_head=False),
    web.get("/orders/{order_no}", order),
]
