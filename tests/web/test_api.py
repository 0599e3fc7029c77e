"""The JSON API: shapes, faults, headers, who may come in."""

import re

import pytest
from openapi_spec_validator import validate

from adapters.web.openapi import PATHS, document
from adapters.web.server import build
from tests.web.conftest import TOKEN, Site
from tests.web.house import Box, factory


async def test_health(site: Site) -> None:
    answer = await site.http.get("/healthz")
    assert answer.status == 200
    assert (await answer.json())["status"] == "ok"
    site.home.state = "failing"
    assert (await site.http.get("/healthz")).status == 503


async def test_an_order_tells_its_nodes(site: Site) -> None:
    data = await (await site.http.get("/api/orders/A104")).json()
    assert (data["order_no"], data["quantity"], data["customer"]) == ("A104", 200, "C03")
    assert data["due"] == "2026-11-30"
    assert data["forecast"].endswith("+08:00")
    nodes = {n["key"]: n for n in data["nodes"]}
    assert nodes["emb"]["status"] == "delayed"
    assert nodes["emb"]["reason"] == "equipment"
    assert nodes["sew"]["status"] == "pending"
    assert nodes["sew"]["started_at"] is None
    [photo] = nodes["cut"]["photos"]
    shown = await site.http.get(photo)
    assert shown.status == 200
    assert "immutable" in shown.headers["Cache-Control"]
    assert (await site.http.get(photo[:-2] + "zz")).status == 404


async def test_orders_open_and_all(site: Site) -> None:
    found = await (await site.http.get("/api/orders")).json()
    assert [o["order_no"] for o in found] == ["A102", "A104", "A107"]
    assert len(await (await site.http.get("/api/orders?state=all")).json()) == 3
    assert (await site.http.get("/api/orders?state=odd")).status == 422


async def test_events_carry_hashes_and_offsets(site: Site) -> None:
    rows = await (await site.http.get("/api/orders/A104/events")).json()
    assert [r["seq"] for r in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["type"] == "OrderPlaced"
    assert all(len(r["hash"]) == 64 and r["recorded_at"].endswith("+08:00") for r in rows)


@pytest.mark.parametrize("path", ["/api/orders/A999", "/api/orders/A999/events", "/api/nothing"])
async def test_unknown_is_404_in_json(site: Site, path: str) -> None:
    answer = await site.http.get(path)
    assert answer.status == 404
    error = (await answer.json())["error"]
    assert error["code"]
    assert error["message"]


async def test_exports(site: Site) -> None:
    assert await (await site.http.get("/api/export.csv")).read() == b"csv"
    assert await (await site.http.get("/api/export.xlsx")).read() == b"xlsx"
    assert (await site.http.get("/api/export.pdf")).status == 404


async def test_metrics_name_routes_not_tokens(site: Site) -> None:
    page = await site.home.link("p", "A102", "C05")
    await site.http.get(page)
    text = await (await site.http.get("/metrics")).text()
    assert 'route="/p/{token}",status="200"} 1' in text
    assert page not in text
    levels = dict(re.findall(r'vitrine_open_orders\{level="(\w+)"\} (\d+)', text))
    assert sum(map(int, levels.values())) == 3


async def test_our_own_fault_is_said_kindly(site: Site) -> None:
    site.home.broken = True
    answer = await site.http.get("/api/orders")
    assert answer.status == 500
    assert "disk" not in await answer.text()


async def test_wrong_method_says_which_fit(site: Site) -> None:
    answer = await site.http.delete("/api/orders")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/", "/board", "/board/events", "/orders/A102", "/metrics",
                                  "/api/orders", "/orders/A102/ticket.pdf"])  # fmt: skip
async def test_without_the_sandbox_staff_pages_ask_who_comes(closed: Site, path: str) -> None:
    answer = await closed.http.get(path)
    assert answer.status == 401
    assert "WWW-Authenticate" in answer.headers
    wrong = await closed.http.get(path, headers={"Authorization": f"Bearer {TOKEN}x"})
    assert wrong.status == 401
    right = await closed.http.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert right.status == 200
    right.close()


async def test_without_the_sandbox_customers_still_see_theirs(closed: Site) -> None:
    page = await closed.home.link("p", "A102", "C05")
    assert (await closed.http.get(page)).status == 200
    assert (await closed.http.get("/healthz")).status == 200
    assert (await closed.http.post("/api/sandbox/messages")).status in (401, 404)


def test_no_token_set_means_nobody() -> None:
    app = build(factory(), None)
    assert app.middlewares


def test_the_description_is_valid_and_whole() -> None:
    validate(document("1"))
    home = factory()
    app = build(home, Box(home))
    routes = {
        (route.method.lower(), re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.resource.canonical))
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    routes = {(m, p) for m, p in routes if not p.startswith("/static")}
    told = {(method, path) for path, item in PATHS.items() for method in item}
    assert routes == told
