"""The plan, the forecast and the level of a deviation, at their boundaries."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.commands import Complete, Delay, Progress, Start
from domain.order import Order
from domain.plan import (
    Level,
    days_late,
    deviation,
    forecast,
    lay_out,
    level,
    place,
    until_moment,
)
from tests.domain.factory import CALENDAR, NOW, ROUTE, SEWER, placed


def test_the_route_is_laid_out_by_what_comes_after_what() -> None:
    hours = lay_out(ROUTE, 100)
    assert hours["cut"] == (0, 8)
    assert hours["art"] == (0, 4)
    assert hours["sew"] == (8, 16)
    assert hours["dye"] == (8, 17)
    assert hours["qc"] == (16, 20)
    assert hours["ship"] == (24, 26)


def test_without_a_due_date_the_natural_end_is_promised() -> None:
    plan = place(ROUTE, 100, NOW, None, CALENDAR)
    assert plan.due == "2026-11-26"  # 26 working hours after Monday 9:00
    assert plan.placed == NOW


def test_a_due_date_stretches_and_squeezes_in_proportion() -> None:
    for due in (date(2026, 12, 5), date(2026, 11, 24)):
        plan = place(ROUTE, 100, NOW, due, CALENDAR)
        room = CALENDAR.between(NOW, CALENDAR.closing(due))
        start, finish = plan.plan["sew"]
        assert CALENDAR.between(NOW, start) == pytest.approx(room * 8 / 26)
        assert CALENDAR.between(NOW, finish) == pytest.approx(room * 16 / 26)
        assert plan.plan["ship"][1] == CALENDAR.closing(due)


def test_a_due_date_in_the_past_still_gives_a_plan() -> None:
    plan = place(ROUTE, 100, NOW, date(2026, 11, 1), CALENDAR)
    assert all(NOW <= a <= b for a, b in plan.plan.values())


@pytest.mark.parametrize(
    ("percent", "wanted"),
    [
        (-3, Level.NONE),
        (0, Level.NONE),
        (0.1, Level.YELLOW),
        (9.9, Level.YELLOW),
        (10, Level.ORANGE),
        (20, Level.ORANGE),
        (20.1, Level.RED),
        (500, Level.RED),
    ],
)
def test_the_levels(percent: float, wanted: Level) -> None:
    assert level(percent) is wanted


def late(hours: float) -> float:
    """The deviation of an order that is this many working hours behind, of 40 promised."""
    placed_at = CALENDAR.opening(date(2026, 11, 16))
    due = date(2026, 11, 20)
    order = placed(100, due=due).order
    order = replace(order, placed=placed_at)
    now = CALENDAR.add(placed_at, 40 - 26 + hours)  # the whole way takes 26
    return deviation(order, now, CALENDAR)


@pytest.mark.parametrize(
    ("hours", "percent"), [(-8, 0), (0, 0), (0.04, 0.1), (4, 10), (8, 20), (8.04, 20.1)]
)
def test_the_deviation_is_measured_in_working_time(hours: float, percent: float) -> None:
    assert late(hours) == percent


def test_a_fresh_order_is_on_its_way() -> None:
    order = placed().order
    assert deviation(order, NOW, CALENDAR) == 0
    assert forecast(order, NOW, CALENDAR) <= CALENDAR.closing(order.due)


def test_pieces_shorten_the_way() -> None:
    story = placed().did(Progress("A101", "cut", 50))
    half = forecast(story.order, story.now, CALENDAR)
    story.did(Progress("A101", "cut", 90))
    assert CALENDAR.between(forecast(story.order, story.now, CALENDAR), half) == pytest.approx(
        0.4 * 8 - 1 / 60
    )


def test_nothing_is_finished_before_a_delay_ends() -> None:
    story = placed().did(Delay("A101", "cut", "material", until="2026-12-07"))
    begin = until_moment("2026-12-07", CALENDAR)
    assert forecast(story.order, story.now, CALENDAR) == CALENDAR.add(begin, 26)
    story.did(Delay("A101", "cut", "material", until="2026-12-07T15:00"))
    begin = until_moment("2026-12-07T15:00", CALENDAR)
    assert begin == datetime(2026, 12, 7, 7, tzinfo=UTC)
    assert forecast(story.order, story.now, CALENDAR) == CALENDAR.add(begin, 26)


def test_an_old_delay_weighs_no_more_once_work_went_on() -> None:
    """A delay of 20 days, work, then a rejected lot: the 20 days are over."""
    story = placed().did(Delay("A101", "cut", delay_days=20), Start("A101", "cut"))
    assert story.order.nodes["cut"].delay_days == 0
    fresh = forecast(story.order, story.now, CALENDAR)
    assert fresh < NOW + timedelta(days=6)


def test_an_order_that_waits_for_a_nod_counts_as_worked() -> None:
    story = placed().did(Complete("A101", "cut"))
    story.did(Complete("A101", "sew"), by=SEWER)
    assert story.order.nodes["sew"].awaiting == ("first_article",)
    assert forecast(story.order, story.now, CALENDAR) == CALENDAR.add(story.now, 4 + 4 + 4 + 2)


def finished() -> Order:
    story = placed()
    story.order = replace(
        story.order,
        nodes={
            k: replace(n, completed=True, finished_at=NOW + timedelta(days=1), started_at=NOW)
            for k, n in story.order.nodes.items()
        },
    )
    return story.order


def test_a_finished_order_stays_as_late_as_it_was() -> None:
    order = finished()
    for days in (2, 200):
        assert forecast(order, NOW + timedelta(days=days), CALENDAR) == NOW + timedelta(days=1)
        assert deviation(order, NOW + timedelta(days=days), CALENDAR) == 0


@pytest.mark.parametrize(
    ("due", "finish", "days"),
    [
        (date(2026, 11, 24), "2026-11-24T09:59", 0),
        (date(2026, 11, 24), "2026-11-25T01:00", 1),
        (date(2026, 11, 28), "2026-11-30T01:00", 1),  # Saturday to Monday
        (date(2026, 11, 24), "2026-11-23T01:00", -1),
    ],
)
def test_days_late_are_working_days(due: date, finish: str, days: int) -> None:
    order = placed(due=due).order
    moment = datetime.fromisoformat(finish).replace(tzinfo=UTC)
    assert days_late(order, moment, CALENDAR) == days
