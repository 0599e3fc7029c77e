"""What follows from a report: who hears of it, when, and what an undo takes back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.alert import AlertState
from domain.commands import (
    AskConfirmation,
    Attach,
    Cancel,
    ChangeDue,
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
from domain.errors import NotFound, Refused
from domain.news import PushRules, earliest
from domain.notice import Kind, Loud, Notice
from domain.person import Address
from domain.route import from_dict
from tests.domain.factory import (
    BOSS,
    CALENDAR,
    CUSTOMER,
    DEPUTY,
    NOW,
    ROUTE,
    SEWER,
    MemoryBooks,
    Shop,
    shop,
    shot,
)

NO = "A101"
IVY, LEAD = Address("test", "u-ivy"), Address("test", "leaders")


def pushes(found: Shop) -> list[tuple[str, str]]:
    """What waits for the customer: wording key and node."""
    return [
        (n.what, n.facts["node"])
        for n in found.books.waiting()
        if n.kind is Kind.PUSH and n.to == IVY
    ]


def whats(notices: list[Notice]) -> list[str]:
    return [n.what for n in notices]


def test_a_refusal_leaves_the_books_as_they_were() -> None:
    found = shop()
    before = found.books.copy()
    for wish in (Start(NO, "sew"), Progress(NO, "cut", 101), Resume(NO, "cut"), Undo(NO, (1,))):
        with pytest.raises(Refused):
            found.do(wish)
    with pytest.raises(NotFound, match="no-such-order"):
        found.do(Start("A999", "cut"))
    with pytest.raises(NotFound, match="no-such-route"):
        found.do(PlaceOrder("A102", "卫衣", 1, "ivy", "nowhere"))
    with pytest.raises(Refused, match="order-exists"):
        found.do(PlaceOrder(NO, "卫衣", 1, "ivy", "mixed"))
    assert found.books.copy() == before


def test_the_default_pushes() -> None:
    """A milestone, a core process, the inspection with its picture, shipped; no more."""
    found = shop()
    for node in [n.key for n in ROUTE.nodes]:
        found.do(Complete(NO, node, anyway=True), by=SEWER if node not in ("cut", "dye") else BOSS)
        if found.order.nodes[node].awaiting:
            assert not [p for p in pushes(found) if p[1] == node]  # no unconfirmed green
            for kind in found.order.nodes[node].awaiting:
                if kind == "photo":
                    found.do(Attach(NO, node, (shot(node[0]),)))
                else:
                    found.do(Confirm(NO, node), by=DEPUTY)
    assert found.order.finished
    assert pushes(found) == [
        ("node-done", "cut"),
        ("node-done", "sew"),
        ("inspected", "qc"),
        ("shipped", "ship"),
    ]


def test_a_plain_route_tells_every_visible_node() -> None:
    plain = from_dict(
        {
            "key": "plain",
            "name": "两步",
            "nodes": [
                {"key": "make", "name": "做"},
                {"key": "hide", "name": "内部", "customer_visible": False},
            ],
        }
    )
    found = Shop(MemoryBooks(plain))
    found.do(PlaceOrder(NO, "x", 1, "ivy", "plain"))
    found.do(Complete(NO, "make"))
    found.do(Complete(NO, "hide"))
    assert pushes(found) == [("node-done", "make")]


def test_a_node_asked_for_is_told_when_it_begins_and_ends() -> None:
    found = shop()
    found.do(Unfollow(NO), by=CUSTOMER)
    found.do(Follow(NO, "art"), by=CUSTOMER)
    found.do(Start(NO, "art"))
    found.do(Complete(NO, "cut"))
    found.do(Complete(NO, "art"), by=SEWER)
    found.do(Confirm(NO, "art"), by=BOSS)
    assert pushes(found) == [("node-started", "art"), ("node-done", "art")]


def test_nobody_is_told_of_what_they_may_not_see_or_did_themselves() -> None:
    found = shop()
    found.do(Follow(NO, "dye"), by=CUSTOMER)
    found.do(Complete(NO, "cut"))
    found.do(Complete(NO, "dye"), by=BOSS)
    found.do(Confirm(NO, "dye"), by=DEPUTY)
    assert pushes(found) == [("node-done", "cut")]
    found = shop()
    found.do(Follow(NO, "art"), by=CUSTOMER)
    found.do(Complete(NO, "art"), by=SEWER)
    found.do(Confirm(NO, "art"), by=CUSTOMER)
    assert pushes(found) == []


def test_part_shipments_and_every_change_of_date() -> None:
    found = shop(due=date(2026, 12, 1))
    found.do(Progress(NO, "ship", 40, anyway=True))
    found.do(ChangeDue(NO, date(2026, 12, 4), "material", "布没到"))
    assert pushes(found) == [("part-shipped", "ship"), ("due-changed", "")]
    moved = found.books.waiting("due-changed")[0].facts
    assert (moved["before"], moved["due"]) == ("2026-12-01", "2026-12-04")
    found.do(Unfollow(NO), by=CUSTOMER)
    found.do(ChangeDue(NO, date(2026, 12, 8)))
    assert len(pushes(found)) == 2


def test_two_pictures_make_one_push() -> None:
    found = shop()
    found.do(Complete(NO, "qc", anyway=True))
    found.do(Attach(NO, "qc", (shot("a"), shot("b"))))
    assert pushes(found) == [("inspected", "qc")]


def test_an_undo_within_the_wait_leaves_no_trace() -> None:
    found = shop()
    done = found.do(Complete(NO, "cut"))
    assert found.later(minutes=2) == []
    found.undo(*done)
    assert found.later(days=1) == []
    assert not found.books.waiting()


def test_an_undo_after_the_push_sends_a_correction() -> None:
    found = shop()
    done = found.do(Complete(NO, "cut"))
    assert whats(found.later(minutes=3)) == ["node-done"]
    found.undo(*done)
    assert pushes(found) == [("correction", "cut")]
    assert whats(found.later(minutes=3)) == ["correction"]
    assert not found.books.waiting()


@pytest.mark.parametrize("waited", [1, 10])
def test_undoing_a_report_takes_back_what_its_picture_made_green(waited: int) -> None:
    """Reported, then the picture: the push hangs on the picture, the undo names the report."""
    found = shop()
    done = found.do(Complete(NO, "qc", anyway=True))
    found.do(Attach(NO, "qc", (shot(),)))
    sent = found.later(minutes=waited)
    found.undo(*done)
    assert pushes(found) == ([("correction", "qc")] if sent else [])


def test_undoing_a_picture_takes_back_the_green_it_stood_under() -> None:
    found = shop()
    photo = found.do(Attach(NO, "qc", (shot(),)))
    found.do(Complete(NO, "qc", anyway=True))
    assert pushes(found) == [("inspected", "qc")]
    found.undo(*photo)
    assert pushes(found) == []


def test_an_earlier_push_of_another_node_stands() -> None:
    found = shop()
    found.do(Complete(NO, "cut"))
    wrong = found.do(Complete(NO, "ship", anyway=True))
    found.undo(*wrong)
    assert pushes(found) == [("node-done", "cut")]


RULES = PushRules()
DAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "last", "then"),
    [
        (0, None, 3),
        (0, -60, 3),  # the last one is long gone
        (0, -10, 20),  # not within half an hour of it
        (0, 20, 20),  # one waits: together with it
        (0, 1, 31),  # one waits and leaves before this one may
        (16 * 60, None, 22 * 60 + 30),  # 2:00 at night: half past eight
    ],
)
def test_when_a_push_may_leave(now: int, last: int | None, then: int) -> None:
    before = None if last is None else DAY + timedelta(minutes=last)
    at = earliest(DAY + timedelta(minutes=now), before, RULES, CALENDAR)
    assert at == DAY + timedelta(minutes=then)


def test_pushes_of_half_an_hour_come_together() -> None:
    found = shop()
    times = []
    for minute, node in enumerate(("cut", "sew", "ship")):
        found.now = NOW + timedelta(minutes=minute * 4)
        sent = found.books.send(found.now)
        times += [(n.what, found.now) for n in sent if n.kind is Kind.PUSH]
        found.do(Complete(NO, node, anyway=True), by=SEWER if node == "sew" else BOSS)
        if node == "sew":
            found.do(Confirm(NO, node), by=DEPUTY)
    assert times == [("node-done", NOW + timedelta(minutes=4))]
    waiting = [n.not_before for n in found.books.waiting() if n.kind is Kind.PUSH]
    assert waiting == [NOW + timedelta(minutes=34)] * 2


def test_a_problem_reaches_those_who_lead_at_once_with_its_reason() -> None:
    found = shop()
    event = found.do(Delay(NO, "cut", "power", "停电了", "2026-11-24"), by=BOSS)[0]
    (notice,) = found.books.waiting("problem")
    assert (notice.to, notice.kind, notice.loud) == (LEAD, Kind.ESCALATION, Loud.MENTION)
    assert notice.not_before == NOW
    assert notice.facts["reason"] == "power"
    assert notice.facts["until"] == "2026-11-24"
    alert = found.books.alerts[f"{NO}/{event.seq}"]
    assert (alert.state, alert.node, alert.raised_by) == (AlertState.OPEN, "cut", BOSS.id)


def test_without_a_management_group_every_manager_is_told() -> None:
    found = Shop(MemoryBooks(groups=()))
    found.do(PlaceOrder(NO, "卫衣", 10, "ivy", "mixed"))
    found.do(Delay(NO, "cut", "power"))
    assert [n.to.chat for n in found.books.waiting("problem")] == ["u-boss"]


def test_a_delay_past_the_promise_drafts_the_customer_s_news_and_sends_none() -> None:
    found = shop()
    found.do(Delay(NO, "cut", "material", until="2026-12-07"))
    (draft,) = found.books.waiting("draft")
    assert draft.to == LEAD
    assert draft.facts["before"] == found.order.due.isoformat()
    assert draft.facts["due"] > draft.facts["before"]
    assert pushes(found) == []
    short = shop(due=date(2026, 12, 24))
    short.do(Delay(NO, "cut", "power", until="2026-11-24"))
    assert short.books.waiting("draft") == []


def states(found: Shop) -> list[AlertState]:
    return [a.state for a in found.books.alerts.values()]


@pytest.mark.parametrize(
    "ends",
    [
        Resume(NO, "cut"),
        Start(NO, "cut"),
        Progress(NO, "cut", 50),
        Complete(NO, "cut"),
        Cancel(NO),
    ],
)
def test_work_that_goes_on_ends_the_alert_however_it_is_said(ends: object) -> None:
    found = shop()
    found.do(Delay(NO, "cut", "power"))
    found.later(minutes=1)
    found.do(ends)  # type: ignore[arg-type]
    assert states(found) == [AlertState.RESOLVED]
    assert [n.to for n in found.books.waiting("settled")] == [LEAD]


def test_another_node_s_work_ends_no_alert() -> None:
    found = shop()
    found.do(Delay(NO, "cut", "power"))
    found.do(Progress(NO, "sew", 5, anyway=True))
    assert states(found) == [AlertState.OPEN]


def test_undoing_a_problem_ends_its_alert_and_tells_who_heard() -> None:
    found = shop()
    event = found.do(Fail(NO, "qc", "quality"))
    found.later(minutes=1)
    found.undo(*event)
    assert states(found) == [AlertState.RESOLVED]
    (withdrawn,) = found.books.waiting("withdrawn")
    assert (withdrawn.to, withdrawn.kind) == (LEAD, Kind.ESCALATION)


def test_undoing_what_ended_a_problem_opens_it_again() -> None:
    found = shop()
    found.do(Delay(NO, "cut", "power"))
    over = found.do(Resume(NO, "cut"))
    found.later(minutes=1)
    found.undo(*over)
    assert found.order.nodes["cut"].held
    assert states(found) == [AlertState.OPEN]
    assert whats(found.books.waiting()) == ["problem"]
    found.do(Resume(NO, "cut"))
    assert states(found) == [AlertState.RESOLVED]
    assert "settled" in whats(found.books.waiting())


def test_rework_is_a_problem_where_a_reason_is_given() -> None:
    found = shop()
    found.do(Rework(NO, "cut", 5))
    assert found.books.alerts == {}
    found.do(Rework(NO, "cut", 5, "quality"))
    assert states(found) == [AlertState.OPEN]


def test_an_alert_is_taken_once_and_a_late_tap_hears_by_whom() -> None:
    found = shop()
    found.do(Delay(NO, "cut", "power"))
    (alert,) = found.books.open_alerts()
    taken = alert.acknowledged("boss", NOW)
    for late in (taken.acknowledged, taken.resolved("boss", NOW).acknowledged):
        with pytest.raises(Refused) as refused:
            late("deputy", NOW)
        assert refused.value.code == "alert-taken"
        assert refused.value.facts["by"] == "boss"
    over = taken.resolved("deputy", NOW)
    assert (over.state, over.taken_by) == (AlertState.RESOLVED, "deputy")
    with pytest.raises(Refused):
        over.resolved("boss", NOW)
    assert over.reopened() == alert


def test_who_may_confirm_is_asked_the_customer_in_private() -> None:
    found = shop()
    found.do(Complete(NO, "art"), by=SEWER)
    assert [n.to for n in found.books.waiting("confirm")] == [IVY]
    assert found.books.waiting("confirm")[0].facts["customer"]
    found = shop()
    found.do(Start(NO, "sew", anyway=True))
    assert [n.to for n in found.books.waiting("confirm")] == [LEAD]
    found.do(Progress(NO, "sew", 5, anyway=True))
    assert len(found.books.waiting("confirm")) == 1
    found = shop()
    found.do(AskConfirmation(NO, "cut", "customer", "颜色行吗"))
    assert [n.facts["text"] for n in found.books.waiting("confirm")] == ["颜色行吗"]


def test_a_wanted_picture_is_no_nod_to_ask_for() -> None:
    found = shop()
    found.do(Complete(NO, "pack", anyway=True))
    assert found.books.waiting("confirm") == []


def test_a_correction_of_pieces_is_kept() -> None:
    found = shop()
    found.do(Complete(NO, "cut"))
    found.do(SetQuantity(NO, "cut", 90))
    assert not found.order.nodes["cut"].done
    assert [e.type for e in found.books.history(NO)][-1] == "QuantityCorrected"


def test_a_placed_order_tells_nobody() -> None:
    assert shop().books.outbox == {}
