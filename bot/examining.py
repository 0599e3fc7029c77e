"""What the doctor asks of the chat platforms: live when nothing else runs here, else what the
running program found when it last looked.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.chat.port import ChatAdapter
from bot.clocks import RealClock
from bot.folder import Occupied, lock
from bot.keys import master_keys
from bot.platforms import FOUND, assemble, configured
from bot.settings import Settings
from bot.wording.speak import say
from bot.wording.telling import check
from domain.events import unstamp
from storage.checkup import UNUSABLE, look_served, why
from storage.migrate import upgrade
from storage.store import Store
from storage.verify import snapshot

Line = tuple[bool | None, str]


def examine(settings: Settings) -> list[Line]:
    """A line for everything looked at on the configured platforms: well, not, or unknown."""
    if not configured(settings):
        return [(True, say(settings.language, "doctor.no-platforms"))]
    if isinstance(settings.books, str):
        return _shared(settings, settings.books)
    try:
        handle = lock(settings.data_dir)
    except Occupied:
        return list(_left(settings))
    except OSError:
        return []
    try:
        return _asked(settings)
    finally:
        handle.close()


def _shared(settings: Settings, books: str) -> list[Line]:
    """On PostgreSQL nobody holds the folder: the leases say whether somebody runs."""
    try:
        served = look_served(books)
    except UNUSABLE as error:
        return [(None, f"platforms were not asked: the database cannot be used ({why(error)})")]
    if served.processes:
        return list(_left(settings))
    if served.revision != served.head:
        return [(None, "platforms were not asked: start the program once, it makes the tables")]
    return _asked(settings)


def _asked(settings: Settings) -> list[Line]:
    if not settings.database.exists() and settings.books == settings.database:
        upgrade(settings.database)  # what platforms remember lies there
    portable = settings.database_portable
    store = Store(settings.books, RealClock(), master_keys(settings), portable=portable)
    try:
        adapters = assemble(settings, store, _nobody)
        found = asyncio.run(_all(adapters))
        return [line for name, checks in found.items() for line in _lines(settings, name, checks)]
    except ValueError as error:
        return [(False, str(error))]
    finally:
        store.close()


async def _all(adapters: dict[str, ChatAdapter]) -> dict[str, list[list[Any]]]:
    found = {}
    for name, adapter in adapters.items():
        checks = await adapter.examine()
        found[name] = [[c.code, c.well, dict(c.facts)] for c in checks]
        await adapter.close()
    return found


async def _nobody(platform: str, code: str, facts: object) -> None:
    """The doctor reads the checks; nobody is woken for them."""


def _left(settings: Settings) -> Iterator[Line]:
    """What the running program wrote down."""
    kept = _kept(settings)
    for name in configured(settings):
        doc = json.loads(kept.get(name, "{}"))
        if not doc:
            yield None, say(settings.language, "doctor.not-looked-yet", platform=name)
            continue
        at = unstamp(doc["at"]).astimezone(settings.zone)
        yield True, say(settings.language, "doctor.looked", platform=name, time=f"{at:%F %H:%M}")
        yield from _lines(settings, name, doc["checks"])


def _kept(settings: Settings) -> dict[str, str]:
    """Read beside the running program, in which nothing can be written."""
    with snapshot(settings.books) as sql:
        rows = sql.rows("SELECT key, value FROM setting WHERE key LIKE :k", k=f"{FOUND}%")
        return {row["key"][len(FOUND) :]: row["value"] for row in rows}


def _lines(settings: Settings, name: str, checks: Sequence[Sequence[Any]]) -> Iterator[Line]:
    for code, well, facts in checks:
        yield well, f"{name}: {check(settings.language, code, well, facts)}"
