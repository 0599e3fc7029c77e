"""The auditor finds what should have run and did not, tells it, and says so in /healthz."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.settings import Settings
from domain.notice import Kind, Notice
from domain.person import Address, Group, GroupKind
from storage.ledger import Ledger
from storage.told import facts_of
from tests.adapters.playing import playing, stage_of, until


@pytest.fixture
def app(tmp_path: Path) -> Any:
    found = App(Settings(data_dir=tmp_path, _env_file=None))  # type: ignore[call-arg]
    group = Group(Address("", "leaders"), GroupKind.MANAGEMENT, "管理群")
    found.store.now(lambda ledger: ledger.folk.keep_group(group))
    yield found
    found.store.close()


async def codes(app: App, wall: float = 1e12, steady: float = 0.0) -> list[str]:
    return [f.code for f in await app.auditor.look(wall, steady)]


async def test_all_is_well(app: App) -> None:
    assert await codes(app) == []
    assert (await app.house.health())["auditor"] == []


async def test_a_step_that_did_not_run(app: App) -> None:
    late = datetime.now(UTC) - timedelta(minutes=11)
    app.store.now(lambda ledger: ledger.set_timer("level", "A1", late))
    assert await codes(app) == ["steps-late"]
    health = await app.house.health()
    assert (health["status"], health["auditor"]) == ("failing", ["steps-late"])
    rows = app.store.now(_told)
    assert [what for what, _ in rows] == ["alarm"]
    assert "auditor.steps-late" in rows[0][1]
    app.store.now(lambda ledger: ledger.set_timer("level", "A1", None))


def _told(ledger: Ledger) -> list[tuple[str, str]]:
    rows = ledger.sql.rows("SELECT key, what, facts FROM outbox")
    return [(r["what"], str(facts_of(r, ledger.safe))) for r in rows]


async def test_a_notice_that_lies(app: App) -> None:
    late = datetime.now(UTC) - timedelta(minutes=11)
    notice = Notice(Address("p", "c"), Kind.ANSWER, "help", "k", late)
    app.store.now(lambda ledger: ledger.notify(notice))
    assert await codes(app) == ["notices-late"]


async def test_a_message_that_waits(app: App) -> None:
    late = datetime.now(UTC) - timedelta(minutes=11)
    app.store.now(lambda ledger: ledger.inbox.take("p", "", "m", "c", "u", late, {"text": "x"}))
    assert await codes(app) == ["messages-late"]


async def test_a_job_that_was_not_run(app: App) -> None:
    born = datetime.now(UTC) - timedelta(days=9)
    app.store.now(lambda ledger: ledger.settings.put("clock.born", born.isoformat()))
    assert "jobs-late" in await codes(app)


@pytest.mark.parametrize(
    ("drift", "found"), [(60, []), (-60, []), (200, ["clock-jumped"]), (-200, ["clock-jumped"])]
)
async def test_a_clock_that_jumped(app: App, drift: float, found: list[str]) -> None:
    assert await codes(app, 1000.0, 0.0) == []
    assert await codes(app, 1600.0 + drift, 600.0) == found


async def test_a_platform_that_is_silent(tmp_path: Path) -> None:
    stage = stage_of("telegram")
    await stage.start()
    async with playing(tmp_path / "data", stage) as play:
        assert await codes(play.app, 1000.0, 0.0) == []
        await stage.stop()
        await until(lambda: play.adapter.state != "ok", "the platform is gone")
        await codes(play.app, 1001.0, 1.0)
        assert await codes(play.app, 1700.0, 700.0) == ["platform-silent"]
