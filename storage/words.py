"""Which parts of an order's books are people's own words, and how these are kept sealed while
everything that is counted and searched stays readable to the database.
"""

import json
from collections.abc import Mapping
from typing import Any

from storage.secrets import Seals, owner

WORDS = ("text", "note", "why")
"""Fields of facts that people fill with words of their own."""


def seal_fact(data: dict[str, Any], no: str, seq: int, seals: Seals, customer: str) -> None:
    """Seal the words of a fact's plain data, in place."""
    for name in WORDS:
        if data.get(name):
            data[name] = seals.seal(data[name], _event(no, seq, name), owner(customer))


def open_fact(data: dict[str, Any], no: str, seq: int, seals: Seals) -> dict[str, Any]:
    """The plain data of a stored fact, with its words; erased ones are empty."""
    for name in WORDS:
        if data.get(name):
            data[name] = seals.open(data[name], _event(no, seq, name))
    return data


def opened(row: Mapping[str, Any], seals: Seals) -> dict[str, Any]:
    """A stored event with its words, its data as the plain form that was hashed before there were
    sealed values.
    """
    data = open_fact(json.loads(row["data"]), row["order_no"], row["seq"], seals)
    return dict(row) | {"data": json.dumps(data, ensure_ascii=False, separators=(",", ":"))}


def hide(doc: dict[str, Any], no: str, seals: Seals, customer: str) -> dict[str, Any]:
    """An order's plain data with all its words in one sealed value: its note, why promises moved,
    why nodes are held, what suppliers said.
    """
    if not seals.sealing:
        return doc
    found = {"note": doc["note"]} if doc["note"] else {}
    doc["note"] = ""
    for place, promise in enumerate(doc["promises"]):
        if promise[3]:
            found[f"promise/{place}"], promise[3] = promise[3], ""
    for key, node in doc["nodes"].items():
        if isinstance(node, dict) and "reason_text" in node:
            found[f"node/{key}"] = node.pop("reason_text")
    for need in doc.get("needs", ()):
        said = [need["note"], *(row[3] for row in need["given"])]
        if any(said):
            found[f"need/{need['id']}"] = said
            need["note"], need["given"] = "", [[*row[:3], ""] for row in need["given"]]
    if found:
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        doc["words"] = seals.seal(text, _order(no), owner(customer))
    return doc


def show(doc: dict[str, Any], no: str, seals: Seals) -> dict[str, Any]:
    """An order's stored data with its words back in their places; erased ones are empty."""
    needs = {need["id"]: need for need in doc.get("needs", ())}
    sealed = doc.pop("words", "")
    found = json.loads(seals.open(sealed, _order(no), "{}")) if sealed else {}
    for name, text in found.items():
        part, _, place = name.partition("/")
        if part == "note":
            doc["note"] = text
        elif part == "promise":
            doc["promises"][int(place)][3] = text
        elif part == "need":
            needs[place]["note"] = text[0]
            for row, said in zip(needs[place]["given"], text[1:], strict=True):
                row[3] = said
        else:
            doc["nodes"][place]["reason_text"] = text
    return doc


def _event(no: str, seq: int, name: str) -> str:
    return f"event/data/{no}/{seq}/{name}"


def _order(no: str) -> str:
    return f"orders/doc/{no}"
