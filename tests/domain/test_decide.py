"""What an order allows: every command in every state, and who may give it."""

from dataclasses import replace
from datetime import date

import pytest

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
from domain.errors import DomainError, NotFound, Refused
from domain.events import NodeCompleted, ReportUndone
from domain.node import Status
from domain.person import RIGHTS, Deed, Person, Role, may
from tests.domain.factory import (
    ADMIN,
    BOSS,
    CHECKER,
    CUSTOMER,
    CUTTER,
    DEPUTY,
    DYER,
    SEWER,
    STRANGER,
    Story,
    placed,
    shot,
)

NO = "A101"
STATES = ("pending", "in_progress", "delayed", "to_confirm", "done")


def standing(state: str) -> tuple[Story, str]:
    """An order with a node in that state."""
    story, node = placed(), "art" if state == "to_confirm" else "cut"
    steps: dict[str, tuple[Command, ...]] = {
        "pending": (),
        "in_progress": (Progress(NO, node, 40),),
        "delayed": (Delay(NO, node, "material"),),
        "to_confirm": (Complete(NO, node),),
        "done": (Complete(NO, node),),
    }
    story.did(*steps[state])
    assert story.order.nodes[node].status is Status(state)
    return story, node


TABLE: list[tuple[str, dict[str, str]]] = [
    (
        "Start",
        {
            "pending": "NodeStarted",
            "in_progress": "already-started",
            "delayed": "NodeStarted",
            "to_confirm": "already-done",
            "done": "already-done",
        },
    ),
    (
        "Progress",
        {
            "pending": "NodeProgressed",
            "in_progress": "NodeProgressed",
            "delayed": "NodeProgressed",
            "to_confirm": "done-already",
            "done": "done-already",
        },
    ),
    (
        "Complete",
        {
            "pending": "NodeCompleted",
            "in_progress": "NodeCompleted",
            "delayed": "NodeCompleted",
            "to_confirm": "already-done",
            "done": "already-done",
        },
    ),
    (
        "Delay",
        {
            "pending": "NodeDelayed",
            "in_progress": "NodeDelayed",
            "delayed": "NodeDelayed",
            "to_confirm": "done-already",
            "done": "done-already",
        },
    ),
    (
        "Resume",
        {
            "pending": "not-held",
            "in_progress": "not-held",
            "delayed": "NodeResumed",
            "to_confirm": "not-held",
            "done": "not-held",
        },
    ),
    ("Rework", dict.fromkeys(STATES, "NodeReworked")),
    ("Fail", dict.fromkeys(STATES, "InspectionFailed")),
    ("SetQuantity", dict.fromkeys(STATES, "QuantityCorrected")),
    (
        "Confirm",
        dict.fromkeys(STATES, "nothing-to-confirm") | {"to_confirm": "NodeConfirmed"},
    ),
    ("AskConfirmation", dict.fromkeys(STATES, "ConfirmationAsked")),
    ("Attach", dict.fromkeys(STATES, "PhotoAttached")),
]


def command(name: str, node: str) -> Command:
    made: dict[str, Command] = {
        "Start": Start(NO, node),
        "Progress": Progress(NO, node, 60),
        "Complete": Complete(NO, node),
        "Delay": Delay(NO, node, "power"),
        "Resume": Resume(NO, node),
        "Rework": Rework(NO, node, 5),
        "Fail": Fail(NO, node),
        "SetQuantity": SetQuantity(NO, node, 10),
        "Confirm": Confirm(NO, node),
        "AskConfirmation": AskConfirmation(NO, node, "customer"),
        "Attach": Attach(NO, node, (shot(),)),
    }
    return made[name]


@pytest.mark.parametrize(
    ("name", "state", "wanted"),
    [(name, state, wanted) for name, row in TABLE for state, wanted in row.items()],
)
def test_every_command_in_every_state(name: str, state: str, wanted: str) -> None:
    story, node = standing(state)
    before, log = story.order, list(story.log)
    if "-" in wanted:
        with pytest.raises(Refused) as refused:
            story.do(command(name, node), by=DEPUTY)
        assert refused.value.code == wanted
        assert refused.value.facts["order"] == NO
        assert (story.order, story.log) == (before, log)
    else:
        assert [e.type for e in story.do(command(name, node), by=DEPUTY)] == [wanted]


@pytest.mark.parametrize("name", [name for name, _ in TABLE])
def test_nothing_is_done_to_a_cancelled_order_nor_to_none(name: str) -> None:
    story = placed().did(Cancel(NO))
    with pytest.raises(Refused, match="order-cancelled"):
        story.do(command(name, "cut"))
    with pytest.raises(Refused, match="no-such-order"):
        Story().do(command(name, "cut"))


@pytest.mark.parametrize("name", [name for name, _ in TABLE])
def test_a_node_that_the_route_has_not_is_not_found(name: str) -> None:
    with pytest.raises(NotFound, match="no-such-node"):
        placed().do(command(name, "laser"))


def refusal(story: Story, wish: Command, by: Person = BOSS) -> str:
    """The code it is refused with; empty if it is not."""
    before = story.order
    try:
        story.do(wish, by)
    except DomainError as error:
        assert story.order == before
        return error.code
    return ""


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (PlaceOrder(NO, "卫衣", 0, "ivy", "mixed"), "no-quantity"),
        (PlaceOrder(NO, "卫衣", -1, "ivy", "mixed"), "no-quantity"),
        (PlaceOrder(NO, "卫衣", 1, "ivy", "mixed"), ""),
    ],
)
def test_placing(wish: Command, code: str) -> None:
    assert refusal(Story(), wish) == code


def test_an_order_is_placed_once() -> None:
    assert refusal(placed(), PlaceOrder(NO, "卫衣", 1, "ivy", "mixed")) == "order-exists"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Progress(NO, "cut", 100), ""),
        (Progress(NO, "cut", 101), "over-quantity"),
        (Progress(NO, "cut", 95, rework=3, scrap=3), "over-quantity"),
        (Progress(NO, "cut", 95, rework=3, scrap=2), ""),
        (Progress(NO, "cut", -1), "no-quantity"),
        (Progress(NO, "cut", 100, scrap=-50), "no-quantity"),
        (Progress(NO, "cut", 1, rework=-5), "no-quantity"),
        (Progress(NO, "cut", share=101), "no-quantity"),
        (Progress(NO, "cut", share=-1), "no-quantity"),
        (Progress(NO, "cut", share=50), ""),
        (Complete(NO, "cut", 101), "over-quantity"),
        (Complete(NO, "cut", scrap=101), "over-quantity"),
        (Complete(NO, "cut", -5), "no-quantity"),
        (Complete(NO, "cut", scrap=-5), "no-quantity"),
        (SetQuantity(NO, "cut", 101), "over-quantity"),
        (SetQuantity(NO, "cut", -1), "no-quantity"),
        (Rework(NO, "cut", 101), "over-quantity"),
        (Rework(NO, "cut", 0), "no-quantity"),
        (Rework(NO, "cut", -1), "no-quantity"),
        (Rework(NO, "cut"), ""),
    ],
)
def test_pieces_stay_between_none_and_all(wish: Command, code: str) -> None:
    assert refusal(placed(), wish) == code


def test_pieces_are_cumulative_and_are_not_said_twice() -> None:
    story = placed().did(Progress(NO, "cut", 40), Progress(NO, "cut", 60, scrap=2))
    node = story.order.nodes["cut"]
    assert (node.quantity, node.scrap, node.status) == (60, 2, Status.IN_PROGRESS)
    assert refusal(story, Progress(NO, "cut", 60)) == "already-said"
    story.did(Progress(NO, "cut", 60, rework=1))
    assert story.order.nodes["cut"].rework == 1


def test_a_part_reported_as_finished_is_progress() -> None:
    story = placed()
    assert [e.type for e in story.do(Complete(NO, "cut", 60))] == ["NodeProgressed"]
    assert [e.type for e in story.do(Complete(NO, "cut", 97, scrap=3))] == ["NodeCompleted"]
    node = story.order.nodes["cut"]
    assert (node.quantity, node.scrap, node.done) == (97, 3, True)


def test_a_correction_to_the_same_number_leaves_a_finished_node_finished() -> None:
    story = placed().did(Complete(NO, "cut", 97, scrap=3), SetQuantity(NO, "cut", 97))
    assert story.order.nodes["cut"].done
    story.did(SetQuantity(NO, "cut", 90))
    assert story.order.nodes["cut"].status is Status.IN_PROGRESS


def test_a_node_corrected_down_waits_for_no_picture_any_more() -> None:
    story = placed().did(Complete(NO, "qc", anyway=True))
    assert story.order.nodes["qc"].awaiting == ("photo",)
    story.did(SetQuantity(NO, "qc", 50))
    assert story.order.nodes["qc"].status is Status.IN_PROGRESS


def test_rework_takes_pieces_back() -> None:
    story = placed().did(Complete(NO, "cut"), Rework(NO, "cut", 10))
    node = story.order.nodes["cut"]
    assert (node.quantity, node.rework, node.status) == (90, 10, Status.DELAYED)
    story.did(Resume(NO, "cut"), Complete(NO, "cut"))
    assert story.order.nodes["cut"].done
    assert story.order.nodes["cut"].quantity == 100


def test_earlier_nodes_first_unless_said_anyway() -> None:
    story = placed()
    for wish in (Start(NO, "sew"), Progress(NO, "sew", 1), Complete(NO, "sew")):
        with pytest.raises(Refused) as refused:
            story.do(wish)
        assert refused.value.code == "earlier-open"
        assert refused.value.facts["earlier"] == ("cut",)
    story.did(Progress(NO, "sew", 1, anyway=True))
    with pytest.raises(Refused) as refused:
        story.do(Complete(NO, "ship"))
    assert refused.value.facts["earlier"] == ("cut", "art", "sew", "dye", "qc", "pack")


@pytest.mark.parametrize("node", ["qc", "pack"])
def test_a_wanted_picture_stands_between_reported_and_green(node: str) -> None:
    story = placed().did(Complete(NO, node, anyway=True))
    assert story.order.nodes[node].status is Status.TO_CONFIRM
    story.did(Attach(NO, node, (shot(),)))
    assert story.order.nodes[node].done
    early = placed().did(Attach(NO, node, (shot(),)), Complete(NO, node, anyway=True))
    assert early.order.nodes[node].done


def test_the_same_picture_is_kept_once_a_node() -> None:
    story = placed().did(Attach(NO, "cut", (shot(), shot(), shot("b"))))
    assert [p.digest[0] for p in story.order.photos] == ["a", "b"]
    assert refusal(story, Attach(NO, "cut", (shot("b"),))) == "photo-known"
    assert refusal(story, Attach(NO, "sew", (shot("b"),))) == ""


def test_a_first_article_is_confirmed_by_another_before_the_lot_is_green() -> None:
    story = placed().did(Complete(NO, "cut"), Start(NO, "sew"))
    assert story.order.nodes["sew"].awaiting == ("first_article",)
    assert refusal(story, Confirm(NO, "sew"), BOSS) == "not-yours-to-confirm"  # who reported it
    assert refusal(story, Confirm(NO, "sew"), SEWER) == "not-yours-to-confirm"
    assert refusal(story, Confirm(NO, "sew"), DEPUTY) == ""
    story.did(Complete(NO, "sew"), by=SEWER)
    assert story.order.nodes["sew"].done


def test_a_role_confirms_but_not_the_reporter() -> None:
    story = placed().did(Complete(NO, "cut"))
    story.did(Complete(NO, "dye"), by=CHECKER)
    for by, code in (
        (CHECKER, "not-yours-to-confirm"),
        (DYER, "not-yours-to-confirm"),
        (CUSTOMER, "not-yours-to-confirm"),
        (CUTTER, ""),
    ):
        assert refusal(story, Confirm(NO, "dye"), by) == code
    assert story.order.nodes["dye"].done


def test_the_customer_s_nod_is_the_customer_s_or_a_manager_s() -> None:
    for by, code in ((STRANGER, "not-yours-to-confirm"), (SEWER, "not-yours-to-confirm")):
        story = placed().did(Complete(NO, "art"), by=SEWER)
        assert refusal(story, Confirm(NO, "art"), by) == code
    for by in (CUSTOMER, BOSS):
        story = placed().did(Complete(NO, "art"), by=SEWER)
        assert refusal(story, Confirm(NO, "art"), by) == ""
        assert story.order.nodes["art"].done


@pytest.mark.parametrize(
    ("by", "node", "code"),
    [
        (CUTTER, "cut", ""),
        (CUTTER, "sew", "not-your-node"),
        (DYER, "dye", ""),
        (DYER, "cut", "not-your-node"),
        (CUSTOMER, "cut", "not-your-node"),
        (BOSS, "sew", ""),
        (ADMIN, "ship", ""),
    ],
)
@pytest.mark.parametrize(
    "name", ["Progress", "Complete", "Delay", "Fail", "SetQuantity", "AskConfirmation", "Attach"]
)
def test_who_may_report_at_a_node(by: Person, node: str, code: str, name: str) -> None:
    story = placed()
    wish = command(name, node)
    if isinstance(wish, Progress | Complete):
        wish = replace(wish, anyway=True)
    assert refusal(story, wish, by) == code


def test_a_stranger_s_picture_turns_nothing_green() -> None:
    """A picture is what a node may still lack: it takes the right to report there."""
    for by in (CUSTOMER, STRANGER, DYER, CUTTER):
        story = placed().did(Complete(NO, "qc", anyway=True))
        assert refusal(story, Attach(NO, "qc", (shot(),)), by) == "not-your-node"
        assert story.order.nodes["qc"].status is Status.TO_CONFIRM


@pytest.mark.parametrize(
    ("by", "code"),
    [(CUSTOMER, ""), (STRANGER, "no-such-order"), (CUTTER, ""), (DYER, ""), (BOSS, "")],
)
def test_who_may_send_a_picture_of_the_order(by: Person, code: str) -> None:
    assert refusal(placed(), Attach(NO, "", (shot(),)), by) == code


@pytest.mark.parametrize(
    ("by", "promise", "follow"),
    [
        (CUSTOMER, "not-allowed", "follows-already"),
        (STRANGER, "not-allowed", "no-such-order"),
        (CUTTER, "not-allowed", ""),
        (DYER, "not-allowed", "no-such-order"),
        (BOSS, "", ""),
        (ADMIN, "", ""),
    ],
)
def test_who_may_promise_and_follow(by: Person, promise: str, follow: str) -> None:
    assert refusal(placed(), ChangeDue(NO, date(2026, 12, 24)), by) == promise
    assert refusal(placed(), Cancel(NO), by) == promise
    assert refusal(placed(), Follow(NO), by) == follow


def test_the_table_of_rights() -> None:
    """`domain.md`, who may do what, in one look."""
    wanted = {
        Role.CUSTOMER: {Deed.SEE_OWN_ORDER, Deed.FOLLOW_OWN},
        Role.OPERATOR: {
            Deed.UPDATE_OWN_NODE, Deed.SEE_NODE_ORDERS, Deed.FOLLOW_ANY, Deed.SEE_BOARD,
        },
        Role.SUPPLIER: {Deed.UPDATE_OWN_NODE, Deed.SUPPLY},
        Role.MANAGER: set(Deed) - {Deed.SETTINGS},
        Role.ADMIN: set(Deed),
    }  # fmt: skip
    assert {role: set(deeds) for role, deeds in RIGHTS.items()} == wanted
    for role in Role:
        assert {d for d in Deed if may(role, d)} == wanted[role]


def test_on_behalf_is_written_down() -> None:
    assert placed().do(Complete(NO, "cut"), BOSS)[0].on_behalf
    assert not placed().do(Complete(NO, "cut"), CUTTER)[0].on_behalf


def test_following_once_and_only_what_is_there() -> None:
    story = placed()
    assert refusal(story, Follow(NO, "laser"), CUSTOMER) == "no-such-node"
    story.did(Follow(NO, "sew"), by=CUSTOMER)
    assert refusal(story, Follow(NO, "sew"), CUSTOMER) == "follows-already"
    story.did(Unfollow(NO, "sew"), by=CUSTOMER)
    assert refusal(story, Unfollow(NO, "sew"), CUSTOMER) == "follows-not"
    story.did(Unfollow(NO), by=CUSTOMER)
    assert story.order.followers == frozenset()


def test_a_promise_moves_and_says_what_it_was() -> None:
    story = placed(due=date(2026, 12, 1))
    assert refusal(story, ChangeDue(NO, date(2026, 12, 1))) == "same-due"
    story.did(ChangeDue(NO, date(2026, 12, 4), "material", "布没到"))
    assert [p.due.day for p in story.order.promises] == [1, 4]
    assert story.order.due == date(2026, 12, 4)


@pytest.mark.parametrize(
    ("until", "kept"),
    [
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01T15:00", "2026-12-01T15:00"),
        ("下周三", ""),
        ("2026-13-45", ""),
        ("2026-12-01T15:00+09:00", ""),
        ("", ""),
    ],
)
def test_an_end_of_a_delay_that_is_no_date_is_left_out(until: str, kept: str) -> None:
    """Every later forecast reads it: a word there would break the order for ever."""
    assert placed().did(Delay(NO, "cut", until=until)).order.nodes["cut"].until == kept


def test_undoing_the_last_report() -> None:
    story = placed().did(Progress(NO, "cut", 40))
    before = story.order.nodes
    done = story.do(Complete(NO, "cut"))
    undone = story.do(Undo(NO, (done[0].seq,), "说错了"))
    assert story.order.nodes == before
    assert undone[0].fact == ReportUndone((done[0].seq,), "说错了")


def test_undoing_an_earlier_report_keeps_the_later_ones() -> None:
    story = placed()
    first = story.do(Complete(NO, "cut"))
    story.did(Complete(NO, "sew"), by=SEWER)
    story.did(Undo(NO, (first[0].seq,)))
    assert story.order.nodes["cut"].status is Status.PENDING
    assert story.order.nodes["sew"].completed


def test_what_is_undone_is_undone_once() -> None:
    story = placed()
    done = story.do(Complete(NO, "cut"))
    undo = story.do(Undo(NO, (done[0].seq,)))
    assert refusal(story, Undo(NO, (done[0].seq,))) == "nothing-to-undo"
    assert refusal(story, Undo(NO, (undo[0].seq,))) == "nothing-to-undo"
    again = story.do(Complete(NO, "cut"))
    story.did(Undo(NO, (again[0].seq,)))
    assert story.order.nodes["cut"].status is Status.PENDING


@pytest.mark.parametrize("seqs", [(), (1,), (99,), (0,), (-1,)])
def test_only_reports_are_undone(seqs: tuple[int, ...]) -> None:
    assert refusal(placed().did(Start(NO, "cut")), Undo(NO, seqs)) == "nothing-to-undo"


def test_another_s_report_is_a_manager_s_to_undo() -> None:
    story = placed()
    done = story.do(Complete(NO, "cut"), CUTTER)
    for by in (SEWER, CUSTOMER, STRANGER, DYER):
        assert refusal(story, Undo(NO, (done[0].seq,)), by) == "not-your-report"
    assert refusal(story, Undo(NO, (done[0].seq,)), CUTTER) == ""
    done = story.do(Complete(NO, "cut"), CUTTER)
    assert refusal(story, Undo(NO, (done[0].seq,)), BOSS) == ""


def test_a_picture_goes_with_its_report() -> None:
    story = placed()
    before = story.order.nodes
    photo = story.do(Attach(NO, "qc", (shot(),)))
    done = story.do(Complete(NO, "qc", anyway=True))
    assert story.order.nodes["qc"].done
    story.did(Undo(NO, (photo[0].seq, done[0].seq)))
    assert story.order.nodes == before
    assert story.order.photos == ()
    story.did(Attach(NO, "qc", (shot(),)))  # the same picture may come again
    assert len(story.order.photos) == 1


def test_a_green_node_whose_picture_was_taken_back_is_green_no_more() -> None:
    story = placed()
    photo = story.do(Attach(NO, "qc", (shot(),)))
    story.did(Complete(NO, "qc", anyway=True), Undo(NO, (photo[0].seq,)))
    assert story.order.nodes["qc"].awaiting == ("photo",)


def test_a_green_node_whose_first_article_was_taken_back_is_green_no_more() -> None:
    story = placed().did(Complete(NO, "cut"))
    story.did(Start(NO, "sew"), by=SEWER)
    nod = story.do(Confirm(NO, "sew"))
    story.did(Complete(NO, "sew"), by=SEWER)
    assert story.order.nodes["sew"].done
    story.did(Undo(NO, (nod[0].seq,)))
    assert story.order.nodes["sew"].status is Status.TO_CONFIRM


def test_a_part_reported_after_rework_that_never_was_leaves_nothing_finished() -> None:
    """Finished, reworked, 95 of 100 good; then the rework is undone: 95 is still the last word."""
    story = placed().did(Complete(NO, "cut"))
    rework = story.do(Rework(NO, "cut", 10))
    story.did(Progress(NO, "cut", 95), Undo(NO, (rework[0].seq,)))
    node = story.order.nodes["cut"]
    assert (node.quantity, node.status) == (95, Status.IN_PROGRESS)


def test_what_a_report_lacks_is_written_into_its_event() -> None:
    events = placed().do(Complete(NO, "qc", anyway=True))
    assert events[0].fact == NodeCompleted(awaiting=("photo",))
