"""Signing in and out, sessions, tokens, kiosks, and what the guard refuses."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.web.access.guard import COOKIE
from adapters.web.access.throttle import Throttle, network
from bot.accounts import GOOD, hashed
from bot.clocks import RealClock
from domain.person import Role
from storage.ledger import Ledger
from tests.web.real import OWN, Real, real


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Real]:
    async with real(tmp_path / "data") as found:
        yield found


async def test_the_link_signs_in_once_and_previews_use_nothing_up(house: Real) -> None:
    path = await house.sign_in_path("P01")
    robot = house.stranger()
    for _ in range(3):  # a platform draws a preview, a person looks twice
        answer = await robot.get(path)
        assert answer.status == 200
        assert "陈国强" in await answer.text()
        assert COOKIE not in answer.cookies
    browser = house.stranger()
    answer = await browser.post(path, headers=OWN, allow_redirects=False)
    assert (answer.status, answer.headers["Location"].split("?")[0]) == (303, "/cockpit")
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert (await browser.get("/board")).status == 200
    assert (await robot.post(path, headers=OWN)).status == 404
    assert (await robot.get(path)).status == 404
    assert (await robot.get("/board")).status == 401


async def test_a_newer_link_replaces_the_older_and_old_ones_end(house: Real) -> None:
    first = await house.sign_in_path("P03")
    second = await house.sign_in_path("P03")
    stranger = house.stranger()
    assert (await stranger.get(first)).status == 404
    assert (await stranger.get(second)).status == 200
    late = RealClock().now() - GOOD - timedelta(seconds=1)
    await house.app.store.run(
        lambda ledger: ledger.sql.do(
            "UPDATE link SET expires_at = :t WHERE kind = 'in'", t=late.isoformat()
        )
    )
    assert (await stranger.get(second)).status == 404
    assert (await stranger.post(second, headers=OWN)).status == 404


async def test_customers_and_suppliers_have_nothing_to_sign_in_to(house: Real) -> None:
    path = await house.sign_in_path("C05")
    assert (await house.stranger().get(path)).status == 404


async def test_signing_out_here_and_everywhere(house: Real) -> None:
    one, two, three = [await house.sign_in("P01") for _ in range(3)]
    assert (await one.post("/sign-out", headers=OWN)).status == 200
    assert [(await b.get("/board")).status for b in (one, two, three)] == [401, 200, 200]
    form = {"everywhere": "1"}
    assert (await two.post("/sign-out", data=form, headers=OWN)).status == 200
    assert [(await b.get("/board")).status for b in (two, three)] == [401, 401]


async def test_a_stolen_copy_of_the_books_signs_nobody_in(house: Real) -> None:
    browser = await house.sign_in("P01")
    secret = next(c.value for c in browser.cookie_jar if c.key == COOKIE)
    path = await house.sign_in_path("P02")
    token = await house.grant("token", "P01")
    data = b"".join(p.read_bytes() for p in house.app.settings.data_dir.glob("vitrine.db*"))
    assert hashed("session", secret).encode() in data
    for kept in (secret, token, path.rpartition("/")[2]):
        assert kept.encode() not in data


async def test_who_loses_the_role_loses_the_session(house: Real) -> None:
    browser = await house.sign_in("P02")
    assert (await browser.get("/board")).status == 200

    def demote(ledger: Ledger) -> None:
        person = ledger.person("P02")
        assert person is not None
        ledger.folk.keep(replace(person, role=Role.CUSTOMER))

    await house.app.store.run(demote)
    assert (await browser.get("/board")).status == 401


async def test_api_tokens_carry_their_person_s_rights(house: Real) -> None:
    boss, lead = await house.grant("token", "P01"), await house.grant("token", "P03")
    assert len(await (await house.program(boss).get("/api/orders")).json()) >= 10
    assert (await house.program(boss).get("/metrics")).status == 200
    assert (await house.program(lead).get("/metrics")).status == 403
    assert (await house.program(lead + "x").get("/api/orders")).status == 401
    assert (await house.program().get("/metrics")).status == 200  # the one from the settings
    orders = await (await house.program(lead).get("/api/orders")).json()
    assert orders
    assert all(o["customer"] == "" and o["note"] == "" for o in orders)
    assert all("**" in o["customer_name"] for o in orders if o["customer_name"])


async def test_a_kiosk_opens_the_board_and_nothing_else(house: Real) -> None:
    secret = await house.grant("kiosk")
    wall = house.stranger()
    page = await wall.get(f"/board?kiosk={secret}")
    assert page.status == 200
    assert f"kiosk={secret}" in await page.text()  # the feed is asked with it
    feed = await wall.get(f"/board/events?kiosk={secret}")
    assert feed.status == 200
    feed.close()
    for path in ("/orders/A102", "/api/orders", "/metrics", "/orders/A102/ticket.pdf"):
        assert (await wall.get(f"{path}?kiosk={secret}")).status in (401, 403)
    assert (await wall.get("/board")).status == 401
    assert (await wall.get("/board?kiosk=wrong")).status == 401


async def test_another_site_s_page_cannot_write(house: Real) -> None:
    browser = await house.sign_in("P01")
    host = house.base.rstrip("/")
    refused: tuple[dict[str, str], ...] = (
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {},
    )  # fmt: skip
    for headers in refused:
        assert (await browser.post("/sign-out", headers=headers)).status == 403, headers
    assert (await browser.get("/board")).status == 200
    assert (await browser.post("/sign-out", headers={"Origin": host})).status == 200


async def test_guessing_is_slowed_down_and_neighbours_are_let_in(house: Real) -> None:
    right, token = await house.link("p", "A102", "C05"), await house.grant("token", "P01")
    guesser = house.stranger()
    seen = [(await guesser.get(f"/p/{n:032d}")).status for n in range(125)]
    assert seen[:120] == [404] * 120
    assert set(seen[120:]) == {429}
    told = await guesser.get("/p/wrong")
    assert int(told.headers["Retry-After"]) in range(1, 61)
    assert (await guesser.get(right)).status == 200  # the same address, with a right secret
    assert (await house.program(token).get("/api/orders")).status == 200
    assert (await house.program("vt_wrong").get("/api/orders")).status == 429


async def test_writing_too_often_is_slowed_down(house: Real) -> None:
    page = await house.link("p", "A102", "C05")
    browser = house.stranger(**OWN)
    form = {"stage": "none"}
    seen = [(await browser.post(f"{page}/follow", data=form)).status for _ in range(62)]
    assert set(seen[:60]) == {422}
    assert seen[60:] == [429, 429]
    assert (await browser.get(page)).status == 200


def test_patience_comes_back() -> None:
    now = [0.0]
    throttle = Throttle(2, 10, lambda: now[0])
    throttle.note("a")
    assert throttle.full("a") == 0
    throttle.note("a")
    assert throttle.full("a") == 10
    assert throttle.full("b") == 0
    now[0] = 10.5
    assert throttle.full("a") == 0


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix", "unix"),
    ],
)
def test_clients(address: str, client: str) -> None:
    assert network(address) == client


async def test_behind_a_proxy_with_https(tmp_path: Path) -> None:
    shown = "https://shop.example"
    async with real(tmp_path / "data", public_url=shown, proxies=1) as house:
        browser = house.stranger()
        path = await house.sign_in_path("P01")
        answer = await browser.post(path, headers={"Origin": shown}, allow_redirects=False)
        assert answer.status == 303
        assert answer.cookies[COOKIE]["secure"]
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        one, two = ({"X-Forwarded-For": f"198.51.100.9, 192.0.2.{n}"} for n in (1, 2))
        for n in range(125):
            last = await browser.get(f"/p/{n:032d}", headers=one)
        assert last.status == 429
        assert (await browser.get("/p/other", headers=two)).status == 404  # somebody else
        forged = {"X-Forwarded-For": "203.0.113.7, 192.0.2.1"}  # the proxy's own word counts
        assert (await browser.get("/p/other", headers=forged)).status == 429


async def test_questions_from_a_page_ring_six_times_an_hour_at_most(house: Real) -> None:
    page, other = await house.link("p", "A102", "C05"), await house.link("p", "A104", "C03")
    browser = house.stranger(**OWN)
    asked = [
        (await browser.post(f"{page}/ask", data={"text": "?"}, allow_redirects=False)).status
        for _ in range(8)
    ]
    assert asked == [303] * 6 + [429] * 2
    told = await browser.post(f"{other}/ask", data={"text": "?"}, allow_redirects=False)
    assert told.status == 303
