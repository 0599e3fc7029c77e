"""Who may come in, and the headers that keep pages honest.

Until people can sign in, what staff sees is open in the sandbox only (which binds to this machine
alone) and to whoever carries the API token.
"""

import hmac
from typing import Any

from aiohttp import web

from adapters.web.faults import Fault, refused
from adapters.web.site import site_of

OPEN = ("/healthz", "/p/", "/t/", "/T/", "/s/", "/photos/", "/pictures/", "/static/", "/webhooks/")
TOKENED = ("/p/", "/t/", "/T/", "/s/", "/photos/", "/pictures/")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "media-src 'self'; manifest-src 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


@web.middleware
async def guarding(request: web.Request, handler: Any) -> web.StreamResponse:
    """Let in who may come in; nobody else's page may write here."""
    if not _may_enter(request):
        return refused(request, Fault(401, "sign-in"))
    if request.method not in ("GET", "HEAD", "OPTIONS") and _from_elsewhere(request):
        return refused(request, Fault(403, "forbidden"))
    response: web.StreamResponse = await handler(request)
    return response


def _may_enter(request: web.Request) -> bool:
    site = site_of(request)
    if site.sandbox is not None or request.path.startswith(OPEN):
        return True
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = site.api_token.encode()
    given = token.strip().encode("utf-8", "surrogateescape")
    return bool(expected) and scheme.lower() == "bearer" and hmac.compare_digest(given, expected)


def _from_elsewhere(request: web.Request) -> bool:
    """A browser says when another site's page sent the request; programs say nothing."""
    if request.path.startswith("/webhooks/"):
        return False
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on every answer, feeds and faults too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    policy = CSP if response.content_type == "text/html" else "default-src 'none'; sandbox"
    response.headers.setdefault("Content-Security-Policy", policy)
    if request.path.startswith(TOKENED):
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if request.path.startswith("/static/"):
        kept = "public, max-age=31536000, immutable" if "v" in request.query else "no-cache"
        response.headers["Cache-Control"] = kept
