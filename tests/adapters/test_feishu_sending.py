"""Sending against Feishu's refusals, limits and silences; the budget; what the doctor asks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.chat.feishu.faults import BAD_CARD, GONE, PERMANENT, SHUT
from adapters.chat.port import CannotEdit, Check, Reply, SendError
from domain.person import Address
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_books import Chat
from tests.fakes.feishu_lent import House, Notes, house, until

CARD = Reply("card", "今日进展")
RESET = "x-ogw-ratelimit-reset"


@pytest.fixture
async def stage() -> AsyncIterator[FeishuStage]:
    stage = FeishuStage()
    await stage.start()
    yield stage
    await stage.stop()


@pytest.fixture
async def home(stage: FeishuStage) -> AsyncIterator[House]:
    async with house(stage, listen=False, call_timeout=0.5) as found:
        yield found


async def failed(home: House, reply: Reply = CARD) -> SendError:
    with pytest.raises(SendError) as caught:
        await home.adapter.send(Address("feishu", home.stage.group), reply, "key")
    return caught.value


@pytest.mark.parametrize("code", sorted(SHUT))
async def test_a_closed_chat(home: House, code: int) -> None:
    home.stage.fail("send", code)
    error = await failed(home)
    assert (error.shut, error.permanent) == (True, True)


@pytest.mark.parametrize("code", sorted(PERMANENT - {BAD_CARD} | GONE))
async def test_what_never_will_work(home: House, code: int) -> None:
    home.stage.fail("send", code)
    error = await failed(home)
    assert (error.shut, error.permanent, error.retry_after) == (False, True, None)


async def test_a_refused_card_leaves_its_text(home: House) -> None:
    stage = home.stage
    to = Address("feishu", stage.group)
    stage.fail("send", BAD_CARD)
    sent = await home.adapter.send(to, Reply("card", "今日进展\nA102", title="今日进展"), "k")
    assert (stage.books.messages[sent].kind, stage.said(stage.group)[0].text) == (
        "text",
        "今日进展\nA102",
    )
    assert home.adapter.counts["card.refused"] == 1
    stage.fail("send", BAD_CARD, times=2)
    assert (await failed(home)).permanent


@pytest.mark.parametrize("status", [429, 400])
async def test_the_app_is_throttled(home: House, status: int) -> None:
    home.stage.fail("send", 99991400, status, headers={RESET.replace("-", "_"): "7"})
    error = await failed(home)
    assert (error.retry_after, error.everywhere, error.permanent) == (7.0, True, False)
    assert home.adapter.counts["throttled"] == 1


@pytest.mark.parametrize("reset", ["", "soon", "-3", "nan", "1e99"])
async def test_a_reset_that_makes_no_sense(home: House, reset: str) -> None:
    home.stage.fail("send", 99991400, 429, headers={RESET.replace("-", "_"): reset})
    wait = (await failed(home)).retry_after
    assert wait is not None
    assert 0 < wait <= 3600


async def test_a_busy_chat_waits_alone(home: House) -> None:
    home.stage.fail("send", 230020)
    error = await failed(home)
    assert (error.retry_after, error.everywhere) == (1.0, False)


async def test_being_sent_is_asked_again(home: House) -> None:
    home.stage.fail("send", 230049)
    error = await failed(home)
    assert (error.retry_after, error.permanent) == (2.0, False)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_trouble_of_the_platform(home: House, status: int) -> None:
    home.stage.fail("send", 0, status)
    error = await failed(home)
    assert (error.permanent, error.retry_after, error.ambiguous) == (False, None, False)


@pytest.mark.parametrize("delay", [0.0, 1.0])
async def test_a_send_whose_answer_was_lost_is_no_second_message(home: House, delay: float) -> None:
    home.stage.fail("send", delay=delay, after=True)
    error = await failed(home)
    assert (error.permanent, error.ambiguous) == (False, False)
    await home.adapter.send(Address("feishu", home.stage.group), CARD, "key")
    assert len(home.stage.said(home.stage.group)) == 1


async def test_a_dead_token_is_renewed_once(home: House) -> None:
    send = home.adapter.send
    await send(Address("feishu", home.stage.group), CARD, "1")
    home.stage.expire_tokens()
    await asyncio.gather(
        *(send(Address("feishu", home.stage.group), CARD, f"2{n}") for n in range(5))
    )
    assert home.stage.books.counts["token"] == 2
    home.stage.fail("send", 99991663, times=2)
    error = await failed(home)
    assert (error.permanent, error.retry_after) == (False, None)


async def test_a_missing_permission_is_said_and_waits(home: House) -> None:
    home.stage.fail("send", 99991672, times=2)
    for _ in range(2):
        error = await failed(home)
        assert (error.permanent, error.everywhere, error.retry_after) == (False, True, 300.0)
    assert home.alarms == [("permission", {"code": "99991672"})]
    home.stage.fail("react", 99991672)
    with pytest.raises(SendError) as caught:
        await home.adapter.react(Address("feishu", home.stage.group), "om_1", "recorded")
    assert caught.value.permanent


@pytest.mark.parametrize("gone", [230011, 231003, 230110])
async def test_an_answer_to_a_message_that_is_gone(home: House, gone: int) -> None:
    stage = home.stage
    said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
    stage.fail("reply", gone)
    await home.adapter.send(
        Address("feishu", stage.group), Reply("answer", "记下了", reply_to=said), "k"
    )
    seen = stage.said(stage.group)[0]
    assert (seen.text, seen.reply_to) == ("记下了", "")
    unknown = Reply("answer", "也记下了", reply_to="om_unknown")
    await home.adapter.send(Address("feishu", stage.group), unknown, "k2")
    assert home.adapter.counts["parent.gone"] == 2


async def test_every_way_to_name_a_reader(home: House) -> None:
    stage = home.stage
    stage.books.chats["on_" + "1" * 32] = Chat("on_" + "1" * 32, "p2p")
    stage.books.chats["7be5fg9a"] = Chat("7be5fg9a", "p2p")
    for to in (stage.group, stage.user("周敏"), "on_" + "1" * 32, "7be5fg9a", "zhou@example.com"):
        await home.adapter.send(Address("feishu", to), Reply("answer", "在"), to)
    chats = [
        stage.group,
        stage.private("周敏"),
        "on_" + "1" * 32,
        "7be5fg9a",
        stage.private("zhou"),
    ]
    assert [len(stage.said(chat)) for chat in chats] == [1] * 5


async def test_a_dissolved_chat_and_one_that_we_left(home: House) -> None:
    home.stage.books.chats[home.stage.group].bot_in = False
    assert (await failed(home)).shut
    home.stage.books.chats[home.stage.group].dissolved = True
    assert (await failed(home)).shut
    assert (await failed(home, Reply("card", "x", reply_to="om_x"))).shut


async def test_edits_fail_like_sends_or_for_good(home: House) -> None:
    to = Address("feishu", home.stage.group)
    sent = await home.adapter.send(to, CARD, "1")
    for code in (230031, 230011, 231003, 230110, 230075, BAD_CARD):
        home.stage.fail("patch", code)
        with pytest.raises(CannotEdit):
            await home.adapter.edit(to, sent, CARD)
    home.stage.fail("patch", 99991400, 429, headers={"x_ogw_ratelimit_reset": "3"})
    with pytest.raises(SendError) as caught:
        await home.adapter.edit(to, sent, CARD)
    assert not isinstance(caught.value, CannotEdit)
    assert caught.value.retry_after == 3.0
    with pytest.raises(CannotEdit):
        await home.adapter.edit(to, "om_unknown", CARD)


async def test_limits_that_bite_are_obeyed_by_the_hint(home: House) -> None:
    home.stage.api.enforce = True
    to = Address("feishu", home.stage.group)
    for number in range(5):
        await home.adapter.send(to, CARD, str(number))
    assert (await failed(home)).retry_after == 1.0
    assert home.stage.violations(home.adapter.rules) == ["chat " + home.stage.group +
                                                         ": above 5/1.0 s"]  # fmt: skip


async def test_a_token_of_a_short_life_is_renewed_in_time(stage: FeishuStage) -> None:
    stage.api.token_life = 1
    async with house(stage, listen=False) as home:
        to = Address("feishu", stage.group)
        await home.adapter.send(to, CARD, "1")
        await asyncio.sleep(0.95)
        await home.adapter.send(to, CARD, "2")
        assert stage.books.counts["token"] == 2
        assert home.adapter.counts["token.refreshed"] == 0


async def test_calls_are_counted_and_the_budget_is_said_twice(stage: FeishuStage) -> None:
    notes = Notes()
    async with house(stage, notes, listen=False, monthly_calls=20) as home:
        for number in range(30):
            await home.adapter.send(Address("feishu", stage.group), CARD, str(number))
    (month, used), *more = notes.numbers.items()
    assert month.startswith("feishu.calls.20")
    assert (used, more) == (31, [])
    # far fewer writes than calls
    assert notes.writes < 15
    assert [code for code, _ in home.alarms][-1] == "budget-over"
    assert home.alarms[-1][1]["limit"] == "20"
    async with house(stage, notes, listen=False, monthly_calls=20) as later:
        await later.adapter.send(Address("feishu", stage.group), CARD, "31")
        checks = {check.code: check for check in await later.adapter.examine()}
        await until(lambda: later.notes.numbers[month] > 33)
    # the line was crossed before the restart: it is not said again
    assert later.alarms == []
    assert checks["feishu.budget"].well is False
    assert dict(checks["feishu.budget"].facts)["limit"] == "20"


async def test_four_fifths_are_said_before_all(stage: FeishuStage) -> None:
    async with house(stage, listen=False, monthly_calls=20, count_every=0.0) as home:
        for number in range(25):
            await home.adapter.send(Address("feishu", stage.group), CARD, str(number))
            await asyncio.sleep(0.002)
    assert [code for code, _ in home.alarms] == ["budget", "budget-over"]


def found(checks: tuple[Check, ...]) -> dict[str, bool | None]:
    return {check.code.removeprefix("feishu."): check.well for check in checks}


async def test_the_doctor_finds_everything_well(stage: FeishuStage) -> None:
    async with house(stage) as home:
        assert not home.adapter.checks
        checks = await home.adapter.examine()
        assert set(found(checks).values()) == {True}
        assert home.adapter.checks == checks
        assert Check("feishu.bot", True, (("name", "小橱"),)) in checks


async def test_the_doctor_finds_what_is_missing(stage: FeishuStage) -> None:
    stage.api.scopes["im:message.group_msg"] = 2
    stage.api.bot_enabled = False
    async with house(stage, listen=False) as home:
        checks = found(await home.adapter.examine())
        assert (checks["group-messages"], checks["bot"], checks["events"]) == (False, False, None)
        # people are told to send words and photo together
        assert not home.adapter.can.hears_group_media
        stage.fail("scopes", 99991672)
        assert found(await home.adapter.examine())["group-messages"] is None
        stage.expire_tokens()
        stage.api.secret = "another"
        checks = found(await home.adapter.examine())
        assert (checks["reachable"], checks["credentials"]) == (True, False)
        assert (checks["bot"], checks["group-messages"]) == (None, None)


async def test_the_doctor_finds_nobody(stage: FeishuStage) -> None:
    async with house(stage, listen=False) as home:
        await stage.stop()
        checks = found(await home.adapter.examine())
        assert (checks["reachable"], checks["credentials"]) == (False, None)
