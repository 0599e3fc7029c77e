"""A customer's page as people use it: masked, shown, changed; handed over; erased after a second
look. On a wide screen, on a phone without scripts, with the keyboard.
"""

import asyncio
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.app.served import Served, served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser
PHONE = "13800138005"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "data"
    folder.mkdir()
    with served(folder) as found:
        yield found


def at(server: Served, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


async def test_looking_is_written_down(page: Page, server: Served) -> None:
    await page.goto(at(server, "/customers?lang=zh-CN"))
    await well_made(page)
    await page.get_by_role("link", name="跃动健身").click()
    await expect(page.get_by_text("138****8005")).to_be_visible()
    assert PHONE not in await page.content()
    await well_made(page)
    show = page.get_by_role("button", name="显示", exact=True)
    for _ in range(30):
        if await show.evaluate("e => e === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(PHONE)).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("记下了")
    await page.get_by_text("修改联系方式").click()
    await page.get_by_label("电话").fill("139 0013 9000")
    await well_made(page)
    await page.get_by_role("button", name="保存").click()
    await expect(page.locator(".pairs")).to_contain_text("139 0013 9000")
    await page.reload()
    await expect(page.locator(".pairs")).to_contain_text("139 0013 9000")
    await page.get_by_role("link", name="谁看过客户资料").click()
    await expect(page.locator(".looks tbody tr")).to_have_count(2)
    await expect(page.locator(".looks")).to_contain_text("看了联系方式")
    await well_made(page)


async def test_handing_over_and_erasing(page: Page, server: Served, tmp_path: Path) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.goto(at(server, "/customers/C05?lang=en"))
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Export everything").click()
    await (await waiting.value).save_as(tmp_path / "c05.zip")
    with zipfile.ZipFile(tmp_path / "c05.zip") as archive:
        assert "person.json" in archive.namelist()
    await page.get_by_role("link", name="Erase this customer").click()
    await well_made(page)
    await page.get_by_label("type the customer's number").fill("C01")
    await page.get_by_role("button", name="Erase", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("nothing was erased")
    await well_made(page)
    await page.get_by_label("type the customer's number").fill("C05")
    await page.get_by_role("button", name="Erase", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("已删除客户 C05")
    await expect(page.get_by_role("link", name="A102 ", exact=False).last).to_be_visible()
    await well_made(page)
    status, _ = await asyncio.to_thread(server.call, "GET", "/orders/A102")
    assert status == 200


async def test_on_a_phone_without_scripts(phone: Page, server: Served) -> None:
    await phone.goto(at(server, "/customers/C03?lang=zh-TW"))
    await expect(phone.get_by_text("e***@northwind.example")).to_be_visible()
    await phone.get_by_role("button", name="顯示", exact=True).click()
    await expect(phone.get_by_text("emma@northwind.example")).to_be_visible()
    for name in ("關閉通知", "匯出這位客戶的全部資料"):
        box = await phone.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= 390
    await phone.get_by_role("button", name="關閉通知").click()
    await expect(phone.get_by_role("status")).to_have_text("通知已關閉。")
    await expect(phone.get_by_role("button", name="開啟通知")).to_be_visible()


async def test_nothing_is_wrong_at_390_pixels(page: Page, server: Served) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/customers", "/customers/C04", "/customers/C04/erase", "/settings/looks"):
        await page.goto(at(server, f"{path}?lang=en"))
        await well_made(page)
    await expect(page.get_by_text("Nobody has looked yet")).to_be_visible()
