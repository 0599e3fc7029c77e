"""What is wrong with a route that somebody is still writing, all of it at once and each at its
place. `domain.route` says the first of it and stops, which is right for a file and not for a form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import RouteFault
from domain.materials import materials_from
from domain.route import LONGEST, NodeSpec, Photo, Route, from_dict

FIELDS = frozenset(NodeSpec.__dataclass_fields__) | {"standard_days"}
DAY = 8.0
"""Working hours of `standard_days = 1`."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to mend: its code, the node's place in the list (-1 for the route itself), the
    field, and what to say with it.
    """

    code: str
    row: int = -1
    where: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def whole(doc: Mapping[str, Any]) -> bool:
    """Whether plain data has the shape of a route: a list of tables with text for key and name."""
    rows = doc.get("nodes")
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def judged(doc: Mapping[str, Any]) -> tuple[Route | None, tuple[Flaw, ...]]:
    """The route that plain data make, or all that is wrong with them."""
    if not whole(doc):
        return None, (Flaw("no-nodes"),)
    found = _own(doc)
    for row in range(len(doc["nodes"])):
        found += _node(doc, row)
    if found:
        return None, tuple(found)
    try:
        return from_dict(doc), ()
    except RouteFault as error:
        return None, (_said(doc, error),)


def _own(doc: Mapping[str, Any]) -> list[Flaw]:
    found = []
    for name in ("key", "name"):
        if not isinstance(doc.get(name), str) or not doc[name].strip():
            found.append(Flaw("missing", -1, name))
    if not doc["nodes"]:
        found.append(Flaw("no-nodes"))
    return found


def _said(doc: Mapping[str, Any], error: RouteFault) -> Flaw:
    """The route's own refusal, at the node it speaks of."""
    keys = [row.get("key") for row in doc["nodes"]]
    node = error.facts.get("node")
    place = keys.index(node) if node in keys else -1
    if error.code == "loop":
        return Flaw("loop", place, "after")
    return Flaw("malformed", place, "", {"detail": str(error.facts.get("detail", error.code))})


def _node(doc: Mapping[str, Any], row: int) -> list[Flaw]:
    node = doc["nodes"][row]
    found = [
        Flaw("missing", row, name)
        for name in ("key", "name")
        if not isinstance(node.get(name), str) or not node[name].strip()
    ]
    earlier = [other.get("key") for other in doc["nodes"][:row]]
    if node.get("key") in earlier:
        found.append(Flaw("key-twice", row, "key"))
    unknown = sorted(str(name) for name in node if name not in FIELDS)
    if unknown:
        found.append(Flaw("unknown-field", row, "", {"detail": ", ".join(unknown)}))
    if node.get("photo", "optional") not in [p.value for p in Photo]:
        found.append(Flaw("no-such-photo", row, "photo"))
    return [*found, *_durations(node, row), *_links(doc, row), *_materials(node, row)]


def _durations(node: Mapping[str, Any], row: int) -> list[Flaw]:
    name = "standard_hours" if "standard_hours" in node else "standard_days"
    found = []
    for key, place, factor in ((name, "standard", DAY), ("minutes_per_piece", "minutes", 1.0)):
        given = node.get(key, 0)
        plain = isinstance(given, int | float) and not isinstance(given, bool)
        if not plain or not 0 <= given * (factor if key == "standard_days" else 1) < LONGEST:
            found.append(Flaw("not-a-duration", row, place))
    return found


def _links(doc: Mapping[str, Any], row: int) -> list[Flaw]:
    """Predecessors and the stage."""
    node = doc["nodes"][row]
    keys = [other.get("key") for other in doc["nodes"]]
    stages = doc["stages"] if isinstance(doc.get("stages"), list) else []
    named = [s.get("key") for s in stages if isinstance(s, dict)]
    found = []
    after = node.get("after", [])
    if not isinstance(after, list) or any(key not in keys for key in after):
        lost = ", ".join(str(k) for k in after if k not in keys) if isinstance(after, list) else ""
        found.append(Flaw("no-such-node", row, "after", {"node": lost}))
    elif isinstance(after, list) and node.get("key") in after:
        found.append(Flaw("loop", row, "after"))
    if node.get("stage") and named and node["stage"] not in named:
        found.append(Flaw("no-such-stage", row, "stage", {"stage": str(node["stage"])}))
    return found


def _materials(node: Mapping[str, Any], row: int) -> list[Flaw]:
    given = node.get("materials", [])
    if not isinstance(given, Sequence) or isinstance(given, str):
        return [Flaw("wrong-material", row, "materials", {"n": "1"})]
    found = []
    for place, one in enumerate(given):
        try:
            materials_from([one])
        except (RouteFault, TypeError, KeyError, ValueError):
            found.append(Flaw("wrong-material", row, "materials", {"n": str(place + 1)}))
    return found
