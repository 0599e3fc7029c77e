"""Our whole pipeline with everything durable against the dispatch of well-known frameworks with
nothing stored: the same messages, each contestant in a process of its own, in turns, medians. One
JSON object a line, as `python -m bot bench` writes them.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bot.bench import MESSAGES, ROOT, ROUNDS, WIDTH, Row, asked, prepare, row

THEIRS = ROOT / ".bench" / "bin" / "python"
NAMES = (
    "aiogram", "aiogram.prebuilt", "aiogram.20", "nonebot2", "nonebot2.prebuilt", "nonebot2.20",
)  # fmt: skip

FEWER = 4
"""The rows with twenty more handlers take that many times fewer messages: they are slow."""


def child(*command: str) -> dict[str, float]:
    """One round in a process of its own."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def bench(count: int = MESSAGES, rounds: int = ROUNDS) -> Iterator[Row]:
    """Each framework's round between two of ours, so that all see the same machine."""
    rounds_of: dict[str, list[dict[str, float]]] = {name: [] for name in ("ours", *NAMES)}
    with tempfile.TemporaryDirectory() as folder:
        books = Path(folder) / "books.db"
        prepare(books, count + 1)
        for _ in range(rounds):
            for name in NAMES:
                if name in ("aiogram", "nonebot2"):
                    ours = (sys.executable, "-m", "tests.load.ours", str(books), str(count))
                    rounds_of["ours"].append(child(*ours))
                few = count // FEWER if name.endswith(".20") else count
                theirs = (str(THEIRS), "-m", "tests.load.theirs", name, str(few), str(WIDTH))
                rounds_of[name].append(child(*theirs))

    def middle(name: str, what: str) -> float:
        return median(found[what] for found in rounds_of[name])

    for name in NAMES:
        told = f"{name.partition('.')[0]} without storage"
        cpu = {"ours": round(middle("ours", "cpu"), 9), "theirs": round(middle(name, "cpu"), 9)}
        rates = middle("ours", "rate"), middle(name, "rate")
        yield row(f"dispatch.{name}", rates[0], "messages/s", told, rates[1]) | {"cpu": cpu}


def main(wanted: list[str]) -> None:
    """All of it, or nothing where other benches are asked for."""
    if asked(wanted, *(f"dispatch.{name}" for name in NAMES)):
        for found in bench():
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
