"""The settings in a browser: their main acts, on a desk and on a phone."""

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from tests.app.served import Served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser


async def test_add_somebody_and_let_them_in(page: Page, server: Served) -> None:
    await page.goto(f"http://127.0.0.1:{server.port}/settings/people")
    await page.get_by_role("link", name="加一个人").click()
    await page.get_by_label("姓名").fill("小陈")
    await page.get_by_label("车缝").first.check()
    await page.get_by_role("button", name="加上").click()
    await expect(page.locator("h1")).to_contain_text("小陈 的邀请码")
    code = await page.locator("#code").input_value()
    await page.get_by_role("button", name="复制").click()
    await expect(page.get_by_role("button", name="已复制")).to_be_visible()
    await well_made(page)
    assert len(code) == 10


async def test_a_board_for_the_wall(page: Page, server: Served) -> None:
    await page.goto(f"http://127.0.0.1:{server.port}/settings/access")
    await page.get_by_label("放在哪里").fill("裁床车间")
    await page.get_by_role("button", name="做一个看板地址").click()
    address = await page.locator("#secret").input_value()
    await well_made(page)
    await page.goto(address)
    await expect(page.locator("tbody tr").first).to_be_visible()


async def test_sign_in_by_the_link_from_the_chat(browser: Browser, server: Served) -> None:
    await asyncio.to_thread(server.say, "private-P03", "P03", "/登录")
    await asyncio.to_thread(server.idle)
    told = (await asyncio.to_thread(server.messages, "private-P03"))[-1]["text"]
    page = await browser.new_page()
    await page.goto(told.split()[-1])
    await expect(page.locator("h1")).to_contain_text("李红梅")
    await well_made(page)
    await page.get_by_role("button", name="登录").click()
    await expect(page.locator("table")).to_be_visible()  # a team lead begins at the board
    await page.goto(f"http://127.0.0.1:{server.port}/settings")
    await expect(page.locator("h1")).to_contain_text("不归您看")
    await page.goto(f"http://127.0.0.1:{server.port}/sign-in")
    await well_made(page)
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_role("status")).to_contain_text("已经退出")
    await page.close()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "path", ["", "/people", "/people/P03", "/people/new", "/access", "/changes"]
)
async def test_well_made(browser: Browser, server: Served, path: str, language: str) -> None:
    for width, scheme in ((390, "light"), (1280, "dark")):
        context = await browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{server.port}/settings{path}?lang={language}")
        await well_made(page)
        await context.close()
