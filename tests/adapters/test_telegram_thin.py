"""A server of the Bot API that was written from the documentation alone: it leaves out what it may,
writes numbers as texts, knows few methods; and updates that nobody could have foreseen.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.chat.port import CannotEdit, InboundMessage, Reply, Said, SendError
from adapters.chat.telegram.adapter import Options, build
from adapters.chat.telegram.fields import Malformed
from adapters.chat.telegram.hearing import Me, hear
from adapters.chat.telegram.times import Times
from adapters.chat.telegram.wire import TALKS
from bot.courier import FLIGHTS
from tests.fakes.telegram import TOKEN, TelegramStage
from tests.fakes.telegram_bench import Bench, listening, png, served
from tests.fakes.telegram_faults import BEFORE, FLOOD, GATEWAY, TROUBLE, Refusal

ME = Me(8_000_000_001, "vitrine_test_bot")
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SAID = Reply("answer", "A102 在裁切")
MISSING = Refusal(404, "Not Found")


@pytest.fixture
async def stage() -> AsyncIterator[TelegramStage]:
    async with served() as made:
        yield made


@pytest.fixture
async def bench(stage: TelegramStage) -> AsyncIterator[Bench]:
    async with listening(stage) as made:
        yield made


def thin(result: Any) -> Refusal:
    """An answer that is ok and says this and no more."""
    return Refusal(200, "", body=json.dumps({"ok": True, "result": result}))


def message(**more: Any) -> dict[str, Any]:
    doc = {"message_id": 7, "chat": {"id": -100}, "from": {"id": 5}, "text": "A102 裁切完成"}
    return {"update_id": 1, "message": doc | more}


def test_a_message_of_the_bare_necessities_is_heard() -> None:
    found = hear(message(), ME, NOW)
    assert found
    assert (found.message_id, found.sender, found.at) == ("-100:7", "5", NOW)
    assert (found.private, found.from_bot, found.sender_name) == (False, False, "")
    private = hear(message(chat={"id": 5}), ME, NOW)
    assert private
    assert private.private


@pytest.mark.parametrize("date", ["soon", 10**15, -1, 0, None, [], 1.5])
def test_a_strange_time_is_now(date: object) -> None:
    found = hear(message(date=date), ME, NOW)
    assert found
    assert found.at == NOW


def test_ids_may_be_texts_or_numbers() -> None:
    raw = message(message_id="8", chat={"id": "-100"}, media_group_id=1391, date="1763951000") | {
        "update_id": "9"
    }
    raw["message"]["from"] = {"id": "5"}
    found = hear(raw, ME, NOW)
    assert found
    assert (found.chat, found.message_id, found.sender) == ("-100", "-100:8", "5")
    assert (found.album, found.at) == ("1391", datetime.fromtimestamp(1763951000, UTC))
    odd = hear(message(media_group_id=["x"]), ME, NOW)
    assert odd
    assert odd.album == ""


def test_what_is_beside_a_text_costs_no_text() -> None:
    odd = message(
        reply_to_message={"message_id": 3},
        photo=[{"width": 1}, "x"],
        entities=5,
        document={"file_name": "a.jpg"},
        sender_chat=None,
        forward_origin=None,
        video="x",
    )
    found = hear(odd, ME, NOW)
    assert found
    assert (found.reply_to, found.media) == ("-100:3", ())
    sized = hear(message(photo=[{"file_id": "small"}, {"file_id": 77, "file_size": "9"}]), ME, NOW)
    assert sized
    assert [m.ref for m in sized.media] == ["photo:9:77"]
    nameless = hear(message(reply_to_message={"message_id": 3, "from": {}}), Me(), NOW)
    assert nameless
    assert not nameless.mentions_bot


def test_broken_characters_do_no_harm() -> None:
    found = hear(message(text="A102 \ud800\x00裁切"), ME, NOW)
    assert found
    assert found.text == "A102 ?裁切"


@pytest.mark.parametrize("text", [5, ["A102"], {"a": 1}, True])
def test_what_is_no_text_is_malformed(text: object) -> None:
    for name in ("text", "caption"):
        with pytest.raises(Malformed):
            hear(message(**{"text": "", name: text}), ME, NOW)


def test_thin_presses_and_memberships() -> None:
    press = {"id": 42, "from": {"id": 5}, "data": "q:1", "message": {"message_id": 3}}
    press["message"] |= {"chat": {"id": -100}}  # type: ignore[operator]
    found = hear({"update_id": 1, "callback_query": press}, ME, NOW)
    assert found
    assert (found.message_id, found.target, found.sender) == ("cb:42", "-100:3", "5")
    change = {"chat": {"id": -100}, "new_chat_member": {"status": "member"}}
    joined = hear({"update_id": 6, "my_chat_member": change}, ME, NOW)
    assert joined
    assert (joined.said, joined.message_id, joined.at) == (Said.JOINED, "-100:joined:6", NOW)
    edited = hear({"update_id": 1, "edited_message": message(edit_date=8)["message"]}, ME, NOW)
    assert edited
    assert edited.message_id.startswith("-100:7:e8.")


async def test_a_poison_update_stops_nobody(stage: TelegramStage, bench: Bench) -> None:
    """Not even where somebody behind us stumbles over it."""

    def before(heard: InboundMessage) -> None:
        if heard.text == "毒":
            raise KeyError("毒")

    bench.before = before
    stage.world.push("message", message(text=5)["message"] | {"chat": {"id": int(stage.group)}})
    poison = await stage.say(stage.group, stage.user("李"), "毒")
    name = await stage.say(stage.group, stage.user("李"), "A103 裁切完成")
    await bench.until(lambda: stage.acknowledged(name) and stage.acknowledged(poison))
    assert bench.texts == ["A103 裁切完成"]
    assert bench.adapter.counts["malformed"] == 2
    assert bench.adapter.counts["failed"] == 0


async def test_what_fails_for_ever_is_given_up_loudly(
    stage: TelegramStage, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def before(heard: InboundMessage) -> None:
        if heard.text == "毒":
            raise RuntimeError("毒")

    bench.before = before
    poison = await stage.say(stage.group, stage.user("李"), "毒")
    name = await stage.say(stage.group, stage.user("李"), "A103 裁切完成")
    await bench.until(lambda: stage.acknowledged(name) and stage.acknowledged(poison))
    counts = bench.adapter.counts
    assert (counts["failed"], counts["given-up"], counts["received"]) == (10, 1, 1)
    assert f"{poison} given up after 10 tries" in caplog.text
    assert "毒" not in caplog.text


async def test_other_errors_in_between_begin_the_count_anew(
    stage: TelegramStage, bench: Bench
) -> None:
    errors = [RuntimeError, OSError] * 8

    def before(_: InboundMessage) -> None:
        if errors:
            raise errors.pop()

    bench.before = before
    await stage.say(stage.group, stage.user("李"), "A103 裁切完成")
    await bench.until(lambda: bench.heard)
    assert bench.adapter.counts["given-up"] == 0


async def test_every_press_with_an_id_is_answered(stage: TelegramStage, bench: Bench) -> None:
    for query in ({"id": "41", "from": "x"}, {"id": 42}, {"id": "43", "from": {"id": 5}}):
        stage.world.queries[str(query["id"])] = 1e12
        stage.world.push("callback_query", query)
    await bench.until(lambda: len(stage.world.answers) == 3)


async def test_updates_numbered_by_texts_move_the_offset(
    stage: TelegramStage, bench: Bench
) -> None:
    stage.world.push_raw(message() | {"update_id": "700000901"})
    await bench.until(lambda: bench.heard)
    await bench.until(lambda: any(p.get("offset") == "700000902" for _, p in stage.server.calls))


@pytest.mark.parametrize("number", [9001, "9001"])
async def test_a_thin_success_is_a_success(
    stage: TelegramStage, bench: Bench, number: object
) -> None:
    only = thin({"message_id": number})
    stage.faults.on("sendMessage", only)
    stage.faults.on("sendPhoto", only)
    name = await bench.adapter.send(bench.to(), SAID, "key")
    pictured = Reply("card", "卡", picture=png())
    assert await bench.adapter.send(bench.to(), pictured, "key") == name
    assert name == f"{stage.group}:9001"
    for method in ("editMessageMedia", "editMessageCaption"):
        stage.faults.on(method, only)
    await bench.adapter.edit(bench.to(), name, pictured)
    await bench.adapter.edit(bench.to(), name, SAID)
    stage.faults.on("sendMessage", Refusal(200, "", body='{"ok":true}'))
    assert await bench.adapter.send(bench.to(), SAID, "key") == f"{stage.group}:0"


async def test_a_refusal_under_200_is_a_refusal(stage: TelegramStage, bench: Bench) -> None:
    body = json.dumps({"ok": False, "error_code": 403, "description": "Forbidden: blocked"})
    stage.faults.on("sendMessage", Refusal(200, "", body=body))
    with pytest.raises(SendError) as caught:
        await bench.adapter.send(bench.to(), SAID, "key")
    assert caught.value.shut


async def test_a_thin_file_is_fetched(stage: TelegramStage, bench: Bench) -> None:
    await stage.photo(stage.group, stage.user("李"), b"pixels")
    await bench.until(lambda: bench.heard)
    ref = bench.heard[0].media[0].ref
    path = stage.world.files[ref.split(":", 2)[2]].path
    stage.faults.on("getFile", *[thin({"file_path": path})] * 3)
    assert b"".join([piece async for piece in bench.adapter.fetch(ref)]) == b"pixels"


async def test_methods_that_are_not_there(stage: TelegramStage, bench: Bench) -> None:
    ours = await bench.adapter.send(bench.to(), SAID, "key")
    stage.faults.on("sendPhoto", MISSING)
    await bench.adapter.send(bench.to(), Reply("card", "卡", picture=png()), "key")
    assert [s.text for s in stage.said(stage.group)] == [SAID.text, "卡"]
    stage.faults.on("setMessageReaction", MISSING)
    with pytest.raises(SendError) as caught:
        await bench.adapter.react(bench.to(), ours, "recorded")
    assert caught.value.permanent
    for method, reply in (
        ("editMessageText", Reply("answer", "新")),
        ("editMessageMedia", Reply("card", "卡", picture=png())),
    ):
        stage.faults.on(method, MISSING)
        with pytest.raises(CannotEdit):
            await bench.adapter.edit(bench.to(), ours, reply)
    assert bench.adapter.state == "ok"
    assert bench.alarms == []


async def test_reactions_and_edits_are_simply_tried_again(
    stage: TelegramStage, bench: Bench
) -> None:
    ours = await bench.adapter.send(bench.to(), SAID, "key")
    stage.faults.on("editMessageText", BEFORE)
    stage.faults.on("setMessageReaction", BEFORE)
    for doing in (
        bench.adapter.edit(bench.to(), ours, Reply("answer", "新")),
        bench.adapter.react(bench.to(), ours, "recorded"),
    ):
        with pytest.raises(SendError) as caught:
            await doing
        assert not caught.value.ambiguous
        assert not caught.value.permanent


async def test_only_a_second_chats_429_holds_everybody(stage: TelegramStage, bench: Bench) -> None:
    other = bench.to(stage.private("许"))
    asked = [bench.to(), bench.to(), other, bench.to()]
    stage.faults.on("sendMessage", *[FLOOD] * 4)
    found = []
    for to in asked:
        with pytest.raises(SendError) as caught:
            await bench.adapter.send(to, SAID, "key")
        assert caught.value.retry_after == 7
        found.append(caught.value.everywhere)
    assert found == [False, False, True, True]


@pytest.mark.parametrize("answer", [{"id": 77, "username": "thin_bot"}, {"id": "77"}])
async def test_a_thin_getme_is_enough(stage: TelegramStage, answer: dict[str, Any]) -> None:
    stage.faults.on("getMe", thin(answer))
    async with listening(stage) as bench:
        name = answer.get("username")
        wanted = f"https://t.me/{name}?start=x" if name else ""
        assert bench.adapter.deep_link("x") == wanted
        stage.faults.on("getMe", thin(answer))
        checks = {c.code: c.well for c in await bench.adapter.examine()}
    assert checks["telegram.token"] is True
    assert checks["telegram.privacy"] is None
    assert bench.alarms == []


@pytest.mark.parametrize("met", [TROUBLE, GATEWAY, thin({}), Refusal(400, "Bad Request")])
async def test_without_getme_we_listen_and_ask_again(stage: TelegramStage, met: Refusal) -> None:
    stage.faults.on("getMe", *[met] * 999)
    async with listening(stage) as bench:
        await stage.say(stage.group, stage.user("李"), "A102 裁切完成")
        await bench.until(lambda: bench.heard)
        assert bench.adapter.deep_link("x") == ""
        stage.faults.next.clear()
        await bench.until(lambda: bench.adapter.deep_link("x"))
        assert bench.adapter.state == "ok"
    assert bench.alarms == []


async def test_404_on_getme_is_a_wrong_token(stage: TelegramStage) -> None:
    stage.faults.on("getMe", *[MISSING] * 4)
    async with listening(stage, wait=False) as bench:
        await bench.until(lambda: bench.adapter.state == "refused")
        asked = {method for method, _ in stage.server.calls}
        await bench.until(lambda: bench.adapter.state == "ok")
    assert asked == {"getme"}
    assert bench.alarms == ["token"]


@pytest.mark.parametrize("met", [MISSING, TROUBLE, Refusal(400, "Bad Request")])
async def test_a_webhook_is_set_though_none_can_be_asked_for(met: Refusal) -> None:
    async with served("secret") as stage:
        stage.faults.on("getWebhookInfo", *[met] * 999)
        public = "https://v.example"
        async with listening(stage, webhook_secret="secret", public_url=public) as bench:
            assert stage.world.hook["url"] == "https://v.example/webhooks/telegram"
            assert bench.adapter.state == "ok"


async def test_a_left_over_webhook_goes_though_none_can_be_asked_for(stage: TelegramStage) -> None:
    stage.world.hook = {"url": "https://old.example/hook", "secret": ""}
    stage.faults.on("getWebhookInfo", *[MISSING] * 999)
    async with listening(stage):
        assert not stage.world.hook
        assert ("deletewebhook", {}) in [(m, {}) for m, _ in stage.server.calls]


def test_there_are_connections_for_the_whole_courier() -> None:
    assert TALKS > FLIGHTS
    assert Times().press == 5


@pytest.mark.parametrize("url", ["api.telegram.org", "ftp://a", "https://", "http://[", ""])
async def test_the_address_names_its_setting(stage: TelegramStage, url: str) -> None:
    with pytest.raises(ValueError, match="VITRINE_TELEGRAM_BASE_URL"):
        build(Options(TOKEN, url), Bench(stage).lent())
