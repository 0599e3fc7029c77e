"""A stranger's picture in, our own clean JPEG out: of the received file only the pixels survive.

Decoding runs in the caller's thread, not in a process of its own. The header tells the size before
a pixel is decoded and `_Air` keeps all decodings together under a fixed number of bytes; a spawned
process would cost 0.3 s and could hang. Shelter from a crash inside a decoder is left to restart.
"""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pi_heif
from PIL import Image, ImageCms

from domain.errors import PhotoFault

LONG_SIDE = 2048
THUMB_SIDE = 480
QUALITY = 85
THUMB_QUALITY = 80

# 12 megapixels halve to 2016 px, taken as they are: the JPEG decoder halves for nothing.
_DRAFT_SIDE = 1920
_MAX_ICC = 4 * 1024 * 1024
_MAX_SCANS = 100
_MEMORY = 320 * 1024 * 1024
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# Bytes that a decoder takes for one pixel at its peak: WebP keeps four canvases, a progressive
# JPEG all its coefficients.
_WEIGHT = {"JPEG": 4, "progressive": 12, "PNG": 8, "GIF": 8, "HEIF": 8, "WEBP": 16}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

pi_heif.register_heif_opener(thumbnails=False)


class _Air:
    """How many bytes of decoding may be in the air at once; who does not fit waits."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self.changed = threading.Condition()

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        with self.changed:
            self.changed.wait_for(lambda: self.taken + size <= self.limit)
            self.taken += size
        try:
            yield
        finally:
            with self.changed:
                self.taken -= size
                self.changed.notify_all()


_AIR = _Air(_MEMORY)


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture as we keep it, upright, sRGB, mute; and what was worth knowing of the old one."""

    jpeg: bytes
    thumb: bytes
    width: int
    height: int
    likeness: str
    taken_at: str | None


def kind_of(raw: bytes) -> str:
    """The decoder for these bytes, by how they begin: JPEG, PNG, WEBP, GIF, HEIF, or nothing."""
    if raw.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "WEBP"
    if raw.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    return "HEIF" if raw[4:8] == b"ftyp" and raw[8:12] in _HEIF_BRANDS else ""


def clean(raw: bytes, *, max_pixels: int) -> CleanPicture:
    """Decode, check, turn upright, convert to sRGB, shrink and encode anew.

    Raises PhotoFault `not-a-picture`, `too-many-pixels` or `broken`, whatever the bytes are.
    """
    with _decoded(raw, max_pixels, _DRAFT_SIDE) as image:
        orientation, taken_at = _exif(image)
        profile = image.info.get("icc_profile")
        small = _shrunk(_plain(image), LONG_SIDE)
    upright = _upright(_on_white(_srgb(small, profile)), orientation)
    thumb = _shrunk(upright, THUMB_SIDE)
    return CleanPicture(
        jpeg=_jpeg(upright, QUALITY),
        thumb=_jpeg(thumb, THUMB_QUALITY),
        width=upright.width,
        height=upright.height,
        likeness=likeness(thumb),
        taken_at=taken_at,
    )


def grey(raw: bytes, *, side: int, max_pixels: int) -> Image.Image:
    """The brightness of a picture, near `side` px long or smaller, for machines that read codes.

    Guarded like `clean`, the same faults; not turned upright, a JPEG may come out a little larger.
    """
    with _decoded(raw, max_pixels, side, "L") as image:
        return _shrunk(_on_white(_plain(image)), side).convert("L")


def likeness(image: Image.Image) -> str:
    """The difference hash of an upright picture: 64 times “darker here than to the right?”."""
    dots = image.convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            here = row * 9 + column
            bits = bits << 1 | (dots[here] < dots[here + 1])
    return f"{bits:016x}"


@contextmanager
def _decoded(
    raw: bytes, max_pixels: int, side: int, mode: str | None = None
) -> Iterator[Image.Image]:
    """The picture under guard: whatever goes wrong while it is decoded or worked on is a fault."""
    kind = kind_of(raw)
    if not kind:
        raise PhotoFault("not-a-picture")
    # FF DA stands only before a scan. Thousands of empty scans: hours of work in a small file.
    if kind == "JPEG" and raw.count(b"\xff\xda") > _MAX_SCANS:
        raise PhotoFault("broken")
    try:
        with (
            Image.open(io.BytesIO(raw), formats=[kind]) as image,
            _AIR.room(_weighed(image, kind, max_pixels, side, mode)),
        ):
            image.load()
            if image.width * image.height > max_pixels:  # HEIF may be larger than it said
                raise PhotoFault("too-many-pixels", limit=max_pixels)
            yield image
    except PhotoFault:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PhotoFault("too-many-pixels", limit=max_pixels) from error
    except Exception as error:  # decoders raise whatever they like on bytes made to hurt them
        raise PhotoFault("broken", detail=type(error).__name__) from error


def _weighed(image: Image.Image, kind: str, max_pixels: int, side: int, mode: str | None) -> int:
    """The bytes that decoding will take; PhotoFault if they or the pixels are too many.

    A plain JPEG is shrunk while it is decoded, to no less than `side`, so the 50-megapixel mode of
    a phone may pass; a progressive one holds all its coefficients whatever size is asked for.
    """
    pixels = decoded = image.width * image.height
    if kind == "JPEG":
        image.draft(mode, _fitting(image.size, side))
        if image.info.get("progressive"):
            kind = "progressive"
        else:
            decoded = image.width * image.height
    memory = decoded * _WEIGHT[kind]
    if decoded > max_pixels or pixels > 2 * max_pixels or memory > _MEMORY:
        raise PhotoFault("too-many-pixels", pixels=pixels, limit=max_pixels)
    return memory


def _fitting(size: tuple[int, int], side: int) -> tuple[int, int]:
    long = max(size)
    if long <= side:
        return size
    return max(1, size[0] * side // long), max(1, size[1] * side // long)


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    size = _fitting(image.size, side)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _plain(image: Image.Image) -> Image.Image:
    """The picture in one of the modes that can be resized: L, RGB, RGBA, CMYK."""
    if image.mode in {"L", "RGB", "CMYK"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _sixteen(image)
    if image.mode in {"1", "YCbCr", "LAB", "HSV"}:
        return image.convert("RGB" if image.mode != "1" else "L")
    if image.mode in {"LA", "La", "PA", "RGBA", "RGBa", "RGBX"} or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def _sixteen(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey to eight: the upper byte; a plain conversion turns all brightness white."""
    if image.mode.startswith("I;16"):
        data = image.tobytes()
        return Image.frombytes("L", image.size, data[0::2] if image.mode == "I;16B" else data[1::2])
    return image.point(lambda value: value * (1 / 256)).convert("L")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as the picture's profile means them (phones: Display P3), if the profile is sound."""
    if not profile or len(profile) > _MAX_ICC:
        return image
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        body = image.convert("RGB") if alpha else image
        converted = ImageCms.profileToProfile(
            body, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    if converted is None:
        return image
    if alpha:
        converted.putalpha(alpha)
    return converted


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image if image.mode == "RGB" else image.convert("RGB")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _exif(image: Image.Image) -> tuple[int, str | None]:
    """Orientation and the moment of taking; damaged EXIF counts as none."""
    try:
        exif = image.getexif()
        orientation = exif.get(0x0112, 1)
        return int(orientation), _moment(exif.get_ifd(0x8769).get(36867))
    except Exception:  # EXIF is parsed from the stranger's bytes; the picture is good without it
        return 1, None


def _moment(text: object) -> str | None:
    found = re.match(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", str(text), re.ASCII)
    try:
        return datetime.strptime(found[0], "%Y:%m:%d %H:%M:%S").isoformat() if found else None  # noqa: DTZ007
    except ValueError:
        return None


def _jpeg(image: Image.Image, quality: int) -> bytes:
    image.info = {}  # the encoder would copy a comment from here
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
