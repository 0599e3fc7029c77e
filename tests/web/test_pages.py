"""Pages: languages, headers, what a customer may see and what nobody may."""

import asyncio
import json
import re
from datetime import date, timedelta

import pytest

from adapters.web.rendering import STATIC, strong
from bot.pictures import theme
from bot.wording import speak
from domain.commands import ChangeDue, Complete
from tests.web.conftest import Site
from tests.web.house import PEOPLE

PAGES = ("/", "/board", "/orders/A102", "{p}", "{t}")
LANGUAGES = ("zh-CN", "zh-TW", "en")


async def _address(site: Site, path: str) -> str:
    page, ticket = await site.home.link("p", "A104", "C03"), await site.home.link("t", "A104")
    return path.format(p=page, t=ticket)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_speaks_every_language(site: Site, path: str, language: str) -> None:
    address = await _address(site, path)
    answer = await site.http.get(address, params={"lang": language})
    text = await answer.text()
    assert answer.status == 200
    assert f'<html lang="{language}"' in text
    for other in LANGUAGES:
        assert re.search(rf'href="[^"]*lang={other}"[^>]* lang="{other}"', text), other


@pytest.mark.parametrize("path", [*PAGES, "/p/wrong", "/nothing"])
async def test_headers(site: Site, path: str) -> None:
    answer = await site.http.get(await _address(site, path))
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    text = await answer.text()
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", text)
    assert not inline
    assert " style=" not in text
    assert " onclick=" not in text


async def test_a_customers_page_speaks_the_customers_language(site: Site) -> None:
    for number, reader, language in (("A104", "C03", "en"), ("A107", "C04", "zh-TW")):
        page = await site.home.link("p", number, reader)
        assert f'<html lang="{language}"' in await (await site.http.get(page)).text()


async def test_a_customers_page_keeps_secrets(site: Site) -> None:
    page = await site.home.link("p", "A104", "C03")
    answer = await site.http.get(page)
    text = await answer.text()
    assert answer.headers["X-Robots-Tag"].startswith("noindex")
    assert 'name="robots" content="noindex' in text
    for person in PEOPLE:
        assert person.name not in text
    for secret in ("2号机坏了", "内部的话", "A102", "A107", "Emma", "P04"):
        assert secret not in text
    assert "machine down" in text
    assert "<script" not in text
    preview = re.findall(r'<meta property="og:[^>]*>', text)
    assert len(preview) == 4  # kind, title, words, card


async def test_a_customers_page_is_light(site: Site) -> None:
    page = await site.home.link("p", "A104", "C03")
    text = await (await site.http.get(page)).text()
    size = len(text.encode())
    for name in re.findall(r'href="(/static/[^"]+)"', text):
        size += len(await (await site.http.get(name)).read())
    assert size < 50_000


async def test_one_sentence(site: Site) -> None:
    page = await site.home.link("p", "A102", "C05")
    text = await (await site.http.get(page)).text()
    assert "您的 120 件连帽卫衣 左胸绣花正在<b>裁切</b>" in text
    assert "进行中 · 50/120" in text
    for node in ("cut", "emb", "sew", "finish", "qc", "pack", "ship"):
        site.home.do(Complete("A102", node, anyway=True), "P01")
    late = site.home.at + timedelta(days=2)
    site.home.at = late
    assert "工厂今天还没更新" in await (await site.http.get(page)).text()


def _dates(text: str) -> list[str]:
    box = text.partition('<section class="dates">')[2].partition("</dl>")[0]
    rows = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", box)
    return [re.sub("<[^>]*>", "", " ".join(row)) for row in rows]


async def test_the_promise_and_the_forecast(site: Site) -> None:
    page = await site.home.link("p", "A102", "C05")
    text = await (await site.http.get(page)).text()
    assert _dates(text) == ["约定发货 周六 12/5", "现在预计 周二 12/1 比约定早 4 天"]


@pytest.mark.parametrize(
    ("language", "sentence", "dates"),
    [
        (
            "zh-CN",
            "<b>周二 12/1</b> 发货，按新约定。",
            ["原约定 周六 12/5 已改期", "现约定 周二 12/1 比原约定早 4 天"],
        ),
        (
            "zh-TW",
            "<b>週二 12/1</b> 出貨，按新約定。",
            ["原約定 週六 12/5 已改期", "現約定 週二 12/1 比原約定早 4 天"],
        ),
        (
            "en",
            "ships <b>Tue Dec 1</b>, on track for the new date.",
            [
                "Promised at first Sat Dec 5 moved",
                "Promised now Tue Dec 1 4 days earlier than first promised",
            ],
        ),
    ],
)
async def test_a_promise_that_was_moved(
    site: Site, language: str, sentence: str, dates: list[str]
) -> None:
    site.home.do(ChangeDue("A102", date(2026, 12, 1), "material"), "P01")
    page = await site.home.link("p", "A102", "C05")
    text = await (await site.http.get(page, params={"lang": language})).text()
    assert sentence in text
    assert _dates(text) == dates
    assert text.partition("<h2>")[2].count("<li>") == 1


async def test_a_promise_that_was_moved_and_is_missed_again(site: Site) -> None:
    page = await site.home.link("p", "A104", "C03")
    text = await (await site.http.get(page, params={"lang": "zh-CN"})).text()
    assert "预计 <b>周五 12/4</b> 发货，比新约定晚 4 天" in text
    assert _dates(text) == [
        "原约定 周四 11/26 已改期",
        "现约定 周一 11/30 比原约定晚 3 天",
        "现在预计 周五 12/4 比新约定晚 4 天",
    ]


async def test_unconfirmed_is_not_done_for_a_customer(site: Site) -> None:
    for node in ("cut", "emb", "sew", "finish", "qc"):
        site.home.do(Complete("A102", node, anyway=True), "P01")
    order = site.home.books.orders["A102"]
    assert order.nodes["qc"].status.value == "to_confirm"
    page = await site.home.link("p", "A102", "C05")
    text = await (await site.http.get(page)).text()
    [step] = re.findall(r'<li class="step ([^"]*)" data-stage="quality"', text)
    assert step == "is-in-progress current"


async def test_reminders_without_scripts(site: Site) -> None:
    page = await site.home.link("p", "A102", "C05")
    answer = await site.http.post(f"{page}/follow", data={"stage": "decoration", "on": "1"})
    assert answer.status == 200
    assert answer.url.query["done"] == "follow"
    assert ("C05", "emb") in site.home.books.orders["A102"].followers
    assert "✓ 会提醒" in await answer.text()
    await site.http.post(f"{page}/follow", data={"stage": "decoration", "on": "0"})
    assert ("C05", "emb") not in site.home.books.orders["A102"].followers
    for stage in ("order", "nothing", ""):
        wrong = await site.http.post(f"{page}/follow", data={"stage": stage})
        assert wrong.status == 422


async def test_a_question_from_the_page(site: Site) -> None:
    page = await site.home.link("p", "A102", "C05")
    answer = await site.http.post(f"{page}/ask?lang=en", data={"text": " 能早点吗 "})
    assert "Passed on" in await answer.text()
    assert site.home.asked == [("A102", "能早点吗")]


async def test_wrong_tokens_all_look_the_same(site: Site) -> None:
    right = (await site.home.link("p", "A102", "C05")).rpartition("/")[2]
    for token in ("x", right[:-1], right + "0", "%00", "..%2f", "é" * 20, "x" * 5000):
        for path in ("/p/{}", "/t/{}", "/T/{}", "/t/{}/ticket.pdf"):
            answer = await site.http.get(path.format(token))
            assert answer.status in (400, 404), (path, token)
        for form in ("follow", "ask"):
            assert (await site.http.post(f"/p/{token}/{form}", data={})).status in (400, 404)
    assert (await site.http.get(f"/t/{right}")).status == 404
    for path in ("/photos/x", "/pictures/x", "/photos/..%2f..%2fetc%2fpasswd"):
        assert (await site.http.get(path)).status == 404


async def test_no_page_of_a_stranger(site: Site) -> None:
    assert (await site.http.get("/orders/A999")).status == 404
    assert (await site.http.get("/orders/A999/ticket.png")).status == 404
    assert "没找到这张单" in await (await site.http.get("/orders/A999")).text()


async def test_tickets(site: Site) -> None:
    ticket = await site.home.link("t", "A104")
    assert "绣花/印花" in await (await site.http.get(ticket)).text()
    shouted = f"/T/{ticket.rpartition('/')[2].upper()}"
    assert (await site.http.get(shouted)).status == 200
    printed = await site.http.get(f"{ticket}/ticket.pdf")
    assert printed.headers["Content-Type"] == "application/pdf"


async def test_what_people_write_is_never_markup(site: Site) -> None:
    order = site.home.books.orders["A102"]
    site.home.books.orders["A102"] = type(order)(
        **{f: getattr(order, f) for f in order.__dataclass_fields__} | {"product": "<i>x*y*z"}
    )
    for path in ("/board", "/orders/A102", await site.home.link("p", "A102", "C05")):
        text = await (await site.http.get(path)).text()
        assert "<i>x" not in text
        assert "&lt;i&gt;x" in text
    assert strong("a *b* <c> 2*3") == "a <b>b</b> &lt;c&gt; 2*3"


async def test_the_board_is_live(site: Site) -> None:
    feed = await site.http.get("/board/events?lang=zh-CN")

    async def heard() -> dict[str, object]:
        while True:
            line = await asyncio.wait_for(feed.content.readline(), 5)
            if line.startswith(b"data: {"):
                found: dict[str, object] = json.loads(line[6:])
                return found

    first = await heard()
    assert first["orders"]["A102"]["cut"] == "in_progress"  # type: ignore[index]
    site.home.do(Complete("A102", "cut"), "P03")
    second = await heard()
    assert second["orders"]["A102"]["cut"] == "done"  # type: ignore[index]
    assert "李红梅　A102 裁切 ✓ 完成" in str(second["html"])
    feed.close()


async def test_the_board_names_no_customers(site: Site) -> None:
    text = await (await site.http.get("/board")).text()
    for person in PEOPLE:
        if person.role == "customer":
            assert person.name not in text
    assert text.index('data-order="A104"') < text.index('data-order="A102"')


async def test_files_may_be_kept(site: Site) -> None:
    text = await (await site.http.get("/board")).text()
    for name in re.findall(r'(?:href|src)="(/static/[^"]+)"', text):
        assert "immutable" in (await site.http.get(name)).headers["Cache-Control"]
    bare = await site.http.get("/static/sandbox/chat.js")
    assert bare.headers["Cache-Control"] == "no-cache"
    assert (await site.http.get("/static/../server.py")).status == 404


def test_colours_are_those_of_the_cards() -> None:
    assert (STATIC / "tokens.css").read_text(encoding="utf-8") == theme.css()


def test_catalogues_have_the_same_sentences_and_facts() -> None:
    def facts(sentence: object) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", str(sentence))) - {"n"}

    first = speak.catalogue("zh-CN")
    for language in ("zh-TW", "en"):
        other = speak.catalogue(language)
        assert set(first) == set(other)
        for key in first:
            assert facts(first[key]) == facts(other[key]), key


def test_every_sentence_that_is_asked_for_is_there() -> None:
    known = speak.catalogue("zh-CN")
    asked = set()
    for file in STATIC.rglob("*.js"):
        text = file.read_text(encoding="utf-8")
        part = "terminal" if file.stem == "terminal" else "sandbox"
        asked |= {f"{part}.{key}" for key in re.findall(r'\bsay\("(\w+)"', text)}
    for file in (STATIC.parent / "templates").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""say\(['"]([\w.-]+)['"](?! ~)""", text))
    for file in STATIC.parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        asked |= set(re.findall(r'words\(\s*"([\w.-]+)"', text))
        codes = re.findall(r'Fault\(\d+, "([\w-]+)"', text)
        asked |= {f"error.{c}" for c in codes if f"refused.{c}" not in known}
    assert len(asked) > 100
    assert asked - set(known) == set()
