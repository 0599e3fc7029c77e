"""The command line as people type it."""

import csv
import io
import json
import re
import shlex
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from bot.keys import master_keys
from bot.settings import Settings, without_password
from tests.app.served import ROOT, command, served
from tests.servers import postgres
from tests.storage.engines import SQLITE, alter, ask
from tests.storage.wordy import filled

FIXTURES = ROOT / "tests" / "understanding" / "fixtures"


def test_understand_reads_cases_and_writes_decisions() -> None:
    cases = (FIXTURES / "cases-garment.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    code, said = command(
        Path("unused"),
        "understand",
        "--world",
        str(FIXTURES / "world-garment.json"),
        text="\n".join(cases) + "\n",
    )
    assert code == 0
    rows = [json.loads(line) for line in said.splitlines()]
    assert [r["id"] for r in rows] == [json.loads(c)["id"] for c in cases]
    assert set(rows[0]) == {"id", "decision", "updates", "candidates", "query"}
    assert not Path("unused").exists()


TABLE = """某某服装厂 订单表,,,,
订单号,客户,品名,数量,交期
A201,张总,卫衣,120,2027-03-05
A202,李总,=HYPERLINK("x"),60件,3月9日
A201,张总,卫衣,1,2027-03-05
,,合计,181,
A203,王总,围裙,,2027-03-05
"""


def test_orders_in_and_out_again(tmp_path: Path) -> None:
    sheet = tmp_path / "orders.csv"
    sheet.write_bytes(TABLE.encode("gb18030"))
    folder = tmp_path / "data"
    code, said = command(folder, "import", str(sheet), "--dry-run")
    assert "A201" in said
    assert command(folder, "export", str(tmp_path / "none.csv"))[0] == 0
    assert "A201" not in (tmp_path / "none.csv").read_text("utf-8-sig")
    code, said = command(folder, "import", str(sheet))
    assert code == 0
    assert "A201" in said
    assert "单号重复" in said
    assert "没有数量" in said
    again = command(folder, "import", str(sheet))[1]
    assert "单号已经有了" in again
    assert command(folder, "export", str(tmp_path / "out.csv"))[0] == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text("utf-8-sig"))))
    assert [r[0] for r in rows[1:]] == ["A201", "A202"]
    assert all(not cell.startswith("=") for r in rows for cell in r)
    assert command(folder, "export", str(tmp_path / "out.xlsx"))[0] == 0
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert len(book.sheetnames) == 2
    kinds = {c.data_type for sheet in book for row in sheet.iter_rows() for c in row}
    assert "f" not in kinds
    assert command(folder, "verify")[0] == 0


def test_what_was_taken_with_a_mark_is_not_among_the_refused(tmp_path: Path) -> None:
    sheet = tmp_path / "orders.csv"
    rows = ["订单号,客户,品名,数量,交期", ",张总,卫衣,120,2027-03-05", ",王总,围裙,,2027-03-05"]
    sheet.write_text("\n".join(rows), encoding="utf-8")
    code, said = command(tmp_path / "data", "import", str(sheet))
    assert code == 0
    taken, _, refused = said.partition("没有收：")
    assert taken.splitlines() == [
        "导入 1 单：A001",
        "收了，请看一眼：",
        "  第 2 行 A001：单号是我编的",
    ]
    assert refused.split("\n")[1:-1] == ["  第 3 行 ：没有数量"]


def test_a_table_without_a_heading_is_told_kindly(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    code, said = command(tmp_path / "data", "import", str(path))
    assert (code, said.strip()) == (1, "没找到表头：至少要有单号，或者产品和数量。")


@pytest.mark.parametrize("words", [("run",), ("import", __file__), ("restore", __file__)])
def test_a_folder_that_cannot_be_made_is_one_sentence(words: tuple[str, ...]) -> None:
    code, said = command(Path("/proc/nope"), *words)
    assert code == 2
    assert len(said.strip().splitlines()) == 1
    assert "/proc/nope" in said


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    wrong = {"VITRINE_DATABASE_URL": "sqlite:////proc/nope/x.db"}
    code, said = command(tmp_path / "data", "verify")
    assert code == 0
    code, said = command(tmp_path / "data", "export", str(tmp_path / "x.csv"), **wrong)
    assert (code, said.count("\n")) == (2, 1)
    code, said = command(tmp_path / "data", "export", str(tmp_path / "none" / "x.csv"))
    assert (code, said.count("\n")) == (1, 1)


def test_a_backup_that_fails_says_why(tmp_path: Path) -> None:
    junk, full = tmp_path / "junk.zip", tmp_path / "full"
    junk.write_bytes(b"junk")
    full.mkdir()
    (full / "mine.txt").touch()
    new = tmp_path / "new"
    for folder, words, sentence in (
        (new, ("backup", tmp_path / "b.zip"), "没有可以备份的数据库"),
        (new, ("restore", junk), "不是橱窗的备份"),
        (full, ("restore", junk), "已经有东西"),
    ):
        code, said = command(folder, *map(str, words))
        assert code == 1
        assert sentence in said
        assert "BackupFault" not in said
        assert "='" not in said
    code, said = command(new, "restore", str(junk), VITRINE_LANGUAGE="en")
    assert said.startswith("This is not a backup")


def test_a_file_that_is_no_table_is_told_kindly(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04 not a workbook")
    code, said = command(tmp_path / "data", "import", str(path))
    assert code == 1
    assert "Traceback" not in said


def test_backup_while_running_restore_and_verify(tmp_path: Path) -> None:
    folder, saved, fresh = tmp_path / "data", tmp_path / "factory.zip", tmp_path / "fresh"
    with served(folder) as server:
        server.say("production", "P03", "#A102 裁切完成")
        server.idle()
        page = server.call("GET", "/api/sandbox/links")[1]["orders"]["A102"]["p"]
        assert command(folder, "backup", str(saved))[0] == 0
        assert command(folder, "verify")[0] == 0
        code, said = command(folder, "run", VITRINE_SANDBOX="1")
        assert code == 2, said
    assert zipfile.is_zipfile(saved)
    assert command(folder, "restore", str(saved))[0] == 1
    assert command(fresh, "restore", str(saved))[0] == 0
    assert command(fresh, "verify")[0] == 0
    with served(fresh) as server:
        assert server.node("A102", "cut")["status"] == "done"
        assert server.call("GET", page)[0] == 200


def test_verify_names_the_first_difference(tmp_path: Path) -> None:
    import sqlite3

    folder = tmp_path / "data"
    with served(folder):
        pass
    raw = sqlite3.connect(folder / "vitrine.db")
    raw.execute("UPDATE event SET data = replace(data, '120', '121') WHERE order_no = 'A102'")
    raw.commit()
    raw.close()
    code, said = command(folder, "verify")
    assert code == 1
    assert "A102" in said


def test_doctor_and_routes_and_the_first_code(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    code, said = command(folder, "doctor")
    assert "VITRINE_PUBLIC_URL" in said
    assert code == 0
    assert (
        "VITRINE_PUBLIC_URL"
        not in command(folder, "doctor", VITRINE_PUBLIC_URL="https://x.example")[1]
    )
    code, said = command(folder, "run", VITRINE_TIMEZONE="Mars/Base")
    assert code == 2
    assert "Traceback" not in said
    assert "pcb" in command(folder, "route")[1]
    assert command(folder, "route", "pcb")[1].strip() == "pcb version 1"
    assert command(folder, "route", "pcb")[1].strip() == "pcb version 1"
    assert len(command(folder, "invite", "老板")[1].strip()) == 10


def test_tokens_and_kiosks_by_command(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with served(folder):
        pass  # the demo factory
    assert command(folder, "token", "list") == (0, "没有令牌，也没有看板屏。\n")
    code, said = command(folder, "token", "make", "账务 程序", "--person", "P01", "--days", "30")
    assert code == 0
    secret = said.splitlines()[1]
    assert secret.startswith("vt_")
    code, said = command(folder, "kiosk", "make", "裁床 电视")
    assert code == 0
    assert "/board?kiosk=" in said
    kiosk = said.strip().rpartition("=")[2]
    code, listed = command(folder, "token", "list")
    rows = {line.split()[1]: line for line in listed.splitlines()}
    assert set(rows) == {"token", "kiosk"}
    assert "P01" in rows["token"]
    assert rows["token"].endswith("账务 程序")
    assert secret not in listed
    with served(folder) as house:
        assert _asked(house.port, "/metrics", secret) == 200
        assert _asked(house.port, f"/board?kiosk={kiosk}") == 200
    assert command(folder, "token", "revoke", "zzz")[0] == 1
    assert command(folder, "token", "revoke", rows["token"].split()[0])[0] == 0
    assert rows["token"].split()[0] not in command(folder, "token", "list")[1]
    assert command(folder, "token", "revoke", rows["token"].split()[0])[0] == 1
    for person in ("C05", "P99"):
        code, said = command(folder, "token", "make", "x", "--person", person)
        assert (code, "没有这个人" in said) == (1, True)


def _asked(port: int, path: str, token: str = "") -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


SECRET = "hush-hush-4711"


@pytest.fixture
def factory(tmp_path: Path) -> Path:
    """A data folder in which people have said things, in SQLite."""
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o700)
    SQLITE.create(folder)
    keys = master_keys(Settings(data_dir=folder, _env_file=None))  # type: ignore[call-arg]
    filled(folder / "vitrine.db", keys)
    return folder


@pytest.fixture
def target() -> Iterator[str]:
    url = postgres.database()
    yield url
    postgres.drop(url)


def secretly(url: str) -> str:
    """The address with a password in it, which the server does not ask for."""
    return url.replace("vitrine@", f"vitrine:{SECRET}@")


def test_a_factory_moves_and_works_on(factory: Path, target: str, tmp_path: Path) -> None:
    url, sqlite = secretly(target), {"VITRINE_DATABASE_URL": ""}
    there = {"VITRINE_DATABASE_URL": url, "VITRINE_LANGUAGE": "en"}
    said: list[str] = []

    def run(wanted: int, *words: str, **more: str) -> str:
        code, text = command(factory, *words, **(more or there))
        assert code == wanted, (words, text)
        said.append(text)
        return text

    assert "--to has to be" in run(2, "migrate", "--to", "mysql://x/y", **sqlite)
    moved = run(0, "migrate", "--to", url, **sqlite)
    assert "2 orders replayed" in moved
    assert "secret.key stay" in moved
    assert re.search(r"^event: \d+$", moved, re.MULTILINE)
    assert "not empty" in run(1, "migrate", "--to", url, **sqlite)
    assert "take VITRINE_DATABASE_URL out" in run(2, "migrate", "--to", url)
    (factory / "vitrine.db").rename(tmp_path / "old.db")
    assert json.loads(run(0, "verify"))["orders"] == 2
    assert json.loads(run(0, "verify", "#A101"))["orders"] == 1
    assert "no order A999" in run(1, "verify", "A999")
    doctor = command(factory, "doctor", **there)[1]
    for line in ("ok   PostgreSQL ", "ok   encoding UTF8", "ok   text is compared as C",
                 "ok   migration ", "ok   new rows get new numbers",
                 "ok   the event log agrees with what is stored"):  # fmt: skip
        assert line in doctor
    failed = [line for line in doctor.splitlines() if line.startswith("FAIL")]
    assert [line for line in failed if "fsync off" not in line] == []  # so are the tests' servers
    said.append(doctor)
    sheet = tmp_path / "orders.csv"
    sheet.write_text("订单号,客户,品名,数量,交期\nA201,张总,卫衣,120,2027-03-05\n", "utf-8")
    run(0, "import", str(sheet))
    run(0, "export", str(tmp_path / "out.csv"), "--private")
    assert "A201" in (tmp_path / "out.csv").read_text("utf-8-sig")
    assert len(run(0, "invite", "老板").strip()) == 10
    run(0, "route", "pcb")
    run(0, "letters")
    assert "ivy" in run(0, "privacy", "erase", "ivy")
    run(0, "privacy", "report")
    run(0, "privacy", "export", "ivy", str(tmp_path / "ivy.zip"))
    assert zipfile.is_zipfile(tmp_path / "ivy.zip")
    made = run(0, "token", "make", "books", "--person", "boss").splitlines()[1]
    assert made.startswith("vt_")
    assert "books" in run(0, "token", "list")
    assert "/board?kiosk=" in run(0, "kiosk", "make", "tv")
    run(0, "rotate-key")
    new = "a-new-key-made-by-hand-and-long"
    run(0, "rotate-key", "--rewrap", **there, VITRINE_ENCRYPTION_KEY=new)
    run(0, "verify", **there, VITRINE_ENCRYPTION_KEY=new)
    run(1, "verify")  # without the new key nothing opens
    run(1, "rotate-key")
    run(0, "privacy", "erase", "ivy", "--yes", **there, VITRINE_ENCRYPTION_KEY=new)
    run(0, "verify", **there, VITRINE_ENCRYPTION_KEY=new)
    alter(target, "UPDATE event SET node = 'sew' WHERE order_no = 'A102' AND seq = 2")
    found = run(1, "verify", "A102", **there, VITRINE_ENCRYPTION_KEY=new)
    assert json.loads(found.splitlines()[0])["difference"]["order_no"] == "A102"
    assert [text for text in said if SECRET in text] == []


def test_a_backup_of_postgresql_is_said_how(factory: Path, target: str, tmp_path: Path) -> None:
    there = {"VITRINE_DATABASE_URL": secretly(target)}
    assert command(factory, "migrate", "--to", target, VITRINE_DATABASE_URL="")[0] == 0
    dump, fresh = tmp_path / "books.dump", postgres.database()
    code, said = command(factory, "backup", str(dump), **there)
    assert (code, SECRET in said) == (1, False)
    assert "secret.key" in said
    words = shlex.split(said.splitlines()[1])
    assert words[0] == "pg_dump"
    subprocess.run([str(postgres.binaries() / words[0]), *words[1:]], check=True)
    code, said = command(factory, "restore", str(dump), VITRINE_DATABASE_URL=fresh)
    assert code == 1
    words = shlex.split(next(line for line in said.splitlines() if "pg_restore" in line))
    subprocess.run([str(postgres.binaries() / words[0]), *words[1:]], check=True)
    try:
        code, said = command(factory, "verify", VITRINE_DATABASE_URL=fresh)
        assert (code, json.loads(said)["orders"]) == (0, 2)
    finally:
        postgres.drop(fresh)


def test_nothing_moves_while_somebody_works(factory: Path, target: str) -> None:
    plain = {"VITRINE_DATABASE_URL": ""}
    with served(factory, **plain):
        code, said = command(factory, "migrate", "--to", target, **plain)
    assert (code, "Another process works on" in said) == (2, True)
    assert ask(target, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    code, said = command(factory.parent / "none", "migrate", "--to", target, **plain)
    assert (code, "There is no database" in said) == (2, True)


@pytest.mark.parametrize(
    "words", [("verify",), ("doctor",), ("letters",), ("rotate-key",), ("run",), ("invite", "x")]
)
def test_a_database_that_is_away_is_one_sentence(factory: Path, words: tuple[str, ...]) -> None:
    url = f"postgresql+psycopg://me:{SECRET}@127.0.0.1:{postgres.free_port()}/x"
    code, said = command(factory, *words, VITRINE_DATABASE_URL=url)
    assert code in (1, 2)
    assert "nobody listens there" in said
    assert SECRET not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://me:{SECRET}@host:x/db",
        f"postgresql+psycopg://me:{SECRET}/more@127.0.0.1:1/db",
        f"postgresql+psycopg://me:a?{SECRET}@127.0.0.1:1/db",
        f"postgresql+psycopg://127.0.0.1:1/db?user=me&password={SECRET}",
        f"postgresql+psycopg://127.0.0.1:1/db?password=a@{SECRET}",
        f"postgresql+psycopg://me@127.0.0.1:1/db?{SECRET}=1",
    ],
)
def test_no_password_is_said_however_it_was_typed(factory: Path, url: str) -> None:
    assert SECRET not in without_password(url)
    for words in (("verify",), ("backup", "b.dump"), ("doctor",)):
        code, said = command(factory, *words, VITRINE_DATABASE_URL=url)
        assert (code > 0, SECRET in said, "Traceback" in said) == (True, False, False), said
    code, said = command(factory, "migrate", "--to", url, VITRINE_DATABASE_URL="")
    assert (code, SECRET in said, "Traceback" in said) == (1, False, False), said


def test_the_doctor_finds_what_is_wrong_with_a_server(factory: Path, target: str) -> None:
    there = {"VITRINE_DATABASE_URL": target}
    assert command(factory, "migrate", "--to", target, VITRINE_DATABASE_URL="")[0] == 0
    name = target.split("?", maxsplit=1)[0].rpartition("/")[2]
    alter(target, f"ALTER DATABASE {name} SET synchronous_commit = off")
    alter(target, "SELECT setval(pg_get_serial_sequence('event', 'id'), 1)")
    alter(target, 'CREATE COLLATION another FROM "C"')
    alter(target, "ALTER TABLE person ALTER COLUMN name TYPE text COLLATE another")
    alter(target, "UPDATE alembic_version SET version_num = '0001'")
    code, said = command(factory, "doctor", **there)
    assert code == 1
    assert "FAIL synchronous_commit off" in said
    assert "FAIL text is not compared by code points: person.name" in said
    assert "warn migration 0001, not yet" in said
    alter(target, "UPDATE alembic_version SET version_num = '9999'")
    assert "FAIL the database is of a later version" in command(factory, "doctor", **there)[1]
    head = sorted(p.name for p in (ROOT / "storage/migrations/versions").glob("0*.py"))[-1][:4]
    alter(target, "UPDATE alembic_version SET version_num = ?", head)
    assert "FAIL numbers that are taken come next: event" in command(factory, "doctor", **there)[1]
