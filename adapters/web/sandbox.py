"""The sandbox's API: chats to write in, buttons to press, a clock to turn."""

import re

from aiohttp import web

from adapters.web.answers import as_json
from adapters.web.bodies import Form as Body
from adapters.web.bodies import clean, read_form, read_json
from adapters.web.faults import Fault
from adapters.web.feed import BOARD, opened, tell
from adapters.web.orders import moment
from adapters.web.ports import Sandbox
from adapters.web.site import Site, language_of, site_of
from domain.order import Order
from domain.person import GroupKind, Person, Role
from domain.ports import Reader

_DURATION = re.compile(
    r"P(?=[\dT])(?:\d{1,3}W)?(?:\d{1,3}D)?(?:T(?=\d)(?:\d{1,4}H)?(?:\d{1,5}M)?(?:\d{1,6}S)?)?",
    re.ASCII,
)
LONGEST = 100_000
"""Characters of one message; a pasted order list is long."""


def _sandbox(request: web.Request) -> Sandbox:
    sandbox = site_of(request).sandbox
    if sandbox is None:
        raise Fault(404, "no-sandbox")
    return sandbox


def _clock(request: web.Request) -> web.Response:
    site = site_of(request)
    now = site.house.now()
    shown = site.house.date(language_of(request), now)
    return as_json({"now": moment(now, site.house.calendar), "shown": shown})


async def chats(request: web.Request) -> web.Response:
    """All chats and who is in them."""
    return as_json(await _sandbox(request).chats())


async def post(request: web.Request) -> web.Response:
    """Say something; answered after it is kept."""
    sandbox, body = _sandbox(request), await read_form(request)
    chat, sender = body.text("chat", required=True), body.text("sender", required=True)
    text, photos = body.text("text", longest=LONGEST), body.files
    if body.fields.get("photos"):
        raise Fault(422, "photos-are-files")
    if not text.strip() and not photos:
        raise Fault(422, "nothing-said")
    message_id = await sandbox.post(
        chat, sender, text, photos, body.text("reply_to"), body.text("message_id"), ""
    )
    site_of(request).feed.publish(f"chat:{chat}")
    return as_json({"message_id": message_id}, 202)


async def edit(request: web.Request) -> web.Response:
    """Change a message of one's own, as some platforms allow."""
    sandbox, body = _sandbox(request), Body(await read_json(request))
    chat, sender = body.text("chat", required=True), body.text("sender", required=True)
    edits = body.text("message_id", required=True)
    text = body.text("text", required=True, longest=LONGEST)
    await sandbox.post(chat, sender, text, [], "", "", edits)
    site_of(request).feed.publish(f"chat:{chat}")
    return as_json({"message_id": edits}, 202)


async def recall(request: web.Request) -> web.Response:
    """Take a message of one's own out of the chat."""
    sandbox, body = _sandbox(request), Body(await read_json(request))
    chat, sender = body.text("chat", required=True), body.text("sender", required=True)
    message_id = body.text("message_id", required=True)
    await sandbox.recall(chat, message_id, sender)
    site_of(request).feed.publish(f"chat:{chat}")
    return as_json({"message_id": message_id}, 202)


async def messages(request: web.Request) -> web.Response:
    """What was said or changed after a cursor."""
    chat, after = request.match_info["chat"], request.query.get("after", "")
    sandbox = _sandbox(request)
    found = await sandbox.messages(chat, clean(after)[:64])
    if not found["messages"] and chat not in {room["chat"] for room in await sandbox.chats()}:
        raise Fault(404, "no-such-chat")
    calendar = site_of(request).house.calendar
    told = [{**m, "at": moment(m.get("at"), calendar)} for m in found["messages"]]
    return as_json({**found, "messages": told})


async def press(request: web.Request) -> web.Response:
    """Press a button."""
    sandbox, body = _sandbox(request), Body(await read_json(request))
    message_id, button = body.text("message_id", required=True), body.text("button", required=True)
    await sandbox.press(message_id, button, body.text("sender", required=True))
    site_of(request).feed.publish("chat:")
    return as_json({"message_id": message_id, "button": button}, 202)


async def clock(request: web.Request) -> web.Response:
    """What time it is here."""
    _sandbox(request)
    return _clock(request)


async def turn(request: web.Request) -> web.Response:
    """Turn the clock; answered when all that falls due on the way has run."""
    sandbox, body = _sandbox(request), Body(await read_json(request))
    advance, to = body.text("advance"), body.text("to")
    if bool(advance) == bool(to):
        raise Fault(422, "clock-one-of")
    if advance and not _DURATION.fullmatch(advance):
        raise Fault(422, "no-such-time")
    try:
        await sandbox.turn(advance, to)
    except OverflowError as error:
        raise Fault(422, "no-such-time") from error
    _everything(site_of(request))
    return _clock(request)


async def idle(request: web.Request) -> web.Response:
    """Answer when nothing waits to be handled or sent."""
    await _sandbox(request).idle()
    return as_json({"idle": True})


async def reset(request: web.Request) -> web.Response:
    """Begin again, with a world or with the demo factory."""
    site, sandbox = site_of(request), _sandbox(request)
    data = await read_json(request, empty=True)
    world, at = data.get("world"), Body(data).text("at")
    if world is not None and not isinstance(world, dict):
        raise Fault(422, "wrong-field", field="world")
    try:
        await sandbox.reset(world, at)
    except OverflowError as error:
        raise Fault(422, "no-such-time") from error
    except (KeyError, TypeError, ValueError) as error:
        if world is None:
            raise
        raise Fault(422, "world", detail=repr(error)[:200]) from error
    _everything(site)
    return _clock(request)


async def links(request: web.Request) -> web.Response:
    """The tokened links of all orders, customers, suppliers."""
    return as_json(await _sandbox(request).links())


async def script(request: web.Request) -> web.Response:
    """The demo's steps."""
    return as_json(await _sandbox(request).script())


async def phones(request: web.Request) -> web.Response:
    """People as the sandbox page names them, and each customer's chat and order pages."""
    site, sandbox = site_of(request), _sandbox(request)
    rooms = await sandbox.chats()

    def look(reader: Reader) -> tuple[list[Person], dict[str, list[Order]]]:
        people = list(reader.people())
        theirs = {p.id: reader.orders_of(p.id) for p in people if p.role is Role.CUSTOMER}
        return people, {who: list(orders) for who, orders in theirs.items()}

    people, theirs = await site.house.read(look)
    named = {p.id: {"name": p.name, "title": p.title, "role": p.role.value} for p in people}
    languages = {p.id: p.language for p in people}
    out = []
    for who, orders in theirs.items():
        chats = [r for r in rooms if who in r["members"]]
        own = [r for r in chats if r["kind"] == GroupKind.PRIVATE.value] or chats
        pages = [
            {
                "order_no": o.order_no,
                "product": o.product,
                "page": await site.house.link("p", o.order_no, who),
            }
            for o in sorted(orders, key=_furthest)
        ]
        out.append(
            {
                "customer": who,
                "language": languages[who],
                "chat": own[0]["chat"] if own else "",
                "orders": pages,
            }
        )
    return as_json({"people": named, "phones": out})


def _furthest(order: Order) -> tuple[bool, int]:
    """Orders on the way before finished ones, those with the most behind them first."""
    return not order.open, -sum(node.completed for node in order.nodes.values())


async def events(request: web.Request) -> web.StreamResponse:
    """What changed: `chat` with the chat's id (empty: any), `board`, `beat` when nothing did."""
    _sandbox(request)
    site = site_of(request)
    response = await opened(request)
    await tell(response, "beat", "")
    async for topics in site.feed.listen():
        try:
            for topic in sorted(topics):
                kind, _, chat = topic.partition(":")
                await tell(response, kind, chat)
            if not topics:
                await tell(response, "beat", "")
        except ConnectionError:
            break
    return response


def _everything(site: Site) -> None:
    site.feed.publish("chat:")
    site.feed.publish(BOARD)


ROUTES = [
    web.get("/api/sandbox/chats", chats),
    web.post("/api/sandbox/messages", post),
    web.post("/api/sandbox/edit", edit),
    web.post("/api/sandbox/recall", recall),
    web.get("/api/sandbox/chats/{chat}/messages", messages),
    web.post("/api/sandbox/press", press),
    web.get("/api/sandbox/clock", clock),
    web.post("/api/sandbox/clock", turn),
    web.post("/api/sandbox/idle", idle),
    web.post("/api/sandbox/reset", reset),
    web.get("/api/sandbox/links", links),
    web.get("/api/sandbox/script", script),
    web.get("/api/sandbox/phones", phones),
    web.get("/api/sandbox/events", events, allow_head=False),
]
