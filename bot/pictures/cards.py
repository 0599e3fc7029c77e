"""The progress card: one order at one glance, readable on a phone at half its width.

Title, one focal fact, the steps, up to five facts, up to four photos, footer. Texts come worded;
what is too long is wrapped or cut here, and the height follows what there is.
"""

from dataclasses import dataclass

from bot.pictures.canvas import WIDTH, Canvas
from bot.pictures.photos import tile
from bot.pictures.text import CJK, drawable, fitted, width, wrapped
from bot.pictures.theme import Theme, named

EDGE, PAD, RADIUS = 24.0, 48.0, 28.0
LEFT = EDGE + PAD
RIGHT = WIDTH - LEFT
INNER = RIGHT - LEFT
SMALL, BODY, HEAD, FOCAL = 28.0, 32.0, 42.0, 58.0

_MOST_FACTS, _MOST_PHOTOS, _MOST_IN_ROW = 5, 4, 7
_DISC = 36.0
_SMALLER = {"done": 31.0, "pending": 25.0}
_GAP = 12.0


@dataclass(frozen=True, slots=True)
class Step:
    """One node or stage: its name, its state as key and as word, and a detail such as `50/120`."""

    label: str
    status: str
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ProgressCard:
    """Everything on a progress card, in the reader's language; empty texts take no room."""

    title: str
    focal: str
    subtitle: str = ""
    badge: str = ""
    steps: tuple[Step, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    photos: tuple[bytes, ...] = ()
    footer: str = ""
    language: str = "zh-CN"


def draw_progress(card: ProgressCard, theme: str = "light") -> bytes:
    """The card as a PNG, 1080 px wide."""
    return progress_canvas(card, named(theme)).png(colours=256 if card.photos else 96)


def progress_canvas(card: ProgressCard, theme: Theme) -> Canvas:
    """The card, drawn but not yet rendered."""
    canvas = Canvas(theme, WIDTH)
    y = _heading(canvas, card, EDGE + PAD)
    if card.steps:
        y = _stepper(canvas, card.steps, y + 40)
    if card.facts:
        y = _facts(canvas, card.facts[:_MOST_FACTS], y + 32)
    if card.photos:
        y = _photos(canvas, card.photos[:_MOST_PHOTOS], y + 32)
    return finished(canvas, card.footer, y)


def finished(canvas: Canvas, footer: str, y: float) -> Canvas:
    """Footer, and the panel that all of it lies on."""
    if drawable(footer):
        y += 28
        canvas.line(LEFT, y, RIGHT, y, canvas.theme.line, 2)
        y += 48
        canvas.text(LEFT, y, fitted(footer, SMALL, INNER), SMALL, fill=canvas.theme.quiet)
    canvas.height = round(y + 36 + EDGE)
    panel = Canvas(canvas.theme, WIDTH)
    high = canvas.height - 2 * EDGE
    panel.box(
        EDGE, EDGE, WIDTH - 2 * EDGE, high,
        fill=canvas.theme.card, outline=canvas.theme.line, radius=RADIUS,
    )  # fmt: skip
    canvas.parts[:0] = panel.parts
    return canvas


def heading(canvas: Canvas, title: str, badge: str, y: float) -> float:
    """The title with the level badge beside it; returns where it ends."""
    badge = fitted(badge, SMALL, INNER * 0.4)
    pill = width(badge, SMALL) + 40 if badge else 0.0
    if badge:
        canvas.box(RIGHT - pill, y - 2, pill, 52, radius=25, outline=canvas.theme.ink, stroke=2.5)
        canvas.text(RIGHT - pill / 2, y + 34, badge, SMALL, anchor="middle")
    for line in wrapped(title, HEAD, INNER - (pill + 24 if badge else 0), 3):
        canvas.text(LEFT, y + 39, line, HEAD, bold=True)
        y += 54
    return y


def _heading(canvas: Canvas, card: ProgressCard, y: float) -> float:
    y = heading(canvas, card.title, card.badge, y)
    # The accent is the green of “done”: only for a card on which all is well.
    bad = card.badge or any(step.status in {"delayed", "to_confirm"} for step in card.steps)
    ink = canvas.theme.ink if bad else canvas.theme.accent
    for line in wrapped(card.focal, FOCAL, INNER, 2):
        y += 76
        canvas.text(LEFT, y - 10, line, FOCAL, bold=True, fill=ink)
    for line in wrapped(card.subtitle, BODY, INNER, 2):
        y += 44
        canvas.text(LEFT, y - 2, line, BODY, fill=canvas.theme.quiet)
    return y


def columns(steps: tuple[Step, ...]) -> int:
    """How many steps stand side by side: as many as leave every word whole, in even rows."""
    words = [w for s in steps for t in (s.label, s.word, s.detail) for w in drawable(t).split()]
    latin = [w for w in words if max(w) < CJK]
    longest = max((width(w, SMALL) for w in latin), default=0.0)
    needed = max(longest, SMALL * 4) + _GAP
    most = max(2, min(_MOST_IN_ROW, int(INNER // needed)))
    rows = -(-len(steps) // most)
    return -(-len(steps) // rows)


def _stepper(canvas: Canvas, steps: tuple[Step, ...], y: float) -> float:
    across = columns(steps)
    for start in range(0, len(steps), across):
        row = steps[start : start + across]
        before = steps[start - 1] if start else None
        after = steps[start + across] if start + across < len(steps) else None
        y = _step_row(canvas, row, (before, after), INNER / across, y) + 28
    return y - 28


def _step_row(
    canvas: Canvas,
    row: tuple[Step, ...],
    beyond: tuple[Step | None, Step | None],
    wide: float,
    y: float,
) -> float:
    middle = y + _DISC
    before, after = beyond
    ends = [LEFT + wide * (i + 0.5) for i in range(len(row))]
    if before:
        _link(canvas, before, LEFT, ends[0], middle)
    for i, step in enumerate(row[:-1]):
        _link(canvas, step, ends[i], ends[i + 1], middle)
    if after:
        _link(canvas, row[-1], ends[-1], RIGHT, middle)
    lowest = y
    for x, step in zip(ends, row, strict=True):
        canvas.disc(step.status, x, middle, _SMALLER.get(step.status, _DISC))
        lowest = max(lowest, _step_words(canvas, step, x, middle + _DISC, wide - _GAP))
    return lowest


def _link(canvas: Canvas, step: Step, start: float, end: float, y: float) -> None:
    done = step.status == "done"
    colour = canvas.theme.state("done").fill if done else canvas.theme.line
    canvas.line(start, y, end, y, colour, 6)


def _step_words(canvas: Canvas, step: Step, x: float, y: float, room: float) -> float:
    now = step.status in {"in_progress", "delayed", "to_confirm"}
    y += 12
    for line in wrapped(step.label, SMALL, room, 2):
        y += 36
        canvas.text(x, y - 4, line, SMALL, bold=now, anchor="middle")
    for text in (step.word, step.detail):
        for line in wrapped(text, SMALL, room, 2):
            y += 36
            ink = canvas.theme.ink if now else canvas.theme.quiet
            canvas.text(x, y - 4, line, SMALL, fill=ink, anchor="middle")
    return y


def _facts(canvas: Canvas, facts: tuple[tuple[str, str], ...], y: float) -> float:
    theme = canvas.theme
    label_room = min(max(width(drawable(name), BODY) for name, _ in facts), INNER * 0.38)
    for name, value in facts:
        canvas.line(LEFT, y, RIGHT, y, theme.line, 2)
        y += 14
        canvas.text(LEFT, y + 37, fitted(name, BODY, label_room), BODY, fill=theme.quiet)
        lines = wrapped(value, BODY, INNER - label_room - 40, 2)
        for line in lines:
            canvas.text(LEFT + label_room + 40, y + 37, line, BODY)
            y += 46
        y += 14 if lines else 60
    return y


def _photos(canvas: Canvas, photos: tuple[bytes, ...], y: float) -> float:
    wide = (INNER - _GAP * (len(photos) - 1)) / len(photos)
    high = round(wide * {1: 0.56, 2: 0.75, 3: 0.75}.get(len(photos), 1.0))
    x = LEFT
    for photo in photos:
        jpeg = tile(photo, round(wide), high)
        if jpeg:
            canvas.picture(x, y, round(wide), high, jpeg, 14)
        else:
            canvas.box(x, y, round(wide), high, radius=14, outline=canvas.theme.line)
        x += wide + _GAP
    return y + high
