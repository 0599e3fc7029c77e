"""Counts for Prometheus, written by hand: requests by route and status, open orders by level."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(slots=True)
class Counts:
    """Requests answered so far."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def answered(self, method: str, route: str, status: int) -> None:
        """One more request. `route` is the route's pattern, never an address with a token in it."""
        self.requests[(method, route, status)] += 1


def text(
    counts: Counts,
    orders: Mapping[str, int],
    platforms: Mapping[str, Mapping[str, int]],
    version: str,
) -> str:
    """The exposition format. `platforms` is what each platform's adapter counted, by name."""
    lines = [
        "# HELP vitrine_info The running version.",
        "# TYPE vitrine_info gauge",
        f"vitrine_info{_labels(version=version)} 1",
        "# HELP vitrine_http_requests_total Requests answered.",
        "# TYPE vitrine_http_requests_total counter",
    ]
    for (method, route, status), number in sorted(counts.requests.items()):
        labels = _labels(method=method, route=route, status=str(status))
        lines.append(f"vitrine_http_requests_total{labels} {number}")
    lines += [
        "# HELP vitrine_open_orders Open orders by level of deviation.",
        "# TYPE vitrine_open_orders gauge",
    ]
    lines += [f"vitrine_open_orders{_labels(level=k)} {n}" for k, n in orders.items()]
    lines += [
        "# HELP vitrine_platform_total What happened on a chat platform.",
        "# TYPE vitrine_platform_total counter",
    ]
    for platform, happened in sorted(platforms.items()):
        for what, number in sorted(happened.items()):
            labels = _labels(platform=platform, what=what)
            lines.append(f"vitrine_platform_total{labels} {number}")
    return "\n".join(lines) + "\n"


def _labels(**labels: str) -> str:
    inner = ",".join(f'{k}="{v.translate(_ESCAPES)}"' for k, v in labels.items())
    return "{" + inner + "}"
