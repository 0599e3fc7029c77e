"""The cockpit's numbers on small factories that can be counted by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.alert import Alert, AlertState
from domain.commands import (
    AskConfirmation,
    Cancel,
    ChangeDue,
    ChangeLevel,
    Command,
    Complete,
    Confirm,
    Delay,
    Fail,
    PlaceOrder,
    Resume,
    Start,
    Told,
    Undo,
)
from domain.decide import decide
from domain.events import Event
from domain.insight import Cockpit, Scene, begin, weigh
from domain.insight_flow import Question, awaits_customer, in_trouble
from domain.insight_life import Life, first_promise, holds, life, lost, overrun, waited
from domain.insight_scope import Scope
from domain.insight_work import quantile
from domain.order import empty, evolve
from domain.person import SYSTEM, Person, Role
from domain.plan import place
from domain.route import Route, from_dict
from tests.domain.factory import BOSS, CALENDAR, CUSTOMER, NOW

PLAIN = from_dict(
    {
        "key": "plain",
        "name": "三步",
        "nodes": [
            {"key": "make", "name": "车缝", "team": "一组", "standard_hours": 8},
            {"key": "dye", "name": "染色", "team": "二组", "standard_hours": 4},
            {"key": "pack", "name": "包装", "standard_hours": 2},
        ],
    }
)
DAY = date(2026, 11, 25)
"""A Wednesday: the promise of the orders below, which are placed on Monday at nine."""
FRIDAY = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
"""17:00 of that week."""
Step = tuple[datetime, Command]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 on the factory's clock."""
    return datetime(2026, 11, day, hour - 8, minute, tzinfo=UTC)


def told(
    no: str, *steps: Step, due: date | None = DAY, route: Route = PLAIN, product: str = "卫衣",
    late: float = 0,
) -> Life:  # fmt: skip
    """An order's life: what was done when, written down `late` minutes after."""
    wish = PlaceOrder(no, product, 100, "ivy", route.key, due)
    state, log = empty(no, route), list[Event]()
    placing = place(route, 100, NOW, due, CALENDAR)
    for moment, command in ((NOW, wish), *steps):
        who: Person = SYSTEM if isinstance(command, ChangeLevel) else BOSS
        if isinstance(command, Confirm):
            who = CUSTOMER
        now = moment + timedelta(minutes=late)
        for event in decide(
            state, command, Told(who, now, None, moment), history=lambda: tuple(log),
            placing=placing,
        ):  # fmt: skip
            state = evolve(state, event, tuple(log))
            log.append(event)
    return life(state, log, CALENDAR)


def whole(no: str, day: int, *steps: Step, product: str = "卫衣", late: float = 0) -> Life:
    """An order finished at five in the afternoon of a day, each node begun and done in turn."""
    rest: list[Step] = [
        (at(23, 9), Start(no, "make")),
        (at(24, 9), Complete(no, "make")),
        (at(24, 9), Start(no, "dye")),
        (at(24, 15), Complete(no, "dye")),
        (at(day, 16), Start(no, "pack")),
        (at(day, 17), Complete(no, "pack")),
    ]
    every = sorted([*rest, *steps], key=lambda s: s[0])
    return told(no, *every, product=product, late=late)


WEEK = Scope(7)


def cockpit(*lives: Life, scope: Scope = WEEK, now: datetime = FRIDAY, **more: Any) -> Cockpit:
    """What the cockpit says of these orders."""
    return weigh(replace(Scene(now, lives), **more), scope, CALENDAR)


def test_holds_last_until_the_node_goes_on() -> None:
    one = told(
        "A", (at(23, 10), Delay("A", "make", "material")), (at(23, 15), Resume("A", "make")),
        (at(23, 16), Complete("A", "make")), (at(24, 9), Fail("A", "dye", "quality")),
    )  # fmt: skip
    first, second = one.holds
    assert (first.node, first.reason, first.begin, first.end) == (
        "make", "material", at(23, 10), at(23, 15),
    )  # fmt: skip
    assert (second.node, second.reason, second.end) == ("dye", "quality", None)
    assert lost([first], NOW, FRIDAY, CALENDAR) == 3.5  # lunch is none of it


def test_a_delay_told_twice_is_one_hold_and_another_reason_another() -> None:
    one = told(
        "A", (at(23, 10), Delay("A", "make", "material")),
        (at(23, 11), Delay("A", "make", "material")), (at(23, 14), Delay("A", "make", "power")),
    )  # fmt: skip
    assert [(h.reason, h.begin, h.end) for h in one.holds] == [
        ("material", at(23, 10), at(23, 14)), ("power", at(23, 14), None),
    ]  # fmt: skip


def test_what_was_undone_held_nothing() -> None:
    one = told("A", (at(23, 10), Delay("A", "make", "material")), (at(23, 11), Undo("A", (2,))))
    assert one.holds == ()
    assert one.waits == ()


def test_hours_that_holds_share_count_once() -> None:
    one = told(
        "A", (at(23, 9), Delay("A", "make", "power")), (at(23, 10), Delay("A", "dye", "power")),
        (at(23, 11), Resume("A", "make")), (at(23, 12), Resume("A", "dye")),
    )  # fmt: skip
    assert lost(one.holds, NOW, FRIDAY, CALENDAR) == pytest.approx(3)
    assert lost(one.holds, at(23, 11), FRIDAY, CALENDAR) == pytest.approx(1)
    assert lost(one.holds, NOW, at(23, 10), CALENDAR) == pytest.approx(1)


WAITS = (
    (at(24, 15), AskConfirmation("A", "pack", "customer", "稿")),
    (at(26, 15), Confirm("A", "pack")),
)
"""Two working days of eight hours in which the customer has the artwork."""


def test_waiting_for_the_customer_is_not_the_factorys_lateness() -> None:
    late = whole("A", 26)
    assert overrun(late, DAY, late.done.made, CALENDAR) == 7  # type: ignore[union-attr]
    patient = whole("A", 26, *WAITS)
    assert waited(patient, FRIDAY, CALENDAR) == 16
    assert overrun(patient, DAY, patient.done.made, CALENDAR) == 0  # type: ignore[union-attr]
    found = cockpit(patient, whole("B", 26))
    assert (found.promises.all, found.promises.first, found.promises.valid) == (2, 1, 1)
    assert found.customer is not None
    assert (found.customer.orders, found.customer.hours) == (1, 16)
    assert "customer" not in {c.reason for c in found.causes}


def test_a_date_that_the_customer_chose_takes_the_first_ones_place() -> None:
    ours = told("A", (at(24, 9), ChangeDue("A", date(2026, 11, 28), "material")))
    theirs = told("A", (at(24, 9), ChangeDue("A", date(2026, 11, 28), "customer")))
    assert first_promise(ours.order) == DAY
    assert first_promise(theirs.order) == date(2026, 11, 28)


def test_on_time_by_the_first_promise_and_by_the_one_valid_in_the_end() -> None:
    moved = whole("A", 26, (at(24, 16), ChangeDue("A", date(2026, 11, 26), "material")))
    found = cockpit(moved, whole("B", 25), whole("C", 26))
    assert (found.promises.all, found.promises.first, found.promises.valid) == (3, 1, 2)


def test_figures_count_the_factorys_trouble_alone() -> None:
    fine = told("A", (at(23, 9), Start("A", "make")), due=date(2026, 12, 5))
    held = told("B", (at(23, 9), Delay("B", "make", "power")), due=date(2026, 12, 5))
    waiting = told("C", (at(23, 9), AskConfirmation("C", "make", "customer")), due=DAY)
    missed = told("D", due=date(2026, 11, 23))
    over = whole("E", 25)
    now = at(24, 10)
    found = cockpit(fine, held, waiting, missed, over, now=now).figures
    assert (found.open, found.late, found.today, found.waiting) == (4, 2, 0, 1)
    assert awaits_customer(waiting.order)
    assert not in_trouble(waiting, now, CALENDAR)
    assert cockpit(missed, now=at(23, 10)).figures.today == 1


def test_orders_stand_at_their_nodes() -> None:
    lives = (
        told("A"),
        told("B", (at(23, 9), Start("B", "make"))),
        told("C", (at(23, 9), Complete("C", "make")), (at(24, 9), Delay("C", "dye", "power"))),
        told("D", (at(23, 9), Complete("D", "make")), (at(24, 9), Complete("D", "dye"))),
        told("E", (at(23, 9), Cancel("E"))),
    )
    found = cockpit(*lives, now=at(24, 10)).stands
    assert [s.node for s in found] == ["make", "dye", "pack"]
    make, dye, pack = found
    assert (make.waiting, make.working, make.all, make.done) == (1, 1, 2, 0)
    assert (dye.waiting, dye.delayed, dye.done) == (0, 1, 1)
    assert (pack.waiting, pack.all) == (1, 1)


def test_the_trend_sets_what_was_finished_against_what_was_promised() -> None:
    lives = (whole("A", 25), whole("B", 26), told("C"), told("D", (at(23, 9), Cancel("D"))))
    found = cockpit(*lives).trend
    rows = {b.day.day: b for b in found.buckets}
    assert [b.day for b in found.buckets] == [date(2026, 11, 21 + n) for n in range(7)]
    assert (rows[25].kept, rows[25].late, rows[25].promised) == (1, 0, 3)
    assert (rows[26].kept, rows[26].late, rows[26].promised) == (0, 1, 0)
    assert rows[24].nodes == 4
    assert sum(b.planned for b in found.buckets) == 9


def test_a_long_time_is_told_by_week() -> None:
    found = cockpit(whole("A", 25), scope=Scope(90)).trend
    assert found.weekly
    assert len(found.buckets) == 13
    assert found.buckets[-1].day == date(2026, 11, 21)
    assert found.buckets[-1].kept == 1


def test_node_times_leave_the_customers_time_out() -> None:
    asked = (at(23, 10), AskConfirmation("A", "make", "customer", "稿"))
    lives = [whole("A", 25, asked, (at(23, 16), Confirm("A", "make")))]
    lives += [whole("B", 25), whole("C", 25)]
    make, dye, pack = cockpit(*lives).took
    assert (make.node, make.n, make.standard) == ("make", 3, 8)
    assert (make.low, make.median, make.high) == (3.5, 8, 8)  # lunch is none of the waiting
    assert (dye.n, dye.median) == (3, 4.5)
    assert (pack.n, pack.mean, pack.low, pack.high) == (3, 1, 1, 1)
    assert cockpit(*lives, scope=Scope(7, team="二组")).took[0].name == "染色"


def test_quantiles_are_values_that_occurred() -> None:
    ranked = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    assert (quantile(ranked, 0.1), quantile(ranked, 0.5), quantile(ranked, 0.9)) == (1, 5, 9)
    assert quantile([7.0], 0.1) == quantile([7.0], 0.9) == 7


def test_causes_by_what_they_cost() -> None:
    lives = (
        told("A", (at(23, 9), Delay("A", "make", "power")), (at(23, 12), Resume("A", "make"))),
        told("B", (at(23, 9), Delay("B", "make", "material")), (at(24, 9), Resume("B", "make"))),
        told("C", (at(23, 9), Delay("C", "dye", "material")), (at(23, 11), Resume("C", "dye"))),
    )
    rows = cockpit(*lives).causes
    assert [(c.reason, c.orders, c.hours) for c in rows] == [("material", 2, 10), ("power", 1, 3)]
    assert rows[0].share == pytest.approx(10 / 13 * 100)
    assert rows[-1].share == pytest.approx(100)
    team = cockpit(*lives, scope=Scope(7, team="二组")).causes
    assert [(c.reason, c.orders, c.hours) for c in team] == [("material", 1, 2)]


def test_a_late_order_without_a_reason_counts_under_none() -> None:
    (row,) = cockpit(whole("A", 26)).causes
    assert (row.reason, row.orders, row.hours, row.share) == ("", 1, 7, 100)


def test_what_was_held_before_the_time_counts_as_far_as_it_reaches_in() -> None:
    one = told("A", (at(23, 9), Delay("A", "make", "power")))
    now = at(30, 12)
    (row,) = cockpit(one, now=now, scope=Scope(7)).causes
    assert row.hours == pytest.approx(CALENDAR.between(begin(now, 7, CALENDAR), now))


def test_load_is_what_lies_ahead_against_the_teams_hours() -> None:
    people = (
        Person("p1", "甲", Role.OPERATOR, nodes=("make",)),
        Person("p2", "乙", Role.OPERATOR, nodes=("make",)),
        Person("p3", "丙", Role.MANAGER, nodes=("make",)),
    )
    far = date(2026, 12, 31)
    lives = [told(f"A{n}", due=far) for n in range(12)]
    rows = {x.team: x for x in cockpit(*lives, now=at(23, 9), people=people).load}
    assert (rows["一组"].lines, rows["一组"].five, rows["一组"].room_five) == (2, 96, 80)
    assert (rows["二组"].lines, rows["二组"].five, rows["二组"].room_ten) == (1, 48, 80)
    assert rows["包装"].five == 24
    assert list(rows) == ["一组", "二组", "包装"]
    done = cockpit(whole("A", 25)).load
    assert done == ()


def raised(
    no: str, kind: str, hour: int, level: str = "", state: AlertState = AlertState.OPEN
) -> Alert:
    return Alert(
        f"{no}/{kind}",
        no,
        "make",
        "power",
        "停电",
        at(23, hour),
        "p1",
        state,
        kind=kind,
        level=level,
    )


def test_decisions_come_gravest_first_then_oldest() -> None:
    alerts = (
        raised("A", "yellow", 9, "yellow"), raised("A", "draft", 10), raised("A", "problem", 11),
        raised("B", "red", 12, "red"), raised("B", "orange", 9, "orange", AlertState.ACKNOWLEDGED),
    )  # fmt: skip
    asks = (
        Question("q1", "p1", at(23, 9), "A", "make"), Question("q2", "p1", at(23, 10)),
        Question("q3", "p1", at(23, 10), "Z"),
    )  # fmt: skip
    waits = told("B", (at(23, 9), AskConfirmation("B", "dye", "customer")))
    found = cockpit(told("A"), waits, alerts=alerts, questions=asks)
    assert [(d.kind, d.order_no) for d in found.decisions] == [
        ("red", "B"), ("problem", "A"), ("draft", "A"), ("yellow", "A"), ("confirm", "B"),
        ("question", "A"), ("question", ""),
    ]  # fmt: skip
    assert [a.id for a in found.alerts] == ["A/yellow", "B/orange", "A/draft", "A/problem", "B/red"]
    narrow = cockpit(told("A"), waits, alerts=alerts, questions=asks, scope=Scope(7, team="二组"))
    assert [(d.kind, d.order_no) for d in narrow.decisions] == [("confirm", "B"), ("question", "A")]


def test_warnings_of_the_orders_finished_in_the_time() -> None:
    right = whole("A", 26, (at(24, 10), ChangeLevel("A", "orange", 12.0)))
    wrong = whole("B", 25, (at(24, 10), ChangeLevel("B", "yellow", 2.0)))
    missed = whole("C", 26)
    found = cockpit(right, wrong, missed, told("D"))
    assert (found.warned.right, found.warned.wrong, found.warned.missed) == (1, 1, 1)
    assert (found.judged, found.warned.leads) == (3, (1,))


def test_reports_are_as_late_as_they_were_written_down() -> None:
    found = cockpit(whole("A", 25, late=30)).latency
    assert {(x.team, x.recorded) for x in found} == {
        ("一组", (30, 30)), ("二组", (30, 30)), ("包装", (30, 30)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "numbers"),
    [
        (Scope(7), ["A", "B"]),
        (Scope(7, product="卫"), ["A"]),
        (Scope(7, product="b"), ["B"]),
        (Scope(7, customer="ivy"), ["A", "B"]),
        (Scope(7, customer="mallory"), []),
        (Scope(7, route="other"), []),
        (Scope(7, team="二组"), ["A", "B"]),
        (Scope(7, team="没有"), []),
    ],
)
def test_filters(scope: Scope, numbers: Sequence[str]) -> None:
    lives = (whole("A", 25), whole("B", 25, product="帽子"))
    found = cockpit(*lives, scope=scope)
    assert found.promises.all == len(numbers)
    assert [x.order.order_no for x in lives if scope.takes(x.order)] == numbers
    assert found.choices.routes == (("plain", "三步"),)


def test_nothing_at_all_is_no_hundred_per_cent() -> None:
    found = cockpit()
    assert (found.promises.all, found.judged, found.figures.open) == (0, 0, 0)
    assert found.warned.precision is None
    assert found.warned.recall is None
    assert found.causes == ()
    assert found.customer is None
    assert holds(empty("A", PLAIN), ()) == ()
