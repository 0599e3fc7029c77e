"""The pages in a browser, on a factory in memory."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, FilePayload, Page, expect

from adapters.web.server import build
from domain.commands import Complete
from tests.web.house import PNG, Box, Home, factory

pytestmark = pytest.mark.browser


class Served:
    def __init__(self, home: Home, box: Box, base: str) -> None:
        self.home, self.box, self.base = home, box, base


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    home = factory()
    box = Box(home)
    server = TestServer(build(home, box))
    await server.start_server()
    yield Served(home, box, str(server.make_url("")).rstrip("/"))
    await server.close()


async def _open(page: Page, served: Served, query: str = "") -> None:
    await page.goto(f"{served.base}/{query}")
    await page.wait_for_selector("body[data-ready]")


async def test_what_is_said_lights_up_on_the_board(page: Page, served: Served) -> None:
    await _open(page, served)
    production = page.locator("#production")
    board = page.frame_locator("#wall iframe")
    cell = board.locator('tr[data-order="A102"] td[data-node="cut"]')
    await expect(cell).to_have_attribute("data-status", "in_progress")
    await production.locator("input[type=file]").set_input_files(
        FilePayload(name="cut.png", mimeType="image/png", buffer=PNG)
    )
    await expect(production.locator(".picked img")).to_have_count(1)
    await production.locator("textarea").fill("#A102 裁切完成")
    await production.locator("textarea").press("Enter")
    mine = production.locator('.msg[data-from="P03"]').last
    await expect(mine.locator(".marks")).to_contain_text("✍")
    await expect(mine.locator(".photo img")).to_have_count(1)
    await expect(cell).to_have_attribute("data-status", "done")
    await expect(page.locator("#hint")).to_contain_text("3 分钟")
    await expect(production.locator("textarea")).to_have_value("")
    assert served.box.files == [PNG]


async def test_press_reply_edit_recall(page: Page, served: Served) -> None:
    await _open(page, served)
    production = page.locator("#production")
    await production.locator("textarea").fill("#A102 裁切完成")
    await production.locator("button.primary").click()
    await production.locator('.buttons [data-button="undo:1"]').click()
    await expect(page.locator("#steps:not(.busy)")).to_be_visible()
    own = production.locator('.msg[data-from="P03"]').first
    for act, word in (("reply", "回复"), ("edit", "在改")):
        await own.hover()
        await own.locator(".menu summary").click()
        await own.locator(f'[data-do="{act}"]').click()
        await expect(production.locator(".context")).to_contain_text(word)
    await expect(production.locator("textarea")).to_have_value("#A102 裁切完成")
    await production.locator("textarea").press("Escape")
    await expect(production.locator("textarea")).to_have_value("")
    await own.locator(".menu summary").click()
    await own.locator('[data-do="recall"]').click()
    await page.wait_for_timeout(300)
    assert served.box.pressed == [("bm0", "undo:1", "P03")]
    assert served.box.said[0]["recalled"]


async def test_the_clock_brings_the_push(page: Page, served: Served) -> None:
    await _open(page, served)
    await expect(page.locator("#clock")).to_have_text("周一 11/23 08:40")
    await page.locator('[data-advance="PT5M"]').click()
    await expect(page.locator("#clock")).to_have_text("周一 11/23 08:45")
    await expect(page.locator("#phone .banner")).to_contain_text("裁切完成")
    await page.locator("#phone .banner").click()
    await expect(page.locator("#phone .msg.bot")).to_contain_text("裁切完成")
    await page.locator("[data-morning]").click()
    await expect(page.locator("#clock")).to_have_text("周二 11/24 08:30")


async def test_the_script(page: Page, served: Served) -> None:
    await _open(page, served, "?lang=en")
    await expect(page.locator("#why")).to_contain_text("one line and a photo")
    await page.locator("#next").click()
    await expect(page.locator("#steps li").first).to_have_class("done")
    await page.locator("#next").click()
    await expect(page.locator("#steps li").nth(1)).to_have_class("done")
    await expect(page.locator("#next")).to_be_hidden()
    assert [m["text"] for m in served.box.said if m["from"] == "P03"] == ["#A102 裁切完成", "撤回"]
    assert served.box.files == [PNG]


async def test_begin_again_asks_first(page: Page, served: Served) -> None:
    await _open(page, served)
    await page.locator("#reset").click()
    await page.locator("#sure button[value=no]").click()
    assert served.box.resets == []
    await page.locator("#reset").click()
    async with page.expect_navigation():
        await page.locator("#sure button[value=yes]").click()
    assert served.box.resets == [(None, "")]


async def test_everything_is_in_sight(page: Page, served: Served) -> None:
    await _open(page, served)
    size = "[document.scrollingElement.scrollHeight, innerHeight, document.body.scrollWidth]"
    high, seen, wide = await page.evaluate(f"() => {size}")
    assert high <= seen
    assert wide <= 1440
    for pane in ("#production", "#management", "#phone", "#wall"):
        await expect(page.locator(pane)).to_be_in_viewport(ratio=0.99)


async def test_tabs_on_a_phone(browser: Browser, served: Served) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    await _open(page, served)
    for pane in ("management", "phone", "wall", "production"):
        await page.locator(f'#tabs [data-pane="{pane}"]').click()
        await expect(page.locator(f"#{pane}")).to_be_visible()
        assert await page.evaluate("() => document.body.scrollWidth") <= 390
    await page.locator("#production textarea").fill("早")
    await page.locator("#production button.primary").click()
    await expect(page.locator("#hint")).to_contain_text("不是进度")
    await page.close()


async def test_the_customers_page_needs_no_scripts(phone: Page, served: Served) -> None:
    await phone.goto(served.base + await served.home.link("p", "A102", "C05"))
    await expect(phone.locator("h1")).to_contain_text("正在裁切")
    assert len(await phone.locator(".step").all()) == 7
    box = await phone.locator("body").bounding_box()
    assert box
    assert box["width"] <= 390
    await phone.locator('[data-stage="sewing"] button').click()
    await expect(phone.locator("#notice")).to_be_visible()
    await expect(phone.locator('[data-stage="sewing"] button')).to_have_text("✓ 会提醒")
    for button in await phone.locator(".follow").all():
        size = await button.bounding_box()
        assert size
        assert size["height"] >= 44
    await phone.locator("summary").click()
    await phone.locator("textarea").fill("能早点吗")
    await phone.locator(".ask form button").click()
    await expect(phone.locator("#notice")).to_contain_text("跟单")
    assert served.home.asked == [("A102", "能早点吗")]


async def test_the_board_lights_up_and_fits(browser: Browser, served: Served) -> None:
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    for language in ("zh-CN", "zh-TW", "en"):
        await page.goto(f"{served.base}/board?lang={language}")
        await expect(page.locator("tbody tr")).to_have_count(3)
        wide = await page.evaluate("() => document.scrollingElement.scrollWidth")
        assert wide <= 1920
        for cell in await page.locator(".chip").all():
            assert await cell.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), language
    await page.wait_for_timeout(300)
    served.home.do(Complete("A102", "cut"), "P03")
    cell = page.locator('tr[data-order="A102"] td[data-node="cut"]')
    await expect(cell).to_have_attribute("data-status", "done")
    await expect(cell.locator(".chip")).to_have_class("chip s-done glow")
    await page.close()


async def test_pages_turn_and_red_stays(browser: Browser, served: Served) -> None:
    home = served.home
    order = home.books.orders["A107"]
    for n in range(20):
        name = f"B{n:02}"
        fields = {f: getattr(order, f) for f in order.__dataclass_fields__}
        home.books.orders[name] = type(order)(**fields | {"order_no": name})
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.clock.install()
    await page.goto(f"{served.base}/board")
    shown = page.locator("tbody tr:not([hidden])")
    await expect(shown).to_have_count(12)
    first = await shown.last.get_attribute("data-order")
    await page.clock.run_for(12_500)
    await expect(page.locator('tr[data-order="A104"]')).to_be_visible()
    await expect(page.locator(f'tr[data-order="{first}"]')).to_be_hidden()
    await page.close()
