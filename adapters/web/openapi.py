"""The OpenAPI description. A test holds it against the router, another against the standard."""

from typing import Any

Data = dict[str, Any]

TEXT: Data = {"type": "string"}
NUMBER: Data = {"type": "integer"}
MOMENT: Data = {"type": "string", "format": "date-time"}
DAY: Data = {"type": "string", "format": "date"}
MAYBE_MOMENT: Data = {"type": ["string", "null"], "format": "date-time"}
TEXTS: Data = {"type": "array", "items": TEXT}
STATUSES = ["pending", "in_progress", "done", "delayed", "to_confirm"]


def _ref(name: str) -> Data:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str = "", **properties: Data) -> Data:
    found: Data = {"type": "object", "properties": properties}
    return found | ({"required": required.split()} if required else {})


def _list(of: Data) -> Data:
    return {"type": "array", "items": of}


SCHEMAS: Data = {
    "Error": _object("error", error=_object("code message", code=TEXT, message=TEXT)),
    "Node": _object(
        "key name status quantity rework scrap reason photos",
        key=TEXT, name=TEXT, status={"type": "string", "enum": STATUSES}, quantity=NUMBER,
        rework=NUMBER, scrap=NUMBER, reason=TEXT, reason_text=TEXT, until=TEXT, awaiting=TEXTS,
        planned_start=MAYBE_MOMENT, planned_finish=MAYBE_MOMENT, started_at=MAYBE_MOMENT,
        finished_at=MAYBE_MOMENT, reported_by=TEXT, tracking=TEXT, photos=TEXTS,
    ),
    "Order": _object(
        "order_no product quantity customer due forecast deviation_percent level nodes",
        order_no=TEXT, product=TEXT, quantity=NUMBER, customer=TEXT, customer_name=TEXT,
        state={"type": "string", "enum": ["open", "finished", "cancelled"]}, route=TEXT,
        note=TEXT, priority=TEXT, placed=MAYBE_MOMENT, due=DAY, promised=DAY, forecast=MOMENT,
        deviation_percent={"type": "number"},
        level={"type": "string", "enum": ["none", "yellow", "orange", "red"]},
        updated_at=MAYBE_MOMENT, nodes=_list(_ref("Node")),
    ),
    "Event": _object(
        "seq type node by occurred_at recorded_at source data hash",
        seq=NUMBER, type=TEXT, node=TEXT, by=TEXT, occurred_at=MOMENT, recorded_at=MOMENT,
        source={
            "type": ["object", "null"],
            "properties": {"platform": TEXT, "chat": TEXT, "message_id": TEXT},
        },
        data={"type": "object"}, hash=TEXT,
    ),
    "Chat": _object(
        "chat title kind members",
        chat=TEXT, title=TEXT,
        kind={
            "type": "string",
            "enum": ["production_group", "management_group", "customer_group", "private"],
        },
        members=TEXTS,
    ),
    "Message": _object(
        "message_id from text photos image buttons reactions edited reply_to at",
        **{"from": TEXT},
        message_id=TEXT, kind={"type": ["string", "null"]}, text=TEXT, photos=TEXTS,
        image={"type": ["string", "null"]}, buttons=_list(_object("id label", id=TEXT, label=TEXT)),
        reactions=TEXTS, edited={"type": "boolean"}, reply_to={"type": ["string", "null"]},
        at=MOMENT,
    ),
    "Clock": _object("now", now=MOMENT, shown=TEXT),
    "Kept": _object("message_id", message_id=TEXT, button=TEXT),
}  # fmt: skip

_SAID = _object(
    "chat sender", chat=TEXT, sender=TEXT, text=TEXT, reply_to=TEXT, message_id=TEXT,
)  # fmt: skip
_OWN = _object("chat sender message_id", chat=TEXT, sender=TEXT, message_id=TEXT, text=TEXT)
_PRESS = _object("message_id button sender", message_id=TEXT, button=TEXT, sender=TEXT)
_WORLD = _object(world={"type": "object"}, at=MOMENT)
_FILES = _SAID | {
    "properties": _SAID["properties"]
    | {"photos": _list({"type": "string", "contentMediaType": "application/octet-stream"})}
}
_FOLLOW = _object("stage", stage=TEXT, on={"type": "string", "enum": ["0", "1"]})


def _answer(media: str, schema: Data | None, words: str = "OK") -> Data:
    return {"description": words, "content": {media: {"schema": schema or TEXT}}}


def _json(schema: Data, words: str = "OK") -> Data:
    return _answer("application/json", schema, words)


def _does(
    summary: str,
    answer: Data | None = None,
    *,
    status: str = "200",
    body: Data | None = None,
    media: str = "application/json",
    query: str = "",
    path: str = "",
) -> Data:
    """One operation. Every fault has the same form."""
    found: Data = {
        "summary": summary,
        "responses": {
            status: answer or _answer("text/html", None, "A page"),
            "default": _json(_ref("Error"), "A refusal"),
        },
    }
    where = [("path", n) for n in path.split()] + [("query", n) for n in query.split()]
    if where:
        found["parameters"] = [
            {"name": n, "in": place, "required": place == "path", "schema": TEXT}
            for place, n in where
        ]
    if body:
        content = {media: {"schema": body}}
        if body is _SAID:
            content["multipart/form-data"] = {"schema": _FILES}
        found["requestBody"] = {"content": content, "required": body is not _WORLD}
    return found


_FORM = "application/x-www-form-urlencoded"
_PICTURE = _answer("image/*", None, "A picture")
_FEED = _answer("text/event-stream", None, "A live feed")
_SEEN = _answer("text/html", None, "Back to the page")
_DONE = _answer("application/json", None, "Taken in")

PATHS: dict[str, Data] = {
    "/healthz": {"get": _does("Whether all is well; 503 if not", _json({"type": "object"}))},
    "/metrics": {"get": _does("Prometheus text", _answer("text/plain", None))},
    "/api/openapi.json": {"get": _does("This description", _json({"type": "object"}))},
    "/api/orders": {
        "get": _does("Orders, open or all", _json(_list(_ref("Order"))), query="state")
    },
    "/api/orders/{order_no}": {"get": _does("An order", _json(_ref("Order")), path="order_no")},
    "/api/orders/{order_no}/events": {
        "get": _does("Its audit log", _json(_list(_ref("Event"))), path="order_no")
    },
    "/api/export.{form}": {
        "get": _does(
            "All orders, xlsx or csv", _answer("application/octet-stream", None), path="form"
        )
    },
    "/photos/{token}": {"get": _does("A picture of an order", _PICTURE, path="token")},
    "/pictures/{name}": {"get": _does("A picture of a chat", _PICTURE, path="name")},
    "/orders/{order_no}/ticket.{form}": {
        "get": _does(
            "The work ticket, pdf or png",
            _answer("application/octet-stream", None),
            path="order_no form",
            query="node",
        )
    },
    "/": {"get": _does("The sandbox, else the board", query="lang")},
    "/board": {"get": _does("The board", query="lang theme embed")},
    "/board/events": {"get": _does("The board's live feed", _FEED, query="lang embed")},
    "/orders/{order_no}": {"get": _does("An order for staff", path="order_no", query="lang")},
    "/p/{token}": {"get": _does("An order for its customer", path="token", query="lang embed")},
    "/p/{token}/follow": {
        "post": _does(
            "Hear of a stage", _SEEN, status="303", body=_FOLLOW, media=_FORM, path="token"
        )
    },
    "/p/{token}/ask": {
        "post": _does(
            "Ask the merchandiser", _SEEN, status="303", body=_object(text=TEXT), media=_FORM,
            path="token",
        )
    },
    "/t/{token}": {"get": _does("The work ticket", path="token", query="lang")},
    "/T/{token}": {"get": _does("The same, as codes on paper say it", path="token", query="lang")},
    "/t/{token}/ticket.{form}": {
        "get": _does(
            "The ticket to print", _answer("application/octet-stream", None), path="token form"
        )
    },
    "/T/{token}/ticket.{form}": {
        "get": _does(
            "The ticket to print", _answer("application/octet-stream", None), path="token form"
        )
    },
    "/webhooks/telegram": {"post": _does("Telegram calls", _DONE, body={"type": "object"})},
    "/webhooks/feishu": {"post": _does("Feishu calls", _DONE, body={"type": "object"})},
    "/webhooks/wecom": {
        "get": _does(
            "WeCom asks whether this address is ours", _answer("text/plain", None),
            query="msg_signature timestamp nonce echostr",
        ),
        "post": _does(
            "WeCom calls", _DONE, body=TEXT, media="application/xml",
            query="msg_signature timestamp nonce",
        ),
    },
    "/api/sandbox/chats": {"get": _does("All chats", _json(_list(_ref("Chat"))))},
    "/api/sandbox/messages": {
        "post": _does("Say something", _json(_ref("Kept")), status="202", body=_SAID)
    },
    "/api/sandbox/edit": {
        "post": _does("Change a message", _json(_ref("Kept")), status="202", body=_OWN)
    },
    "/api/sandbox/recall": {
        "post": _does("Take a message back", _json(_ref("Kept")), status="202", body=_OWN)
    },
    "/api/sandbox/chats/{chat}/messages": {
        "get": _does(
            "What was said or changed after a cursor",
            _json(_object("cursor messages", cursor=TEXT, messages=_list(_ref("Message")))),
            path="chat",
            query="after",
        )
    },
    "/api/sandbox/press": {
        "post": _does("Press a button", _json(_ref("Kept")), status="202", body=_PRESS)
    },
    "/api/sandbox/clock": {
        "get": _does("The time here", _json(_ref("Clock"))),
        "post": _does(
            "Turn the clock", _json(_ref("Clock")), body=_object(advance=TEXT, to=MOMENT)
        ),
    },
    "/api/sandbox/idle": {
        "post": _does("Wait until nothing is left to do", _json({"type": "object"}))
    },
    "/api/sandbox/reset": {"post": _does("Begin again", _json(_ref("Clock")), body=_WORLD)},
    "/api/sandbox/links": {"get": _does("All tokened links", _json({"type": "object"}))},
    "/api/sandbox/script": {
        "get": _does("The demo's steps", _json(_list({"type": "object"})))
    },
    "/api/sandbox/phones": {
        "get": _does("Names, and each customer's pages", _json({"type": "object"}))
    },
    "/api/sandbox/events": {"get": _does("What changes, live", _FEED)},
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
