"""Real pictures and videos for the photo tests, drawn and encoded on the spot."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageDraw, ImageFilter
from PIL.PngImagePlugin import PngInfo

DATA = Path(__file__).parent / "data"
SECRET = b"SECRET-WORDS-OF-THE-CAMERA"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + SECRET + b"</x:xmpmeta>"


def drawing(width: int = 640, height: int = 480, seed: int = 0) -> Image.Image:
    """A scene with a red upper left corner, a blue lower right one, and shapes set by the seed."""
    image = Image.new("RGB", (width, height), (235, 232, 225))
    draw = ImageDraw.Draw(image)
    for i in range(24):
        x, y = (seed * 7919 + i * 613) % width, (seed * 104729 + i * 397) % height
        shade = (seed * 31 + i * 53) % 255
        side = 20 + (seed * 13 + i * 29) % (width // 4)
        draw.rectangle(
            (x, y, x + side, y + side // 2), fill=(shade, 255 - shade, (shade * 3) % 255)
        )
    draw.rectangle((0, 0, width // 5, height // 5), fill=(200, 20, 20))
    draw.rectangle((width * 4 // 5, height * 4 // 5, width, height), fill=(20, 40, 200))
    return image.filter(ImageFilter.GaussianBlur(1))


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = SECRET.decode()
    tags.get_ifd(0x8769)[36867] = "2026:11:24 08:40:00"
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (23.0, 2.0, 3.0), "E", (113.0, 44.0, 5.0)
    return tags


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def talkative(kind: str = "JPEG", orientation: int = 1, image: Image.Image | None = None) -> bytes:
    """A picture that tells everything a picture can tell."""
    options: dict[str, Any] = {"exif": exif(orientation), "icc_profile": srgb(), "xmp": XMP}
    if kind == "JPEG":
        options |= {"comment": SECRET, "quality": 90, "dpi": (300, 300)}
    if kind == "PNG":
        words = PngInfo()
        words.add_text("Comment", SECRET.decode())
        words.add_itxt("XML:com.adobe.xmp", XMP.decode())
        words.add_text("Long", SECRET.decode() * 9, zip=True)
        options |= {"pnginfo": words}
        del options["xmp"]
    return encoded(image or drawing(), kind, **options) + b"\0trailing " + SECRET


def png_of(width: int, height: int, *extra: tuple[bytes, bytes]) -> bytes:
    """A one-bit PNG made by hand: small file, any size, chunks as given."""
    line = b"\0" * (1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), *extra, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks
    )


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _track(handler: bytes, offset: int, sizes: list[int], upright: bool = False) -> bytes:
    turn = (
        (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
        if upright
        else (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    )
    shape = struct.pack(">9iII", *turn, 1920 << 16, 1080 << 16)
    tkhd = box(
        b"tkhd",
        b"\0\0\0\7",
        struct.pack(">II", 3_900_000_000, 3_900_000_000),
        b"\0" * 24,
        b"\0" * 4,
        shape,
    )
    mdhd = box(b"mdhd", b"\0" * 4, struct.pack(">II", 3_900_000_000, 3_900_000_000), b"\0" * 12)
    hdlr = box(b"hdlr", b"\0" * 8, handler, b"\0" * 13)
    table = box(
        b"stbl",
        box(b"stsz", b"\0" * 4, struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        box(b"stsc", b"\0" * 4, struct.pack(">IIII", 1, 1, len(sizes), 1)),
        box(b"stco", b"\0" * 4, struct.pack(">II", 1, offset)),
    )
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", table)), box(b"udta", SECRET))


PLACE = b"+23.0342+113.7347/"
PICTURES, SOUND, TRACE = b"PICTURE" * 50, b"SOUND" * 40, b"GPS-TRACE-" + PLACE


def mp4(brand: bytes = b"isom", upright: bool = True) -> bytes:
    """An MP4 as a phone lays it out: place in udta, meta and uuid, and a timed GPS track."""
    ftyp = box(b"ftyp", brand, b"\0\0\2\0", b"isomavc1")
    start = len(ftyp) + 8
    mdat = box(b"mdat", PICTURES, SOUND, TRACE)
    moov = box(
        b"moov",
        box(b"mvhd", b"\0" * 4, struct.pack(">II", 3_900_000_000, 3_900_000_000), b"\0" * 88),
        _track(b"vide", start, [len(PICTURES)], upright),
        _track(b"soun", start + len(PICTURES), [len(SOUND)]),
        _track(b"meta", start + len(PICTURES) + len(SOUND), [len(TRACE)]),
        box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(PLACE), 0x15C7), PLACE)),
        box(b"meta", b"\0" * 4, b"com.apple.quicktime.location.ISO6709", PLACE),
    )
    return ftyp + mdat + moov + box(b"uuid", b"\xbe\x7a" * 8, XMP) + box(b"free", SECRET)


def element(name: bytes, body: bytes) -> bytes:
    return name + (1 << 56 | len(body)).to_bytes(8, "big") + body


def webm(live: bool = False) -> bytes:
    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"webm"))
    info = element(
        b"\x15\x49\xa9\x66",
        element(b"\x7b\xa9", SECRET) + element(b"\x2a\xd7\xb1", b"\x0f\x42\x40"),
    )
    tracks = element(b"\x16\x54\xae\x6b", b"\xd7\x81\x01")
    tags = element(b"\x12\x54\xc3\x67", SECRET + PLACE)
    frames = element(b"\xa3", PICTURES)
    if live:
        cluster = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + frames
        return (
            head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + info + tracks + cluster + cluster + tags
        )
    return head + element(
        b"\x18\x53\x80\x67", info + tracks + element(b"\x1f\x43\xb6\x75", frames) + tags
    )
