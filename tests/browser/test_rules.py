"""Routes, calendar and escalation in a browser: their main acts, on a desk and on a phone."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.app.served import Served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser


@pytest.fixture
async def desk(browser: Browser) -> AsyncIterator[Page]:
    """A desktop page that may be answered 422, which the console calls a fault."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    yield await context.new_page()
    await context.close()


async def test_a_route_on_a_desk(desk: Page, server: Served) -> None:
    page = desk
    await page.goto(f"http://127.0.0.1:{server.port}/settings/routes")
    await page.get_by_role("link", name="服装定制 garment", exact=False).first.click()
    await page.locator("#node-2 > details > summary").click()
    await page.get_by_label("班组").nth(2).fill("一车间")
    await page.locator("#f-2-standard").fill("很久")
    await page.locator(".ends").get_by_role("button", name="检查").click()
    await expect(page.get_by_role("alert")).to_contain_text("要改")
    await expect(page.locator("#f-2-standard")).to_have_value("很久")
    await expect(page.locator("#w-2-standard")).to_be_visible()
    await well_made(page)
    await page.locator("#f-2-standard").fill("2")
    await page.get_by_role("button", name="保存为新版本").click()
    await expect(page.get_by_role("status")).to_contain_text("现在是版本 2")
    await expect(page.locator("#toml")).to_have_value(re.compile('team = "一车间"'))
    await page.locator("#toml").press("ControlOrMeta+a")
    await page.locator("#toml").press_sequentially("key = ")
    await page.locator(".ends").get_by_role("button", name="检查").click()
    await expect(page.get_by_role("alert")).to_contain_text("第 1 行")
    await well_made(page)


async def test_a_route_on_a_phone(phone: Page, server: Served) -> None:
    """Without scripts."""
    await phone.goto(f"http://127.0.0.1:{server.port}/settings/routes")
    await phone.locator("#like").select_option("template:sign")
    await phone.get_by_label("名称").fill("茶牌")
    await phone.get_by_label("代号").fill("tea-sign")
    await phone.get_by_role("button", name="开始编辑").click()
    await phone.locator("#node-1 > details > summary").click()
    await phone.locator("#node-1").get_by_role("button", name="下移").click()
    await expect(phone.locator("#node-2 > details")).to_have_attribute("open", "")
    await expect(phone.locator("#f-2-name")).to_have_value("排版定稿")
    await phone.get_by_role("button", name="保存", exact=True).click()
    await expect(phone.get_by_role("status")).to_contain_text("版本 1")
    wide = await phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390


async def test_a_day_off_on_a_desk(page: Page, server: Served) -> None:
    await _day_off(page, server, "2026-11-27")


async def test_a_day_off_on_a_phone(phone: Page, server: Served) -> None:
    await _day_off(phone, server, "2026-11-28")


async def _day_off(page: Page, server: Served, day: str) -> None:
    await page.goto(f"http://127.0.0.1:{server.port}/settings/calendar?year=2026")
    await page.get_by_label("从哪天").fill(day)
    await page.get_by_label("为什么").fill("停电")
    await page.get_by_role("button", name="先看影响").click()
    await expect(page.locator("#effect")).to_contain_text("预计")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status")).to_contain_text("已经生效")
    await expect(page.locator(".months .k-own-off").first).to_contain_text("厂休")
    await page.get_by_role("button", name="去掉").first.click()
    await expect(page.get_by_role("status")).to_contain_text("去掉了")


async def test_a_chain_on_a_desk(desk: Page, server: Served) -> None:
    await _chain(desk, server)


async def test_a_chain_on_a_phone(phone: Page, server: Served) -> None:
    await _chain(phone, server)


async def _chain(page: Page, server: Served) -> None:
    await page.goto(f"http://127.0.0.1:{server.port}/settings/escalation")
    text = await page.locator("#text").input_value()
    await page.locator("#text").fill(text.replace("times = 5", "times = 0"))
    await page.get_by_role("button", name="检查").click()
    await expect(page.get_by_role("alert")).to_contain_text("problem")
    await page.locator("#text").fill(text.replace("times = 5", "times = 9"))
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status")).to_contain_text("已经生效")
    await expect(page.locator("main")).to_contain_text("每 30 分钟一次，最多 9 次")
    await page.get_by_text("恢复成自带的").click()
    await page.get_by_role("button", name="确定恢复").click()
    await expect(page.locator("main")).to_contain_text("最多 5 次")


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
@pytest.mark.parametrize("path", ["/routes", "/routes/garment", "/calendar", "/escalation"])
async def test_well_made(browser: Browser, server: Served, path: str, language: str) -> None:
    for width, scheme in ((390, "light"), (1280, "dark")):
        context = await browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{server.port}/settings{path}?lang={language}")
        if path.startswith("/routes/"):
            await page.locator("#node-2 > details > summary").click()
            await page.locator("#node-2 .inner > summary").click()
        await well_made(page)
        await context.close()
