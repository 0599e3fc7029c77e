"""What the suppliers' forms carry: days, amounts, the way back to the page with what came of it."""

from datetime import date
from typing import NoReturn
from urllib.parse import urlencode

from aiohttp import web

from adapters.web.faults import fault_of
from adapters.web.site import wanted_language
from adapters.web.words import Words
from domain.errors import DomainError, Refused

DONE = ("confirm", "promise", "deliver", "ask", "place", "check", "cancel", "reward")
"""What a page says thank you for."""


def day_of(text: str) -> date:
    """A day as a form's date field sends it. Raises Refused."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused("no-such-day") from error


def back(request: web.Request, path: str, *, done: str = "", at: str = "notice") -> NoReturn:
    """To the page again, so that reloading it sends nothing twice."""
    _again(request, path, {"done": done} if done else {}, at)


def refused(request: web.Request, path: str, error: DomainError, at: str = "notice") -> NoReturn:
    """To the page again, with what kept it from being done. What is not there is a fault."""
    if fault_of(error).status == 404:
        raise error
    _again(request, path, {"fault": error.code, "why": str(error.facts.get("amount", ""))}, at)


def _again(request: web.Request, path: str, more: dict[str, str], at: str) -> NoReturn:
    language = wanted_language(request)
    kept = {"lang": language} if language else {}
    query = urlencode(kept | {k: v for k, v in more.items() if v})
    raise web.HTTPSeeOther(f"{path}?{query}#{at}" if query else f"{path}#{at}")


def notice_of(request: web.Request, words: Words) -> tuple[str, bool]:
    """What came of a form, and whether it was refused."""
    done, fault = request.query.get("done", ""), request.query.get("fault", "")
    if done in DONE:
        return words(f"supplier.done_{done}"), False
    for key in (f"refused.{fault}", f"photo.{fault}") if fault.replace("-", "").isalpha() else ():
        try:
            return words(key, amount=request.query.get("why", "")[:20]), True
        except KeyError:
            continue
    return "", False
