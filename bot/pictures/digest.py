"""The digest card: the morning standup on one picture, what needs a decision first."""

from dataclasses import dataclass

from bot.pictures.canvas import WIDTH, Canvas
from bot.pictures.cards import BODY, EDGE, INNER, LEFT, PAD, RIGHT, finished, heading
from bot.pictures.text import wrapped
from bot.pictures.theme import Theme, named

_INDENT = 76.0
_TITLE = 36.0
SCREEN = 2160
"""Pixels of height that a phone shows at once."""
_LINES = ((3, 3), (3, 1), (2, 1), (1, 1))
"""Lines of an entry at most, of the first section and of the others: the first that fits."""


@dataclass(frozen=True, slots=True)
class DigestSection:
    """One section: the state it is about as key, its title, its lines."""

    icon_status: str
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestCard:
    """Everything on a digest card, in the reader's language."""

    title: str
    subtitle: str = ""
    sections: tuple[DigestSection, ...] = ()
    footer: str = ""
    language: str = "zh-CN"


def draw_digest(card: DigestCard, theme: str = "light") -> bytes:
    """The card as a PNG, 1080 px wide."""
    return digest_canvas(card, named(theme)).png(colours=96)


def digest_canvas(card: DigestCard, theme: Theme) -> Canvas:
    """The card, drawn but not yet rendered."""
    canvas = _drawn(card, theme, *_LINES[0])
    for lines in _LINES[1:]:
        if canvas.height <= SCREEN:
            break
        canvas = _drawn(card, theme, *lines)
    return canvas


def _drawn(card: DigestCard, theme: Theme, first: int, others: int) -> Canvas:
    canvas = Canvas(theme, WIDTH)
    y = heading(canvas, card.title, "", EDGE + PAD)
    for line in wrapped(card.subtitle, BODY, INNER, 2):
        y += 44
        canvas.text(LEFT, y, line, BODY, fill=theme.quiet)
    for place, section in enumerate(card.sections):
        y = _section(canvas, section, y + 28, others if place else first)
    return finished(canvas, card.footer, y)


def _section(canvas: Canvas, section: DigestSection, y: float, lines: int) -> float:
    canvas.line(LEFT, y, RIGHT, y, canvas.theme.line, 2)
    y += 28
    canvas.disc(section.icon_status, LEFT + 26, y + 26, 26)
    for line in wrapped(section.title, _TITLE, INNER - _INDENT, 2):
        canvas.text(LEFT + _INDENT, y + 39, line, _TITLE, bold=True)
        y += 52
    for entry in section.lines:
        for line in wrapped(entry, BODY, INNER - _INDENT, lines):
            canvas.text(LEFT + _INDENT, y + 36, line, BODY)
            y += 44
        y += 10
    return y - 6 if section.lines else y
