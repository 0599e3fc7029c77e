"""Pages as HTML: the template, the language, and the links to the other languages."""

import json
from typing import Any

from aiohttp import web
from markupsafe import Markup

from adapters.web.site import site_of
from adapters.web.words import Words

KEPT = (
    "theme", "embed", "kiosk",
    "days", "route", "team", "customer", "product", "q", "state", "label",
)  # fmt: skip
"""What an address keeps when a page is shown in another language."""
LANGUAGE_NAMES = {"zh-CN": "简体", "zh-TW": "繁體", "en": "EN"}


def page(
    request: web.Request, template: str, language: str, status: int = 200, **facts: Any
) -> web.Response:
    """A page in a language."""
    return web.Response(
        text=render(request, template, language, **facts),
        status=status,
        content_type="text/html",
        headers={"Cache-Control": "no-store", "Content-Language": language},
    )


def render(request: web.Request, template: str, language: str, **facts: Any) -> str:
    """The text of a page or of a part of one."""
    site = site_of(request)
    words = Words(site.house, language)
    return site.templates.get_template(template).render(
        say=words,
        words=words,
        language=language,
        factory=site.house.factory,
        sandbox=site.sandbox is not None,
        languages=[(code, name, _address(request, code)) for code, name in LANGUAGE_NAMES.items()],
        embed=request.query.get("embed") == "1",
        **facts,
    )


def _address(request: web.Request, language: str) -> str:
    """This page's address in another language."""
    kept = {k: v for k, v in request.query.items() if k in KEPT}
    return str(request.rel_url.with_query({**kept, "lang": language}))


def embedded(data: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(data, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can end the element
