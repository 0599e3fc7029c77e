"""What is counted as it happens, for Prometheus: messages, commits, deliveries, errors.

A registry of its own, nothing global: each process answers for itself, and a dashboard sums. No
label carries a person, a chat or anything else without end; docs/reference/metrics.md has them all.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector

from adapters.chat.port import SendError
from bot.logs import OURS, ours

QUICK = (.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5)  # fmt: skip
SLOW = (.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)  # fmt: skip
LONG = (1, 5, 15, 30, 60, 180, 600, 1800, 3600, 14400, 86400)
GROUPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
OUTCOMES = frozenset(
    {
        "apply", "ask", "answer", "ignore", "command", "pressed", "joined", "left", "moved",
        "edited", "recalled", "welcome", "stranger", "unbound", "merged", "refused", "dead",
    }
)  # fmt: skip
CODES = 60
"""Codes of one platform that are told apart; the others are `other`."""
_CODE = re.compile(r"(?<![\d.])\d{3,6}(?![\d.])", re.ASCII)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(namespace=OURS, registry=registry)
    return registry


@dataclass(slots=True)
class Measures:
    """Everything that is counted in this process. Safe from any thread."""

    registry: CollectorRegistry = field(default_factory=_registry)
    _heard: Counter = field(init=False)
    _again: Counter = field(init=False)
    _handled: Counter = field(init=False)
    _latency: Histogram = field(init=False)
    _units: Histogram = field(init=False)
    _commit: Histogram = field(init=False)
    _deliveries: Counter = field(init=False)
    _send: Histogram = field(init=False)
    _delay: Histogram = field(init=False)
    _errors: Counter = field(init=False)
    _pauses: Counter = field(init=False)
    _paused: Counter = field(init=False)
    _alarms: Counter = field(init=False)
    _lines: Counter = field(init=False)
    _codes: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._of_messages()
        self._of_deliveries()
        self._alarms = self._counter("alarms", "Alarms raised.", "platform", "code")
        self._lines = self._counter(
            "log_lines", "Lines logged, from WARNING on.", "level", "logger"
        )

    def _of_messages(self) -> None:
        self._heard = self._counter("messages_heard", "Messages taken in, durably.", "platform")
        self._again = self._counter(
            "messages_redelivered", "Messages that had been taken in before.", "platform"
        )
        self._handled = self._counter(
            "messages_handled", "Messages handled, by what became of them.", "platform", "outcome"
        )
        self._latency = self._histogram(
            "message_seconds", "From hearing a message to the commit of its outcome.", SLOW,
            "platform",
        )  # fmt: skip
        self._units = self._histogram("commit_units", "Units of work in a commit.", GROUPS)
        self._commit = self._histogram("commit_seconds", "What a durable commit took.", QUICK)

    def _of_deliveries(self) -> None:
        self._deliveries = self._counter(
            "deliveries", "What came of tries to deliver a notice.", "platform", "result"
        )
        self._send = self._histogram(
            "send_seconds", "From a message's leaving to the platform's answer.", SLOW, "platform"
        )
        self._delay = self._histogram(
            "notice_delay_seconds", "From a notice's being due to its being sent.", LONG, "platform"
        )
        self._errors = self._counter(
            "send_errors", "Sends that failed, by kind and the platform's own code.",
            "platform", "kind", "code",
        )  # fmt: skip
        self._pauses = self._counter("pauses", "Pauses that a platform asked for.", "platform")
        self._paused = self._counter(
            "pause_seconds", "Seconds of pause that a platform asked for.", "platform"
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{OURS}_{name}_total", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Iterable[float], *labels: str) -> Histogram:
        return Histogram(
            f"{OURS}_{name}", text, labels, registry=self.registry, buckets=tuple(buckets)
        )

    def committed(self, units: int, seconds: float) -> None:
        """See `storage.meter.Meter`."""
        self._units.observe(units)
        self._commit.observe(seconds)

    def heard(self, platform: str, *, new: bool = True) -> None:
        """A message was taken in; or, not `new`, had been before."""
        (self._heard if new else self._again).labels(platform).inc()

    def handled(self, platform: str, outcome: str, seconds: float) -> None:
        """A message was handled. `outcome` is the decision kept with it, or `dead`; `seconds` (of
        the steady clock) from hearing it to the commit.
        """
        known = outcome if outcome in OUTCOMES else "other"
        self._handled.labels(platform, known).inc()
        self._latency.labels(platform).observe(seconds)

    def answered(self, platform: str, seconds: float) -> None:
        """A platform answered a send, well or not, so many seconds after it left."""
        self._send.labels(platform).observe(seconds)

    def delivered(self, platform: str, result: str, delay: float | None = None) -> None:
        """What came of one try of one notice: `sent`, `needless`, `retry`, `paused`, `moved`,
        `dead`, `unknown`. `delay` is how many seconds after it was due it went out.
        """
        self._deliveries.labels(platform, result).inc()
        if delay is not None:
            self._delay.labels(platform).observe(max(delay, 0.0))

    def failed(self, platform: str, error: SendError) -> None:
        """A send failed."""
        kind = kind_of(error)
        self._errors.labels(platform, kind, self._code(platform, error)).inc()
        if error.retry_after is not None:
            self._pauses.labels(platform).inc()
            self._paused.labels(platform).inc(max(error.retry_after, 0.0))

    def _code(self, platform: str, error: SendError) -> str:
        """The platform's number for it, where its reason has one."""
        found = _CODE.search(str(error))
        if found is None:
            return "none"
        known = self._codes.setdefault(platform, set())
        if found[0] not in known and len(known) >= CODES:
            return "other"
        known.add(found[0])
        return found[0]

    def alarmed(self, platform: str, code: str) -> None:
        """An alarm was raised; `code` is one of the wording's."""
        self._alarms.labels(platform, code).inc()

    def logged(self, level: str, logger: str) -> None:
        """A line was logged."""
        self._lines.labels(level.lower(), logger if ours(logger) else "other").inc()


def kind_of(error: SendError) -> str:
    """What a failed send means, in one word."""
    if error.moved_to:
        return "moved"
    if error.retry_after is not None:
        return "pause"
    if error.shut:
        return "shut"
    if error.permanent:
        return "permanent"
    return "doubtful" if error.ambiguous else "temporary"


class Tally(logging.Handler):
    """Counts the lines that are logged."""

    def __init__(self, measures: Measures) -> None:
        super().__init__(logging.WARNING)
        self._measures = measures

    def emit(self, record: logging.LogRecord) -> None:
        """One more."""
        self._measures.logged(record.levelname, record.name)
