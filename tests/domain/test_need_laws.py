"""Laws that hold for needs among all else that happens to an order, whatever is said in whatever
sequence, by whomever, through the desk.
"""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.commands import Cancel, ChangeDue, Command, Complete, Delay, Resume, Start, Undo
from domain.errors import DomainError
from domain.need_commands import (
    CancelNeed,
    CheckNeed,
    ConfirmNeed,
    DeliverNeed,
    MoveNeed,
    PlaceNeed,
    PromiseNeed,
)
from domain.needs import NeedState
from domain.order import empty, fold
from domain.supplying import too_late
from storage.docs import event_from, event_row, order_from, order_row
from storage.needs import need_rows
from tests.domain.factory import BOSS, CALENDAR, CUTTER, DYER, ROUTE, SEWER, Shop
from tests.domain.test_needs import FAR, LIN, workshop

NO = "A101"
DAYS = st.dates(date(2026, 11, 20), date(2026, 12, 20))
NAMES = st.sampled_from(["N1", "N1", "N2", "N3", "N9"])
NODES = st.sampled_from(["sew", "sew", "cut", "dye", "laser"])
AMOUNTS = st.sampled_from(["", "0", "1", "7.5", "20", "250", "x", "-1"])
TEXT = st.sampled_from(["", "染缸坏了", "\0", "'"])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        PlaceNeed, st.just(NO), NODES, st.sampled_from(["罗纹", "拉链", ""]), AMOUNTS,
        st.just("kg"), st.sampled_from(["lin", "far", "dyer", "ivy"]), DAYS,
    ),
    st.builds(ConfirmNeed, st.just(NO), NAMES),
    st.builds(PromiseNeed, st.just(NO), NAMES, DAYS, st.just("logistics"), TEXT),
    st.builds(PromiseNeed, st.just(NO), NAMES, DAYS, st.just("logistics"), TEXT),
    st.builds(MoveNeed, st.just(NO), NAMES, DAYS),
    st.builds(DeliverNeed, st.just(NO), NAMES, AMOUNTS),
    st.builds(CheckNeed, st.just(NO), NAMES, AMOUNTS, TEXT),
    st.builds(CancelNeed, st.just(NO), NAMES, TEXT),
    st.builds(Start, st.just(NO), NODES, st.just(True)),
    st.builds(Complete, st.just(NO), NODES, anyway=st.just(True)),
    st.builds(
        Delay, st.just(NO), NODES, st.sampled_from(["material", "power"]),
        st.sampled_from(["罗纹没到", ""]), st.sampled_from(["", "2026-12-01"]),
    ),
    st.builds(Resume, st.just(NO), NODES),
    st.builds(Undo, st.just(NO), st.lists(st.integers(2, 20), min_size=1, max_size=2).map(tuple)),
    st.builds(ChangeDue, st.just(NO), DAYS),
    st.builds(Cancel, st.just(NO)),
)  # fmt: skip
WHO = st.sampled_from([BOSS, BOSS, LIN, LIN, FAR, DYER, SEWER, CUTTER])
SAID = st.lists(st.tuples(WHO, COMMANDS), min_size=3, max_size=18)
LAWS = settings(deadline=None, max_examples=120)


def played(said: list[tuple[object, Command]]) -> Shop:
    """A shop in which what is refused changes nothing."""
    shop = workshop()
    shop.do(PlaceNeed(NO, "sew", "罗纹", "20", "kg", "lin", date(2026, 11, 25)))
    shop.do(PlaceNeed(NO, "sew", "拉链", "100", "条", "lin", date(2026, 11, 26)))
    for by, command in said:
        with suppress(DomainError):
            shop.do(command, by)  # type: ignore[arg-type]
        shop.now += timedelta(hours=5)
    return shop


@LAWS
@given(SAID)
def test_replaying_and_storing_give_the_state(said: list[tuple[object, Command]]) -> None:
    shop = played(said)
    history = shop.books.history(NO)
    assert fold(empty(NO, ROUTE), history) == shop.order
    assert order_from(order_row(shop.order, "head"), ROUTE) == shop.order
    assert [event_from(event_row(e, "")) for e in history] == list(history)
    assert len(need_rows(shop.order)) == len(shop.order.needs)


@LAWS
@given(SAID)
def test_amounts_add_up(said: list[tuple[object, Command]]) -> None:
    for need in played(said).order.needs.values():
        whole = Decimal(need.quantity)
        assert need.delivered >= 0
        assert need.left >= 0
        if need.state is NeedState.DELIVERED:
            assert need.delivered >= whole
        if need.state is NeedState.CHECKED:
            assert Decimal(need.good) + Decimal(need.returned) == need.delivered
        if need.open:
            assert need.delivered < whole


@LAWS
@given(SAID)
def test_a_node_waits_for_exactly_what_is_late(said: list[tuple[object, Command]]) -> None:
    """Where the needs hold a node, they are those that come too late, and the last of them is the
    end of it; unless a report was taken back since, which leaves to the next word what follows.
    """
    assume(not any(isinstance(c, Undo) for _, c in said))
    order = played(said).order
    for node in order.nodes.values():
        if not node.waits_for or not order.open:
            continue
        late = [
            n for n in order.needs.values() if n.node == node.key and too_late(n, node, CALENDAR)
        ]
        assert node.held
        assert set(node.waits_for) == {n.id for n in late}
        assert node.until[:10] == max(n.promised.isoformat() for n in late if n.promised)
