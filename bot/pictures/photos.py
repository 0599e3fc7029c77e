"""Photos on cards: cut to their frames; and the contact sheet, many photos in one picture."""

import io

from PIL import Image, ImageOps

from bot.pictures.canvas import WIDTH, Canvas
from bot.pictures.text import fitted
from bot.pictures.theme import named

_MOST = 12
_EDGE, _GAP, _LABEL = 24, 16, 28


def tile(photo: bytes, wide: int, high: int) -> bytes:
    """A kept photo cut from its middle to a frame, as a JPEG; empty if it cannot be read."""
    try:
        with Image.open(io.BytesIO(photo), formats=["JPEG", "PNG", "WEBP"]) as image:
            image.draft("RGB", (wide, high))
            cut = ImageOps.fit(image.convert("RGB"), (wide, high), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError):
        return b""
    cut.info = {}
    out = io.BytesIO()
    cut.save(out, "JPEG", quality=90)
    return out.getvalue()


def contact_sheet(
    photos: tuple[bytes, ...], labels: tuple[str, ...] = (), theme: str = "light"
) -> bytes:
    """Up to twelve photos in one JPEG (a PNG would be ten times as large), each with its label."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(sheet_canvas(photos, labels, theme).png())) as image:
        image.save(out, "JPEG", quality=88, subsampling=0)
    return out.getvalue()


def sheet_canvas(photos: tuple[bytes, ...], labels: tuple[str, ...], theme: str) -> Canvas:
    """The contact sheet, drawn but not yet rendered."""
    canvas = Canvas(named(theme), WIDTH)
    across = 1 if len(photos) == 1 else 2 if len(photos) <= 4 else 3
    wide = (WIDTH - 2 * _EDGE - (across - 1) * _GAP) // across
    high = wide * 3 // 4
    step = high + _GAP + (52 if any(labels) else 0)
    for i, photo in enumerate(photos[:_MOST]):
        x, y = _EDGE + (wide + _GAP) * (i % across), _EDGE + step * (i // across)
        jpeg = tile(photo, wide, high)
        if jpeg:
            canvas.picture(x, y, wide, high, jpeg, 14)
        else:
            canvas.box(x, y, wide, high, radius=14, outline=canvas.theme.line)
        if i < len(labels):
            words = fitted(labels[i], _LABEL, wide - 8)
            canvas.text(x + 4, y + high + 38, words, _LABEL)
    rows = -(-min(len(photos), _MOST) // across)
    canvas.height = 2 * _EDGE + step * rows - _GAP
    return canvas
