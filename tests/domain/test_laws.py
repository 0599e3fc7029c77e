"""Laws that hold for every order, whatever is said in whatever sequence, by whomever."""

import json
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.commands import (
    AskConfirmation,
    Attach,
    Cancel,
    ChangeDue,
    Command,
    Complete,
    Confirm,
    Delay,
    Fail,
    Follow,
    PlaceOrder,
    Progress,
    Resume,
    Rework,
    SetQuantity,
    Start,
    Undo,
    Unfollow,
)
from domain.errors import DomainError, Refused
from domain.events import REPORTS, Event, PhotoAttached, ReportUndone, pack, stamp, unpack, unstamp
from domain.order import Order, empty, fold
from domain.person import Person
from domain.plan import deviation, forecast, forecast_work
from domain.route import Photo
from domain.watch import SILENT, awaited
from storage.docs import event_from, event_row, order_doc, order_from, order_row
from tests.domain.factory import (
    BOSS,
    CALENDAR,
    CHECKER,
    CUSTOMER,
    CUTTER,
    DEPUTY,
    DYER,
    ROUTE,
    SEWER,
    STRANGER,
    Story,
    placed,
    shop,
    shot,
)

NO, TOTAL = "A101", 20
NODES = st.sampled_from(["sew", "qc", "cut", "sew", "qc", "art", "dye", "pack", "laser"])
"""Mostly the nodes that ask for more than a report, so that the stories get somewhere."""
PIECES = st.none() | st.integers(-2, TOTAL + 3)
TEXT = st.text(alphabet="好a \0\U0001f600'\"\\", max_size=4)
UNTIL = st.sampled_from(["", "2026-12-01", "2026-11-24T10:00", "下周", "2026-12-01T10:00Z"])
PHOTOS = st.lists(st.sampled_from("abc").map(shot), min_size=1, max_size=2).map(tuple)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Start, st.just(NO), NODES, st.booleans()),
    st.builds(
        Progress, st.just(NO), NODES, PIECES, PIECES, PIECES,
        st.none() | st.integers(-5, 110), st.booleans(),
    ),
    st.builds(Complete, st.just(NO), NODES, PIECES, PIECES, PIECES, TEXT, st.just(True)),
    st.builds(Complete, st.just(NO), NODES, anyway=st.just(True)),
    st.builds(
        Delay, st.just(NO), NODES, st.sampled_from(["", "material"]), TEXT, UNTIL,
        st.none() | st.integers(-1, 9),
    ),
    st.builds(Resume, st.just(NO), NODES),
    st.builds(Rework, st.just(NO), NODES, PIECES, st.just(""), TEXT),
    st.builds(Fail, st.just(NO), NODES, st.just("quality"), TEXT),
    st.builds(Confirm, st.just(NO), NODES),
    st.builds(AskConfirmation, st.just(NO), NODES, st.sampled_from(["customer", "manager"]), TEXT),
    st.builds(Attach, st.just(NO), NODES | st.just(""), PHOTOS),
    st.builds(
        Undo, st.just(NO), st.lists(st.integers(0, 25), min_size=1, max_size=3).map(tuple), TEXT
    ),
    st.builds(SetQuantity, st.just(NO), NODES, st.integers(-1, TOTAL + 1)),
    st.builds(ChangeDue, st.just(NO), st.dates(date(2026, 11, 1), date(2027, 1, 1)), TEXT, TEXT),
    st.builds(Follow, st.just(NO), NODES | st.just("")),
    st.builds(Unfollow, st.just(NO), NODES | st.just("")),
)  # fmt: skip
WHO = st.sampled_from([BOSS, BOSS, DEPUTY, SEWER, CUTTER, CHECKER, DYER, CUSTOMER, STRANGER])
ASKING = st.sampled_from(["sew", "qc"])
FORWARD: st.SearchStrategy[tuple[Person, Command]] = st.one_of(
    st.tuples(
        st.just(CHECKER), st.builds(Complete, st.just(NO), st.just("dye"), anyway=st.just(True))
    ),
    st.tuples(st.just(SEWER), st.builds(Complete, st.just(NO), ASKING, anyway=st.just(True))),
    st.tuples(st.just(BOSS), st.builds(Complete, st.just(NO), ASKING, anyway=st.just(True))),
    st.tuples(st.just(DEPUTY), st.builds(Confirm, st.just(NO), ASKING)),
    st.tuples(st.just(BOSS), st.builds(Attach, st.just(NO), ASKING, PHOTOS)),
    st.tuples(st.just(BOSS), st.builds(Undo, st.just(NO), st.tuples(st.integers(2, 9)))),
)
"""What brings an order on: by itself the rest seldom gets a node to green."""
SAID = st.lists(FORWARD | FORWARD | st.tuples(WHO, COMMANDS), min_size=4, max_size=20)
LAWS = settings(deadline=None, max_examples=150)


def told(said: list[tuple[Person, Command]]) -> Story:
    """A story in which what is refused changes nothing."""
    story = placed(TOTAL)
    for by, command in said:
        before, count = story.order, len(story.log)
        try:
            events = story.do(command, by)
        except DomainError:
            assert (story.order, len(story.log)) == (before, count)
        else:
            assert events
            assert [e.seq for e in events] == list(range(count + 1, len(story.log) + 1))
            assert story.order.seq == len(story.log)
    return story


@LAWS
@given(SAID)
def test_replaying_the_log_gives_the_state(said: list[tuple[Person, Command]]) -> None:
    story = told(said)
    assert fold(empty(NO, ROUTE), story.log) == story.order


@LAWS
@given(SAID)
def test_state_and_events_come_back_from_their_stored_form(
    said: list[tuple[Person, Command]],
) -> None:
    story = told(said)
    row = order_row(story.order, "head")
    assert order_from(row, ROUTE) == story.order
    assert order_doc(order_from(row, ROUTE)) == order_doc(story.order)
    head = ""
    for event in story.log:
        stored = event_row(event, head)
        head = stored["hash"]
        assert event_from(stored) == event
        assert unpack(event.type, json.loads(json.dumps(pack(event.fact)))) == event.fact
        assert unstamp(stamp(event.recorded_at)) == event.recorded_at


@LAWS
@given(SAID)
def test_green_means_that_all_that_was_asked_is_there(said: list[tuple[Person, Command]]) -> None:
    for node in told(said).order.nodes.values():
        spec = ROUTE.node(node.key)
        assert 0 <= node.quantity <= TOTAL
        assert 0 <= node.scrap <= TOTAL
        assert 0 <= node.rework <= TOTAL
        if not node.done:
            continue
        assert node.completed
        assert not node.held
        assert node.finished_at is not None
        assert node.quantity + node.scrap >= TOTAL
        assert spec.photo is Photo.OPTIONAL or node.photos
        assert not spec.first_article or "first_article" in node.confirmed
        assert not spec.confirmed_by or spec.confirmed_by in node.confirmed


@LAWS
@given(SAID)
def test_undoing_the_last_report_restores_every_node(said: list[tuple[Person, Command]]) -> None:
    story = told(said)
    last = story.log[-1]
    assume(isinstance(last.fact, (*REPORTS, PhotoAttached)))
    before = fold(empty(NO, ROUTE), story.log[:-1])
    story.do(Undo(NO, (last.seq,)))
    assert story.order.nodes == before.nodes
    assert story.order.photos == before.photos


@LAWS
@given(SAID)
def test_undoing_everything_leaves_what_nobody_can_undo(
    said: list[tuple[Person, Command]],
) -> None:
    story = told([s for s in said if not isinstance(s[1], AskConfirmation)])
    seqs = tuple(e.seq for e in story.log)
    with suppress(Refused):
        story.do(Undo(NO, seqs))
    assert story.order.nodes == placed(TOTAL).order.nodes
    assert story.order.photos == ()


def shifted(event: Event, days: int) -> Event:
    return Event(
        event.order_no, event.seq, event.node, event.by,
        event.occurred_at + timedelta(days=days), event.recorded_at + timedelta(days=days),
        event.fact, event.source, event.on_behalf,
    )  # fmt: skip


@LAWS
@given(SAID, st.integers(1, 400))
def test_states_come_from_events_and_never_from_the_time(
    said: list[tuple[Person, Command]], days: int
) -> None:
    story = told(said)
    later = fold(empty(NO, ROUTE), [shifted(e, days) for e in story.log])
    assert [n.status for n in later.in_order()] == [n.status for n in story.order.in_order()]


@LAWS
@given(SAID, st.floats(0, 60))
def test_every_order_has_a_forecast(said: list[tuple[Person, Command]], days: float) -> None:
    order: Order = told(said).order
    now = order.updated_at or CALENDAR.moment(date(2026, 11, 23), CALENDAR.week.shifts[0][0])
    now += timedelta(days=days)
    assert deviation(order, now, CALENDAR) >= 0
    ends = [a.end for a in forecast_work(order, now, CALENDAR).values()]
    assert forecast(order, now, CALENDAR) == max(ends, default=now)
    if not order.finished:
        assert order.current()
        assert forecast(order, now, CALENDAR) >= now - timedelta(days=days)


@LAWS
@given(SAID)
def test_every_report_that_is_owed_has_its_timer_and_no_other(
    said: list[tuple[Person, Command]],
) -> None:
    """Timers are moved where something changed; they are the ones that setting all would give."""
    found = shop()
    for by, command in said:
        with suppress(DomainError):
            found.do(command, by)
        order = found.order
        owed = {f"{NO}/{n.key}" for n in order.in_order() if awaited(order, n)}
        assert {s for k, s in found.books.timers if k == SILENT} == (owed if order.open else set())


@LAWS
@given(SAID)
def test_the_history_only_grows(said: list[tuple[Person, Command]]) -> None:
    """What was undone stays in the log, and is named by the event that undid it."""
    story = told(said)
    for event in story.log:
        if isinstance(event.fact, ReportUndone):
            assert event.fact.undone
            assert all(0 < s < event.seq for s in event.fact.undone)


@LAWS
@given(SAID)
def test_a_cancelled_order_stands_still(said: list[tuple[Person, Command]]) -> None:
    story = told(said).did(Cancel(NO))
    assert not story.order.open
    for by, command in said:
        before = story.order
        with pytest.raises(Refused, match="order-cancelled"):
            story.do(command, by)
        assert story.order == before


def test_the_laws_are_tried_on_orders_that_get_somewhere() -> None:
    """The generator reaches green, waiting and held nodes: else the laws above say nothing."""
    seen: set[str] = set()

    @settings(deadline=None, max_examples=200, database=None, derandomize=True)
    @given(SAID)
    def gather(said: list[tuple[Person, Command]]) -> None:
        story = told(said)
        seen.update(n.status for n in story.order.nodes.values())
        seen.update(e.type for e in story.log)

    gather()
    assert {"pending", "in_progress", "done", "delayed", "to_confirm"} <= seen
    assert {"NodeConfirmed", "ReportUndone", "PhotoAttached"} <= seen


def test_placing_is_the_first_event() -> None:
    story = Story().did(PlaceOrder(NO, "卫衣", TOTAL, "ivy", "mixed"))
    assert [e.seq for e in story.log] == [1]
