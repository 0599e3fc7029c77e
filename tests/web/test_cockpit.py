"""The cockpit as managers get it: figures, sentences, filters, tables for Excel, who may look."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import pytest

from adapters.web.cockpit.view import CARDS
from tests.web.drawn import faults
from tests.web.real import Real, real

LANGUAGES = ("zh-CN", "zh-TW", "en")


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Real]:
    """The demo factory with its past, as its sandbox has it."""
    monkeypatch.setenv("VITRINE_SANDBOX_HISTORY", "1")
    async with real(tmp_path / "data", sandbox=True) as found:
        yield found


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Real]:
    """The demo factory as a factory has it, without a past, with sign-in."""
    async with real(tmp_path / "data") as found:
        yield found


async def _page(house: Real, query: str = "") -> str:
    async with house.stranger().get(f"/cockpit?{query}") as answer:
        assert answer.status == 200
        return await answer.text()


def _says(text: str) -> dict[str, str]:
    """The sentence above each chart."""
    cards = re.findall(r'data-card="(\w+)">.*?<p class="says">(.*?)</p>', text, re.S)
    return dict(cards)


def _charts(text: str) -> list[str]:
    return re.findall(r'<svg class="chart" .*?</svg>', text, re.S)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_chart_says_in_a_sentence_what_it_shows(house: Real, language: str) -> None:
    text = await _page(house, f"lang={language}&days=90")
    says = _says(text)
    assert list(says) == list(CARDS)
    assert all(len(sentence) > 8 for sentence in says.values())
    assert " style=" not in text
    assert f'<html lang="{language}"' in text
    charts = _charts(text)
    assert len(charts) >= 8
    assert [f for chart in charts for f in faults(chart)] == []
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


async def test_figures_and_sentences(house: Real) -> None:
    text = await _page(house, "days=30")
    assert [
        n for n, _ in re.findall(r"<b>(?:<i[^>]*>▲</i>)?(\d+)</b> (在产|有延误|今日到期)", text)
    ] == ["11", "4", "1"]
    assert "另有 2 单在等客户" in text
    says = _says(text)
    assert says["flow"].startswith("备料这里最多：3 单")
    assert re.fullmatch(r"近 30 天完成 (\d+) 单，按最初约定准时 \d+%（\d+/\1）。", says["trend"])
    assert re.match(r"绣花/印花最慢：中位 [\d.]+ 天，标准 0.9 天（\d+ 次）。", says["times"])
    assert says["helped"] == "近 30 天没有客户来问。"
    assert "100%" not in says["helped"]
    assert "不算工厂的延误" in text


async def test_what_waits_for_somebody_leads_to_its_order(house: Real) -> None:
    text = await _page(house)
    rows = re.findall(r'<a href="(/orders/A1\d\d\?lang=zh-CN)">\s*<span class="chip', text)
    assert rows == ["/orders/A107?lang=zh-CN", "/orders/A110?lang=zh-CN"]
    async with house.stranger().get(rows[0]) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("query", "open_orders"),
    [
        ("", 11),
        ("route=bag", 1),
        ("customer=C05", 3),
        ("product=卫衣", 2),
        ("product=a104", 1),
        ("team=绣花", 10),
        ("route=bag&customer=C05", 0),
    ],
)
async def test_filters(house: Real, query: str, open_orders: int) -> None:
    text = await _page(house, query)
    found = re.search(r"<b>(\d+)</b> 在产", text)
    assert found is not None
    assert int(found[1]) == open_orders
    nothing = "这样筛选没有单" in text
    assert nothing == (open_orders == 0)
    assert ("已筛选" in text) == bool(query)


async def test_wrong_filters_filter_nothing(house: Real) -> None:
    text = await _page(house, "days=abc&days=12&unknown=1")
    assert 'aria-current="page">近 30 天</a>' in text


async def _book(house: Real, path: str) -> openpyxl.Workbook:
    async with house.stranger().get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].endswith('.xlsx"')
        return openpyxl.load_workbook(io.BytesIO(await answer.read()))


@pytest.mark.parametrize("key", CARDS)
async def test_every_chart_is_a_table_for_excel(house: Real, key: str) -> None:
    book = await _book(house, f"/cockpit/{key}.xlsx?days=90&lang=en")
    (sheet,) = book.worksheets
    text = await _page(house, "days=90&lang=en")
    card = text.partition(f'data-card="{key}"')[2].partition("</section>")[0]
    heads = re.findall(r"<th scope=\"col\">(.*?)</th>", card)
    rows = list(sheet.iter_rows(values_only=True))
    if heads:
        assert list(rows[0]) == heads
        assert len(rows) - 1 == card.count("<tr>") - 1


async def test_all_charts_in_one_book_and_filters_reach_it(house: Real) -> None:
    book = await _book(house, "/cockpit.xlsx")
    assert len(book.worksheets) == len(CARDS)
    one = await _book(house, "/cockpit/flow.xlsx?route=bag")
    whole = await _book(house, "/cockpit/flow.xlsx")
    assert sum(r[5] for r in one.worksheets[0].iter_rows(min_row=2, values_only=True)) == 1
    assert sum(r[5] for r in whole.worksheets[0].iter_rows(min_row=2, values_only=True)) > 8
    async with house.stranger().get("/cockpit/nothing.xlsx") as answer:
        assert answer.status == 404


async def test_it_is_no_older_than_the_last_event(house: Real) -> None:
    assert "备料这里最多：3 单" in await _page(house)
    sandbox = house.app.sandbox
    assert sandbox is not None
    await sandbox.post("production", "P09", "A103 备料完成", [], "", "m-1", "")
    await sandbox.idle()
    assert "备料这里最多：3 单" not in await _page(house)


async def test_who_may_look(bare: Real) -> None:
    async with bare.stranger().get("/cockpit") as answer:
        assert answer.status == 401
    for who, status in (("P03", 403), ("P01", 200), ("P00", 200)):
        browser = await bare.sign_in(who)
        for path in ("/cockpit", "/cockpit.xlsx", "/cockpit/flow.xlsx"):
            async with browser.get(path) as answer:
                assert (who, path, answer.status) == (who, path, status)


async def test_a_factory_without_a_past_is_not_at_a_hundred_per_cent(bare: Real) -> None:
    browser = await bare.sign_in("P01")
    async with browser.get("/cockpit?days=7&product=nothing") as answer:
        text = await answer.text()
    assert "准时率还说不了" in text
    assert "没有在产的单" in text
    assert "100%" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.S)
