"""What the fake Feishu remembers: people, chats, messages, pictures and every call."""

import hashlib
import json
import re
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.fakes import feishu_cards
from tests.fakes.stage import RuleLike

Json = dict[str, Any]
_SENDS = ("send", "reply")


@dataclass(slots=True)
class Message:
    id: str
    chat: str
    sender: str
    kind: str
    content: str
    at: int
    by_bot: bool = False
    parent: str = ""
    edited: bool = False
    deleted: bool = False
    mentions: list[Json] = field(default_factory=list)
    reactions: dict[str, str] = field(default_factory=dict)
    urgent: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Chat:
    id: str
    kind: str
    title: str = ""
    member: str = ""
    bot_in: bool = True
    dissolved: bool = False
    topic: bool = False


@dataclass(slots=True)
class Failure:
    """The next `times` calls whose name matches are answered like this."""

    name: str
    code: int
    status: int
    times: int
    headers: Mapping[str, str]
    delay: float = 0.0
    after: bool = False


class Books:
    """The platform's memory. Times of calls are monotonic seconds."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.names: dict[str, str] = {}
        self.chats: dict[str, Chat] = {}
        self.messages: dict[str, Message] = {}
        self.images: dict[str, bytes] = {}
        self.media: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.uuids: dict[tuple[str, str], str] = {}
        self.whispers: list[tuple[str, str, Json]] = []
        self.calls: list[tuple[float, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.failures: list[Failure] = []
        self._windows: dict[str, deque[float]] = {}

    def fresh(self, prefix: str) -> str:
        return prefix + hashlib.md5(f"{prefix}{next(self.numbers)}".encode()).hexdigest()

    def user(self, name: str) -> str:
        if name.startswith("ou_"):
            return name
        who = "ou_" + hashlib.md5(name.encode()).hexdigest()
        self.names[who] = name
        return who

    def name(self, who: str) -> str:
        return self.names.get(who, who)

    def private(self, user: str) -> str:
        who = self.user(user)
        chat = "oc_" + hashlib.md5(f"p2p{who}".encode()).hexdigest()
        self.chats.setdefault(chat, Chat(chat, "p2p", member=who))
        return chat

    def keep(self, message: Message) -> Message:
        self.messages[message.id] = message
        return message

    def failing(self, name: str) -> Failure | None:
        for failure in self.failures:
            if failure.times > 0 and re.fullmatch(failure.name, name):
                failure.times -= 1
                return failure
        return None

    def called(self, name: str, chat: str = "") -> None:
        self.counts[name] += 1
        self.calls.append((time.monotonic(), name, chat))

    def crowded(self, name: str, limit: int, seconds: float) -> float:
        """Seconds until there is room in the window, 0.0 if there is; takes the place."""
        now = time.monotonic()
        window = self._windows.setdefault(name, deque())
        while window and window[0] <= now - seconds:
            window.popleft()
        if len(window) >= limit:
            return window[0] + seconds - now
        window.append(now)
        return 0.0

    def violations(self, rules: Iterable[RuleLike]) -> list[str]:
        """Where more was sent than a rule allows."""
        found = []
        sends = [(at, chat) for at, name, chat in self.calls if name in _SENDS]
        for rule in rules:
            wanted = self._scoped(rule.scope, sends)
            for scope, times in wanted.items():
                for place, at in enumerate(times[rule.count :]):
                    # the clocks of two processes' requests are a few milliseconds apart
                    if at - times[place] < rule.seconds - 0.02:
                        found.append(f"{rule.scope} {scope}: above {rule.count}/{rule.seconds} s")
                        break
        return found

    def _scoped(self, scope: str, sends: list[tuple[float, str]]) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for at, chat in sends:
            private = chat in self.chats and self.chats[chat].kind == "p2p"
            if scope == "account":
                found.setdefault("", []).append(at)
            elif scope == "chat" or (scope == "private") == private:
                found.setdefault(chat, []).append(at)
        return found

    def plain(self, message: Message, locale: str = "zh_cn") -> str:
        """What a person reads."""
        body = json.loads(message.content)
        if message.kind == "interactive":
            return feishu_cards.read(body, locale, self.name)
        text = re.sub(r'<at user_id="([^"]*)">([^<]*)</at>', r"@\2", body["text"])
        return text.replace("\u200b", "")
