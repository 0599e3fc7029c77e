"""Reads charts back: where every text stands, whether one leaves the picture or lies on another."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

from adapters.web.charts.svg import width_of

LOW, HIGH = 3.0, 10.0
"""How far a text reaches below and above its baseline, in units."""


@dataclass(frozen=True, slots=True)
class Box:
    """A text and the room that it takes."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether two texts lie on each other, by more than a hair."""
        return (
            self.left < other.right - 0.6
            and other.left < self.right - 0.6
            and self.top < other.bottom - 0.6
            and other.top < self.bottom - 0.6
        )


def parsed(chart: str) -> ElementTree.Element:
    """The chart as XML: whatever stands in it is well-formed."""
    return ElementTree.fromstring(chart)


def texts(chart: str) -> Iterator[Box]:
    """Every text of a chart with its box."""
    for node in parsed(chart).iter("text"):
        shown = "".join(t for t in (node.text, *(c.tail for c in node)) if t)
        x, y, wide = float(node.get("x", 0)), float(node.get("y", 0)), width_of(shown)
        shift = {"": 0.0, "middle": wide / 2, "end": wide}[node.get("text-anchor", "")]
        yield Box(shown, x - shift, y - HIGH, x - shift + wide, y + LOW)


def faults(chart: str) -> list[str]:
    """What is wrong with a chart's texts; empty if nothing is."""
    root = parsed(chart)
    _, _, width, height = map(float, root.get("viewBox", "0 0 0 0").split())
    boxes = list(texts(chart))
    found = [
        f"{b.text!r} leaves the picture"
        for b in boxes
        if b.left < -0.6 or b.right > width + 0.6 or b.top < -0.6 or b.bottom > height + 0.6
    ]
    found += [f"{a.text!r} on {b.text!r}" for a, b in combinations(boxes, 2) if a.meets(b)]
    return found


def bars(chart: str, kind: str) -> list[tuple[float, float]]:
    """Left edge and width of the bars of a class, in the order drawn."""
    return [
        (float(r.get("x", 0)), float(r.get("width", 0)))
        for r in parsed(chart).iter("rect")
        if r.get("class") == kind
    ]
