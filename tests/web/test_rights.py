"""Who may ask what: the whole table against the frozen one, and rules that hold whatever it is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.web.access.policy import POLICY, rule_of
from tests.web.real import Real, real
from tests.web.rights import FROZEN, Asked, routes, table

LET_IN = (200, 202, 204, 303, 400, 405, 409, 413, 415, 422)
"""Answers of a page that looked at what was asked."""
FOR_ALL = {"/healthz", "/api/openapi.json", "/sign-in", "/sign-out", "/ticket-worker.js"}
TOKENED = ("/p/", "/t/", "/T/", "/s/", "/photos/", "/pictures/", "/sign-in/", "/calendars/")
FOR_ADMINS = ("/settings",)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Real]:
    async with real(tmp_path / "data") as found:
        yield found


async def test_the_table(house: Real) -> None:
    rows = await table(house)
    frozen = FROZEN.read_text(encoding="utf-8").splitlines()
    assert [r.line() for r in rows] == frozen
    for row in rows:
        _rules(row)


def _rules(row: Asked) -> None:
    where = row.line()
    tokened = row.pattern.startswith(TOKENED)
    if tokened:
        if "wrong" in row.case or "-link" in row.case:
            assert set(row.answers.values()) <= {404, 405}, where
        return
    if row.pattern in FOR_ALL or set(row.answers.values()) == {404}:  # there is no such address
        return
    assert row.answers["stranger"] == 401, where
    for nobody in ("supplier", "customer"):  # they have their own pages, never a sign-in
        assert row.answers[nobody] == 401, where
    if not row.pattern.startswith(("/board", "/")) or row.pattern not in ("/", "/board"):
        allowed = row.pattern == "/board/events"
        assert allowed or row.answers["kiosk"] in (401, 403), where
    if "A109" in row.case.split():
        assert row.answers["lead-emb"] in (403, 404), where
    if "Z999" in row.case.split():
        assert not any(code in (200, 303) for code in row.answers.values()), where
    if row.pattern.startswith(FOR_ADMINS):
        for who in ("lead-cut", "lead-emb", "manager", "kiosk"):
            assert row.answers[who] in (401, 403, 404), where


async def test_every_route_has_a_rule_and_every_rule_a_route(house: Real) -> None:
    known = routes(house)
    for method, pattern in known:
        assert rule_of(method, pattern) is not None, (method, pattern)
    named = {f"{m} {p}" for m, p in known}
    spare = [k for k in POLICY if k not in named and not k.startswith(("* /webhooks", "GET /stat"))]
    assert spare == []


async def test_a_page_of_one_customer_says_nothing_of_another(house: Real) -> None:
    """Whatever a right link opens names no other customer, and no order of theirs."""
    orders = await (await house.program().get("/api/orders?state=all")).json()
    for order in orders:
        page = await house.link("p", order["order_no"], order["customer"])
        text = await (await house.stranger().get(page)).text()
        others = [o for o in orders if o["customer"] != order["customer"]]
        for other in others:
            assert other["order_no"] not in text, (page, other["order_no"])
            assert other["customer_name"] not in text


async def test_no_photo_without_its_token(house: Real) -> None:
    stranger = house.stranger()
    for path in (
        "/photos/",
        "/photos/QTEwMh8xHzA",
        "/photos/QTEwMh8xHzA.",
        "/photos/../vitrine.db",
    ):
        assert (await stranger.get(path)).status == 404
