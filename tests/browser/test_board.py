"""The board on the wall: days of uptime, a server that goes and comes back, pages that turn."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.app.served import Served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser
WALL = {"width": 1920, "height": 1080}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Served]:
    found = Served(tmp_path / "data")
    found.folder.mkdir()
    await asyncio.to_thread(found.start)
    yield found
    if found.process is not None:
        await asyncio.to_thread(found.stop)


async def _wall(browser: Browser, server: Served, query: str = "") -> Page:
    page = await browser.new_page(viewport=WALL)  # type: ignore[arg-type]
    await page.clock.install()
    await page.goto(f"http://127.0.0.1:{server.port}/board?{query}")
    return page


async def test_a_restarted_server_needs_no_touch(browser: Browser, server: Served) -> None:
    page = await _wall(browser, server)
    cell = page.locator('tr[data-order="A102"] td[data-node="cut"]')
    await expect(cell).to_have_attribute("data-status", "in_progress")
    await asyncio.to_thread(server.kill)
    await page.clock.fast_forward("01:30")
    fed = page.locator(".fed .updated")
    await expect(fed).to_contain_text("连不上了")
    await expect(cell).to_have_attribute("data-status", "in_progress")  # what was known stays
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(server.say, "production", "P03", "#A102 裁切完成")
    for _ in range(40):
        await page.clock.fast_forward(5000)
        if await cell.get_attribute("data-status") == "done":
            break
        await asyncio.sleep(0.25)
    await expect(cell).to_have_attribute("data-status", "done")
    await expect(fed).to_contain_text("上次更新")
    await page.close()


async def test_a_day_later_the_page_is_fresh(browser: Browser, server: Served) -> None:
    page = await _wall(browser, server)
    await page.evaluate("window.marked = true")
    async with page.expect_event("load"):
        await page.clock.fast_forward("24:00:30")
    assert await page.evaluate("window.marked") is None
    await expect(page.locator("tbody tr")).to_have_count(11)
    await page.close()


async def test_red_rows_stand_on_every_page(browser: Browser, server: Served) -> None:
    lines = [f"B{n:03d} 拾光咖啡 帆布袋 {n + 5} 12/{n % 9 + 10}" for n in range(20)]
    text = "\n".join(["/新单", *lines])
    await asyncio.to_thread(server.say, "management", "P02", text)
    await asyncio.to_thread(server.idle)
    found = await asyncio.to_thread(server.messages, "management")
    ask = next(m for m in reversed(found) if m["buttons"])
    button = {"message_id": ask["message_id"], "button": ask["buttons"][0]["id"]}
    await asyncio.to_thread(server.call, "POST", "/api/sandbox/press", {**button, "sender": "P02"})
    await asyncio.to_thread(server.idle)
    page = await _wall(browser, server)
    shown = page.locator("tbody tr:visible")
    red = {"A103", "A104", "A106"}
    seen: set[str] = set()
    for _ in range(4):
        numbers = {str(await r.get_attribute("data-order")) for r in await shown.all()}
        assert red <= numbers
        assert len(numbers) <= 12
        seen |= numbers
        await page.clock.fast_forward(12100)
    assert len(seen) == await page.locator("tbody tr").count() == 31
    await expect(page.locator(".paged")).to_contain_text("/")
    await page.close()


@pytest.mark.parametrize("query", ["", "theme=light&lang=en", "lang=zh-TW"])
async def test_the_board_is_well_made(browser: Browser, server: Served, query: str) -> None:
    page = await _wall(browser, server, query)
    await well_made(page)
    await page.set_viewport_size({"width": 390, "height": 844})
    await well_made(page)
    await page.close()


async def test_letters_are_large_enough_for_five_metres(browser: Browser, server: Served) -> None:
    """A row's height on a 55-inch screen of 1080 lines, and the order number's letters: 1/150 of
    five metres are 53 px (experience, B7).
    """
    page = await _wall(browser, server)
    rows = [await r.bounding_box() for r in await page.locator("tbody tr:visible").all()]
    assert all(box is not None and box["height"] >= 60 for box in rows)
    await page.close()
