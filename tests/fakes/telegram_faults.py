"""What can be made to go wrong between Telegram and a bot, switched on by tests."""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.fakes.stage import RuleLike


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer in the place of the real one; `body` where it is no JSON at all."""

    status: int
    description: str
    parameters: Mapping[str, int] = field(default_factory=dict)
    body: str = ""


FLOOD = Refusal(429, "Too Many Requests: retry after 7", {"retry_after": 7})
BLOCKED = Refusal(403, "Forbidden: bot was blocked by the user")
TROUBLE = Refusal(500, "Internal Server Error")
GATEWAY = Refusal(502, "", body="<html><body><h1>502 Bad Gateway</h1></body></html>")
BEFORE, AFTER = "before", "after"


@dataclass(slots=True)
class Faults:
    """`next` holds what becomes of the next calls of a method, in order: a Refusal, BEFORE or
    AFTER (hang up before or after acting), or seconds to be slow. The switches last.
    """

    next: dict[str, list[Refusal | str | float]] = field(default_factory=dict)
    half_open: bool = False
    silent_poll: bool = False
    trickling_poll: bool = False
    second_poller: bool = False
    backwards: bool = False
    truncated: int = 0
    stalled: int = 0
    no_ranges: bool = False
    enforced: tuple[RuleLike, ...] = ()

    def on(self, method: str, *what: Refusal | str | float) -> None:
        """The next calls of a method, one each."""
        self.next.setdefault(method.lower(), []).extend(what)

    def take(self, method: str) -> Refusal | str | float | None:
        """What this call of a method is to meet."""
        waiting = self.next.get(method, [])
        return waiting.pop(0) if waiting else None


@dataclass(slots=True)
class Traffic:
    """When the bot's messages arrived, by the machine's clock: (moment, chat, is it a group)."""

    arrivals: list[tuple[float, int, bool]] = field(default_factory=list)

    def note(self, chat: int, group: bool) -> None:
        """A message arrived now."""
        self.arrivals.append((time.monotonic(), chat, group))

    def violations(self, rules: Iterable[RuleLike], tolerance: float = 0.05) -> list[str]:
        """Every time that a rule was broken. `tolerance`: seconds that a network may squeeze."""
        found = []
        for rule in rules:
            for name, moments in self._scoped(rule.scope).items():
                pairs = zip(moments, moments[rule.count :], strict=False)
                for first, last in pairs:
                    if last - first < rule.seconds - tolerance:
                        found.append(f"{rule.scope} {name}: {rule.count + 1} in {last - first:.2f}")
        return found

    def wait(self, rules: Iterable[RuleLike], chat: int, group: bool) -> int:
        """Seconds that Telegram would ask for before one more message to this chat; 0 for none."""
        now, longest = time.monotonic(), 0.0
        for rule in rules:
            name = "all" if rule.scope == "account" else str(chat)
            moments = [*self._scoped(rule.scope).get(name, []), now]
            if rule.scope in ("group", "private") and (rule.scope == "group") != group:
                continue
            if len(moments) > rule.count:
                longest = max(longest, rule.seconds - (now - moments[-rule.count - 1]))
        return math.ceil(longest)

    def _scoped(self, scope: str) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for moment, chat, group in self.arrivals:
            if scope in ("group", "private") and (scope == "group") != group:
                continue
            found.setdefault("all" if scope == "account" else str(chat), []).append(moment)
        return found
