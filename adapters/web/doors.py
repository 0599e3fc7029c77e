"""The ports of the pages' parts in one bundle, handed in beside the house. A part whose port is
missing answers 404.
"""

from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from adapters.web.access.port import Accounts
from adapters.web.cockpit.port import Insight
from adapters.web.customers.port import Customers
from adapters.web.faults import Fault
from adapters.web.metrics import Measured
from adapters.web.order.port import Records
from adapters.web.people.port import People
from adapters.web.settings.port import Office
from adapters.web.settings.rules_port import Rules
from adapters.web.supplier.port import Supplies
from adapters.web.terminal.port import Terminal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doors:
    """One port a part."""

    accounts: Accounts | None = None
    customers: Customers | None = None
    terminal: Terminal | None = None
    office: Office | None = None
    rules: Rules | None = None
    insight: Insight | None = None
    records: Records | None = None
    people: People | None = None
    supplies: Supplies | None = None
    measured: Measured | None = None


DOORS = web.AppKey("doors", Doors)


def present(door: T | None) -> T:
    """The port, or 404 where the house has none."""
    if door is None:
        raise Fault(404, "not-found")
    return door
