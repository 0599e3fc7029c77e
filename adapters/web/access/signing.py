"""Signing in with a one-time link from the chat, and out again.

Chat platforms fetch links to draw previews, so looking at the link uses nothing up: a button does.
"""

from urllib.parse import urlencode

from aiohttp import web

from adapters.web.access.guard import COOKIE, GUARD, Guard
from adapters.web.bodies import read_small_form
from adapters.web.faults import Fault
from adapters.web.showing import page
from adapters.web.site import language_of, wanted_language
from domain.person import Deed, may

KEPT = 30 * 24 * 3600
"""Seconds that a browser keeps the session without a visit."""


async def how(request: web.Request) -> web.StreamResponse:
    """How to sign in, and who is signed in here."""
    visitor = await _guard(request).visitor(request)
    mine = visitor if visitor is not None and visitor.how == "session" else None
    language = language_of(request, mine.person.language if mine else "")
    return page(
        request, "sign-in.html", language, me=mine.person if mine else None, person=None,
        path=request.path, left=request.query.get("left") == "1",
    )  # fmt: skip


async def knock(request: web.Request) -> web.StreamResponse:
    """Whom the link would sign in."""
    accounts = _guard(request).accounts
    person = await accounts.invited(request.match_info["token"]) if accounts else None
    if person is None:
        raise Fault(404, "no-such-sign-in")
    language = language_of(request, person.language)
    return page(
        request, "sign-in.html", language, me=None, person=person, path=request.path, left=False
    )


async def enter(request: web.Request) -> web.StreamResponse:
    """Use the link up."""
    guard = _guard(request)
    label = _device(request.headers.get("User-Agent", ""))
    found = (
        await guard.accounts.enter(request.match_info["token"], label) if guard.accounts else None
    )
    if found is None:
        raise Fault(404, "no-such-sign-in")
    person, secret = found
    start = "/cockpit" if may(person.role, Deed.SEE_INSIGHT) else "/board"
    query = urlencode({"lang": wanted_language(request) or person.language})
    response = web.HTTPSeeOther(f"{start}?{query}")
    _keep(guard, response, secret)
    raise response


async def leave(request: web.Request) -> web.StreamResponse:
    """Sign out, here or on every device."""
    guard = _guard(request)
    form = await read_small_form(request)
    visitor = await guard.visitor(request)
    if guard.accounts is not None and visitor is not None and visitor.how == "session":
        await guard.accounts.leave(visitor, everywhere=form.get("everywhere") == "1")
    response = web.HTTPSeeOther("/sign-in?left=1")
    response.del_cookie(COOKIE, path="/", samesite="Lax")
    raise response


def _keep(guard: Guard, response: web.StreamResponse, secret: str) -> None:
    response.set_cookie(
        COOKIE, secret, max_age=KEPT, path="/", httponly=True, samesite="Lax",
        secure=guard.public.startswith("https://"),
    )  # fmt: skip


def _guard(request: web.Request) -> Guard:
    return request.app[GUARD]


_DEVICES = (
    ("MicroMessenger", "WeChat"),
    ("wxwork", "WeCom"),
    ("Lark", "Feishu"),
    ("Telegram", "Telegram"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def _device(agent: str) -> str:
    """What a session was opened on, in one word."""
    return next((name for mark, name in _DEVICES if mark in agent), "")


ROUTES = [
    web.get("/sign-in", how),
    web.get("/sign-in/{token}", knock),
    web.post("/sign-in/{token}", enter),
    web.post("/sign-out", leave),
]
