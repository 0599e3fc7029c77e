"""WeCom's group robot: what goes there, how it looks, and what it refuses."""

import pytest

from adapters.chat.port import Button, Reply, SendError
from tests.fakes.wecom_house import house, png

DIGEST = Reply("digest", "晨会\nA102 今天到期 @王组长", "晨会", group=True)


async def test_digests_go_to_the_robot_with_mentions_and_picture() -> None:
    async with house(robot=True) as here:
        wang, group = here.stage.user("王组长"), here.stage.group
        picture = png(300)
        reply = Reply(
            "escalation", DIGEST.text, "晨会", group=True, picture=picture,
            mention=(("王组长", wang), ("李红梅", "li.hong-mei")),
        )  # fmt: skip
        await here.adapter.send(here.to(group), reply, "k")
        text, shown = here.stage.said(group)
        assert text.text == "@li.hong-mei 晨会\nA102 今天到期 @王组长"
        assert f"<@{wang}>" in here.stage.books.lines[0].raw["markdown"]["content"]
        assert shown.picture
        assert here.stage.books.lines[1].picture == picture
        assert [line.channel for line in here.stage.books.lines] == ["robot", "robot"]
        assert here.stage.books.faults == []


async def test_nobody_is_called_by_what_people_write() -> None:
    async with house(robot=True) as here:
        reply = Reply(
            "reminder", "<@all> <font color=\"warning\">x</font> [a](http://b)", group=True,
            mention=(("谁", "a|b> <@all"),),
        )  # fmt: skip
        await here.adapter.send(here.to(here.stage.group), reply, "k")
        content = here.stage.books.lines[0].raw["markdown"]["content"]
        assert "<@" not in content
        assert "<font" not in content
        assert "](http" not in content.replace("[http://b](http://b)", "")


async def test_buttons_of_a_digest_come_over_the_bot() -> None:
    async with house(robot=True) as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        reply = Reply(
            "digest", DIGEST.text, "晨会", buttons=(Button("held", "已过会"),), group=True
        )
        await here.adapter.send(here.to(group), reply, "first")
        await here.stage.say(group, lead, "A102 裁切完成")
        await here.until(1)
        sent = await here.adapter.send(here.to(group), reply, "second")
        assert [line.channel for line in here.stage.books.lines] == ["robot", "robot", "bot"]
        await here.stage.press(here.stage.said(group)[-1], "已过会", lead)
        assert (await here.until(2))[1].target == sent


async def test_a_robot_that_is_gone_leaves_it_to_the_bot() -> None:
    async with house(robot=True) as here:
        group = here.stage.group
        await here.stage.say(group, here.stage.user("李红梅"), "A102 裁切完成")
        await here.until(1)
        here.stage.office.key = "another"
        await here.adapter.send(here.to(group), DIGEST, "k")
        assert [line.channel for line in here.stage.books.lines] == ["bot"]
        assert here.alarms == [("webhook", {})]


async def test_other_kinds_and_private_chats_do_not() -> None:
    async with house(robot=True) as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        await here.stage.say(group, lead, "A102 裁切完成")
        await here.stage.say(lead, lead, "A102 裁切完成")
        await here.until(2)
        await here.adapter.send(here.to(group), Reply("answer", "记下了", group=True), "1")
        await here.adapter.send(here.to(lead), Reply("digest", "晨会"), "2")
        assert [line.channel for line in here.stage.books.lines] == ["bot", "bot"]


async def test_twenty_a_minute() -> None:
    async with house(robot=True, bot=False) as here:
        here.stage.office.enforce = True
        for number in range(20):
            await here.adapter.send(here.to("any"), DIGEST, str(number))
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("any"), DIGEST, "more")
        assert caught.value.retry_after is not None
        assert 50 < caught.value.retry_after < 61
        assert here.stage.office.calls["robot"] == 20


@pytest.mark.parametrize(
    ("code", "permanent", "after"), [(45009, False, 60.0), (40058, True, None), (-1, False, None)]
)
async def test_codes(code: int, permanent: bool, after: float | None) -> None:
    async with house(robot=True) as here:
        here.stage.office.codes["robot"].append(code)
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(here.stage.group), DIGEST, "k")
        assert (caught.value.permanent, caught.value.retry_after) == (permanent, after)


async def test_a_key_that_is_gone_is_told() -> None:
    async with house(robot=True) as here:
        assert {c.code: c.well for c in await here.adapter.examine()}["wecom.webhook"] is True
        here.stage.office.key = "another"
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(here.stage.group), DIGEST, "k")
        assert caught.value.permanent
        assert here.alarms == [("webhook", {})]
        assert {c.code: c.well for c in await here.adapter.examine()}["wecom.webhook"] is False
        assert here.stage.said(here.stage.group) == []


async def test_an_answer_that_gets_lost_is_ambiguous_and_a_closed_door_is_not() -> None:
    async with house(robot=True) as here:
        here.stage.office.hang["robot"] = 1
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(here.stage.group), DIGEST, "k")
        assert caught.value.ambiguous
        await here.restart(group_webhook="http://127.0.0.1:9/cgi-bin/webhook/send?key=k")
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(here.stage.group), DIGEST, "k")
        assert not caught.value.ambiguous
        assert not caught.value.permanent


async def test_too_large_pictures_stay_away() -> None:
    async with house(robot=True) as here:
        reply = Reply("digest", "晨会", group=True, picture=b"x" * (2 * 1024 * 1024 + 1))
        await here.adapter.send(here.to(here.stage.group), reply, "k")
        assert [s.picture for s in here.stage.said(here.stage.group)] == [False]


async def test_a_robot_alone() -> None:
    async with house(robot=True, bot=False) as here:
        assert here.adapter.state == "ok"
        assert (here.adapter.can.buttons, here.adapter.can.text_limit) == (0, 4000)
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("x"), Reply("answer", "x"), "k")
        assert caught.value.permanent
