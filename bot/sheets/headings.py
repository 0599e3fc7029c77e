"""Which column of a strange table is which field of an order, and where its heading row stands."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from bot.sheets.table import Cell, Row

LOOK_AT = 20
ASIDE = {"contact", "email", "wechat", "price", "cost"}
"""Fields that many tables have, not of orders alone: they make no row a heading row."""
LONGEST = 24
SIZE = re.compile(r"x{0,4}[sl]|m|[2-9]xl|均码|free|\d{2,3}码", re.ASCII)
_DROPPED = str.maketrans("", "", "（）()：:*【】[]._-#/\\'\"")


@dataclass(frozen=True, slots=True)
class Columns:
    """Field → column, the columns of single sizes, and the headings not understood."""

    at: int
    fields: dict[str, int]
    sizes: tuple[int, ...] = ()
    unmapped: tuple[str, ...] = ()
    below: int = 1

    @property
    def first(self) -> int:
        """Index of the first row of data."""
        return self.at + self.below


def fold(heading: object) -> str:
    """A heading as it is compared: one width, lower case, without spaces and brackets."""
    text = unicodedata.normalize("NFKC", str(heading)).lower()
    return "".join(text.translate(_DROPPED).split())


@lru_cache(4096)
def field_of(heading: str) -> tuple[str, int] | None:
    """The field a heading names and how surely (0 is surest), or None. Longest word wins.

    Of two words of one length the later counts: in 客户备注 the note is meant.
    """
    text = fold(heading)
    exact, words = _words()
    if not text or len(text) > LONGEST:
        return None
    if text in exact:
        return exact[text]
    inside = [(len(w), text.rfind(w), w) for w in words if _holds(text, w)]
    if not inside:
        return None
    field, rank = exact[max(inside)[2]]
    return field, rank + 100


def is_size(cell: Cell) -> bool:
    """Whether a heading is the name of one clothing size."""
    return cell is not None and SIZE.fullmatch(fold(cell)) is not None


def find_columns(rows: Sequence[Row]) -> Columns | None:
    """The best heading row among the first twenty, or None if no row could be one."""
    best: tuple[int, Columns] | None = None
    for at, row in enumerate(rows[:LOOK_AT]):
        columns = _columns(at, row, rows[at + 1] if at + 1 < len(rows) else ())
        worth = _worth(columns)
        # A second line of headings right below says more (sizes under 尺码) even at a tie.
        tied = best is not None and worth == best[0] and at == best[1].at + 1 and columns.sizes
        if worth and (best is None or worth > best[0] or tied):
            best = worth, columns
    return best[1] if best else None


def score(rows: Sequence[Row]) -> int:
    """How good the best heading row of a sheet is; 0 for none."""
    columns = find_columns(rows)
    return _worth(columns) if columns else 0


@cache
def _words() -> tuple[dict[str, tuple[str, int]], tuple[str, ...]]:
    data = tomllib.loads(Path(__file__).with_name("headings.toml").read_text(encoding="utf-8"))
    exact: dict[str, tuple[str, int]] = {}
    for group in ("fields", "others"):
        for field, words in data[group].items():
            name = field if group == "fields" else ""
            for rank, word in enumerate(words):
                exact.setdefault(fold(word), (name, rank))
    return exact, tuple(exact)


def _holds(text: str, word: str) -> bool:
    if word.isascii():
        return len(word) >= 3 and text.startswith(word)
    return len(word) >= 2 and word in text


def _columns(at: int, row: Row, below: Row) -> Columns:
    found: dict[str, tuple[int, int]] = {}
    sizes: list[int] = []
    for index, cell in enumerate(row):
        if is_size(cell):
            sizes.append(index)
            continue
        meant = field_of(cell) if isinstance(cell, str) else None
        if meant and meant[0] and (meant[0] not in found or meant[1] < found[meant[0]][0]):
            found[meant[0]] = (meant[1], index)
    under = [i for i, cell in enumerate(below) if cell is not None]
    second = len(under) >= 2 and all(is_size(below[i]) for i in under)
    if second and not sizes:
        sizes = under
        found = {f: v for f, v in found.items() if v[1] not in under}
    fields = {field: index for field, (_, index) in found.items()}
    used = {*fields.values(), *sizes}
    left = [str(c).strip() for i, c in enumerate(row) if c is not None and i not in used]
    return Columns(at, fields, tuple(sizes), tuple(c for c in left if c), 2 if second else 1)


def _worth(columns: Columns) -> int:
    fields = columns.fields.keys() - ASIDE
    counted = "quantity" in fields or len(columns.sizes) >= 2
    named = "product" in fields or "style_no" in fields
    number = len(fields) + (len(columns.sizes) >= 2)
    return number if number >= 2 and ("order_no" in fields or named or counted) else 0
