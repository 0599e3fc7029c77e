"""Private data through the whole program: none of it is in the files, the wrong key opens nothing,
a customer is handed what is held of them and is forgotten, and words go when their time is over.
"""

import contextlib
import csv
import io
import json
import os
import sqlite3
import zipfile
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import App
from bot.settings import Settings, unplugged
from domain.person import SYSTEM
from storage import retention
from storage.ledger import Ledger
from storage.retention import Keep, begin, held, proceed, tidied
from storage.secrets import owner
from tests.app.served import Served, environment

SAID = "麻烦尽快寄到新地址江南大道八十八号"
REMARK = "罗纹布没有到货"
PHONE, PRICE, COST, MAIL = "13712345678", "¥1888.50", "¥990.25", "secret.buyer@example.com"
NOTE = "领口要加固不要露线头"
TABLE = (
    "订单号,客户,联系人,联系电话,邮箱,产品名称,数量,交期,单价,成本,备注\n"
    f"Z901,远山茶馆,何小姐,{PHONE},{MAIL},围裙,40,2027-01-15,{PRICE},{COST},{NOTE}\n"
)
PRIVATE = (SAID, REMARK, PHONE, PRICE, COST, MAIL, NOTE)


def command(folder: Path, *words: str, **more: str) -> tuple[int, str]:
    """A command of `python -m bot`, in this process: its exit code and what it said."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(os, "environ", environment(folder, **more))
        with contextlib.redirect_stderr(said):
            code = main(words)
    return code, said.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A factory in which people said things, stopped. Each test takes a copy."""
    return _story(tmp_path_factory.mktemp("private") / "data")


def _story(folder: Path) -> Path:
    folder.mkdir()
    server = Served(folder).start()
    server.say("customer-C05", "C05", SAID)
    server.say("production", "P09", f"#A102 物料 {REMARK}，要晚一天")
    server.say("management", "P02", f"/交期 A102 12/9 {REMARK}")
    server.idle()
    server.turn(advance="PT30H")  # pushes, reminders, two digests
    files = b"".join(p.read_bytes() for p in folder.glob("vitrine.db*"))
    assert [w for w in PRIVATE if w.encode() in files] == []  # while it runs, the WAL with it
    page = server.call("GET", "/orders/A102?lang=zh-CN")[1].decode()
    assert REMARK in page
    assert server.stop() == 0
    table = folder.parent / "orders.csv"
    table.write_text(TABLE, encoding="utf-8")
    code, words = command(folder, "import", str(table))
    assert (code, "Z901" in words) == (0, True), words
    return folder


@pytest.fixture
def data(folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "data"
    copy.mkdir()
    for name in ("vitrine.db", "secret.key"):
        (copy / name).write_bytes((folder / name).read_bytes())
    return copy


def kept(data: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / "vitrine.db")) as raw:
        return raw.execute(sql).fetchall()


def opened(data: Path, **more: str) -> App:
    settings = Settings(data_dir=data, _env_file=None, **more)  # type: ignore[arg-type, call-arg]
    return App(unplugged(settings))


def test_nothing_of_it_is_in_the_files_or_in_a_backup(data: Path, tmp_path: Path) -> None:
    code, words = command(data, "backup", str(tmp_path / "b.zip"))
    assert code == 0, words
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        database = archive.read("vitrine.db")
    for held_bytes in (database, (data / "vitrine.db").read_bytes()):
        assert [w for w in PRIVATE if w.encode() in held_bytes] == []
    assert command(data, "verify")[0] == 0


def test_imported_contacts_are_the_customers(data: Path) -> None:
    app = opened(data)
    order = app.store.now(lambda ledger: ledger.order("Z901"))
    assert order is not None
    theirs = app.store.now(lambda ledger: ledger.private.of(owner(order.customer)))
    own = app.store.now(lambda ledger: ledger.private.of("order/Z901"))
    app.store.close()
    assert theirs == {"contact": "何小姐", "phone": PHONE, "email": MAIL}
    assert own == {"price": PRICE, "cost": COST}
    assert order.note == NOTE


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_wrong_key_opens_nothing_and_says_so(data: Path, language: str) -> None:
    before = (data / "vitrine.db").read_bytes()
    (data / "secret.key").write_bytes(b"this is the key of another factory")
    kind = {"zh-CN": "另一把密钥", "en": "another key"}[language]
    for words in (("run",), ("export", "x.csv"), ("verify",), ("doctor",), ("rotate-key",)):
        code, said = command(data, *words, VITRINE_LANGUAGE=language)
        assert code in (1, 2), said
        assert kind in said
        assert "Traceback" not in said
    assert [w for w in PRIVATE if w.encode() in (data / "vitrine.db").read_bytes()] == []
    assert len((data / "vitrine.db").read_bytes()) == len(before)


def test_a_key_of_ones_own(data: Path) -> None:
    """Given beside the derived one; then alone, with the secret key changed."""
    key = "k" * 32
    code, said = command(data, "doctor", VITRINE_ENCRYPTION_KEY=key)
    assert (code, "rotate-key --rewrap" in said) == (1, True), said
    assert command(data, "rotate-key", "--rewrap", VITRINE_ENCRYPTION_KEY=key)[0] == 0
    (data / "secret.key").write_bytes(b"the links' key may change now")
    assert command(data, "verify", VITRINE_ENCRYPTION_KEY=key)[0] == 0
    assert command(data, "verify")[0] == 1
    newer = f"{'n' * 32},{key}"
    assert command(data, "rotate-key", "--rewrap", VITRINE_ENCRYPTION_KEY=newer)[0] == 0
    assert command(data, "verify", VITRINE_ENCRYPTION_KEY="n" * 32)[0] == 0
    code, said = command(data, "verify", VITRINE_ENCRYPTION_KEY="short")
    assert (code, "VITRINE_ENCRYPTION_KEY" in said) == (2, True)


def test_keys_turn_and_the_log_stays_true(data: Path) -> None:
    old = {row[0] for row in kept(data, "SELECT id FROM data_key WHERE retired_at = ''")}
    hashes = kept(data, "SELECT order_no, seq, hash FROM event ORDER BY 1, 2")
    code, said = command(data, "rotate-key")
    assert code == 0, said
    now = {row[0] for row in kept(data, "SELECT id FROM data_key WHERE retired_at = ''")}
    assert old.isdisjoint(now)
    assert kept(data, "SELECT order_no, seq, hash FROM event ORDER BY 1, 2") == hashes
    assert command(data, "verify")[0] == 0
    app = opened(data)
    order = app.store.now(lambda ledger: ledger.order("Z901"))
    app.store.close()
    assert order is not None
    assert order.note == NOTE


def test_a_table_has_contacts_only_if_asked_and_that_is_written_down(
    data: Path, tmp_path: Path
) -> None:
    plain, whole = tmp_path / "plain.csv", tmp_path / "whole.csv"
    assert command(data, "export", str(plain))[0] == 0
    assert PHONE not in plain.read_text("utf-8-sig")
    assert kept(data, "SELECT who, what, subject FROM look WHERE what = 'table'") == []
    assert command(data, "export", "--private", str(whole))[0] == 0
    rows = {r["订单号"]: r for r in csv.DictReader(io.StringIO(whole.read_text("utf-8-sig")))}
    assert (rows["Z901"]["电话"], rows["Z901"]["价格"]) == (PHONE, PRICE)
    assert (rows["A102"]["联系人"], rows["A102"]["成本"]) == ("刘强", "¥61.20")
    looks = kept(data, "SELECT who, what, subject FROM look WHERE what = 'table'")
    assert looks == [(SYSTEM.id, "table", "*")]


def test_a_customer_is_handed_everything(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "c05.zip"
    code, said = command(data, "privacy", "export", "C05", str(target))
    assert code == 0, said
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as archive:
        found = {n: archive.read(n).decode() for n in archive.namelist() if "." in n[-5:]}
    person = json.loads(found["person.json"])
    assert (person["id"], person["contacts"]["phone"]) == ("C05", "13800138005")
    assert [a["platform"] for a in person["addresses"]] == ["sandbox"]
    orders = {o["order_no"]: o for o in json.loads(found["orders.json"])}
    assert set(orders) == {"A102", "A111", "A112"}
    assert orders["A102"]["private"] == {"cost": "¥61.20", "price": "¥88.00"}
    events = json.loads(found["events.json"])
    assert REMARK in [e["data"].get("text") for e in events]
    messages = json.loads(found["messages.json"])
    assert SAID in [m["text"] for m in messages if m["from"] == "C05"]
    assert any(m["from"] == "vitrine" and len(m["text"]) > 10 for m in messages)
    assert [x["what"] for x in json.loads(found["looks.json"])] == ["export"]
    assert "跃动健身" in found["README.txt"]
    assert command(data, "privacy", "export", "C99", str(target))[0] == 1


def test_a_customer_is_forgotten(data: Path) -> None:
    figures = kept(data, "SELECT order_no, due, open, seq FROM orders ORDER BY 1")
    code, said = command(data, "privacy", "erase", "C05")
    assert (code, "--yes" in said, "联系方式 4 项" in said) == (0, True, True), said
    assert kept(data, "SELECT name FROM person WHERE id = 'C05'") == [("跃动健身(刘教练)",)]
    code, done = command(data, "privacy", "erase", "C05", "--yes")
    assert (code, "已删除" in done, "联系方式 4 项" in done) == (0, True, True), done
    assert kept(data, "SELECT name FROM person WHERE id = 'C05'") == [("已删除客户 C05",)]
    assert kept(data, "SELECT order_no, due, open, seq FROM orders ORDER BY 1") == figures
    assert kept(data, "SELECT 1 FROM address WHERE person = 'C05'") == []
    assert kept(data, "SELECT 1 FROM secret WHERE owner = 'person/C05'") == []
    assert kept(data, "SELECT title FROM chat_group WHERE chat = 'customer-C05'") == [("",)]
    assert kept(data, "SELECT 1 FROM transcript WHERE chat = 'customer-C05'") == []
    assert ("system", "erase", "person/C05") in kept(data, "SELECT who, what, subject FROM look")
    assert command(data, "verify")[0] == 0
    app = opened(data)
    texts = app.store.now(
        lambda ledger: [getattr(e.fact, "text", "") for e in ledger.history("A102")]
    )
    price = app.store.now(lambda ledger: ledger.private.of("order/A102"))
    app.store.close()
    assert set(texts) == {""}
    assert price == {"cost": "¥61.20", "price": "¥88.00"}  # the factory's own figures
    assert command(data, "privacy", "erase", "C05", "--yes")[0] == 1
    assert command(data, "privacy", "erase", "P01", "--yes")[0] == 1


def test_photos_go_only_if_that_is_said(tmp_path: Path) -> None:
    server = Served(tmp_path / "data")
    server.folder.mkdir()
    server.start()
    server.stop()
    files = server.folder / "photos" / "kept"
    before = {p.name for p in files.rglob("*.jpg")}
    assert command(server.folder, "privacy", "erase", "C01", "--yes")[0] == 0
    assert {p.name for p in files.rglob("*.jpg")} == before
    server.start()
    path = next(
        n["photos"][0] for n in server.call("GET", "/api/orders/A104")[1]["nodes"] if n["photos"]
    )
    customer = server.call("GET", "/api/orders/A104")[1]["customer"]
    assert server.call("GET", path)[0] == 200
    server.stop()
    code, said = command(server.folder, "privacy", "erase", customer, "--yes", "--photos")
    assert (code, "照片和视频" in said) == (0, True), said
    assert {p.name for p in files.rglob("*.jpg")} < before
    server.start()
    assert server.call("GET", path)[0] == 404
    assert server.call("GET", "/orders/A104")[0] == 200
    server.stop()
    assert command(server.folder, "verify")[0] == 0


def test_words_go_when_their_time_is_over(data: Path) -> None:
    app = opened(data)
    keep = Keep(messages=30, looks=60)
    app.store.now(lambda ledger: ledger.private.looked("P01", "page", "person/C05", _now(ledger)))

    def tidy(ledger: Ledger, days: int) -> dict[str, int]:
        later = _now(ledger) + timedelta(days=days)
        begin(ledger, later)
        while proceed(ledger, keep, later):
            pass
        counts = tidied(ledger)["counts"]
        assert isinstance(counts, dict)
        return counts

    assert not any(app.store.now(lambda ledger: tidy(ledger, 1)).values())
    rows = app.store.now(lambda ledger: held(ledger, keep, _now(ledger) + timedelta(days=40)))
    due = {row.kind: row.due for row in rows}
    assert due["inbox"] >= 3
    assert due["look"] == 0
    gone = app.store.now(lambda ledger: tidy(ledger, 40))
    assert (gone["inbox"], gone["look"]) == (due["inbox"], 0)
    assert gone["transcript"] > 0
    assert app.store.now(lambda ledger: tidy(ledger, 70))["look"] >= 1
    messages = app.store.now(lambda ledger: [ledger.inbox.get(n) for n in (1, 2, 3)])
    assert [m.payload for m in messages if m] == [{}, {}, {}]
    again = app.store.now(_again)
    assert again == 0  # a redelivery is known all the same
    order = app.store.now(lambda ledger: ledger.order("A102"))
    assert order is not None
    assert order.promises[-1].text == REMARK  # the log is not touched
    app.store.close()
    assert command(data, "verify")[0] == 0
    code, said = command(data, "privacy", "report")
    assert (code, "收到的消息原文：0 条" in said) == (0, True), said


def _now(ledger: Ledger) -> datetime:
    return ledger.clock.now()


def _again(ledger: Ledger) -> int:
    row = ledger.sql.row("SELECT * FROM inbox WHERE id = 1")
    assert row is not None
    return ledger.inbox.take(
        row["platform"], row["account"], row["message_id"], row["chat"], "C05", _now(ledger), {}
    )


def test_a_night_is_tidied_in_slices(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE", 2)
    app = opened(data)
    later = _now_of(app) + timedelta(days=400)
    app.store.now(lambda ledger: begin(ledger, later))
    rounds = 0
    while app.store.now(lambda ledger: proceed(ledger, Keep(30, 60), later)):
        rounds += 1
    counts = app.store.now(tidied)["counts"]
    app.store.close()
    assert isinstance(counts, dict)
    assert rounds >= 2
    assert counts["inbox"] >= 3


def _now_of(app: App) -> datetime:
    return app.clock.now()


def test_the_clock_tidies_every_night(tmp_path: Path) -> None:
    server = Served(tmp_path / "data", VITRINE_RETENTION_MESSAGES="2")
    server.folder.mkdir()
    server.start()
    server.say("customer-C05", "C05", SAID)
    server.idle()
    server.turn(advance="P4D")
    server.stop()
    counts = kept(server.folder, "SELECT value FROM setting WHERE key = 'retention/tidied'")
    assert len(counts) == 1
    rows = kept(server.folder, "SELECT payload, outcome FROM inbox")
    assert rows == [("{ }", "{ }")]
    assert command(server.folder, "verify")[0] == 0


def test_a_revoked_link_stays_revoked_when_it_is_tidied_away(data: Path) -> None:
    """The newest revoked row of a subject is what makes its next link another one."""
    app = opened(data)

    def revoke(ledger: Ledger) -> list[str]:
        paths = []
        for _ in range(3):
            paths.append(app.links.path(ledger, "p", "A102", "C05"))
            ledger.links.revoke("p", "A102", "C05", _now(ledger))
        return paths

    paths = app.store.now(revoke)
    later = _now_of(app) + timedelta(days=400)
    app.store.now(lambda ledger: begin(ledger, later))
    app.store.now(lambda ledger: proceed(ledger, Keep(), later))
    fresh = app.store.now(lambda ledger: app.links.path(ledger, "p", "A102", "C05"))
    assert fresh not in paths
    for path in paths:
        opens = partial(app.links.opened, kind="p", token=path.rpartition("/")[2])
        assert app.store.now(opens) is None
    app.store.close()
