"""What every handler needs, hung on the application once: the house, the sandbox, the feed, the
templates. There is no other state.
"""

from dataclasses import dataclass, field

from aiohttp import web
from jinja2 import Environment

from adapters.web.access.visitor import VISITOR
from adapters.web.feed import Feed
from adapters.web.metrics import Counts
from adapters.web.ports import House, Sandbox
from adapters.web.wall import Wall

LANGUAGES = ("zh-CN", "zh-TW", "en")


@dataclass(slots=True)
class Site:
    """The running site."""

    house: House
    sandbox: Sandbox | None
    templates: Environment
    public: str = ""
    feed: Feed = field(default_factory=Feed)
    counts: Counts = field(default_factory=Counts)
    wall: Wall = field(default_factory=Wall)


SITE = web.AppKey("site", Site)


def site_of(request: web.Request) -> Site:
    """The site that a request came to."""
    return request.app[SITE]


def wanted_language(request: web.Request) -> str:
    """The language that the address asks for; empty if it asks for none that we speak."""
    wanted = request.query.get("lang", "")
    return wanted if wanted in LANGUAGES else ""


def language_of(request: web.Request, default: str = "") -> str:
    """The language to answer in: the address's, the reader's, the one signed in's, the house's."""
    house, visitor = site_of(request).house, request.get(VISITOR)
    own = visitor.person.language if visitor is not None and visitor.how == "session" else ""
    for language in (wanted_language(request), default, own, house.language):
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]
