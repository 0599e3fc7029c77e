"""A route as TOML that people can read: one table a node, nothing that stands at its default, and
TOML that somebody typed as plain data with the line of its fault.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from domain.route import NodeSpec, Route, to_dict
from domain.route_flaws import DAY, Flaw

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")
_NODE = re.compile(r"^\s*\[\[\s*nodes\s*\]\]")
_BLANK = NodeSpec("", "")
ORDER = tuple(NodeSpec.__dataclass_fields__)


def plain(route: Route) -> dict[str, Any]:
    """The data of a route as people write it: days where they are whole halves, no defaults."""
    doc = to_dict(route)
    del doc["version"]
    for row in doc["nodes"]:
        hours = row.pop("standard_hours")
        whole = hours > 0 and hours % (DAY / 2) == 0
        row["standard_days" if whole else "standard_hours"] = _short(
            hours / DAY if whole else hours
        )
        row["minutes_per_piece"] = _short(row["minutes_per_piece"])
        for name in [n for n in row if n in ORDER and n not in ("key", "name", "after")]:
            if row[name] == _default(name) and name != "standard_hours":
                del row[name]
    for stage in doc["stages"]:
        if not stage["names"]:
            del stage["names"]
    for name in ("trade", "stages"):
        if not doc[name]:
            del doc[name]
    return doc


def _default(name: str) -> Any:
    found = getattr(_BLANK, name)
    if name == "names":
        return {}
    return list(found) if isinstance(found, tuple) else found


def _short(number: float) -> float:
    """`2` instead of `2.0`."""
    return int(number) if float(number).is_integer() else number


def written(doc: Mapping[str, Any]) -> str:
    """The TOML of plain data. Predecessors are left out where they are the node above."""
    apart = [name for name in ("stages",) if _tables(doc.get(name))]
    parts = [_table({k: v for k, v in doc.items() if k not in (*apart, "nodes")})]
    parts += ["[[stages]]\n" + _table(row) for name in apart for row in doc[name]]
    before: Any = None
    for row in doc["nodes"]:
        inner = "materials" if _tables(row.get("materials")) else ""
        usual: list[Any] = [] if before is None else [before]
        kept = {k: v for k, v in row.items() if k != inner and not (k == "after" and v == usual)}
        below = ["\n[[nodes.materials]]\n" + _table(m) for m in row[inner]] if inner else []
        parts.append("[[nodes]]\n" + _table(kept) + "".join(below))
        before = row.get("key", "")
    return "\n".join(parts)


def _tables(given: object) -> bool:
    """Whether it is a list of tables, which is written as such."""
    return isinstance(given, list) and all(isinstance(row, Mapping) for row in given)


def _table(values: Mapping[str, Any]) -> str:
    return "".join(f"{_key(k)} = {_inline(v)}\n" for k, v in values.items())


def _key(name: str) -> str:
    return tomli_w.dumps({name: 0})[: -len(" = 0\n")]


def _inline(value: Any) -> str:
    """A value on one line; the library writes lists over many."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return tomli_w.dumps({"x": value})[len("x = ") : -1]


def read(text: str) -> tuple[dict[str, Any] | None, Flaw | None]:
    """TOML as plain data, every node with its predecessors; or what is wrong with it."""
    try:
        doc = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        return None, Flaw("not-toml", facts={"line": str(line_of(str(error), text))})
    before = None
    for row in doc["nodes"] if isinstance(doc.get("nodes"), list) else ():
        if isinstance(row, dict):
            row.setdefault("after", [] if before is None else [before])
            before = row.get("key", "")
    return doc, None


def line_of(told: str, text: str) -> int:
    """The line that a reader of TOML complains of."""
    found = _PLACE.search(told)
    if found is None or found[1] is None:
        return text.count("\n") + 1
    return int(found[1])


def node_line(text: str, row: int) -> int:
    """The line at which a node begins; 0 if it is not written as a table of its own."""
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _NODE.match(line)]
    return lines[row] if 0 <= row < len(lines) else 0
