"""The measure over recorded conversations of three trades: no wrong apply, and nearly all right."""

import pytest

from tests.understanding.judging import TRADES, Verdict, cases, judge


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
