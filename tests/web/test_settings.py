"""People and ways in, set by an admin on the real program."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from domain.person import Person, Role
from storage.ledger import Ledger
from tests.web.real import OWN, Real, real

PEOPLE = "/settings/people"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Real]:
    async with real(tmp_path / "data") as found:

        def admit(ledger: Ledger) -> None:
            for number in ("A01", "A02"):
                ledger.folk.keep(Person(number, f"管理员{number}", Role.ADMIN, nodes=("*",)))

        await found.app.store.run(admit)
        yield found


async def post(browser: ClientSession, path: str, **form: str | list[str]) -> tuple[int, str]:
    """Send a form; status and text of where it led."""
    pairs = [
        (k, v) for k, given in form.items() for v in ([given] if isinstance(given, str) else given)
    ]
    async with browser.post(path, data=pairs, headers=OWN) as answer:
        return answer.status, await answer.text()


async def person(house: Real, who: str) -> Person:
    found = await house.app.store.run(lambda ledger: ledger.person(who))
    assert found is not None
    return found


async def test_somebody_changes_their_work(house: Real) -> None:
    boss = await house.sign_in("A01")
    form = {"name": "李红梅", "title": "裁床和绣花", "role": "operator", "language": "zh-CN"}
    status, text = await post(boss, f"{PEOPLE}/P03", **form, node=["cut", "emb"])
    assert status == 200
    assert "保存好了" in text
    changed = await person(house, "P03")
    assert (changed.title, changed.nodes) == ("裁床和绣花", ("cut", "emb"))
    assert changed.addresses  # still reached where they were
    log = await (await boss.get("/settings/changes")).text()
    assert "改了 李红梅 的资料" in log


async def test_somebody_new_gets_in_by_the_code_that_is_shown_once(house: Real) -> None:
    boss = await house.sign_in("A01")
    form = {"name": "小陈", "role": "operator", "language": "zh-CN", "node": "sew"}
    status, text = await post(boss, f"{PEOPLE}/new", **form)
    assert status == 200
    code = re.search(r'value="([A-Z0-9]{10})"', text)
    assert code is not None
    kept = await house.app.store.run(lambda ledger: ledger.settings.starting("code/"))
    assert any('"P11"' in doc for doc in kept.values())
    assert code[1] not in kept  # only its hash is
    assert code[1] not in await (await boss.get("/settings/changes")).text()


async def test_an_admin_stays(house: Real) -> None:
    boss = await house.sign_in("A01")
    form = {"name": "x", "role": "manager", "language": "zh-CN"}
    status, text = await post(boss, f"{PEOPLE}/A01", **form)
    assert status == 422
    assert "自己的管理员身份" in text
    status, text = await post(boss, f"{PEOPLE}/A01/dismiss")
    assert status == 422
    for other in ("A02", "P00"):
        assert (await post(boss, f"{PEOPLE}/{other}", **form))[0] == 200
    assert (await person(house, "A02")).role is Role.MANAGER
    status, text = await post(boss, f"{PEOPLE}/new", name=" ", role="operator")
    assert status == 422
    assert "请写姓名" in text


async def test_who_leaves_is_out_at_once_and_history_keeps_the_name(house: Real) -> None:
    boss, gone = await house.sign_in("A01"), await house.sign_in("P03")
    token = await house.grant("token", "P03")
    assert (await gone.get("/board")).status == 200
    assert (await post(boss, f"{PEOPLE}/P03/dismiss"))[0] == 200
    assert (await gone.get("/board")).status == 401
    assert (await house.program(token).get("/api/orders")).status == 401
    left = await person(house, "P03")
    assert (left.name, left.nodes, left.addresses) == ("李红梅", (), ())
    events = await (await house.program().get("/api/orders/A102/events")).json()
    assert any(e["by"] == "P03" for e in events)


async def test_a_token_and_a_kiosk_are_shown_once_and_end(house: Real) -> None:
    boss = await house.sign_in("A01")
    status, text = await post(
        boss, "/settings/access", kind="token", label="报表", person="P01", days="30"
    )
    assert status == 200
    secret = re.search(r'value="(vt_[\w-]+)"', text)
    assert secret is not None
    program = house.program(secret[1])
    assert (await program.get("/api/orders")).status == 200
    later = await (await boss.get("/settings/access")).text()
    assert secret[1] not in later
    assert "报表" in later
    status, text = await post(boss, "/settings/access", kind="kiosk", label="裁床车间")
    wall = re.search(r'value="[^"]*(/board\?kiosk=[\w-]+)"', text)
    assert wall is not None
    assert (await house.stranger().get(wall[1])).status == 200
    page = await (await boss.get("/settings/access")).text()
    for key in re.findall(r'name="key" value="(\w+)"', page):
        await post(boss, "/settings/access/end", key=key)
        if (await boss.get("/settings")).status != 200:
            break
    assert (await program.get("/api/orders")).status == 401
    assert (await house.stranger().get(wall[1])).status == 401


@pytest.mark.parametrize("who", ["P02", "P03"])
async def test_settings_are_for_admins(house: Real, who: str) -> None:
    browser = await house.sign_in(who)
    for path in ("/settings", PEOPLE, f"{PEOPLE}/P03", "/settings/access", "/settings/changes"):
        assert (await browser.get(path)).status == 403
    assert (await post(browser, f"{PEOPLE}/P03/dismiss"))[0] == 403


async def test_bad_input_is_refused_kindly(house: Real) -> None:
    boss = await house.sign_in("A01")
    assert (await boss.get(f"{PEOPLE}/C05")).status == 404  # customers have pages of their own
    assert (await boss.get(f"{PEOPLE}/nobody")).status == 404
    assert (await post(boss, f"{PEOPLE}/P03/explode"))[0] in (404, 405)
    status, text = await post(boss, "/settings/access", kind="token", label="", person="P01")
    assert status == 422
    assert "请写一下" in text
    assert (await post(boss, "/settings/access", kind="session", label="x"))[0] == 422
    assert (await post(boss, "/settings/access", kind="token", label="x", person="C05"))[0] == 422
    assert (await post(boss, "/settings/access/end", key="nothing"))[0] == 404
    form = {"name": "甲" * 300, "role": "emperor", "language": "xx", "node": "'; DROP TABLE person"}
    assert (await post(boss, f"{PEOPLE}/P04", **form))[0] == 200
    assert (await person(house, "P04")).role is Role.OPERATOR
