"""One consistent file with the database, the pictures it needs and the key, and the way back.

A backup is a ZIP: a snapshot of the database taken while the server runs, the pictures that this
snapshot names, the received bytes of messages that still wait, `secret.key`, and last a manifest
with the hash of every file. Restoring trusts nothing but names of a known shape and those hashes.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import BackupFault
from storage import migrate
from storage.inbox import said_at
from storage.secrets import Broken, Master, Ring, Safe, WrongKey, beside
from storage.sql import Sql
from storage.sqlite import reader
from storage.verify import Report, verify

FORMAT, VERSION = "vitrine-backup", 1
DATABASE, SECRET, MANIFEST, PICTURES = "vitrine.db", "secret.key", "manifest.json", "photos"
STAGING = ".restoring"
"""Where files lie in the data folder until all of them are checked."""
MAX_MANIFEST = 256 * 1024 * 1024
PIECE = 1024 * 1024

_SOMEWHERE = "postgresql://USER@HOST/DATABASE"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_HEX = "[0-9a-f]{64}"
_KEY = re.compile(rf"{_HEX}\.(jpg|mp4|mov|webm)", re.ASCII)
_WHOLE = re.compile(_HEX, re.ASCII)
_DIGEST = re.compile(rf'"({_HEX})"', re.ASCII)
_NAME = re.compile(
    rf"vitrine\.db|secret\.key|photos/kept/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}\.(jpg|mp4|mov|webm)"
    rf"|photos/records/{_HEX}\.json|photos/spool/{_HEX}",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What went into a backup. `missing` are pictures that the database names and nobody has."""

    path: Path
    files: int
    bytes: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came out of a backup, and what `verify` said of it."""

    files: int
    made_at: str
    report: Report


@dataclass(slots=True)
class _Contents:
    """The archive as it grows, and what its manifest will say."""

    archive: zipfile.ZipFile
    stamp: tuple[int, int, int, int, int, int]
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def add(self, name: str, path: Path, how: int = zipfile.ZIP_STORED) -> bool:
        """A file under a name. False if it is not there."""
        if name in self.files:
            return True
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        entry = zipfile.ZipInfo(name, self.stamp)
        entry.compress_type, entry.external_attr = how, 0o600 << 16
        with source, self.archive.open(entry, "w", force_zip64=True) as target:
            digest, size = _copy(source, target)
        self.files[name] = {"sha256": digest, "bytes": size}
        return True


def backup(
    database: Path,
    photos: Path,
    target: Path,
    at: datetime | None = None,
    masters: Sequence[Master] | None = None,
) -> Saved:
    """Write it all into one file, whole or not at all; a file of that name is replaced. `masters`
    open what waits to be handled, to see which pictures it needs: without them that of the folder.

    Raises BackupFault `no-database` or `no-such-folder`. The server may run meanwhile: it only
    ever adds pictures before the row that names them, so what the snapshot names is there.
    """
    if not database.is_file():
        raise BackupFault("no-database", path=str(database))
    folder = target.resolve().parent
    if not folder.is_dir() or target.is_dir():
        raise BackupFault("no-such-folder", path=str(target))
    made = (at or datetime.now(UTC)).astimezone(UTC)
    with tempfile.TemporaryDirectory(prefix=".vitrine-backup-", dir=folder) as temp:
        snapshot, draft = Path(temp) / DATABASE, Path(temp) / "draft"
        _snapshot(database, snapshot)
        with _create(draft) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                contents = _Contents(archive, made.timetuple()[:6])
                contents.add(DATABASE, snapshot, zipfile.ZIP_DEFLATED)
                contents.add(SECRET, photos.parent / SECRET)
                with closing(reader(snapshot)) as raw:
                    _pictures(raw, photos, contents, masters)
                    schema = _schema(raw)
                manifest = {
                    "format": FORMAT,
                    "version": VERSION,
                    "made_at": made.isoformat(timespec="seconds"),
                    "schema": schema,
                    "missing": list(contents.missing),
                    "files": contents.files,
                }
                archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        draft.replace(target)
    _sync(folder)
    return Saved(target, len(contents.files), size, tuple(contents.missing))


def dumping(url: str, target: Path) -> str:
    """The command line that writes a PostgreSQL database into a file; the password is asked for, or
    taken from PGPASSWORD or ~/.pgpass.
    """
    where = shlex.quote(_reached(url))
    return f"pg_dump --format=custom --no-owner --file={shlex.quote(str(target))} {where}"


def restoring(url: str, source: Path) -> str:
    """The command line that reads such a file into an empty database."""
    where = shlex.quote(_reached(url))
    return f"pg_restore --no-owner --exit-on-error --dbname={where} {shlex.quote(str(source))}"


def _reached(url: str) -> str:
    """An address as PostgreSQL's tools take it, without what it holds of a password."""
    try:
        found = make_url(url)
    except (SQLAlchemyError, ValueError):
        return _SOMEWHERE
    if "@" in url.partition("?")[2]:  # where the password ends is anybody's guess
        return _SOMEWHERE
    kept = {k: v for k, v in found.query.items() if k in ("host", "hostaddr", "port", "sslmode")}
    where = URL.create(
        "postgresql", found.username, None, found.host, found.port, found.database, kept
    )
    return where.render_as_string()


def restore(source: Path, data_dir: Path, masters: Sequence[Master] = ()) -> Restored:
    """Bring a backup into an empty or missing data folder, checked, or leave the folder as it was.
    `masters` are keys beside the one that the backup brings.

    Raises BackupFault: `not-empty`, `not-a-backup` (cut short, too), `damaged` (changed),
    `foreign-file` (a name that no backup has), `newer` (made by a later version), `sealed` (none of
    the keys opens it) or `unclean` (its own log and state disagree).
    """
    _must_be_empty(data_dir)
    fresh = not data_dir.exists()
    staging = data_dir / STAGING
    staging.mkdir(parents=True)
    try:
        manifest = _unpack(source, staging)
        report = _proved(staging / DATABASE, masters)
        _sync_all(staging)
    except BaseException:
        shutil.rmtree(data_dir if fresh else staging)
        raise
    for name in (PICTURES, SECRET, DATABASE):  # the database last: without it there is nothing
        if (staging / name).exists():
            (staging / name).rename(data_dir / name)
    shutil.rmtree(staging)
    _sync(data_dir)
    return Restored(len(manifest["files"]), str(manifest["made_at"]), report)


def _snapshot(database: Path, target: Path) -> None:
    """A copy of one moment, in one file, whole by SQLite's own check."""
    try:
        with closing(reader(database)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BackupFault("no-database", path=str(database), detail=str(error)) from error
    if found != "ok":
        raise BackupFault("damaged", name=DATABASE, detail=str(found))


def _pictures(
    raw: sqlite3.Connection,
    photos: Path,
    contents: _Contents,
    masters: Sequence[Master] | None,
) -> None:
    for digest, keys in _named(raw):
        if digest:
            contents.add(f"photos/records/{digest}.json", photos / "records" / f"{digest}.json")
        for key in keys:
            if _KEY.fullmatch(key):
                _kept(key, photos, contents)
    for digest in _waited_for(raw, photos, masters):
        _spooled(digest, photos, contents)


def _named(raw: sqlite3.Connection) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Received digest and file keys of every picture that a row or an event names."""
    for row in raw.execute("SELECT digest, key, thumb FROM photo WHERE fault = ''"):
        yield row["digest"], (row["key"], row["thumb"])
    for (data,) in raw.execute("SELECT data FROM event WHERE type = 'PhotoAttached'"):
        fact = json.loads(data)
        yield "", (fact["key"], fact["thumb"])


def _waited_for(
    raw: sqlite3.Connection, photos: Path, masters: Sequence[Master] | None
) -> list[str]:
    """The received bytes that waiting messages name; where no key opens these, all there are."""
    known = beside(photos.parent) if masters is None else masters
    safe = Safe(Sql(raw), Ring(tuple(known)))
    found: dict[str, None] = {}
    for row in raw.execute("SELECT * FROM inbox WHERE state = 'waiting' ORDER BY id"):
        place = said_at(row["platform"], row["account"], row["message_id"])
        try:
            said = safe.open(row["payload"], place)
        except (WrongKey, Broken):
            return sorted(p.name for p in (photos / "spool").iterdir() if _WHOLE.fullmatch(p.name))
        found |= dict.fromkeys(_DIGEST.findall(said))
    return list(found)


def _kept(key: str, photos: Path, contents: _Contents) -> None:
    if not contents.add(f"photos/kept/{key[:2]}/{key}", photos / "kept" / key[:2] / key):
        contents.missing[key] = None


def _spooled(digest: str, photos: Path, contents: _Contents) -> None:
    """Received bytes of a waiting message; where they were cleaned meanwhile, what came of them."""
    there = contents.add(f"photos/spool/{digest}", photos / "spool" / digest)
    record = photos / "records" / f"{digest}.json"
    if contents.add(f"photos/records/{digest}.json", record):
        doc = json.loads(record.read_text(encoding="utf-8"))
        for key in (doc["key"], doc["thumb"]):
            if key:
                _kept(key, photos, contents)
    elif not there:
        contents.missing[digest] = None


def _schema(raw: sqlite3.Connection) -> str:
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _unpack(source: Path, staging: Path) -> dict[str, Any]:
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError) as error:
        raise BackupFault("not-a-backup", path=str(source), detail=str(error)) from error
    try:
        with archive:
            manifest = _manifest(archive)
            for name, wanted in manifest["files"].items():
                _extract(archive, name, wanted, staging / name)
    except (*_BROKEN, OSError) as error:
        raise BackupFault("damaged", path=str(source), detail=str(error)) from error
    return manifest


def _proved(database: Path, masters: Sequence[Master]) -> Report:
    """The database in this version's shape, its log and its state agreeing."""
    try:
        migrate.upgrade(database)
        report = verify(database, (*masters, *beside(database.parent)))
    except WrongKey as error:
        raise BackupFault("sealed", detail=str(error)) from error
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise BackupFault("damaged", name=DATABASE, detail=str(error)) from error
    if not report.clean:
        raise BackupFault("unclean", difference=str(report.difference))
    return report


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    names = [i.filename for i in archive.infolist()]
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > MAX_MANIFEST:
        raise BackupFault("not-a-backup", detail=MANIFEST)
    try:
        found = json.loads(archive.read(MANIFEST))
        known = found["format"] == FORMAT and isinstance(found["version"], int)
        files = {str(k): (str(v["sha256"]), int(v["bytes"])) for k, v in found["files"].items()}
        schema, made = str(found["schema"]), str(found["made_at"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BackupFault("not-a-backup", detail=MANIFEST) from error
    if not known:
        raise BackupFault("not-a-backup", detail=MANIFEST)
    if found["version"] > VERSION or not migrate.known(schema):
        raise BackupFault("newer", version=found["version"], schema=schema)
    for name in [*files, *(n for n in names if n != MANIFEST)]:
        if not _NAME.fullmatch(name):
            raise BackupFault("foreign-file", name=name)
    if sorted(names) != sorted([*files, MANIFEST]) or DATABASE not in files:
        raise BackupFault("damaged", detail="files and manifest differ")
    return {"files": files, "made_at": made}


def _extract(archive: zipfile.ZipFile, name: str, wanted: tuple[str, int], target: Path) -> None:
    """One file out, never more bytes than the manifest says."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as packed, _create(target) as file:
        found = _copy(packed, file, wanted[1])
        file.flush()
        os.fsync(file.fileno())
    if found != wanted:
        raise BackupFault("damaged", name=name)


def _must_be_empty(data_dir: Path) -> None:
    """Refuse a folder with anything in it, but clear what a killed restore left there."""
    if not data_dir.exists():
        return
    if not data_dir.is_dir():
        raise BackupFault("not-empty", path=str(data_dir))
    if (data_dir / STAGING).is_dir() and not (data_dir / DATABASE).exists():
        shutil.rmtree(data_dir / STAGING)
        shutil.rmtree(data_dir / PICTURES, ignore_errors=True)
        (data_dir / SECRET).unlink(missing_ok=True)
    if any(entry.name != "lost+found" for entry in data_dir.iterdir()):
        raise BackupFault("not-empty", path=str(data_dir))


def _copy(source: IO[bytes], target: IO[bytes], limit: int | None = None) -> tuple[str, int]:
    """Copy in pieces; hash and size of what was copied, which stops just past the limit."""
    hashed, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        size += len(piece)
        if limit is not None and size > limit:
            break
        hashed.update(piece)
        target.write(piece)
    return hashed.hexdigest(), size


def _create(path: Path) -> BinaryIO:
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _sync_all(folder: Path) -> None:
    for inner in [p for p in folder.rglob("*") if p.is_dir()]:
        _sync(inner)
    _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
