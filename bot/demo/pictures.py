"""Sample photos for the demo, drawn here so that the repository carries no pictures of unknown
origin.
"""

import io
from datetime import UTC, datetime
from functools import cache

import resvg_py
from PIL import Image

_TABLE = (
    '<rect width="1200" height="900" fill="{0}"/><g stroke="#00000012" stroke-width="2">{1}</g>'
)
_GRAIN = "".join(f'<path d="M0 {y}h1200"/>' for y in range(30, 900, 38))


def _piece(x: int, y: int, turn: int, fill: str) -> str:
    """A cut piece of cloth: the half of a hoodie's front, with its notches."""
    return (
        f'<g transform="translate({x} {y}) rotate({turn})">'
        f'<path d="M8 12h150l26 60 34 170h-214z" fill="#0003"/>'
        f'<path d="M0 0h150l26 60 34 170h-214z" fill="{fill}"/>'
        '<path d="M12 14h132l24 52 28 150h-190z" fill="none" stroke="#fff8" stroke-width="3"'
        ' stroke-dasharray="9 8"/></g>'
    )


def _stack(x: int, y: int, fill: str, count: int) -> str:
    """A bundle of pieces, tied."""
    sheets = "".join(
        f'<rect x="{x + n % 3}" y="{y - n * 9}" width="250" height="150" rx="14" fill="{fill}"'
        f' stroke="#0002" stroke-width="2"/>'
        for n in range(count)
    )
    top = y - (count - 1) * 9
    band = f'<rect x="{x + 104}" y="{top}" width="34" height="{150 + count * 9}" fill="#F3E7C9"/>'
    return f"<ellipse cx='{x + 130}' cy='{y + 160}' rx='150' ry='18' fill='#0002'/>{sheets}{band}"


def _cap(x: int, y: int, fill: str) -> str:
    return (
        f'<g transform="translate({x} {y})">'
        '<ellipse cx="120" cy="168" rx="150" ry="20" fill="#0002"/>'
        f'<path d="M10 150a110 120 0 0 1 220 0z" fill="{fill}"/>'
        f'<path d="M200 150q110 0 120 34q-70 16-160-8z" fill="{fill}" stroke="#0003"'
        ' stroke-width="3"/><circle cx="120" cy="96" r="30" fill="none" stroke="#F3E7C9"'
        ' stroke-width="9"/><path d="M104 96h32M120 80v32" stroke="#F3E7C9" stroke-width="8"/></g>'
    )


def _garment(x: int, y: int, fill: str, mark: str) -> str:
    return (
        f'<g transform="translate({x} {y})">'
        '<ellipse cx="210" cy="560" rx="220" ry="24" fill="#0002"/>'
        f'<path d="M120 0h180l120 90-44 110-56-26v380h-220v-380l-56 26-44-110z" fill="{fill}"'
        f' stroke="#0003" stroke-width="3"/><path d="M150 0q60 66 120 0" fill="none"'
        f' stroke="#0004" stroke-width="8"/><circle cx="262" cy="150" r="34" fill="{mark}"/>'
        '<path d="M246 150h32M262 134v32" stroke="#fff" stroke-width="6"/></g>'
    )


_SCENES = {
    "cut": ("#E9DCC3", _piece(120, 130, -8, "#33566E") + _piece(430, 110, 4, "#33566E")
            + _piece(160, 500, 3, "#3D6681") + _stack(720, 620, "#33566E", 22)
            + _stack(760, 300, "#3D6681", 9)),
    "caps": ("#D9D2C5", _cap(130, 160, "#24404F") + _cap(640, 140, "#24404F")
             + _cap(330, 480, "#2E5163")),
    "apron": ("#E7E0D3", _garment(380, 150, "#4A5A45", "#C98A2B")),
    "patch": ("#4A5A45", '<circle cx="600" cy="450" r="230" fill="#C98A2B"/><circle cx="600"'
              ' cy="450" r="200" fill="none" stroke="#F3E7C9" stroke-width="14"'
              ' stroke-dasharray="26 14"/><path d="M500 450h200M600 350v200" stroke="#F3E7C9"'
              ' stroke-width="40"/>'),
    "folded": ("#EDE6D8", _stack(180, 640, "#4A5A45", 12) + _stack(480, 640, "#4A5A45", 12)
               + _stack(780, 640, "#55674F", 9)),
    "jacket": ("#DDE3E6", _garment(380, 150, "#7A2E2B", "#E6E6E6")),
}  # fmt: skip
NAMES = tuple(_SCENES)


@cache
def sample(name: str) -> bytes:
    """A sample photo as a JPEG, with a camera's date in it, as a phone would send it."""
    ground, scene = _SCENES[name]
    body = _TABLE.format(ground, _GRAIN) + scene
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="900">{body}</svg>'
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg))
    image = Image.open(io.BytesIO(png)).convert("RGB")
    exif = Image.Exif()
    exif[0x0132] = datetime(2026, 11, 23, 8, 39, tzinfo=UTC).strftime("%Y:%m:%d %H:%M:%S")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()
