"""Customers' pages: contacts are masked until somebody asks to see them, and that is written down;
who may not see them does not; erasing wants an admin and the customer's number.
"""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.privacy import masked
from domain.commands import PlaceOrder, Told
from domain.person import SYSTEM
from storage.ledger import Ledger
from storage.privacy import Look
from tests.web.real import OWN, Real, real

PHONE, ADDRESS = "13800138005", "江南大道 88 号"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Real]:
    async with real(tmp_path / "data") as found:
        yield found


async def looks(house: Real) -> list[tuple[str, str, str]]:
    found: list[Look] = await house.app.store.run(lambda ledger: ledger.private.looks(99))
    return [(x.who, x.what, x.subject) for x in found]


async def post(browser: ClientSession, path: str, **form: str) -> tuple[int, str]:
    answer = await browser.post(path, data=form, headers=OWN, allow_redirects=False)
    return answer.status, answer.headers.get("Location", "")


async def test_contacts_are_masked_until_the_look_is_written_down(house: Real) -> None:
    manager = await house.sign_in("P02")
    text = await (await manager.get("/customers/C05")).text()
    assert PHONE not in text
    assert ADDRESS not in text
    assert "138****8005" in text
    assert await looks(house) == []
    assert await post(manager, "/customers/C05/show") == (303, "/customers/C05?done=shown")
    assert await looks(house) == [("P02", "page", "person/C05")]
    for _ in range(2):
        text = await (await manager.get("/customers/C05?done=shown")).text()
        assert PHONE in text
        assert ADDRESS in text
    assert len(await looks(house)) == 1
    other = await house.sign_in("P01")
    assert PHONE not in await (await other.get("/customers/C05?done=shown")).text()


async def test_who_may_not_see_them_does_not(house: Real) -> None:
    lead = await house.sign_in("P03")
    for path in ("/customers", "/customers/C05", "/api/orders/A102/contact", "/settings/looks"):
        assert (await lead.get(path)).status == 403
    assert (await post(lead, "/customers/C05/show"))[0] == 403
    manager = await house.sign_in("P02")
    assert (await manager.get("/settings/looks")).status == 403
    for path in ("/customers/C05/erase", "/customers/C05/export"):
        assert (await post(manager, path, typed="C05"))[0] == 403
    assert (await manager.get("/customers/C99")).status == 404
    assert (await manager.get("/customers/P01")).status == 404
    assert await looks(house) == []


async def test_a_programs_look_is_written_down_once_in_a_quarter_of_an_hour(house: Real) -> None:
    program = house.program()
    for _ in range(3):
        found = await (await program.get("/api/orders/A102/contact")).json()
    assert (found["phone"], found["price"], found["customer"]) == (PHONE, "¥88.00", "C05")
    assert await looks(house) == [(SYSTEM.id, "order", "order/A102")]
    assert (await program.get("/api/orders/Z999/contact")).status == 404


async def test_an_address_of_an_order_comes_before_the_customers(house: Real) -> None:
    await house.app.store.run(lambda ledger: _another(ledger, house))
    found = await (await house.program().get("/api/orders/A900/contact")).json()
    assert (found["address"], found["phone"]) == ("仓库 2 号门", PHONE)


def _another(ledger: Ledger, house: Real) -> None:
    route = ledger.orders.routes()[0].key
    told = Told(SYSTEM, ledger.clock.now())
    house.app.desk.handle(ledger, PlaceOrder("A900", "围裙", 5, "C05", route), told)
    facts = {"address": "仓库 2 号门", "phone": PHONE, "price": "8"}
    ledger.private.learn("C05", "A900", facts)


async def test_a_table_has_contacts_and_that_is_written_down(house: Real) -> None:
    manager = await house.sign_in("P02")
    text = await (await manager.get("/api/export.csv")).text()
    assert PHONE in text
    assert "¥61.20" in text
    assert await looks(house) == [("P02", "table", "*")]
    answer = await manager.get("/api/export.xlsx")
    assert zipfile.is_zipfile(io.BytesIO(await answer.read()))


async def test_contacts_are_changed_only_by_who_has_seen_them(house: Real) -> None:
    manager = await house.sign_in("P02")
    assert (await post(manager, "/customers/C05/contacts", phone="1"))[0] == 409
    await post(manager, "/customers/C05/show")
    code, _ = await post(manager, "/customers/C05/contacts", phone=" 139 0013 9000 ")
    assert code == 303
    kept = await house.app.store.run(lambda ledger: ledger.private.of("person/C05"))
    assert (kept["phone"], kept["wechat"]) == ("139 0013 9000", "liu-coach")
    await post(manager, "/customers/C05/contacts", whole="1", phone=kept["phone"], contact="刘强")
    kept = await house.app.store.run(lambda ledger: ledger.private.of("person/C05"))
    assert (kept["phone"], kept["contact"]) == ("139 0013 9000", "刘强")
    assert "wechat" not in kept
    assert ("P02", "change", "person/C05") in await looks(house)


async def test_pushes_and_links(house: Real) -> None:
    manager = await house.sign_in("P02")
    page = await house.link("p", "A102", "C05")
    assert (await house.stranger().get(page)).status == 200
    assert "A102" in await (await manager.get("/customers/C05")).text()
    assert (await post(manager, "/customers/C05/revoke"))[0] == 303
    assert (await house.stranger().get(page)).status == 404
    fresh = await house.link("p", "A102", "C05")
    assert (await house.stranger().get(fresh)).status == 200
    for on in ("0", "0", "1"):
        assert (await post(manager, "/customers/C05/pushes", on=on))[0] == 303
        order = await house.app.store.run(lambda ledger: ledger.order("A102"))
        assert order is not None
        assert order.follows("C05", "") is (on == "1")


async def test_everything_about_a_customer_is_handed_over(house: Real) -> None:
    admin = await house.sign_in("P00")
    answer = await admin.post("/customers/C05/export", headers=OWN)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="customer-C05.zip"'
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        person = json.loads(archive.read("person.json"))
        assert "README.txt" in archive.namelist()
    assert person["contacts"]["phone"] == PHONE
    assert await looks(house) == [("P00", "export", "person/C05")]
    temp = house.app.settings.data_dir / "photos" / "temp"
    async with asyncio.timeout(20):  # it goes once the last byte has gone
        while list(temp.glob("vitrine-*")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert "导出了全部资料" in await (await admin.get("/settings/looks")).text()


async def test_erasing_asks_first(house: Real) -> None:
    admin = await house.sign_in("P00")
    page = await house.link("p", "A102", "C05")
    text = await (await admin.get("/customers/C05/erase")).text()
    assert "联系方式 4 项" in text
    assert (await post(admin, "/customers/C05/erase", typed="C01"))[1].endswith("erase?wrong=1")
    assert "编号不对" in await (await admin.get("/customers/C05/erase?wrong=1")).text()
    kept = await house.app.store.run(lambda ledger: ledger.private.of("person/C05"))
    assert kept["phone"] == PHONE
    found = await post(admin, "/customers/C05/erase?lang=en", typed=" c05 ", photos="0")
    assert found == (303, "/customers/C05?lang=en&done=erased")
    text = await (await admin.get("/customers/C05")).text()
    assert "已删除客户 C05" in text
    assert PHONE not in text
    assert (await house.stranger().get(page)).status == 404
    assert (await admin.get("/orders/A102")).status == 200
    assert (await admin.get("/customers/C05/erase", allow_redirects=False)).status == 303
    assert (await post(admin, "/customers/C05/erase", typed="C05"))[0] == 422


async def test_another_sites_page_shows_nothing(house: Real) -> None:
    manager = await house.sign_in("P02")
    away = {"Sec-Fetch-Site": "cross-site"}
    answer = await manager.post("/customers/C05/show", headers=away, allow_redirects=False)
    assert answer.status == 403
    assert await looks(house) == []


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("phone", "13800138000", "138****8000"),
        ("phone", "微信同号", "****"),
        ("contact", "李红梅", "李**"),
        ("contact", "Emma Stone", "E***"),
        ("email", "emma@northwind.example", "e***@northwind.example"),
        ("wechat", "liu", "****"),
        ("address", "杭州市西湖区文三路", "杭州****"),
    ],
)
def test_masks(name: str, value: str, shown: str) -> None:
    assert masked(name, value) == shown
