"""The measure over recorded conversations of three trades: no wrong apply, and nearly all right."""

import pytest

from bot.understanding.cases import message_from_case
from bot.understanding.understand import understand
from tests.understanding.judging import FIXTURES, TRADES, Verdict, cases, judge, world

NEVER = (FIXTURES / "never-garment.txt").read_text("utf-8").splitlines()


def _all(trade: str) -> list[Verdict]:
    return [judge(trade, case) for case in cases(trade)]


@pytest.mark.parametrize("trade", TRADES)
def test_never_applies_what_was_not_said(trade: str) -> None:
    wrong = [(v.case["id"], v.case["text"], v.got) for v in _all(trade) if v.wrong_apply]
    assert not wrong


@pytest.mark.parametrize("trade", TRADES)
def test_decides_as_the_rules_do(trade: str) -> None:
    off = [(v.case["id"], v.case["text"], v.got) for v in _all(trade) if not v.right]
    assert not off


@pytest.mark.parametrize("trade", TRADES)
def test_fills_the_slots(trade: str) -> None:
    off = [(v.case["id"], v.case["text"], v.got) for v in _all(trade) if v.slots is False]
    assert not off


@pytest.mark.parametrize("text", NEVER)
def test_near_misses_are_not_applied(text: str) -> None:
    """Questions, plans, hearsay, papers and tools that hold an order, a node and a done word."""
    assert understand(world("garment"), message_from_case({"text": text})).decision != "apply"
