"""The digest's lines of teams."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.wording.digests import sections
from bot.wording.phrases import Phrases
from domain.calendar import WorkCalendar
from tests.web.house import factory

NOTHING = {
    "decide": [],
    "wait": [],
    "stale": [],
    "decide_more": 0,
    "wait_more": 0,
    "stale_more": 0,
    "finished": 0,
    "hits": 0,
    "done": 0,
    "day": date(2026, 11, 24).isoformat(),
}


def team_line(language: str, team: str, *jobs: dict[str, Any]) -> str:
    books = factory().books
    calendar = WorkCalendar(ZoneInfo("Asia/Shanghai"))
    p = Phrases(language, books, calendar, datetime(2026, 11, 24, tzinfo=UTC))
    parts = sections(p, {**NOTHING, "jobs": [{"team": team, "jobs": list(jobs)}]})
    (line,) = next(rows for state, _, rows in parts if state == "in_progress")
    return line


A102 = {"order": "A102", "node": "confirm", "left": 0}
A104 = {"order": "A104", "node": "confirm", "left": 30}
CUT = {"order": "A102", "node": "cut", "left": 0}


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("zh-CN", "接单确认：A102 · A104（还差 30）"),
        ("zh-TW", "接單確認：A102 · A104（還差 30）"),
        ("en", "Order confirmed: A102 · A104 (30 left)"),
    ],
)
def test_a_team_called_like_its_work_says_it_once(language: str, line: str) -> None:
    assert team_line(language, "接单确认", A102, A104) == line


def test_other_teams_say_what_they_do() -> None:
    assert team_line("zh-CN", "裁床", CUT) == "裁床：A102 裁切"
    assert team_line("zh-CN", "裁切", CUT, A102) == "裁切：A102 · A102 接单确认"
