"""`python -m bot migrate --to …`: a factory from SQLite to PostgreSQL, and what is left to do."""

from pathlib import Path

from bot.commands_privacy import wrong_key
from bot.folder import Occupied, lock
from bot.keys import master_keys
from bot.settings import POSTGRES, Settings, without_password
from storage.checkup import UNUSABLE, why
from storage.moving import Moved, Unmoved, move
from storage.secrets import Broken, WrongKey

_WHY = {
    "not-empty": "The database {to} is not empty: it has a table {table} with something in it."
    " Make a new one.",
    "later": "The file is of a later version of Vitrine; move it with that one.",
    "nul": "PostgreSQL cannot hold a NUL character: table {table}, {row}, column {column}."
    " Take it out of the SQLite file and try again.",
    "unfit": "PostgreSQL cannot hold this value: table {table}, {row}, column {column}."
    " Mend it in the SQLite file and try again.",
    "unreadable": "The SQLite file cannot be read: table {table}, {row}. See `doctor`.",
    "differs": "A row arrived otherwise than it was sent: table {table}, {row}.",
    "unclean": "The event log and what is stored disagree: {difference}. See `verify`.",
}
NOTHING = "Nothing was moved, the SQLite file is as it was."


def migrate(settings: Settings, to: str) -> int:
    """Move everything, or say why not."""
    if isinstance(settings.books, str):
        print("The settings name a PostgreSQL database; take VITRINE_DATABASE_URL out to move the")
        print("SQLite file.")
        return 2
    if not to.startswith(POSTGRES):
        print(f"--to has to be {POSTGRES}USER@HOST/DATABASE")
        return 2
    if not settings.database.exists():
        print(f"There is no database at {settings.database}.")
        return 2
    try:
        handle = lock(settings.data_dir)
    except Occupied:
        print(f"Another process works on {settings.data_dir}; stop it first.")
        return 2
    except OSError as error:
        print(f"The data folder {settings.data_dir} cannot be used ({error.strerror}).")
        return 2
    with handle:
        return _moved(settings, settings.database, to)


def _moved(settings: Settings, path: Path, to: str) -> int:
    shown = without_password(to)
    try:
        moved = move(path, to, master_keys(settings))
    except Unmoved as fault:
        print(_WHY[fault.code].format(to=shown, **fault.facts))
        print(NOTHING)
        return 1
    except (WrongKey, Broken) as error:
        print(wrong_key(settings.language, error))
        print(NOTHING)
        return 1
    except UNUSABLE as error:
        print(f"{path} cannot be moved to the database {shown} ({why(error)}).")
        print(NOTHING)
        return 1
    _report(settings, moved, shown)
    return 0


def _report(settings: Settings, moved: Moved, shown: str) -> None:
    for table, count in moved.rows.items():
        if count:
            print(f"{table}: {count:,}")
    print(
        f"Moved {sum(moved.rows.values()):,} rows to the database {shown}, each compared;"
        f" {moved.orders:,} orders replayed from {moved.events:,} events, no difference."
    )
    print(f"{settings.database} is still there. Do not run the program on it again.")
    print(f"Photos and secret.key stay in {settings.data_dir}: keep that folder, or take it along.")
    print("Now set VITRINE_DATABASE_URL to the new address and start.")
