"""The suppliers' pages in a browser: a supplier on a phone without scripts, the factory at a desk
and on a phone.
"""

import asyncio

import pytest
from playwright.async_api import Browser, FilePayload, Page, ViewportSize, expect

from bot.demo.pictures import sample
from tests.app.served import Served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=900)


def at(server: Served, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


async def link(server: Served, who: str) -> str:
    status, links = await asyncio.to_thread(server.call, "GET", "/api/sandbox/links")
    assert status == 200
    return at(server, links["suppliers"][who])


async def test_a_supplier_answers_on_a_phone_without_scripts(phone: Page, server: Served) -> None:
    await phone.goto(await link(server, "S01"))
    need = phone.locator("article", has_text="Polo 领")
    await expect(need.locator(".chip")).to_contain_text("等您回")
    await need.get_by_role("button", name="按时能到").click()
    await expect(phone.get_by_role("status")).to_contain_text("记下了")
    await expect(need.locator(".chip")).to_contain_text("已定日子")
    await expect(need.get_by_role("button", name="按时能到")).to_have_count(0)
    await need.locator("summary", has_text="改日子").click()
    await need.locator("input[type=date]").fill("2026-12-04")
    await need.locator("select").select_option("logistics")
    await need.locator("input[name=text]").fill("堵车")
    await need.get_by_role("button", name="改成这一天").click()
    await expect(need).to_contain_text("工序在等")
    said = await asyncio.to_thread(server.messages, "management")
    assert any("堵车" in m["text"] for m in said)
    await need.locator("summary", has_text="送到了").click()
    await need.locator("input[type=file]").set_input_files(
        FilePayload(name="note.jpg", mimeType="image/jpeg", buffer=sample("cut"))
    )
    await need.locator("input[name=amount]").fill("90")
    await need.get_by_role("button", name="记下送到").click()
    await expect(need.locator(".chip")).to_contain_text("已到 90/150 个")
    await expect(need.locator(".shots img")).to_have_count(1)
    await phone.reload()  # what was sent is not sent again
    await expect(need.locator(".chip")).to_contain_text("已到 90/150 个")
    await phone.locator(".ask summary").click()
    await phone.locator("#question").fill("要哪个色号？")
    await phone.get_by_role("button", name="发给跟单").click()
    await expect(phone.get_by_role("status")).to_contain_text("转给跟单")


async def test_another_language_stays(page: Page, server: Served) -> None:
    await page.goto(await link(server, "S02"))
    await page.get_by_role("link", name="EN").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.locator(".ask summary").click()
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_the_factory_asks_and_checks(page: Page, server: Served) -> None:
    await page.goto(at(server, "/suppliers"))
    form = page.locator(".place form")
    await form.locator("select[name=order]").select_option("A109")
    await form.locator("input[name=item]").fill("四合扣")
    await form.locator("input[name=amount]").fill("80")
    await form.locator("input[name=unit]").fill("个")
    await form.locator("select[name=supplier]").select_option("S03")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("status")).to_contain_text("要料记下了")
    waiting = page.locator(".owed", has_text="四合扣")
    await expect(waiting).to_contain_text("锐彩印花")
    checks = page.locator(".owed", has_text="A105")
    await checks.locator("summary").click()
    await checks.locator("input[name=returned]").fill("3")
    await checks.get_by_role("button", name="验好了").click()
    await expect(page.locator(".owed", has_text="A105")).to_have_count(0)


async def test_the_keyboard_is_enough(page: Page, server: Served) -> None:
    await page.goto(at(server, "/suppliers"))
    summary = page.locator(".owed summary").first
    await summary.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".owed details").first).to_have_attribute("open", "")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('.owed') !== null")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


async def test_a_link_is_copied(browser: Browser, server: Served) -> None:
    context = await browser.new_context(
        viewport=DESK, permissions=["clipboard-read", "clipboard-write"]
    )
    page = await context.new_page()
    await page.goto(at(server, "/suppliers"))
    button = page.locator("tr", has_text="林记辅料").locator("button.copy")
    await button.click()
    await expect(button).to_contain_text("复制了")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await link(server, "S01")
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_is_well_made(
    browser: Browser, server: Served, size: ViewportSize, scheme: str, language: str
) -> None:
    context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    for address in (await link(server, "S01"), at(server, "/suppliers")):
        await page.goto(f"{address}?lang={language}")
        for summary in await page.locator("main summary").all():
            await summary.click()
        await well_made(page)
        small = await page.evaluate(
            "[...document.querySelectorAll('main button, main summary, main select,"
            " main input:not([type=hidden])')]"
            ".filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 44)"
            ".map(e => e.outerHTML.slice(0, 120))"
        )
        assert small == []
    await context.close()
