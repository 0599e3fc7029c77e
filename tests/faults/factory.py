"""A factory on a platform, for the real program to serve while it is killed: many orders of one
short route, team leads in several groups, and the program without its sandbox.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import App
from bot.keys import master_keys
from bot.settings import Settings, unplugged
from bot.worlds import load
from storage.secrets import Master
from tests.app.served import ROOT, Served, environment
from tests.fakes.stage import Stage

LIMITS = "".join(
    f"[[{platform}]]\nscope = 'account'\ncount = 10000\nseconds = 1\n"
    for platform in ("telegram", "feishu")
)
"""What is tested is not how slowly a platform may be written to."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group on a platform; its team lead is P0, P1 … by its place among the groups."""

    stage: Stage
    chat: str


def world(groups: Sequence[Group], orders: int) -> dict[str, Any]:
    """Orders K1000 on, and a team lead in each group."""
    nodes = [
        {"key": "cut", "name": "裁切", "standard_days": 1, "aliases": ["开裁"]},
        {"key": "sew", "name": "车缝", "standard_days": 1, "aliases": ["缝制"]},
    ]
    people = [
        {
            "id": f"P{n}", "name": f"组长{n}", "role": "manager", "nodes": ["*"],
            "addresses": [{"platform": g.stage.platform, "user": g.stage.user(f"P{n}")}],
        }
        for n, g in enumerate(groups)
    ]  # fmt: skip
    return {
        "routes": [{"key": "r", "name": "包", "nodes": nodes}],
        "people": [{"id": "P99", "name": "管理员", "role": "admin"}, *people],
        "customers": [{"id": "C1", "name": "乙"}],
        "orders": [
            {"order_no": f"K{1000 + n}", "product": "包", "quantity": 9, "customer": "C1",
             "route": "r"}
            for n in range(orders)
        ],
        "groups": [
            {"platform": g.stage.platform, "chat": g.chat, "kind": "production_group"}
            for g in groups
        ],
    }  # fmt: skip


def prepare(folder: Path, url: str, world: Mapping[str, Any]) -> tuple[Path | str, list[Master]]:
    """Write it down with the real composition root; where the books are, and their keys."""
    given: dict[str, Any] = {"data_dir": folder, "database_url": url, "_env_file": None}
    settings = unplugged(Settings(**given))
    app = App(settings)
    try:
        now = app.clock.now()
        app.store.now(lambda ledger: load(ledger, app.desk, world, now, {}))
        app.store.now(app.clockwork.arm)
    finally:
        app.store.close()
    (folder / "limits.toml").write_text(LIMITS, encoding="utf-8")
    return settings.books, list(master_keys(settings))


class Program(Served):
    """The real program on a factory, without its sandbox; `url` where its books are not a file.
    Several may share a folder and books on PostgreSQL.
    """

    def __init__(self, folder: Path, stages: Sequence[Stage], url: str = "") -> None:
        super().__init__(folder)
        self.more = {
            "VITRINE_HTTP_PORT": str(self.port),
            "VITRINE_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "VITRINE_LIMITS": str(folder / "limits.toml"),
            "VITRINE_DATABASE_URL": url,
        }
        for stage in stages:
            self.more |= stage.settings()

    @property
    def log(self) -> Path:
        """What it says on standard error."""
        return self.folder.parent / f"{self.folder.name}-{self.port}.log"

    def start(self) -> "Program":
        """Start it and wait until it serves."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                cwd=ROOT,
                env=environment(self.folder, **self.more),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line.startswith("Vitrine ready"), line + self.log.read_text("utf-8")[-3000:]
        return self


def away(server: Served) -> None:
    """Whatever state it is in, it is gone afterwards."""
    if server.process is not None:
        with suppress(OSError):
            server.kill()


def said(number: int) -> str:
    """What is written about an order: every third time a question, else a report."""
    return f"K{1000 + number} " + ("到哪了" if number % 3 == 0 else "裁切完成")
