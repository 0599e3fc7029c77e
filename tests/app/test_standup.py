"""The standup through the whole bot: at half past eight, held by a tap, decisions taken by a tap,
again at half past one if something changed, and on demand where it may be read.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.standup import SPREAD, hold
from domain.person import Address, Group, GroupKind
from storage.ledger import Ledger
from tests.app.running import Running, running

MORNING = "2026-11-23T08:30:00+08:00"
MIDDAY = "2026-11-23T13:30:00+08:00"
QUIET = {
    "routes": [{"key": "short", "name": "短", "nodes": [{"key": "cut", "name": "裁切"}]}],
    "people": [{"id": "P01", "name": "陈国强", "role": "manager", "nodes": ["*"]}],
    "orders": [
        {"order_no": "A1", "product": "旗", "quantity": 9, "route": "short", "placed": -1, "due": 9}
    ],
}


async def digests(bot: Running, chat: str = "production") -> list[dict[str, Any]]:
    return [m for m in await bot.all(chat) if m["kind"] == "digest"]


def minute(message: dict[str, Any]) -> str:
    at = datetime.fromisoformat(message["at"]) + timedelta(hours=8)
    return f"{at:%m-%d %H:%M}"


def labels(message: dict[str, Any]) -> list[str]:
    return [b["label"] for b in message["buttons"]]


async def test_one_digest_on_the_minute_with_its_buttons(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.sandbox.turn("", MORNING)
        (found,) = await digests(bot)
        assert minute(found) == "11-23 08:30"
        assert labels(found) == ["A103 知悉", "A104 知悉", "A106 知悉", "看板", "已过会"]
        lines = found["text"].splitlines()
        assert lines[1] == "▲ 需要拍板 3"
        assert lines[2].startswith("1. A103 ")
        assert lines[2].endswith("@马师傅 供应商确认到货时间？")
        assert "裁床 李红梅：A102 裁切（120） · A108 裁切（150）" in lines
        assert len(found["text"].encode()) <= 2048


async def test_held_by_a_tap_and_a_late_tap_hears_by_whom(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.sandbox.turn("", "2026-11-23T08:41:00+08:00")
        (before,) = await digests(bot)
        await bot.press("P02", "production", "已过会")
        (after,) = await digests(bot)
        assert after["message_id"] == before["message_id"]
        assert "✓ 已过会：周敏 08:41" in after["text"]
        assert "已过会" not in labels(after)
        await bot.sandbox.turn("PT2M", "")
        stood = next(b["id"] for b in before["buttons"] if b["label"] == "已过会")
        await bot.sandbox.press(after["message_id"], stood, "P01")
        await bot.sandbox.idle()
        assert any("周敏 08:41 已经点过会了" in m["text"] for m in await bot.all("production"))
        assert len(await digests(bot)) == 1


async def test_a_decision_is_taken_in_the_digest(tmp_path: Path) -> None:
    """The digest says by whom, in its place; those who lead are told as well; nothing is posted to
    the group.
    """
    async with running(tmp_path) as bot:
        await bot.sandbox.turn("", MORNING)
        await bot.new("production")
        await bot.press("P02", "production", "A106 知悉")
        (only,) = await bot.new("production")
        assert "周敏 在跟" in only["text"]
        assert "A106 知悉" not in labels(only)
        assert "已过会" in labels(only)
        assert any("A106" in m["text"] and "周敏" in m["text"] for m in await bot.all("management"))
        await bot.say("production", "P01", "/晨会")
        asked = (await digests(bot))[-1]
        assert "需要拍板 2" in asked["text"]
        assert "A106 质检（周敏 在跟）" in asked["text"]


async def test_two_taps_at_once_are_both_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.sandbox.turn("", MORNING)
        (found,) = await digests(bot)
        ids = {b["label"]: b["id"] for b in found["buttons"]}
        await bot.sandbox.press(found["message_id"], ids["已过会"], "P01")
        await bot.sandbox.press(found["message_id"], ids["A103 知悉"], "P02")
        await bot.sandbox.idle()
        (after,) = await digests(bot)
        assert "已过会：陈国强" in after["text"]
        assert "周敏 在跟" in after["text"]


async def test_midday_tells_only_what_changed(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.sandbox.turn("", "2026-11-23T09:00:00+08:00")
        await bot.say("production", "P05", "A105 车缝机坏了，修到明天")
        await bot.press("P02", "production", "A106 知悉")
        await bot.sandbox.turn("", MIDDAY)
        morning, midday = await digests(bot)
        assert minute(midday) == "11-23 13:30"
        assert "变化" in midday["text"]
        assert "A105" in midday["text"]
        assert "A103" not in midday["text"].partition("○")[0]
        assert "A106 质检（周敏 在跟）" in midday["text"]
        assert "已过会" in labels(morning)
        assert "已过会" not in labels(midday)


async def test_midday_is_silent_when_nothing_changed(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.sandbox.reset(QUIET, "2026-11-24T08:00:00+08:00")
        await bot.sandbox.turn("", "2026-11-24T14:00:00+08:00")
        (found,) = await digests(bot)
        assert found["text"].startswith("今天没有要拍板的，散会。")
        assert "\n" not in found["text"]


async def test_no_digest_on_days_off(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.sandbox.reset(QUIET, "2026-09-30T09:00:00+08:00")  # before the National Day
        await bot.sandbox.turn("", "2026-10-08T09:00:00+08:00")
        assert [minute(m) for m in await digests(bot)] == ["10-08 08:30"]


async def test_on_demand_it_is_for_the_factory_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.say("management", "P01", "/晨会")
        (found,) = await digests(bot, "management")
        assert "已过会" not in labels(found)
        await bot.say("private-P01", "P01", "/standup")
        assert len(await digests(bot, "private-P01")) == 1
        for chat, who in (("private-P03", "P03"), ("customer-C01", "P01")):
            await bot.say(chat, who, "/晨会")
            assert await digests(bot, chat) == []
            assert any("生产群、管理群" in m["text"] for m in await bot.all(chat))
        await bot.sandbox.turn("", MORNING)
        assert len(await digests(bot)) == 1  # that somebody asked is not the day's digest


async def test_real_platforms_are_told_within_three_minutes_each_day_the_same(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as bot:

        def work(ledger: Ledger) -> list[int]:
            ledger.platforms = ("sandbox", "telegram")
            for n in range(40):
                to = Address("telegram", f"-100{n}")
                ledger.folk.keep_group(Group(to, GroupKind.PRODUCTION, f"群{n}"))
            now = ledger.clock.now()
            found: list[list[int]] = []
            for again in (0, 1):
                hold(ledger, bot.app.desk, now + timedelta(microseconds=again))
                rows = ledger.sql.rows(
                    "SELECT platform, not_before FROM outbox WHERE what = 'standup' AND key LIKE"
                    " :k ORDER BY chat",
                    k=f"standup/%{again:06d}Z/%",
                )
                waits = [
                    (r["platform"], (datetime.fromisoformat(r["not_before"]) - now).seconds)
                    for r in rows
                ]
                assert [w for p, w in waits if p == "sandbox"] == [0]
                found.append([w for p, w in waits if p == "telegram"])
            assert found[0] == found[1]
            ledger.sql.do("DELETE FROM outbox WHERE platform = 'telegram'")
            return found[0]

        waits = await bot.app.store.run(work)
        assert len(waits) == 40
        assert len(set(waits)) > 25
        assert 0 <= min(waits) <= max(waits) <= SPREAD


async def test_what_was_taken_back_was_not_done(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.sandbox.turn("", MORNING)
        await bot.say("production", "P03", "#A102 裁切完成")
        await bot.say("production", "P09", "#A109 备料完成")
        await bot.say("production", "P09", "撤回")
        await bot.sandbox.turn("", "2026-11-24T08:30:00+08:00")
        assert "✓ 昨天完成 1" in (await digests(bot))[-1]["text"]
