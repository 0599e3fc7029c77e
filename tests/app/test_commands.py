"""The command line as people type it."""

import csv
import io
import json
import urllib.request
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.app.served import ROOT, command, served

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
