"""The second post of the day: what changed since the morning's digest, if it is worth a message."""

from collections.abc import Mapping
from typing import Any

from domain.calendar import WorkCalendar
from domain.digest import DECISIONS, Factory, Morning, mark, parts

STALE = 2
"""More silent nodes than these are news by themselves."""


def changes(
    before: Mapping[str, Any], today: Morning, factory: Factory, calendar: WorkCalendar
) -> dict[str, Any] | None:
    """The differences to the marks of the morning as facts; None if nothing has to be decided anew,
    nothing was solved, nothing else waits, and not many fell silent.
    """
    decided = {d.order.order_no for d in today.decide}
    gone = {no: node for no, node in before["decide"].items() if no not in decided}
    new = [d for d in today.decide if d.order.order_no not in before["decide"]]
    waited, silent = set(before["wait"]), set(before["stale"])
    wait = [w for w in today.wait if mark(w) not in waited and w.order.order_no not in gone]
    stale = [s for s in today.stale if mark(s) not in silent]
    if not (new or gone or wait or len(stale) > STALE):
        return None
    taken = {w.order.order_no: w.who for w in today.wait if w.who}
    solved = [{"order": no, "node": node, "who": taken.get(no, "")} for no, node in gone.items()]
    return {
        "day": today.day.isoformat(),
        **parts(new, wait, stale, factory, today.day, calendar),
        "solved": solved[:DECISIONS],
        "solved_more": max(len(solved) - DECISIONS, 0),
    }
