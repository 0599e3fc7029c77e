"""The addresses at which chat platforms call. They are always there; one whose platform is not
configured to call answers like an address that is not.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from adapters.web.faults import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOOKS = web.AppKey("hooks", Mapping[tuple[str, str], Handler])


async def called(request: web.Request) -> web.StreamResponse:
    """Hand a call to its platform, which looks at the signature itself."""
    handler = request.app[HOOKS].get((request.method, request.path))
    if handler is None:
        raise Fault(404, "not-found")
    return await handler(request)


ROUTES = (
    web.post("/webhooks/telegram", called),
    web.post("/webhooks/feishu", called),
    web.get("/webhooks/wecom", called, allow_head=False),
    web.post("/webhooks/wecom", called),
)
