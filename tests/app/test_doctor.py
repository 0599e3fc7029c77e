"""The doctor: what is well, what is not, the one switch to turn, and nothing changed by looking."""

import contextlib
import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.gauges import BACKED_UP
from bot.surroundings import ask
from storage.checkup import safe
from tests.app.served import command, free_port, served

URL = {"VITRINE_PUBLIC_URL": "https://orders.example"}


def asked(folder: Path, **more: str) -> tuple[int, dict[str, Any]]:
    code, said = command(folder, "doctor", "--json", **{**URL, **more})
    doc: dict[str, Any] = json.loads(said.splitlines()[0])
    return code, doc


def found(doc: dict[str, Any], part: str, *words: str) -> list[str]:
    """The states of a part's lines in which these words stand."""
    return [f["state"] for f in doc["findings"]
            if f["part"] == part and all(w in f["text"] for w in words)]  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo factory has lived for a moment."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    with served(folder) as server:
        server.say("production", "P03", "#A102 裁切完成")
        server.idle()
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    copy = tmp_path / "data"
    shutil.copytree(kept, copy)
    copy.chmod(0o700)
    return copy


def test_an_empty_folder_is_well_and_stays_empty(tmp_path: Path) -> None:
    code, doc = asked(tmp_path / "none")
    assert (code, doc["good"]) == (0, True)
    assert not (tmp_path / "none").exists()
    assert {f["part"] for f in doc["findings"]} == {
        "program", "database", "folder", "keys", "clock", "address", "fonts", "platforms",
    }  # fmt: skip


def test_a_factory_is_looked_at_and_not_touched(folder: Path) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != "lock"}
    code, doc = asked(folder)
    assert code == 0, doc
    assert found(doc, "database", "quick_check", ": ok") == ["ok"]
    assert found(doc, "database", "migration") == ["ok"]
    assert found(doc, "keys", "owner only") == ["ok"]
    assert found(doc, "folder", "others") == []
    assert found(doc, "folder", "GB free") in (["ok"], ["warning"])
    assert found(doc, "fonts", "no browser") == ["ok"]
    assert found(doc, "backup") == ["warning"]
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != "lock"}
    assert {p for p in after if p.name not in ("vitrine.db-wal", "vitrine.db-shm")} >= set(before)
    assert [p.name for p in before if after[p] != before[p]] == []


def test_it_looks_beside_the_running_program(folder: Path) -> None:
    with served(folder) as server:
        more = {"VITRINE_SANDBOX": "1", "VITRINE_HTTP_PORT": str(server.port)}
        code, doc = asked(folder, **more, VITRINE_PUBLIC_URL=f"http://127.0.0.1:{server.port}")
        assert found(doc, "program", "is well") == ["ok"]
        assert found(doc, "address", "not https") == ["warning"]
        assert found(doc, "address", "leads here") == ["ok"]
        assert code == 0, doc
        wrong = {**more, "VITRINE_HTTP_PORT": str(free_port())}
        code, doc = asked(folder, **wrong, VITRINE_PUBLIC_URL=f"http://127.0.0.1:{free_port()}")
        assert found(doc, "program") == ["warning"]
        assert found(doc, "address", "/healthz") == ["warning"]
        assert server.say("production", "P03", "早")[0] == 202


def test_a_file_of_a_later_version_is_a_fault(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "vitrine.db")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    code, doc = asked(folder)
    assert (code, found(doc, "database", "later version")) == (1, ["fault"])


def test_an_older_file_is_told_and_not_migrated(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "vitrine.db")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0002'")
        raw.commit()
    _, doc = asked(folder)
    assert found(doc, "database", "not yet") == ["warning"]
    with contextlib.closing(sqlite3.connect(folder / "vitrine.db")) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)


def test_a_damaged_file_is_a_fault(folder: Path) -> None:
    path = folder / "vitrine.db"
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        for page in range(4, pages):
            file.seek(page * size)
            file.write(b"\xff" * 64)
    code, doc = asked(folder)
    assert code == 1
    assert "fault" in found(doc, "database")
    assert command(folder, "doctor")[1].count("FAIL") >= 1


def test_something_else_than_a_database_is_a_fault(folder: Path) -> None:
    (folder / "vitrine.db").write_bytes(b"not a database at all" * 400)
    code, doc = asked(folder)
    assert code == 1
    assert "fault" in found(doc, "database")


def test_keys_and_folders_that_others_read(folder: Path) -> None:
    (folder / "secret.key").chmod(0o644)
    folder.chmod(0o755)
    code, doc = asked(folder)
    assert (code, found(doc, "keys", "by others")) == (1, ["fault"])
    assert found(doc, "folder", "others") == ["warning"]
    code, said = command(folder, "doctor", **URL)
    assert f"-> chmod 600 {folder}/secret.key" in said
    assert f"-> chmod 700 {folder}" in said


def test_a_lost_key_is_a_fault(folder: Path) -> None:
    (folder / "secret.key").unlink()
    code, doc = asked(folder)
    assert code == 1
    assert found(doc, "keys", "no secret key") == ["fault"]
    assert not (folder / "secret.key").exists()


def test_the_last_backup(folder: Path, tmp_path: Path) -> None:
    assert command(folder, "backup", str(tmp_path / "b.zip"))[0] == 0
    assert found(asked(folder)[1], "backup") == ["ok"]
    os.utime(folder / BACKED_UP, (0, 0))
    assert found(asked(folder)[1], "backup", "1970") == ["warning"]


def test_a_clock_that_is_behind_the_books(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "vitrine.db")) as raw:
        raw.execute("UPDATE event SET recorded_at = '2199' || substr(recorded_at, 5) WHERE id = 1")
        raw.commit()
    assert found(asked(folder)[1], "clock", "ahead") == ["warning"]
    assert found(asked(folder, VITRINE_SANDBOX="1")[1], "clock", "ahead") == []


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        base = f"http://127.0.0.1:{server.port}"
        assert (ask(f"{base}/healthz").doc or {})["status"] == "ok"
        assert ask(f"{base}/healthz").date is not None
        assert ask(f"{base}/static/base.css").doc is None
        assert ask(f"{base}/nothing").doc is None
    assert "refused" in ask(f"{base}/healthz").said
    assert ask("ftp://127.0.0.1/x").doc is None


@pytest.mark.parametrize(
    ("version", "well"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 3), False),
        ((3, 50, 6), False), ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True),
        ((3, 54, 1), True), ((4, 0, 0), True),
    ],
)  # fmt: skip
def test_which_sqlite_has_the_bug(version: tuple[int, int, int], well: bool) -> None:
    assert safe(version) is well
