"""Factories for load tests: written once into a data folder by the real composition root, then
copied for every program that is measured on them.
"""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import App
from bot.bench import ROOT, Row, world
from bot.settings import Settings, unplugged
from bot.worlds import load
from tests.app.served import environment, free_port
from tests.load.driver import CHATS, group, lead


def settings(folder: Path) -> Settings:
    """The settings of a factory in a folder, and nothing of whoever runs the tests."""
    return unplugged(Settings(data_dir=folder, _env_file=None))  # type: ignore[call-arg]


def on_telegram(orders: int) -> Row:
    """The benchmarks' factory, with a team lead and a production group for each chat."""
    found: dict[str, Any] = world(orders)
    admin = {"id": "P99", "name": "管理员", "role": "admin", "nodes": ["*"]}
    found["people"] = [admin] + [
        {
            "id": f"L{n:02d}", "name": f"组长{n}", "nodes": ["cut"],
            "addresses": [{"platform": "telegram", "user": str(lead(n))}],
        }
        for n in range(CHATS)
    ]  # fmt: skip
    found["groups"] = [
        {
            "platform": "telegram", "chat": str(group(n)), "kind": "production_group",
            "title": f"生产群{n}",
        }
        for n in range(CHATS)
    ]  # fmt: skip
    return found


def prepare(folder: Path, orders: int) -> None:
    """Write that factory down as it stands now."""
    app = App(settings(folder))
    try:
        now = app.clock.now()
        app.store.now(lambda ledger: load(ledger, app.desk, on_telegram(orders), now, {}))
        app.store.now(app.clockwork.arm)
    finally:
        app.store.close()


@dataclass(frozen=True, slots=True)
class Program:
    """The real program, serving in a process of its own."""

    folder: Path
    port: int
    process: int


@contextlib.contextmanager
def program(folder: Path, **more: str) -> Iterator[Program]:
    """The real program on a prepared folder, without the sandbox unless `more` has it."""
    port = free_port()
    own = {"VITRINE_HTTP_PORT": str(port), "VITRINE_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with (
        (folder.parent / f"{folder.name}.log").open("a") as log,
        subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=ROOT,
            env=environment(folder, **own, **more),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line.startswith("Vitrine ready:"):
                raise RuntimeError(f"the program did not start: {line}")
            yield Program(folder, port, process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


@contextlib.contextmanager
def bare(secret: str) -> Iterator[tuple[int, int]]:
    """The bare handler in a process of its own: its port and its process."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.load.bare", str(port), secret],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # "Running on": it listens
        try:
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(timeout=30)
