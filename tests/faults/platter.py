"""A disk whose plug can be pulled: what SQLite wrote and did not flush is dropped or torn, as disks
do. And the library that our own `connect` opens files with on that disk.

The files are real ones, so that our store runs as ever. Beside them it is kept what would stand on
the platter, byte for byte, if the power went now.
"""

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from domain.ports import Clock
from storage.store import Store

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
Write = tuple[int, bytes]


@dataclass
class Medium:
    """One file: what is safe, and what was written since (or cut: an offset without bytes)."""

    safe: bytearray
    since: list[Write | int] = field(default_factory=list)

    def write(self, at: int, data: bytes) -> None:
        self.since.append((at, data))

    def flush(self) -> None:
        for step in self.since:
            apply(self.safe, step)
        self.since.clear()

    def after(self, dice: Random) -> bytes:
        """What is found when the power is back: of what was not flushed anything may be there, in
        whole or in part, whatever came before it.
        """
        found, kind = bytearray(self.safe), dice.choice(("none", "all", "some", "prefix", "some"))
        last = dice.randint(0, len(self.since))
        for number, step in enumerate(self.since):
            if kind == "all" or (kind == "prefix" and number < last):
                apply(found, step)
            elif kind == "some" and dice.random() < 0.6:
                apply(found, step) if isinstance(step, int) else tear(found, step, dice)
        return bytes(found)


def apply(content: bytearray, step: Write | int) -> None:
    """A write or a cut, done."""
    if isinstance(step, int):
        del content[step:]
        return
    at, data = step
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data


def tear(content: bytearray, step: Write, dice: Random) -> None:
    """A write, of which some sectors may be missing."""
    at, data = step
    share = dice.choice((1.0, 1.0, 0.5))
    while data:
        size = SECTOR - at % SECTOR
        if dice.random() < share:
            apply(content, (at, data[:size]))
        at, data = at + size, data[size:]


class Disk(apsw.VFS):
    """Files on it are real ones. `left` is after how many writes and flushes the plug is pulled;
    `room` how many bytes a file may have; `fault` is asked before each of them and may raise.
    """

    def __init__(self, dice: Random) -> None:
        self.name, self.dice = f"disk-{uuid.uuid4().hex[:8]}", dice
        self.media: dict[str, Medium] = {}
        self.left: int | None = None
        self.room: int | None = None
        self.fault: Callable[[str], None] | None = None
        self.image: dict[str, bytes] | None = None
        self.flushes = self.done = 0
        self.lock = threading.Lock()
        super().__init__(self.name, "")

    @property
    def off(self) -> bool:
        """Whether the plug is out."""
        return self.image is not None

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "File":  # noqa: N802 - SQLite names it
        return File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite names it
        if not self.off:
            self.media.pop(Path(filename).name, None)
        super().xDelete(filename, syncdir)

    def medium(self, path: str) -> Medium:
        """The platter's side of a file: what was there before is safe."""
        name = Path(path).name
        if name not in self.media:
            here = Path(path)
            self.media[name] = Medium(bytearray(here.read_bytes() if here.exists() else b""))
        return self.media[name]

    def step(self, what: str) -> None:
        """Something is about to be written, cut or flushed."""
        if self.off:
            raise apsw.IOError("the power is off")
        self.done += 1
        if self.fault is not None:
            self.fault(what)
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.pull()
                raise apsw.IOError("the power went")

    def pull(self) -> None:
        """Pull the plug: from now on nothing reaches the platter."""
        self.image = {name: m.after(self.dice) for name, m in self.media.items()}

    def back(self, folder: Path) -> Path:
        """The power is back: the files as they are found, in a folder of their own."""
        assert self.image is not None
        folder.mkdir()
        for name, content in self.image.items():
            if not name.endswith("-shm"):
                (folder / name).write_bytes(content)
        return folder / "vitrine.db"

    def release(self) -> None:
        """Let the dying process go on with files that nobody will look at again."""
        self.left = self.room = self.fault = self.image = None

    def forget(self) -> None:
        """Nobody needs the disk any more."""
        self.media.clear()
        self.unregister()


class File(apsw.VFSFile):
    """A file of the disk. Temporary ones have no name and no platter."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.disk = disk
        self.medium = disk.medium(path) if path else None

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite names it
        raw = bytes(data)
        if self.medium is not None:
            with self.disk.lock:
                self._room(offset + len(raw))
                try:
                    self.disk.step("write")
                except apsw.IOError:
                    if not self.disk.off:
                        raise
                    self._torn(offset, raw)
                    raise
                self.medium.write(offset, raw)
        super().xWrite(raw, offset)

    def _torn(self, offset: int, raw: bytes) -> None:
        """The write during which the power went is there in part, unless it never left memory."""
        image = self.disk.image
        if image is not None and self.disk.left == -1 and self.disk.dice.random() < 0.5:
            name = next(n for n, m in self.disk.media.items() if m is self.medium)
            content = bytearray(image[name])
            tear(content, (offset, raw), self.disk.dice)
            image[name] = bytes(content)
            self.disk.left = -2

    def _room(self, end: int) -> None:
        if self.disk.room is not None and end > max(self.disk.room, self.xFileSize()):
            raise apsw.FullError("no space left on the disk")

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite names it
        if self.medium is not None:
            with self.disk.lock:
                self.disk.step("cut")
                self.medium.since.append(newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite names it
        """The real file is not flushed: the platter is in memory, and the machine stays up."""
        if self.medium is not None:
            with self.disk.lock:
                self.disk.step("flush")
                self.medium.flush()
                self.disk.flushes += 1


class Found(tuple[Any, ...]):
    """A row as `sqlite3.Row` gives it: by place and by name, and `dict(row)`."""

    names: tuple[str, ...] = ()

    def keys(self) -> tuple[str, ...]:
        return self.names

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)


class Answer:
    """What `sqlite3.Cursor` offers of a statement that is done."""

    def __init__(self, found: list[Found], changed: int) -> None:
        self._found, self.rowcount = iter(found), changed

    def __iter__(self) -> Iterator[Found]:
        return self._found

    def fetchone(self) -> Found | None:
        return next(self._found, None)

    def fetchall(self) -> list[Found]:
        return list(self._found)


class Connection:
    """What `sqlite3.Connection` offers our code, over a connection on a disk of ours: the same
    statements, the same PRAGMAs, the same exceptions.
    """

    row_factory: Any = None

    def __init__(self, path: Path, disk: Disk, instead: Mapping[str, str]) -> None:
        self.raw = apsw.Connection(str(path), vfs=disk.name)
        self.instead = instead

    @property
    def in_transaction(self) -> bool:
        return self.raw.in_transaction

    def execute(self, text: str, values: Any = ()) -> Answer:
        """One statement, to its end."""
        found: list[Found] = []
        names: tuple[str, ...] = ()
        with as_sqlite3():
            cursor = self.raw.cursor()
            for row in cursor.execute(self.instead.get(text, text), values or None):
                names = names or tuple(d[0] for d in cursor.description)
                found.append(Found(row))
                found[-1].names = names
            return Answer(found, self.raw.changes())

    def executemany(self, text: str, rows: Iterable[Any]) -> None:
        with as_sqlite3():
            self.raw.cursor().executemany(text, rows)

    def close(self) -> None:
        with as_sqlite3():
            self.raw.close()


@contextmanager
def as_sqlite3() -> Iterator[None]:
    """Faults under the names that our code knows."""
    try:
        yield
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error) or type(error).__name__) from error


@dataclass
class Library:
    """What stands in for the module `sqlite3` where `storage.sqlite` opens a file; `instead` says
    which of its statements are said otherwise.
    """

    disk: Disk
    instead: Mapping[str, str] = field(default_factory=dict)
    Row: type[sqlite3.Row] = sqlite3.Row

    def connect(self, path: Path, **_: object) -> Connection:
        return Connection(path, self.disk, self.instead)


def opened(path: Path, disk: Disk, clock: Clock, instead: Mapping[str, str] | None = None) -> Store:
    """Our store with its file on that disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.sqlite.sqlite3", Library(disk, instead or {}))
        return Store(path, clock)
