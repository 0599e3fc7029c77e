"""A month of factory life: everything that anybody was told, at the right minute, as a table; the
same when the process is killed again and again, and when three work on one database.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.app.month import Row, month

TABLE = Path(__file__).with_name("month.txt")
"""When, chat, kind, what, language, order and node: read it like a month of the factory."""


def lines(rows: list[Row]) -> list[str]:
    return ["  ".join(row).rstrip() for row in rows]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    return month(tmp_path_factory.mktemp("month") / "one")


def test_everything_at_its_minute_to_the_right_people(rows: list[Row]) -> None:
    assert lines(rows) == TABLE.read_text(encoding="utf-8").splitlines()


def test_a_killed_process_tells_the_same(rows: list[Row], tmp_path: Path) -> None:
    assert Counter(month(tmp_path / "killed", die=0.2)) == Counter(rows)


def test_three_processes_on_one_database_tell_the_same(rows: list[Row], tmp_path: Path) -> None:
    assert Counter(month(tmp_path / "three", processes=3)) == Counter(rows)


def test_no_group_is_told_more_than_six_things_a_day(rows: list[Row]) -> None:
    days: Counter[tuple[str, str]] = Counter()
    for when, chat, kind, what, _, _ in rows:
        counted = kind in ("reminder", "escalation", "digest", "review", "notice")
        if chat in ("production", "management") and counted and "*" not in what:
            days[when[:5], chat] += 1
    assert max(days.values()) <= 6, days.most_common(3)


def test_customers_hear_by_day_in_their_own_language(rows: list[Row]) -> None:
    languages = {"private-C03": "en", "private-C08": "en", "private-C04": "zh-TW"}
    for when, chat, kind, _, language, _ in rows:
        if chat.startswith("private-C") and kind == "push":
            assert "08:30" <= when[6:] < "20:30", (when, chat)
            assert language == languages.get(chat, "zh-CN")


def test_staff_are_left_alone_in_quiet_hours_but_for_red(rows: list[Row]) -> None:
    for when, chat, kind, what, _, _ in rows:
        if chat.startswith("private-C") or kind in ("card", "reaction", "answer"):
            continue
        if "*" in what or what == "red":
            continue
        clock = when[6:]
        quiet = "12:00" <= clock < "13:30" or clock >= "18:30" or clock < "08:00"
        assert not quiet, when
