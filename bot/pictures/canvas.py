"""A sheet of SVG being drawn: shapes, text and the five state icons, and its way to a PNG.

Every text notes the box it takes, so that a test can say that nothing lies on anything.
"""

import base64
import io
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

import resvg_py
from PIL import Image

from bot.pictures.text import FAMILY, drawable, font_path, width
from bot.pictures.theme import LIGHT, STATES, Theme

WIDTH = 1080

_ICONS = {
    "pending": '<circle r="7" fill="none" stroke="{ink}" stroke-width="2.6"/>',
    "in_progress": '<path d="M-5.2 -8.2 8.4 0 -5.2 8.2Z" fill="{ink}" stroke="{ink}" '
    'stroke-width="1.6" stroke-linejoin="round"/>',
    "done": '<path d="M-7.6 .6 -2.4 6 7.8 -5.6" fill="none" stroke="{ink}" stroke-width="3" '
    'stroke-linecap="round" stroke-linejoin="round"/>',
    "delayed": '<path d="M0 -8.4 9 6.8 -9 6.8Z" fill="{ink}" stroke="{ink}" stroke-width="1.8" '
    'stroke-linejoin="round"/><path d="M0 -3.2V1.6" stroke="{fill}" stroke-width="2.4" '
    'stroke-linecap="round"/><circle cy="4.6" r="1.4" fill="{fill}"/>',
    "to_confirm": '<path d="M-4.4 -3.6C-4.4 -9.6 4.8 -9.4 4.6 -3.8 4.5 -.6 0 -.8 0 3" fill="none" '
    'stroke="{ink}" stroke-width="2.8" stroke-linecap="round"/>'
    '<circle cy="7.4" r="1.9" fill="{ink}"/>',
}


@dataclass(frozen=True, slots=True)
class Spot:
    """The box that a text takes: left, top, right, bottom, and the text."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


@dataclass(slots=True)
class Canvas:
    """A sheet under the pen. `height` may be set when everything is drawn."""

    theme: Theme
    width: float = WIDTH
    height: float = 0
    parts: list[str] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        fill: str = "",
        bold: bool = False,
        anchor: str = "start",
    ) -> float:
        """One line, `y` its baseline; returns its width. The font has one weight: bold is a rim."""
        words = drawable(words)
        if not words:
            return 0
        long = width(words, size)
        left = x - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
        self.spots.append(Spot(left, y - size * 0.88, left + long, y + size * 0.12, words))
        colour = fill or self.theme.ink
        rim = f' stroke="{colour}" stroke-width="{size * 0.035:.2f}"' if bold else ""
        self.parts.append(
            f'<text x="{left:.2f}" y="{y:.2f}" font-size="{size:g}" fill="{colour}"{rim} '
            f'xml:space="preserve">{escape(words)}</text>'
        )
        return long

    def box(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        *,
        fill: str = "none",
        radius: float = 0,
        outline: str = "",
        stroke: float = 2,
    ) -> None:
        """A rectangle; its outline lies inside."""
        inset = stroke / 2 if outline else 0
        rim = f' stroke="{outline}" stroke-width="{stroke:g}"' if outline else ""
        self.parts.append(
            f'<rect x="{x + inset:.2f}" y="{y + inset:.2f}" width="{wide - 2 * inset:.2f}" '
            f'height="{high - 2 * inset:.2f}" rx="{radius:g}" fill="{fill}"{rim}/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, stroke: float) -> None:
        """A straight line."""
        self.parts.append(
            f'<path d="M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" stroke="{colour}" '
            f'stroke-width="{stroke:g}"/>'
        )

    def icon(self, status: str, x: float, y: float, scale: float, ink: str, fill: str) -> None:
        """The shape of a state around a middle, 20 units wide at scale 1."""
        shape = _ICONS[status if status in STATES else "pending"].format(ink=ink, fill=fill)
        self.parts.append(f'<g transform="translate({x:.2f} {y:.2f}) scale({scale:g})">{shape}</g>')

    def disc(self, status: str, x: float, y: float, radius: float) -> None:
        """A state as a filled circle with its icon."""
        look = self.theme.state(status)
        rim = f' stroke="{look.outline}" stroke-width="2"' if look.outline else ""
        self.parts.append(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius - (1 if rim else 0):g}" '
            f'fill="{look.fill}"{rim}/>'
        )
        self.icon(status, x, y, radius / 17, look.ink, look.fill)

    def picture(
        self, x: float, y: float, wide: float, high: float, jpeg: bytes, radius: float
    ) -> None:
        """A JPEG that fills a rounded frame; it has the shape of the frame already."""
        name = f"frame{len(self.parts)}"
        frame = f'x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"'
        data = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
        self.parts.append(
            f'<clipPath id="{name}"><rect {frame} rx="{radius:g}"/></clipPath>'
            f'<image {frame} preserveAspectRatio="none" clip-path="url(#{name})" '
            f"href={quoteattr(data)}/>"
        )

    def raw(self, svg: str) -> None:
        """A piece of SVG made elsewhere."""
        self.parts.append(svg)

    def svg(self) -> str:
        """The whole drawing."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" '
            f'height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'font-family="{FAMILY}">'
            f'<rect width="100%" height="100%" fill="{self.theme.paper}"/>'
            f"{''.join(self.parts)}</svg>"
        )

    def png(self, colours: int = 0, zoom: float = 1) -> bytes:
        """The drawing as a PNG, with so many colours at most (0: all)."""
        drawn: bytes = resvg_py.svg_to_bytes(
            svg_string=self.svg(),
            font_files=[font_path()],
            skip_system_fonts=True,
            zoom=zoom,
        )
        with Image.open(io.BytesIO(drawn)) as image:
            flat = image.convert("RGB")
        out = io.BytesIO()
        (_reduced(flat, colours, self.theme) if colours else flat).save(out, "PNG", optimize=True)
        return out.getvalue()


def _reduced(image: Image.Image, colours: int, theme: Theme) -> Image.Image:
    """Few colours, but those of the theme exactly: a state must look the same on every card."""
    kept = [theme.paper, theme.card, theme.ink, theme.quiet, theme.line, theme.accent]
    kept += [look.fill for look in theme.states]
    few = image.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = few.getpalette() or []
    for colour in kept:
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        rows = [palette[i : i + 3] for i in range(0, len(palette), 3)]
        gaps = [sum((a - b) ** 2 for a, b in zip(row, wanted, strict=True)) for row in rows]
        nearest = gaps.index(min(gaps))
        if gaps[nearest] < 300:
            palette[3 * nearest : 3 * nearest + 3] = wanted
    few.putpalette(palette)
    return few


def sheet(theme: Theme = LIGHT, wide: float = WIDTH) -> Canvas:
    """An empty canvas."""
    return Canvas(theme, wide)
