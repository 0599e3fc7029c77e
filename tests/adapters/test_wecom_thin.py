"""A WeCom that was written from its documentation alone: numbers for ids, broken attachments,
gateways that lose answers; and messages that are poison.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.chat.port import InboundMessage, Reply, SendError
from adapters.chat.wecom.codes import code_of
from adapters.chat.wecom.hearing import Malformed, said
from domain.errors import PhotoFault
from tests.adapters.test_wecom_application import told, xml
from tests.fakes.wecom_house import House, house

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
TEXT = {"msgtype": "text", "text": {"content": "A102 裁切完成"}}
SAID = Reply("answer", "A102 在裁切")


def body(**more: Any) -> dict[str, Any]:
    return {"msgid": "m1", "from": {"userid": "li"}, "chattype": "single"} | TEXT | more


def heard(**more: Any) -> InboundMessage:
    message = said(body(**more), NOW, "")
    assert message is not None
    return message


def test_ids_may_be_numbers() -> None:
    numbers: dict[str, Any] = {"from": {"userid": 7}, "chatid": 9, "chattype": "group"}
    message = heard(msgid=12345678901, **numbers)
    assert (message.message_id, message.sender, message.chat) == ("12345678901", "7", "9")
    assert heard(quote={"msgid": 5, **TEXT}).reply_to == "5"


@pytest.mark.parametrize("broken", [{}, 5, None, {"aeskey": "x"}, {"url": 5}, {"url": ["x"]}])
async def test_a_broken_attachment_costs_itself_alone(broken: object) -> None:
    photo = {"msgtype": "image", "image": broken}
    mixed = {"msgtype": "mixed", "mixed": {"msg_item": [5, {}, photo, TEXT, {"msgtype": "text"}]}}
    message = heard(**mixed)
    assert message.text == "A102 裁切完成"
    assert [m.kind for m in message.media] == ["photo"]
    assert heard(quote=photo).text == "A102 裁切完成"
    assert heard(quote=mixed).text == "A102 裁切完成"
    async with house() as here:
        with pytest.raises(PhotoFault, match="unreachable"):
            async for _ in here.adapter.fetch(message.media[0].ref):
                pass


@pytest.mark.parametrize(
    "quote",
    [{}, {"msgtype": "image"}, {"msgtype": "mixed"}, {"msgtype": "text", "text": 5}, 5, [], "x"],
)
def test_a_broken_quote_costs_no_text(quote: object) -> None:
    assert heard(quote=quote).text == "A102 裁切完成"


def test_a_file_with_a_broken_address_is_heard() -> None:
    message = heard(msgtype="file", file={"url": "http://[x"})
    assert [m.kind for m in message.media] == ["photo"]


@pytest.mark.parametrize("content", [5, ["A102"], {"a": 1}, True])
def test_what_is_no_text_is_malformed(content: object) -> None:
    with pytest.raises(Malformed):
        heard(text={"content": content})


def test_broken_characters_do_no_harm() -> None:
    assert heard(text={"content": "A102 \ud800\x00裁切"}).text == "A102 ?裁切"


def poisoned(here: House, error: type[Exception]) -> None:
    """The inbox stumbles over one message for ever."""
    take = here.take

    async def stumbling(message: InboundMessage) -> bool:
        if "毒" in message.text:
            raise error("毒")
        return await take(message)

    here.take = stumbling  # type: ignore[method-assign]


async def test_poison_is_skipped_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async with house() as here:
        poisoned(here, TypeError)
        await here.restart()
        await here.stage.connected()
        await here.until_state("ok")
        lead, group = here.stage.user("李红梅"), here.stage.group
        poison = await here.stage.say(group, lead, "毒")
        await here.stage.say(group, lead, "A102 裁切完成")
        assert [m.text for m in await here.until(1)] == ["A102 裁切完成"]
        assert here.adapter.counts["malformed"] == 1
        assert (here.adapter.counts["untaken"], here.alarms) == (0, [])
    assert poison in caplog.text
    assert "毒" not in caplog.text


@pytest.mark.parametrize(("error", "tries"), [(KeyError, 1), (RuntimeError, 10)])
async def test_a_callback_that_fails_for_ever_is_given_up(
    error: type[Exception], tries: int
) -> None:
    async with house(application=True, bot=False) as here:
        take = here.adapter._callback.begin  # type: ignore[attr-defined]

        async def stumbling(_: InboundMessage) -> bool:
            raise error("毒")

        take(stumbling)
        statuses: list[int] = []
        for _ in range(4):
            if 200 not in statuses:
                statuses += await told(here, xml("app_text"))
        assert statuses == [500] * (tries - 1) + [200]
        counts = here.adapter.counts
        assert counts["given-up" if tries > 1 else "malformed"] == 1


@pytest.mark.parametrize(
    ("answer", "ambiguous"),
    [
        ((502, "<html>bad gateway</html>"), True),
        ((504, '{"errcode": 0}'), True),
        ((500, "<html>oops</html>"), True),
        ((500, '{"error": "oops"}'), True),
        ((200, "<html>a portal</html>"), True),
        ((503, "busy"), False),
        ((429, "slow"), False),
        ((404, "<html>nothing</html>"), False),
    ],
)
async def test_a_gateway_that_loses_an_answer(answer: tuple[int, str], ambiguous: bool) -> None:
    async with house(application=True, bot=False, robot=True) as here:
        office = here.stage.office
        office.raw = {"message/send": answer, "robot": answer}
        digest = Reply("digest", "晨会", group=True)
        for chat, reply in (("w", SAID), (here.stage.group, digest)):
            with pytest.raises(SendError) as caught:
                await here.adapter.send(here.to(chat), reply, "k")
            assert (caught.value.ambiguous, caught.value.permanent) == (ambiguous, False)


async def test_a_question_is_never_ambiguous() -> None:
    async with house(application=True, bot=False) as here:
        here.stage.office.raw = {"gettoken": (504, "")}
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("w"), SAID, "k")
        assert not caught.value.ambiguous


def test_codes_may_be_texts() -> None:
    assert [code_of({"errcode": code}) for code in ("0", "45009", "x", 7)] == [0, 45009, -1, 7]
    assert code_of(json.loads("{}")) == 0
