"""What WeCom's error codes mean for a message of ours. Numbers are all that is named in a reason:
the platform's own words may repeat what was said.
"""

import re
from collections.abc import Mapping
from typing import Any

from adapters.chat.port import SendError

NOT_SUBSCRIBED = 846609
STALE = frozenset({846605, 846608})
"""The request id is unknown, or its answer is over: say it as a message of its own."""
BUSY = 6000
TOO_BIG = 93018
IP = 60020
TOKENS = frozenset({40001, 40014, 42001})
"""The access token is wrong or over: fetch a new one, once."""
CREDENTIALS = frozenset({40001, 40013, 40056, 41002, 41004, 301002})
NO_KEY = frozenset({93000})
GONE_MEDIA = frozenset({40007, 40004, 40009})
USED_UP = frozenset({42014, 42015, 42016, 42017, 42018, 42022, 42024, 846605, 846608})
"""A card that can't be changed (any more)."""

_SHUT = frozenset({93001, 93006, 93008, 81013, 60111, 82001, 60011})
_NEVER = frozenset(
    {40008, 40032, 40033, 40035, 40054, 40058, 40063, 40066, 44004, 45002, 45008, 48002, 93004}
    | {93018, 300017, 301002}
    | {93000}
)
_SLOW = {45009: 60.0, 45011: 60.0, 45033: 5.0, 45022: 60.0, 45026: 60.0, 846607: 60.0}
_EVERYWHERE = frozenset({45033, 45026})
_TEMPORARY = frozenset({-1, BUSY, 45009, 45011, 45033})


def code_of(answer: Mapping[str, Any]) -> int:
    """The errcode; no code counts as well, as the platform means it."""
    code = answer.get("errcode", 0)
    if isinstance(code, str) and re.fullmatch(r"-?[0-9]{1,9}", code):
        return int(code)
    return code if isinstance(code, int) else -1


def fault(code: int, where: str) -> SendError:
    """The error that a code stands for."""
    reason = f"wecom {where}: errcode {code}"
    if code in _SHUT:
        return SendError(reason, shut=True)
    if code in _NEVER:
        return SendError(reason, permanent=True)
    if code in _SLOW:
        return SendError(reason, retry_after=_SLOW[code], everywhere=code in _EVERYWHERE)
    if code == IP:
        return SendError(reason, retry_after=300, everywhere=True)
    return SendError(reason)


def temporary(code: int) -> bool:
    """Whether a refused subscription is the platform's own trouble, and no wrong credentials."""
    return code in _TEMPORARY
