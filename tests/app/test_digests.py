"""The digest in words: lines of teams, one line on an empty day, a text that fits everywhere."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.chat.port import Reply
from bot.wording.digest_rows import shortened, team_line
from bot.wording.digests import ROOM, word
from bot.wording.phrases import Phrases
from domain.calendar import WorkCalendar
from domain.notice import Kind, Notice
from domain.person import Address
from tests.web.house import factory

LANGUAGES = ("zh-CN", "zh-TW", "en")
BOARD = "https://shop.example.test/board"
NOTHING: dict[str, Any] = {
    "decide": [],
    "wait": [],
    "stale": [],
    "decide_more": 0,
    "wait_more": 0,
    "stale_more": 0,
    "jobs": [],
    "jobs_all": 0,
    "finished": 0,
    "hits": 0,
    "done": 0,
    "open": 3,
    "today": 0,
    "day": date(2026, 11, 24).isoformat(),
    "since": date(2026, 11, 23).isoformat(),
}
A102 = {"order": "A102", "node": "confirm", "left": 0}
A104 = {"order": "A104", "node": "confirm", "left": 30}
CUT = {"order": "A102", "node": "cut", "left": 0, "all": 120}


def phrases(language: str) -> Phrases:
    calendar = WorkCalendar(ZoneInfo("Asia/Shanghai"))
    return Phrases(language, factory().books, calendar, datetime(2026, 11, 24, tzinfo=UTC))


def worded(language: str, what: str = "standup", **facts: Any) -> Reply:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    to = Address("sandbox", "production")
    notice = Notice(to, Kind.DIGEST, what, "k", at, NOTHING | facts, language)
    return word(phrases(language), notice, BOARD).reply


def team(language: str, name: str, *jobs: dict[str, Any], **more: Any) -> str:
    return team_line(phrases(language), {"team": name, "jobs": list(jobs), **more}, 4)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("zh-CN", "接单确认：A102 · A104（还差 30）"),
        ("zh-TW", "接單確認：A102 · A104（還差 30）"),
        ("en", "Order confirmed: A102 · A104 (30 left)"),
    ],
)
def test_a_team_called_like_its_work_says_it_once(language: str, line: str) -> None:
    assert team(language, "接单确认", A102, A104) == line


def test_other_teams_say_what_they_do_with_lead_and_pieces() -> None:
    assert team("zh-CN", "裁床", CUT, leads=["P03"]) == "裁床 李红梅：A102 裁切（120）"
    assert team("en", "裁床", CUT, leads=["P03"]) == "裁床, 李红梅: A102 Cutting (120)"
    assert team("zh-CN", "裁切", CUT, A102, more=3) == (
        "裁切：A102（120） · A102 接单确认 · 还有 3 张"
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh-CN", f"今天没有要拍板的，散会。 全部订单 ▸ {BOARD}"),
        ("zh-TW", f"今天沒有要拍板的，散會。 全部訂單 ▸ {BOARD}"),
        ("en", f"Nothing to decide today. Done. All orders ▸ {BOARD}"),
    ],
)
def test_an_empty_day_is_one_line(language: str, text: str) -> None:
    jobs = [{"team": "裁床", "leads": ["P03"], "jobs": [CUT], "more": 0}]
    reply = worded(language, jobs=jobs, jobs_all=1, done=5, held=True)
    assert reply.text == text
    assert [b.id for b in reply.buttons] == ["board"]


def busy() -> dict[str, Any]:
    decide = [
        {"order": ("A102", "A104")[n % 2], "node": "emb", "alert": "", "ask": ask, "who": "P03"}
        for n, ask in enumerate(("material", "equipment", "rework", "red", "orange"))
    ]
    wait = [
        {"order": f"A10{n % 2 * 2 + 2}", "node": "emb", "whom": "customer", "days": 12}
        for n in range(5)
    ]
    jobs = [
        {"team": t, "leads": ["P03", "P05"], "jobs": [CUT] * 4, "more": 40}
        for t in ("跟单组", "仓库组", "裁床组", "绣花组", "车缝组", "后道组", "质检组", "发货组")
    ]
    stale = [{"order": f"A10{n % 2 * 2 + 2}", "node": "emb", "who": "P03"} for n in range(5)]
    said = [{"who": "P03", "text": "那个单子的拉链到底什么时候能到" * 3}] * 5
    return {
        "decide": decide, "decide_more": 90, "wait": wait, "wait_more": 90, "stale": stale,
        "stale_more": 90, "jobs": jobs, "jobs_all": 999, "finished": 300, "hits": 250,
        "done": 88, "unanswered": [{**s, "text": str(s["text"])[:40]} for s in said],
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_busy_day_fits_the_smallest_platform(language: str) -> None:
    text = worded(language, **busy()).text
    assert len(text.encode()) <= ROOM
    lines = text.splitlines()
    marks = [line[0] for line in lines if line[0] in "▲?▶✓○"]
    assert marks == ["▲", "?", "▶", "✓", "○", "?"]
    assert lines[-1].endswith(BOARD)
    assert {"zh-CN": "还有", "zh-TW": "還有", "en": "more"}[language] in text


def test_after_days_off_it_says_since_when() -> None:
    facts = busy() | {"since": "2026-11-20"}
    assert "✓ 周五 11/20 以来完成 88" in worded("zh-CN", **facts).text
    assert "✓ 昨天完成 88" in worded("zh-CN", **busy()).text


def test_the_midday_post_tells_the_differences_new_ones_first() -> None:
    facts = {**busy(), "unanswered": [], "solved": [{"order": "A102", "node": "cut", "who": "P03"}]}
    facts |= {"solved_more": 2, "decide": busy()["decide"][:1], "decide_more": 0}
    reply = worded("zh-CN", "standup-changes", **facts)
    lines = reply.text.splitlines()
    assert lines[0] == "周二 11/24 晨会之后的变化"
    assert lines[1] == "▲ 新要拍板 1"
    assert "✓ 已解决 3：A102 裁切（李红梅 在跟） · 还有 2 张" in lines
    assert "今天要完成" not in reply.text


def test_names_are_cut() -> None:
    assert shortened("一二三四五六七八九十甲乙", 12) == "一二三四五六七八九十甲乙"
    assert shortened("一二三四五六七八九十甲乙丙", 12) == "一二三四五六七八九十甲…"
