"""QR codes: small ones for tickets, and patience in finding them on photos from the floor."""

import io
import time
from collections.abc import Iterator

import segno
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from storage.photos import MAX_PIXELS
from storage.pictures import grey

QUIET = 4  # modules of white around a code, as the standard asks
_NEAR, _FAR = 2016, 4096
# All formats together cost twelve times as much.
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def matrix(payload: str, error: str = "m") -> tuple[tuple[bool, ...], ...]:
    """The modules of a code, row by row, without the white around it.

    A short upper-case payload (digits, A–Z, `$%*+-./:` and space) gives a coarse code that a bad
    camera reads: 20 characters make 25 modules, and the spare room goes into error correction.
    """
    code = segno.make(payload, error=error, micro=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def version(payload: str) -> int:
    """The version of the code that `matrix` makes: 1 has 21 modules, each more adds four."""
    return (len(matrix(payload)) - 17) // 4


def path(payload: str) -> tuple[str, int]:
    """The dark modules as an SVG path with one unit a module, and the modules along a side."""
    rows = matrix(payload)
    pieces = (f"M{x} {y}h{n}v1h-{n}z" for y, row in enumerate(rows) for x, n in runs(row))
    return "".join(pieces), len(rows)


def qr_svg(payload: str) -> str:
    """A code as an SVG that fills its place on a page, dark on white whatever the theme."""
    data, side = path(payload)
    whole = side + 2 * QUIET
    box = f"-{QUIET} -{QUIET} {whole} {whole}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M-{QUIET} -{QUIET}h{whole}v{whole}h-{whole}z"/>'
        f'<path fill="#111" d="{data}"/></svg>'
    )


def qr_png(payload: str, scale: int = 12) -> bytes:
    """A code as a black and white PNG, `scale` pixels a module."""
    rows = matrix(payload)
    side = len(rows) + 2 * QUIET
    image = Image.new("1", (side, side), 1)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + QUIET, y + QUIET), 0)
    out = io.BytesIO()
    image.resize((side * scale, side * scale), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def read_codes(picture: bytes, seconds: float = 1.5) -> tuple[str, ...]:
    """The texts of the QR codes on a received photo, empty if none can be read.

    Passes get more patient until one finds something or the time is over (a pass that has begun is
    finished). Raises PhotoFault as the photo store does. Most photos bear no code and cost it all.
    """
    end = time.monotonic() + seconds
    for image in _passes(picture):
        found = zxingcpp.read_barcodes(image, formats=_FORMATS)
        texts = tuple(dict.fromkeys(code.text for code in found if code.valid and code.text))
        if texts or time.monotonic() > end:
            return texts
    return ()


def _passes(picture: bytes) -> Iterator[Image.Image]:
    near = grey(picture, side=_NEAR, max_pixels=MAX_PIXELS)
    yield near
    full = grey(picture, side=_FAR, max_pixels=MAX_PIXELS)
    if max(full.size) > max(near.size):
        yield full
    yield ImageOps.autocontrast(near.filter(ImageFilter.BoxBlur(1)), cutoff=2)
    yield _local_contrast(near)
    small = near if max(near.size) <= 1400 else near.reduce(2)
    yield small.resize((small.width * 2, small.height * 2), Image.Resampling.BICUBIC).filter(
        ImageFilter.UnsharpMask(3, 180, 2)
    )


def _local_contrast(image: Image.Image) -> Image.Image:
    """Every spot against its surroundings, so that a shadow or a lamp does not decide."""
    around = image.reduce(8).filter(ImageFilter.GaussianBlur(6)).resize(image.size)
    lifted = Image.blend(around, image, 3.0)
    return ImageOps.autocontrast(lifted, cutoff=1)


def runs(row: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """Where the dark stretches of a row begin and how long they are."""
    start = None
    for x, dark in enumerate((*row, False)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None
