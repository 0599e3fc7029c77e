"""What is remembered of a message is never taken for what another one says."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest

from bot.understanding.cases import world_from_json
from bot.understanding.model import Decision, Message, Previous, ReplyTo
from bot.understanding.understand import understand
from bot.understanding.world import NodeEntry, OrderEntry, PersonEntry, RouteEntry, World
from tests.understanding.judging import FIXTURES

AT = datetime.fromisoformat("2026-11-23T10:00")
MORE = ("A211", "A307", "A350")  # beside A102 and its like: numbers of the same shape
SAID = (
    "#{a} 裁切完成",
    "{a}裁切完成，{b}绣花完成",
    "{a}裁切完成，{b}绣花好了没",
    "{a}裁切完成 绣花开始",
    "{a}和{b}裁切完成",
    "{a}、{b} 裁切完成",
    "{a}-{b}裁切完成",
    "除了{a}，裁切都完成了",
    "{a}裁切完成，{b}除外",
    "1.{a} 裁切完成 2.{b} 绣花完成",
    "{a}和05裁切完成",
    "{a}区裁切完成",
    "{a} 裁切完成 98件",
    "{a} 裁切 5/12",
    "{a} 才切完成",
    "{a} 打枣完成",
    "{a} 裁切明天完成",
    "昨天{a} 裁切完成",
    "{a} 裁切下午三点完成",
    "{a} 面料没到，备料要晚一天",
    "{a} 到哪了",
    "不是{a}是{b}",
    "{a} 打包完成 SF1234567890123",
    "A999 裁切完成",
    "{a} 裁切完成 A999",
    "收到",
    "绣花完成",
)


def spoken(*more: OrderEntry) -> World:
    """The garment world with more orders, nothing read yet."""
    data = json.loads((FIXTURES / "world-garment.json").read_text("utf-8"))
    data["orders"] += [{**data["orders"][0], "order_no": no, "quantity": 12} for no in MORE]
    world = world_from_json(data)
    for order in more:
        world.put(order)
    return world


@cache
def used() -> World:
    """One that has heard it all."""
    return spoken()


def anew(message: Message) -> Decision:
    """The decision of somebody who hears it for the first time."""
    return understand(spoken(), message)


@pytest.mark.parametrize("said", SAID)
def test_hearing_it_of_other_orders_before_changes_nothing(said: str) -> None:
    numbers = ("A102", *MORE, "A104")
    for a, b in zip(numbers, numbers[1:] + numbers[:1], strict=True):
        for pair in ((a, b), (a, a)):
            message = Message(said.format(a=pair[0], b=pair[1]), AT)
            assert understand(used(), message) == anew(message), message.text


@pytest.mark.parametrize("said", SAID)
def test_who_says_it_and_where_is_judged_each_time(said: str) -> None:
    text = said.format(a="A102", b="A211")
    plain = Message(text, AT)
    previous = Previous("P03", 20, "A211 裁切完成")
    for message in (
        plain,
        replace(plain, sender="C01"),
        replace(plain, sender="P03"),
        replace(plain, sender="X", channel="private"),
        replace(plain, mentions_bot=True, attachments=("photo",)),
        replace(plain, sender="P03", previous=(previous,)),
        replace(plain, reply_to=ReplyTo("bot_card", "A307")),
        replace(plain, at=AT + timedelta(hours=8)),
        replace(plain, at=AT + timedelta(days=2)),
    ):
        assert understand(used(), message) == anew(message), message


def test_the_reading_of_a_frame_is_used_again() -> None:
    world = spoken()
    for number in MORE:
        understand(world, Message(f"#{number} 裁切完成", AT))
    assert len(world.voice.readings) == 1


def test_a_word_that_reaches_into_a_number_is_read_each_time() -> None:
    """With the alias 打样3 nothing is said of order 3456, and of 1234 it is."""
    route = RouteEntry("r", (NodeEntry("a", "初样", ("打样3",)), NodeEntry("b", "打样")))
    orders = [OrderEntry(no, "样衣", 10, None, route) for no in ("3456", "1234")]
    for order in (*orders, *reversed(orders)):
        world = World(orders)
        understand(world, Message(f"打样{order.order_no}完成", AT))
        applied = understand(world, Message("打样1234完成", AT)).updates
        assert [(u.order, u.node) for u in applied] == [("1234", "b")]
        assert understand(world, Message("打样3456完成", AT)).decision != "apply"


def test_the_minute_counts_where_a_time_is_said() -> None:
    world = spoken()
    for minute, verdict in ((10, "ignore"), (50, "apply"), (20, "ignore")):
        at = AT.replace(hour=15, minute=minute)
        decision = understand(world, Message("A102 裁切15:30完成", at))
        assert decision.decision == verdict, minute


def test_the_size_of_the_order_counts_where_a_day_may_be_meant() -> None:
    """5/12 of an order of twelve is a count; of any other it is a day to come."""
    world = spoken()
    for number in ("A102", "A211", "A102"):
        message = Message(f"{number} 5/12 裁切完成", AT)
        assert understand(world, message) == anew(message)
    of_twelve = understand(world, Message("A211 5/12 裁切完成", AT))
    assert [u.quantity for u in of_twelve.updates] == [5]
    assert understand(world, Message("A102 5/12 裁切完成", AT)).updates != of_twelve.updates


def test_claims_are_those_of_the_route() -> None:
    """Goods that arrive end the buying of them and nothing else."""
    buys = RouteEntry("b", (NodeEntry("buy", "采购", ("五金",)),))
    mounts = RouteEntry("m", (NodeEntry("mount", "安装", ("五金",)),))
    orders = [OrderEntry(f"T-100{n}", "柜", 5, None, r) for n, r in enumerate((buys, mounts))]
    for row in (orders, orders[::-1]):
        world = World(orders)
        said = {o.order_no: understand(world, Message(f"{o.order_no} 五金到了", AT)) for o in row}
        assert [u.node for u in said["T-1000"].updates] == ["buy"]
        assert said["T-1001"].decision != "apply"


def test_a_customer_learns_nothing_from_what_others_said() -> None:
    world = spoken()
    own = world.of_customer("C01")[0]
    other = next(o.order_no for o in world.orders if o.customer not in ("C01", None))
    for number in (own, other):
        understand(world, Message(f"{number} 到哪了", AT))
    asked = understand(world, Message(f"{other} 到哪了", AT, sender="C01"))
    assert asked.decision == "ask"
    assert other not in asked.candidates
    assert understand(world, Message(f"{own} 到哪了", AT, sender="C01")).decision == "answer"
    assert understand(world, Message(f"{other} 到哪了", AT)).decision == "answer"


def test_new_words_are_heard_at_once() -> None:
    world = spoken()
    before = understand(world, Message("A211 打揽完成", AT))
    assert before.decision != "apply"
    route = RouteEntry("smock", (NodeEntry("smock", "打揽"),))
    world.put(OrderEntry("A400", "童裙", 20, None, route))
    after = understand(world, Message("A400 打揽完成", AT))
    assert [(u.order, u.node) for u in after.updates] == [("A400", "smock")]
    fresh = spoken(OrderEntry("A400", "童裙", 20, None, route))
    message = Message("A211 打揽完成", AT)
    assert understand(world, message) == understand(fresh, message) != before


def test_a_new_product_is_heard_at_once() -> None:
    """裁 behind unknown characters is a node word only where a product is called so."""
    world, message = spoken(), Message("A102 斗篷裁完了", AT)
    added = replace(world.order("A102"), order_no="A401", product="斗篷")
    assert understand(world, message).decision != "apply"
    world.put(added)
    assert [u.node for u in understand(world, message).updates] == ["cut"]
    world.drop("A401")
    assert understand(world, message).decision != "apply"


def test_a_new_colleague_is_heard_at_once() -> None:
    """A name may stand between a node word and its end, an unknown word may not."""
    world, message = spoken(), Message("A102 裁切欧阳铁柱完成", AT)
    assert understand(world, message).decision != "apply"
    world.put_people([*world.people.values(), PersonEntry("P99", "欧阳铁柱")])
    assert [u.node for u in understand(world, message).updates] == ["cut"]


def test_two_versions_of_a_route_are_spoken_in_turn() -> None:
    old = RouteEntry("r", (NodeEntry("saw", "锯料"), NodeEntry("paint", "油漆")))
    new = RouteEntry("r", (NodeEntry("saw", "锯料", ("开锯",)), NodeEntry("glue", "拼板")))
    orders = [OrderEntry("T-1001", "餐桌", 10, None, old), OrderEntry("T-1002", "柜", 5, None, new)]
    world = World(orders)
    for _ in range(3):
        for order in orders:
            world.put(order)
            assert world.aliases(order.route) is world.aliases(order.route)
            decision = understand(world, Message(f"{order.order_no} 锯料完成", AT))
            assert [(u.order, u.node) for u in decision.updates] == [(order.order_no, "saw")]


def test_no_more_is_remembered_than_a_group_can_say() -> None:
    world = spoken()
    for n in range(3000):
        understand(world, Message(f"今儿第{n}句闲话", AT))
    assert len(world.voice.readings) <= 2048
    understand(world, Message("A102 " + "裁切完成，" * 40, AT))
    assert all(len(frame[0]) <= 80 for frame in world.voice.readings)
