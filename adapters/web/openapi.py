"""The OpenAPI description. A test holds it against the router, another against the standard."""

from adapters.web.openapi_pages import PAGES
from adapters.web.openapi_parts import (
    DAY,
    DONE,
    FEED,
    FORM,
    MAYBE_MOMENT,
    MOMENT,
    NUMBER,
    PICTURE,
    SEEN,
    STATUSES,
    TEXT,
    TEXTS,
    Data,
    answers,
    as_data,
    does,
    listed,
    ref,
    shaped,
)
from adapters.web.openapi_people import PEOPLE
from adapters.web.openapi_suppliers import SUPPLIERS

SCHEMAS: Data = {
    "Error": shaped("error", error=shaped("code message", code=TEXT, message=TEXT)),
    "Node": shaped(
        "key name status quantity rework scrap reason photos",
        key=TEXT, name=TEXT, status={"type": "string", "enum": STATUSES}, quantity=NUMBER,
        rework=NUMBER, scrap=NUMBER, reason=TEXT, reason_text=TEXT, until=TEXT, awaiting=TEXTS,
        planned_start=MAYBE_MOMENT, planned_finish=MAYBE_MOMENT, started_at=MAYBE_MOMENT,
        finished_at=MAYBE_MOMENT, reported_by=TEXT, tracking=TEXT, photos=TEXTS,
    ),
    "Order": shaped(
        "order_no product quantity customer due forecast deviation_percent level nodes",
        order_no=TEXT, product=TEXT, quantity=NUMBER, customer=TEXT, customer_name=TEXT,
        state={"type": "string", "enum": ["open", "finished", "cancelled"]}, route=TEXT,
        note=TEXT, priority=TEXT, labels=TEXTS, placed=MAYBE_MOMENT, due=DAY, promised=DAY,
        forecast=MOMENT, deviation_percent={"type": "number"},
        level={"type": "string", "enum": ["none", "yellow", "orange", "red"]},
        updated_at=MAYBE_MOMENT, nodes=listed(ref("Node")),
    ),
    "Event": shaped(
        "seq type node by occurred_at recorded_at source data hash",
        seq=NUMBER, type=TEXT, node=TEXT, by=TEXT, occurred_at=MOMENT, recorded_at=MOMENT,
        source={
            "type": ["object", "null"],
            "properties": {"platform": TEXT, "chat": TEXT, "message_id": TEXT},
        },
        data={"type": "object"}, hash=TEXT,
    ),
    "Chat": shaped(
        "chat title kind members",
        chat=TEXT, title=TEXT,
        kind={
            "type": "string",
            "enum": ["production_group", "management_group", "customer_group", "private"],
        },
        members=TEXTS,
    ),
    "Message": shaped(
        "message_id from text photos image buttons reactions edited reply_to at",
        **{"from": TEXT},
        message_id=TEXT, kind={"type": ["string", "null"]}, text=TEXT, photos=TEXTS,
        image={"type": ["string", "null"]}, buttons=listed(shaped("id label", id=TEXT, label=TEXT)),
        reactions=TEXTS, edited={"type": "boolean"}, reply_to={"type": ["string", "null"]},
        at=MOMENT,
    ),
    "Clock": shaped("now", now=MOMENT, shown=TEXT),
    "Kept": shaped("message_id", message_id=TEXT, button=TEXT),
}  # fmt: skip

_SAID = shaped(
    "chat sender", chat=TEXT, sender=TEXT, text=TEXT, reply_to=TEXT, message_id=TEXT,
)  # fmt: skip
_OWN = shaped("chat sender message_id", chat=TEXT, sender=TEXT, message_id=TEXT, text=TEXT)
_PRESS = shaped("message_id button sender", message_id=TEXT, button=TEXT, sender=TEXT)
_WORLD = shaped(world={"type": "object"}, at=MOMENT)
_FILES = _SAID | {
    "properties": _SAID["properties"]
    | {"photos": listed({"type": "string", "contentMediaType": "application/octet-stream"})}
}
_FOLLOW = shaped("stage", stage=TEXT, on={"type": "string", "enum": ["0", "1"]})


PATHS: dict[str, Data] = {
    "/healthz": {"get": does("Whether all is well; 503 if not", as_data({"type": "object"}))},
    "/metrics": {"get": does("Prometheus text", answers("text/plain", None))},
    "/api/openapi.json": {"get": does("This description", as_data({"type": "object"}))},
    "/api/orders": {
        "get": does("Orders, open or all", as_data(listed(ref("Order"))), query="state")
    },
    "/api/orders/{order_no}": {"get": does("An order", as_data(ref("Order")), path="order_no")},
    "/api/orders/{order_no}/events": {
        "get": does("Its audit log", as_data(listed(ref("Event"))), path="order_no")
    },
    "/api/export.{form}": {
        "get": does(
            "All orders, xlsx or csv", answers("application/octet-stream", None), path="form"
        )
    },
    "/photos/{token}": {"get": does("A picture of an order", PICTURE, path="token")},
    "/pictures/{name}": {"get": does("A picture of a chat", PICTURE, path="name")},
    "/orders/{order_no}/ticket.{form}": {
        "get": does(
            "The work ticket, pdf or png",
            answers("application/octet-stream", None),
            path="order_no form",
            query="node",
        )
    },
    "/": {"get": does("The sandbox, else the board", query="lang")},
    "/board": {"get": does("The board", query="lang theme embed")},
    "/board/events": {"get": does("The board's live feed", FEED, query="lang embed")},
    "/orders/{order_no}": {"get": does("An order for staff", path="order_no", query="lang")},
    "/p/{token}": {"get": does("An order for its customer", path="token", query="lang embed")},
    "/p/{token}/follow": {
        "post": does(
            "Hear of a stage", SEEN, status="303", body=_FOLLOW, media=FORM, path="token"
        )
    },
    "/p/{token}/ask": {
        "post": does(
            "Ask the merchandiser", SEEN, status="303", body=shaped(text=TEXT), media=FORM,
            path="token",
        )
    },
    "/t/{token}": {"get": does("The work ticket", path="token", query="lang")},
    "/T/{token}": {"get": does("The same, as codes on paper say it", path="token", query="lang")},
    "/t/{token}/ticket.{form}": {
        "get": does(
            "The ticket to print", answers("application/octet-stream", None), path="token form"
        )
    },
    "/T/{token}/ticket.{form}": {
        "get": does(
            "The ticket to print", answers("application/octet-stream", None), path="token form"
        )
    },
    "/webhooks/telegram": {"post": does("Telegram calls", DONE, body={"type": "object"})},
    "/webhooks/feishu": {"post": does("Feishu calls", DONE, body={"type": "object"})},
    "/webhooks/wecom": {
        "get": does(
            "WeCom asks whether this address is ours", answers("text/plain", None),
            query="msg_signature timestamp nonce echostr",
        ),
        "post": does(
            "WeCom calls", DONE, body=TEXT, media="application/xml",
            query="msg_signature timestamp nonce",
        ),
    },
    "/api/sandbox/chats": {"get": does("All chats", as_data(listed(ref("Chat"))))},
    "/api/sandbox/messages": {
        "post": does("Say something", as_data(ref("Kept")), status="202", body=_SAID, files=_FILES)
    },
    "/api/sandbox/edit": {
        "post": does("Change a message", as_data(ref("Kept")), status="202", body=_OWN)
    },
    "/api/sandbox/recall": {
        "post": does("Take a message back", as_data(ref("Kept")), status="202", body=_OWN)
    },
    "/api/sandbox/chats/{chat}/messages": {
        "get": does(
            "What was said or changed after a cursor",
            as_data(shaped("cursor messages", cursor=TEXT, messages=listed(ref("Message")))),
            path="chat",
            query="after",
        )
    },
    "/api/sandbox/press": {
        "post": does("Press a button", as_data(ref("Kept")), status="202", body=_PRESS)
    },
    "/api/sandbox/clock": {
        "get": does("The time here", as_data(ref("Clock"))),
        "post": does(
            "Turn the clock", as_data(ref("Clock")), body=shaped(advance=TEXT, to=MOMENT)
        ),
    },
    "/api/sandbox/idle": {
        "post": does("Wait until nothing is left to do", as_data({"type": "object"}))
    },
    "/api/sandbox/reset": {
        "post": does("Begin again", as_data(ref("Clock")), body=_WORLD, required=False)
    },
    "/api/sandbox/links": {"get": does("All tokened links", as_data({"type": "object"}))},
    "/api/sandbox/script": {
        "get": does("The demo's steps", as_data(listed({"type": "object"})))
    },
    "/api/sandbox/phones": {
        "get": does("Names, and each customer's pages", as_data({"type": "object"}))
    },
    "/api/sandbox/events": {"get": does("What changes, live", FEED)},
    **PAGES,
    **SUPPLIERS,
    **PEOPLE,
}  # fmt: skip


def document(version: str) -> Data:
    """OpenAPI 3.1 of every route."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vitrine 橱窗",
            "version": version,
            "description": "Orders, their history, and the sandbox's chats.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{}, {"token": []}],
        "paths": PATHS,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
