"""Telegram's answers with what we need of them, and harmless values for what the library insists on
and another server of the Bot API may leave out. A send that worked must never look like one that
did not.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from adapters.chat.telegram.fields import ident, label, number, soft

Params = Mapping[str, Any]


def document(payload: bytes) -> dict[str, Any] | None:
    """The object in an answer, or None if there is none."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def completed(method: str, found: dict[str, Any], asked: Params) -> bytes:
    """An answer that is ok, as the library wants it. `method` is in lower case."""
    fill = _FILLERS.get(method)
    result = found.get("result", True)
    return json.dumps({"ok": True, "result": fill(result, asked) if fill else result}).encode()


def _message(result: Any, asked: Params) -> Any:
    """Number and chat are all that we keep of what we sent."""
    chat = number(soft(result, "chat"), "id")
    if chat is None:
        chat = number(asked, "chat_id") or 0
    place = {"id": chat, "type": "private" if chat > 0 else "supergroup"}
    return {"message_id": number(result, "message_id") or 0, "date": 0, "chat": place}


def _edited(_result: Any, _asked: Params) -> Any:
    return True


def _me(result: Any, _asked: Params) -> Any:
    me: dict[str, Any] = {"is_bot": True, "first_name": label(result, "first_name") or "bot"}
    me["username"] = label(result, "username").removeprefix("@")
    if (known := number(result, "id")) is not None:
        me["id"] = known
    hears = result.get("can_read_all_group_messages") if isinstance(result, dict) else None
    return {**me, "can_read_all_group_messages": hears} if isinstance(hears, bool) else me


def _hook(result: Any, _asked: Params) -> Any:
    hook: dict[str, Any] = {"url": label(result, "url"), "has_custom_certificate": False}
    hook["pending_update_count"] = number(result, "pending_update_count") or 0
    hook["last_error_message"] = label(result, "last_error_message")
    at = number(result, "last_error_date")
    return {**hook, "last_error_date": at} if at and 0 < at < 1 << 34 else hook


def _file(result: Any, asked: Params) -> Any:
    known = ident(result, "file_id") or ident(asked, "file_id")
    path = quote(label(result, "file_path"), safe="/%:@~")
    size = number(result, "file_size")
    return {"file_id": known, "file_unique_id": known, "file_size": size, "file_path": path}


_FILLERS: Mapping[str, Callable[[Any, Params], Any]] = {
    "sendmessage": _message,
    "sendphoto": _message,
    "editmessagetext": _edited,
    "editmessagecaption": _edited,
    "editmessagemedia": _edited,
    "getme": _me,
    "getwebhookinfo": _hook,
    "getfile": _file,
}
