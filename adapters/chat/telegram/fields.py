"""What Telegram's JSON says, field by field: liberal about what is left out or written as a number
where a text was meant, and strict about what people wrote.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Fields = Mapping[str, Any]
FIRST, LAST = 946_684_800, 4_102_444_800
"""This century, in seconds: no other time can be meant."""


class Malformed(ValueError):
    """An update that lacks what it can't do without. The reason names a field, nothing more."""


def part(found: Fields, name: str) -> Fields:
    """An object; an empty one where there is none. Raises Malformed for anything else."""
    value = found.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(name)
    return value


def soft(found: Any, name: str) -> Fields:
    """An object, or an empty one whatever else stands there."""
    value = found.get(name) if isinstance(found, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def rows(found: Fields, name: str) -> list[Fields]:
    """The objects of a list."""
    value = found.get(name)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def number(found: Any, name: str) -> int | None:
    """A whole number, also one that is written as a text."""
    value = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def needed(found: Fields, name: str) -> int:
    """A whole number that must be there. Raises Malformed."""
    value = number(found, name)
    if value is None:
        raise Malformed(name)
    return value


def ident(found: Any, name: str) -> str:
    """An id as a text, also one that is written as a number; empty for anything else."""
    value = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return clean(value) if isinstance(value, str) else ""


def label(found: Any, name: str) -> str:
    """A text that we can do without; empty for anything else."""
    value = found.get(name) if isinstance(found, Mapping) else None
    return clean(value) if isinstance(value, str) else ""


def words(found: Fields, name: str) -> str:
    """What somebody wrote; empty where there is nothing. Raises Malformed for what is no text."""
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(name)
    return clean(value)


def clean(text: str) -> str:
    """Without halves of characters and zero bytes: no store takes them."""
    return text.encode(errors="replace").decode().replace("\x00", "")


def moment(found: Fields, name: str, otherwise: datetime) -> datetime:
    """A time of Telegram's; `otherwise` where there is none, or none that can be."""
    value = number(found, name)
    return datetime.fromtimestamp(value, UTC) if value and FIRST <= value < LAST else otherwise
