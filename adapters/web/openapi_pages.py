"""The OpenAPI description's part on pages for signed-in people and of tokened ones."""

from adapters.web.openapi_parts import (
    FORM,
    PICTURE,
    SEEN,
    TEXT,
    Data,
    answers,
    as_data,
    does,
    shaped,
)

LOOKED = "days route team customer product lang"
"""The cockpit's filters."""
SHEETS = answers("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None)

PERSON = shaped("name role", name=TEXT, role=TEXT, title=TEXT, node=TEXT, every=TEXT, language=TEXT)

ROUTE = shaped("do toml", do=TEXT, toml=TEXT, base=TEXT, seen=TEXT, key=TEXT)
"""And the fields of the form, by the node's place: `0.name`, `0.team`, …"""

PAGES: dict[str, Data] = {
    "/sign-in": {"get": does("How to sign in", query="lang")},
    "/sign-in/{token}": {
        "get": does("Whom a one-time link would sign in", path="token", query="lang"),
        "post": does("Sign in with it", SEEN, status="303", path="token", query="lang"),
    },
    "/p/{token}/rate": {
        "post": does(
            "How content the customer is: 5, 3 or 1",
            SEEN,
            status="303",
            body=shaped("score", score=TEXT, text=TEXT),
            media=FORM,
            path="token",
        )
    },
    "/p/{token}/share": {
        "post": does("A link to pass on, which shows this order alone", path="token", query="lang")
    },
    "/p/{token}/unshare": {
        "post": does("End what was passed on", SEEN, status="303", path="token", query="lang")
    },
    "/p/{token}/card.png": {"get": does("The progress card", PICTURE, path="token", query="lang")},
    "/p/{token}/app.webmanifest": {
        "get": does("For a phone's home screen", as_data({"type": "object"}), path="token")
    },
    "/calendars/{token}.ics": {
        "get": does("Due dates (RFC 5545)", answers("text/calendar", None), path="token")
    },
    "/t/{token}/pin": {
        "post": does(
            "A badge for a PIN",
            SEEN,
            status="303",
            media=FORM,
            path="token",
            query="lang",
            body=shaped("person pin", person=TEXT, pin=TEXT),
        )
    },
    "/t/{token}/leave": {
        "post": does("Give the phone to somebody else", SEEN, status="303", path="token")
    },
    "/t/{token}/press": {
        "post": does(
            "Report at a node, once a `press`",
            as_data({"type": "object"}),
            path="token",
            query="lang",
            media="multipart/form-data",
            body=shaped(
                "press act node",
                press=TEXT,
                act=TEXT,
                node=TEXT,
                quantity=TEXT,
                reason=TEXT,
                text=TEXT,
                ago=TEXT,
                badge=TEXT,
                anyway=TEXT,
                photos={"type": "array"},
            ),
        )
    },
    "/t/{token}/undo": {
        "post": does(
            "Take one's own press back",
            SEEN,
            status="303",
            media=FORM,
            path="token",
            body=shaped("press", press=TEXT),
        )
    },
    "/ticket-worker.js": {
        "get": does("Opens tickets without a network", answers("text/javascript", None))
    },
    "/cockpit": {"get": does("The manager's cockpit", query=LOOKED)},
    "/cockpit.xlsx": {"get": does("All its charts as tables", SHEETS, query=LOOKED)},
    "/cockpit/{chart}.xlsx": {
        "get": does("One chart as a table", SHEETS, path="chart", query=LOOKED)
    },
    "/orders": {"get": does("Orders, the most urgent first", query="q state label lang")},
    "/orders/{order_no}/follow": {
        "post": does(
            "Hear of an order; `on=0` no more",
            SEEN,
            status="303",
            media=FORM,
            body=shaped(on=TEXT),
            path="order_no",
            query="lang",
        )
    },
    "/orders/{order_no}/labels": {
        "post": does(
            "Put a label on an order; `on=0` takes it off",
            SEEN,
            status="303",
            media=FORM,
            body=shaped("label", label=TEXT, on=TEXT),
            path="order_no",
            query="lang",
        )
    },
    "/settings": {"get": does("What can be set", query="lang")},
    "/settings/people": {"get": does("Staff and suppliers", query="lang")},
    "/settings/people/new": {
        "get": does("The form for somebody new", query="lang"),
        "post": does("Add somebody; their code is shown once", body=PERSON, media=FORM),
    },
    "/settings/people/{person}": {
        "get": does("Somebody's form", path="person", query="lang"),
        "post": does("Change somebody", SEEN, status="303", body=PERSON, media=FORM, path="person"),
    },
    "/settings/people/{person}/{act}": {
        "post": does("A new code, no PIN, or gone", SEEN, status="303", path="person act")
    },
    "/settings/access": {
        "get": does("Sessions, tokens, kiosks", query="lang"),
        "post": does(
            "A new token or kiosk; its secret is shown once",
            media=FORM,
            body=shaped("kind label", kind=TEXT, label=TEXT, person=TEXT, days=TEXT),
        ),
    },
    "/settings/access/end": {
        "post": does("End one", SEEN, status="303", body=shaped("key", key=TEXT), media=FORM)
    },
    "/settings/changes": {"get": does("Who changed what", query="lang")},
    "/settings/routes": {"get": does("All routes, and how many orders follow them", query="lang")},
    "/settings/new-route": {
        "get": does("The form for another route", query="from key name lang"),
        "post": does("Check it or keep it", SEEN, status="303", body=ROUTE, media=FORM),
    },
    "/settings/routes/{route}": {
        "get": does("A route as a form and as TOML", path="route", query="lang"),
        "post": does(
            "Check it, or keep a new version",
            SEEN,
            status="303",
            body=ROUTE,
            media=FORM,
            path="route",
        ),
    },
    "/settings/calendar": {
        "get": does("A year's days", query="year lang"),
        "post": does(
            "Days of the factory's own: `do=look` for what it would do, `do=keep`",
            SEEN,
            status="303",
            media=FORM,
            body=shaped("do first kind", do=TEXT, first=TEXT, last=TEXT, kind=TEXT, reason=TEXT),
        ),
    },
    "/settings/calendar/clear": {
        "post": does(
            "Days as week and state have them",
            SEEN,
            status="303",
            media=FORM,
            body=shaped("first last", first=TEXT, last=TEXT),
        )
    },
    "/settings/escalation": {
        "get": does("Who hears of what", query="lang"),
        "post": does(
            "Check another declaration or keep it",
            SEEN,
            status="303",
            media=FORM,
            body=shaped("do text", do=TEXT, text=TEXT),
        ),
    },
    "/settings/escalation/reset": {
        "post": does("The declaration that comes with us", SEEN, status="303")
    },
    "/sign-out": {
        "post": does(
            "End this session, or all", SEEN, status="303", body=shaped(everywhere=TEXT), media=FORM
        )
    },
}
