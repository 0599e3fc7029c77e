"""Feishu's frames in plain Python, written from the field numbers of pbbp2.proto, so that the
library's codec, which the adapter uses, has something independent to talk to.
"""

from dataclasses import dataclass, field

CONTROL, DATA = 0, 1
_VARINT, _BYTES = 0, 2
_SEQ, _LOG, _SERVICE, _METHOD, _HEADERS, _PAYLOAD = 1, 2, 3, 4, 5, 8


@dataclass(slots=True)
class Frame:
    method: int
    service: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    payload: bytes = b""
    seq: int = 0
    log: int = 0


def write(frame: Frame) -> bytes:
    numbers = ((_SEQ, frame.seq), (_LOG, frame.log), (_SERVICE, frame.service))
    raw = b"".join(_number(place, value) for place, value in numbers)
    raw += _number(_METHOD, frame.method)
    for key, value in frame.headers.items():
        raw += _text(_HEADERS, _text(1, key.encode()) + _text(2, value.encode()))
    return raw + (_text(_PAYLOAD, frame.payload) if frame.payload else b"")


def read(raw: bytes) -> Frame:
    frame = Frame(-1)
    for place, value in _fields(raw):
        if place == _HEADERS and isinstance(value, bytes):
            pair = {p: v for p, v in _fields(value) if isinstance(v, bytes)}
            frame.headers[pair[1].decode()] = pair[2].decode()
        elif place == _PAYLOAD and isinstance(value, bytes):
            frame.payload = value
        elif isinstance(value, int):
            name = {_SEQ: "seq", _LOG: "log", _SERVICE: "service", _METHOD: "method"}[place]
            setattr(frame, name, value)
    if frame.method < 0:
        raise ValueError("a frame without a method")
    return frame


def _fields(raw: bytes) -> list[tuple[int, int | bytes]]:
    found: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        place, kind = tag >> 3, tag & 7
        value, at = _varint(raw, at)
        if kind == _VARINT:
            found.append((place, value))
        elif kind == _BYTES and at + value <= len(raw):
            found.append((place, raw[at : at + value]))
            at += value
        else:
            raise ValueError("not a frame")
    return found


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw) or shift > 63:
            raise ValueError("not a frame")
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _number(place: int, value: int) -> bytes:
    return _plain(place << 3 | _VARINT) + _plain(value)


def _text(place: int, value: bytes) -> bytes:
    return _plain(place << 3 | _BYTES) + _plain(len(value)) + value


def _plain(value: int) -> bytes:
    raw = bytearray()
    while value > 0x7F:
        raw.append(value & 0x7F | 0x80)
        value >>= 7
    raw.append(value)
    return bytes(raw)
