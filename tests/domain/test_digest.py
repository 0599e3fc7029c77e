"""What stands in the digest: who has to decide, what waits, who owes what, what is silent; and what
the midday's post tells of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain import digest
from domain.alert import Alert, AlertState
from domain.calendar import WorkCalendar
from domain.commands import AskConfirmation, Complete, Delay, Start
from domain.digest import Factory, Morning
from domain.escalation import default
from domain.midday import changes
from domain.order import Order
from tests.domain.factory import CALENDAR, CUTTER, DEPUTY, NOW, PEOPLE, SHANGHAI, placed

DUE = date(2026, 12, 4)
LATER = NOW + timedelta(hours=4)


def order(no: str = "A101", *, due: date = DUE) -> Order:
    return replace(placed(due=due).order, order_no=no)


def held(no: str = "A101", reason: str = "equipment", due: date = DUE) -> Order:
    story = placed(due=due).did(Delay("A101", "cut", reason, "刀坏了"))
    return replace(story.order, order_no=no)


def alert(no: str, node: str = "cut", **more: Any) -> Alert:
    return Alert(f"{no}/2", no, node, "equipment", "", NOW, CUTTER.id, **more)


def gathered(
    *orders: Order,
    alerts: Sequence[Alert] = (),
    now: datetime = NOW,
    calendar: WorkCalendar = CALENDAR,
    **more: Any,
) -> Morning:
    factory = Factory(tuple(orders), tuple(alerts), PEOPLE, default(), **more)
    return digest.morning(factory, now, calendar)


def decided(found: Morning) -> list[str]:
    return [row["order"] for row in found.facts["decide"]]


def test_red_comes_first_and_five_at_most_the_rest_is_counted() -> None:
    orders = [held(f"A{n}") for n in range(7)]
    late = held("Z1", due=date(2026, 11, 24))
    found = gathered(*orders, replace(late, promises=late.promises))
    assert decided(found) == ["Z1", "A0", "A1", "A2", "A3"]
    assert found.facts["decide_more"] == 3
    assert len(found.marks()["decide"]) == 8


def test_a_held_node_is_decided_on_until_somebody_has_it() -> None:
    found = gathered(held(), alerts=[alert("A101")])
    assert found.facts["decide"] == [
        {"order": "A101", "node": "cut", "alert": "A101/2", "ask": "equipment", "who": CUTTER.id}
    ]
    taken = alert("A101").acknowledged(DEPUTY.id, NOW)
    found = gathered(held(), alerts=[taken])
    assert decided(found) == []
    assert found.facts["wait"] == [{"order": "A101", "node": "cut", "who": DEPUTY.id}]


def test_two_held_nodes_of_which_one_is_taken_are_decided_on() -> None:
    story = placed(due=DUE).did(Delay("A101", "cut", "power"), Delay("A101", "art", "customer"))
    taken = alert("A101").acknowledged(DEPUTY.id, NOW)
    assert decided(gathered(story.order, alerts=[taken])) == ["A101"]


def test_orange_stands_until_it_is_answered() -> None:
    orange = alert("A101", "cut", kind="orange", level="orange")
    assert decided(gathered(order(), alerts=[orange])) == ["A101"]
    seen = orange.acknowledged(DEPUTY.id, NOW)
    assert decided(gathered(order(), alerts=[seen])) == ["A101"]
    assert decided(gathered(order(), alerts=[seen.answered(DEPUTY.id, "加班", NOW)])) == []


def test_a_problem_of_a_grave_level_stands_until_it_is_answered() -> None:
    grave = alert("A101", level="red").acknowledged(DEPUTY.id, NOW)
    assert decided(gathered(held(), alerts=[grave])) == ["A101"]
    answered = grave.answered(DEPUTY.id, "外发", NOW)
    found = gathered(held(), alerts=[answered])
    assert decided(found) == []
    assert found.facts["wait"][0]["who"] == DEPUTY.id


def test_a_red_level_is_decided_on_until_it_is_taken() -> None:
    red = alert("A101", "cut", kind="red", level="red")
    assert decided(gathered(order(), alerts=[red])) == ["A101"]
    assert decided(gathered(order(), alerts=[red.acknowledged(DEPUTY.id, NOW)])) == []


def test_a_red_order_without_any_alarm_is_decided_on() -> None:
    late = order(due=date(2026, 11, 23))
    found = gathered(late, now=NOW + timedelta(days=3))
    assert found.facts["decide"][0] | {"who": ""} == {
        "order": "A101", "node": "cut", "alert": "", "ask": "red", "who": "",
    }  # fmt: skip


def test_resolved_alarms_ask_for_nothing() -> None:
    over = replace(alert("A101", kind="orange"), state=AlertState.RESOLVED)
    assert decided(gathered(order(), alerts=[over])) == []


def test_who_waits_longest_comes_first_with_the_working_days() -> None:
    first = placed(due=DUE).did(AskConfirmation("A101", "art", "customer", "稿子")).order
    second = replace(
        first,
        order_no="A102",
        nodes={
            **first.nodes,
            "art": replace(first.nodes["art"], reported_at=NOW - timedelta(days=3)),
        },
    )
    rows = gathered(first, second).facts["wait"]
    assert [(r["order"], r["whom"], r["days"]) for r in rows] == [
        ("A102", "customer", 2),
        ("A101", "customer", 0),
    ]


def test_what_each_team_owes_today_with_its_lead_and_pieces() -> None:
    busy = placed(due=DUE).did(Start("A101", "cut")).order
    node = replace(busy.nodes["cut"], planned_finish=NOW + timedelta(hours=2), quantity=40)
    begun = replace(busy, nodes={**busy.nodes, "cut": node})
    found = gathered(begun, order("A102", due=date(2027, 1, 8)))
    assert found.facts["jobs"] == [
        {
            "team": "裁切", "leads": [CUTTER.id], "more": 0,
            "jobs": [{"order": "A101", "node": "cut", "left": 60, "all": 100}],
        }
    ]  # fmt: skip
    assert found.facts["jobs_all"] == 1


def test_what_is_owed_tomorrow_or_held_is_no_commitment() -> None:
    tomorrow = order(due=date(2027, 1, 8))
    assert gathered(tomorrow, held("A102")).facts["jobs"] == []


def silent(now: datetime, reported: datetime | None = None) -> list[str]:
    begun = placed(due=DUE).did(Start("A101", "cut")).order
    node = replace(begun.nodes["cut"], planned_finish=NOW, reported_at=reported)
    found = gathered(replace(begun, nodes={**begun.nodes, "cut": node}), now=now)
    return [row["who"] for row in found.facts["stale"]]


def test_two_working_hours_of_silence() -> None:
    assert silent(NOW + timedelta(hours=2)) == []
    assert silent(NOW + timedelta(hours=2, minutes=1)) == [CUTTER.id]
    over_lunch = NOW + timedelta(hours=2)  # 11:00, and lunch is from 12:00 to 13:30
    assert silent(over_lunch + timedelta(hours=2, minutes=30), over_lunch) == []
    assert silent(over_lunch + timedelta(hours=3, minutes=31), over_lunch) == [CUTTER.id]


def test_a_node_whose_turn_came_late_is_not_silent_yet() -> None:
    story = placed(due=DUE)
    story.now = LATER
    done = story.did(Complete("A101", "cut", anyway=True)).order
    nodes = {k: replace(n, planned_finish=NOW) for k, n in done.nodes.items()}
    found = gathered(replace(done, nodes=nodes), now=LATER + timedelta(hours=1))
    assert "sew" not in [row["node"] for row in found.facts["stale"]]
    found = gathered(replace(done, nodes=nodes), now=LATER + timedelta(hours=3))
    assert "sew" in [row["node"] for row in found.facts["stale"]]


class Holiday:
    """The Wednesday and the Thursday before the Friday."""

    def is_off(self, day: date) -> bool | None:
        return True if day in (date(2026, 11, 25), date(2026, 11, 26)) else None

    def known(self, year: int) -> bool:
        return True


def test_after_days_off_it_reports_since_the_last_working_day() -> None:
    calendar = WorkCalendar(SHANGHAI, holidays=Holiday())
    friday = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
    first, last = digest.since(friday, calendar)
    assert (calendar.day(first), calendar.day(last)) == (date(2026, 11, 24), date(2026, 11, 27))
    assert gathered(now=friday, calendar=calendar).facts["since"] == "2026-11-24"


def test_the_share_on_time_is_by_the_first_promise() -> None:
    day = date(2026, 11, 20)
    ends = tuple(
        (datetime(2026, 11, n, 4, tzinfo=UTC), day) for n in (18, 20, 21)
    )  # two by the promise
    facts = gathered(ended=ends, done=5).facts
    assert (facts["hits"], facts["finished"], facts["done"]) == (2, 3, 5)


def test_the_owner_is_who_has_it_then_whose_the_reason_is_then_the_lead() -> None:
    keeper = replace(DEPUTY, id="keeper", title="仓管")
    factory = Factory((), (), (*PEOPLE, keeper), default())
    node = held(reason="material").nodes["cut"]
    assert digest.owner(node, None, factory) == "keeper"
    assert digest.owner(replace(node, reason="weather"), None, factory) == CUTTER.id
    mine = replace(alert("A101"), owner="boss")
    assert digest.owner(node, mine, factory) == "boss"


def midday(before: Morning, after: Morning) -> dict[str, Any] | None:
    return changes(before.marks(), after, Factory((), (), PEOPLE, default()), CALENDAR)


def test_nothing_new_at_midday_is_no_message() -> None:
    found = gathered(held(), order("A102"))
    assert midday(found, found) is None


def test_a_new_decision_a_solved_one_and_a_new_waiting_one_are_told() -> None:
    waits = replace(
        placed(due=DUE).did(AskConfirmation("A101", "art", "customer", "稿子")).order,
        order_no="A103",
    )
    facts = midday(
        gathered(held("A101"), held("A109")), gathered(held("A109"), held("A102"), waits)
    )
    assert facts is not None
    assert [r["order"] for r in facts["decide"]] == ["A102"]
    assert facts["solved"] == [{"order": "A101", "node": "cut", "who": ""}]
    assert [r["order"] for r in facts["wait"]] == ["A103"]


def test_a_decision_that_was_taken_is_told_once_as_solved() -> None:
    taken = alert("A101").acknowledged(DEPUTY.id, NOW)
    facts = midday(gathered(held()), gathered(held(), alerts=[taken]))
    assert facts is not None
    assert facts["solved"] == [{"order": "A101", "node": "cut", "who": DEPUTY.id}]
    assert facts["wait"] == []


def test_only_more_than_two_silent_ones_are_news() -> None:
    def morning(count: int) -> Morning:
        begun = placed(due=DUE).did(Start("A101", "cut")).order
        node = replace(begun.nodes["cut"], planned_finish=NOW, reported_at=None)
        orders = [
            replace(begun, order_no=f"A{n}", nodes={**begun.nodes, "cut": node})
            for n in range(count)
        ]
        return gathered(*orders, now=LATER)

    assert midday(morning(0), morning(2)) is None
    facts = midday(morning(0), morning(3))
    assert facts is not None
    assert len(facts["stale"]) == 3
