"""The data folder in one process's hands."""

import fcntl
from io import TextIOWrapper
from pathlib import Path


class Occupied(Exception):
    """Another process works on this data folder."""


def lock(folder: Path) -> TextIOWrapper:
    """Hold the data folder for this process; SQLite has one writer, and it is us."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = (folder / "lock").open("w", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise Occupied(str(folder)) from error
    return handle
