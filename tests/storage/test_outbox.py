"""The outbox: told once, in order per recipient, under a lease, and taken back while it can be."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.notice import Kind, Notice
from domain.person import Address
from storage.ledger import Ledger
from storage.outbox import Claimed
from storage.store import Store
from tests.storage.engines import START, Place, notice

LATER = START + timedelta(hours=1)


def box(store: Store, method: str, *args: Any) -> Any:
    return store.now(lambda ledger: getattr(ledger.outbox, method)(*args))


def put(store: Store, *notices: Notice) -> int:
    """Put them; how many of them were new."""

    def work(ledger: Ledger) -> int:
        count = "SELECT COUNT(*) FROM outbox"
        before = ledger.sql.value(count)
        for each in notices:
            ledger.notify(each)
        return int(ledger.sql.value(count) - before)

    return int(store.now(work))


def claim(
    store: Store,
    now: datetime = LATER,
    lease: float = 100.0,
    count: int = 20,
    wall: float = 1000.0,
) -> list[Claimed]:
    found: list[Claimed] = store.now(
        lambda ledger: ledger.outbox.claim(now, lease, count, wall=wall)
    )
    return found


def keys(claimed: list[Claimed]) -> list[str]:
    return [c.notice.key for c in claimed]


def drain(store: Store, now: datetime = LATER) -> list[str]:
    """Everything due, sent in the order in which it may be claimed."""
    told = []
    while found := claim(store, now):
        for one in found:
            assert box(store, "sent", one, f"m-{one.id}", now)
        told += keys(found)
    return told


def test_a_notice_comes_back_as_it_was_put(store: Store) -> None:
    wanted = notice(
        "k", slot="s", bundle="b", causes=("A1/1",), language="en", reader="ivy", reply_to="m1"
    )
    put(store, wanted)
    (found,) = claim(store)
    assert found.notice == wanted
    assert (found.attempts, found.token) == (1, 1)


def test_a_key_is_told_once_for_ever(store: Store) -> None:
    assert put(store, notice("k"), notice("k")) == 1
    assert drain(store) == ["k"]
    assert put(store, notice("k")) == 0
    assert drain(store) == []


def test_the_same_notice_of_a_slot_twice_is_told_once_and_not_never(store: Store) -> None:
    """The second one is a repetition: it must not push the first out of the slot."""
    assert put(store, notice("k", slot="s"), notice("k", slot="s")) == 1
    assert drain(store) == ["k"]


def test_nothing_goes_before_its_time(store: Store) -> None:
    put(store, notice("later", at=LATER), notice("now"))
    assert box(store, "next_due") == START
    assert keys(claim(store, START)) == ["now"]
    assert claim(store, LATER - timedelta(seconds=1)) == []
    assert box(store, "busy", START)


def test_one_at_a_time_and_in_order_per_recipient(store: Store) -> None:
    put(store, *(notice(f"{c}{n}", chat=c) for n in range(3) for c in "xy"))
    first = claim(store)
    assert keys(first) == ["x0", "y0"]
    assert claim(store) == []  # both recipients are being told
    assert box(store, "sent", first[1], "m", LATER)
    assert keys(claim(store)) == ["y1"]


def test_order_holds_over_a_retry(store: Store) -> None:
    """A notice that failed once keeps its place, though the next try is in the future."""
    put(store, notice("first"), notice("second"))
    (first,) = claim(store)
    assert box(store, "again", first, 1005.0, "timeout")
    assert claim(store) == []
    assert box(store, "next_retry", 1000.0) == 1005.0
    put(store, notice("elsewhere", chat="other"))
    assert keys(claim(store)) == ["elsewhere"]
    (again,) = claim(store, wall=1005.0)
    assert (again.notice.key, again.attempts) == ("first", 2)
    assert box(store, "sent", again, "m", LATER)
    assert drain(store) == ["second"]


def test_a_retry_goes_by_the_wall_clock_and_not_by_the_factory_s(store: Store) -> None:
    """The sandbox's clock stands still; a platform's trouble does not."""
    put(store, notice("k"))
    (first,) = claim(store, START)
    assert box(store, "again", first, 1005.0, "timeout")
    assert claim(store, LATER + timedelta(days=3)) == []
    assert not box(store, "busy", START, 900.0)
    assert box(store, "busy", START, 1001.0)
    assert keys(claim(store, START, wall=1005.0)) == ["k"]


def test_a_chat_that_must_wait_holds_nobody_else_up(store: Store) -> None:
    """More chats wait for their limits than one page holds; the one that may go is found."""
    put(store, *(notice(f"w{n}", chat=f"full-{n}") for n in range(150)), notice("go", chat="free"))
    found = store.now(
        lambda ledger: ledger.outbox.claim(
            LATER, 100.0, 5, wall=1000.0, free=lambda n: n.to.chat == "free"
        )
    )
    assert keys(found) == ["go"]


def test_a_closed_chat_takes_what_waits_for_it_along(store: Store) -> None:
    put(store, notice("a"), notice("b"), notice("c", chat="other"))
    dropped = box(store, "shut", notice("a").to, "blocked")
    assert [n.key for n in dropped] == ["a", "b"]
    assert drain(store) == ["c"]
    assert [row["error"] for row in box(store, "stuck")] == ["blocked", "blocked"]


def test_numbers_stand_for_buttons_of_that_message_or_of_the_newest(store: Store) -> None:
    put(store, notice("a"), notice("b"))
    for name, buttons in (("m1", ["x:1", "y:2"]), ("m2", [])):
        (one,) = claim(store)
        assert box(store, "sent", one, name, LATER, buttons)
    to = notice("a").to
    assert box(store, "numbered", to, "m1", START) == ["x:1", "y:2"]
    assert box(store, "numbered", to, "", START) == []  # the newest message has none
    assert box(store, "numbered", to, "unheard-of", START) == []


def test_what_is_only_due_later_holds_nobody_up(store: Store) -> None:
    put(store, notice("tomorrow", at=START + timedelta(days=1)), notice("now"))
    assert drain(store) == ["now"]


def test_a_recipient_is_platform_account_and_chat(store: Store) -> None:
    here = [Address("p", "c"), Address("p", "c", "other"), Address("q", "c")]
    put(store, *(Notice(to, Kind.CARD, "card", f"k{n}", START) for n, to in enumerate(here)))
    assert keys(claim(store)) == ["k0", "k1", "k2"]


def test_a_bundle_is_claimed_together(store: Store) -> None:
    put(
        store,
        notice("b1", bundle="b"),
        notice("other"),
        notice("b2", bundle="b"),
        notice("b3", bundle="b", at=LATER + timedelta(hours=1)),
        notice("b4", bundle="b", chat="else"),
    )
    assert keys(claim(store)) == ["b1", "b2", "b4"]


def test_no_more_than_asked_for(store: Store) -> None:
    put(store, *(notice(f"k{n}", chat=f"c{n}") for n in range(10)))
    assert keys(claim(store, count=3)) == ["k0", "k1", "k2"]


def test_a_late_acknowledgement_is_refused(store: Store) -> None:
    """The lease ran out, somebody else has it: whatever the first sender says comes too late."""
    put(store, notice("k", slot="s"))
    (late,) = claim(store, lease=50)
    assert box(store, "expired", 49.9) == []
    (expired,) = box(store, "expired", 50)
    assert expired == late
    assert box(store, "again", expired, 0.0, "lease")
    (mine,) = claim(store)
    assert mine.token == late.token + 1
    for method, args in (
        ("sent", ("m-late", LATER)),
        ("again", (0.0, "x")),
        ("dead", ("x",)),
        ("unknown", ("x",)),
        ("release", ()),
    ):
        assert not box(store, method, late, *args)
    assert box(store, "slot", mine.notice.to, "s") == ""
    assert box(store, "sent", mine, "m-mine", LATER)
    assert box(store, "slot", mine.notice.to, "s") == "m-mine"
    assert not box(store, "sent", mine, "m-twice", LATER)
    assert box(store, "slot", mine.notice.to, "s") == "m-mine"


def test_a_late_release_takes_no_attempt_from_another(store: Store) -> None:
    put(store, notice("k"))
    (late,) = claim(store)
    box(store, "again", late, 0.0, "lease")
    (mine,) = claim(store)
    box(store, "release", late)
    box(store, "again", mine, 0.0, "x")
    assert claim(store)[0].attempts == 3


def test_a_notice_handed_back_was_not_tried(store: Store) -> None:
    put(store, notice("k"), notice("k2"))
    (one,) = claim(store)
    assert box(store, "release", one)
    (again,) = claim(store)
    assert (again.notice.key, again.attempts) == ("k", 1)


def test_the_newest_of_a_slot_replaces_what_waits_there(store: Store) -> None:
    put(store, notice("old", slot="s"), notice("new", slot="s"), notice("else", slot="t"))
    put(store, notice("there", slot="s", chat="other"))
    assert sorted(drain(store)) == ["else", "new", "there"]


def test_what_is_being_sent_or_was_tried_is_not_replaced(store: Store) -> None:
    put(store, notice("trying", slot="s"))
    (trying,) = claim(store)
    put(store, notice("new", slot="s"))
    box(store, "again", trying, 0.0, "timeout")
    put(store, notice("newest", slot="s"))
    assert drain(store) == ["trying", "newest"]


def test_what_waits_is_taken_back_and_what_is_out_is_handed_back(store: Store) -> None:
    put(store, notice("sent", chat="a", causes=("A1/2",)))
    drain(store)
    put(
        store,
        notice("being-sent", chat="b", causes=("A1/2", "A1/3")),
        notice("waits", chat="b", causes=("A1/2",)),
        notice("else", chat="b", causes=("A1/22",)),
    )
    (being,) = claim(store)
    back = store.now(lambda ledger: ledger.take_back(["A1/2", "A1/3"]))
    assert [n.key for n in back] == ["sent", "being-sent"]
    assert box(store, "sent", being, "m", LATER)
    assert drain(store) == ["else"]
    assert store.now(lambda ledger: ledger.take_back(["A1/9"])) == ()


def test_dead_letters_and_unknown_sends_are_shown_and_sent_by_hand(store: Store) -> None:
    put(store, notice("dead", chat="a"), notice("unknown", chat="b"), notice("fine", chat="c"))
    dead, unknown, fine = claim(store)
    assert box(store, "dead", dead, "blocked")
    assert box(store, "unknown", unknown, "timeout")
    assert box(store, "sent", fine, "m", LATER)
    stuck = box(store, "stuck")
    assert [(r["state"], r["error"]) for r in stuck] == [
        ("dead", "blocked"),
        ("unknown", "timeout"),
    ]
    assert claim(store) == []
    assert not box(store, "resend", fine.id, LATER)
    for row in stuck:
        assert box(store, "resend", row["id"], LATER)
        assert not box(store, "resend", row["id"], LATER)
    again = claim(store)
    assert [(c.notice.key, c.attempts, c.token) for c in again] == [
        ("dead", 1, 2),
        ("unknown", 1, 2),
    ]


def test_a_dead_letter_holds_nobody_up(store: Store) -> None:
    put(store, notice("dead"), notice("next"))
    (dead,) = claim(store)
    box(store, "dead", dead, "x")
    assert drain(store) == ["next"]


def test_when_a_bundle_was_or_will_be_last(store: Store) -> None:
    to = Address("test", "floor")
    assert box(store, "last_push", to, "b") is None
    put(store, notice("k1", bundle="b"))
    assert box(store, "last_push", to, "b") == START
    drain(store)
    assert box(store, "last_push", to, "b") == LATER
    put(store, notice("k2", bundle="b", at=LATER + timedelta(hours=1), causes=("A1/1",)))
    assert box(store, "last_push", to, "b") == LATER + timedelta(hours=1)
    assert box(store, "last_push", to, "c") is None
    box(store, "take_back", ["A1/1"])
    assert box(store, "last_push", to, "b") == LATER


def test_a_message_of_ours_is_known_by_its_id(store: Store) -> None:
    put(store, notice("k", slot="s"))
    (one,) = claim(store)
    box(store, "sent", one, "m-1", LATER)
    found = box(store, "about", Address("test", "floor"), "m-1")
    assert (found["what"], found["facts"], found["slot"]) == ("card", {"n": "k"}, "s")
    assert box(store, "about", Address("test", "other"), "m-1") is None


def test_claims_outlive_the_process(spot: Place, store: Store) -> None:
    put(store, notice("k"))
    (one,) = claim(store, lease=50)
    store.close()
    again = spot.open()
    assert claim(again) == []
    (late,) = box(again, "expired", 60)
    assert late == one
    assert box(again, "unknown", late, "the sender died")


def test_a_unit_that_fails_tells_nobody(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        ledger.notify(notice("k"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.now(work)
    assert drain(store) == []
    assert put(store, notice("k")) == 1


def test_a_mark_that_can_not_be_set_holds_nothing_up(store: Store) -> None:
    to = notice("a").to
    put(store, Notice(to, Kind.REACTION, "recorded", "mark", START), notice("answer"))
    first = claim(store)
    assert sorted(keys(first)) == ["answer", "mark"]
    mark = next(c for c in first if c.notice.kind is Kind.REACTION)
    assert box(store, "again", mark, 5000.0, "no such method")
    put(store, notice("later"))
    assert drain(store) == []  # the answer is still being sent
    assert box(store, "sent", next(c for c in first if c is not mark), "m", LATER)
    assert drain(store) == ["later"]


def test_a_pause_that_was_asked_for_is_no_try_and_keeps_its_place(store: Store) -> None:
    put(store, notice("first"), notice("second"))
    for round_ in range(20):
        (one,) = claim(store, wall=1000.0 + round_)
        assert (one.notice.key, one.attempts) == ("first", 1)
        assert box(store, "postponed", one, 1001.0 + round_, "slow down")
        assert claim(store, wall=1000.0 + round_) == []


def test_a_send_that_hangs_is_not_waited_for(store: Store) -> None:
    put(store, notice("k"))
    claim(store, lease=100.0)
    assert box(store, "busy", LATER, 50.0, 90.0)
    assert not box(store, "busy", LATER, 50.0, 101.0)
