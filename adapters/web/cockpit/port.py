"""What the cockpit's pages ask of the house."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.insight import Cockpit
from domain.insight_scope import Scope

Cell = str | int | float | date | datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of a chart: what it is called, its headings, its rows."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Insight(Protocol):
    """The factory's figures."""

    async def cockpit(self, scope: Scope) -> Cockpit:
        """Everything that the cockpit shows, no older than a minute and than the last event.
        Gathered in short units of work, counted outside the event loop.
        """

    async def workbook(self, tables: Sequence[Table]) -> bytes:
        """Tables as an .xlsx file, one sheet each; nothing in a cell is ever run."""
