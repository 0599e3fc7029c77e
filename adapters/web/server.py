"""The web server: routes, guards and feeds around the house that the composition root hands in."""

import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from adapters.chat.port import Hook
from adapters.web import api, pages
from adapters.web.access.guard import GUARD, Guard, guarding
from adapters.web.access.signing import ROUTES as SIGN_ROUTES
from adapters.web.bodies import BODY
from adapters.web.cockpit.page import ROUTES as COCKPIT_ROUTES
from adapters.web.customers.calendars import ROUTES as CALENDAR_ROUTES
from adapters.web.customers.page import ROUTES as CUSTOMER_ROUTES
from adapters.web.doors import DOORS, Doors
from adapters.web.faults import catching
from adapters.web.feed import BOARD
from adapters.web.hooks import HOOKS
from adapters.web.hooks import ROUTES as HOOK_ROUTES
from adapters.web.order.page import ROUTES as ORDER_ROUTES
from adapters.web.people.page import ROUTES as PEOPLE_ROUTES
from adapters.web.ports import House, Sandbox
from adapters.web.rendering import STATIC, environment
from adapters.web.sandbox import ROUTES as SANDBOX_ROUTES
from adapters.web.security import dress
from adapters.web.settings.calendar import ROUTES as DAY_ROUTES
from adapters.web.settings.escalation import ROUTES as CHAIN_ROUTES
from adapters.web.settings.page import ROUTES as SETTINGS_ROUTES
from adapters.web.settings.routes import ROUTES as ROUTE_ROUTES
from adapters.web.site import SITE, Site, site_of
from adapters.web.supplier.board import ROUTES as SUPPLIERS_ROUTES
from adapters.web.supplier.page import ROUTES as SUPPLIER_ROUTES
from adapters.web.terminal.page import ROUTES as TERMINAL_ROUTES

PARTS = (
    api.ROUTES,
    pages.ROUTES,
    TERMINAL_ROUTES,
    HOOK_ROUTES,
    SIGN_ROUTES,
    CUSTOMER_ROUTES,
    CALENDAR_ROUTES,
    COCKPIT_ROUTES,
    ORDER_ROUTES,
    PEOPLE_ROUTES,
    SUPPLIER_ROUTES,
    SUPPLIERS_ROUTES,
    SETTINGS_ROUTES,
    ROUTE_ROUTES,
    DAY_ROUTES,
    CHAIN_ROUTES,
)
"""Everything that can be asked; each route stands in `access.policy.POLICY` as well."""


def build(
    house: House,
    sandbox: Sandbox | None,
    doors: Doors | None = None,
    *,
    api_token: str = "",
    hooks: Sequence[Hook] = (),
    proxies: int = 0,
    public: str = "",
) -> web.Application:
    """The application. `sandbox` None means the real thing: staff pages ask who it is. `hooks` are
    the addresses at which platforms call; `proxies` of ours stand in front; `public` is the address
    that people know.
    """
    app = web.Application(middlewares=[counting, catching, guarding], client_max_size=BODY + 2**20)
    app[SITE] = Site(house, sandbox, environment(), public.rstrip("/"))
    app[DOORS] = doors or Doors()
    accounts = app[DOORS].accounts
    app[GUARD] = Guard(accounts, sandbox is not None, api_token, proxies, public)
    for routes in PARTS:
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
    status, feed, begun = 500, False, time.monotonic()
    try:
        response: web.StreamResponse = await handler(request)
        status, feed = response.status, response.content_type == "text/event-stream"
        return response
    finally:
        resource = request.match_info.route.resource
        taken = None if feed else time.monotonic() - begun
        site_of(request).counts.answered(
            request.method, resource.canonical if resource else "-", status, taken
        )


async def _begin(app: web.Application) -> None:
    site = app[SITE]
    site.feed.until_closed(site.house.watch(lambda: site.feed.publish(BOARD)))
    if site.sandbox is not None:
        site.feed.until_closed(site.sandbox.watch(lambda chat: site.feed.publish(f"chat:{chat}")))


async def _end(app: web.Application) -> None:
    app[SITE].feed.close()
