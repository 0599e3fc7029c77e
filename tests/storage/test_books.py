"""The smaller books: inbox, questions, settings, clock, links, pictures, people, routes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.commands import Cancel, Start
from domain.person import Address, Group, GroupKind, Person, Role
from storage.cache import Asked
from storage.ledger import Ledger
from storage.store import Store
from tests.storage.engines import START, Place, another_route, do, place

HERE = Address("test", "floor")
SOON = START + timedelta(minutes=30)


def take(store: Store, message: str = "m1", account: str = "bot", chat: str = "floor") -> int:
    number: int = store.now(
        lambda ledger: ledger.inbox.take(
            "test", account, message, chat, "u1", START, {"text": "好"}
        )
    )
    return number


def test_a_message_is_taken_in_once(store: Store) -> None:
    first = take(store)
    assert first
    assert take(store) == 0
    assert take(store, chat="elsewhere") == 0  # the id is the platform's, wherever it is said
    assert take(store, account="other")
    assert take(store, message="m2")


def test_a_message_waits_until_its_outcome_is_written(spot: Place, store: Store) -> None:
    numbers = [take(store, f"m{n}") for n in range(3)]
    store.now(lambda ledger: ledger.inbox.close(numbers[1], "done", {"order": "A1"}, SOON))
    store.close()
    store = spot.open()
    waiting = store.now(lambda ledger: ledger.inbox.waiting())
    assert [r.id for r in waiting] == [numbers[0], numbers[2]]
    assert waiting[0].payload == {"text": "好"}
    found = store.now(lambda ledger: ledger.inbox.find("test", "bot", "m1"))
    assert (found.state, found.outcome) == ("done", {"order": "A1"})
    store.now(lambda ledger: ledger.inbox.amend(numbers[1], {"order": "A2"}))
    store.now(lambda ledger: ledger.inbox.repay(numbers[0], {"text": "改"}))
    assert store.now(lambda ledger: ledger.inbox.get(numbers[1])).outcome == {"order": "A2"}
    assert store.now(lambda ledger: ledger.inbox.get(numbers[0])).payload == {"text": "改"}
    assert store.now(lambda ledger: ledger.inbox.get(999)) is None


def test_a_chat_s_recent_messages_come_oldest_first(store: Store) -> None:
    numbers = [take(store, f"m{n}", chat="floor" if n % 2 else "else") for n in range(6)]

    def close(ledger: Ledger) -> None:
        for number in numbers[:-1]:
            ledger.inbox.close(number, "done", {}, SOON)

    store.now(close)

    def recent(since: Any, before: int) -> list[str]:
        rows = store.now(lambda ledger: ledger.inbox.recent("test", "bot", "floor", since, before))
        return [r.message_id for r in rows]

    assert recent(START, numbers[5] + 1) == ["m1", "m3"]
    assert recent(START, numbers[3]) == ["m1"]
    assert recent(SOON, numbers[5]) == []


def asked(number: str, person: str = "boss", chat: str = "floor", minutes: int = 30) -> Asked:
    to = replace(HERE, chat=chat)
    return Asked(number, to, person, START, START + timedelta(minutes=minutes), {"q": number})


def test_one_open_question_a_person(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        book = ledger.questions
        for one in (asked("q1"), asked("q2"), asked("q3", "deputy"), asked("q4", chat="other")):
            book.ask(one)
        assert book.open(HERE, "boss", START) is None
        assert book.open(HERE, "deputy", START) == asked("q3", "deputy")
        assert book.open(replace(HERE, chat="other"), "boss", START) == asked("q4", chat="other")
        first = book.get("q1")
        assert first is not None
        assert first.state == "dropped"
        assert not book.close("q1", "answered")

    store.now(work)


def test_the_same_question_asked_again_stays_open(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        ledger.questions.ask(asked("q1"))
        ledger.questions.ask(asked("q1"))
        assert ledger.questions.open(HERE, "boss", START) == asked("q1")

    store.now(work)


def test_a_question_is_answered_once_and_lapses(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        book = ledger.questions
        book.ask(asked("q1", minutes=30))
        book.ask(asked("q2", "deputy", minutes=60))
        assert book.next_expiry() == SOON
        assert book.open(HERE, "boss", SOON) is None
        assert book.open(HERE, "boss", SOON - timedelta(seconds=1)) is not None
        assert book.close("q2", "answered")
        assert not book.close("q2", "answered")  # a late tap
        assert book.lapse(SOON) == 1
        assert not book.close("q1", "answered")
        assert book.lapse(SOON) == 0
        assert book.next_expiry() is None

    store.now(work)


def test_settings(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        book = ledger.settings
        assert book.get("k", "none") == "none"
        for key, value in (("a/1", "x"), ("a/2", ""), ("a/好\U0010fffe", "z"), ("b/1", "w")):
            book.put(key, value)
        book.put("a/1", "y")
        assert book.get("a/2", "none") == ""
        assert book.starting("a/") == {"1": "y", "2": "", "好\U0010fffe": "z"}
        assert book.drop("a/1")
        assert not book.drop("a/1")  # somebody else was first

    store.now(work)


def test_a_tick_of_the_clock_runs_once(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        book = ledger.settings
        assert book.last_run("standup", "g1") is None
        assert book.ran("standup", "g1", START, SOON)
        assert not book.ran("standup", "g1", START, SOON + timedelta(days=1))
        assert book.ran("standup", "g2", START, SOON)
        assert book.ran("standup", "g1", SOON, SOON)
        assert book.last_run("standup", "g1") == SOON

    store.now(work)


def test_a_tick_whose_work_failed_has_not_run(store: Store) -> None:
    def fail(ledger: Ledger) -> None:
        assert ledger.settings.ran("standup", "g1", START, SOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.now(fail)
    assert store.now(lambda ledger: ledger.settings.ran("standup", "g1", START, SOON))


def test_links_and_their_revocation(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        book = ledger.links
        assert book.generation("p", "A1", "ivy") == 1
        book.keep("h1", "p", "A1", "ivy", 1, START)
        book.keep("h1", "p", "A1", "ivy", 1, START)
        assert book.generation("p", "A1", "ivy") == 1
        assert book.find("h1", "p", SOON) == {"subject": "A1", "reader": "ivy", "generation": 1}
        assert book.find("h1", "t", SOON) is None
        assert book.find("h2", "p", SOON) is None
        book.revoke("p", "A1", "ivy", SOON)
        assert book.find("h1", "p", SOON) is None
        assert book.generation("p", "A1", "ivy") == 2  # else the next link would be a dead one
        assert book.generation("p", "A1", "mallory") == 1
        book.keep("h3", "p", "A2", "*", 1, START, SOON)
        assert book.find("h3", "p", START) is not None
        assert book.living("p", "A2", "*", START)
        assert book.find("h3", "p", SOON) is None  # its time is over
        assert not book.living("p", "A2", "*", SOON)
        book.keep("h3", "p", "A2", "*", 1, START, SOON + timedelta(days=1))
        assert book.living("p", "A2", "*", SOON)  # given out again, it lives longer
        book.keep("h2", "p", "A1", "ivy", 2, SOON)
        assert book.generation("p", "A1", "ivy") == 2
        assert book.find("h2", "p", SOON) is not None

    store.now(work)


def test_pictures_are_kept_once(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        book = ledger.photos
        plain = {"kind": "photo", "width": 1, "height": 2, "bytes": 3}
        book.keep(digest="d1", key="k1.jpg", thumb="t1.jpg", **plain)
        book.keep(digest="d1", key="k2.jpg", thumb="t2.jpg", **plain)
        book.keep(digest="d2", key="", thumb="", fault="broken", **plain)
        found = book.get("d1")
        assert found is not None
        assert found["key"] == "k1.jpg"
        assert book.keys() == {"k1.jpg", "t1.jpg"}

    store.now(work)


def test_a_reader_s_cursor_sees_every_change_once(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        book = ledger.transcript
        book.keep("a", "m1", {"n": 1})
        book.keep("b", "m2", {"n": 2})
        book.keep("a", "m3", {"n": 3})
        cursor, said = book.since("a", 0)
        assert said == [{"n": 1}, {"n": 3}]
        assert book.since("a", cursor) == (cursor, [])
        book.keep("a", "m1", {"n": "edited"})
        after, said = book.since("a", cursor)
        assert said == [{"n": "edited"}]
        assert after > cursor
        assert book.since("a", 0)[1] == [{"n": "edited"}, {"n": 3}]  # in the order first said
        assert book.get("b", "m2") == {"n": 2}
        assert book.find("m2") == ("b", {"n": 2})
        assert book.find("m9") is None

    store.now(work)


def test_people_and_where_they_are(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        new = Person("new", "新人", Role.OPERATOR, "组长", ("cut", "sew"), "en")
        ledger.folk.keep(new)
        assert ledger.person("new") == new
        assert ledger.reach("new") is None
        ledger.folk.bind("new", "test", "", "u-new", "")
        assert ledger.reach("new") is None  # known by name, not yet met in private
        ledger.folk.bind("new", "test", "", "u-new", "chat-new")
        ledger.folk.bind("new", "test", "", "u-new", "")
        assert ledger.reach("new") == Address("test", "chat-new")
        assert ledger.folk.user("test", "", "u-new") == ledger.person("new")
        assert ledger.folk.user("test", "", "stranger") is None
        ledger.platforms = ("feishu",)
        assert ledger.reach("new") is None  # nobody serves that platform
        assert ledger.groups(GroupKind.MANAGEMENT) == ()

    store.now(work)


def test_an_address_of_nobody_locks_nobody_out(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        ledger.folk.bind("ghost", "test", "", "u-ghost", "c")
        assert ledger.folk.user("test", "", "u-ghost") is None
        assert ledger.folk.user("test", "", "user-boss") == ledger.person("boss")

    store.now(work)


def test_groups_change_their_kind(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        group = Group(HERE, GroupKind.UNBOUND, "新群")
        ledger.folk.keep_group(group)
        assert ledger.groups(GroupKind.UNBOUND) == (group,)
        bound = replace(group, kind=GroupKind.PRODUCTION, members=("boss", "cutter"))
        ledger.folk.keep_group(bound)
        assert ledger.groups(GroupKind.UNBOUND) == ()
        assert ledger.groups(GroupKind.PRODUCTION) == (bound,)

    store.now(work)


def test_running_orders_keep_the_route_they_began_with(spot: Place, store: Store) -> None:
    store.now(lambda ledger: place(ledger, "A1"))
    changed = store.now(lambda ledger: ledger.orders.keep_route(another_route()))
    assert changed.version == 2
    same = store.now(lambda ledger: ledger.orders.keep_route(replace(changed, version=7)))
    assert same.version == 2
    store.now(lambda ledger: place(ledger, "A2"))
    store.close()
    again = spot.open()

    def routes(ledger: Ledger) -> list[tuple[str, int]]:
        return [(o.route.name, o.route.version) for o in ledger.open_orders()]

    assert again.now(routes) == [("样样都有", 1), ("改过", 2)]


def test_orders_of_a_customer_and_events_of_a_message(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        place(ledger, "A1")
        place(ledger, "A2")
        do(ledger, Start("A1", "cut"), message="m7")
        do(ledger, Cancel("A2"))
        assert [o.order_no for o in ledger.orders_of("ivy")] == ["A1", "A2"]
        assert [o.order_no for o in ledger.open_orders()] == ["A1"]
        assert [o.order_no for o in ledger.orders.all_orders()] == ["A1", "A2"]
        found = ledger.orders.from_source("test", "floor", "m7")
        assert [(e.order_no, e.type) for e in found] == [("A1", "NodeStarted")]
        assert ledger.orders.followed_by("ivy") == (("A1", ""), ("A2", ""))
        assert [e.type for e in ledger.orders.latest(2)] == ["OrderCancelled", "NodeStarted"]

    store.now(work)
