"""What each command of `python -m bot` does; every one hands back its exit code."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from bot.app import App, run
from bot.commands_privacy import wrong_key
from bot.exports import export_csv, export_xlsx
from bot.folder import Occupied, lock
from bot.gauges import note_backup
from bot.keys import carried, present
from bot.limits import LimitsFault
from bot.onboarding import new_code
from bot.privacy import TABLE
from bot.settings import Settings, unplugged
from bot.sheets.lines import SheetResult
from bot.sheets.read import read_table
from bot.sheets.rows import understand_table
from bot.taking import Taken, known, take
from bot.understanding.cases import decision_to_json, message_from_case, world_from_json
from bot.understanding.understand import understand
from bot.wording.phrases import Phrases
from bot.wording.speak import has, joined, say
from bot.worlds import template, templates
from domain.commands import Told
from domain.errors import DomainError, SheetFault
from domain.person import SYSTEM, Person, Role
from domain.route import from_toml
from storage.backup import backup as write_backup
from storage.backup import dumping, restoring
from storage.backup import restore as read_backup
from storage.checkup import UNUSABLE, begun, why
from storage.ledger import Ledger
from storage.privacy import EVERYBODY
from storage.secrets import Broken, WrongKey
from storage.verify import verify as replay


def out(text: str) -> None:
    """A line for the one who typed the command."""
    print(text)


def understand_lines(world: Path, lines: TextIO, sink: TextIO) -> int:
    """Cases in, decisions out, a line each; no database, no network."""
    found = world_from_json(json.loads(world.read_text(encoding="utf-8")))
    for line in lines:
        if line.strip():
            case = json.loads(line)
            decision = understand(found, message_from_case(case))
            made = decision_to_json(decision)
            row = {
                "id": case.get("id"),
                "decision": made["decision"],
                "updates": made.get("updates", []),
                "candidates": made.get("candidates", []),
                "query": made.get("query"),
            }
            sink.write(json.dumps(row, ensure_ascii=False) + "\n")
    return 0


def serve(settings: Settings) -> int:
    """The real thing, or the sandbox."""
    if settings.sandbox and not settings.loopback:
        out(
            "The sandbox has no sign-in and serves this machine only:"
            " set VITRINE_HTTP_HOST=127.0.0.1"
        )
        return 2
    with _held(settings) as held:
        if not held:
            return 2
        app = _open(settings)
        if app is None:
            return 2
        if not settings.sandbox:
            _first_start(app)
        try:
            asyncio.run(run(app))
        except OSError as error:
            out(f"Cannot serve on {settings.http_host}:{settings.http_port}: {error.strerror}")
            return 2
    return 0


def _first_start(app: App) -> None:
    """A factory with nobody in it: routes to choose from, and a code for its first admin."""

    def begin(ledger: Ledger) -> str:
        if not ledger.orders.routes():
            ledger.orders.keep_route(template("garment"))
        if any(p.role is Role.ADMIN for p in ledger.people()):
            return ""
        return new_code(ledger, Person("P01", "Admin", Role.ADMIN, nodes=("*",)))

    code = app.store.now(begin)
    if code:
        out(f"First start. Send this code to the bot in private to become its admin: {code}")


@contextmanager
def _held(settings: Settings) -> Iterator[bool]:
    """The data folder for this process alone, where the books lie in it."""
    if settings.books != settings.database:
        yield True
        return
    try:
        handle = lock(settings.data_dir)
    except Occupied:
        out(f"Another process works on {settings.data_dir}; stop it first.")
        yield False
        return
    except OSError as error:
        _unusable(settings, error)
        yield False
        return
    try:
        yield True
    finally:
        handle.close()


def _unusable(settings: Settings, error: OSError) -> None:
    folder = settings.data_dir
    out(f"The data folder {folder} cannot be used ({error.strerror}); set VITRINE_DATA_DIR.")


def _open(settings: Settings) -> App | None:
    try:
        return App(settings)
    except (ValueError, LimitsFault) as error:
        out(f"A setting is wrong: {error}")
        return None
    except (WrongKey, Broken) as error:
        out(wrong_key(settings.language, error))
        return None
    except UNUSABLE as error:
        unreached(settings, error)
        return None


def unreached(settings: Settings, error: BaseException) -> None:
    """Say that the books are not to be had; never an address as it was typed."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else why(error)
    out(f"The database {settings.shown} cannot be used ({said}).")


def with_app(settings: Settings, work: Callable[[App], int]) -> int:
    """Work on the books alone, without doors."""
    with _held(settings) as held:
        if not held:
            return 2
        app = _open(unplugged(settings))
        if app is None:
            return 2
        try:
            return work(app)
        finally:
            app.store.close()


def take_file(settings: Settings, path: Path, *, dry_run: bool) -> int:
    """Orders from a table: what was taken, what was refused, with row and reason."""
    language = settings.language
    try:
        table = read_table(path.read_bytes(), path.name)
    except SheetFault as error:
        return _no_sheet(language, error)
    except OSError as error:
        out(f"{path}: {error.strerror}")
        return 1

    def work(app: App) -> int:
        class Undo(Exception):
            pass

        taken: list[Taken] = []
        found: list[SheetResult] = []

        def act(ledger: Ledger) -> None:
            if not ledger.orders.routes():
                ledger.orders.keep_route(template("garment"))
            now = app.clock.now()
            today = app.calendar.day(now)
            found.append(understand_table(table, today, known(ledger)))
            lines = found[0].lines
            taken.append(take(ledger, app.desk, Told(SYSTEM, now), lines))
            if dry_run:
                raise Undo

        try:
            app.store.now(act)
        except Undo:
            out(say(language, "sheet.dry"))
        except SheetFault as error:
            return _no_sheet(language, error)
        return _report(language, found[0], taken[0])

    return with_app(settings, work)


def _no_sheet(language: str, error: SheetFault) -> int:
    key = f"sheet.{error.code}"
    out(say(language, key if has(key) else "sheet.unreadable"))
    return 1


def _report(language: str, found: SheetResult, taken: Taken) -> int:
    """What was taken, with what to look at; then what was refused, and why."""

    def line(row: int, order: str, codes: Sequence[str]) -> str:
        keys = [f"line.{c}" if has(f"line.{c}") else "line.other" for c in codes]
        why = joined(language, [say(language, k) for k in keys])
        return "  " + say(language, "sheet.row", row=row, order=order, why=why)

    def part(head: str, rows: list[str]) -> None:
        for text in [say(language, head), *rows] if rows else ():
            out(text)

    proposed = {x.row for x in found.lines if "number-proposed" in x.faults}
    orders = joined(language, taken.orders)
    out(say(language, "sheet.took", n=len(taken.orders), orders=orders))
    noted = [x for x in found.lines if x.faults and x.order_no in taken.orders]
    part("line.noted", [line(x.row, x.order_no, x.faults) for x in noted])
    refused = [(r.row, dict(r.facts).get("order_no", ""), r.code) for r in found.refused]
    refused += [(row, "" if row in proposed else no, code) for row, no, code in taken.refused]
    part("line.refused", [line(row, no, [code]) for row, no, code in sorted(refused)])
    if found.unmapped:
        out(say(language, "sheet.unmapped", columns=joined(language, list(found.unmapped))))
    return 0 if taken.orders or not found.lines else 1


def give_file(settings: Settings, path: Path, *, private: bool = False) -> int:
    """All orders to a file; its ending says which form. With contacts and prices if `private`."""

    def work(app: App) -> int:
        def gather(ledger: Ledger) -> bytes:
            p = Phrases(settings.language, ledger, app.calendar, app.clock.now())
            excel = path.suffix.lower() == ".xlsx"
            if private:
                ledger.private.looked(SYSTEM.id, TABLE, EVERYBODY, app.clock.now())
            make = export_xlsx if excel else export_csv
            return make(ledger, p, private=private)

        try:
            path.write_bytes(app.store.now(gather))
        except OSError as error:
            out(f"{path}: {error.strerror}")
            return 1
        return 0

    return with_app(settings, work)


def verify(settings: Settings, order: str = "") -> int:
    """Replay everything, or one order; exit 1 and the first difference if there is one."""
    order = order.strip().removeprefix("#")
    try:
        if not begun(settings.books):
            out("There is no database yet.")
            return 0
    except UNUSABLE as error:
        unreached(settings, error)
        return 2
    try:
        report = replay(settings.books, present(settings), order)
    except (WrongKey, Broken) as error:
        out(wrong_key(settings.language, error))
        return 1
    except UNUSABLE as error:
        unreached(settings, error)
        return 1
    if order and report.clean and not report.orders:
        out(f"There is no order {order}.")
        return 1
    out(json.dumps(asdict(report), ensure_ascii=False, default=str))
    return 0 if report.clean else 1


def backup(settings: Settings, path: Path) -> int:
    """One consistent file; on PostgreSQL, what to do instead."""
    books = settings.books
    if isinstance(books, str):
        out(f"The database {settings.shown} is backed up by PostgreSQL's own tools. Write it with")
        out(f"  {dumping(books, path)}")
        return _beside(settings, "and keep with it")
    try:
        photos = settings.data_dir / "photos"
        saved = write_backup(settings.database, photos, path, masters=present(settings))
    except (DomainError, OSError) as error:
        return _no_backup(settings.language, error)
    note_backup(settings.data_dir)
    out(f"{saved.path}: {saved.files} files, {saved.bytes} bytes")
    for name in saved.missing:
        out(f"missing: {name}")
    return 0


def restore(settings: Settings, path: Path) -> int:
    """Into an empty data folder; on PostgreSQL, what to do instead."""
    books = settings.books
    if isinstance(books, str):
        out(f"The database {settings.shown} is restored by PostgreSQL's own tools. Make it empty,")
        out("and read a dump into it with")
        out(f"  {restoring(books, path)}")
        return _beside(settings, "and put back")
    try:
        restored = read_backup(path, settings.data_dir, carried(settings))
    except (DomainError, OSError) as error:
        if isinstance(error, OSError) and not settings.data_dir.is_dir():
            _unusable(settings, error)
            return 2
        return _no_backup(settings.language, error)
    out(f"{settings.data_dir}: {restored.files} files of {restored.made_at}")
    return 0


def _beside(settings: Settings, verb: str) -> int:
    """What is not in a PostgreSQL database."""
    key = "" if settings.secret_key else f" and {settings.data_dir / 'secret.key'}"
    out(
        f"{verb} {settings.data_dir / 'photos'}{key}: without the key nothing that is sealed opens."
    )
    return 1


def _no_backup(language: str, error: DomainError | OSError) -> int:
    facts = error.facts if isinstance(error, DomainError) else {"path": error.filename}
    what = next((str(facts[k]) for k in ("name", "path", "difference") if facts.get(k)), "")
    code = error.code if isinstance(error, DomainError) else "other"
    if isinstance(error, OSError):
        what = f"{what}: {error.strerror}" if what else str(error.strerror)
    key = f"backup.{code}" if has(f"backup.{code}") else "backup.other"
    out(say(language, key, what=what).strip().rstrip(":：").rstrip())
    return 1


def invite(settings: Settings, name: str) -> int:
    """A one-time code for an admin."""

    def work(app: App) -> int:
        def act(ledger: Ledger) -> str:
            taken = {p.id for p in ledger.people()}
            free = next(f"P{n:02d}" for n in range(1, 10_000) if f"P{n:02d}" not in taken)
            return new_code(ledger, Person(free, name, Role.ADMIN, nodes=("*",)))

        out(app.store.now(act))
        return 0

    return with_app(settings, work)


def use_route(settings: Settings, name: str) -> int:
    """Take a route into use; running orders keep theirs. Without a name: which there are."""
    if not name:
        for key in templates():
            out(f"{key}  {template(key).name}")
        return 0
    try:
        path = Path(name)
        route = from_toml(path.read_text("utf-8")) if path.suffix == ".toml" else template(name)
    except (DomainError, OSError) as error:
        out(str(error))
        return 1

    def work(app: App) -> int:
        kept = app.store.now(lambda ledger: ledger.orders.keep_route(route))
        out(f"{kept.key} version {kept.version}")
        return 0

    return with_app(settings, work)


def letters(settings: Settings, number: int) -> int:
    """Messages that could not be sent, or one of them again."""

    def work(app: App) -> int:
        if number:
            again = app.store.now(lambda ledger: ledger.outbox.resend(number, app.clock.now()))
            return 0 if again else 1
        for row in app.store.now(lambda ledger: ledger.outbox.stuck()):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        return 0

    return with_app(settings, work)
