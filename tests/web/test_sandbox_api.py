"""The sandbox's API: what it takes in, and how it refuses what it cannot."""

import asyncio
import json

import aiohttp
import pytest

from adapters.web.bodies import BODY
from tests.web.conftest import Site
from tests.web.house import PNG

MESSAGES = "/api/sandbox/messages"
SAID = {"chat": "g1", "sender": "P03", "text": "早"}


async def _code(answer: aiohttp.ClientResponse) -> str:
    return str((await answer.json())["error"]["code"])


async def test_say_and_read(site: Site) -> None:
    answer = await site.http.post(MESSAGES, json=SAID)
    assert answer.status == 202
    name = (await answer.json())["message_id"]
    found = await (await site.http.get("/api/sandbox/chats/g1/messages")).json()
    assert [m["message_id"] for m in found["messages"]] == [name]
    assert found["messages"][0]["at"].endswith("+08:00")
    later = f"/api/sandbox/chats/g1/messages?after={found['cursor']}"
    assert (await (await site.http.get(later)).json())["messages"] == []


async def test_photos_come_as_files(site: Site) -> None:
    form = aiohttp.FormData(SAID)
    for n in range(30):
        form.add_field("photos", PNG * 50, filename=f"{n}.png", content_type="image/png")
    assert (await site.http.post(MESSAGES, data=form)).status == 202
    assert site.box.files == [PNG * 50] * 30


async def test_a_photo_alone_is_something_said(site: Site) -> None:
    form = aiohttp.FormData({"chat": "g1", "sender": "P03"})
    form.add_field("photos", PNG, filename="a.png")
    assert (await site.http.post(MESSAGES, data=form)).status == 202


async def test_an_unknown_chat_has_no_messages(site: Site) -> None:
    assert (await site.http.get("/api/sandbox/chats/g9/messages")).status == 404
    assert (await site.http.get("/api/sandbox/chats/g1/messages")).status == 200


async def test_redelivery(site: Site) -> None:
    for _ in range(2):
        assert (await site.http.post(MESSAGES, json=SAID | {"message_id": "x"})).status == 202
    assert len(site.box.said) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b"[" * 100_000, 400, "not-json"),
        (b'{"chat": ' + b"9" * 5000 + b"}", 400, "not-json"),
        (b"\xff\xfe\x00", 400, "not-json"),
        (b"[]", 400, "not-an-object"),
        (b'{"sender": "P03", "text": "a"}', 422, "missing-field"),
        (b'{"chat": "g1", "text": "a"}', 422, "missing-field"),
        (b'{"chat": "g1", "sender": "P03"}', 422, "nothing-said"),
        (b'{"chat": "g1", "sender": "P03", "text": 5}', 422, "wrong-field"),
        (b'{"chat": ["g1"], "sender": "P03", "text": "a"}', 422, "wrong-field"),
        (b'{"chat": "g9", "sender": "P03", "text": "a"}', 404, "no-such-chat"),
        (b'{"chat": "g1", "sender": "P99", "text": "a"}', 404, "no-such-person"),
        (b'{"chat": "g1", "sender": "P03", "text": "a", "photos": ["x"]}', 422, "photos-are-files"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused(
    site: Site, body: bytes, status: int, code: str
) -> None:
    answer = await site.http.post(MESSAGES, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, await _code(answer)) == (status, code)
    assert site.box.said == []


async def test_half_characters_and_nul_do_not_break_us(site: Site) -> None:
    body = json.dumps(SAID | {"text": "a\ud800b\0c"}).encode()
    answer = await site.http.post(MESSAGES, data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 202
    assert site.box.said[0]["text"] == "abc"


def _part(name: str, body: bytes, more: bytes = b"") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"'.encode()
    return head + more + b"\r\n\r\n" + body + b"\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of the sort",
        b"--B\r\n\r\nno name\r\n--B--\r\n",
        _part("chat", b"g1") + b"--B\r\nContent-Disp",
        _part("chat", b"g1") + b"--B\r\nbroken header\r\n\r\nx\r\n--B--\r\n",
        _part("chat", b"g1", b"\r\nContent-Transfer-Encoding: odd") + b"--B--\r\n",
    ],
)
async def test_broken_multipart_keeps_nothing(site: Site, body: bytes) -> None:
    answer = await site.http.post(
        MESSAGES, data=body, headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    assert answer.status in (400, 422)
    assert await _code(answer)
    assert site.box.said == []


async def test_a_photo_cut_off_on_the_way_keeps_nothing(site: Site) -> None:
    body = (
        _part("chat", b"g1") + _part("sender", b"P03") + _part("text", "A102 裁切完成".encode())
        + _part("photos", PNG, b'; filename="a.png"')[:-30]
    )  # fmt: skip
    answer = await site.http.post(
        MESSAGES, data=body, headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    assert answer.status == 400
    assert site.box.said == []


async def test_multipart_without_boundary(site: Site) -> None:
    answer = await site.http.post(
        MESSAGES, data=b"x", headers={"Content-Type": "multipart/form-data"}
    )
    assert answer.status == 400


async def test_too_large_is_refused_before_it_is_read(site: Site) -> None:
    for kind in ("multipart/form-data; boundary=B", "application/json"):
        reader, writer = await asyncio.open_connection(
            site.http._base_url.host, site.http._base_url.port  # type: ignore[union-attr]
        )  # fmt: skip
        head = f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
        writer.write(f"{head}Content-Length: {BODY + 1}\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()
    assert site.box.said == []


async def test_another_sites_page_may_not_write(site: Site) -> None:
    answer = await site.http.post(MESSAGES, json=SAID, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403


async def test_edit_and_recall_are_for_ones_own(site: Site) -> None:
    await site.http.post(MESSAGES, json=SAID | {"message_id": "x"})
    own = {"chat": "g1", "sender": "P03", "message_id": "x"}
    assert (await site.http.post("/api/sandbox/edit", json=own | {"text": "晚"})).status == 202
    assert (await site.http.post("/api/sandbox/recall", json=own)).status == 202
    other = own | {"sender": "P04"}
    assert (await site.http.post("/api/sandbox/recall", json=other)).status == 404


async def test_press(site: Site) -> None:
    await site.http.post(MESSAGES, json=SAID | {"message_id": "x"})
    press = {"message_id": "x", "button": "undo:1", "sender": "P03"}
    assert (await site.http.post("/api/sandbox/press", json=press)).status == 202
    assert site.box.pressed == [("x", "undo:1", "P03")]
    missing = await site.http.post("/api/sandbox/press", json=press | {"message_id": "y"})
    assert missing.status == 404


async def test_clock(site: Site) -> None:
    clock = "/api/sandbox/clock"
    assert (await (await site.http.get(clock)).json())["now"] == "2026-11-23T08:40:00+08:00"
    turned = await site.http.post(clock, json={"advance": "PT5M"})
    assert (await turned.json())["now"] == "2026-11-23T08:45:00+08:00"
    for body in ({}, {"advance": "PT1H", "to": "2026-11-24T08:30:00+08:00"}, {"advance": "soon"},
                 {"advance": "P999999999D"}, {"to": "2020-01-01T00:00:00+08:00"}):  # fmt: skip
        answer = await site.http.post(clock, json=body)
        assert answer.status == 422
        assert await _code(answer)


async def test_reset(site: Site) -> None:
    assert (await site.http.post("/api/sandbox/reset")).status == 200
    assert (await site.http.post("/api/sandbox/reset", json={"world": {"x": 1}})).status == 422
    assert (await site.http.post("/api/sandbox/reset", json={"world": []})).status == 422
    assert site.box.resets == [(None, "")]


async def test_the_rest_answers(site: Site) -> None:
    for path in ("chats", "links", "script", "phones"):
        assert (await site.http.get(f"/api/sandbox/{path}")).status == 200
    assert (await site.http.post("/api/sandbox/idle")).status == 200


async def test_the_feed_tells_of_chats_and_ends_with_the_server(site: Site) -> None:
    feed = await site.http.get("/api/sandbox/events")
    await site.http.post(MESSAGES, json=SAID | {"text": "#A102 裁切完成"})
    heard = b""
    while b"event: chat\ndata: g1" not in heard or b"event: board" not in heard:
        heard += await asyncio.wait_for(feed.content.readany(), 5)
    feed.close()
