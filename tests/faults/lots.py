"""Chance for the fault tests: seeds that are printed and can be set, and how long a test goes on.

`FAULTS_SEED=7` begins with that seed, `FAULTS_LONG=1` (make faults) runs the long forms.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

LONG = bool(os.environ.get("FAULTS_LONG"))
GIVEN = os.environ.get("FAULTS_SEED", "")


def often(short: int, long: int) -> int:
    """How often something is done in this form."""
    return long if LONG else short


def first_seed() -> int:
    """The seed to begin with: the given one; in the long form always another, else always the
    same.
    """
    return int(GIVEN) if GIVEN else time.time_ns() % 1_000_000 if LONG else 20261123


def seeds(short: int, long: int) -> Iterator[int]:
    """The seeds of a test's rounds."""
    first = first_seed()
    return iter(range(first, first + often(short, long)))


@contextmanager
def drawn(seed: int) -> Iterator[Random]:
    """Chance from a seed, which is said where something fails."""
    try:
        yield Random(seed)
    except BaseException as error:
        error.add_note(f"seed: FAULTS_SEED={seed}{' FAULTS_LONG=1' if LONG else ''}")
        raise


def told(what: str, seed: int, **figures: object) -> None:
    """Say what a test did, for the long form's log (`pytest -s` shows it)."""
    if LONG:
        said = " ".join(f"{k}={v}" for k, v in figures.items())
        print(f"\n{what}: seed={seed} {said}", flush=True)


def within(seconds: float, true: Callable[[], object], what: str) -> None:
    """Wait until something holds; say what did not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)
