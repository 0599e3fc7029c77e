"""The headers that keep pages honest, on every answer."""

from aiohttp import web

from adapters.web.site import site_of

TOKENED = ("/p/", "/t/", "/T/", "/s/", "/photos/", "/pictures/", "/sign-in", "/calendars/")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "media-src 'self'; manifest-src 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on every answer, feeds and faults too."""
    response.headers["Server"] = "Vitrine"
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if site_of(request).public.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    policy = CSP if response.content_type == "text/html" else "default-src 'none'; sandbox"
    response.headers.setdefault("Content-Security-Policy", policy)
    if request.path.startswith(TOKENED):
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if request.path.startswith("/static/"):
        kept = "public, max-age=31536000, immutable" if "v" in request.query else "no-cache"
        response.headers["Cache-Control"] = kept
