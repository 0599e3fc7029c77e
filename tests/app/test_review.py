"""The review and the question to the customer, in the whole bot."""

import time
import tomllib
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from adapters.chat.port import Reply
from bot.reviewing import gather
from bot.sandbox import demo
from bot.wording.speak import LANGUAGES
from domain.commands import Complete, PlaceOrder, Told
from domain.events import FeedbackGiven
from domain.notice import Kind, Notice
from domain.person import Address
from domain.standards import base, rescaled, rounded
from storage.ledger import Ledger
from tests.app.running import Running, running

FRIDAY = "2026-11-27T17:05:00+08:00"


async def turn(bot: Running, to: str) -> None:
    """Turn the clock."""
    await bot.sandbox.turn("", to)


async def reviews(bot: Running, chat: str = "management") -> list[dict[str, Any]]:
    """The reviews in a chat."""
    return [m for m in await bot.all(chat) if m["kind"] == "review"]


async def finish(bot: Running, order_no: str) -> None:
    """Everything that is left of an order is reported complete, by the manager."""

    def work(ledger: Ledger) -> None:
        boss = ledger.person("P01")
        assert boss is not None
        desk = bot.app.desk
        order = ledger.order(order_no)
        assert order is not None
        for node in order.in_order():
            if not node.completed:
                told = Told(boss, ledger.clock.now())
                desk.handle(ledger, Complete(order_no, node.key, anyway=True), told)

    await bot.app.store.run(work)
    await bot.sandbox.idle()


async def feedback(bot: Running, order_no: str) -> list[tuple[int, str]]:
    """What was kept of a customer's answers."""
    events = await bot.app.store.run(lambda ledger: ledger.history(order_no))
    return [(e.fact.score, e.fact.text) for e in events if isinstance(e.fact, FeedbackGiven)]


async def test_every_friday_at_five_those_who_lead_get_it(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.say("private-C04", "C04", "A107到哪了")
        await bot.say("private-C04", "C04", "为什么这么慢？")
        await turn(bot, FRIDAY)
        (found,) = await reviews(bot)
        assert found["at"][:16] == "2026-11-27T09:00"  # UTC
        lines = found["text"].splitlines()
        assert len(lines) <= 12, found["text"]
        assert len(found["text"].encode()) < 2048
        assert lines[0].startswith("周复盘 周五 11/20–周五 11/27 · 完成 1 单"), lines[0]
        assert any("客户自助查询" in line for line in lines), found["text"]
        assert await reviews(bot, "production") == []
        await turn(bot, "2026-12-04T17:05:00+08:00")
        assert len(await reviews(bot)) == 2


async def test_it_comes_when_managers_ask_and_to_nobody_else(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        for word in ("/复盘", "/復盤", "/review"):
            await bot.say("management", "P01", word)
        assert len(await reviews(bot)) == 3
        await bot.say("production", "P03", "/复盘")
        assert await reviews(bot, "production") == []
        await bot.say("customer-C04", "P01", "/复盘")
        assert await reviews(bot, "customer-C04") == []
        await bot.say("private-C04", "C04", "/复盘")
        assert await reviews(bot, "private-C04") == []


async def slow(bot: Running, times: float = 4) -> tuple[float, float]:
    """Five bags, a month ago, whose cutting took so many times what the route says; the standard
    now, and the one to be proposed.
    """

    def work(ledger: Ledger) -> tuple[float, float]:
        boss, route = ledger.person("P01"), ledger.route("bag")
        assert boss is not None
        assert route is not None
        desk, calendar = bot.app.desk, bot.app.calendar
        for n in range(5):
            at = calendar.add(ledger.clock.now() - timedelta(days=40), 1)
            desk.handle(ledger, PlaceOrder(f"Z{n}", "帆布袋", 10, "", "bag"), Told(boss, at))
            for spec in route.nodes:
                pace = times if spec.key == "cut" else 1
                at = calendar.add(at, pace * spec.hours(10))
                command = Complete(f"Z{n}", spec.key, anyway=True)
                desk.handle(ledger, command, Told(boss, at))
        old = base(route.node("cut"))
        return old, rounded(old * times)

    return await bot.app.store.run(work)


async def standard(bot: Running) -> tuple[float, int]:
    """The bags' cutting, and the version of their route."""
    route = await bot.app.store.run(lambda ledger: ledger.route("bag"))
    assert route is not None
    return base(route.node("cut")), route.version


async def test_a_new_standard_is_one_tap_and_only_one(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        old, new = await slow(bot)
        await bot.say("management", "P01", "/复盘")
        (found,) = await reviews(bot)
        assert f"裁切 {old:g}→{new:g} 小时（" in found["text"]
        name = f"std:bag/cut/{new:g}/{old:g}"
        button = next(b for b in found["buttons"] if b["id"] == name)
        running_order = await bot.app.store.run(lambda ledger: ledger.order("Z0"))
        await bot.sandbox.press(found["message_id"], button["id"], "P03")
        await bot.sandbox.idle()
        assert await standard(bot) == (old, 1)  # not for team leads
        await bot.press("P01", "management", button["label"])
        assert await standard(bot) == (new, 2)
        said = [m["text"] for m in await bot.all("management")]
        assert f"裁切 标准工时 {old:g} → {new:g} 小时，新单起用（陈国强）。在做的单不变。" in said
        kept = await bot.app.store.run(lambda ledger: ledger.order("Z0"))
        assert kept is not None
        assert running_order is not None
        assert kept.route == running_order.route  # history keeps what it began with
        await bot.press("P02", "management", button["label"])
        assert await standard(bot) == (new, 2)
        assert "已经改过了" in (await bot.all("management"))[-1]["text"]
        await bot.say("management", "P01", "/复盘")
        again = (await reviews(bot))[-1]["buttons"]
        assert not [b for b in again if b["id"].startswith("std:bag/cut/")]  # settled


async def test_a_proposal_that_was_overtaken_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        old, _ = await slow(bot)
        await bot.say("management", "P01", "/复盘")

        def change(ledger: Ledger) -> None:
            route = ledger.route("bag")
            assert route is not None
            ledger.orders.keep_route(rescaled(route, "cut", old * 2))

        await bot.app.store.run(change)
        (found,) = await reviews(bot)
        button = next(b for b in found["buttons"] if b["id"].startswith("std:bag/cut/"))
        await bot.press("P01", "management", button["label"])
        assert await standard(bot) == (old * 2, 2)
        assert "这个建议过期了" in (await bot.all("management"))[-1]["text"]


async def asked(bot: Running, chat: str) -> list[dict[str, Any]]:
    """Our questions of satisfaction in a chat."""
    found = await bot.all(chat)
    return [m for m in found if m["kind"] == "ask" and "rate:" in str(m["buttons"])]


async def test_the_customer_is_asked_and_taps(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await finish(bot, "A107")
        await turn(bot, "2026-11-24T08:00:00+08:00")
        assert await asked(bot, "private-C04") == []
        await turn(bot, "2026-11-24T20:00:00+08:00")
        (question,) = await asked(bot, "private-C04")
        assert [b["label"] for b in question["buttons"]] == ["滿意", "普通", "不滿意"]
        await bot.press("C04", "private-C04", "滿意")
        assert await feedback(bot, "A107") == [(5, "")]
        assert "謝謝您" in (await bot.all("private-C04"))[-1]["text"]
        await bot.press("C04", "private-C04", "滿意")
        assert await feedback(bot, "A107") == [(5, "")]
        await bot.press("C04", "private-C04", "不滿意")  # a change of mind
        assert await feedback(bot, "A107") == [(5, ""), (1, "")]
        await turn(bot, "2026-11-25T08:40:00+08:00")
        told = [m["text"] for m in await bot.all("management") if "不满意" in m["text"]]
        assert len(told) == 1
        await bot.say("private-C04", "C04", "袖口线头太多", reply_to=question["message_id"])
        assert await feedback(bot, "A107") == [(5, ""), (1, ""), (0, "袖口线头太多")]
        told = [m["text"] for m in await bot.all("management") if "袖口线头太多" in m["text"]]
        assert len(told) == 1
        await turn(bot, "2026-11-26T09:00:00+08:00")
        await bot.press("C04", "private-C04", "滿意")
        assert len(await feedback(bot, "A107")) == 3
        assert "改不了了" in (await bot.all("private-C04"))[-1]["text"]
        await turn(bot, FRIDAY)
        (review,) = await reviews(bot)
        assert "客户不太满意 1 位 A107「袖口线头太多」" in review["text"]
        assert "满意度 1/5（1 位客户）" in review["text"]
        assert len(await asked(bot, "private-C04")) == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("满意", [(5, "")]),
        ("非常满意，谢谢", [(5, "非常满意，谢谢")]),
        ("不太滿意", [(1, "")]),
        ("一般", [(3, "")]),
        ("4", [(4, "")]),
        ("5", [(5, "")]),
        ("不满意：线头多", [(1, "不满意：线头多")]),
        ("不满意袖口线头", [(1, "不满意袖口线头")]),
        ("颜色和样衣不一样", [(0, "颜色和样衣不一样")]),
        ("谢谢", []),
        ("A107什么时候到", []),
        ("9", [(0, "9")]),
    ],
)
async def test_words_in_reply_are_an_answer(
    tmp_path: Path, text: str, kept: list[tuple[int, str]]
) -> None:
    async with running(tmp_path) as bot:
        await finish(bot, "A107")
        await turn(bot, "2026-11-24T20:00:00+08:00")
        (question,) = await asked(bot, "private-C04")
        await bot.say("private-C04", "C04", text, reply_to=question["message_id"])
        assert await feedback(bot, "A107") == kept


async def test_without_a_reply_only_the_bare_word_right_after_counts(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.say("private-C04", "C04", "满意")
        await finish(bot, "A107")
        await turn(bot, "2026-11-24T20:00:00+08:00")
        await bot.say("private-C04", "C04", "5")
        await bot.say("private-C04", "C04", "颜色不错，下次再来")
        await bot.say("private-C04", "C04", "good morning")
        assert await feedback(bot, "A107") == []
        await bot.say("private-C04", "C04", "还行")
        assert await feedback(bot, "A107") == [(3, "")]
        await bot.say("private-C04", "C04", "ok")  # to our thanks
        assert await feedback(bot, "A107") == [(3, "")]


async def test_without_a_reply_a_word_and_more_right_after_counts(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await finish(bot, "A107")
        await turn(bot, "2026-11-24T20:00:00+08:00")
        await bot.say("private-C04", "C04", "不满意：线头多")
        assert await feedback(bot, "A107") == [(1, "不满意：线头多")]


async def test_words_count_for_seven_days(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await finish(bot, "A107")
        await turn(bot, "2026-11-24T20:00:00+08:00")
        (question,) = await asked(bot, "private-C04")
        await turn(bot, "2026-12-01T20:00:00+08:00")
        await bot.say("private-C04", "C04", "线头多", reply_to=question["message_id"])
        assert await feedback(bot, "A107") == []


async def test_somebody_else_can_not_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await finish(bot, "A107")
        await turn(bot, "2026-11-24T20:00:00+08:00")
        (question,) = await asked(bot, "private-C04")

        def press(ledger: Ledger) -> None:
            ledger.inbox.take(
                "sandbox", "", "forged", "private-C05", "C05", ledger.clock.now(),
                {"said": "pressed", "button": "rate:A107/1", "target": question["message_id"],
                 "private": True},
            )  # fmt: skip

        await bot.app.store.run(press)
        await bot.app.intake.recover()
        await bot.sandbox.idle()
        assert await feedback(bot, "A107") == []


def test_the_three_catalogues_say_the_same() -> None:
    folder = Path(__file__).parents[2] / "bot" / "wording"

    def gaps(sentence: Any) -> set[str]:
        forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
        return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}

    found = []
    for language in LANGUAGES:
        path = folder / f"reviews.{language}.toml"
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        found.append({f"{s}.{k}": gaps(v) for s, rows in data.items() for k, v in rows.items()})
    assert found[0] == found[1] == found[2]


FULL = {
    "day": "2026-11-27", "since": "2026-11-20", "finished": 120, "on_time": 99, "delayed": 88,
    "causes": [["material", 40], ["equipment", 20], ["", 20], ["outsourcing", 8]],
    "teams": [["车缝一组和二组", "garment", "sew", 40], ["绣花", "garment", "emb", 30],
              ["后道整烫包装组", "garment", "pack", 10], ["裁床", "garment", "cut", 8]],
    "warned": {"right": 30, "wrong": 12, "missed": 5, "precision": 0.7142, "recall": 0.857,
               "lead": 2.5},
    "standards": [{"route": "garment", "node": n, "old": 12.5, "new": 18.5, "ratio": 1.5,
                   "samples": 180} for n in ("cut", "emb", "sew")],
    "standards_more": 4, "answered": 250, "passed": 31,
    "latency": [{"team": "车缝一组和二组", "route": "garment", "node": "sew", "reports": 300,
                 "recorded": [3.5, 125.5], "planned": [-12.5, 130.2]}] * 3,
    "written_max": 6, "written_mean": 3.7,
    "feedback": {"count": 44, "average": 4.2, "unhappy": 7,
                 "words": [["GY0726-89", "线" * 60]] * 3},
    "empty": False,
}  # fmt: skip


async def test_the_fullest_week_fits_a_phone_and_every_platform(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        for language in LANGUAGES:
            to = Address("sandbox", "management")

            def word(ledger: Ledger, language: str = language, to: Address = to) -> Reply:
                now = ledger.clock.now()
                notice = Notice(to, Kind.REVIEW, "review", "full", now, FULL, language)
                return bot.app.packer.voice(ledger).word(ledger, [notice], now).reply

            reply = await bot.app.store.run(word)
            assert len(reply.text.splitlines()) <= 12
            assert len(reply.text.encode()) <= 2048, language
            assert len(reply.buttons) == 3
            assert all(len(b.id.encode()) <= 64 for b in reply.buttons)


async def test_an_empty_week_is_one_line(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        world = {**demo(), "orders": [], "script": []}
        await bot.sandbox.reset(world, "2026-11-23T08:25:00+08:00")
        await turn(bot, FRIDAY)
        (found,) = await reviews(bot)
        assert found["text"] == "周复盘 周五 11/20–周五 11/27 · 没有要复盘的，周末愉快。"


async def test_a_thousand_orders_are_weighed_in_a_moment(tmp_path: Path) -> None:
    """CPU of gathering and weighing alone, with 1,000 orders of which a fifth ended this week."""
    nodes = [{"key": f"n{k}", "name": f"工序{k}", "standard_days": 1} for k in range(9)]
    keys = [n["key"] for n in nodes]
    rows = [
        {"order_no": f"B{n:04d}", "product": "卫衣", "quantity": 120, "customer": "C04",
         "route": "long", "placed": -20, "due": -3 + n % 9,
         "state": {"done": keys[:4] if n % 5 else keys},
         **({} if n % 5 else {"finished": -2})}
        for n in range(1000)
    ]  # fmt: skip
    async with running(tmp_path) as bot:
        route = {"key": "long", "name": "九道", "nodes": nodes}
        world = {**demo(), "orders": rows, "routes": [route], "script": []}
        await bot.sandbox.reset(world, "2026-11-27T16:00:00+08:00")

        def weigh(ledger: Ledger) -> tuple[float, dict[str, Any]]:
            now = ledger.clock.now()
            start = time.process_time()
            facts = gather(ledger, bot.app.calendar, now - timedelta(days=7), now)
            return time.process_time() - start, facts

        cpu, facts = await bot.app.store.run(weigh)
        await bot.app.store.run(lambda ledger: ledger.cache.forget())
        cold, again = await bot.app.store.run(weigh)
        print(f"review of 1,000 orders: {cpu:.2f} s of CPU, {cold:.2f} s after a restart")
        assert again == facts
        assert cold < 6
        assert facts["finished"] == 200
        assert cpu < 3
