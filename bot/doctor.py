"""`python -m bot doctor`: every part, whether it is well, and the one switch to turn if it is not.

It only looks: nothing is migrated, made or said in a chat.
"""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from bot.clocks import RealClock
from bot.commands_privacy import whole
from bot.examining import examine
from bot.folder import Occupied, lock
from bot.gauges import backed_up
from bot.pictures.text import drawn
from bot.settings import SHORTEST, VERSION, Settings
from bot.surroundings import Answer, ask, free, readable, synchronised, writable
from domain.calendar import WorkCalendar
from domain.events import unstamp
from storage import checkup
from storage.holidays import ChinaHolidays

MARKS = {"ok": "ok  ", "warning": "warn", "fault": "FAIL"}
SPARE, TIGHT = 1 << 30, 200 << 20
"""Bytes of free disk below which it is a warning, and a fault."""
STALE = 2 * 86400.0
"""Seconds after which the last backup is old."""
APART = 2.0
"""Seconds by which a database's clock may differ: leases last nine."""
AHEAD = 60.0
"""Seconds by which the clock may stand before what was recorded, or beside another's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `state` is `ok`, `warning` or `fault`; `todo` is the one switch to turn."""

    part: str
    state: str
    text: str
    todo: str = ""


def doctor(settings: Settings, *, machine: bool = False) -> int:
    """Say how everything is; 1 if something fails. `machine` says it as one JSON object."""
    found = []
    for each in look(settings):
        found.append(each)
        if not machine:
            print(line(each))
    good = all(f.state != "fault" for f in found)
    if machine:
        doc = {"good": good, "version": VERSION, "findings": [asdict(f) for f in found]}
        print(json.dumps(doc, ensure_ascii=False))
    else:
        print(f"     version {VERSION}")
    return 0 if good else 1


def line(found: Finding) -> str:
    """A finding for a terminal."""
    todo = f"  -> {found.todo}" if found.todo and found.state != "ok" else ""
    return f"{MARKS[found.state]} {found.text}{todo}"


def look(settings: Settings) -> Iterator[Finding]:
    """Everything there is to look at. A look that breaks is a fault of its part; the others go
    on.
    """
    running = _running(settings)
    parts: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("program", lambda: _program(settings, running=running)),
        ("database", lambda: _database(settings)),
        ("folder", lambda: _folder(settings)),
        ("keys", lambda: _keys(settings)),
        ("clock", lambda: _clock(settings)),
        ("address", lambda: _address(settings, running=running)),
        ("backup", lambda: _backup(settings)),
        ("fonts", _fonts),
        ("platforms", lambda: _platforms(settings)),
    )
    for part, looked in parts:
        try:
            yield from looked()
        except (OSError, ValueError, sqlite3.Error) as error:
            yield Finding(part, "fault", f"{part}: {error}", "see docs/operations.md")
        except checkup.UNUSABLE as error:
            text = f"{part}: {checkup.why(error)}"
            yield Finding(part, "fault", text, "see docs/operations.md")


def _running(settings: Settings) -> bool:
    """Whether the program works on this folder, or on this PostgreSQL."""
    if isinstance(settings.books, str):
        try:
            return checkup.look_served(settings.books).processes > 0
        except checkup.UNUSABLE:
            return False
    if not settings.data_dir.is_dir():
        return False
    try:
        lock(settings.data_dir).close()
    except Occupied:
        return True
    except OSError:
        return False
    return False


def _program(settings: Settings, *, running: bool) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    if not running:
        yield Finding("program", "ok", f"the program is not running here (Python {python})")
        return
    host = settings.http_host if settings.http_host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    answer = ask(f"http://{shown}:{settings.http_port}/healthz")
    if answer.doc is None:
        todo = "look into its log; is VITRINE_HTTP_PORT the one that it was started with?"
        where = " on these books" if isinstance(settings.books, str) else ""
        text = f"the program runs{where}, /healthz here: {answer.said}"
        yield Finding("program", "warning", text, todo)
        return
    states = {k: v for k, v in dict(answer.doc.get("platforms", {})).items() if v != "ok"}
    late = ", ".join(map(str, answer.doc.get("auditor", ())))
    wrong = "; ".join([*(f"{k} is {v}" for k, v in states.items()), *([late] if late else [])])
    well = answer.doc.get("status") == "ok"
    text = f"the program runs (Python {python}) and is {'well' if well else f'not well: {wrong}'}"
    yield Finding("program", "ok" if well else "fault", text, "docs/operations.md#what-to-do-when")


def _database(settings: Settings) -> Iterator[Finding]:
    if isinstance(settings.books, str):
        yield from _server(settings, settings.books)
        return
    mode = "reads may use connections of their own"
    if not checkup.safe():
        mode = "has the WAL-reset bug; one connection for all (safe)"
    yield Finding("database", "ok", f"SQLite {sqlite3.sqlite_version}: {mode}")
    path = settings.database
    if not path.exists():
        yield Finding("database", "ok", f"no database at {path} yet: the first start makes it")
        return
    try:
        found = checkup.look(path)
    except sqlite3.Error as error:
        text = f"database {path}: {error}"
        yield Finding("database", "fault", text, "check the folder's rights; else restore a backup")
        return
    well = "fault" if found.damage else "ok"
    text = f"quick_check of {found.bytes:,} bytes: {found.damage or 'ok'}"
    yield Finding("database", well, text, "copy the folder, then restore the last good backup")
    if found.later:
        text = f"the database is of a later version (migration {found.revision})"
        yield Finding("database", "fault", text, "install that version, or restore a backup")
        return
    new = found.revision == found.head
    text = f"migration {found.revision}" + ("" if new else f", not yet {found.head}")
    yield Finding("database", "ok" if new else "warning", text, "start the program: it migrates")
    if new:
        for good, said in whole(settings):
            yield Finding("database", "ok" if good else "fault", said)
    yield from _recorded(settings, found.newest)


def _server(settings: Settings, books: str) -> Iterator[Finding]:
    """The same of PostgreSQL: how it keeps and compares is up to its settings."""
    try:
        found = checkup.look_served(books)
    except checkup.UNUSABLE as error:
        text = f"database {settings.shown}: {checkup.why(error)}"
        yield Finding("database", "fault", text, "the server, VITRINE_DATABASE_URL")
        return
    old = found.number < checkup.OLDEST and not settings.database_portable
    text = f"PostgreSQL {found.version} {settings.shown}, {found.bytes:,} bytes"
    yield Finding("database", "fault" if old else "ok", text, "PostgreSQL 13 or later")
    for bad, state, text, todo in _served(found):
        yield Finding("database", state if bad else "ok", text, todo)
    if found.later:
        text = f"the database is of a later version (migration {found.revision})"
        yield Finding("database", "fault", text, "install that version, or restore a backup")
        return
    new = found.revision == found.head
    text = f"migration {found.revision or 'none'}" + ("" if new else f", not yet {found.head}")
    yield Finding("database", "ok" if new else "warning", text, "start the program: it migrates")
    if new:
        for good, said in whole(settings):
            yield Finding("database", "ok" if good else "fault", said)
    yield from _recorded(settings, found.newest)


def _served(found: checkup.Served) -> Iterator[tuple[bool, str, str, str]]:
    """What is looked at on a server: whether it is wrong, how much so, how it is, what to do."""
    yield found.encoding != "UTF8", "fault", f"encoding {found.encoding}", "a database in UTF8"
    other = ", ".join(found.collations[:3])
    text = f"text is not compared by code points: {other}" if other else "text is compared as C"
    yield bool(other), "fault", text, 'ALTER TABLE … ALTER COLUMN … TYPE text COLLATE "C"'
    text = f"synchronous_commit {found.synchronous}, fsync {found.fsync}"
    unsafe = found.synchronous == "off" or found.fsync != "on"
    yield unsafe, "fault", text, "both on: what was answered may be lost when the power goes"
    if found.standby:
        yield True, "fault", "the server is a standby and takes no writes", "the primary's address"
    apart = abs(found.ahead)
    text = f"the server's clock and this machine's are {apart:.1f} s apart"
    yield apart > APART, "warning", text, "NTP on both"
    behind = ", ".join(found.behind)
    text = f"numbers that are taken come next: {behind}" if behind else "new rows get new numbers"
    yield bool(behind), "fault", text, "SELECT setval(…) beyond the highest id"


def _recorded(settings: Settings, newest: str) -> Iterator[Finding]:
    """The sandbox's time is its own."""
    if not newest or settings.sandbox:
        return
    ahead = (unstamp(newest) - RealClock().now()).total_seconds()
    if ahead > AHEAD:
        text = f"the newest event is {ahead:.0f} s ahead of this machine's clock"
        yield Finding("clock", "warning", text, "set the clock (a sandbox's folder may be ahead)")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.is_dir():
        yield Finding("folder", "ok", f"no data folder at {folder} yet: the first start makes it")
        return
    blocked = [str(p) for p in (folder, settings.database, settings.database.parent)
               if p.exists() and not writable(p)]  # fmt: skip
    text = f"cannot write to {', '.join(blocked)}" if blocked else f"{folder} can be written to"
    yield Finding("folder", "fault" if blocked else "ok", text, "chown it to the program's user")
    if readable(folder):
        yield Finding(
            "folder", "warning", f"others on this machine can look into {folder}",
            f"chmod 700 {folder}",
        )  # fmt: skip
    left = free(folder)
    state = "fault" if left < TIGHT else "warning" if left < SPARE else "ok"
    yield Finding("folder", state, f"{left / (1 << 30):.1f} GB free", "make room on the disk")


def _keys(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir / "secret.key"
    if settings.secret_key:
        short = len(settings.secret_key) < SHORTEST
        text = f"VITRINE_SECRET_KEY has {len(settings.secret_key)} characters"
        yield Finding("keys", "warning" if short else "ok", text, "openssl rand -base64 36")
    elif not path.exists():
        made = _made(settings)
        text = "there is no secret key" + (": links and sealed words are lost without it" if made
                                            else " yet: the first start makes it")  # fmt: skip
        yield Finding("keys", "fault" if made else "ok", text, f"put the former {path.name} back")
    if path.exists():
        state = "fault" if readable(path) else "ok"
        text = "the secret key is readable by its owner only"
        if state == "fault":
            text = "the secret key is readable by others"
        yield Finding("keys", state, text, f"chmod 600 {path}")
    env = Path(".env")
    if env.exists() and readable(env):
        yield Finding("keys", "warning", ".env is readable by others", "chmod 600 .env")


def _made(settings: Settings) -> bool:
    """Whether there are books that a key may have sealed."""
    try:
        return checkup.begun(settings.books)
    except checkup.UNUSABLE:
        return False


def _clock(settings: Settings) -> Iterator[Finding]:
    now = RealClock().now()
    local = f"{now.astimezone(settings.zone):%F %H:%M}"
    yield Finding("clock", "ok", f"time zone {settings.timezone}: now {local}")
    kept = synchronised()
    if kept is not None:
        text = "the clock is " + ("kept by NTP" if kept else "not kept by NTP")
        yield Finding("clock", "ok" if kept else "warning", text, "timedatectl set-ntp true")
    year = WorkCalendar(settings.zone).day(now).year
    known = ChinaHolidays().known(year)
    text = f"holidays of {year} with their exchanged days"
    yield Finding("clock", "ok" if known else "fault", text, "update the package")


def _address(settings: Settings, *, running: bool) -> Iterator[Finding]:
    url = settings.public_url
    if not url:
        if not settings.sandbox:
            text = "links begin with this machine's address"
            yield Finding("address", "warning", text, "set VITRINE_PUBLIC_URL")
        return
    if not url.startswith("https://"):
        text = f"{url} is not https: links and sign-ins can be read on the way"
        yield Finding("address", "warning", text, "a reverse proxy with TLS in front")
    if not running:
        yield Finding("address", "ok", f"links begin with {url} (not asked: the program is off)")
        return
    answer = ask(f"{url.rstrip('/')}/healthz")
    if answer.doc is None:
        text = f"{url}/healthz: {answer.said}"
        yield Finding("address", "warning", text, "name, proxy, certificate, VITRINE_PUBLIC_URL")
        return
    yield Finding("address", "ok", f"{url} leads here")
    yield from _drift(answer)


def _drift(answer: Answer) -> Iterator[Finding]:
    if answer.date is None:
        return
    apart = abs((RealClock().now() - answer.date).total_seconds())
    if apart > AHEAD:
        text = f"this machine's clock and the proxy's are {apart:.0f} s apart"
        yield Finding("clock", "warning", text, "NTP on both: signatures live for 300 s")


def _backup(settings: Settings) -> Iterator[Finding]:
    if isinstance(settings.books, str):
        text = f"PostgreSQL's own tools back the database up; photos lie in {settings.data_dir}"
        yield Finding("backup", "ok", text)
        return
    if not settings.database.exists():
        return
    at = backed_up(settings.data_dir)
    todo = "python -m bot backup FILE, daily, to another machine"
    if at is None:
        yield Finding("backup", "warning", "no backup is known", todo)
        return
    age = RealClock().now().timestamp() - at
    when = f"{datetime.fromtimestamp(at, settings.zone):%F %H:%M}"
    state = "warning" if age > STALE else "ok"
    yield Finding("backup", state, f"the last backup is of {when}", todo)


def _fonts() -> Iterator[Finding]:
    text = f"the font draws {len(drawn()):,} characters; cards and tickets need no browser"
    yield Finding("fonts", "ok", text)


def _platforms(settings: Settings) -> Iterator[Finding]:
    states = {True: "ok", False: "fault", None: "warning"}
    for well, text in examine(settings):
        yield Finding("platforms", states[well], text)
