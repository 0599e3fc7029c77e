"""What a request carries, read with caps and suspicion: broken or oversized bodies are refused
before anything is kept.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import BadHttpMessage

from adapters.web.faults import Fault

BODY = 64 * 2**20
"""Bytes of one request: thirty photos of a phone."""
FILE = 50 * 2**20
"""Bytes of one file; short films are the largest."""
JSON = 8 * 2**20
_UNSEEN = dict.fromkeys([0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
FILES, FIELDS, FIELD = 60, 40, 256 * 2**10


@dataclass(slots=True)
class Form:
    """Fields and files of one message."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)

    def text(self, name: str, *, required: bool = False, longest: int = 200) -> str:
        """A field as clean text."""
        value = self.fields.get(name)
        if value is None or (required and value == ""):
            if required:
                raise Fault(422, "missing-field", field=name)
            return ""
        if not isinstance(value, str):
            raise Fault(422, "wrong-field", field=name)
        if len(value) > longest:
            raise Fault(422, "long-field", field=name)
        return clean(value)


def clean(text: str) -> str:
    """Text that every store can keep and every page can show: no half characters, no NUL, nothing
    that turns the direction of what follows.
    """
    return text.translate(_UNSEEN).encode("utf-8", "ignore").decode()


async def read_json(request: web.Request, *, empty: bool = False) -> dict[str, Any]:
    """The JSON object of a request."""
    raw = await _read(request, JSON)
    if empty and not raw.strip():
        return {}
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Fault(400, "not-json") from error
    if not isinstance(data, dict):
        raise Fault(400, "not-an-object")
    return data


async def read_form(request: web.Request) -> Form:
    """A message's fields and files, from multipart or JSON."""
    kind = request.content_type
    if kind == "multipart/form-data":
        return await _multipart(request)
    if kind.startswith("multipart/"):
        raise Fault(415, "media-type")
    return Form(await read_json(request))


async def read_posted(request: web.Request) -> Form:
    """The fields of a page's form, files with them if there are any."""
    if request.content_type == "multipart/form-data":
        return await _multipart(request)
    return Form(dict(await read_small_form(request)))


async def read_small_form(request: web.Request) -> dict[str, str]:
    """The fields of a page's form, all text."""
    return dict(await read_small_pairs(request))


async def read_small_pairs(
    request: web.Request, most: int = 16 * 2**10, fields: int = 400
) -> list[tuple[str, str]]:
    """The same where a name may come more than once; of so many bytes and fields at most."""
    raw = await _read(request, most)
    if not raw:
        return []
    if request.content_type != "application/x-www-form-urlencoded":
        raise Fault(415, "media-type")
    try:
        pairs = parse_qsl(raw.decode("utf-8", "replace"), max_num_fields=fields)
    except ValueError as error:
        raise Fault(400, "broken-body") from error
    return [(name, clean(value)) for name, value in pairs]


async def _read(request: web.Request, most: int) -> bytes:
    if (request.content_length or 0) > most:
        raise Fault(413, "too-large")
    raw = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        raw += chunk
        if len(raw) > most:
            raise Fault(413, "too-large")
    return bytes(raw)


async def _multipart(request: web.Request) -> Form:
    if (request.content_length or 0) > BODY:
        raise Fault(413, "too-large")
    form, room = Form(), BODY
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, MultipartReader):
                raise Fault(400, "broken-body")
            room -= await _part(part, form, room)
    except (ValueError, AssertionError, RuntimeError, LookupError, BadHttpMessage) as error:
        raise Fault(400, "broken-body") from error
    return form


async def _part(part: BodyPartReader, form: Form, room: int) -> int:
    """Take one part in; how many bytes it had."""
    name, is_file = part.name, part.filename is not None
    if not name:
        raise Fault(400, "broken-body")
    if len(form.files) >= FILES or len(form.fields) >= FIELDS:
        raise Fault(413, "too-many-parts")
    most = min(FILE if is_file else FIELD, room)
    raw = bytearray()
    while chunk := await part.read_chunk(65536):
        raw += chunk
        if len(raw) > most:
            raise Fault(413, "too-large")
    if part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary").lower() in (
        "base64",
        "quoted-printable",
    ):
        raw = bytearray(part.decode(bytes(raw)))
    if is_file:
        form.files.append((clean(part.filename or "")[:200], bytes(raw)))
    else:
        form.fields[name] = bytes(raw).decode("utf-8", "replace")
    return len(raw)
