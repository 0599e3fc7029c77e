"""What the fake WeCom remembers of a chat: what the bot said there and when, and how it looks to a
person.
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.stage import RuleLike, Seen


@dataclass(slots=True)
class Line:
    """One message of the bot. `keys` are its buttons' keys by label."""

    id: str
    chat: str
    text: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    picture: bytes = b""
    edited: bool = False
    reply_to: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)
    channel: str = "bot"
    at: float = field(default_factory=time.monotonic)


class Books:
    """All chats. `faults` are bodies that the platform would not have taken."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.names: dict[str, str] = {}
        self.faults: list[str] = []
        self._count = 0

    def next(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    def write(self, line: Line) -> Line:
        self.lines.append(line)
        return line

    def find(self, name: str) -> Line:
        return next(line for line in reversed(self.lines) if line.id == name)

    def seen(self, chat: str) -> list[Seen]:
        return [
            Seen(
                line.id, line.chat, line.text, tuple(line.keys), bool(line.picture), line.edited,
                line.reply_to,
            )
            for line in self.lines
            if line.chat == chat
        ]  # fmt: skip

    def lately(self, chat: str, seconds: float, channel: str) -> int:
        now = time.monotonic()
        return sum(
            1
            for line in self.lines
            if line.chat == chat and line.channel == channel and now - line.at < seconds
        )

    def violations(self, rules: Iterable[RuleLike]) -> list[str]:
        """Every chat in which more was said than a rule allows."""
        found = []
        for rule in rules:
            moments: dict[tuple[str, str], list[float]] = defaultdict(list)
            for line in self.lines:
                moments[line.chat if rule.scope != "account" else "", line.channel].append(line.at)
            for (chat, channel), times in moments.items():
                for start in range(len(times) - rule.count):
                    if times[start + rule.count] - times[start] < rule.seconds:
                        found.append(f"{channel} {chat}: more than {rule.count}/{rule.seconds:g} s")
                        break
        return found

    def plain(self, markdown: str) -> str:
        """Markdown as a person sees it: markup acts, what is invisible is not there."""
        text = re.sub(r"\[([^\]\u200b]+)\]\([^)\s]+\)", r"\1", markdown)
        text = re.sub(r"<@([\w.@-]+)>", lambda m: f"@{self.names.get(m[1], m[1])}", text)
        text = re.sub(r"<font[^>]*>|</font>", "", text)
        text = re.sub(r"^#{1,6} +|^> ?", "", text, flags=re.MULTILINE)
        text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
        text = re.sub(r"(?<!\w)_([^_\n]+)_(?!\w)|\*([^*\n]+)\*|`([^`\n]+)`", r"\1\2\3", text)
        return text.replace("\u200b", "").translate({0x2217: "*", 0x02CB: "`"})


def card_text(card: Mapping[str, Any]) -> str:
    """A card as a person reads it, top to bottom."""
    title = card.get("main_title") or {}
    rows = [title.get("title"), title.get("desc"), card.get("sub_title_text")]
    rows += [
        f"{r['keyname']} {r.get('value', '')}" for r in card.get("horizontal_content_list", [])
    ]
    return "\n".join(row for row in rows if row)


def card_fault(card: Mapping[str, Any], used: set[str]) -> str:
    """Why the platform would not take a card, or nothing."""
    kind, task = card.get("card_type"), card.get("task_id", "")
    buttons = card.get("button_list", [])
    title = (card.get("main_title") or {}).get("title", "")
    wrong = {
        "card_type": kind not in ("button_interaction", "text_notice"),
        "task_id": not re.fullmatch(r"[0-9A-Za-z_@-]{1,128}", task),
        "task_id used": task in used,
        "title": not (title or card.get("sub_title_text")),
        "title length": len(title) > 26,
        "sub_title_text length": len(card.get("sub_title_text", "")) > 112,
        "rows": len(card.get("horizontal_content_list", [])) > 6,
        "buttons": kind == "button_interaction" and not 1 <= len(buttons) <= 6,
        "button keys": len({b["key"] for b in buttons}) != len(buttons),
        "button key length": any(not 0 < len(b["key"].encode()) <= 1024 for b in buttons),
        "button text": any(not b.get("text") for b in buttons),
        "card_action": kind == "text_notice"
        and (card.get("card_action") or {}).get("type") not in (1, 2),
    }
    return ", ".join(name for name, is_wrong in wrong.items() if is_wrong)
