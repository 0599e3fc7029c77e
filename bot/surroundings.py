"""What the doctor asks of the machine: rights, room, clock, and what an address answers."""

import ctypes
import http.client
import json
import os
import shutil
import stat
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

PATIENCE = 5.0
"""Seconds to wait for an answer."""
MOST = 64 * 1024
TIME_ERROR = 5
"""What adjtimex(2) says of a clock that nobody keeps right."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address said: its JSON object if that is what it was, else why not; and by whose
    clock it was answered.
    """

    doc: dict[str, Any] | None
    said: str
    date: datetime | None = None


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        """A redirect is an answer like any other that is not ours."""


def ask(url: str) -> Answer:
    """GET an address that answers a JSON object, with 200 or 503: directly, without a proxy, and
    without going where it sends us. Nothing is raised.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - ours
    try:
        with direct.open(request, timeout=PATIENCE) as got:
            return _answer(got.read(MOST), got.headers.get("Date", ""), f"HTTP {got.status}")
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.read(MOST), error.headers.get("Date", ""), f"HTTP {error.code}")
    except urllib.error.URLError as error:
        return Answer(None, str(error.reason))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(None, type(error).__name__)


def _answer(body: bytes, date: str, said: str) -> Answer:
    try:
        doc = json.loads(body)
        at = parsedate_to_datetime(date) if date else None
    except (ValueError, RecursionError):
        return Answer(None, f"{said}, not ours")
    ours = isinstance(doc, dict) and "status" in doc
    return Answer(doc if ours else None, said if ours else f"{said}, not ours", at)


def writable(path: Path) -> bool:
    """Whether we may write there."""
    return os.access(path, os.W_OK)


def readable(path: Path) -> bool:
    """Whether others than its owner may read it."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def free(path: Path) -> int:
    """Bytes that are free where it lies."""
    return shutil.disk_usage(path).free


def synchronised() -> bool | None:
    """Whether the kernel's clock is kept right by somebody; None if it can't be found out."""
    if not sys.platform.startswith("linux"):
        return None
    room = ctypes.create_string_buffer(512)  # struct timex, all zero: modes = 0 only reads
    try:
        state = ctypes.CDLL(None).adjtimex(room)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR
