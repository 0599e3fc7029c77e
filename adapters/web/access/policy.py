"""The one table of who may ask what: every route stands here, and one that does not is answered to
nobody.

`OPEN` asks for nothing. `TOKENED` means that the secret in the address is the right, and that the
page says 404 to a wrong one. `staff(deed)` asks for a signed-in person, an API token or, for the
board, a kiosk, that carries the right; whether an *object* may be seen is asked of
`Visitor.sees` by the page.
"""

from dataclasses import dataclass

from domain.person import Deed


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks for: `open`, `tokened`, or a deed."""

    kind: str
    deed: Deed | None = None


OPEN, TOKENED = Rule("open"), Rule("tokened")


def staff(deed: Deed) -> Rule:
    """For signed-in people with a right."""
    return Rule("staff", deed)


BOARD, ORDERS = staff(Deed.SEE_BOARD), staff(Deed.SEE_NODE_ORDERS)
ALL, INSIGHT, SETTINGS = staff(Deed.SEE_ALL_ORDERS), staff(Deed.SEE_INSIGHT), staff(Deed.SETTINGS)
PRIVATE = staff(Deed.SEE_PRIVATE)

POLICY: dict[str, Rule] = {
    "GET /healthz": OPEN,
    "GET /metrics": ALL,
    "GET /api/openapi.json": OPEN,
    "GET /static": OPEN,
    "* /webhooks/telegram": OPEN,
    "* /webhooks/feishu": OPEN,
    "* /webhooks/wecom": OPEN,
    "GET /sign-in": OPEN,
    "GET /sign-in/{token}": TOKENED,
    "POST /sign-in/{token}": TOKENED,
    "POST /sign-out": OPEN,
    "GET /": BOARD,
    "GET /board": BOARD,
    "GET /board/events": BOARD,
    "GET /cockpit": INSIGHT,
    "GET /cockpit.xlsx": INSIGHT,
    "GET /cockpit/{chart}.xlsx": INSIGHT,
    "GET /orders": ORDERS,
    "GET /orders/{order_no}": ORDERS,
    "POST /orders/{order_no}/follow": ORDERS,
    "POST /orders/{order_no}/labels": ORDERS,
    "GET /orders/{order_no}/ticket.{form}": ORDERS,
    "GET /customers": PRIVATE,
    "GET /customers/{customer}": PRIVATE,
    "POST /customers/{customer}/show": PRIVATE,
    "POST /customers/{customer}/contacts": PRIVATE,
    "POST /customers/{customer}/pushes": PRIVATE,
    "POST /customers/{customer}/revoke": PRIVATE,
    "POST /customers/{customer}/export": SETTINGS,
    "GET /customers/{customer}/erase": SETTINGS,
    "POST /customers/{customer}/erase": SETTINGS,
    "GET /settings/looks": SETTINGS,
    "GET /settings": SETTINGS,
    "GET /settings/people": SETTINGS,
    "GET /settings/people/new": SETTINGS,
    "POST /settings/people/new": SETTINGS,
    "GET /settings/people/{person}": SETTINGS,
    "POST /settings/people/{person}": SETTINGS,
    "POST /settings/people/{person}/{act}": SETTINGS,
    "GET /settings/access": SETTINGS,
    "POST /settings/access": SETTINGS,
    "POST /settings/access/end": SETTINGS,
    "GET /settings/changes": SETTINGS,
    "GET /settings/routes": SETTINGS,
    "GET /settings/new-route": SETTINGS,
    "POST /settings/new-route": SETTINGS,
    "GET /settings/routes/{route}": SETTINGS,
    "POST /settings/routes/{route}": SETTINGS,
    "GET /settings/calendar": SETTINGS,
    "POST /settings/calendar": SETTINGS,
    "POST /settings/calendar/clear": SETTINGS,
    "GET /settings/escalation": SETTINGS,
    "POST /settings/escalation": SETTINGS,
    "POST /settings/escalation/reset": SETTINGS,
    "GET /api/orders/{order_no}/contact": PRIVATE,
    "GET /api/orders": ORDERS,
    "GET /api/orders/{order_no}": ORDERS,
    "GET /api/orders/{order_no}/events": ORDERS,
    "GET /api/export.{form}": ALL,
    "GET /photos/{token}": TOKENED,
    "GET /pictures/{name}": TOKENED,
    "GET /p/{token}": TOKENED,
    "POST /p/{token}/follow": TOKENED,
    "POST /p/{token}/ask": TOKENED,
    "POST /p/{token}/rate": TOKENED,
    "POST /p/{token}/share": TOKENED,
    "POST /p/{token}/unshare": TOKENED,
    "GET /p/{token}/card.png": TOKENED,
    "GET /p/{token}/app.webmanifest": TOKENED,
    "GET /calendars/{token}.ics": TOKENED,
    "GET /s/{token}": TOKENED,
    "POST /s/{token}/confirm": TOKENED,
    "POST /s/{token}/promise": TOKENED,
    "POST /s/{token}/deliver": TOKENED,
    "POST /s/{token}/ask": TOKENED,
    "GET /s/{token}/photos/{order_no}/{need}/{place}": TOKENED,
    "GET /suppliers": INSIGHT,
    "POST /suppliers/place": INSIGHT,
    "POST /suppliers/answer": INSIGHT,
    "POST /suppliers/check": INSIGHT,
    "POST /suppliers/cancel": INSIGHT,
    "POST /suppliers/reward": SETTINGS,
    "GET /suppliers/photos/{order_no}/{need}/{place}": INSIGHT,
    "GET /t/{token}": TOKENED,
    "GET /T/{token}": TOKENED,
    "GET /ticket-worker.js": OPEN,
    "POST /t/{token}/pin": TOKENED,
    "POST /t/{token}/leave": TOKENED,
    "POST /t/{token}/press": TOKENED,
    "POST /t/{token}/undo": TOKENED,
    "GET /t/{token}/ticket.{form}": TOKENED,
    "GET /T/{token}/ticket.{form}": TOKENED,
}
"""By method and pattern, as the router spells them; `GET` covers HEAD, `*` every method."""


def rule_of(method: str, pattern: str) -> Rule | None:
    """What a route asks for; None for one that the table does not know."""
    if pattern.startswith("/api/sandbox/"):
        return OPEN  # these exist in the sandbox only, which is bound to this machine
    verb = "GET" if method == "HEAD" else method
    return POLICY.get(f"{verb} {pattern}") or POLICY.get(f"* {pattern}")
