"""Short videos are kept as they came, minus what they tell beside picture and sound.

Phones write the place of recording into an MP4. Boxes that a player does not need become `free`
boxes full of zeros in place, so that every offset in the file stays true and nothing is re-encoded.
The list says what may stay, not what must go. WebM is treated likewise with Void elements.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from domain.errors import PhotoFault

MEDIA = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}

_STAY = {
    "": {b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"styp", b"wide"},
    "moov": {b"mvhd", b"trak", b"mvex", b"iods"},
    "trak": {b"tkhd", b"edts", b"mdia", b"tref", b"tapt"},
    "mdia": {b"mdhd", b"hdlr", b"minf", b"elng"},
    "moof": {b"mfhd", b"traf"},
}
_INTO = {b"moov": "moov", b"trak": "trak", b"mdia": "mdia", b"moof": "moof"}
_CLOCKS = {b"mvhd", b"tkhd", b"mdhd"}

_SEGMENT, _CLUSTER, _EBML = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x1a\x45\xdf\xa3"
_TAGS, _ATTACHMENTS, _INFO = b"\x12\x54\xc3\x67", b"\x19\x41\xa4\x69", b"\x15\x49\xa9\x66"
# Title, file names, family name, date: what the Info element may tell of the person or the day.
_TOLD = {b"\x7b\xa9", b"\x73\x84", b"\x3c\x83\xab", b"\x3e\x83\xbb", b"\x44\x44", b"\x44\x61"}


@dataclass(frozen=True, slots=True)
class Box:
    """One box of an MP4: its type, where it begins, where its payload begins, where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class CleanVideo:
    """A video as we keep it, its file extension, and its size in pixels if it says one."""

    data: bytes
    extension: str
    width: int = 0
    height: int = 0


def container_of(raw: bytes) -> str:
    """mp4, mov, webm, or nothing, by the first bytes."""
    if raw[4:8] == b"ftyp":
        brand = raw[8:12]
        if brand == b"qt  ":
            return "mov"
        known = (b"iso", b"mp4", b"M4V", b"avc", b"3gp", b"MSNV", b"dash", b"f4v")
        return "mp4" if brand.startswith(known) else ""
    return "webm" if raw.startswith(_EBML) and b"webm" in raw[:64] else ""


def clean_video(raw: bytes) -> CleanVideo:
    """Blank everything but picture and sound. PhotoFault `not-a-picture` or `broken`."""
    extension = container_of(raw)
    if not extension:
        raise PhotoFault("not-a-picture")
    data = bytearray(raw)
    try:
        if extension == "webm":
            _clean_webm(data)
            return CleanVideo(bytes(data), extension)
        width, height = _clean_mp4(data)
    except (struct.error, IndexError, ValueError, RecursionError) as error:
        raise PhotoFault("broken", detail=type(error).__name__) from error
    return CleanVideo(bytes(data), extension, width, height)


def boxes(data: bytearray, start: int, end: int) -> Iterator[Box]:
    """The boxes of a stretch of an MP4; ValueError if their lengths do not fill it."""
    while start < end:
        if end - start < 8:
            data[start:end] = bytes(end - start)
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = end - start
        if start + size > end or start + size < body:
            raise ValueError(kind)
        yield Box(kind, start, body, start + size)
        start += size


def _clean_mp4(data: bytearray) -> tuple[int, int]:
    _blank_strangers(data, "", 0, len(data))
    size = None
    for moov in (b for b in boxes(data, 0, len(data)) if b.kind == b"moov"):
        for trak in [b for b in boxes(data, moov.body, moov.end) if b.kind == b"trak"]:
            handler = _handler(data, trak)
            if handler == b"vide":
                size = size or _shown_size(data, trak)
            elif handler != b"soun":
                _zero_samples(data, trak)
                _blank(data, trak)
    if size is None:
        raise ValueError("no picture")
    return size


def _blank(data: bytearray, box: Box) -> None:
    data[box.start + 4 : box.start + 8] = b"free"
    data[box.body : box.end] = bytes(box.end - box.body)


def _blank_strangers(data: bytearray, inside: str, start: int, end: int) -> None:
    for box in boxes(data, start, end):
        if box.kind not in _STAY[inside]:
            _blank(data, box)
        elif box.kind in _CLOCKS:
            moments = 16 if data[box.body] == 1 else 8
            data[box.body + 4 : box.body + 4 + moments] = bytes(moments)
        elif box.kind in _INTO:
            _blank_strangers(data, _INTO[box.kind], box.body, box.end)


def _find(data: bytearray, box: Box, *path: bytes) -> Box | None:
    found: Box | None = box
    for kind in path:
        if found is None:
            return None
        inner = boxes(data, found.body, found.end)
        found = next((b for b in inner if b.kind == kind), None)
    return found


def _handler(data: bytearray, trak: Box) -> bytes:
    box = _find(data, trak, b"mdia", b"hdlr")
    return bytes(data[box.body + 8 : box.body + 12]) if box else b""


def _shown_size(data: bytearray, trak: Box) -> tuple[int, int]:
    """Width and height as shown: a phone held upright writes a lying picture and a turn."""
    box = _find(data, trak, b"tkhd")
    if box is None:
        return 0, 0
    width, height = (v >> 16 for v in struct.unpack_from(">II", data, box.end - 8))
    (across,) = struct.unpack_from(">i", data, box.end - 44)
    return (height, width) if across == 0 else (width, height)


def _zero_samples(data: bytearray, trak: Box) -> None:
    """Zero what a track that is neither picture nor sound (a GPS trace, say) keeps in `mdat`."""
    table = _find(data, trak, b"mdia", b"minf", b"stbl")
    if table is None:
        return
    found = {b.kind: b for b in boxes(data, table.body, table.end)}
    sizes, runs = _sample_sizes(data, found.get(b"stsz")), _chunk_runs(data, found.get(b"stsc"))
    mdats = [b for b in boxes(data, 0, len(data)) if b.kind == b"mdat"]
    sample = 0
    for number, offset in enumerate(_chunk_offsets(data, found), start=1):
        count = next((n for first, n in reversed(runs) if first <= number), 0)
        length = sum(sizes[sample : sample + count])
        sample += count
        for mdat in mdats:
            start, end = max(offset, mdat.body), min(offset + length, mdat.end)
            if start < end:
                data[start:end] = bytes(end - start)


def _sample_sizes(data: bytearray, box: Box | None) -> list[int]:
    if box is None:
        return []
    one, count = struct.unpack_from(">II", data, box.body + 4)
    if one:
        return [one] * min(count, len(data))
    return list(
        struct.unpack_from(f">{min(count, (box.end - box.body) // 4)}I", data, box.body + 12)
    )


def _chunk_runs(data: bytearray, box: Box | None) -> list[tuple[int, int]]:
    if box is None:
        return []
    (count,) = struct.unpack_from(">I", data, box.body + 4)
    count = min(count, (box.end - box.body) // 12)
    rows = (struct.unpack_from(">II", data, box.body + 8 + 12 * i) for i in range(count))
    return [(int(first), int(n)) for first, n in rows]


def _chunk_offsets(data: bytearray, found: dict[bytes, Box]) -> tuple[int, ...]:
    box, letter, width = found.get(b"stco"), "I", 4
    if box is None:
        box, letter, width = found.get(b"co64"), "Q", 8
    if box is None:
        return ()
    (count,) = struct.unpack_from(">I", data, box.body + 4)
    count = min(count, (box.end - box.body) // width)
    return struct.unpack_from(f">{count}{letter}", data, box.body + 8)


def _clean_webm(data: bytearray) -> None:
    for start, name, body, end in _elements(data, 0, len(data)):
        if name == _SEGMENT:
            _void_told(data, body, end)
        elif name != _EBML:
            _void(data, start, end)


def _void_told(data: bytearray, start: int, end: int) -> None:
    for begin, name, body, stop in _elements(data, start, end):
        if name in {_TAGS, _ATTACHMENTS}:
            _void(data, begin, stop)
        elif name == _INFO:
            for inner, told, _, inner_stop in _elements(data, body, stop):
                if told in _TOLD:
                    _void(data, inner, inner_stop)


def _elements(data: bytearray, start: int, end: int) -> Iterator[tuple[int, bytes, int, int]]:
    """The elements of a stretch of a WebM: start, name, body, end.

    A live recording leaves the length of clusters open; then what is inside is walked as well.
    """
    while start < end:
        name_length = 9 - data[start].bit_length()
        at = start + name_length
        size_length = 9 - data[at].bit_length()
        body = at + size_length
        if name_length > 4 or size_length > 8 or body > end:
            raise ValueError("no element")
        size = int.from_bytes(data[at:body], "big") & ((1 << 7 * size_length) - 1)
        name = bytes(data[start:at])
        if size == (1 << 7 * size_length) - 1:
            if name not in {_SEGMENT, _CLUSTER}:
                raise ValueError("open length")
            if name == _SEGMENT:
                yield start, name, body, end
                return
            start = body
            continue
        if body + size > end:
            raise ValueError("too long")
        yield start, name, body, body + size
        start = body + size


def _void(data: bytearray, start: int, end: int) -> None:
    total = end - start
    if total >= 9:
        head = b"\xec\x01" + (total - 9).to_bytes(7, "big")
    else:
        head = b"\xec" + bytes([0x80 | total - 2])
    data[start:end] = head + bytes(total - len(head))
