"""Log lines: a sentence for a terminal or one JSON object for machines, each naming the message or
order that is being worked on, none with people's words, names, contacts or secrets.

`about(...)` says what is worked on; it follows the task, and whatever runs in a copy of its
context. Exceptions are told by type and place: their words may quote a message.
"""

import contextvars
import hashlib
import json
import logging
import secrets
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from adapters.chat.port import SendError
from bot.masking import Mask, masking
from domain.errors import DomainError

OURS = "vitrine"
"""The logger above all of ours. Others speak from WARNING on: below that they quote what passes."""
FIELDS = ("message_id", "platform", "chat", "order", "unit", "notice", "inbox")
"""What a line may be about, in the order in which it is told."""
SHOWN = 12
"""Hexadecimal digits of a chat's hash."""
FRAMES = 30
_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about")
_NOTHING: Mapping[str, str] = {}
_SPOKEN = (SendError, DomainError, OSError, sqlite3.Error)
"""Exceptions whose words are ours, the system's or the database's, never a message's."""
_BREAKS = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))}
_BREAKS |= {c: f"\\u{c:04x}" for c in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), 0xFEFF)}
_BREAKS |= {c: f"\\u{c:04x}" for c in (*range(0x2066, 0x206A), *range(0xD800, 0xE000))}


class about:  # noqa: N801 - reads as a word: with about(order="A102")
    """While this is open, every line says so. `chat` is told as a keyed hash, and taken out of
    `message_id` likewise. Fields are added to those around it; empty ones are left out.
    """

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: object) -> None:
        self._fields = fields
        self._token: Token[Mapping[str, str]] | None = None

    def __enter__(self) -> None:
        more = {k: str(v) for k, v in self._fields.items() if v not in ("", None)}
        self._token = _ABOUT.set({**_ABOUT.get(_NOTHING), **more})

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._token is not None
        _ABOUT.reset(self._token)


def carried(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, for another thread, there with what is said here."""
    context = contextvars.copy_context()
    return lambda *args: context.run(work, *args)


class Lines(logging.Formatter):
    """Makes a line of a record. `salt` gives the key of the chats' hashes, asked for once."""

    def __init__(self, mask: Mask, salt: Callable[[], bytes], *, machine: bool) -> None:
        super().__init__()
        self._mask, self._salt, self._machine = mask, salt, machine
        self._key = b""

    def format(self, record: logging.LogRecord) -> str:
        """One line; more only below it, for a traceback on a terminal."""
        fields, chat = self._fields()
        text = self._said(record, chat)
        at = datetime.fromtimestamp(record.created, UTC)
        error = record.exc_info[1] if record.exc_info else None
        if self._machine:
            doc: dict[str, Any] = {
                "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "level": record.levelname,
                "logger": record.name,
                "message": text,
                **fields,
            }
            if error is not None:
                doc["error"] = self._fault(error)
            return json.dumps(doc)
        local = f"{at.astimezone():%F %H:%M:%S},{at.microsecond // 1000:03d}"
        more = " ".join(f"{k}={v.translate(_BREAKS)}" for k, v in fields.items())
        line = f"{local} {record.levelname} {record.name} {text.translate(_BREAKS)}"
        below = [] if error is None else _lines(self._fault(error))
        return "\n".join([f"{line} ({more})" if more else line, *below])

    def _said(self, record: logging.LogRecord, chat: str) -> str:
        """The words of a record. Others put whole objects on further lines, and addresses."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        if not ours(record.name):
            text = text.partition("\n")[0]
        if chat:
            text = text.replace(chat, self._hashed(chat))
        return self._mask(text)

    def _fields(self) -> tuple[dict[str, str], str]:
        told = _ABOUT.get(_NOTHING)
        chat = told.get("chat", "")
        found = {name: told[name] for name in FIELDS if name in told}
        if chat:
            shown = self._hashed(chat)
            found = {k: shown if k == "chat" else v.replace(chat, shown) for k, v in found.items()}
        return found, chat if len(chat) > 2 else ""

    def _hashed(self, chat: str) -> str:
        if not self._key:
            try:
                self._key = self._salt()
            except OSError:  # no folder yet, no key yet
                self._key = secrets.token_bytes(32)
        return hashlib.blake2s(chat.encode("utf-8", "replace"), key=self._key).hexdigest()[:SHOWN]

    def _fault(self, error: BaseException) -> dict[str, Any]:
        """Type and place of an exception and of those behind it; words of the harmless ones."""
        told: dict[str, Any] = {}
        for each in reversed(_chain(error)):
            steps = traceback.extract_tb(each.__traceback__)[-FRAMES:]
            trace = [f"{_place(s.filename)}:{s.lineno} in {s.name}" for s in steps]
            said = {"message": self._mask(_spoken(each))} if isinstance(each, _SPOKEN) else {}
            behind = {"behind": told} if told else {}
            told = {"type": type(each).__name__, **said, "trace": trace, **behind}
        return told


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and those behind it, each once: chains can be circles."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found and len(found) < FRAMES:
        found.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return found


def _spoken(error: BaseException) -> str:
    match error:
        case DomainError():
            return error.code
        case OSError():
            return error.strerror or type(error).__name__
    return str(error)


def _place(path: str) -> str:
    """A file of ours by its place in the tree, others by the last three parts of theirs."""
    return "/".join(Path(path).parts[-3:])


def _lines(fault: Mapping[str, Any]) -> list[str]:
    head = f"    {fault['type']}" + (f": {fault['message']}" if "message" in fault else "")
    found = [head.translate(_BREAKS), *(f"      {step}" for step in fault["trace"])]
    behind = fault.get("behind")
    return found + (_lines(behind) if isinstance(behind, Mapping) else [])


def ours(name: str) -> bool:
    """Whether a logger is of this house."""
    return name == OURS or name.startswith(f"{OURS}.")


def machine(form: str, stream: TextIO) -> bool:
    """Whether lines are for machines: as the setting says, else wherever no terminal is."""
    return form == "json" or (form != "text" and not stream.isatty())


def set_up(
    level: str, form: str, hidden: Iterable[str], salt: Callable[[], bytes], stream: TextIO
) -> None:
    """Log to a stream from now on. `level` is that of our own lines; `form` is `text`, `json` or
    empty; `hidden` are values that no line may show.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(masking(hidden), lambda: _key(salt), machine=machine(form, stream)))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # what could not be written would be shown with its arguments
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed


def _key(salt: Callable[[], bytes]) -> bytes:
    return hashlib.blake2s(salt(), person=b"logs").digest()


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(OURS).critical("stopped by what nobody caught", exc_info=(kind, error, trace))


def _thread_crashed(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        logging.getLogger(OURS).critical(
            "a thread ended", exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
        )
