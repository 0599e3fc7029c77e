"""The main job through the HTTP surface of the running program: what others rely on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.pictures import sample
from tests.app.served import Served, command, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("story") / "data") as running:
        yield running


@pytest.fixture(autouse=True)
def _demo(server: Served) -> None:
    status, _ = server.call("POST", "/api/sandbox/reset", {"at": "2026-11-23T08:40:00+08:00"})
    assert status == 200


def reactions(server: Served, chat: str, message_id: str) -> list[str]:
    found: list[str] = next(
        m["reactions"] for m in server.messages(chat) if m["message_id"] == message_id
    )
    return found


def test_a_photo_and_a_sentence_turn_the_board_green_tell_the_customer_and_can_be_taken_back(
    server: Served,
) -> None:
    status, answer = server.say("production", "P03", "#A102 裁切完成", (sample("cut"),))
    assert status == 202
    server.idle()
    node = server.node("A102", "cut")
    assert node["status"] == "done"
    assert len(node["photos"]) == 1
    assert reactions(server, "production", answer["message_id"]) == ["✍"]
    assert server.messages("private-C05") == []
    server.turn(advance="PT5M")
    pushed = server.messages("private-C05")
    assert [m["kind"] for m in pushed] == ["push"]
    assert "裁切完成" in pushed[0]["text"]
    assert "/p/" in pushed[0]["text"]
    assert server.say("production", "P03", "撤回")[0] == 202
    server.idle()
    assert server.node("A102", "cut")["status"] == "in_progress"
    server.turn(advance="PT40M")
    assert "更正" in server.messages("private-C05")[-1]["text"]


def test_an_undo_within_the_wait_leaves_no_trace_outside(server: Served) -> None:
    server.say("production", "P03", "#A102 裁切完成")
    server.idle()
    server.say("production", "P03", "撤回")
    server.turn(advance="PT2H")
    assert server.messages("private-C05") == []
    assert [e["type"] for e in server.events("A102")][-2:] == ["NodeCompleted", "ReportUndone"]


def test_a_redelivery_changes_nothing(server: Served) -> None:
    for _ in range(3):
        status, answer = server.say("production", "P03", "#A102 裁切完成", message_id="same")
        assert (status, answer["message_id"]) == (202, "same")
        server.idle()
    assert [e["type"] for e in server.events("A102")].count("NodeCompleted") == 3
    assert len([m for m in server.messages("production") if m["message_id"] == "same"]) == 1


def test_a_customers_report_changes_nothing(server: Served) -> None:
    before = server.events("A102")
    server.say("customer-C05", "C05", "A102裁切完成")
    server.say("private-C05", "C05", "A102裁切完成")
    server.idle()
    assert server.events("A102") == before
    assert [m["from"] for m in server.messages("customer-C05")] == ["C05"]


@pytest.mark.parametrize("text", ["A102裁切没完成", "明天争取完成", "听说A102裁切完成了", "收到"])
def test_what_is_no_report_meets_silence(server: Served, text: str) -> None:
    before = server.events("A102")
    server.say("production", "P03", text)
    server.idle()
    assert server.events("A102") == before
    assert [m["from"] for m in server.messages("production")] == ["P03"]


def test_thirty_photos_at_once_are_all_attached(server: Served) -> None:
    photos = tuple(sample("caps") + bytes([n]) for n in range(30))
    assert server.say("production", "P08", "A107 质检照片", photos)[0] == 202
    server.idle()
    urls = server.node("A107", "qc")["photos"]
    assert len(urls) == 31
    status, body = server.call("GET", urls[-1])
    assert (status, body[:2]) == (200, b"\xff\xd8")


def test_a_photos_address_is_a_secret(server: Served) -> None:
    server.say("production", "P03", "#A102 裁切完成", (sample("cut"),))
    server.idle()
    url = server.node("A102", "cut")["photos"][0]
    assert server.call("GET", url)[0] == 200
    place, _, mac = url.rpartition(".")
    for forged in (place, f"{place}.", f"{place}.{mac[::-1]}", f"{place}.{mac[:-2]}", "/photos/x"):
        assert server.call("GET", forged)[0] == 404


def test_buttons_edits_and_links(server: Served) -> None:
    server.say("production", "P01", "102裁切完成", message_id="asked")
    server.idle()
    question = server.messages("production")[-1]
    assert question["kind"] == "ask"
    press = {"message_id": question["message_id"], "button": question["buttons"][0]["id"]}
    assert server.call("POST", "/api/sandbox/press", {**press, "sender": "P03"})[0] in (200, 202)
    server.idle()
    assert server.node("A102", "cut")["status"] == "in_progress"
    server.call("POST", "/api/sandbox/press", {**press, "sender": "P01"})
    server.idle()
    assert server.node("A102", "cut")["status"] == "done"
    assert server.events("A102")[-1]["source"]["message_id"] == "asked"
    links = server.call("GET", "/api/sandbox/links")[1]
    status, page = server.call("GET", links["orders"]["A102"]["p"])
    assert status == 200
    assert "刘教练" not in page.decode()


def test_a_world_of_ones_own(server: Served) -> None:
    world = {
        "routes": [
            {"key": "sign", "name": "标识", "nodes": [
                {"key": "draw", "name": "排版", "standard_days": 1, "aliases": ["画图"]},
                {"key": "weld", "name": "焊接", "standard_days": 2, "aliases": ["烧焊"]},
            ]}
        ],
        "people": [{"id": "P1", "name": "甲", "role": "operator", "nodes": ["draw"]}],
        "customers": [{"id": "K1", "name": "乙", "lang": "en"}],
        "orders": [
            {"order_no": "S-77", "product": "门头", "quantity": 3, "customer": "K1",
             "route": "sign"}
        ],
    }  # fmt: skip
    at = "2026-12-01T09:00:00+08:00"
    assert server.call("POST", "/api/sandbox/reset", {"world": world, "at": at})[0] == 200
    assert server.call("GET", "/api/sandbox/clock")[1]["now"] == at
    chats = server.call("GET", "/api/sandbox/chats")[1]
    kinds = {c["kind"] for c in chats}
    assert kinds == {"production_group", "management_group", "customer_group", "private"}
    group = next(c["chat"] for c in chats if c["kind"] == "production_group")
    server.say(group, "P1", "s77 画图完成")
    server.idle()
    assert server.node("S-77", "draw")["status"] == "done"
    server.turn(advance="PT5M")
    theirs = [c["chat"] for c in chats if "K1" in c["members"]]
    said = [m["text"] for chat in theirs for m in server.messages(chat)]
    assert any("done" in text for text in said), said


def test_the_clock_stands_still_runs_forward_and_survives_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with served(folder) as server:
        server.turn(to="2026-11-24T08:35:00+08:00")
        digests = [m for m in server.messages("production") if m["kind"] == "digest"]
        assert [m["at"][:16] for m in digests] == [
            "2026-11-23T08:30", "2026-11-23T13:30", "2026-11-24T08:30",
        ]  # fmt: skip
        back = {"to": "2026-11-24T08:00:00+08:00"}
        assert server.call("POST", "/api/sandbox/clock", back)[0] in (400, 409, 422)
        assert server.stop() == 0
        server.start()
        assert server.call("GET", "/api/sandbox/clock")[1]["now"] == "2026-11-24T08:35:00+08:00"
        server.turn(advance="PT1M")
        again = [m for m in server.messages("production") if m["kind"] == "digest"]
        assert len(again) == 3
    assert command(folder, "verify")[0] == 0


def test_the_sandbox_does_not_bind_beyond_loopback(tmp_path: Path) -> None:
    code, said = command(tmp_path / "d", "run", VITRINE_SANDBOX="1", VITRINE_HTTP_HOST="0.0.0.0")
    assert code == 2
    assert "127.0.0.1" in said
