"""Dates and times as people say them, on Wednesday 2026-11-25 at 10:00."""

import json
from datetime import datetime
from typing import Any

import pytest

from bot.understanding.dates import find_dates
from tests.understanding.judging import FIXTURES

NOW = datetime.fromisoformat("2026-11-25T10:00")
ROWS = [json.loads(line) for line in (FIXTURES / "dates.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"])
def test_recorded(row: dict[str, Any]) -> None:
    found = find_dates(row["text"], NOW)
    if not row["dates"]:
        assert found == []
        return
    assert found[0].date.isoformat() in row["dates"]
    time = found[0].time
    assert (f"{time:%H:%M}" if time else None) == row.get("time")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("tomorrow", "2026-11-26"),
        ("Friday", "2026-11-27"),
        ("next Friday", "2026-12-04"),
        ("Nov 30", "2026-11-30"),
        ("in 2 days", "2026-11-27"),
        ("by Monday 3pm", "2026-11-30T15:00"),
        ("明天15:30", "2026-11-26T15:30"),
        ("週五下午兩點", "2026-11-27T14:00"),
        ("後天", "2026-11-27"),
        ("国庆前", "2027-10-01"),
        ("五一", "2027-05-01"),
        ("下个月底", "2026-12-31"),
        ("2026年12月3日", "2026-12-03"),
        ("今晚", "2026-11-25"),
        ("上周五", "2026-11-20"),
    ],
)
def test_more_ways_to_say_it(text: str, moment: str) -> None:
    assert [found.moment() for found in find_dates(text, NOW)] == [moment]


@pytest.mark.parametrize(
    "text",
    [
        "GY0726-89 完成",
        "P2.5屏",
        "12.3mm",
        "第5号机",
        "50/120件",
        "3号线停了",
        "A4纸",
        "1-2件",
        "may be",
    ],
)
def test_no_dates_here(text: str) -> None:
    assert find_dates(text, NOW) == []
