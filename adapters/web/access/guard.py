"""The guard at the door: finds out who asks, looks the route up in the policy, refuses the rest.

What comes from another site's page is recognised by fetch metadata (`Sec-Fetch-Site`), else by
`Origin`; a session's cookie is also `SameSite=Lax`. See docs/decisions/0020-sign-in.md.
"""

import hmac
import logging
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from adapters.web.access.policy import Rule, rule_of
from adapters.web.access.port import Accounts
from adapters.web.access.throttle import Throttle, network
from adapters.web.access.visitor import VISITOR, Visitor
from adapters.web.faults import Fault, refused
from domain.person import SYSTEM, Deed

log = logging.getLogger("vitrine.web")
COOKIE = "vitrine"
SAFE = ("GET", "HEAD", "OPTIONS")
FILES = ("/photos/", "/pictures/")
"""A page whose pictures are gone asks for many of them; that is no guessing."""


@dataclass(slots=True)
class Guard:
    """Who may come in. `token` is the one from the settings, `proxies` how many of ours stand in
    front, `public` the address that people know us by.
    """

    accounts: Accounts | None
    sandbox: bool
    token: str = ""
    proxies: int = 0
    public: str = ""
    misses: Throttle = field(default_factory=lambda: Throttle(120, 60))
    writes: Throttle = field(default_factory=lambda: Throttle(60, 60))
    asks: Throttle = field(default_factory=lambda: Throttle(6, 3600))

    def client(self, request: web.Request) -> str:
        """Whom a request comes from, as one client."""
        if self.proxies:
            passed = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
            known = [part.strip() for part in passed if part.strip()]
            if len(known) >= self.proxies:
                return network(known[-self.proxies])
        return network(request.remote or "")

    async def admit(self, request: web.Request, rule: Rule) -> Visitor:
        """Who asks, for a route of the staff. Raises Fault: 401, 403."""
        visitor = await self.visitor(request)
        if visitor is None:
            if _secret(request):
                self.missed(request)
            raise Fault(401, "sign-in")
        assert rule.deed is not None
        if not visitor.may(rule.deed):
            raise Fault(403, "not-yours" if visitor.how != "kiosk" else "sign-in")
        return visitor

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Who asks; None for a stranger."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self._bearer(request, given.strip())
        if self.accounts is None:
            return Visitor(SYSTEM, "sandbox") if self.sandbox else None
        secret = request.cookies.get(COOKIE, "")
        if secret and (found := await self.accounts.session(secret)) is not None:
            return found
        kiosk = request.query.get("kiosk", "")
        if kiosk:
            return await self.accounts.kiosk(kiosk)
        return await self.accounts.sandbox() if self.sandbox else None

    async def _bearer(self, request: web.Request, given: str) -> Visitor | None:
        raw = given.encode("utf-8", "surrogateescape")
        if self.token and hmac.compare_digest(raw, self.token.encode()):
            return Visitor(SYSTEM, "token")
        return await self.accounts.token(given) if self.accounts is not None else None

    def foreign(self, request: web.Request) -> bool:
        """Whether another site's page sent a request that changes something."""
        if request.method in SAFE or request.path.startswith("/webhooks/"):
            return False
        site = request.headers.get("Sec-Fetch-Site", "")
        if site:
            return site not in ("same-origin", "none")
        origin = request.headers.get("Origin", "")
        if origin:
            ours = {request.host, urlsplit(self.public).netloc}
            return urlsplit(origin).netloc not in ours
        return COOKIE in request.cookies  # a browser of today says one of the two

    def missed(self, request: web.Request) -> None:
        """A secret was wrong. Raises Fault 429 where this client has guessed too often; a right one
        is never refused for what its neighbours did.
        """
        client = self.client(request)
        wait = self.misses.full(client)
        self.misses.note(client)
        if wait:
            raise Fault(429, "too-many", seconds=ceil(wait))

    def asked(self, who: str) -> None:
        """A customer's or supplier's question from their page: each rings at those who lead. Raises
        Fault 429 after six in an hour.
        """
        wait = self.asks.full(who)
        if wait:
            raise Fault(429, "asked-often", seconds=ceil(wait))
        self.asks.note(who)

    def patience(self, request: web.Request, rule: Rule) -> None:
        """Raise Fault 429 if this client has written too often on one page."""
        if rule.kind != "tokened" or request.method in SAFE:
            return
        key = f"{self.client(request)} {request.match_info.get('token', '')[:64]}"
        wait = self.writes.full(key)
        self.writes.note(key)
        if wait:
            raise Fault(429, "too-many", seconds=ceil(wait))


def _secret(request: web.Request) -> bool:
    return "Authorization" in request.headers or "kiosk" in request.query


GUARD = web.AppKey("guard", Guard)


@web.middleware
async def guarding(request: web.Request, handler: Any) -> web.StreamResponse:
    """Let in who may come in; nobody else's page may write here."""
    guard = request.app[GUARD]
    resource = request.match_info.route.resource
    if resource is None:  # no such address, or not by this method: the router says so
        answer: web.StreamResponse = await handler(request)
        return answer
    rule = rule_of(request.method, resource.canonical)
    if rule is None:
        log.error("no rule for %s %s", request.method, resource.canonical)
        return refused(request, Fault(404, "not-found"))
    try:
        guard.patience(request, rule)
        if rule.kind == "staff":
            request[VISITOR] = await guard.admit(request, rule)
        if guard.foreign(request):
            raise Fault(403, "forbidden")
        response: web.StreamResponse = await handler(request)
    except Fault as fault:
        guessed = not request.path.startswith(FILES)
        if rule.kind == "tokened" and fault.status == 404 and guessed:
            try:
                guard.missed(request)
            except Fault as often:
                fault = often
        answer = refused(request, fault)
        if fault.status == 429:
            answer.headers["Retry-After"] = str(fault.facts["seconds"])
        return answer
    return response


async def still_admitted(request: web.Request, deed: Deed) -> bool:
    """Whether whoever opened a feed would still be let in: sessions end, tokens are revoked."""
    visitor = await request.app[GUARD].visitor(request)
    return visitor is not None and visitor.may(deed)
