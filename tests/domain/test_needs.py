"""What suppliers owe: what is allowed, what is folded, what it does to the order and who hears."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from domain.commands import Cancel, ChangeDue, Complete, Delay, PlaceOrder, Start
from domain.desk import Desk
from domain.errors import DomainError, NotFound, Refused
from domain.events import NodeDelayed, NodeResumed
from domain.need_commands import (
    CancelNeed,
    CheckNeed,
    ConfirmNeed,
    DeliverNeed,
    MoveNeed,
    PlaceNeed,
    PromiseNeed,
)
from domain.need_facts import NeedConfirmed, NeedMoved, NeedPlaced
from domain.needs import NeedState, amount_of, need_doc, need_from
from domain.node import Status
from domain.notice import Notice
from domain.order import empty, fold
from domain.person import Address, Person, Role
from domain.route import from_dict, to_dict
from tests.domain.factory import (
    ADMIN,
    BOSS,
    CALENDAR,
    CUSTOMER,
    CUTTER,
    DYER,
    LEADERS,
    PEOPLE,
    ROUTE,
    SEWER,
    MemoryBooks,
    Shop,
)

LIN = Person("lin", "林记辅料", Role.SUPPLIER, addresses=(Address("test", "u-lin"),))
FAR = Person("far", "远方面料", Role.SUPPLIER)
DUE = date(2026, 12, 5)
"""Cutting is planned for the first days, sewing after it; NOW is Monday 11/23."""


class Books(MemoryBooks):
    """With suppliers."""

    def person(self, person_id: str) -> Person | None:
        return next((p for p in self.people() if p.id == person_id), None)

    def people(self) -> tuple[Person, ...]:
        return (*PEOPLE, LIN, FAR)


def workshop(route: Any = ROUTE, **more: Any) -> Shop:
    found = Shop(Books(route), Desk(CALENDAR, **more))
    found.do(PlaceOrder("A101", "卫衣", 100, "ivy", route.key, DUE))
    return found


def rib(day: date = date(2026, 11, 25), node: str = "sew", who: str = "lin") -> PlaceNeed:
    return PlaceNeed("A101", node, "罗纹", "20", "kg", who, day)


def asked(**more: Any) -> Shop:
    found = workshop()
    found.do(rib(**more))
    return found


def need(shop: Shop, name: str = "N1") -> Any:
    return shop.order.needs[name]


def told(shop: Shop, what: str) -> list[Notice]:
    return [n for n, _ in shop.books.outbox.values() if n.what == what]


def test_the_whole_way_of_a_need() -> None:
    shop = asked()
    assert need(shop).state is NeedState.ASKED
    assert amount_of(need(shop)) == "20 kg"
    shop.do(ConfirmNeed("A101", "N1"), LIN)
    assert (need(shop).state, need(shop).promised) == (NeedState.CONFIRMED, date(2026, 11, 25))
    shop.do(DeliverNeed("A101", "N1", "12.5", ("a" * 64,)), LIN)
    assert (need(shop).state, str(need(shop).left)) == (NeedState.CONFIRMED, "7.5")
    shop.do(DeliverNeed("A101", "N1"), LIN)
    assert (need(shop).state, need(shop).photos) == (NeedState.DELIVERED, ("a" * 64,))
    shop.do(CheckNeed("A101", "N1", "0.5", "色差"), SEWER)
    assert need(shop).state is NeedState.CHECKED
    assert (need(shop).good, need(shop).returned) == ("19.5", "0.5")


def test_replaying_the_log_gives_the_needs_and_so_does_the_stored_form() -> None:
    shop = asked()
    shop.do(PromiseNeed("A101", "N1", date(2026, 12, 2), "logistics", "堵车"), LIN)
    shop.do(PromiseNeed("A101", "N1", date(2026, 11, 24)), LIN)
    shop.do(DeliverNeed("A101", "N1", "20"), LIN)
    assert fold(empty("A101", ROUTE), shop.books.history("A101")) == shop.order
    assert need_from(need_doc(need(shop))) == need(shop)


OTHER = replace(LIN, id="other")
DEEDS = [
    (ConfirmNeed("A101", "N1"), {LIN, BOSS, ADMIN}),
    (PromiseNeed("A101", "N1", date(2026, 11, 27)), {LIN, BOSS, ADMIN}),
    (DeliverNeed("A101", "N1", "3"), {LIN, BOSS, ADMIN}),
    (MoveNeed("A101", "N1", date(2026, 11, 26)), {BOSS, ADMIN}),
    (CancelNeed("A101", "N1"), {BOSS, ADMIN}),
    (rib(date(2026, 11, 26)), {BOSS, ADMIN}),
]


@pytest.mark.parametrize(("command", "allowed"), DEEDS, ids=lambda x: type(x).__name__)
def test_a_supplier_touches_its_own_needs_only(command: Any, allowed: set[Person]) -> None:
    for who in (LIN, FAR, OTHER, DYER, BOSS, ADMIN, CUTTER, SEWER, CUSTOMER):
        shop = asked()
        before = shop.books.copy()
        if who in allowed:
            assert shop.do(command, who)
        else:
            with pytest.raises(DomainError):
                shop.do(command, who)
            assert shop.books.copy() == before


def test_anothers_need_is_not_there_for_a_supplier() -> None:
    shop = asked()
    for command in (ConfirmNeed("A101", "N1"), ConfirmNeed("A101", "N9")):
        with pytest.raises(NotFound) as error:
            shop.do(command, FAR)
        assert error.value.code == "no-such-need"


@pytest.mark.parametrize(
    ("who", "well"), [(SEWER, True), (BOSS, True), (CUTTER, False), (LIN, False), (CUSTOMER, False)]
)
def test_whoever_works_at_the_node_checks(who: Person, *, well: bool) -> None:
    shop = asked()
    shop.do(DeliverNeed("A101", "N1"), LIN)
    if well:
        shop.do(CheckNeed("A101", "N1"), who)
        assert need(shop).good == "20"
    else:
        with pytest.raises(DomainError):
            shop.do(CheckNeed("A101", "N1"), who)


def test_a_supplier_that_works_at_the_node_does_not_check_its_own() -> None:
    shop = workshop()
    shop.do(rib(node="dye", who="dyer"))
    shop.do(DeliverNeed("A101", "N1"), DYER)
    with pytest.raises(Refused):
        shop.do(CheckNeed("A101", "N1"), DYER)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (rib(), "need-there"),
        (rib(date(2026, 11, 22)), "need-past-day"),
        (rib(date(2029, 1, 1)), "need-far-day"),
        (rib(who="ivy"), "no-such-supplier"),
        (rib(who="nobody"), "no-such-supplier"),
        (PlaceNeed("A101", "sew", " ", "1", "", "lin", DUE), "no-item"),
        (PlaceNeed("A101", "sew", "线", "0", "", "lin", DUE), "no-amount"),
        (PlaceNeed("A101", "sew", "线", "NaN", "", "lin", DUE), "no-amount"),
        (PlaceNeed("A101", "sew", "线", "1e9", "", "lin", DUE), "no-amount"),
        (PlaceNeed("A101", "sew", "线", "-1", "", "lin", DUE), "no-amount"),
        (PlaceNeed("A101", "sew", "线", "0.0001", "", "lin", DUE), "no-amount"),
        (PlaceNeed("A101", "laser", "线", "1", "", "lin", DUE), "no-such-node"),
        (PromiseNeed("A101", "N1", date(2026, 11, 20)), "need-past-day"),
        (DeliverNeed("A101", "N1", "0"), "no-amount"),
        (DeliverNeed("A101", "N1", "201"), "need-too-much"),
        (DeliverNeed("A101", "N1", "二十"), "no-amount"),
        (CheckNeed("A101", "N1"), "need-not-there"),
        (ConfirmNeed("A102", "N1"), "no-such-order"),
    ],
)
def test_what_is_refused(command: Any, code: str) -> None:
    shop = asked()
    with pytest.raises(DomainError) as error:
        shop.do(command)
    assert error.value.code == code


def test_what_is_over_stays_over() -> None:
    shop = asked()
    shop.do(CancelNeed("A101", "N1"))
    for command in (ConfirmNeed("A101", "N1"), DeliverNeed("A101", "N1"), CancelNeed("A101", "N1")):
        with pytest.raises(Refused) as error:
            shop.do(command)
        assert error.value.code == "need-over"


def test_confirming_twice_and_after_the_day() -> None:
    shop = asked()
    shop.do(ConfirmNeed("A101", "N1"), LIN)
    with pytest.raises(Refused) as error:
        shop.do(ConfirmNeed("A101", "N1"), LIN)
    assert error.value.code == "need-confirmed"
    late = asked()
    late.now += timedelta(days=4)
    with pytest.raises(Refused) as error:
        late.do(ConfirmNeed("A101", "N1"), LIN)
    assert error.value.code == "need-day-over"


def test_the_day_that_was_asked_for_is_a_confirmation() -> None:
    shop = asked()
    (event,) = shop.do(PromiseNeed("A101", "N1", date(2026, 11, 25)), LIN)
    assert isinstance(event.fact, NeedConfirmed)
    with pytest.raises(Refused) as error:
        shop.do(PromiseNeed("A101", "N1", date(2026, 11, 25)), LIN)
    assert error.value.code == "need-same-day"


# What a promise does to the node.

LATE, IN_TIME = date(2026, 12, 3), date(2026, 11, 24)


def test_a_promise_that_the_node_can_bear_holds_nothing() -> None:
    shop = asked(day=date(2026, 11, 24))
    start = shop.order.nodes["sew"].planned_start
    assert start is not None
    bearable = CALENDAR.day(start)
    assert bearable > date(2026, 11, 24)
    events = shop.do(PromiseNeed("A101", "N1", bearable), LIN)
    assert not any(isinstance(e.fact, NodeDelayed) for e in events)
    events = shop.do(PromiseNeed("A101", "N1", bearable + timedelta(days=1)), LIN)
    assert isinstance(events[-1].fact, NodeDelayed)


def test_a_late_promise_holds_the_node_and_alarms_as_a_report_does() -> None:
    shop = asked()
    day = date(2026, 12, 8)
    events = shop.do(PromiseNeed("A101", "N1", day, "equipment", "染缸坏了"), LIN)
    held = shop.order.nodes["sew"]
    assert [e.by for e in events] == ["lin", "lin"]
    assert (held.status, held.reason, held.until) == (Status.DELAYED, "material", "2026-12-08")
    assert (held.reason_text, held.waits_for) == ("罗纹 染缸坏了", ("N1",))
    assert [n.to for n in told(shop, "problem") + told(shop, "red")] == [LEADERS.address]
    assert told(shop, "draft")  # the order is likely late: the customer's draft is laid out


def test_an_earlier_day_lets_the_node_go_on_and_begins_nothing() -> None:
    shop = asked()
    shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    events = shop.do(PromiseNeed("A101", "N1", IN_TIME), LIN)
    assert isinstance(events[-1].fact, NodeResumed)
    assert shop.order.nodes["sew"].status is Status.PENDING
    assert not [a for a in shop.books.open_alerts() if a.kind in ("problem", "red")]


def test_a_newer_day_takes_the_alarm_over() -> None:
    shop = asked()
    for days in range(3):
        shop.do(PromiseNeed("A101", "N1", LATE + timedelta(days=days)), LIN)
    alerts = [a for a in shop.books.open_alerts() if a.kind == "problem"]
    assert len(alerts) == 1
    assert shop.order.nodes["sew"].until == "2026-12-05"


def test_all_that_it_waits_for_has_to_come() -> None:
    shop = asked()
    shop.do(PlaceNeed("A101", "sew", "拉链", "100", "条", "lin", date(2026, 11, 25)))
    shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    shop.do(PromiseNeed("A101", "N2", LATE + timedelta(days=1)), LIN)
    node = shop.order.nodes["sew"]
    assert (node.waits_for, node.until) == (("N1", "N2"), "2026-12-04")
    shop.do(DeliverNeed("A101", "N2"), LIN)
    assert (shop.order.nodes["sew"].held, shop.order.nodes["sew"].until) == (True, "2026-12-03")
    shop.do(DeliverNeed("A101", "N1", "8"), LIN)
    assert shop.order.nodes["sew"].held
    shop.do(DeliverNeed("A101", "N1"), LIN)
    assert not shop.order.nodes["sew"].held


@pytest.mark.parametrize("end", [CancelNeed("A101", "N1"), CheckNeed("A101", "N1")])
def test_what_is_cancelled_or_enough_is_not_waited_for(end: Any) -> None:
    shop = asked()
    shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    shop.do(DeliverNeed("A101", "N1", "15"), LIN)
    shop.do(end)
    assert not shop.order.nodes["sew"].held


def test_a_hold_that_somebody_reported_is_theirs_to_end() -> None:
    shop = asked(node="cut")
    shop.do(Start("A101", "cut"), CUTTER)
    shop.do(Delay("A101", "cut", "equipment", "裁床坏了", "2026-11-26"), CUTTER)
    shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    held = shop.order.nodes["cut"]
    assert (held.until, held.waits_for) == ("2026-12-03", ())  # lasts longer now
    shop.do(DeliverNeed("A101", "N1"), LIN)
    assert shop.order.nodes["cut"].held


def test_a_hold_without_an_end_that_somebody_reported_is_left_alone() -> None:
    shop = asked(node="cut")
    shop.do(Delay("A101", "cut", "equipment"), CUTTER)
    events = shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    assert len(events) == 1


def test_a_reported_lack_of_the_very_thing_becomes_the_needs_own() -> None:
    shop = asked(node="cut")
    shop.do(Delay("A101", "cut", "material", "罗纹没到"), CUTTER)
    shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    assert shop.order.nodes["cut"].waits_for == ("N1",)
    shop.do(DeliverNeed("A101", "N1"), LIN)
    assert not shop.order.nodes["cut"].held


def test_a_report_on_top_of_it_ends_the_needs_hold() -> None:
    shop = asked(node="cut")
    shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    shop.do(Delay("A101", "cut", "power"), CUTTER)
    assert shop.order.nodes["cut"].waits_for == ()
    shop.do(DeliverNeed("A101", "N1"), LIN)
    assert shop.order.nodes["cut"].held


def test_nothing_is_held_that_is_done() -> None:
    shop = asked(node="cut")
    shop.do(Complete("A101", "cut"), CUTTER)
    events = shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    assert len(events) == 1
    assert shop.order.nodes["cut"].done


def test_an_undo_of_a_report_leaves_the_needs_as_they_are() -> None:
    shop = asked()
    done = shop.do(Complete("A101", "cut"), CUTTER)
    shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    before = need(shop)
    shop.undo(*done, by=CUTTER)
    assert not shop.order.nodes["cut"].completed
    assert need(shop) == before
    assert shop.order.nodes["sew"].waits_for == ("N1",)


def test_an_undo_of_the_hold_lets_the_node_go_on() -> None:
    shop = asked()
    events = shop.do(PromiseNeed("A101", "N1", LATE), LIN)
    shop.undo(events[1])
    assert shop.order.nodes["sew"].status is Status.PENDING
    assert need(shop).promised == LATE


# Who hears.


def test_a_supplier_hears_of_a_need_once_and_not_by_night() -> None:
    shop = asked()
    (notice,) = told(shop, "need-asked")
    assert (notice.to, notice.reader) == (LIN.addresses[0], "lin")
    late = workshop()
    late.now += timedelta(hours=12)
    late.do(rib())
    (notice,) = told(late, "need-asked")
    assert CALENDAR.local(notice.not_before).hour == 8


def test_those_who_lead_pass_it_on_where_no_chat_reaches_the_supplier() -> None:
    shop = asked(who="far")
    (notice,) = told(shop, "need-asked-pass")
    assert notice.to == LEADERS.address


def test_a_delivery_is_told_to_the_owner_else_to_those_who_lead() -> None:
    shop = asked(node="cut")
    shop.do(DeliverNeed("A101", "N1"), LIN)
    assert [n.to for n in told(shop, "need-delivered")] == [CUTTER.addresses[0]]
    nobody = asked(node="sew")  # whose owner is reached nowhere
    nobody.do(DeliverNeed("A101", "N1"), LIN)
    assert [n.to for n in told(nobody, "need-delivered")] == [LEADERS.address]


def test_what_goes_back_is_told_to_those_who_lead_and_to_the_supplier() -> None:
    shop = asked()
    shop.do(DeliverNeed("A101", "N1"), LIN)
    shop.do(CheckNeed("A101", "N1", "3"))
    assert {n.to for n in told(shop, "need-returned")} == {LEADERS.address, LIN.addresses[0]}
    clean = asked()
    clean.do(DeliverNeed("A101", "N1"), LIN)
    clean.do(CheckNeed("A101", "N1"))
    assert told(clean, "need-returned") == []


def test_what_was_never_told_is_never_taken_back() -> None:
    shop = asked()
    shop.do(CancelNeed("A101", "N1"))
    assert told(shop, "need-cancelled") == []
    assert shop.books.waiting("need-asked") == []
    heard = asked()
    heard.later(hours=1)
    heard.do(CancelNeed("A101", "N1"))
    assert len(told(heard, "need-cancelled")) == 1


def test_a_cancelled_order_needs_nothing() -> None:
    shop = asked()
    shop.later(hours=1)
    shop.do(Cancel("A101"))
    assert need(shop).state is NeedState.CANCELLED
    assert len(told(shop, "need-cancelled")) == 1


def test_a_moved_promise_moves_what_it_takes_and_tells_the_supplier_once() -> None:
    shop = asked(day=date(2026, 11, 26))
    shop.later(hours=1)
    events = shop.do(ChangeDue("A101", date(2026, 12, 19)))
    (moved,) = [e for e in events if isinstance(e.fact, NeedMoved)]
    assert moved.by == "system"
    assert need(shop).needed_by > date(2026, 11, 26)
    assert need(shop).asked_by == date(2026, 11, 26)
    assert len(told(shop, "need-moved")) == 1
    shop.do(ChangeDue("A101", DUE))
    assert need(shop).needed_by == date(2026, 11, 26)


def test_what_has_begun_or_come_in_part_does_not_move() -> None:
    shop = asked(node="cut")
    shop.do(Start("A101", "cut"), CUTTER)
    assert len(shop.do(ChangeDue("A101", date(2026, 12, 19)))) == 1
    part = asked()
    part.do(DeliverNeed("A101", "N1", "5"), LIN)
    assert len(part.do(ChangeDue("A101", date(2026, 12, 19)))) == 1


# What routes ask for.


def with_materials(*rows: dict[str, Any], node: str = "sew") -> Any:
    doc = to_dict(ROUTE)
    next(n for n in doc["nodes"] if n["key"] == node)["materials"] = list(rows)
    return from_dict(doc)


RIB = {"item": "罗纹", "per_piece": 0.115, "unit": "kg", "supplier": "林记", "days": 1}


def test_placing_an_order_places_what_its_route_asks_for() -> None:
    buttons = RIB | {"item": "扣", "per_piece": 6, "supplier": ""}
    shop = workshop(with_materials(RIB, RIB | {"item": "拉链", "supplier": "nobody"}, buttons))
    placed = [e for e in shop.books.history("A101") if isinstance(e.fact, NeedPlaced)]
    assert [e.by for e in placed] == ["system"]  # whose supplier nobody knows is left to people
    assert (need(shop).item, amount_of(need(shop))) == ("罗纹", "11.5 kg")
    start = shop.order.nodes["sew"].planned_start
    assert start is not None
    wanted = CALENDAR.day(start) - timedelta(days=1)
    assert need(shop).needed_by == wanted
    assert CALENDAR.is_workday(wanted)


def test_the_day_is_a_working_day_and_never_before_today() -> None:
    shop = workshop(with_materials(RIB | {"days": 300}))
    assert need(shop).needed_by == date(2026, 11, 23)


def _sees(days: int, _: object, __: str) -> int:
    return days


def test_a_supplier_hears_of_it_when_it_comes_into_sight() -> None:
    far = PlaceOrder("A102", "卫衣", 100, "ivy", "mixed", date(2027, 1, 20))
    for days in (7, 28):
        shop = Shop(Books(with_materials(RIB)), Desk(CALENDAR, ahead=partial(_sees, days)))
        shop.do(far)
        owed = shop.books.orders["A102"].needs["N1"]
        (notice,) = told(shop, "need-asked")
        seen = max(owed.needed_by - timedelta(days=days), date(2026, 11, 23))
        assert CALENDAR.day(notice.not_before) == CALENDAR.day(CALENDAR.opening(seen))


def test_a_moved_promise_moves_the_moment_of_asking() -> None:
    shop = Shop(Books(with_materials(RIB)))
    shop.do(PlaceOrder("A102", "卫衣", 100, "ivy", "mixed", date(2027, 1, 20)))
    before = told(shop, "need-asked")[0].not_before
    shop.do(ChangeDue("A102", date(2027, 2, 26)))
    assert told(shop, "need-moved") == []
    (waiting,) = shop.books.waiting("need-asked")
    assert waiting.not_before > before
