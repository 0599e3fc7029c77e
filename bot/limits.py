"""The platforms' limits as they are configured, and whether a notice may go now under them."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.chat.port import ChatAdapter, Rule
from domain.notice import Kind, Loud, Notice
from domain.person import Address
from storage.ledger import Ledger
from storage.limits import Window

SCOPES = frozenset({"account", "chat", "group", "private"})


class LimitsFault(Exception):
    """The file of limits can't be read; the reason is a sentence."""


def configured(path: str) -> dict[str, tuple[Rule, ...]]:
    """Rules by platform from a TOML file: `[[telegram]] scope = "chat", count = 20, seconds = 60`.
    A platform that the file names has these and no others. Raises LimitsFault.
    """
    if not path:
        return {}
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return {name: tuple(_rule(row) for row in rows) for name, rows in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise LimitsFault(f"{path}: {error}") from error


def _rule(row: Mapping[str, object]) -> Rule:
    scope, count, seconds = str(row["scope"]), int(str(row["count"])), float(str(row["seconds"]))
    if scope not in SCOPES or count < 1 or seconds <= 0:
        raise ValueError(f"no such limit: {dict(row)}")
    return Rule(scope, count, seconds)


@dataclass(slots=True)
class Limits:
    """Asks and charges the windows that the rules make. Only used in a unit of work."""

    adapters: Mapping[str, ChatAdapter]
    own: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)

    def rules(self, platform: str) -> tuple[Rule, ...]:
        """What holds for a platform: the configured rules, else the adapter's."""
        adapter = self.adapters.get(platform)
        return self.own.get(platform, adapter.rules if adapter else ())

    def platform(self, ledger: Ledger, name: str, wall: float) -> tuple[int, float]:
        """How many notices may go to a platform now, and when the next may if none can."""
        windows = _windows(self.rules(name), {"account"})
        used = ledger.limits.used(name)
        flying = ledger.outbox.flying(name)
        return _tightest((used.opens(w, flying, wall) for w in windows), used.hold_until, wall)

    def chat(self, ledger: Ledger, notice: Notice, wall: float) -> float:
        """When a notice may go to its chat: 0 for now."""
        to = notice.to
        if notice.kind is Kind.REACTION or notice.loud is Loud.TOAST:
            return 0.0
        windows = _windows(self.rules(to.platform), _scopes(ledger, to))
        used = ledger.limits.used(_name(to))
        adapter = self.adapters.get(to.platform)
        spare = adapter.can.picture_extra if adapter else 0
        left, opens = _tightest(
            (used.opens(w, spare, wall) for w in windows), used.hold_until, wall
        )
        return 0.0 if left else opens

    def charge(self, ledger: Ledger, notice: Notice, wall: float, *, picture: bool = False) -> None:
        """A notice went out and was answered at that moment; with a picture it may have been more
        than one message.
        """
        to = notice.to
        adapter = self.adapters.get(to.platform)
        for _ in range(adapter.can.picture_extra if adapter and picture else 0):
            self.charge(ledger, notice, wall)
        rules = self.rules(to.platform)
        ledger.limits.charge(to.platform, _windows(rules, {"account"}), wall)
        if notice.kind is not Kind.REACTION:
            ledger.limits.charge(_name(to), _windows(rules, _scopes(ledger, to)), wall)

    def hold(self, ledger: Ledger, to: Address, until: float, *, everywhere: bool) -> None:
        """The platform asked for a pause."""
        ledger.limits.hold(to.platform if everywhere else _name(to), until)


MANY = 1_000_000
"""More than anybody sends at once: no limit."""


def _tightest(found: Iterable[tuple[int, float]], hold: float, wall: float) -> tuple[int, float]:
    left, opens = MANY, 0.0
    if wall < hold:
        return 0, hold
    for room, at in found:
        left, opens = min(left, room), max(opens, at)
    return left, opens


def _windows(rules: Iterable[Rule], scopes: set[str]) -> list[Window]:
    return [Window(r.count, r.seconds) for r in rules if r.scope in scopes]


def _scopes(ledger: Ledger, to: Address) -> set[str]:
    return {"chat", "group" if to in ledger.folk.groups() else "private"}


def _name(to: Address) -> str:
    return f"{to.platform}/{to.account}/{to.chat}"
