"""The order's page and the list: what is shown to whom, what may be done there, what stays visible
of what was taken back.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.web.drawn import faults, texts
from tests.web.real import OWN, Real, real

LANGUAGES = ("zh-CN", "zh-TW", "en")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Real]:
    """The demo factory's sandbox: whoever comes leads."""
    async with real(tmp_path / "data", sandbox=True) as found:
        yield found


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Real]:
    """The demo factory as a factory has it: people sign in."""
    async with real(tmp_path / "data") as found:
        yield found


async def _get(browser: ClientSession, path: str, status: int = 200) -> str:
    async with browser.get(path) as answer:
        assert answer.status == status, path
        return await answer.text()


async def _post(browser: ClientSession, path: str, **form: str) -> tuple[int, str, str]:
    async with browser.post(path, data=form, headers=OWN, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def _say(house: Real, who: str, text: str) -> None:
    sandbox = house.app.sandbox
    assert sandbox is not None
    await sandbox.post("production", who, text, [], "", "", "")
    await sandbox.idle()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_plan_against_actual_is_drawn_for_narrow_and_wide(house: Real, language: str) -> None:
    for number in ("A101", "A104", "A107", "A110", "A112"):
        text = await _get(house.stranger(), f"/orders/{number}?lang={language}")
        charts = re.findall(r'<svg class="chart (?:narrow|wide-only)".*?</svg>', text, re.S)
        assert len(charts) == 2
        assert [f for chart in charts for f in faults(chart)] == []
        assert " style=" not in text
        rows = len(re.findall(r'<tr><th scope="row">', text))
        names = [b.text for b in texts(charts[0]) if b.text[0] in "○▶✓▲?"]
        assert len(names) == rows


async def test_a_customers_time_is_drawn_as_theirs(house: Real) -> None:
    held = await _get(house.stranger(), "/orders/A104")
    waits = await _get(house.stranger(), "/orders/A110")
    assert 'class="f-delayed"' in held.partition("<figcaption>")[0]
    drawn = waits.partition("<figcaption>")[0]
    assert 'class="f-to-confirm"' in drawn
    assert 'class="f-delayed"' not in drawn


async def test_corrections_stay_visible(house: Real) -> None:
    await _say(house, "P09", "A107 已发货 顺丰 SF1398273645120")
    await _say(house, "P09", "撤回")
    text = await _get(house.stranger(), "/orders/A107")
    (undone,) = re.findall(r'<li class="entry undone">.*?</li>', text, re.S)
    assert "发货 ✓ 完成" in undone
    assert re.search(r"↩ 马师傅 周一 11/23 08:\d\d 撤回", undone)
    assert "来自禾禾 生产群" in undone


async def test_who_when_why_and_on_behalf(house: Real) -> None:
    await _say(house, "P02", "A102 裁切完成")
    await _say(house, "P04", "A104 绣花机坏了，修到下午三点")
    text = await _get(house.stranger(), "/orders/A104")
    first = re.findall(r'<li class="entry">.*?</li>', text, re.S)[0]
    assert "<b>王建军</b>" in first
    assert "设备故障" in first
    assert "到 周一 11/23 15:00" in first
    alerts = text.partition('<section class="alerts">')[2].partition("</section>")[0]
    assert "王建军" in alerts
    assert "没人接" in alerts
    await _say(house, "P01", "知悉")


async def test_photos_stand_where_they_were_sent(house: Real) -> None:
    text = await _get(house.stranger(), "/orders/A101")
    entries = re.findall(r'<li class="entry">.*?</li>', text, re.S)
    (shots,) = [e for e in entries if "<img" in e]
    assert "质检" in shots
    assert shots.count("<img") == 3
    for address in re.findall(r'src="(/photos/[^"]+)"', shots):
        async with house.stranger().get(address) as answer:
            assert answer.status == 200


async def test_following_and_no_more(house: Real) -> None:
    browser = house.stranger()
    assert "关注这张单" in await _get(browser, "/orders/A102")
    status, there, _ = await _post(browser, "/orders/A102/follow?lang=en", on="1")
    assert (status, there) == (303, "/orders/A102?lang=en#follow")
    assert "Stop following" in await _get(browser, there)
    again = await _post(browser, "/orders/A102/follow", on="1")
    assert again[0] == 303
    await _post(browser, "/orders/A102/follow", on="0")
    text = await _get(browser, "/orders/A102")
    assert "关注这张单" in text
    assert text.count("开始关注") == 1
    assert text.count("不再关注") == 1


async def test_labels(house: Real) -> None:
    browser = house.stranger()
    status, there, _ = await _post(browser, "/orders/A102/labels", on="1", label=" 加急 ")
    assert (status, there) == (303, "/orders/A102#labels")
    text = await _get(browser, there)
    assert "加标签「加急」" in text
    assert "去掉标签 加急" in text
    status, _, text = await _post(browser, "/orders/A102/labels", on="1", label="加急")
    assert status == 422
    assert '<p class="notice" role="alert">这张单已经有标签「加急」。</p>' in text
    rows = await _rows(browser, "label=加急")
    assert rows == ["A102"]
    async with browser.get("/api/orders/A102") as answer:
        assert (await answer.json())["labels"] == ["加急"]
    await _post(browser, "/orders/A102/labels", on="0", label="加急")
    assert await _rows(browser, "label=加急") == []


async def test_a_label_is_never_markup(house: Real) -> None:
    browser = house.stranger()
    await _post(browser, "/orders/A102/labels", on="1", label="<b>x</b>")
    assert "<b>x</b>" not in await _get(browser, "/orders/A102")
    assert "<b>x</b>" not in await _get(browser, "/orders")


async def _rows(browser: ClientSession, query: str = "") -> list[str]:
    text = await _get(browser, f"/orders?{query}")
    return re.findall(r'<a href="/orders/([^"?]+)\?', text.partition('<ul class="list">')[2])


async def test_the_list_begins_with_what_is_most_urgent(house: Real) -> None:
    rows = await _rows(house.stranger())
    assert len(rows) == 11
    assert set(rows[:3]) == {"A103", "A104", "A106"}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("q=a104", {"A104"}),
        ("q=卫衣", {"A102", "A112"}),
        ("q=没有这个", set()),
        ("state=late", {"A103", "A104", "A106", "A112"}),
        ("state=confirm", {"A107", "A110"}),
        ("state=ended", {"A101"}),
        ("state=ended&q=%25", set()),
        ("state=nonsense&q=A104", {"A104"}),
    ],
)
async def test_looking_for_orders(house: Real, query: str, numbers: set[str]) -> None:
    assert set(await _rows(house.stranger(), query)) == numbers


async def test_the_lists_late_ones_are_the_cockpits(house: Real) -> None:
    text = await _get(house.stranger(), "/cockpit")
    late = re.search(r"▲</i>(\d+)</b> 有延误", text)
    assert late is not None
    assert int(late[1]) == len(await _rows(house.stranger(), "state=late"))


async def test_operators_see_their_orders_and_no_customers_names(bare: Real) -> None:
    cutter, boss = await bare.sign_in("P03"), await bare.sign_in("P01")
    embroiderer = await bare.sign_in("P04")
    text = await _get(cutter, "/orders/A102")
    assert "跃动健身" not in text
    assert "跃**" in text
    assert "客户看到的页面" not in text
    assert "/p/" not in text
    whole = await _get(boss, "/orders/A102")
    assert "跃动健身(刘教练)" in whole
    assert "客户看到的页面" in whole
    for path in ("/orders/A109", "/orders/A109/ticket.pdf"):
        assert "没找到这张单" in await _get(embroiderer, path, 404)
    assert "A109" not in await _rows(embroiderer)
    assert "A109" in await _rows(cutter)
    assert "跃动健身" not in await _get(cutter, "/orders")
    for path in ("/orders/A109/follow", "/orders/A109/labels"):
        assert (await _post(embroiderer, path, on="1", label="加急"))[0] == 404


async def test_what_may_be_done_is_refused_to_strangers_and_other_sites(bare: Real) -> None:
    assert (await _post(bare.stranger(), "/orders/A102/labels", on="1", label="x"))[0] == 401
    boss = await bare.sign_in("P01")
    async with boss.post(
        "/orders/A102/labels", data={"label": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
    ) as answer:
        assert answer.status == 403
    assert "加标签「x」" not in await _get(boss, "/orders/A102")


async def test_everybody_is_led_only_where_they_may_go(bare: Real) -> None:
    expected = {
        "P03": ["/board", "/orders"],
        "P01": ["/board", "/orders", "/cockpit", "/suppliers", "/customers"],
        "P00": ["/board", "/orders", "/cockpit", "/suppliers", "/customers", "/settings"],
    }
    for who, paths in expected.items():
        text = await _get(await bare.sign_in(who), "/orders")
        rooms = text.partition('<nav class="rooms"')[2].partition("</nav>")[0]
        assert re.findall(r'href="([^"?]+)\?', rooms) == paths
        assert rooms.count('aria-current="page"') == 1
