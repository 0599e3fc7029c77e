"""The web room's share of the metrics, and the port through which the house adds its own.

A registry of its own, nothing global; docs/reference/metrics.md has every name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as MEDIA

__all__ = ["MEDIA", "Counts", "Measured", "families", "text"]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)  # fmt: skip
MANY = 200
"""Things that one platform's adapter may count by name; further ones are `other`."""


class Measured(Protocol):
    """What the house measures beside the web."""

    async def families(self) -> Iterable[Metric]:
        """All of it as it stands, no name that the web room has as well."""


@dataclass(slots=True)
class Counts:
    """Requests answered so far, and how long they took. Live feeds are counted, not timed."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        self._requests = Counter(
            "vitrine_http_requests_total", "Requests answered.", ("method", "route", "status"),
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "vitrine_http_request_seconds", "What answering a request took, but for live feeds.",
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip

    def answered(self, method: str, route: str, status: int, seconds: float | None = None) -> None:
        """One more request. `route` is the route's pattern, never an address with a token in it."""
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        if seconds is not None:
            self._seconds.observe(seconds)


def families(
    counts: Counts,
    feeds: int,
    orders: Mapping[str, int],
    platforms: Mapping[str, Mapping[str, int]],
) -> Iterator[Metric]:
    """What the web room tells. `platforms` is what each platform's adapter counted, by name."""
    yield from counts.registry.collect()
    yield GaugeMetricFamily("vitrine_feeds_open", "Live feeds that are open.", value=feeds)
    found = GaugeMetricFamily(
        "vitrine_open_orders", "Open orders by level of deviation.", labels=["level"]
    )
    for level, number in orders.items():
        found.add_metric([level], number)
    yield found
    happened = CounterMetricFamily(
        "vitrine_platform", "What happened on a chat platform.", labels=["platform", "what"]
    )
    for platform, told in sorted(platforms.items()):
        names = sorted(told)
        for name in names[:MANY]:
            happened.add_metric([platform, name], told[name])
        if names[MANY:]:
            happened.add_metric([platform, "other"], sum(told[n] for n in names[MANY:]))
    yield happened


@dataclass(frozen=True, slots=True)
class _Whole:
    """Families as one collector, without the moments at which counters were made."""

    told: tuple[Metric, ...]

    def collect(self) -> Iterator[Metric]:
        """Everything that is to be shown."""
        for each in self.told:
            each.samples = [s for s in each.samples if not s.name.endswith("_created")]
            yield each


def text(told: Iterable[Metric]) -> bytes:
    """The exposition format."""
    return generate_latest(_Whole(tuple(told)))
