"""The cockpit and the order's page in a browser, on the demo factory with its past: read on a phone
without scripts, from a decision to its order, and nothing that axe finds or that lies on another.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.app.served import Served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser
PHONE, DESK = (390, 844), (1280, 900)
BOXES = """() => [...document.querySelectorAll('svg.chart')].filter(s => s.getClientRects().length)
  .flatMap(svg => {
    const view = svg.viewBox.baseVal, texts = [...svg.querySelectorAll('text')];
    const boxes = texts.map(t => [t.textContent, t.getBBox()]);
    const out = boxes.filter(([, b]) => b.x < -1 || b.x + b.width > view.width + 1)
      .map(([t]) => `${t} leaves ${svg.querySelector('title').textContent}`);
    boxes.forEach(([s, a], n) => boxes.slice(n + 1).forEach(([t, b]) => {
      const deep = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      if (wide > 0.5 && deep > a.height / 3) out.push(`${s} on ${t}`);
    }));
    return out;
  })"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Served]:
    found = Served(tmp_path / "data", VITRINE_SANDBOX_HISTORY="1")
    found.folder.mkdir()
    await asyncio.to_thread(found.start)
    yield found
    await asyncio.to_thread(found.stop)


async def _context(browser: Browser, size: tuple[int, int], **more: Any) -> BrowserContext:
    return await browser.new_context(viewport={"width": size[0], "height": size[1]}, **more)


def _at(server: Served, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


async def test_from_the_figures_to_the_order_on_a_phone_without_scripts(
    phone: Page, server: Served
) -> None:
    await phone.goto(_at(server, "/cockpit"))
    await expect(phone.locator(".figures b").first).to_have_text("11")
    order = ["decisions", "flow-card", "trend-card", "times-card", "causes-card", "warned-card"]
    tops = [await _top(phone, key) for key in order]
    assert tops == sorted(tops)
    await phone.locator('[data-card="causes"] summary').click()
    await expect(phone.locator('[data-card="causes"] table')).to_be_visible()
    await phone.get_by_text("筛选", exact=False).first.click()
    await phone.locator('select[name="route"]').select_option("bag")
    await phone.get_by_role("button", name="看", exact=True).click()
    await expect(phone.locator(".figures b").first).to_have_text("1")
    await phone.get_by_role("link", name="不筛选").click()
    await phone.locator(".decisions a").first.click()
    await expect(phone.locator("h1")).to_contain_text("A107")
    await expect(phone.locator("svg.narrow")).to_be_visible()
    await expect(phone.locator("svg.wide-only")).to_be_hidden()


async def _top(page: Page, key: str) -> float:
    box = await page.locator(f"#{key}").bounding_box()
    assert box is not None
    return box["y"]


async def test_an_order_is_followed_labelled_and_found_again(page: Page, server: Served) -> None:
    await page.goto(_at(server, "/orders"))
    await page.get_by_role("searchbox").fill("卫衣 左胸")
    await page.keyboard.press("Enter")
    await page.locator(".list a").first.click()
    await expect(page.locator("h1")).to_contain_text("A102")
    await page.get_by_role("button", name="关注这张单").click()
    await expect(page.get_by_role("button", name="不再关注")).to_be_visible()
    await page.get_by_placeholder("比如 加急、样品").fill("展会样品")
    await page.get_by_role("button", name="加标签").click()
    await expect(page.locator("#labels")).to_contain_text("展会样品")
    await page.reload()
    await expect(page.locator(".history")).to_contain_text("加标签「展会样品」")
    assert await page.locator(".history li", has_text="展会样品").count() == 1
    await page.goto(_at(server, "/orders"))
    await page.locator("#label").select_option("展会样品")
    await page.get_by_role("button", name="找").click()
    await expect(page.locator(".list li")).to_have_count(1)
    await page.locator(".list a").click()
    await page.get_by_role("button", name="去掉标签 展会样品").click()
    await expect(page.locator("#labels .tag")).to_have_count(0)


async def test_the_keyboard_reaches_everything_and_sees_where_it_is(
    page: Page, server: Served
) -> None:
    await page.goto(_at(server, "/cockpit"))
    seen = []
    for _ in range(14):
        await page.keyboard.press("Tab")
        seen.append(
            await page.evaluate(
                "[document.activeElement.textContent.trim().slice(0, 6),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
    assert {outline for _, outline in seen} == {"solid"}
    assert [text for text, _ in seen][:3] == ["看板", "订单", "驾驶舱"]
    await page.locator(".filter summary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator('select[name="team"]')).to_be_visible()


PAGES = ("/cockpit?days=90", "/cockpit?route=bag&customer=C05", "/orders", "/orders?state=ended")
ORDERS = ("/orders/A104", "/orders/A107", "/orders/Z012")


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_well_made(
    browser: Browser, server: Served, size: tuple[int, int], scheme: Any, language: str
) -> None:
    context = await _context(browser, size, color_scheme=scheme)
    page = await context.new_page()
    for path in (*PAGES, *ORDERS):
        sign = "&" if "?" in path else "?"
        await page.goto(_at(server, f"{path}{sign}lang={language}"))
        assert await page.evaluate(BOXES) == [], path
        await well_made(page)
    await context.close()


async def test_what_a_thumb_has_to_hit_is_large_enough(browser: Browser, server: Served) -> None:
    context = await _context(browser, PHONE, has_touch=True)
    page = await context.new_page()
    for path in ("/cockpit", "/orders", "/orders/A104"):
        await page.goto(_at(server, path))
        small = await page.evaluate(
            """() => [...document.querySelectorAll('a, button, summary, input, select')]
              .filter(e => e.type !== 'hidden')
              .filter(e => e.getClientRects().length && !e.closest('figure'))
              .map(e => [e.textContent.trim().slice(0, 12), e.getBoundingClientRect().height])
              .filter(([, high]) => high < 43.5)"""
        )
        assert small == [], path
    await context.close()
