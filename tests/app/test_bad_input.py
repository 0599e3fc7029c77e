"""What people and machines send when they should not: a kind sentence or silence, nothing lost, the
process lives.
"""

import io
import json
import struct
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image

from bot.demo.pictures import sample
from tests.app.served import Served, served

MESSAGES = "/api/sandbox/messages"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("bad") / "data") as running:
        yield running


@pytest.fixture(autouse=True)
def _lives(server: Served) -> Iterator[None]:
    """Whatever a test did: the next honest report is applied."""
    server.call("POST", "/api/sandbox/reset", {})
    yield
    server.say("production", "P09", "A109 料齐了")
    server.idle()
    assert server.node("A109", "material")["status"] == "done"
    assert server.call("GET", "/healthz")[1]["status"] == "ok"


def bomb() -> bytes:
    """A PNG of a few kilobytes that would unfold to 30,000 × 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 4_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def heic_like() -> bytes:
    return b"\0\0\0\x18ftypheic" + b"\0" * 64


TEXTS = {
    "lone surrogate": '"#A102 裁切完成\\ud83d"',
    "nul": '"#A102\\u0000 裁切完成"',
    "bidi marks": '"\\u202e#A102 裁切完成\\u202c"',
    "zero width": '"#A\\u200b102 裁切\\ufeff完成"',
    "full width": '"＃Ａ１０２　裁切完成"',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_odd_characters_are_cleaned_and_the_report_counts(server: Served, text: str) -> None:
    raw = f'{{"chat": "production", "sender": "P03", "text": {text}}}'.encode()
    assert server.call("POST", MESSAGES, raw=raw)[0] == 202
    server.idle()
    assert server.node("A102", "cut")["status"] == "done"


@pytest.mark.parametrize(
    "text",
    [
        "#A١٠٢ 裁切完成",
        "#А102 裁切完成",
        "A102" * 30_000,
        "裁" * 100_000,
        "完成" * 50_000,
        "@" * 9_999,
    ],
    ids=["arabic digits", "cyrillic letter", "long latin", "long han", "long word", "ats"],
)
def test_what_looks_like_an_order_but_is_none_applies_nothing(server: Served, text: str) -> None:
    before = server.events("A102")
    assert server.say("production", "P03", text)[0] in (202, 413, 422)
    server.idle()
    assert server.events("A102") == before


PHOTOS = {
    "text file": b"this is a list of orders, not a picture\n" * 40,
    "empty": b"",
    "bomb": bomb(),
    "truncated": sample("cut")[:20_000],
    "heic in name only": heic_like(),
    "html": b"<html><script>alert(1)</script></html>",
}


@pytest.mark.parametrize("photo", PHOTOS.values(), ids=PHOTOS.keys())
def test_a_bad_photo_meets_a_kind_sentence_and_the_words_still_count(
    server: Served, photo: bytes
) -> None:
    status, _ = server.say("production", "P03", "#A102 裁切完成", (photo, sample("cut")))
    assert status == 202
    server.idle()
    node = server.node("A102", "cut")
    assert node["status"] == "done"
    assert len(node["photos"]) == 1
    answers = [m["text"] for m in server.messages("production") if m["kind"] == "answer"]
    assert len(answers) == 1
    assert "别的都记下了" in answers[0]


def test_a_png_from_a_screenshot_is_a_photo(server: Served) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (300, 200), (10, 200, 30, 128)).save(out, "PNG")
    server.say("production", "P03", "#A102 裁切完成", (out.getvalue(),))
    server.idle()
    assert len(server.node("A102", "cut")["photos"]) == 1


BODIES = {
    "not json": (b"{", "application/json"),
    "not an object": (b"[1]", "application/json"),
    "deep": (b"[" * 100_000, "application/json"),
    "huge number": (b'{"chat": ' + b"9" * 5000 + b"}", "application/json"),
    "no boundary": (b"--x\r\n", "multipart/form-data"),
    "broken multipart": (
        b"--x\r\nContent-Disposition: form-data; na",
        "multipart/form-data; boundary=x",
    ),
    "wrong type": (b"hello", "text/plain"),
    "nothing": (b"", "application/json"),
}


@pytest.mark.parametrize(("raw", "kind"), BODIES.values(), ids=BODIES.keys())
def test_a_broken_body_is_refused_in_the_error_form(server: Served, raw: bytes, kind: str) -> None:
    before = len(server.messages("production"))
    status, body = server.call("POST", MESSAGES, raw=raw, kind=kind)
    assert 400 <= status < 500, body
    assert set(body["error"]) == {"code", "message"}
    assert len(server.messages("production")) == before


FIELDS = [
    {"chat": "nowhere", "sender": "P03", "text": "x"},
    {"chat": "production", "sender": "P99", "text": "x"},
    {"sender": "P03", "text": "x"},
    {"chat": "production", "text": "x"},
    {"chat": "production", "sender": 7, "text": "x"},
    {"chat": "production", "sender": "P03", "text": ["x"]},
]


@pytest.mark.parametrize("fields", FIELDS, ids=json.dumps)
def test_unknown_chats_and_people_are_refused(server: Served, fields: dict[str, object]) -> None:
    status, body = server.call("POST", MESSAGES, fields)
    assert 400 <= status < 500, body
    assert body["error"]["code"]


def test_an_oversized_body_is_refused(server: Served) -> None:
    raw = b'{"chat": "production", "sender": "P03", "text": "' + b"x" * (70 * 2**20) + b'"}'
    try:
        status, _ = server.call("POST", MESSAGES, raw=raw)
    except OSError:
        return
    assert status == 413


@pytest.mark.parametrize(
    "how", [{"advance": "2 hours"}, {"to": "tomorrow"}, {"advance": "P99999D"}, {}]
)
def test_a_clock_that_cannot_be_turned_so_says_so(server: Served, how: dict[str, str]) -> None:
    status, body = server.call("POST", "/api/sandbox/clock", how)
    assert 400 <= status < 500, body


@pytest.mark.parametrize(
    "world",
    [
        [],
        {"routes": 1},
        {"routes": [], "orders": [{"order_no": "A1"}]},
        {"routes": [{}], "orders": []},
    ],
    ids=json.dumps,
)
def test_a_world_that_is_none_leaves_all_as_it_was(server: Served, world: object) -> None:
    status, body = server.call("POST", "/api/sandbox/reset", {"world": world})
    assert 400 <= status < 500, body
    assert server.call("GET", "/api/orders/A102")[0] == 200
