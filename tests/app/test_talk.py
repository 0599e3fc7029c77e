"""What dialogues cannot write down: codes in pictures, strangers and their codes, HEIC, crashes of
our own.
"""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from adapters.chat.port import InboundMessage
from bot.demo.pictures import sample
from bot.onboarding import new_code
from domain.person import Person, Role
from storage.ledger import Ledger
from tests.app.running import Running, running

HEIC = Path(__file__).parent.parent / "photos" / "data"


async def ticket_photo(bot: Running, node: str) -> bytes:
    """A work ticket lying on the cutting table, photographed."""
    png = await bot.app.house.ticket("A102", "png", node)
    assert png is not None
    table = Image.open(io.BytesIO(sample("cut"))).convert("RGB").resize((1600, 1200))
    paper = Image.open(io.BytesIO(png)).convert("RGB")
    paper.thumbnail((1100, 1100))
    table.paste(paper.rotate(4, expand=True, fillcolor=(240, 240, 240)), (120, 60))
    out = io.BytesIO()
    table.save(out, "JPEG", quality=85)
    return out.getvalue()


async def test_a_tickets_code_in_a_picture_names_order_and_node(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.say("production", "P03", "完成", (await ticket_photo(bot, "cut"),))
        node = await bot.node("A102", "cut")
        assert node.status.value == "done"
        assert len(node.photos) == 1


async def test_a_tickets_code_without_words_files_the_picture(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.say("production", "P03", "", (await ticket_photo(bot, "cut"),))
        node = await bot.node("A102", "cut")
        assert node.status.value == "in_progress"
        assert len(node.photos) == 1


async def test_a_tickets_code_names_the_order_for_words_without_one(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.say("production", "P03", "裁切好了", (await ticket_photo(bot, ""),))
        assert (await bot.node("A102", "cut")).status.value == "done"


async def test_a_photo_from_an_iphone(tmp_path: Path) -> None:
    found = sorted(HEIC.glob("*.heic"))
    assert found, "the sample of tests/photos is gone"
    async with running(tmp_path) as bot:
        await bot.say("production", "P03", "#A102 裁切完成", (found[0].read_bytes(),))
        assert len((await bot.node("A102", "cut")).photos) == 1


async def write(bot: Running, sender: str, text: str, number: int) -> None:
    """Somebody unknown to the sandbox writes in a private chat of their own."""
    await bot.app.intake.hear(
        InboundMessage(
            "sandbox", "", f"dm-{sender}", f"dm-{sender}-{number}", sender, bot.app.clock.now(),
            text=text, private=True,
        )
    )  # fmt: skip
    await bot.sandbox.idle()


async def said(bot: Running, chat: str) -> list[str]:
    """What we said in a chat."""
    return [m["text"] for m in await bot.all(chat) if m["from"] == "bot"]


async def test_a_stranger_needs_a_code_and_a_code_works_once(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await write(bot, "u1", "#A102 裁切完成", 1)
        assert "邀请码" in (await said(bot, "dm-u1"))[0]
        assert (await bot.node("A102", "cut")).status.value == "in_progress"
        await bot.say("management", "P00", "/邀请 小田 组长 裁切")
        code = next(t for t in await said(bot, "private-P00") if "邀请码" in t)
        word = code.partition("：")[2][:10]
        await write(bot, "u1", word, 2)
        assert "小田，好。你是班组长 · 裁切" in (await said(bot, "dm-u1"))[-1]
        await write(bot, "u1", "#A102 裁切完成", 3)
        assert (await bot.node("A102", "cut")).status.value == "done"
        await write(bot, "u2", word, 1)
        assert await bot.app.store.run(lambda led: led.folk.user("sandbox", "", "u2")) is None


async def test_an_old_code_lets_nobody_in(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        person = Person("P77", "老田", Role.ADMIN)
        code = await bot.app.store.run(lambda led: new_code(led, person))
        await bot.sandbox.turn("P8D", "")
        await write(bot, "u3", code, 1)
        assert await bot.app.store.run(lambda led: led.person("P77")) is None


async def test_a_fault_of_ours_is_told_kindly_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as bot:
        honest = type(bot.app.intake.talk)._said

        def broken(talk: Any, ledger: Ledger, view: Any) -> dict[str, Any]:
            if "炸" in view.text:
                raise ZeroDivisionError
            return honest(talk, ledger, view)

        monkeypatch.setattr(type(bot.app.intake.talk), "_said", broken)
        await bot.say("production", "P03", "炸")
        assert any("没处理好" in t for t in await said(bot, "production"))
        await bot.say("production", "P03", "#A102 裁切完成")
        assert (await bot.node("A102", "cut")).status.value == "done"
        dead = await bot.app.store.run(
            lambda led: led.sql.value("SELECT COUNT(*) FROM inbox WHERE state = 'dead'")
        )
        assert dead == 1
