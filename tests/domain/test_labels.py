"""Labels: put on, taken off, and what is refused."""

import pytest

from domain.commands import Label, Start, Undo, Unlabel
from domain.errors import Refused
from domain.labels import LONGEST, MOST
from domain.person import Person
from storage.docs import order_doc, order_from, order_row
from tests.domain.factory import BOSS, CUSTOMER, CUTTER, DYER, placed


def test_a_label_is_put_on_and_taken_off() -> None:
    story = placed()
    story.do(Label("A101", "  加急 "), CUTTER)
    story.do(Label("A101", "样品"), BOSS)
    assert list(story.order.labels) == ["加急", "样品"]
    (event,) = story.do(Unlabel("A101", "加急"), BOSS)
    assert (event.type, event.node, event.by) == ("Unlabelled", "", "boss")
    assert list(story.order.labels) == ["样品"]


def test_labels_are_kept_and_old_orders_have_none() -> None:
    story = placed()
    assert "labels" not in order_doc(story.order)
    story.do(Label("A101", "加急"))
    row = order_row(story.order, "")
    assert order_from(row, story.order.route).labels == ("加急",)


def test_undoing_a_report_leaves_labels() -> None:
    story = placed()
    story.do(Label("A101", "加急"))
    (report,) = story.do(Start("A101", "cut"), CUTTER)
    story.do(Undo("A101", (report.seq,)), CUTTER)
    assert story.order.labels == ("加急",)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("", "no-words"),
        ("   ", "no-words"),
        ("长" * (LONGEST + 1), "label-long"),
        ("加急", "label-known"),
    ],
)
def test_labels_that_are_refused(label: str, code: str) -> None:
    story = placed()
    story.do(Label("A101", "加急"))
    with pytest.raises(Refused) as refused:
        story.do(Label("A101", label))
    assert refused.value.code == code
    assert story.order.labels == ("加急",)


def test_so_many_and_no_more() -> None:
    story = placed()
    for n in range(MOST):
        story.do(Label("A101", f"第{n}"))
    with pytest.raises(Refused, match="labels-full"):
        story.do(Label("A101", "还有"))


def test_a_label_that_is_not_there_cannot_be_taken_off() -> None:
    with pytest.raises(Refused, match="no-such-label"):
        placed().do(Unlabel("A101", "加急"))


@pytest.mark.parametrize("who", [CUSTOMER, DYER])
def test_outsiders_label_nothing(who: Person) -> None:
    with pytest.raises(Refused, match="not-allowed"):
        placed().do(Label("A101", "加急"), who)
