"""Clocks, levels and chains: their boundaries as tables, and what people do with alarms."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.alert import Alert, AlertState
from domain.calendar import WorkCalendar
from domain.commands import (
    ChangeDue,
    Choose,
    Complete,
    Delay,
    PlaceOrder,
    Progress,
    Resume,
    Start,
)
from domain.errors import Refused, RouteFault
from domain.escalation import default, from_toml
from domain.plan import Level, level
from domain.watch import awaited
from storage.holidays import ChinaHolidays
from tests.domain.factory import (
    CALENDAR,
    CUSTOMER,
    CUTTER,
    LEADERS,
    NOW,
    SHANGHAI,
    Shop,
    shop,
)

POLICY = default()
REAL = WorkCalendar(SHANGHAI, holidays=ChinaHolidays())


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def told(found: Shop, until: str, what: str) -> list[str]:
    """When those who lead, or the floor, are told of something up to a moment."""
    sent = []
    books, before = found.books, dict(found.books.sent_at)
    found.clock(local(until))
    for key, at in books.sent_at.items():
        notice = books.outbox[key][0]
        if key not in before and notice.what == what:
            sent.append(f"{at.astimezone(SHANGHAI):%m-%d %H:%M}")
    return sorted(set(sent))


@pytest.mark.parametrize(
    ("percent", "wanted"),
    [
        (0.0, Level.NONE), (0.1, Level.YELLOW), (9.9, Level.YELLOW), (10.0, Level.ORANGE),
        (10.1, Level.ORANGE), (20.0, Level.ORANGE), (20.1, Level.RED), (300.0, Level.RED),
    ],
)  # fmt: skip
def test_levels_at_their_boundaries(percent: float, wanted: Level) -> None:
    assert level(percent) is wanted


@pytest.mark.parametrize(
    ("planned", "asked"),
    [
        ("11-23T09:00", "11-23T11:00"),
        ("11-23T10:00", "11-23T12:00"),
        ("11-23T10:01", "11-23T13:31"),  # a minute after lunch
        ("11-23T11:30", "11-23T15:00"),
        ("11-23T16:00", "11-23T18:00"),
        ("11-23T17:00", "11-24T09:30"),  # over the evening
        ("11-28T17:00", "11-30T09:30"),  # over a Sunday
        ("12-31T17:00", "01-02T09:30"),  # over New Year's Day
        ("09-19T17:00", "09-20T09:30"),  # a Sunday worked in exchange (调休)
        ("09-30T17:00", "10-08T09:30"),  # over the week of the national day
    ],
)
def test_two_working_hours(planned: str, asked: str) -> None:
    year = "2027" if asked < "01-05" else "2026"
    wanted = datetime.fromisoformat(f"{year}-{asked}").replace(tzinfo=SHANGHAI)
    assert REAL.add(local(planned), POLICY.report) == wanted


@pytest.mark.parametrize(
    ("now", "spoken"),
    [
        ("11-23T08:00", "11-23T08:00"), ("11-23T11:59", "11-23T11:59"),
        ("11-23T12:00", "11-23T13:30"), ("11-23T13:29", "11-23T13:30"),
        ("11-23T18:29", "11-23T18:29"), ("11-23T18:30", "11-24T08:00"),
        ("11-24T07:59", "11-24T08:00"), ("11-28T19:00", "11-30T08:00"),
        ("11-29T10:00", "11-30T08:00"), ("10-01T10:00", "10-08T08:00"),
    ],
)  # fmt: skip
def test_quiet_hours(now: str, spoken: str) -> None:
    assert POLICY.speak_at(local(now), REAL) == local(spoken)


def test_a_problem_is_repeated_until_it_is_taken_and_five_times_at_most() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Delay("A101", "cut", "equipment", "刀断了"), CUTTER)
    assert told(found, "11-23T18:00", "problem") == ["11-23 09:00"]
    stills = told(found, "11-27T18:00", "problem-still")
    assert stills == []  # all were told within the first day
    repeats = [k for k, (n, _) in found.books.outbox.items() if n.what == "problem-still"]
    assert len({k.rpartition("/")[2] for k in repeats}) == 5


def test_an_acknowledgement_stops_the_chain_and_a_late_tap_changes_nothing() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Delay("A101", "cut", "equipment", "刀断了"), CUTTER)
    alert = found.books.open_alerts()[0]
    taken = alert.acknowledged("boss", NOW + timedelta(minutes=10))
    found.books.keep_alert(taken)
    assert told(found, "11-30T18:00", "problem-still") == []
    with pytest.raises(Refused, match="alert-taken") as refusal:
        taken.acknowledged("deputy", NOW + timedelta(hours=1))
    assert refusal.value.facts["by"] == "boss"


def test_silence_pauses_and_then_it_goes_on() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Delay("A101", "cut", "equipment", "刀断了"), CUTTER)
    alert = found.books.open_alerts()[0]
    found.books.keep_alert(alert.silenced("boss", local("11-23T11:00")))
    assert told(found, "11-23T10:59", "problem-still") == []
    assert told(found, "11-23T11:31", "problem-still")[0] == "11-23 11:00"


def test_nothing_is_told_of_what_was_resolved() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Delay("A101", "cut", "equipment", "刀断了"), CUTTER)
    found.do(Resume("A101", "cut"), CUTTER)
    assert told(found, "12-17T18:00", "problem-still") == []


def test_the_same_trouble_at_ten_orders_is_one_message() -> None:
    found = Shop()
    for number in range(10):
        found.do(PlaceOrder(f"P{number}", "包", 20, "ivy", "mixed", date(2026, 12, 18)))
    for number in range(10):
        found.now = NOW + timedelta(seconds=2 * number)
        found.do(Delay(f"P{number}", "cut", "power", "停电"), CUTTER)
    slots = {
        n.slot for n, _ in found.books.outbox.values()
        if n.what == "problem" and n.to == LEADERS.address
    }  # fmt: skip
    assert len(slots) == 1
    found.now = NOW + timedelta(minutes=5)
    found.do(Delay("P1", "art", "power", "又停电"))
    again = {n.slot for n, _ in found.books.outbox.values() if n.what == "problem"}
    assert len(again) > 1


def test_a_silent_node_is_asked_about_once_and_then_its_supervisor_hears() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Start("A101", "cut"), CUTTER)
    node = found.order.nodes["cut"]
    assert node.planned_finish is not None
    first = CALENDAR.add(node.planned_finish, 2).astimezone(SHANGHAI)
    second = CALENDAR.add(node.planned_finish, 4).astimezone(SHANGHAI)
    day = f"{(second + timedelta(hours=1)):%m-%dT%H:%M}"
    asked = told(found, day, "silent")
    assert f"{first:%m-%d %H:%M}" in asked
    mine = [n.what for n, _ in found.books.outbox.values() if n.facts.get("node") == "cut"]
    assert (mine.count("silent"), mine.count("silent-still")) == (1, 1)


def _asked(found: Shop) -> list[datetime]:
    """When somebody was asked why nothing is heard of the cutting."""
    every = (n for n, _ in found.books.outbox.values())
    return sorted(n.not_before for n in every if n.what == "silent" and n.facts["node"] == "cut")


def test_a_silent_node_is_asked_about_once_a_day_at_most() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Start("A101", "cut"), CUTTER)
    node = found.order.nodes["cut"]
    assert node.planned_finish is not None
    first = CALENDAR.add(node.planned_finish, 2)
    found.clock(first)
    found.do(Progress("A101", "cut", 10), CUTTER)  # an answer, and then silence again
    found.clock(first + timedelta(hours=23))
    assert len(_asked(found)) == 1
    found.clock(first + timedelta(hours=48))
    asked = _asked(found)
    assert len(asked) == 2
    assert asked[1] - asked[0] >= timedelta(hours=23)


def test_a_report_in_time_asks_nobody() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Complete("A101", "cut"), CUTTER)
    node = found.order.nodes["cut"]
    assert not awaited(found.order, node)
    assert ("silent", "A101/cut") not in found.books.timers


def test_nodes_behind_a_held_one_are_not_asked_about() -> None:
    found = shop(due=date(2026, 12, 18))
    found.do(Delay("A101", "cut", "equipment", "刀断了"), CUTTER)
    asked = {scope for kind, scope in found.books.timers if kind == "silent"}
    assert asked == {"A101/art"}  # the one that does not wait for the cutting


def test_a_level_rises_at_once_and_falls_after_an_hour() -> None:
    found = shop(due=date(2026, 12, 2))
    found.do(Delay("A101", "cut", "material", "布没到", "2026-12-04"), CUTTER)
    assert found.order.level == "red"
    found.do(Resume("A101", "cut"), CUTTER)
    assert found.order.level == "red"
    found.clock(found.now + timedelta(minutes=59))
    assert found.order.level == "red"
    found.clock(found.now + timedelta(minutes=2))
    assert found.order.level == "none"


def test_an_order_nobody_reports_climbs_through_all_levels() -> None:
    found = shop(due=date(2026, 11, 30))
    seen = [found.order.level]
    for _ in range(60):
        found.clock(found.now + timedelta(hours=6))
        if found.order.level != seen[-1]:
            seen.append(found.order.level)
    assert seen == ["none", "yellow", "orange", "red"]


def test_orange_stays_until_it_is_answered() -> None:
    alert = Alert("A1/1", "A1", "cut", "", "", NOW, "system", kind="orange", level="orange")
    assert alert.acknowledged("boss", NOW).state is AlertState.ACKNOWLEDGED
    done = alert.answered("boss", "加一个班", NOW)
    assert (done.state, done.answer) == (AlertState.RESOLVED, "加一个班")
    assert (
        replace(alert, kind="problem").answered("boss", "x", NOW).state is not AlertState.RESOLVED
    )


def test_the_customer_s_choice_comes_back_as_an_event_and_moves_the_promise() -> None:
    found = shop(due=date(2026, 12, 2))
    found.do(
        ChangeDue("A101", date(2026, 12, 4), "material", offer=("together", "date:2026-12-07"))
    )
    events = found.do(Choose("A101", "date", due=date(2026, 12, 7)), CUSTOMER)
    assert [e.type for e in events] == ["CustomerChose", "DueChanged"]
    assert found.order.due == date(2026, 12, 7)
    with pytest.raises(Refused):
        found.do(Choose("A101", "together"), CUTTER)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense", '[[chain.problem]]\nto = "manager"', '[[chain.x]]\nafter = 1\nto = "nobody"',
        '[[chain.x]]\nafter = -1\nto = "manager"', '[quiet]\nhours = ["25:00-26:00"]',
        '[[chain.x]]\nafter = 1\nto = "manager"\nloud = "shout"',
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_said(text: str) -> None:
    with pytest.raises(RouteFault, match="malformed-escalation"):
        from_toml(text)
