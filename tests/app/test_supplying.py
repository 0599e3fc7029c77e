"""What suppliers write, word by word; and needs in the running program."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.supply_records import standing
from bot.supply_words import heard, wanted
from bot.worlds import template
from domain.calendar import WorkCalendar
from domain.commands import PlaceOrder, Told
from domain.needs import Need
from domain.person import SYSTEM, Person, Role
from domain.route import from_dict, to_dict
from domain.supply import STEPS
from storage.ledger import Ledger
from storage.needs import Owed
from storage.verify import verify
from tests.app.running import running

NOW = datetime(2026, 11, 23, 8, 40)  # noqa: DTZ001 - a wall clock
ASKED = datetime(2026, 11, 20, tzinfo=UTC)


def owed(no: str, name: str, item: str) -> Owed:
    day = date(2026, 11, 25)
    return Owed(no, Need(name, "sew", item, "20", "kg", "S01", day, ASKED))


NEEDS = (owed("A103", "N1", "罗纹"), owed("A103", "N2", "拉链"), owed("A10", "N1", "Polo 领"))
ALL = ["A103/N1", "A103/N2", "A10/N1"]


@pytest.mark.parametrize(
    ("text", "did", "about", "facts"),
    [
        ("A103 罗纹 11/25 到", "promise", ["A103/N1"], ("2026-11-25", "", "")),
        ("#A103 罗纹 明天到", "promise", ["A103/N1"], ("2026-11-24", "", "")),
        ("A103罗纹11月26日到", "promise", ["A103/N1"], ("2026-11-26", "", "")),
        ("A103 羅紋 週三到", "promise", ["A103/N1"], ("2026-11-25", "", "")),
        ("a103 罗纹 要 11/26 才能到，染厂排队", "promise", ["A103/N1"],
         ("2026-11-26", "", "染厂排队")),
        ("A10 polo 领 11/27", "promise", ["A10/N1"], ("2026-11-27", "", "")),
        ("A103 11/25 到", "promise", ["A103/N1", "A103/N2"], ("2026-11-25", "", "")),
        ("11/25 到", "promise", ALL, ("2026-11-25", "", "")),
        ("罗纹 11/25 到", "promise", ["A103/N1"], ("2026-11-25", "", "")),
        ("A103 罗纹 可以", "confirm", ["A103/N1"], ("None", "", "")),
        ("可以", "confirm", ALL, ("None", "", "")),
        ("OK", "confirm", ALL, ("None", "", "")),
        ("A103 罗纹 到了", "deliver", ["A103/N1"], ("None", "", "")),
        ("A103 罗纹 送到了 12.5kg", "deliver", ["A103/N1"], ("None", "12.5", "")),
        ("A103 罗纹 8 kg 到了", "deliver", ["A103/N1"], ("None", "8", "")),
        ("A103 罗纹 已送到。", "deliver", ["A103/N1"], ("None", "", "")),
    ],
)  # fmt: skip
def test_what_is_heard(text: str, did: str, about: list[str], facts: tuple[str, str, str]) -> None:
    found = heard(text, NEEDS, NOW)
    assert found is not None
    assert found.did == did
    assert [f"{o.order_no}/{o.need.id}" for o in found.about] == about
    assert (str(found.day), found.amount, found.why) == facts


@pytest.mark.parametrize(
    "text",
    [
        "", "你好", "A103 罗纹 什么时候要", "A103 罗纹 11/25 能到吗", "A103 罗纹", "A999 罗纹",
        "A103 罗纹 11/25 到 一半，11/27 到另一半", "A102 裁切完成", "A103 罗纹 不能到",
        "A103 罗纹 11/25 不能到", "A103 罗纹 11/25 来不及", "can't make 11/25",
        "A103 罗纹 还没到", "A103 罗纹 没到", "A103 罗纹 11/25 到不了", "什么时候结款", "谢谢",
    ],
)  # fmt: skip
def test_what_is_not_exactly_that_is_not_heard(text: str) -> None:
    assert heard(text, NEEDS, NOW) is None


@pytest.mark.parametrize(
    ("text", "words", "amount", "unit", "day", "rest"),
    [
        ("A103 罗纹 20 kg 林记 11/25", ("罗纹",), "20", "kg", "2026-11-25", ("林记",)),
        ("A103 罗纹 20kg 林记 11/25", ("罗纹",), "20", "kg", "2026-11-25", ("林记",)),
        ("A103 罗纹 20 林记 明天", ("罗纹",), "20", "", "2026-11-24", ("林记",)),
        ("A103 裁切 罗纹 19.5 kg 林记 周五 米白", ("裁切", "罗纹"), "19.5", "kg", "2026-11-27",
         ("林记", "米白")),
        ("A103，罗纹，20 kg，林记，11/25", ("罗纹",), "20", "kg", "2026-11-25", ("林记",)),
    ],
)  # fmt: skip
def test_what_managers_want(
    text: str, words: tuple[str, ...], amount: str, unit: str, day: str, rest: tuple[str, ...]
) -> None:
    found = wanted(text, NOW)
    assert found is not None
    assert (found.words, found.amount, found.unit) == (words, amount, unit)
    assert (found.day.isoformat(), found.rest) == (day, rest)


@pytest.mark.parametrize("text", ["", "A103", "A103 罗纹 20 kg 林记", "A103 20 kg 林记 11/25"])
def test_what_is_no_need(text: str) -> None:
    assert wanted(text, NOW) is None


async def test_the_demo_is_right_and_says_nothing_new(tmp_path: Path) -> None:
    """The past of the demo's suppliers: told to nobody, replayed to the last field."""
    async with running(tmp_path) as bot:
        for supplier in ("S01", "S02", "S03"):
            assert await bot.all(f"private-{supplier}") == []

        def look(ledger: Ledger) -> None:
            calendar = bot.app.calendar
            shares = {s: standing(ledger, calendar, s)[0].kept for s in ("S01", "S02", "S03")}
            assert {s: (x.hits, x.cases) for s, x in shares.items()} == {
                "S01": (4, 5), "S02": (6, 7), "S03": (1, 2),
            }  # fmt: skip
            assert standing(ledger, calendar, "S02")[1].days == 14
            ledger.settings.put(STEPS, "3, 20@50; 2")
            assert standing(ledger, calendar, "S01")[1].days == 20

        await bot.app.store.run(look)
        assert verify(bot.app.store).clean


async def test_a_route_with_materials_asks_its_suppliers(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:

        def place(ledger: Ledger) -> None:
            doc = to_dict(template("garment"))
            doc["key"] = "ribbed"
            rows = [
                {"item": "罗纹", "per_piece": 0.11, "unit": "kg", "supplier": "林记", "days": 1},
                {"item": "拉链", "per_piece": 1, "unit": "条", "supplier": "S01", "days": 1},
            ]
            next(n for n in doc["nodes"] if n["key"] == "material")["materials"] = rows
            ledger.orders.keep_route(from_dict(doc))
            command = PlaceOrder("B301", "卫衣", 100, "C05", "ribbed", date(2026, 12, 5))
            bot.app.desk.handle(ledger, command, Told(SYSTEM, ledger.clock.now()))

        await bot.app.store.run(place)
        bot.app.courier.wake()
        await bot.sandbox.idle()
        (message,) = [m for m in await bot.all("private-S01") if m["from"] == "bot"]
        assert "要料：B301 罗纹 11 kg" in message["text"]
        assert "要料：B301 拉链 100 条" in message["text"]  # both in one message
        labels = [b["label"] for b in message["buttons"]]
        assert labels == ["B301 罗纹 能到", "B301 拉链 能到", "别的日子"]
        await bot.press("S01", "private-S01", "B301 拉链 能到")
        await bot.press("S01", "private-S01", "别的日子")
        last = (await bot.all("private-S01"))[-1]["text"]
        assert "B301 罗纹 11/24 到" in last
        assert "/s/" in last
        order = await bot.app.store.run(lambda ledger: ledger.order("B301"))
        assert order is not None
        assert [n.state.value for n in order.needs.values()] == ["asked", "confirmed"]
        await bot.sandbox.turn("P1D", "")
        assert verify(bot.app.store).clean


async def test_a_supplier_that_works_at_a_node_still_reports(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:

        def admit(ledger: Ledger) -> None:
            ledger.folk.keep(Person("S09", "外发绣花厂", Role.SUPPLIER, nodes=("emb",)))
            ledger.folk.bind("S09", "sandbox", "", "S09", "private-S09")

        await bot.app.store.run(admit)
        await bot.say("private-S09", "S09", "A104 绣花修好了，继续做")
        assert (await bot.node("A104", "emb")).status.value == "in_progress"


async def test_a_world_may_carry_needs(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        need = {
            "node": "make", "item": "木板", "quantity": "3", "unit": "块", "supplier": "木材行",
            "asked": -3, "needed_by": -1, "confirmed": -3, "delivered": [{"at": -1}], "checked": -1,
        }  # fmt: skip
        world = {
            "routes": [{"key": "mini", "name": "两步", "nodes": [{"key": "make", "name": "制作"}]}],
            "people": [{"id": "S01", "name": "木材行", "role": "supplier"}],
            "customers": [{"id": "C01", "name": "茶馆"}],
            "orders": [
                {"order_no": "T7", "product": "茶牌", "quantity": 30, "customer": "C01",
                 "route": "mini", "placed": -5, "due": 5, "needs": [need]},
            ],
        }  # fmt: skip
        await bot.sandbox.reset(world, "2026-11-23T08:00:00+08:00")
        order = await bot.app.store.run(lambda ledger: ledger.order("T7"))
        assert order is not None
        assert order.needs["N1"].good == "3"
        chats = {c["chat"]: c["members"] for c in await bot.sandbox.chats()}
        assert chats["production"] == []
        assert isinstance(bot.app.calendar, WorkCalendar)
        assert verify(bot.app.store).clean
