"""Answers in JSON and in bytes, with the headers that belong to them."""

import json
from typing import Any

from aiohttp import web

FOREVER = "private, max-age=31536000, immutable"
_MEDIA = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def as_json(data: Any, status: int = 200) -> web.Response:
    """Plain data as an answer, never kept by caches in between."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    body = text.encode("utf-8", "replace")
    headers = {"Cache-Control": "no-store", "Content-Type": "application/json; charset=utf-8"}
    return web.Response(body=body, status=status, headers=headers)


def as_file(body: bytes, media: str, name: str) -> web.Response:
    """Something to keep: a table, a ticket."""
    headers = {
        "Content-Type": media,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, headers=headers)


def as_picture(body: bytes, media: str) -> web.Response:
    """A picture that never changes under its address."""
    headers = {"Content-Type": media, "Content-Disposition": "inline", "Cache-Control": FOREVER}
    return web.Response(body=body, headers=headers)


def media_of(body: bytes) -> str:
    """What a picture is, by its first bytes; anything else is only bytes."""
    for start, media in _MEDIA:
        if body.startswith(start):
            return media
    if body[8:12] == b"WEBP":
        return "image/webp"
    return "video/mp4" if body[4:8] == b"ftyp" else "application/octet-stream"
