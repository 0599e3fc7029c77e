"""The customer's page in a browser: what a customer does there, with and without scripts."""

import asyncio

import pytest
from icalendar import Calendar
from playwright.async_api import Browser, Page, Response, expect

from tests.app.served import Served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser


async def _link(server: Served, order: str) -> str:
    status, links = await asyncio.to_thread(server.call, "GET", "/api/sandbox/links")
    assert status == 200
    return f"http://127.0.0.1:{server.port}{links['orders'][order]['p']}"


async def test_the_first_screen_is_light(browser: Browser, server: Served) -> None:
    """Everything that the page loads by itself, photos in reach with it, is below 50 kB."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=3
    )
    page = await context.new_page()
    loaded: list[Response] = []

    def note(answer: Response) -> None:  # playwright wants a function of ours
        loaded.append(answer)

    page.on("response", note)
    await page.goto(await _link(server, "A104"))
    await page.wait_for_load_state("networkidle")
    sizes = {r.url: len(await r.body()) for r in loaded if r.ok and r.status != 304}
    assert sum(sizes.values()) < 50_000, sizes
    await context.close()


async def test_follow_ask_share_without_scripts(phone: Page, server: Served) -> None:
    link = await _link(server, "A102")
    await phone.goto(link)
    steps = phone.locator(".step", has_text="缝制")
    await steps.get_by_role("button").click()
    await expect(phone.get_by_role("status")).to_contain_text("告诉您")
    await expect(steps.get_by_role("button")).to_contain_text("会提醒")
    await phone.locator("summary").click()
    await phone.locator("#question").fill("可以先发一半吗？")
    await phone.get_by_role("button", name="发给跟单").click()
    await expect(phone.get_by_role("status")).to_contain_text("转")
    asked = await asyncio.to_thread(server.messages, "management")
    assert any("可以先发一半吗" in m["text"] for m in asked)
    await phone.get_by_role("button", name="转给别人看").click()
    passed_on = await phone.locator("#link").input_value()
    await phone.goto(passed_on)
    await expect(phone.locator(".guest")).to_contain_text("A102")
    await expect(phone.get_by_role("button")).to_have_count(0)
    assert "A111" not in await phone.content()  # the customer's other orders stay theirs
    await phone.goto(link)
    await expect(phone.locator(".others")).to_contain_text("A111")
    await phone.get_by_role("button", name="收回已转发的链接").click()
    answer = await phone.goto(passed_on)
    assert answer is not None
    assert answer.status == 404


async def test_a_finished_order_is_rated(phone: Page, server: Served) -> None:
    await phone.goto(await _link(server, "A101"))
    await phone.get_by_role("button", name="不满意").click()
    await expect(phone.get_by_role("status")).to_contain_text("谢谢")
    await phone.locator("#rating").fill("胸标有两件绣歪了")
    await phone.get_by_role("button", name="发给跟单").click()
    await expect(phone.locator(".rate")).to_have_count(0)
    told = await asyncio.to_thread(server.messages, "management")
    assert any("A101" in m["text"] and "不满意" in m["text"] for m in told)
    events = await asyncio.to_thread(server.events, "A101")
    assert next(e["data"]["score"] for e in events if e["type"] == "FeedbackGiven") == 1


async def test_photos_in_a_gallery(page: Page, server: Served) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(await _link(server, "A101"))
    await page.locator("[data-shot] a").nth(1).click()
    shown = page.locator("dialog.gallery")
    await expect(shown).to_be_visible()
    await expect(shown.locator("p")).to_contain_text("2/3")
    await page.keyboard.press("ArrowRight")
    await expect(shown.locator("p")).to_contain_text("3/3")
    await expect(shown.locator(".after")).to_be_disabled()
    await well_made(page)
    await page.keyboard.press("Escape")
    await expect(shown).to_be_hidden()


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
@pytest.mark.parametrize("order", ["A101", "A104", "A107", "A110"])
async def test_well_made(browser: Browser, server: Served, language: str, order: str) -> None:
    link = await _link(server, order)
    for width, dark in ((390, False), (390, True), (1280, False)):
        context = await browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme="dark" if dark else "light"
        )
        page = await context.new_page()
        await page.goto(f"{link}?lang={language}")
        assert await page.locator("html").get_attribute("lang") == language
        await well_made(page)
        await context.close()


async def test_what_a_link_shows_of_itself(page: Page, server: Served) -> None:
    link = await _link(server, "A102")
    await page.goto(link)
    head = page.locator("head")
    preview = await head.locator("meta[property='og:description']").get_attribute("content")
    title = await head.locator("meta[property='og:title']").get_attribute("content")
    assert "刘教练" not in f"{title}{preview}"
    picture = await head.locator("meta[property='og:image']").get_attribute("content")
    answer = await page.request.get(str(picture))
    assert answer.headers["content-type"] == "image/png"
    manifest = await head.locator("link[rel=manifest]").get_attribute("href")
    data = await (await page.request.get(f"{link.split('/p/')[0]}{manifest}")).json()
    assert link.endswith(data["start_url"])
    for icon in data["icons"]:
        assert (await page.request.get(f"{link.split('/p/')[0]}{icon['src']}")).ok


async def test_the_calendar_follows_the_promise(page: Page, server: Served) -> None:
    await page.goto(await _link(server, "A102"))
    address = await page.locator(".keep a").get_attribute("href")
    feed = f"http://127.0.0.1:{server.port}{address}"

    async def due(order: str) -> tuple[str, int]:
        found = Calendar.from_ical(await (await page.request.get(feed)).text())
        entry = next(e for e in found.walk("VEVENT") if str(e["UID"]) == f"{order}@vitrine")
        return str(entry.decoded("DTSTART")), int(entry.decoded("SEQUENCE"))

    before = await due("A111")
    await asyncio.to_thread(server.say, "management", "P02", "/交期 A111 12/8 客户要求晚一点")
    await asyncio.to_thread(server.idle)
    assert before[1] == 0
    assert await due("A111") == ("2026-12-08", 1)
