"""The commands about keys and private data; every one hands back its exit code."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import dossier
from bot.app import App
from bot.folder import Occupied, lock
from bot.keys import master_keys, present
from bot.privacy import EXPORT, customer, forget, gone_name, would_forget
from bot.settings import Settings
from bot.wording.speak import say
from domain.errors import DomainError, NotFound
from domain.events import unstamp
from domain.person import Person
from storage.checkup import UNUSABLE, begun, why
from storage.erasing import Erased
from storage.ledger import Ledger
from storage.retention import Held, held, tidied
from storage.sealing import Alive, check, rewrap, rotate
from storage.secrets import Broken, WrongKey, owner
from storage.verify import verify

SYSTEM = "system"
"""Who the one at the keyboard of the server is, in the log of looks."""
With = Callable[[Settings, Callable[[App], int]], int]


def wrong_key(language: str, error: WrongKey | Broken) -> str:
    """Why sealed data does not open, and what to do about it."""
    if isinstance(error, WrongKey):
        return say(language, "privacy.wrong_key", n=error.count)
    return say(language, "privacy.broken_key", place=str(error))


def whole(settings: Settings) -> Iterator[tuple[bool, str]]:
    """Whether what is sealed opens with the keys at hand, and whether log and state agree."""
    language, keys = settings.language, present(settings)
    try:
        old = check(settings.books, keys)
        text = say(language, "privacy.old_key" if old else "privacy.keys_good", n=old)
        yield old == 0, text
        yield verify(settings.books, keys).clean, "the event log agrees with what is stored"
    except (WrongKey, Broken) as error:
        yield False, wrong_key(language, error)


def rotate_key(settings: Settings, *, wrap_only: bool) -> int:
    """New data keys and everything sealed anew; or the data keys under the present key."""
    try:
        with _alone(settings):
            return _turned(settings, wrap_only=wrap_only)
    except Occupied:
        print(f"Another process works on {settings.data_dir}; stop it first.")
        return 2
    except Alive as error:
        print(f"{error.count} more on the database {settings.shown}: stop every process first.")
        print("One that was killed still counts for ten seconds.")
        return 2
    except (WrongKey, Broken) as error:
        print(wrong_key(settings.language, error))
        return 1
    except UNUSABLE as error:
        print(f"The database {settings.shown} cannot be used ({why(error)}).")
        return 2


def _alone(settings: Settings) -> AbstractContextManager[object]:
    """The data folder for us where the books lie in it; else the books say who is there."""
    return nullcontext() if isinstance(settings.books, str) else lock(settings.data_dir)


def _turned(settings: Settings, *, wrap_only: bool) -> int:
    books, language = settings.books, settings.language
    if not begun(books):
        print("There is no database yet.")
        return 0
    keys, portable = master_keys(settings), settings.database_portable
    if wrap_only:
        n = rewrap(books, keys, portable=portable)
        print(say(language, "privacy.rewrapped", n=n))
        return 0
    changed, gone = rotate(books, keys, portable=portable)
    print(say(language, "privacy.rotated", n=changed, gone=gone))
    return 0


def export(settings: Settings, person_id: str, path: Path, with_app: With) -> int:
    """Everything held about one customer, in one file."""
    language = settings.language

    def work(app: App) -> int:
        def gather(ledger: Ledger) -> dossier.Dossier:
            person = customer(ledger, person_id)
            ledger.private.looked(SYSTEM, EXPORT, owner(person.id), ledger.clock.now())
            return dossier.gather(ledger, person, app.calendar, app.voice(ledger))

        try:
            found = app.store.now(gather)
        except NotFound:
            print(say(language, "privacy.nobody", id=person_id))
            return 1
        draft = dossier.fresh(path.resolve().parent)
        missing = dossier.pack(found, app.photos, draft)
        draft.replace(path)
        print(say(language, "privacy.packed", path=path, n=len(found.pictures) - missing))
        if missing:
            print(say(language, "privacy.packed_missing", n=missing))
        return 0

    try:
        return with_app(settings, work)
    except OSError as error:
        print(f"{path}: {error.strerror}")
        return 1


def erase(settings: Settings, person_id: str, with_app: With, *, sure: bool, photos: bool) -> int:
    """Forget a customer, or say what that would do."""
    language = settings.language

    def work(app: App) -> int:
        try:
            person: Person = app.store.now(lambda ledger: customer(ledger, person_id))
            if not sure:
                done = would_forget(app.store, person_id, language, photos=photos)
            else:
                done = app.store.now(
                    lambda ledger: forget(ledger, person_id, language, SYSTEM, photos=photos)
                )
                app.photos.erase(done.files, done.digests)
        except NotFound:
            print(say(language, "privacy.nobody", id=person_id))
            return 1
        except DomainError as error:
            print(say(language, f"refused.{error.code}"))
            return 1
        name = person.name or gone_name(language, person_id)
        print(say(language, "privacy.did" if sure else "privacy.dry", name=name, id=person_id))
        _told(language, done, photos=photos)
        return 0

    return with_app(settings, work)


def _told(language: str, done: Erased, *, photos: bool) -> None:
    for code, n in done.counts:
        if n:
            print(f"  - {say(language, f'privacy.count_{code}', n=n)}")
    print(say(language, "privacy.kept"))
    for what in ("orders", *(() if photos else ("photos",)), "looks", "chats", "backups"):
        print(f"  + {say(language, f'privacy.erase_stay_{what}')}")


def report(settings: Settings, with_app: With) -> int:
    """What is held, how old it is, what will go."""
    language = settings.language

    def work(app: App) -> int:
        rows, last = app.store.now(lambda ledger: _held(ledger, app))
        for row in rows:
            oldest = unstamp(row.oldest).astimezone(settings.zone) if row.oldest else None
            print(
                say(
                    language,
                    "privacy.held",
                    what=say(language, f"privacy.held_{row.kind}"),
                    n=row.count,
                    oldest=f"{oldest:%F}" if oldest else say(language, "privacy.held_none"),
                    due=row.due,
                )
            )
        print(_last(language, settings, last))
        return 0

    return with_app(settings, work)


def _held(ledger: Ledger, app: App) -> tuple[list[Held], dict[str, Any]]:
    return held(ledger, app.clockwork.keep, app.clock.now()), tidied(ledger)


def _last(language: str, settings: Settings, doc: dict[str, Any]) -> str:
    if not doc:
        return say(language, "privacy.never_tidied")
    at: datetime = unstamp(str(doc["at"])).astimezone(settings.zone)
    counts: dict[str, int] = dict(doc["counts"])
    text = say(language, "privacy.tidied", time=f"{at:%F %H:%M}", n=sum(counts.values()))
    return f"{text} {json.dumps(counts)}"
