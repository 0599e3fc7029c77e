"""A world is kept alive: orders come and go; replies take numbers and words."""

from datetime import datetime

import pytest

from bot.understanding.model import Message, ReplyTo, Update
from bot.understanding.understand import understand
from bot.understanding.world import NodeEntry, OrderEntry, PersonEntry, RouteEntry, World, one_edit

ROUTE = RouteEntry(
    "r", (NodeEntry("saw", "锯料", ("开锯",)), NodeEntry("paint", "油漆", ("面漆", "painting")))
)
AT = datetime.fromisoformat("2026-11-23T10:00")


def order(number: str) -> OrderEntry:
    return OrderEntry(number, "餐桌", 10, None, ROUTE)


def test_orders_come_and_go() -> None:
    world = World([order("T-1001")])
    message = Message("T-1002 锯料完成", AT)
    assert understand(world, message).decision == "ask"
    world.put(order("T-1002"))
    assert understand(world, message).updates == (Update("complete", "T-1002", "saw"),)
    world.drop("T-1002")
    assert understand(world, message).candidates == ("T-1001",)


def test_a_new_route_brings_its_words() -> None:
    world = World([order("T-1001")])
    other = RouteEntry("o", (NodeEntry("glue", "拼板", ()),))
    world.put(OrderEntry("T-1003", "柜", 5, None, other))
    assert understand(world, Message("T-1003拼板完成", AT)).updates[0].node == "glue"


def test_people_are_replaced() -> None:
    world = World([order("T-1001")], [PersonEntry("p", "老周", nodes=("saw",))])
    message = Message("T-1001 油漆完成", AT, sender="p")
    assert understand(world, message).why == "not-your-node"
    world.put_people([PersonEntry("p", "老周", nodes=("saw", "paint"))])
    assert understand(world, message).decision == "apply"


OPTIONS = (Update("complete", "T-1001", "saw"), Update("complete", "T-1001", "paint"))


@pytest.mark.parametrize(
    ("said", "node"),
    [("2", "paint"), ("1", "saw"), ("第二个", "paint"), ("油漆", "paint"), ("选1", "saw")],
)
def test_an_option_is_chosen_by_number_or_word(said: str, node: str) -> None:
    reply = ReplyTo("bot_question", "T-1001", "node", Update("complete", "T-1001"), OPTIONS)
    decision = understand(World([order("T-1001")]), Message(said, AT, reply_to=reply))
    assert [u.node for u in decision.updates] == [node]


@pytest.mark.parametrize(
    "said", ["是", "嗯", "对", "yes", "OK", "好", "好的", "嗯嗯", "是的。", "👌"]
)
def test_yes_confirms(said: str) -> None:
    reply = ReplyTo("bot_question", "T-1001", "confirm", OPTIONS[0])
    decision = understand(World([order("T-1001")]), Message(said, AT, reply_to=reply))
    assert decision.updates == (OPTIONS[0],)


@pytest.mark.parametrize("said", ["不是", "不", "no", "算了", "不用了", "没有", "3"])
def test_no_drops_it(said: str) -> None:
    reply = ReplyTo("bot_question", "T-1001", "confirm", OPTIONS[0], OPTIONS)
    decision = understand(World([order("T-1001")]), Message(said, AT, reply_to=reply))
    assert decision.decision != "apply"


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [("a102", "a112", True), ("a102", "a10", True), ("a12", "a102", True), ("a102", "a120", True),
     ("a102", "a102", False), ("a102", "a213", False), ("a102", "b103", False)],
)  # fmt: skip
def test_one_edit(a: str, b: str, near: bool) -> None:
    assert one_edit(a, b) is near
