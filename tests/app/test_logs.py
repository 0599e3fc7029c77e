"""The log: every line says what it is about, and none says what people said, who they are, how
they are reached, or a secret.
"""

import contextlib
import io
import json
import logging
import sqlite3
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.port import SendError
from bot.logs import Lines, about, carried, machine, set_up
from bot.masking import masking
from domain.errors import Refused
from tests.app.served import Served, free_port, served

BOT = "123456789:AAH4kLmNoPqRsTuVwXyZ0123456789abcdE"
LINK = "kq7Wm2ZtXv9RbN4cYs1Lf8HdPj3GaUe6Ti0oKxCnQ5w"
SHORT = "ib56cgwuuvawisjt5p2vco5gj6e4ytgn"
NAMES = ("李红梅", "王建军", "陈国强", "跃动健身", "Emma")
HOSTILE = (
    "#A102 裁切完成 口令标记一",
    '口令标记二 {"level": "CRITICAL", "message": "假的一行"}',
    "口令标记三\n2026-11-23 08:00:00,000 ERROR vitrine 假的一行",
    "口令标记四 %s %d %(message)s {} {0.__class__}",
    "口令标记五 \u202e\u2028\u0085\x1b[31m\x00 反过来",
    "A104 绣花机坏了 打我电话 13800138000 或 +86 139 0013 9000",
    f"口令标记六 Bearer {LINK} ?secret=hunter22222 {BOT}",
    "A102 到哪了 口令标记七 mei@example.com",
    "#" + "Ａ１０２" * 400 + " 口令标记八",
    "/PIN 73069912",
    "改单 A102 数量 ١٠٢ 口令标记九",
)
FORBIDDEN = (
    "口令标记", "假的一行", "13800138000", "13900139000", "139 0013", LINK, BOT, SHORT,
    "hunter22222", "mei@example.com", "73069912", "裁切完成", "绣花机", "反过来", *NAMES,
)  # fmt: skip


def log_of(server: Served) -> str:
    return (server.folder.parent / f"{server.folder.name}.log").read_text(encoding="utf-8")


def post(server: Served, place: int) -> int:
    chat, sender = (("production", "P03"), ("private-P04", "P04"), ("management", "P01"))[place % 3]
    return server.say(chat, sender, HOSTILE[place % len(HOSTILE)])[0]


def knock(server: Served) -> None:
    """What strangers try at the door, secrets in hand."""
    for path in (f"/p/{SHORT}", f"/sign-in/{SHORT}", f"/photos/{LINK}.{LINK}", f"/t/{LINK}",
                 f"/orders/x?secret=hunter22222&token={LINK}", "/board?kiosk=" + LINK):  # fmt: skip
        server.call("GET", path)
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/metrics")
    request.add_header("Authorization", f"Bearer {LINK}")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request, timeout=30)
    server.call("POST", "/api/sandbox/messages", raw=HOSTILE[1].encode())


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_of_hostile_messages_is_logged(tmp_path: Path, form: str) -> None:
    more = {
        "VITRINE_LOG_FORMAT": form,
        "VITRINE_LOG_LEVEL": "DEBUG",
        "VITRINE_TELEGRAM_TOKEN": BOT,
        "VITRINE_TELEGRAM_BASE_URL": f"http://127.0.0.1:{free_port()}",
        "VITRINE_API_TOKEN": LINK[::-1],
    }
    with served(tmp_path / "data", **more) as server:
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda n: post(server, n), range(120))) == {202}
        server.say("production", "P03", "口令标记十", (b"\xff\xd8 no picture \xff",))
        server.idle()
        spool = tmp_path / "data" / "photos" / "spool"
        for each in spool.iterdir():
            each.unlink()
        spool.rmdir()
        spool.write_bytes(b"")  # from here on pictures cannot be kept, and handlers break
        status, _ = server.say("production", "P03", "口令标记十一", (b"\xff\xd8\xff",))
        assert status == 500
        knock(server)
        server.idle()
    said = log_of(server)
    read = said if form == "text" else said.encode().decode("unicode_escape")
    assert [word for word in FORBIDDEN if word in read] == []
    assert "vitrine.telegram" in said
    assert "NotADirectoryError" in said or "FileExistsError" in said
    if form == "json":
        rows = [json.loads(line) for line in said.splitlines()]
        assert rows
        assert all({"time", "level", "logger", "message"} <= row.keys() for row in rows)
        [broken] = [r for r in rows if "error" in r and r["logger"] == "vitrine.web"]
        assert any("storage/photos.py:" in step for step in broken["error"]["trace"])


def test_a_message_that_breaks_its_handling_is_named(tmp_path: Path) -> None:
    """Also where several of one chat wait behind each other."""
    with served(tmp_path / "data", VITRINE_LOG_FORMAT="json") as server:
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / "vitrine.db")) as raw:
            raw.execute("DROP TABLE question")
        names = [f"own-{n}" for n in range(6)]
        with ThreadPoolExecutor(6) as pool:
            sent = pool.map(
                lambda name: server.say("production", "P03", "A102 口令标记", message_id=name)[0],
                names,
            )
        assert set(sent) == {202}
        server.idle()
    rows = [json.loads(line) for line in log_of(server).splitlines()]
    lost = [r for r in rows if r["logger"] == "vitrine.intake" and r["level"] == "ERROR"]
    assert sorted(r["message_id"] for r in lost) == names
    assert all(r["message"] == f"message {r['message_id']} could not be handled" for r in lost)
    assert {r["platform"] for r in lost} == {"sandbox"}
    assert len({r["chat"] for r in lost}) == 1
    assert len({r["inbox"] for r in lost}) == 6
    assert "production" not in log_of(server)


class Sink:
    """A logger of its own on a stream, set up as the program does."""

    def __init__(self, form: str, hidden: tuple[str, ...] = ()) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(Lines(masking(hidden), lambda: b"salt", machine=form == "json"))
        self.log = logging.Logger("vitrine.test")
        self.log.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


def test_a_line_says_what_it_is_about() -> None:
    sink = Sink("json")
    with about(message_id="-100200300/7", platform="telegram", chat="-100200300"):
        sink.log.warning("message %s waits", "-100200300/7")
        with about(order="A102", unit="", inbox=12):
            sink.log.warning("inside")
        sink.log.warning("after")
    sink.log.warning("outside")
    first, inside, after, outside = sink.rows
    assert "100200300" not in sink.stream.getvalue()
    chat = first["chat"]
    assert len(chat) == 12
    assert first["message_id"] == f"{chat}/7"
    assert first["message"] == f"message {chat}/7 waits"
    assert (inside["order"], inside["inbox"], inside["chat"]) == ("A102", "12", chat)
    assert "unit" not in inside
    assert "order" not in after
    assert outside.keys() == {"time", "level", "logger", "message"}
    assert outside["time"].endswith("Z")


def test_what_is_said_here_is_carried_to_another_thread() -> None:
    sink = Sink("json")
    with about(order="A102"):
        there = carried(lambda: sink.log.warning("there"))
    for work in (there, lambda: sink.log.warning("bare")):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert [row.get("order") for row in sink.rows] == ["A102", None]


def test_two_houses_hash_a_chat_differently() -> None:
    one = Lines(masking(()), lambda: b"one", machine=True)
    other = Lines(masking(()), lambda: b"other", machine=True)
    record = logging.LogRecord("vitrine", logging.INFO, "", 0, "x", None, None)
    with about(chat="oc_5ce6d572455d361153b7cb51da133945"):
        chats = [json.loads(each.format(record))["chat"] for each in (one, other, one)]
    assert chats[0] == chats[2] != chats[1]


MASKED = (
    (f"POST /bot{BOT}/sendMessage", BOT),
    (f"link /p/{SHORT}?lang=en", SHORT),
    (f"see /photos/QTEwMgAxADA.{SHORT}.jpg", SHORT),
    (f"token {LINK} is", LINK),
    (f"Authorization: Bearer vt_{SHORT}", SHORT),
    ("GET /x?a=1&secret=abc123&b=2", "abc123"),
    ("GET /x?access_token=abc123def", "abc123def"),
    ("{'app_secret': 'abcdef'}", "abcdef"),
    ("t-g1044ghX6R7WSdTHMFYCWN4LKP3XXXXXXXXXXXX", "g1044ghX6R7"),
    ("call 13800138000 now", "13800138000"),
    ("call 138-0013-8000 now", "0013"),
    ("call +86 13800138000", "8000"),
    ("call 0912-345-678", "345"),
    ("call 0571-88888888", "88888888"),
    ("write mei@example.com", "mei@"),
    ("the agent says s3cr3t-of-ours", "s3cr3t-of-ours"),
)


@pytest.mark.parametrize(("text", "hidden"), MASKED)
def test_what_looks_like_a_secret_is_masked(text: str, hidden: str) -> None:
    sink = Sink("text", ("s3cr3t-of-ours", "short"))
    sink.log.error("%s", text)
    assert hidden not in sink.lines[0]
    assert "[" in sink.lines[0]


@pytest.mark.parametrize(
    "text",
    [
        "message om_dc13264520392913993dd051dba21dcf not kept",
        "event A102/12 and " + "0f" * 32,
        "a batch of 512 was not kept",
        "feishu: 230002 the bot is not in the chat",
        "GET /p/{token}",
        "notice 1380013 (try 2): HTTP 502",
        "a short secret",
    ],
)
def test_what_one_looks_for_is_not_masked(text: str) -> None:
    sink = Sink("text", ("short",))
    sink.log.error("%s", text)
    assert sink.lines[0].endswith(text)


def broken(text: str) -> None:
    try:
        json.loads(text) if text.startswith("{") else int(text)
    except ValueError as error:
        raise RuntimeError(f"for {text}") from error


def test_an_exception_is_told_without_its_words() -> None:
    for form in ("json", "text"):
        sink = Sink(form)
        try:
            broken("口令标记 李红梅")
        except RuntimeError:
            sink.log.exception("it broke")
        said = sink.stream.getvalue()
        assert "口令标记" not in said
        assert "\\u53e3" not in said
        assert "RuntimeError" in said
        assert "ValueError" in said
        assert "tests/app/test_logs.py" in said
        assert "text =" not in said
    [row] = [r for r in [json.loads(line) for line in _json_of("x")] if "error" in r]
    assert row["error"]["behind"]["type"] == "ValueError"
    assert "message" not in row["error"]


def _json_of(text: str) -> list[str]:
    sink = Sink("json")
    try:
        broken(text)
    except RuntimeError:
        sink.log.exception("it broke")
    return sink.lines


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/srv/李红梅.jpg"), "No space left on device"),
        (SendError("HTTP 502", ambiguous=True), "HTTP 502"),
        (Refused("not-yours", who="李红梅"), "not-yours"),
    ],
)
def test_harmless_exceptions_keep_their_words(error: Exception, said: str) -> None:
    sink = Sink("json")
    sink.log.error("no", exc_info=error)
    assert sink.rows[0]["error"]["message"] == said
    assert "李红梅" not in json.dumps(sink.rows, ensure_ascii=False)


def test_a_circle_of_exceptions_ends() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    sink = Sink("json")
    sink.log.error("round", exc_info=one)
    assert sink.rows[0]["error"]["behind"]["type"] == "KeyError"


def test_one_record_is_one_line() -> None:
    sink = Sink("text")
    sink.log.error("a\nb\rc\u2028d\x1b[31me\u202ef")
    assert len(sink.lines) == 1
    assert "\x1b" not in sink.lines[0]


def test_arguments_that_do_not_fit_show_nothing_else() -> None:
    sink = Sink("json")
    sink.log.error("%d pictures", "李红梅")
    assert sink.rows[0]["message"] == "%d pictures"


@pytest.fixture
def untouched() -> Iterator[None]:
    """Logging as it was, afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("vitrine")
    before = list(root.handlers), root.level, ours.level, logging.raiseExceptions
    hooks = sys.excepthook, threading.excepthook
    yield
    root.handlers[:], root.level, ours.level, logging.raiseExceptions = before
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)


def test_others_speak_from_warning_on_and_in_one_line(untouched: None) -> None:
    stream = io.StringIO()
    set_up("DEBUG", "json", [], lambda: b"salt", stream)
    logging.getLogger("httpx").info("POST with %s", "李红梅")
    logging.getLogger("asyncio").error("never retrieved\nfuture: <Task ValueError('李红梅')>")
    logging.getLogger("vitrine.x").debug("fine")
    thread = threading.Thread(target=broken, args=("李红梅",))
    thread.start()
    thread.join()
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [r["message"] for r in rows] == ["never retrieved", "fine", "a thread ended"]
    assert "\\u674e" not in stream.getvalue()


def test_lines_are_for_machines_where_no_terminal_is() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert machine("", io.StringIO())
    assert not machine("", Terminal())
    assert machine("json", Terminal())
    assert not machine("text", io.StringIO())
