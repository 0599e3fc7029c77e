"""The first story, played in a browser against the real program."""

import asyncio
import io
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from tests.browser.conftest import REQUIRED, SKIPPED, chromium

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


def _photo() -> bytes:
    """A small photo of cut cloth."""
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((640, 480)).save(out, "JPEG")
    return out.getvalue()


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[str]:
    """The sandbox, running on a folder of its own."""
    if chromium() is None and not REQUIRED:
        pytest.skip(SKIPPED)
    port = _free_port()
    env = os.environ | {
        "VITRINE_SANDBOX": "1", "VITRINE_HTTP_PORT": str(port),
        "VITRINE_DATA_DIR": str(tmp_path / "data"),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=ROOT, env=env, stdout=asyncio.subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as http:
        for _ in range(240):
            try:
                async with http.get(f"{base}/healthz"):
                    break
            except aiohttp.ClientError:
                assert process.returncode is None
                await asyncio.sleep(0.25)
    yield base
    process.terminate()
    await asyncio.wait_for(process.wait(), 20)


async def test_the_first_story(program: str, page: Page) -> None:
    await page.goto(program)
    await page.wait_for_selector("body[data-ready]")
    await page.locator("[data-advance=PT5M]").click()
    await expect(page.locator("#clock")).to_contain_text("08:30")
    production = page.locator("#production")
    await expect(production.locator(".kind-digest")).to_be_visible()

    board = page.frame_locator("#wall iframe")
    cell = board.locator('tr[data-order="A102"] td[data-node="cut"]')
    await expect(cell).to_have_attribute("data-status", "in_progress")
    await production.locator("header label select").select_option(label="李红梅 裁床组长")
    picture = FilePayload(name="cut.jpg", mimeType="image/jpeg", buffer=_photo())
    await production.locator("input[type=file]").set_input_files(picture)
    await production.locator("textarea").fill("#A102 裁切完成")
    await production.locator("textarea").press("Enter")
    mine = production.locator(".msg", has_text="#A102 裁切完成").first
    await expect(mine.locator(".marks")).to_contain_text("✍", timeout=20_000)
    await expect(cell).to_have_attribute("data-status", "done")

    whose = page.locator("#phone header select")
    await whose.select_option(label="跃动健身(刘教练)")
    sheet = page.frame_locator("#phone iframe")
    await expect(sheet.locator('[data-stage="cutting"]')).to_contain_text("11/23")
    await page.locator("[data-advance=PT5M]").click()
    await expect(page.locator("#phone .banner")).to_contain_text("A102", timeout=20_000)

    await production.locator("textarea").fill("撤回")
    await production.locator("textarea").press("Enter")
    await expect(cell).to_have_attribute("data-status", "in_progress", timeout=20_000)
    await expect(mine.locator(".marks")).to_have_count(0)
