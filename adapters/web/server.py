"""The web server: routes, guards and feeds around the house that the composition root hands in."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from adapters.chat.port import Hook
from adapters.web import api, pages, portal
from adapters.web.bodies import BODY
from adapters.web.faults import catching
from adapters.web.feed import BOARD
from adapters.web.hooks import HOOKS
from adapters.web.hooks import ROUTES as HOOK_ROUTES
from adapters.web.ports import House, Sandbox
from adapters.web.rendering import STATIC, environment
from adapters.web.sandbox import ROUTES as SANDBOX_ROUTES
from adapters.web.security import dress, guarding
from adapters.web.site import SITE, Site, site_of


def build(
    house: House, sandbox: Sandbox | None, *, api_token: str = "", hooks: Sequence[Hook] = ()
) -> web.Application:
    """The application. `sandbox` None means the real thing: staff pages ask for the token. `hooks`
    are the addresses at which platforms call.
    """
    app = web.Application(middlewares=[counting, catching, guarding], client_max_size=BODY + 2**20)
    app[SITE] = Site(house, sandbox, api_token, environment())
    for routes in (api.ROUTES, pages.ROUTES, portal.ROUTES, HOOK_ROUTES):
        app.add_routes(routes)
    app[HOOKS] = {(hook.method, hook.path): hook.handler for hook in hooks}
    app.router.add_static("/static", STATIC)
    if sandbox is not None:
        app.add_routes(SANDBOX_ROUTES)
    app.on_response_prepare.append(dress)
    app.on_startup.append(_begin)
    app.on_shutdown.append(_end)
    return app


@web.middleware
async def counting(request: web.Request, handler: Any) -> web.StreamResponse:
    """Count what is answered, by the route's pattern."""
    status = 500
    try:
        response: web.StreamResponse = await handler(request)
        status = response.status
        return response
    finally:
        resource = request.match_info.route.resource
        site_of(request).counts.answered(
            request.method, resource.canonical if resource else "-", status
        )


async def _begin(app: web.Application) -> None:
    site = app[SITE]
    site.feed.until_closed(site.house.watch(lambda: site.feed.publish(BOARD)))
    if site.sandbox is not None:
        site.feed.until_closed(site.sandbox.watch(lambda chat: site.feed.publish(f"chat:{chat}")))


async def _end(app: web.Application) -> None:
    app[SITE].feed.close()
