"""The shop floor's terminal in a browser: with gloves, without scripts, without a network."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, FilePayload, Page, expect

from bot.demo.pictures import sample
from tests.app.served import Served
from tests.browser.checks import well_made

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("terminal") / "data")
    found.folder.mkdir()
    found.start()
    for person, pin in (("P03", "59370142"), ("P05", "7306")):
        assert found.say(f"private-{person}", person, f"/PIN {pin}")[0] == 202
    found.idle()
    yield found
    found.stop()


@pytest.fixture
async def context(browser: Browser, server: Served) -> AsyncIterator[BrowserContext]:
    server.call("POST", "/api/sandbox/reset", {})
    for person, pin in (("P03", "59370142"), ("P05", "7306")):
        server.say(f"private-{person}", person, f"/PIN {pin}")
    server.idle()
    found = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    yield found
    await found.close()


async def _ticket(server: Served, order: str) -> str:
    links = (await asyncio.to_thread(server.call, "GET", "/api/sandbox/links"))[1]
    return f"http://127.0.0.1:{server.port}{links['orders'][order]['t']}"


async def _paper(server: Served, order: str) -> str:
    """The address as the code on paper says it."""
    return (await _ticket(server, order)).replace("/t/", "/T/")


async def _enter(page: Page, name: str, pin: str) -> None:
    await page.get_by_label(name).check()
    await page.get_by_label("PIN").fill(pin)
    await page.get_by_role("button", name="进入").click()
    await expect(page.locator(".who")).to_contain_text(name)


async def _node(server: Served, order: str, key: str) -> dict[str, object]:
    return await asyncio.to_thread(server.node, order, key)


async def test_scan_pin_and_three_buttons(context: BrowserContext, server: Served) -> None:
    page = await context.new_page()
    await page.goto(await _paper(server, "A102"))
    await well_made(page)
    await page.get_by_label("李红梅").check()
    await page.get_by_label("PIN").fill("0000")
    await page.get_by_role("button", name="进入").click()
    await expect(page.get_by_role("status").first).to_contain_text("PIN 不对")
    await _enter(page, "李红梅", "59370142")
    await expect(page.get_by_label("裁切")).to_be_checked()
    await expect(page.get_by_label("质检")).to_have_count(0)  # not hers
    for name in ("开始", "完成", "有问题"):
        box = await page.locator(".act", has_text=name).first.bounding_box()
        assert box is not None
        assert box["height"] >= 72
        assert box["width"] >= 300
    await well_made(page)
    await page.locator("#quantity").fill("60")
    await page.get_by_role("button", name="完成").click()
    await expect(page.locator("#notice .told")).to_contain_text("已记下")
    assert (await _node(server, "A102", "cut"))["quantity"] == 60
    photo = FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=sample("cut"))
    await page.locator("#photos").set_input_files(photo)
    await page.get_by_role("button", name="完成").click()
    await expect(page.locator(".spot .s-done")).to_be_visible()
    cut = await _node(server, "A102", "cut")
    assert cut["status"] == "done"
    assert len(cut["photos"]) == 1  # type: ignore[arg-type]
    events = await asyncio.to_thread(server.events, "A102")
    last = next(e for e in reversed(events) if e["type"] == "NodeCompleted")
    assert (last["by"], last["source"]["platform"]) == ("P03", "terminal")
    await page.get_by_role("button", name="撤回").click()
    await expect(page.locator("#notice .told")).to_contain_text("已经撤回")
    assert (await _node(server, "A102", "cut"))["status"] == "in_progress"


async def test_a_problem_goes_the_way_of_all_problems(
    context: BrowserContext, server: Served
) -> None:
    page = await context.new_page()
    await page.goto(await _ticket(server, "A105"))
    await _enter(page, "赵桂兰", "7306")
    await page.locator("summary.problem").click()
    await page.get_by_role("button", name="报告问题").click()
    await expect(page.locator("#notice .told")).to_contain_text("什么问题")
    await page.get_by_label("设备").check()
    await page.locator("#words").fill("三号机断针")
    await page.get_by_role("button", name="报告问题").click()
    await expect(page.locator("#notice .told")).to_contain_text("已记下")
    assert (await _node(server, "A105", "sew"))["status"] == "delayed"
    await asyncio.to_thread(server.idle)
    told = await asyncio.to_thread(server.messages, "management")
    assert any("A105" in m["text"] and "三号机断针" in m["text"] for m in told)
    await page.locator("summary.problem").click()
    await page.get_by_role("button", name="问题解决了").click()
    await expect(page.locator(".spot .s-in-progress")).to_be_visible()
    assert (await _node(server, "A105", "sew"))["status"] == "in_progress"


async def test_without_scripts(browser: Browser, context: BrowserContext, server: Served) -> None:
    plain = await browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    page = await plain.new_page()
    await page.goto(await _ticket(server, "A102"))
    await _enter(page, "李红梅", "59370142")
    await page.get_by_role("button", name="完成").click()
    await expect(page.locator("#notice .told")).to_contain_text("已记下")
    assert (await _node(server, "A102", "cut"))["quantity"] == 120
    await page.go_back()
    await page.get_by_role("button", name="完成").click()  # the same form again is the same press
    events = await asyncio.to_thread(server.events, "A102")
    assert sum(e["type"] == "NodeCompleted" and e["node"] == "cut" for e in events) == 1
    await plain.close()


async def test_pressed_without_a_network_arrives_once_and_in_order(
    context: BrowserContext, server: Served
) -> None:
    page = await context.new_page()
    await page.goto(await _ticket(server, "A108"))
    await _enter(page, "李红梅", "59370142")
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await page.reload()
    before = len(await asyncio.to_thread(server.events, "A108"))
    await context.set_offline(True)
    await page.reload()  # the page itself opens without a network
    await expect(page.locator(".number")).to_have_text("A108")
    for act, quantity in (("开始", ""), ("完成", "40"), ("完成", "90"), ("完成", "")):
        await page.locator("#quantity").fill(quantity)
        await page.get_by_role("button", name=act).click()
        await expect(page.locator(".told.waiting").last).to_be_visible()
    await expect(page.locator("#queue")).to_contain_text("4")
    assert len(await asyncio.to_thread(server.events, "A108")) == before
    twin = await context.new_page()  # a second tab empties the same queue
    await context.set_offline(False)
    await twin.goto(await _ticket(server, "A108"))
    await expect(page.locator("#queue")).to_be_hidden(timeout=20000)
    events = (await asyncio.to_thread(server.events, "A108"))[before:]
    told = [(e["type"], e["data"].get("quantity")) for e in events if e["node"] == "cut"]
    assert told == [
        ("NodeStarted", None), ("NodeProgressed", 40), ("NodeProgressed", 90),
        ("NodeCompleted", None),
    ]  # fmt: skip


async def test_a_number_that_falls_is_asked_about_and_nothing_is_lost(
    context: BrowserContext, server: Served
) -> None:
    page = await context.new_page()
    await page.goto(await _ticket(server, "A105"))
    await _enter(page, "赵桂兰", "7306")
    await page.locator("[data-step='1']").click()
    await expect(page.locator("#quantity")).to_have_value("181")  # from what stands, not from 0
    await page.locator("#quantity").fill("20")
    await page.get_by_role("button", name="完成").click()
    await expect(page.locator("#asked")).to_contain_text("已经报到 180 件")
    assert (await _node(server, "A105", "sew"))["quantity"] == 180
    await page.reload()
    await page.locator("#asked").get_by_role("button", name="照样记").click()
    await expect(page.locator("#notice .told")).to_contain_text("已记下")
    assert (await _node(server, "A105", "sew"))["quantity"] == 20


async def test_a_page_kept_from_another_worker_reports_nothing(
    context: BrowserContext, server: Served
) -> None:
    first, second = await context.new_page(), await context.new_page()
    one, two = await _ticket(server, "A105"), await _ticket(server, "A102")
    await first.goto(one)
    await _enter(first, "赵桂兰", "7306")
    await first.wait_for_function("navigator.serviceWorker.controller !== null")
    await first.goto(one)
    await second.goto(two)
    await second.get_by_role("button", name="换人").click()
    await _enter(second, "李红梅", "59370142")
    await context.set_offline(True)
    await first.goto(one)
    await expect(first.locator("#report")).to_be_hidden()
    await expect(first.locator("#notice")).to_contain_text("另一位")


async def test_a_browser_that_keeps_nothing_sends_the_plain_form(
    context: BrowserContext, server: Served
) -> None:
    page = await context.new_page()
    await page.add_init_script("indexedDB.open = () => { throw new Error('private'); }")
    await page.goto(await _ticket(server, "A102"))
    await _enter(page, "李红梅", "59370142")
    await page.get_by_role("button", name="完成").click()
    await expect(page.locator("#notice .told")).to_contain_text("已记下")
    assert (await _node(server, "A102", "cut"))["quantity"] == 120


async def test_wrong_pins_lock(context: BrowserContext, server: Served) -> None:
    page = await context.new_page()
    ticket = await _ticket(server, "A102")
    for _ in range(6):
        await page.goto(ticket)
        await page.get_by_label("李红梅").check()
        await page.get_by_label("PIN").fill("1234")
        await page.get_by_role("button", name="进入").click()
    await expect(page.locator("#notice .told")).to_contain_text("10 分钟")
    await page.get_by_label("李红梅").check()
    await page.get_by_label("PIN").fill("59370142")
    await page.get_by_role("button", name="进入").click()
    await expect(page.locator("#notice .told")).to_contain_text("10 分钟")


async def test_a_pin_is_kept_nowhere(server: Served) -> None:
    data = b"".join(p.read_bytes() for p in server.folder.glob("vitrine.db*"))
    for table in ("setting", "inbox"):
        assert table.encode() in data
    assert b"59370142" not in data.replace(b"/PIN 59370142", b"")  # the sandbox keeps its own chats
