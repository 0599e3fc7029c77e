"""A route as a form, and back. What nobody touched is kept to the letter, whatever stands in it;
what the form does not know stays in the TOML.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from domain.route import NodeSpec, Photo
from domain.route_flaws import DAY

Doc = dict[str, Any]
Pairs = Sequence[tuple[str, str]]
WORDS = re.compile(r"[、,，;；\n]")
LANGUAGES = ("zh-TW", "en")
FLAGS = (
    "first_article", "customer_visible", "milestone", "core", "inspection", "shipping",
)  # fmt: skip
PHOTOS = tuple(p.value for p in Photo)
ROLES = ("", "manager", "operator", "customer")
MATERIAL = ("item", "per_piece", "unit", "supplier", "days")
_BLANK = NodeSpec("", "")


def rows(doc: Mapping[str, Any]) -> list[Doc]:
    """What the form shows of each node: text, flags, places of the nodes it comes after."""
    keys = [node.get("key") for node in doc["nodes"]]
    return [_row(node, n, keys) for n, node in enumerate(doc["nodes"])]


def title(doc: Mapping[str, Any]) -> str:
    """What the form shows as the route's own name."""
    return _line(doc.get("name", ""))


def _row(node: Mapping[str, Any], n: int, keys: list[Any]) -> Doc:
    days = "standard_days" in node and "standard_hours" not in node
    names = node.get("names")
    named = names if isinstance(names, dict) else {}
    after = _list(node.get("after"))
    return {
        "n": n,
        "key": _line(node.get("key", "")),
        "name": _line(node.get("name", "")),
        **{f"name.{lang}": _line(named.get(lang, "")) for lang in LANGUAGES},
        "aliases": _words(node.get("aliases")),
        "alternatives": _words(node.get("alternatives")),
        "standard": _line(node.get("standard_days" if days else "standard_hours", DAY)),
        "unit": "days" if days else "hours",
        "minutes": _line(node.get("minutes_per_piece", 0)),
        "criteria": _line(node.get("criteria", "")),
        "team": _line(node.get("team", "")),
        "stage": _line(node.get("stage", "")),
        "photo": _line(node.get("photo", "optional")),
        "confirmed": _line(node.get("confirmed_by", "")),
        "after": [place for place, key in enumerate(keys) if key in after and place != n],
        "flags": {name: node.get(name, getattr(_BLANK, name)) is True for name in FLAGS},
        "materials": [_material(m) for m in _list(node.get("materials"))],
    }


def _material(given: object) -> Doc:
    row = given if isinstance(given, dict) else {}
    return {name: _line(row.get(name, 1 if name == "days" else "")) for name in MATERIAL}


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _words(given: object) -> str:
    return "、".join(_line(word) for word in _list(given))


def _line(given: object) -> str:
    """A value as a field of one line shows it."""
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    return " ".join(str(given).replace("\0", "").split("\n")).replace("\r", "")


def merged(doc: Mapping[str, Any], pairs: Pairs) -> Doc:
    """The data with what was changed in the form."""
    form = dict(pairs)
    after: dict[str, list[int]] = {}
    for name, value in pairs:
        if name.endswith(".after") and value.isascii() and value.isdigit():
            after.setdefault(name, []).append(int(value))
    found = dict(doc)
    if form.get("name", "") != title(doc):
        found["name"] = form.get("name", "").strip()
    shown = rows(doc)
    found["nodes"] = [_node(node, shown[n], form, f"{n}.") for n, node in enumerate(doc["nodes"])]
    _links(doc, found, shown, after)
    return found


def _node(node: Mapping[str, Any], row: Doc, form: Mapping[str, str], at: str) -> Doc:
    def typed(name: str) -> str | None:
        """What was typed, if it is not what was shown."""
        given = form.get(at + name, "")
        return None if given == row[name] else given.strip()

    found = dict(node)
    for name, field in (
        ("key", "key"), ("name", "name"), ("criteria", "criteria"), ("team", "team"),
        ("stage", "stage"), ("photo", "photo"), ("confirmed", "confirmed_by"),
    ):  # fmt: skip
        if (text := typed(name)) is not None:
            _set(found, field, text)
    for name in ("aliases", "alternatives"):
        if (text := typed(name)) is not None:
            _set(found, name, [w.strip() for w in WORDS.split(text) if w.strip()])
    if (text := typed("minutes")) is not None:
        _set(found, "minutes_per_piece", _number(text or "0"))
    _standard(found, typed("standard"), typed("unit"), row)
    _names(found, {lang: typed(f"name.{lang}") for lang in LANGUAGES})
    for name in FLAGS:
        if (form.get(at + name) == "1") != row["flags"][name]:
            _set(found, name, form.get(at + name) == "1")
    _materials(found, row["materials"], form, at + "m.")
    return found


def _set(node: Doc, field: str, value: Any) -> None:
    """A field, which goes where it stands at its default."""
    blank = getattr(_BLANK, field)
    if value == (list(blank) if isinstance(blank, tuple) else blank) and field not in (
        "key",
        "name",
    ):
        node.pop(field, None)
    else:
        node[field] = value


def _standard(node: Doc, amount: str | None, unit: str | None, row: Doc) -> None:
    if amount is None and unit is None:
        return
    given = _number(row["standard"] if amount is None else amount)
    for name in ("standard_hours", "standard_days"):
        node.pop(name, None)
    node["standard_days" if (unit or row["unit"]) == "days" else "standard_hours"] = given


def _number(text: str) -> int | float | str:
    """A number, or the text that is none, for the judge to find."""
    plain = text.replace("，", ".").replace(",", ".").strip()
    try:
        found = float(plain)
    except ValueError:
        return text
    return int(found) if found.is_integer() and abs(found) < 1e9 else found


def _names(node: Doc, typed: Mapping[str, str | None]) -> None:
    if all(text is None for text in typed.values()):
        return
    before = node.get("names")
    names = dict(before) if isinstance(before, dict) else {}
    for language, text in typed.items():
        if text:
            names[language] = text
        elif text is not None:
            names.pop(language, None)
    if names:
        node["names"] = names
    else:
        node.pop("names", None)


def _materials(node: Doc, shown: Sequence[Doc], form: Mapping[str, str], at: str) -> None:
    """Rows that were there, and one more if it was filled in; a row without a name goes."""
    kept = _list(node.get("materials"))
    found: list[Any] = []
    for n in range(len(shown) + 1):
        typed = {name: form.get(f"{at}{n}.{name}", "").strip() for name in MATERIAL}
        if n < len(shown) and typed == {k: v.strip() for k, v in shown[n].items()}:
            found.append(kept[n])
        elif typed["item"]:
            days = _number(typed["days"] or "1")
            found.append({k: v for k, v in typed.items() if v and k != "days"} | {"days": days})
    if found != kept:
        node.pop("materials", None)
        if found:
            node["materials"] = found


def _links(
    before: Mapping[str, Any], found: Doc, shown: Sequence[Doc], after: Mapping[str, list[int]]
) -> None:
    """Predecessors, which follow a node that is called by another key now."""
    old = [node.get("key") for node in before["nodes"]]
    new = [node.get("key") for node in found["nodes"]]
    renamed = {a: b for a, b in zip(old, new, strict=True) if a != b and old.count(a) == 1}
    for n, node in enumerate(found["nodes"]):
        chosen = sorted(p for p in after.get(f"{n}.after", []) if p < len(new) and p != n)
        if chosen != shown[n]["after"]:
            node["after"] = [new[p] for p in chosen]
        elif renamed and isinstance(node.get("after"), list):
            node["after"] = [renamed.get(key, key) for key in node["after"]]


def changed(doc: Mapping[str, Any], act: str, place: int) -> Doc:
    """The data after `up`, `down`, `remove` or `add` (behind a place). Nodes that came after the
    one above go on doing so.
    """
    nodes: list[Doc] = [dict(node) for node in doc["nodes"]]
    keys = [node.get("key") for node in nodes]
    chained = [
        node.get("after") == ([keys[n - 1]] if n else []) for n, node in enumerate(nodes)
    ]  # whether it simply follows
    both = list(zip(nodes, chained, strict=True))
    if act == "add" and -1 <= place < len(both):
        both.insert(place + 1, ({"key": _free(keys), "name": "", "standard_hours": DAY}, True))
    elif 0 <= place < len(both):
        one = both.pop(place)
        if act == "remove":
            _bridge(both, one[0])
        else:
            both.insert(max(place - 1, 0) if act == "up" else place + 1, one)
    for n, (node, simply) in enumerate(both):
        if simply:
            node["after"] = [both[n - 1][0].get("key")] if n else []
    return {**doc, "nodes": [node for node, _ in both]}


def _bridge(both: Sequence[tuple[Doc, bool]], gone: Mapping[str, Any]) -> None:
    """Who came after a node that is gone comes after what it came after."""
    for node, _ in both:
        after = _list(node.get("after"))
        if gone.get("key") in after:
            rest = [key for key in after if key != gone.get("key")]
            more = [key for key in _list(gone.get("after")) if key not in rest]
            node["after"] = rest + more


def _free(keys: Sequence[Any]) -> str:
    return next(f"step-{n}" for n in range(1, len(keys) + 2) if f"step-{n}" not in keys)
