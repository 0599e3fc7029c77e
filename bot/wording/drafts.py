"""A reply before its picture is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.chat.port import Reply


@dataclass(frozen=True, slots=True)
class Draft:
    """A worded reply; `picture` names the card to draw with it (`progress`, `digest`) and of
    what.
    """

    reply: Reply
    picture: tuple[str, Mapping[str, Any]] | None = None
