"""The suppliers' pages over real books: what a supplier sees and does, and what nobody else may."""

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from aiohttp.test_utils import TestClient, TestServer

from adapters.web.server import build
from bot.demo.pictures import sample
from domain.commands import Cancel, Told
from domain.need_commands import PlaceNeed
from domain.person import SYSTEM
from storage.ledger import Ledger
from storage.verify import verify
from tests.web.house import Box, factory
from tests.web.real import OWN, Real, real


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Real]:
    async with real(tmp_path, sandbox=True) as found:
        yield found
        assert found.app.sandbox is not None
        await found.app.sandbox.idle()


@pytest.fixture
async def browser(house: Real) -> ClientSession:
    return house.stranger(**OWN)


async def need(house: Real, no: str, name: str) -> Any:
    order = await house.app.store.run(lambda ledger: ledger.order(no))
    assert order is not None
    return order.needs[name]


async def text(browser: ClientSession, path: str, status: int = 200) -> str:
    async with browser.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def post(browser: ClientSession, path: str, status: int = 303, /, **form: str) -> str:
    async with browser.post(path, data=form, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return answer.headers.get("Location", "")


async def test_a_supplier_sees_its_own_needs_and_nothing_else(
    house: Real, browser: ClientSession
) -> None:
    page = await text(browser, await house.link("s", "S01", "S01"))
    for shown in ("林记辅料", "A103", "罗纹", "20 kg", "备料", "A108", "Polo 领", "A110", "拉链"):
        assert shown in page
    people = await house.app.store.run(lambda ledger: ledger.people())
    orders = await house.app.store.run(lambda ledger: ledger.orders.all_orders())
    for hidden in [p.name for p in people if p.id != "S01"] + [o.product for o in orders]:
        assert hidden not in page
    assert "恒泰" not in page
    assert "帆布" not in page  # another supplier's


async def test_the_page_is_not_found_and_not_kept(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    async with browser.get(path) as answer:
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Cache-Control"] == "no-store"
        assert 'content="noindex' in await answer.text()


async def test_languages(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    for language, word in (("zh-TW", "準時能到"), ("en", "On time"), ("zh-CN", "按时能到")):
        page = await text(browser, f"{path}?lang={language}")
        assert f'<html lang="{language}"' in page
        assert word in page


async def test_links_that_open_nothing(house: Real, browser: ClientSession) -> None:
    right = await house.link("s", "S01", "S01")
    customer = (await house.link("p", "A102", "C05")).rpartition("/")[2]
    staff = (await house.link("s", "P03", "P03")).rpartition("/")[2]  # no supplier
    mixed = (await house.link("s", "S01", "C05")).rpartition("/")[2]
    for token in ("w" * 32, customer, staff, mixed, right.rpartition("/")[2].upper()):
        await text(browser, f"/s/{token}", 404)
        await post(browser, f"/s/{token}/confirm", 404, order="A108", need="N2")
    await house.app.store.run(
        lambda ledger: ledger.links.revoke("s", "S01", "S01", ledger.clock.now())
    )
    await text(browser, right, 404)


async def test_confirming(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    back = await post(browser, f"{path}/confirm?lang=en", order="A108", need="N2")
    assert back == f"{path}?lang=en&done=confirm#notice"
    assert (await need(house, "A108", "N2")).promised == date(2026, 11, 25)
    assert "Noted" in await text(browser, back)
    again = await post(browser, f"{path}/confirm", order="A108", need="N2")
    assert "fault=need-confirmed" in again
    assert "已经确认过" in await text(browser, again)


async def test_another_day_reaches_the_order_and_those_who_lead(
    house: Real, browser: ClientSession
) -> None:
    path = await house.link("s", "S01", "S01")
    await post(
        browser, f"{path}/promise", order="A110", need="N3", day="2026-12-04",
        reason="logistics", text="堵车",
    )  # fmt: skip
    order = await house.app.store.run(lambda ledger: ledger.order("A110"))
    assert order is not None
    held = order.nodes["sew"]
    assert (held.held, held.until, held.reason) == (True, "2026-12-04", "material")
    box = house.app.sandbox
    assert box is not None
    await box.idle()
    said = [m["text"] for m in (await box.messages("management", ""))["messages"]]
    assert any("缺料" in t and "堵车" in t and "林记辅料" in t for t in said)
    page = await text(browser, path)
    assert "工序在等" in page
    assert verify(house.app.store).clean


@pytest.mark.parametrize(
    ("act", "form", "code"),
    [
        ("promise", {"day": "2026-11-01"}, "need-past-day"),
        ("promise", {"day": "tomorrow"}, "no-such-day"),
        ("promise", {"day": "2099-01-01"}, "need-far-day"),
        ("promise", {}, "no-such-day"),
    ],
)
async def test_what_was_not_understood_is_said_on_the_page(
    house: Real, browser: ClientSession, act: str, form: dict[str, str], code: str
) -> None:
    path = await house.link("s", "S01", "S01")
    back = await post(browser, f"{path}/{act}", order="A108", need="N2", **form)
    assert f"fault={code}" in back
    page = await text(browser, back)
    assert 'role="alert"' in page
    assert (await need(house, "A108", "N2")).promised is None


async def test_another_suppliers_need_is_not_there(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    for act in ("confirm", "promise"):
        await post(browser, f"{path}/{act}", 404, order="A110", need="N2", day="2026-11-27")
    form = FormData({"order": "A110", "need": "N2", "amount": "5"}, default_to_multipart=True)
    async with browser.post(f"{path}/deliver", data=form, allow_redirects=False) as answer:
        assert answer.status == 404
    theirs = await need(house, "A110", "N2")
    assert (theirs.given, theirs.deliveries) == ((), ())


def parcel(no: str, name: str, amount: str, *shots: bytes) -> FormData:
    form = FormData({"order": no, "need": name, "amount": amount}, default_to_multipart=True)
    for place, shot in enumerate(shots):
        form.add_field("photos", shot, filename=f"{place}.jpg", content_type="image/jpeg")
    return form


async def test_a_delivery_with_photos(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    form = parcel("A103", "N2", "20", sample("cut"), sample("caps"))
    async with browser.post(f"{path}/deliver", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
    came = await need(house, "A103", "N2")
    assert (came.state.value, len(came.photos)) == ("delivered", 2)
    order = await house.app.store.run(lambda ledger: ledger.order("A103"))
    assert order is not None
    assert not order.nodes["material"].held  # what it waited for is there
    assert order.photos == ()  # none of it is the customer's
    page = await text(browser, path)
    urls = re.findall(r'src="(/s/[^"]+/photos/A103/N2/\d)"', page)
    assert len(urls) == 2
    async with browser.get(urls[0]) as answer:
        assert (answer.status, answer.content_type) == (200, "image/jpeg")
        assert b"Exif" not in await answer.read()
    other = await house.link("s", "S02", "S02")
    await text(browser, urls[0].replace(path, other), 404)
    await text(browser, urls[0].replace("/N2/0", "/N2/9"), 404)
    customer = await text(browser, await house.link("p", "A103", "C02"))
    assert "/photos/" not in customer
    box = house.app.sandbox
    assert box is not None
    await box.idle()
    (told,) = [
        m["text"] for m in (await box.messages("private-P09", ""))["messages"]
        if "到料" in m["text"]
    ]  # fmt: skip
    assert "A103 罗纹 20 kg" in told
    assert "2 张照片" in told
    assert verify(house.app.store).clean


async def test_what_is_no_photo_keeps_nothing(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    form = parcel("A103", "N2", "20", b"<svg onload=alert(1)>")
    async with browser.post(f"{path}/deliver", data=form, allow_redirects=False) as answer:
        back = answer.headers["Location"]
    assert "fault=not-a-picture" in back
    assert "不是照片" in await text(browser, back)
    assert (await need(house, "A103", "N2")).deliveries == ()


async def test_deliveries_in_parts(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    async with browser.post(f"{path}/deliver", data=parcel("A103", "N2", "7.5")) as answer:
        page = await answer.text()
    assert "已到 7.5/20 kg" in page
    assert 'value="12.5"' in page  # what is left is offered
    async with browser.post(f"{path}/deliver", data=parcel("A103", "N2", "abc")) as answer:
        assert "数量没看懂" in await answer.text()


async def test_a_question_goes_to_those_who_lead(house: Real, browser: ClientSession) -> None:
    path = await house.link("s", "S01", "S01")
    await post(browser, f"{path}/ask", text="罗纹要哪个色号？", order="A103")
    await post(browser, f"{path}/ask", text="别人的", order="A109")
    box = house.app.sandbox
    assert box is not None
    await box.idle()
    said = [m["text"] for m in (await box.messages("management", ""))["messages"]]
    assert any("林记辅料（供应商）问 A103：罗纹要哪个色号？" in t for t in said)
    assert any("林记辅料（供应商）问：别人的" in t for t in said)


async def test_words_are_never_markup(house: Real, browser: ClientSession) -> None:
    def place(ledger: Ledger) -> None:
        told = Told(SYSTEM, ledger.clock.now())
        day = date(2026, 11, 27)
        bad = PlaceNeed("A109", "sew", "<b>扣</b>", "1", "<i>", "S01", day, "<script>x</script>")
        house.app.desk.handle(ledger, bad, told)

    await house.app.store.run(place)
    for path in (await house.link("s", "S01", "S01"), "/suppliers"):
        page = await text(browser, path)
        assert "<script>x" not in page
        assert "<b>扣" not in page


async def test_the_factory_sees_all_side_by_side(house: Real, browser: ClientSession) -> None:
    page = await text(browser, "/suppliers")
    for shown in ("林记辅料", "恒泰面料", "锐彩印花", "6/7 次", "还没有", "工序在等", "快到日子了"):
        assert shown in page
    assert (await house.link("s", "S02", "S02")) in page


async def test_asking_for_materials(house: Real, browser: ClientSession) -> None:
    form = {
        "order": "A109", "item": "拉链", "amount": "40", "unit": "条", "supplier": "S01",
        "day": "2026-11-27", "node": "", "note": "黑色",
    }  # fmt: skip
    back = await post(browser, "/suppliers/place", **form)
    assert "done=place" in back
    assert "要料记下了" in await text(browser, back)
    order = await house.app.store.run(lambda ledger: ledger.order("A109"))
    assert order is not None
    (found,) = order.needs.values()
    assert (found.item, found.node, found.note, found.declared) == (
        "拉链", "material", "黑色", False,
    )  # fmt: skip
    assert "fault=need-there" in await post(browser, "/suppliers/place", **form)
    for wrong, code in (
        ({"amount": "viel"}, "no-amount"), ({"supplier": "C05"}, "no-such-supplier"),
        ({"order": "A101"}, "no-such-order"), ({"node": "laser"}, "no-such-node-open"),
        ({"day": "2020-01-01"}, "need-past-day"), ({"item": ""}, "no-item"),
    ):  # fmt: skip
        back = await post(browser, "/suppliers/place", **(form | wrong))
        assert f"fault={code}" in back
        assert 'role="alert"' in await text(browser, back)


async def test_checking_and_cancelling(house: Real, browser: ClientSession) -> None:
    await post(browser, "/suppliers/check", order="A105", need="N2", returned="3", text="偏位")
    checked = await need(house, "A105", "N2")
    assert (checked.good, checked.returned) == ("297", "3")
    await post(browser, "/suppliers/cancel", order="A110", need="N2")
    assert (await need(house, "A110", "N2")).state.value == "cancelled"
    back = await post(browser, "/suppliers/cancel", order="A110", need="N2")
    assert "fault=need-over" in back


async def test_noting_what_a_supplier_said_on_the_telephone(
    house: Real, browser: ClientSession
) -> None:
    both = {"order": "A108", "need": "N2"}
    await post(browser, "/suppliers/answer", do="promise", day="2026-11-24", **both)
    assert (await need(house, "A108", "N2")).promised == date(2026, 11, 24)
    await post(browser, "/suppliers/answer", do="deliver", amount="150", **both)
    assert (await need(house, "A108", "N2")).state.value == "delivered"
    await post(browser, "/suppliers/answer", 422, do="dance", **both)


async def test_the_reward_is_the_factorys(house: Real, browser: ClientSession) -> None:
    form = {
        "days0": "5",
        "days1": "20",
        "days2": "40",
        "share1": "80",
        "share2": "98",
        "cases": "4",
    }
    await post(browser, "/suppliers/reward", **form)
    page = await text(browser, await house.link("s", "S01", "S01"))
    assert "20 天</b>以内" in page
    back = await post(browser, "/suppliers/reward", **(form | {"days1": "3"}))
    assert "fault=wrong-steps" in back


async def test_who_may_see_the_factorys_page(tmp_path: Path) -> None:
    async with real(tmp_path) as house:
        await text(house.stranger(), "/suppliers", 401)
        lead, manager = await house.sign_in("P03"), await house.sign_in("P02")
        await text(lead, "/suppliers", 403)
        assert "林记辅料" in await text(manager, "/suppliers")
        async with lead.post("/suppliers/cancel", data={"order": "A110"}, headers=OWN) as answer:
            assert answer.status == 403
        async with manager.post("/suppliers/reward", data={}, headers=OWN) as answer:
            assert answer.status == 403
        async with manager.post(
            "/suppliers/cancel", data={"order": "A110"},
            headers={"Sec-Fetch-Site": "cross-site"},
        ) as answer:  # fmt: skip
            assert answer.status == 403


async def test_a_cancelled_order_is_gone_from_the_page(house: Real, browser: ClientSession) -> None:
    def cancel(ledger: Ledger) -> None:
        house.app.desk.handle(ledger, Cancel("A103"), Told(SYSTEM, ledger.clock.now()))

    await house.app.store.run(cancel)
    page = await text(browser, await house.link("s", "S01", "S01"))
    assert "n-A103-N2" not in page


async def test_without_the_port_there_is_nothing() -> None:
    home = factory()
    server = TestServer(build(home, Box(home)))
    async with TestClient(server) as client:
        for path in ("/suppliers", "/s/" + "w" * 32):
            assert (await client.get(path)).status == 404
