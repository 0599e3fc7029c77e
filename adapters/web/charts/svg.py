"""Drawing in SVG without a library: elements, texts that are measured before they are placed, fills
that differ by pattern as well as by colour.

Colours come from classes (static/charts.css), so that one drawing is right on light, dark and
paper; nothing carries a style of its own, which the content policy would refuse.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

WIDTH = 360.0
"""Units across: a phone's pixels, so that sizes are read there as they are written here."""
SIZE = 13.0
"""Height of a text in units."""
BOLD = SIZE * 1.1
"""What a bold text is measured as."""
LINE = 19.0
"""From one line of text to the next."""
_NARROW = frozenset("iljtf.,:;'|!()[] ·-")
_MARKS = {
    "in_progress": ('<circle class="h-dark" cx="2" cy="2" r="1"/>', 5),
    "delayed": ('<path class="h-light" d="M-1 6 6 -1 M2 9 9 2"/>', 7),
    "to_confirm": ('<path class="h-dark" d="M0 2 H6"/>', 5),
}
"""What is drawn over a colour so that it is told apart in black and white, and how often."""


def width_of(text: str, size: float = SIZE) -> float:
    """How wide a text is at most, in units: a full square for hanzi, less for Latin letters."""
    return sum(_em(sign) for sign in text) * size


def _em(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    if sign in _NARROW:
        return 0.38
    if sign.isdigit():
        return 0.66
    if unicodedata.east_asian_width(sign) == "A":
        return 1.0
    return 0.78 if sign.isupper() or sign in "mwMW%@" else 0.6


def fitted(text: str, room: float, size: float = SIZE) -> str:
    """A text that fits; what is left out is told by an ellipsis. Empty if nothing fits."""
    if width_of(text, size) <= room:
        return text
    kept = text
    while kept and width_of(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…" if kept.strip() else ""


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """One element. `kind` is its class; `_` in a name becomes `-`; numbers are rounded to a
    hundredth.
    """
    said = []
    for key, value in attributes.items():
        if value is None or value == "":
            continue
        shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        label = "class" if key == "kind" else key.replace("_", "-")
        said.append(f'{label}="{escape(shown)}"')
    inside = " ".join([name, *said])
    return f"<{inside}>{content}</{name}>" if content else f"<{inside}/>"


def words(
    x: float, y: float, text: str, *, room: float = WIDTH, kind: str = "", anchor: str = ""
) -> str:
    """A text on its baseline, cut to its room; the whole of it is then its tooltip."""
    shown = fitted(text, room)
    if not shown:
        return ""
    inside = str(escape(shown))
    if shown != text:
        inside = element("title", str(escape(text))) + inside
    return element("text", inside, x=x, y=y, kind=kind, text_anchor=anchor)


def filled(
    key: str, kind: str, x: float, y: float, width: float, height: float, tip: str = ""
) -> str:
    """A bar in the colour of a state, with the state's pattern over it."""
    tooltip = element("title", str(escape(tip))) if tip else ""
    box: dict[str, object] = {"x": x, "y": y, "width": max(width, 0.5), "height": height}
    drawn = element("rect", tooltip, **box, kind=f"f-{css(kind)}")
    if kind in _MARKS:
        drawn += element("rect", **box, fill=f"url(#{key}-{css(kind)})")
    return drawn


def css(kind: str) -> str:
    """A state as it is written in classes and ids."""
    return kind.replace("_", "-")


def patterns(key: str, kinds: Iterable[str]) -> str:
    """The definitions that `filled` points at."""
    found = []
    for kind in dict.fromkeys(k for k in kinds if k in _MARKS):
        drawn, size = _MARKS[kind]
        found.append(
            element(
                "pattern", drawn, id=f"{key}-{css(kind)}", width=size, height=size,
                patternUnits="userSpaceOnUse",
            )
        )  # fmt: skip
    return element("defs", "".join(found)) if found else ""


def drawing(
    key: str, title: str, told: str, height: float, parts: Sequence[str], *,
    width: float = WIDTH, kinds: Iterable[str] = (), extra: str = "",
) -> Markup:  # fmt: skip
    """The whole picture, with what it shows said for those who don't see it. `key` is unique on
    the page.
    """
    head = element("title", str(escape(title)), id=f"{key}-t")
    head += element("desc", str(escape(told)), id=f"{key}-d") if told else ""
    names = f"{key}-t {key}-d" if told else f"{key}-t"
    text = element(
        "svg", head + patterns(key, kinds) + "".join(parts),
        kind=f"chart {extra}".strip(), role="img", aria_labelledby=names,
        viewBox=f"0 0 {width:g} {max(height, 1):g}",
    )  # fmt: skip
    return Markup(text)  # noqa: S704 - every text in it was escaped where it was put in


_SIGNS = {
    "limit": '<path class="limit" d="M9 0 v12"/>',
    "mark": '<path class="limit" d="M1 6 h16"/>',
    "span": '<path class="span" d="M1 6 h16"/><path class="ends" d="M1 2 v8 M17 2 v8"/>',
    "median": '<circle class="f-done" cx="9" cy="6" r="5"/>',
    "slow": '<path class="f-delayed" d="M9 0 l7 11 h-14 z"/>',
    "mean": '<circle class="mean" cx="9" cy="6" r="4"/>',
    "sum": '<rect class="sum" x="1" y="1" width="16" height="10"/>',
    "plan": '<rect class="plan" x="1" y="3" width="16" height="6" rx="2"/>',
    "likely": '<rect class="likely" x="1" y="2" width="16" height="8"/>',
}


def swatch(key: str, kind: str) -> Markup:
    """A small sample of a fill or sign, for a legend; the word beside it says what it is."""
    name = f"{key}-l-{css(kind)}"
    body = _SIGNS.get(kind) or patterns(name, (kind,)) + filled(name, kind, 0.5, 0.5, 17, 11)
    text = element("svg", body, kind="chart swatch", viewBox="0 0 18 12", aria_hidden="true")
    return Markup(text)  # noqa: S704 - made of numbers and our own names


def ticks(most: float, count: int = 4) -> list[float]:
    """Round numbers from 0 up to at least `most`, about so many."""
    if most <= 0:
        return [0.0, 1.0]
    step = 10.0 ** len(str(int(most)))
    for part in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
        if most / (step * part) <= count:
            step *= part
            break
    found = [0.0]
    while found[-1] < most - 1e-9:
        found.append(round(found[-1] + step, 6))
    return found
