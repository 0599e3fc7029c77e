"""What a week says of itself, as tables; and the one question to the customer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from domain import measures
from domain.commands import (
    Cancel,
    ChangeDue,
    ChangeLevel,
    Command,
    Complete,
    Confirm,
    Delay,
    Fail,
    GiveFeedback,
    PlaceOrder,
    Rework,
    Start,
    Undo,
)
from domain.decide import decide
from domain.errors import Refused
from domain.events import Event, FeedbackGiven
from domain.measures import Finished, Warned, finished, judged, spread
from domain.notice import Kind
from domain.order import empty, evolve
from domain.person import SYSTEM, Person
from domain.plan import place
from domain.review import Week, weigh
from domain.route import Route, from_dict
from domain.satisfaction import timely
from domain.standards import actual, base, rescaled, rounded, standards
from scheduler.jobs import before, due, weekly
from tests.domain.factory import (
    BOSS,
    CALENDAR,
    CUSTOMER,
    LEADERS,
    NOW,
    STRANGER,
    MemoryBooks,
    Shop,
    told,
)

PLAIN = from_dict(
    {
        "key": "plain",
        "name": "两步",
        "nodes": [
            {"key": "make", "name": "车缝", "team": "一组", "standard_hours": 8},
            {"key": "pack", "name": "包装", "standard_hours": 2, "minutes_per_piece": 0.6},
        ],
    }
)
DAY = date(2026, 11, 25)
"""A Wednesday: the promise of the orders below, which are placed on Monday."""


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 on the factory's clock."""
    return datetime(2026, 11, day, hour - 8, minute, tzinfo=UTC)


Step = tuple[datetime, Command]


def order(no: str, *steps: Step, due: date | None = DAY, route: Route = PLAIN) -> list[Event]:
    """An order's history: placed on Monday at nine, then what is done when."""
    wish = PlaceOrder(no, "卫衣", 100, "ivy", "plain", due)
    state, log = empty(no, route), list[Event]()
    placing = place(route, 100, NOW, due, CALENDAR)
    for at, command in ((NOW, wish), *steps):
        by: Person = BOSS
        if isinstance(command, ChangeLevel):
            by = SYSTEM
        elif isinstance(command, GiveFeedback):
            by = CUSTOMER
        for event in decide(
            state, command, told(by, at), history=lambda: tuple(log), placing=placing
        ):
            state = evolve(state, event, tuple(log))
            log.append(event)
    return log


def ended(no: str, day: int, *steps: Step) -> list[Event]:
    """An order that is finished at ten in the morning of a day."""
    before_it = [s for s in steps if s[0] <= local(day, 10)]
    after_it = [s for s in steps if s[0] > local(day, 10)]
    done: list[Step] = [
        (local(day, 9), Complete(no, "make")),
        (local(day, 10), Complete(no, "pack")),
    ]
    return order(no, *before_it, *done, *after_it)


def done(log: Sequence[Event]) -> Finished:
    """The order at the end of its history, which must have finished it."""
    state, past = empty(log[0].order_no, PLAIN), list[Event]()
    for event in log:
        state = evolve(state, event, tuple(past))
        past.append(event)
    found = finished(state, log)
    assert found is not None
    return found


def warned(no: str, day: int, level: str = "yellow") -> Step:
    return local(day, 15), ChangeLevel(no, level, 5.0)


def moved(no: str, day: int, to: int, reason: str = "") -> Step:
    return local(day, 16), ChangeDue(no, date(2026, 11, to), reason)


@pytest.mark.parametrize(
    ("day", "steps", "expected"),
    [
        (25, [], Warned()),  # on time, nobody warned
        (27, [], Warned(missed=1)),
        (27, [warned("A", 23)], Warned(right=1, leads=(2,))),
        (27, [warned("A", 26)], Warned(right=1, leads=(-1,))),  # warned when it was late already
        (25, [warned("A", 23)], Warned(wrong=1)),
        (25, [warned("A", 23), moved("A", 23, 28)], Warned()),  # the date moved: no proof
        (27, [warned("A", 23), moved("A", 24, 28)], Warned(right=1, leads=(2,))),
        (27, [moved("A", 23, 28), warned("A", 24)], Warned(wrong=1)),  # by the promise then
        (27, [moved("A", 24, 28, "customer")], Warned()),  # late by the first, not by the last
        (25, [(local(24, 9), ChangeLevel("A", "red", 30.0)), warned("A", 24, "none")],
         Warned(wrong=1)),
        (27, [(local(27, 15), ChangeLevel("A", "yellow", 1.0))], Warned(missed=1)),  # afterwards
    ],
)  # fmt: skip
def test_every_warning_is_judged(day: int, steps: list[Step], expected: Warned) -> None:
    assert judged([done(ended("A", day, *steps))], CALENDAR) == expected


def test_precision_and_recall() -> None:
    many = [done(ended(f"A{n}", 27, warned(f"A{n}", 23))) for n in range(3)]
    many += [done(ended("B", 25, warned("B", 23))), done(ended("C", 27))]
    found = judged(many, CALENDAR)
    assert (found.precision, found.recall) == (0.75, 0.75)
    assert (Warned().precision, Warned().recall) == (None, None)


@pytest.mark.parametrize(
    ("finish", "due", "expected"),
    [
        (local(25, 17), 25, False),
        (local(25, 23), 25, False),  # the evening of the day itself
        (local(26, 8), 25, True),
        (local(30, 9), 29, True),  # due on a Sunday that nobody works
        (local(29, 9), 29, False),
    ],
)
def test_late(finish: datetime, due: int, expected: bool) -> None:
    assert measures.late(finish, date(2026, 11, due), CALENDAR) is expected


def test_when_an_order_became_finished() -> None:
    log = ended("A", 25)
    found = done(log)
    assert (found.at, found.made) == (local(25, 10), local(25, 10))
    undone = order(
        "A",
        (local(25, 9), Complete("A", "make")),
        (local(25, 10), Complete("A", "pack")),
        (local(25, 11), Undo("A", (3,))),
        (local(26, 9), Complete("A", "pack")),
    )
    assert done(undone).at == local(26, 9)
    assert [e.seq for e in done(undone).history] == [1, 2, 4, 5]
    state = empty("A", PLAIN)
    for event in undone[:4]:
        state = evolve(state, event, tuple(undone[:3]))
    assert finished(state, undone[:4]) is None


def week(*logs: list[Event], **more: Any) -> dict[str, Any]:
    """The review of the days in which these histories lie."""
    events = [e for log in logs for e in log]
    states = {}
    for log in logs:
        state, past = empty(log[0].order_no, PLAIN), list[Event]()
        for event in log:
            state = evolve(state, event, tuple(past))
            past.append(event)
        states[state.order_no] = state
    ends = [f for log in logs if (f := finished(states[log[0].order_no], log)) is not None]
    found = Week(
        local(20, 17), local(27, 17), ends, measures.standing(events), states,
        tuple(states.values()), {"plain": PLAIN}, **more,
    )  # fmt: skip
    return weigh(found, CALENDAR)


def test_delayed_orders_by_cause_and_team() -> None:
    late = (local(24, 9), Delay("A", "make", "material"))
    facts = week(
        ended("A", 27, late, (local(24, 10), Delay("A", "make", "material"))),
        ended("B", 25, (local(24, 9), Rework("B", "pack")), (local(24, 9), Fail("B", "make"))),
        ended("C", 27),  # late, and nobody said why: its first node slipped
        ended("D", 25),
        ended("E", 27, moved("E", 23, 27, "customer")),  # not the factory's delay
        order("F", (local(24, 9), Delay("F", "make", "power")), (local(24, 9), Undo("F", (2,)))),
    )
    assert facts["delayed"] == 3
    assert sorted(facts["causes"]) == [["", 1], ["material", 1], ["quality", 1], ["rework", 1]]
    assert facts["teams"] == [["一组", "plain", "make", 3], ["包装", "plain", "pack", 1]]
    assert (facts["finished"], facts["on_time"]) == (5, 2)


def took(no: str, hours: float) -> list[Event]:
    """An order whose making took so long, with only its end reported."""
    return order(no, (CALENDAR.add(NOW, hours), Complete(no, "make")), due=date(2026, 12, 20))


@pytest.mark.parametrize(
    ("hours", "proposed"),
    [
        ([16, 15, 17, 16], None),  # too few
        ([16, 15, 17, 16, 30], 16.0),
        ([8, 9, 8, 7, 10], None),
        ([10, 10, 10, 10, 10], None),  # a quarter exactly is not more than a quarter
        ([10.2, 10.2, 10.2, 10.2, 10.2], 10.0),
        ([2, 3, 2, 3, 2.2], 2.25),
    ],
)
def test_standards_that_are_off(hours: list[float], proposed: float | None) -> None:
    facts = week(*(took(f"A{n}", h) for n, h in enumerate(hours)))
    found = [(s["node"], s["old"], s["new"], s["samples"]) for s in facts["standards"]]
    assert found == ([("make", 8.0, proposed, len(hours))] if proposed else [])


def test_a_start_that_was_reported_is_the_start() -> None:
    log = order(
        "A",
        (CALENDAR.add(NOW, 30), Start("A", "make")),
        (CALENDAR.add(NOW, 34), Complete("A", "make")),
        due=date(2026, 12, 20),
    )
    state = empty("A", PLAIN)
    for event in log:
        state = evolve(state, event)
    assert actual(state, "make", NOW, CALENDAR) == pytest.approx(4)
    later = CALENDAR.add(NOW, 35)
    assert actual(state, "make", later, CALENDAR) == 0  # too long ago
    assert actual(state, "pack", NOW, CALENDAR) == 0


def test_a_new_standard_takes_the_minutes_along_and_settles_the_matter() -> None:
    changed = rescaled(PLAIN, "pack", 3.0)
    assert changed.node("pack").standard_hours == 3.0
    assert changed.node("pack").minutes_per_piece == 0.9
    assert changed.node("make") == PLAIN.node("make")
    free = from_dict({"key": "k", "name": "k", "nodes": [
        {"key": "n", "name": "n", "standard_hours": 0, "minutes_per_piece": 30}]})  # fmt: skip
    assert base(free.node("n")) == 0.5
    assert rescaled(free, "n", 1.0).node("n").minutes_per_piece == 60
    logs = [took(f"A{n}", 16) for n in range(5)]
    states = []
    for log in logs:
        state = empty(log[0].order_no, PLAIN)
        for event in log:
            state = evolve(state, event)
        states.append(state)
    now = CALENDAR.add(NOW, 40)
    (proposal,) = standards(states, {"plain": PLAIN}, now, CALENDAR)
    better = rescaled(PLAIN, "make", proposal.new)
    assert standards(states, {"plain": better}, now, CALENDAR) == []


@pytest.mark.parametrize(
    ("hours", "expected"), [(11.2, 11.0), (11.3, 11.5), (3.3, 3.25), (0.456, 0.46), (1.05, 1.0)]
)
def test_rounded(hours: float, expected: float) -> None:
    assert rounded(hours) == expected


def test_reports_come_late_by_team() -> None:
    plan = order("A")[0].fact.plan["make"][1]  # type: ignore[union-attr]
    finish = datetime.fromisoformat(plan)
    log = order("A", (CALENDAR.add(finish, 3), Complete("A", "make")))
    waited = replace(log[-1], occurred_at=log[-1].recorded_at - timedelta(minutes=12))
    facts = week([*log[:-1], waited])
    assert facts["latency"] == [
        {"team": "一组", "route": "plain", "node": "make", "reports": 1,
         "recorded": [12.0, 12.0], "planned": [3.0, 3.0]}
    ]  # fmt: skip
    assert spread(list(range(1, 101))) == (50.5, 95)
    assert spread([7]) == (7, 7)


def test_satisfaction_counts_the_last_score_of_each() -> None:
    def rated(no: str, *given: tuple[int, str]) -> list[Event]:
        steps = [(local(26, 9, n), GiveFeedback(no, s, t)) for n, (s, t) in enumerate(given)]
        return ended(no, 25, *steps)

    facts = week(
        rated("A", (5, "")),
        rated("B", (5, ""), (1, "线头多"), (0, "袖口也歪")),
        rated("C", (3, "")),
    )
    assert facts["feedback"] == {
        "count": 3, "average": 3.0, "unhappy": 2, "words": [["B", "线头多 袖口也歪"]],
    }  # fmt: skip
    late_words = [e for e in rated("D", (1, ""), (0, "退货")) if isinstance(e.fact, FeedbackGiven)]
    state = replace(empty("D", PLAIN), score=1)
    only = Week(local(20, 17), local(27, 17), (), late_words[1:], {"D": state})
    assert weigh(only, CALENDAR)["feedback"]["words"] == [["D", "退货"]]


def test_an_empty_week() -> None:
    assert week(written=(4, 2))["empty"] is True
    assert week(answered=1)["empty"] is False
    facts = week(written=(6, 0, 3))
    assert (facts["written_max"], facts["written_mean"]) == (6, 3.0)


class Days:
    """Holidays by hand."""

    def __init__(self, off: set[date], worked: set[date]) -> None:
        self.off, self.worked = off, worked

    def is_off(self, day: date) -> bool | None:
        return True if day in self.off else False if day in self.worked else None

    def known(self, year: int) -> bool:
        return True


FRI = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("off", "worked", "day"),
    [
        (set(), set(), FRI),
        ({FRI}, set(), date(2026, 11, 26)),
        ({FRI, date(2026, 11, 26)}, set(), date(2026, 11, 25)),
        ({date(2026, 11, n) for n in range(23, 28)}, set(), date(2026, 11, 28)),  # Saturday
        ({date(2026, 11, n) for n in range(23, 28)}, {date(2026, 11, 29)}, date(2026, 11, 29)),
        ({date(2026, 11, n) for n in range(23, 29)}, set(), date(2026, 12, 4)),  # a week off
    ],
)
def test_the_day_of_the_review(off: set[date], worked: set[date], day: date) -> None:
    calendar = replace(CALENDAR, holidays=Days(off, worked), _spans={})
    from_at = datetime(2026, 11, 23, tzinfo=UTC)
    job = weekly("review", 4, time(17, 0), calendar)
    fire = job.after(from_at)
    assert (calendar.day(fire), f"{calendar.local(fire):%H:%M}") == (day, "17:00")
    assert job.after(fire) > fire


def test_the_span_of_a_review_begins_with_the_one_before() -> None:
    calendar = replace(CALENDAR, holidays=Days({FRI}, set()), _spans={})
    job = weekly("review", 4, time(17, 0), calendar)
    assert before(job, local(26, 17), timedelta(days=29)) == local(20, 17)
    next_one = job.after(local(26, 17))
    assert next_one == datetime(2026, 12, 4, 9, tzinfo=UTC)
    assert before(job, next_one, timedelta(days=29)) == local(26, 17)


def test_missed_weeks_are_caught_up_once() -> None:
    class Ran:
        def ran(self, kind: str, scope: str, fire_at: datetime, now: datetime) -> bool:
            return True

        def last_run(self, kind: str, scope: str) -> datetime | None:
            return local(6, 17)

    job = weekly("review", 4, time(17, 0), CALENDAR)
    assert due(job, Ran(), local(27, 18), NOW) == [local(13, 17), local(20, 17), local(27, 17)]


NO = "A101"


def sold(customer: str = "ivy") -> Shop:
    """A shop with a plain order whose making is done."""
    found = Shop(MemoryBooks(PLAIN))
    found.do(PlaceOrder(NO, "卫衣", 100, customer, "plain"))
    found.do(Complete(NO, "make"))
    return found


def asked(found: Shop) -> list[Any]:
    states = ("waiting", "sent")
    return [n for n, s in found.books.outbox.values() if s in states and n.what == "feedback"]


def test_the_customer_is_asked_a_working_day_after_the_end() -> None:
    found = sold()
    found.now = local(23, 16)
    found.do(Complete(NO, "pack"))
    assert found.books.timers["feedback", NO] == local(24, 16)
    found.clock(local(24, 15, 59))
    assert asked(found) == []
    sent = [n for n in found.clock(local(25, 9)) if n.what == "feedback"]
    (notice,) = sent
    assert (notice.kind, notice.to.chat, notice.language) == (Kind.ASK, "u-ivy", "en")
    assert notice.not_before == local(24, 16)
    found.clock(local(30, 9))
    assert len(asked(found)) == 1


def test_on_a_saturday_evening_it_waits_for_monday() -> None:
    found = sold()
    found.now = local(28, 19)  # after work on Saturday, the week's last day
    found.do(Complete(NO, "pack"))
    assert found.books.timers["feedback", NO] == local(30, 19)


def test_at_night_it_waits_for_the_customers_morning() -> None:
    found = sold()
    found.now = local(24, 23)
    found.do(Complete(NO, "pack"))
    assert found.books.timers["feedback", NO] == local(26, 8, 30)


def test_the_end_taken_back_takes_the_question_away() -> None:
    found = sold()
    found.undo(*found.do(Complete(NO, "pack")))
    assert ("feedback", NO) not in found.books.timers
    found.later(hours=1)
    found.do(Complete(NO, "pack"))
    found.clock(local(26, 9))
    assert len(asked(found)) == 1
    found.undo(found.books.history(NO)[-1])
    found.do(Complete(NO, "pack"))
    found.clock(local(30, 9))
    assert len(asked(found)) == 1  # once for good


def test_the_cancelled_and_the_unreachable_are_not_asked() -> None:
    found = sold()
    found.do(Complete(NO, "pack"))
    found.do(Cancel(NO))
    found.clock(local(26, 9))
    assert asked(found) == []
    for customer in ("", "nobody"):
        found = sold(customer)
        found.do(Complete(NO, "pack"))
        found.clock(local(26, 9))
        assert asked(found) == []


def test_a_bad_answer_is_told_to_those_who_lead_at_once() -> None:
    found = sold()
    found.do(Complete(NO, "pack"))
    found.now = local(25, 10)
    with pytest.raises(Refused):
        found.do(GiveFeedback(NO, 1), by=STRANGER)
    found.do(GiveFeedback(NO, 5), by=CUSTOMER)
    assert found.books.waiting("unhappy") == []
    found.do(GiveFeedback(NO, 1), by=CUSTOMER)
    found.do(GiveFeedback(NO, 0, "线头多"), by=CUSTOMER)
    heard = found.books.waiting("unhappy")
    assert [(n.kind, n.to, n.not_before, n.facts["text"]) for n in heard] == [
        (Kind.NOTICE, LEADERS.address, local(25, 10), ""),
        (Kind.NOTICE, LEADERS.address, local(25, 10), "线头多"),
    ]
    assert found.order.score == 1


def test_in_quiet_hours_they_hear_it_in_the_morning() -> None:
    found = sold()
    found.do(Complete(NO, "pack"))
    found.now = local(25, 20)
    found.do(GiveFeedback(NO, 1), by=CUSTOMER)
    (notice,) = found.books.waiting("unhappy")
    assert notice.not_before == local(26, 8)


@pytest.mark.parametrize(
    ("hours", "score", "code"),
    [
        (0, 5, "feedback-known"),
        (1, 3, ""),
        (24, 1, ""),
        (24.1, 1, "feedback-over"),
        (24.1, 0, ""),  # words are no change of mind
    ],
)
def test_a_change_of_mind_has_a_day(hours: float, score: int, code: str) -> None:
    log = ended("A", 25, (local(26, 9), GiveFeedback("A", 5)))
    at = local(26, 9) + timedelta(hours=hours)
    if not code:
        timely(log, score, at)
        return
    with pytest.raises(Refused, match=code):
        timely(log, score, at)


def test_a_confirmed_end_counts_from_the_confirmation() -> None:
    slow = from_dict({"key": "plain", "name": "x", "nodes": [
        {"key": "make", "name": "做"},
        {"key": "pack", "name": "装", "confirmed_by": "operator"}]})  # fmt: skip
    found = Shop(MemoryBooks(slow))
    found.do(PlaceOrder(NO, "卫衣", 100, "ivy", "plain"))
    found.do(Complete(NO, "make"))
    found.do(Complete(NO, "pack"))
    assert ("feedback", NO) not in found.books.timers
    found.now = local(24, 9)
    found.do(Confirm(NO, "pack"), by=replace(BOSS, id="other"))
    assert found.books.timers["feedback", NO] == local(25, 9)
    assert finished(found.order, found.books.history(NO)).at == local(24, 9)  # type: ignore[union-attr]
