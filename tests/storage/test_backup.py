"""A backup is whole and can be restored, or says what is wrong and leaves nothing behind."""

import hashlib
import json
import stat
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.commands import Attach, Progress
from domain.errors import BackupFault, DomainError
from domain.events import PhotoAttached
from storage import backup as module
from storage.backup import backup, restore
from storage.ledger import Ledger
from storage.photos import KeptPhoto, Photos
from storage.sqlite import reader
from storage.store import Store
from storage.verify import verify
from tests.photos.samples import drawing, encoded
from tests.storage.engines import SQLITE, START, Engine, Hand, Place, do, place


@pytest.fixture(scope="session")
def engine() -> Engine:
    """This is about SQLite alone."""
    return SQLITE


class Factory:
    """A data folder as a running server has it."""

    def __init__(self, spot: Place, store: Store) -> None:
        self.folder, self.store = spot.folder, store
        self.database, self.photos = spot.folder / "vitrine.db", spot.folder / "photos"
        self.album = Photos(self.photos)
        (spot.folder / "secret.key").write_bytes(b"a secret")
        store.now(lambda ledger: place(ledger, "A101"))
        self.kept = self.keep(encoded(drawing(seed=1)))
        self.waiting = self.album.spool(b"received, not looked at yet")
        self.album.spool(b"of a message that was handled long ago")
        self.hear("m1", self.waiting)

    def keep(self, raw: bytes) -> KeptPhoto:
        """A picture, kept and attached to the order."""
        kept = self.album.keep(self.album.spool(raw))
        fact = PhotoAttached(kept.digest, kept.key, kept.thumb)

        def work(ledger: Ledger) -> None:
            row = {f: getattr(kept, f) for f in ("digest", "key", "thumb", "kind", "media")}
            ledger.photos.keep(**row, width=1, height=1, bytes=1)
            do(ledger, Attach("A101", "cut", (fact,)))

        self.store.now(work)
        self.album.drop_spooled(kept.digest)
        return kept

    def hear(self, message: str, digest: str) -> None:
        """A message with a picture that waits to be handled."""
        payload = {"media": [{"kind": "photo", "digest": digest}]}
        self.store.now(
            lambda ledger: ledger.inbox.take("test", "bot", message, "c", "u", START, payload)
        )


@pytest.fixture
def factory(spot: Place, store: Store) -> Factory:
    return Factory(spot, store)


@pytest.fixture
def saved(factory: Factory, tmp_path: Path) -> Path:
    target = tmp_path / "saved.zip"
    result = backup(factory.database, factory.photos, target, datetime(2026, 11, 23, tzinfo=UTC))
    assert result.missing == ()
    assert result.bytes == target.stat().st_size
    return target


def test_there_and_back_while_the_server_runs(
    factory: Factory, saved: Path, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "data"
    result = restore(saved, target)
    assert result.report.clean
    assert (result.report.orders, result.report.events) == (1, 2)
    assert verify(target / "vitrine.db").clean
    assert (target / "secret.key").read_bytes() == b"a secret"
    assert stat.S_IMODE((target / "secret.key").stat().st_mode) == 0o600
    album = Photos(target / "photos")
    kept = factory.kept
    assert album.open(kept.key) == factory.album.open(kept.key)
    assert album.open(kept.thumb) == factory.album.open(kept.thumb)
    assert album.keep(kept.digest) == kept  # its record came along
    assert album.spooled(factory.waiting) == b"received, not looked at yet"
    assert sorted(p.name for p in target.iterdir()) == ["photos", "secret.key", "vitrine.db"]
    again = Store(target / "vitrine.db", Hand())
    assert again.now(lambda ledger: ledger.order("A101")) == factory.store.now(
        lambda ledger: ledger.order("A101")
    )
    assert [r.message_id for r in again.now(lambda ledger: ledger.inbox.waiting())] == ["m1"]
    again.close()


def test_only_what_is_needed_goes_in_and_pictures_as_they_are(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        entries = {i.filename: i for i in archive.infolist()}
    kinds = sorted({n.split("/")[1] if "/" in n else n for n in entries})
    assert kinds == ["kept", "manifest.json", "records", "secret.key", "spool", "vitrine.db"]
    assert sum(n.startswith("photos/spool/") for n in entries) == 1
    stored = [i.compress_type for n, i in entries.items() if n.startswith("photos/")]
    assert set(stored) == {zipfile.ZIP_STORED}
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600  # the key is in it


def test_a_backup_is_one_moment_of_a_busy_factory(factory: Factory, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            factory.store.now(partial(do, command=Progress("A101", "cut", n % 90 + 1)))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for n in range(3):
            backup(factory.database, factory.photos, tmp_path / f"{n}.zip")
    finally:
        stop.set()
        thread.join(10)
    for n in range(3):
        assert restore(tmp_path / f"{n}.zip", tmp_path / f"data{n}").report.clean
    assert verify(factory.store).clean


def test_a_picture_that_is_cleaned_while_we_look_comes_along(
    factory: Factory, tmp_path: Path
) -> None:
    """The snapshot says it waits; its bytes are gone because the server has just kept it."""
    raw = encoded(drawing(seed=2))
    digest = factory.album.spool(raw)
    factory.hear("m2", digest)
    kept = factory.album.keep(digest)
    factory.album.drop_spooled(digest)
    result = backup(factory.database, factory.photos, tmp_path / "b.zip")
    assert result.missing == ()
    restore(tmp_path / "b.zip", tmp_path / "data")
    assert Photos(tmp_path / "data" / "photos").keep(digest) == kept


def test_a_picture_that_is_gone_is_named_and_the_rest_is_kept(
    factory: Factory, tmp_path: Path
) -> None:
    factory.album.path(factory.kept.key).unlink()
    result = backup(factory.database, factory.photos, tmp_path / "b.zip")
    assert result.missing == (factory.kept.key,)
    assert restore(tmp_path / "b.zip", tmp_path / "data").report.clean


def test_a_backup_replaces_the_one_before_and_leaves_nothing_beside_it(
    factory: Factory, saved: Path, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    backup(factory.database, factory.photos, saved)
    assert set(tmp_path.iterdir()) == before


def test_a_backup_that_breaks_leaves_the_one_before(
    factory: Factory, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = saved.read_bytes(), set(tmp_path.iterdir())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_pictures", full)
    with pytest.raises(OSError, match="No space"):
        backup(factory.database, factory.photos, saved)
    assert saved.read_bytes() == before
    assert set(tmp_path.iterdir()) == files


def test_no_database_no_backup(tmp_path: Path) -> None:
    for make in (lambda p: None, lambda p: p.write_bytes(b"x" * 9000)):
        make(tmp_path / "vitrine.db")
        with pytest.raises(BackupFault, match="no-database"):
            backup(tmp_path / "vitrine.db", tmp_path / "photos", tmp_path / "b.zip")
        assert not (tmp_path / "b.zip").exists()
    with pytest.raises(BackupFault, match="no-such-folder"):
        backup(tmp_path / "vitrine.db", tmp_path / "photos", tmp_path / "none" / "b.zip")


@pytest.mark.parametrize("name", ["vitrine.db", "note.txt", ".env"])
def test_only_into_an_empty_folder(saved: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / name).write_text("mine")
    with pytest.raises(BackupFault, match="not-empty"):
        restore(saved, target)
    assert [p.name for p in target.iterdir()] == [name]
    assert (target / name).read_text() == "mine"


def test_a_folder_that_is_empty_or_a_fresh_volume_is_fine(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "data"
    (target / "lost+found").mkdir(parents=True)
    assert restore(saved, target).report.clean


def test_a_killed_restore_can_be_said_again(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "data"
    (target / ".restoring" / "photos").mkdir(parents=True)
    (target / "photos" / "kept").mkdir(parents=True)
    (target / "secret.key").write_bytes(b"half")
    assert restore(saved, target).report.clean
    assert (target / "secret.key").read_bytes() == b"a secret"


def rewritten(source: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """The archive with other contents; the manifest is written anew as `change` leaves it."""
    with zipfile.ZipFile(source) as archive:
        files = {n: archive.read(n) for n in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(files, manifest)
    target = source.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        if manifest:
            archive.writestr("manifest.json", json.dumps(manifest))
    return target


def entry(data: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def named(name: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    def change(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
        files[name] = b"evil"
        manifest["files"][name] = entry(b"evil")

    return change


def unlisted(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    files["photos/spool/" + "f" * 64] = b"evil"


def lost(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del files["secret.key"]


def swapped(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    files["secret.key"] = b"A secret"


def larger(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    files["secret.key"] = b"a secret" + b"0" * 5_000_000


def no_database(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del files["vitrine.db"], manifest["files"]["vitrine.db"]


def other_database(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    files["vitrine.db"] = b"SQLite format 3\0" + b"\0" * 8000
    manifest["files"]["vitrine.db"] = entry(files["vitrine.db"])


def newer(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["version"] = 2


def newer_schema(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["schema"] = "9999"


def other_format(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format"] = "holiday-photos"


def no_manifest(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest.clear()


def odd_manifest(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["files"] = [1, 2]


DIGEST = "a" * 64


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (named("../evil"), "foreign-file"),
        (named("/etc/evil"), "foreign-file"),
        (named("photos/kept/../../evil"), "foreign-file"),
        (named("photos\\..\\evil"), "foreign-file"),
        (named(".env"), "foreign-file"),
        (named("photos/kept/bb/" + DIGEST + ".jpg"), "foreign-file"),
        (named("photos/kept/aa/" + DIGEST + ".sh"), "foreign-file"),
        (named("vitrine.db-wal"), "foreign-file"),
        (unlisted, "damaged"),
        (lost, "damaged"),
        (swapped, "damaged"),
        (larger, "damaged"),
        (no_database, "damaged"),
        (other_database, "damaged"),
        (newer, "newer"),
        (newer_schema, "newer"),
        (other_format, "not-a-backup"),
        (no_manifest, "not-a-backup"),
        (odd_manifest, "not-a-backup"),
    ],
)
@pytest.mark.parametrize("there", [True, False], ids=["into an empty folder", "into none"])
def test_a_file_that_is_not_fit_leaves_nothing(
    saved: Path, tmp_path: Path, change: Any, code: str, there: bool
) -> None:
    wrong, target = rewritten(saved, change), tmp_path / "deep" / "data"
    if there:
        target.mkdir(parents=True)
    with pytest.raises(DomainError) as fault:
        restore(wrong, target)
    assert (type(fault.value), fault.value.code) == (BackupFault, code)
    assert target.exists() == there
    assert not there or list(target.iterdir()) == []
    assert not list(tmp_path.rglob("evil*"))
    assert restore(saved, target).report.clean


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("secret.key", b"another")
    with pytest.raises(BackupFault, match="damaged"):
        restore(saved, tmp_path / "data")


@pytest.mark.parametrize("part", [0, 0.3, 0.9, 0.999])
def test_a_file_cut_short_is_refused(saved: Path, tmp_path: Path, part: float) -> None:
    data = saved.read_bytes()
    short = tmp_path / "short.zip"
    short.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BackupFault, match="not-a-backup"):
        restore(short, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_flipped_bit_anywhere_in_a_picture_or_the_database_is_found(
    saved: Path, tmp_path: Path
) -> None:
    data = saved.read_bytes()
    with zipfile.ZipFile(saved) as archive:
        places = [i.header_offset + 200 for i in archive.infolist() if i.compress_size > 400]
    assert len(places) >= 3
    for place_ in places:
        broken = tmp_path / "broken.zip"
        broken.write_bytes(data[:place_] + bytes([data[place_] ^ 4]) + data[place_ + 1 :])
        with pytest.raises(BackupFault) as fault:
            restore(broken, tmp_path / "data")
        assert fault.value.code in ("damaged", "not-a-backup")
        assert not (tmp_path / "data").exists()


def test_a_backup_of_books_that_disagree_is_not_restored(factory: Factory, tmp_path: Path) -> None:
    factory.store.now(lambda ledger: ledger.sql.do("UPDATE orders SET product = 'forged'"))
    backup(factory.database, factory.photos, tmp_path / "b.zip")
    with pytest.raises(BackupFault, match="unclean"):
        restore(tmp_path / "b.zip", tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_the_snapshot_is_one_file(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        archive.extract("vitrine.db", tmp_path / "out")
    with closing(reader(tmp_path / "out" / "vitrine.db")) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
