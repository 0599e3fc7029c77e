"""How well suppliers keep their word, and what they see for it."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from domain.needs import Delivery, Given, Need, NeedState
from domain.supply import (
    Record,
    Reward,
    Share,
    Step,
    Steps,
    record,
    reward,
    steps_from,
    steps_text,
    visible,
)
from tests.domain.factory import CALENDAR

TODAY = date(2026, 11, 23)


def moment(day: date, hour: int = 9) -> datetime:
    return CALENDAR.moment(day, time(hour, 30))


def owed(
    first: int, came: int | None = None, by: int | None = None, back: str = "0", **more: object
) -> Need:
    """A need promised first for a day (as an offset from today), and delivered on another."""
    day = TODAY + timedelta(days=first)
    wanted = TODAY + timedelta(days=first if by is None else by)
    asked = moment(day - timedelta(days=5))
    need = Need("N1", "sew", "罗纹", "20", "kg", "lin", wanted, asked)
    need = replace(
        need,
        state=NeedState.CONFIRMED,
        confirmed_at=asked + timedelta(hours=2),
        given=(Given(day, asked + timedelta(hours=2)),),
    )
    if came is not None:
        at = moment(TODAY + timedelta(days=came))
        need = replace(need, state=NeedState.CHECKED, deliveries=(Delivery("20", at),))
        need = replace(need, good="20", returned=back, checked_at=at)
    return replace(need, **more) if more else need  # type: ignore[arg-type]


def kept(*needs: Need) -> Share:
    return record(needs, TODAY, CALENDAR).kept


def test_without_a_case_there_is_no_share() -> None:
    found = record((), TODAY, CALENDAR)
    assert [found.kept.percent, found.in_time.percent, found.passed.percent] == [None] * 3
    assert (found.confirming.value, found.warning.value) == (None, None)


def test_on_the_day_is_kept_and_the_day_after_is_not() -> None:
    assert kept(owed(-5, came=-5), owed(-5, came=-6), owed(-5, came=-4)) == Share(2, 3)


def test_a_later_promise_mends_nothing() -> None:
    need = owed(-5, came=-3)
    moved = replace(need, given=(*need.given, Given(TODAY, moment(TODAY - timedelta(days=6)))))
    assert kept(moved) == Share(0, 1)


def test_what_never_came_counts_once_its_day_is_over() -> None:
    assert kept(owed(-1)) == Share(0, 1)
    assert kept(owed(0)) == Share(0, 0)
    assert kept(owed(3)) == Share(0, 0)
    assert kept(replace(owed(-1), state=NeedState.CANCELLED)) == Share(0, 0)


def test_what_lies_further_back_than_ninety_days_does_not_count() -> None:
    assert kept(owed(-91, came=-91), owed(-90, came=-90)) == Share(0, 0)
    assert kept(owed(-89, came=-89)) == Share(1, 1)
    assert kept(owed(-95, came=-80)) == Share(0, 1)  # came within them, late


def test_the_day_asked_for_is_another_measure() -> None:
    found = record([owed(-5, came=-5, by=-7)], TODAY, CALENDAR)
    assert (found.kept, found.in_time) == (Share(1, 1), Share(0, 1))
    moved = owed(-5, came=-5, by=-3, first_by=TODAY - timedelta(days=7))
    assert record([moved], TODAY, CALENDAR).in_time == Share(0, 1)


def test_what_goes_back_is_no_pass() -> None:
    found = record([owed(-5, came=-5), owed(-5, came=-5, back="0.5")], TODAY, CALENDAR)
    assert found.passed == Share(1, 2)


def test_speed_and_warning() -> None:
    need = owed(-4, came=-2)
    early = Given(TODAY - timedelta(days=2), moment(TODAY - timedelta(days=6)))
    after = Given(TODAY, moment(TODAY))
    found = record([replace(need, given=(*need.given, early, after))], TODAY, CALENDAR)
    assert found.confirming.value == 2.0
    # said on Tuesday for Thursday: 2 ahead; said on Monday for the Saturday before: 1 after
    assert (found.warning.value, found.warning.cases) == (0.5, 2)


def test_another_first_day_than_asked_is_a_change_as_well() -> None:
    need = owed(-3, came=-3, by=-4)
    assert record([need], TODAY, CALENDAR).warning.cases == 1


def rec(hits: int, cases: int) -> Record:
    empty = record((), TODAY, CALENDAR)
    return replace(empty, kept=Share(hits, cases))


@pytest.mark.parametrize(
    ("hits", "cases", "wanted"),
    [
        (0, 0, Reward(7, Step(14, 85.0), 5)),
        (4, 4, Reward(7, Step(14, 85.0), 1)),
        (4, 5, Reward(7, Step(14, 85.0), 0)),
        (17, 20, Reward(14, Step(28, 95.0), 0)),
        (18, 20, Reward(14, Step(28, 95.0), 0)),
        (19, 20, Reward(28)),
        (5, 5, Reward(28)),
    ],
)
def test_the_reward(hits: int, cases: int, wanted: Reward) -> None:
    assert reward(rec(hits, cases), Steps()) == wanted


def test_steps_are_written_as_they_are_read() -> None:
    steps = Steps((Step(5), Step(20, 80.0), Step(40, 97.5)), 8)
    assert steps_from(steps_text(steps)) == steps
    assert steps_from("7, 14@85, 28@95; 5") == Steps()


@pytest.mark.parametrize(
    "text", ["", "x", "7", "14, 7@85; 5", "7, 14@95, 28@85; 5", "0, 14@85; 5", "7, 14@101; 5"]
)
def test_steps_that_make_no_sense_are_the_ones_that_come_with_us(text: str) -> None:
    assert steps_from(text) == Steps()


def test_what_a_person_asks_for_is_seen_at_once() -> None:
    far = TODAY + timedelta(days=20)
    need = Need("N1", "sew", "罗纹", "20", "kg", "lin", far, moment(TODAY))
    assert visible(need, TODAY, 7)
    declared = replace(need, declared=True)
    assert not visible(declared, TODAY, 7)
    assert visible(declared, TODAY, 28)
    assert visible(replace(declared, state=NeedState.CONFIRMED), TODAY, 7)
