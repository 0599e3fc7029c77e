"""What a node of a route takes of a supplier: so much of something for every piece, so many days
before the node is planned to begin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.amounts import FINEST, MOST, plain
from domain.errors import RouteFault

FURTHEST = 365
"""Days ahead of a node at most."""


@dataclass(frozen=True, slots=True)
class Material:
    """One thing that a node needs. `per_piece` is a decimal as text; `supplier` is a person's id or
    name, empty if nobody in particular delivers it.
    """

    item: str
    per_piece: str
    unit: str = ""
    supplier: str = ""
    days: int = 1


def materials_from(rows: object) -> tuple[Material, ...]:
    """Materials from the plain data of a route. Raises RouteFault, TypeError or KeyError."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise TypeError("materials")
    return tuple(_material(row) for row in rows)


def _material(row: object) -> Material:
    if not isinstance(row, Mapping):
        raise TypeError("materials")
    unknown = set(row) - {f.name for f in fields(Material)}
    if unknown:
        raise RouteFault("unknown-field", detail=", ".join(sorted(map(str, unknown))))
    texts = {name: row.get(name, "") for name in ("item", "unit", "supplier")}
    if not all(isinstance(text, str) for text in texts.values()) or not texts["item"].strip():
        raise TypeError("materials")
    days = row.get("days", 1)
    if type(days) is not int or not 0 <= days <= FURTHEST:
        raise RouteFault("wrong-material", item=texts["item"])
    return Material(
        texts["item"], _per_piece(row["per_piece"]), texts["unit"], texts["supplier"], days
    )


def _per_piece(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("per_piece")
    try:
        found = Decimal(str(value))
        fine = found.is_finite() and 0 < found < MOST and found == found.quantize(FINEST)
    except InvalidOperation as error:
        raise RouteFault("wrong-material", per_piece=str(value)[:40]) from error
    if not fine:
        raise RouteFault("wrong-material", per_piece=str(value)[:40])
    return plain(found)


def rows_of(materials: Sequence[Material]) -> list[dict[str, Any]]:
    """The plain data of materials, such that materials_from(rows_of(m)) == m."""
    return [asdict(m) for m in materials]
