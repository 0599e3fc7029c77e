"""What was said of an order that is finished by now leads nowhere, and breaks nothing."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.understanding.model import Message, Previous, ReplyTo, Update
from bot.understanding.understand import understand
from tests.understanding.judging import world

TRADE = "garment"
AT = datetime.fromisoformat("2026-11-23T10:00")
DONE = Previous("P01", 20, "A102 发货完成", (), (Update("complete", "A102", "ship"),))


@pytest.mark.parametrize("text", ["裁切完成", "还有一箱没发", "好了", "辛苦", "什么时候发的"])
@pytest.mark.parametrize("kinds", [(), ("photo",)])
def test_words_and_photos_right_after_the_last_step(text: str, kinds: tuple[str, ...]) -> None:
    here = world.__wrapped__(TRADE)  # one of its own: it is changed
    here.drop("A102")
    said = Message(text, AT, sender="P01", previous=(DONE,), attachments=kinds)
    for message in (said, replace(said, text="", attachments=("photo",))):
        decision = understand(here, message)
        assert all(u.order != "A102" for u in decision.updates)


@pytest.mark.parametrize("op", ["unsubscribe", "undo"])
def test_a_yes_to_a_question_that_names_no_order(op: str) -> None:
    asked = ReplyTo("bot_question", asked="confirm", pending=Update(op))
    decision = understand(world(TRADE), Message("是的", AT, sender="P01", reply_to=asked))
    assert decision.decision in ("apply", "ask", "ignore")
