"""The metrics that the program really gives, against their page, the dashboard and the alerts."""

import json
import logging
import re
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.chat.port import SendError
from adapters.web import metrics
from bot.clocks import TurnedClock
from bot.logs import OURS
from bot.measures import CODES, Measures, Tally, kind_of
from tests.app.running import running
from tests.app.served import ROOT, Served, command, served

PAGE = ROOT / "docs" / "reference" / "metrics.md"
DASHBOARD = ROOT / "docs" / "grafana" / "vitrine.json"
ALERTS = ROOT / "docs" / "grafana" / "alerts.yml"
NAME = re.compile(r"\bvitrine_[a-z0-9_]+")
SAMPLE = re.compile(r"^(vitrine_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that has heard, asked, answered and been looked at."""
    folder = tmp_path_factory.mktemp("measured") / "data"
    with served(folder) as found:
        for who, text in (("P03", "#A102 裁切完成"), ("P04", "A104 绣花机坏了，修到下午三点"),
                          ("P02", "A102 到哪了"), ("P03", "早")):  # fmt: skip
            assert found.say("production", who, text)[0] == 202
        found.say("production", "P03", "again", message_id="one")
        found.say("production", "P03", "again", message_id="one")
        found.idle()
        found.call("GET", "/board")
        yield found


def scraped(server: Served) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return str(answer.read().decode())


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (name, frozenset(LABEL.findall(labels or ""))): float(value)
        for name, labels, value in SAMPLE.findall(text)
    }


def value(text: str, name: str, **labels: str) -> float:
    return samples(text)[name, frozenset(labels.items())]


def kinds(text: str) -> dict[str, str]:
    """Every metric and its type."""
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))


def series(text: str) -> set[str]:
    """Every name that a query may use."""
    found = set()
    for name, kind in kinds(text).items():
        tails = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
        found |= {name + tail for tail in tails}
    return found


def test_every_metric_is_explained_and_every_explained_one_is_there(server: Served) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {name: kind for name, kind, _ in rows}
    assert len(told) == len(rows)
    assert told == kinds(scraped(server))


def test_every_label_is_explained(server: Served) -> None:
    rows = re.findall(r"^\| `(\w+)` \| \w+ \|([^|]*)\|", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    found: dict[str, set[str]] = {}
    for name, given in samples(scraped(server)):
        base = re.sub(r"_(bucket|count|sum)$", "", name)
        found.setdefault(base if base in told else name, set()).update(k for k, _ in given)
    for name, labels in found.items():
        assert labels - {"le"} == told[name], name


def test_the_format_is_what_others_read(server: Served) -> None:
    text = scraped(server)
    families = list(text_string_to_metric_families(text))
    assert len({f.name for f in families}) == len(families) == len(kinds(text))
    assert all(f.documentation.endswith(".") for f in families)
    assert all(name.startswith("vitrine_") for name in kinds(text))
    assert "_created" not in text


def test_what_happened_is_counted(server: Served) -> None:
    text = scraped(server)
    assert value(text, "vitrine_messages_heard_total", platform="sandbox") == 5
    assert value(text, "vitrine_messages_redelivered_total", platform="sandbox") == 1
    sent = value(text, "vitrine_deliveries_total", platform="sandbox", result="sent")
    assert sent >= 4
    assert 1 <= value(text, "vitrine_send_seconds_count", platform="sandbox") <= sent
    assert value(text, "vitrine_platform_state", platform="sandbox", state="ok") == 1
    assert value(text, "vitrine_platform_state", platform="sandbox", state="refused") == 0
    assert value(text, "vitrine_alerts", state="open") >= 1
    assert value(text, "vitrine_inbox_waiting") == 0
    assert value(text, "vitrine_database_bytes") >= 4096
    assert value(text, "vitrine_process_resident_memory_bytes") > 1e7
    units = value(text, "vitrine_commit_units_sum")
    assert units >= value(text, "vitrine_commit_seconds_count") >= 5


def test_what_became_of_messages_is_counted(server: Served) -> None:
    text = scraped(server)
    handled = {
        dict(labels)["outcome"]: number
        for (name, labels), number in samples(text).items()
        if name == "vitrine_messages_handled_total"
    }
    assert sum(handled.values()) == 5
    assert handled["apply"] >= 1
    assert "other" not in handled
    assert value(text, "vitrine_message_seconds_count", platform="sandbox") == 5
    assert 0 < value(text, "vitrine_message_seconds_sum", platform="sandbox") < 60


def test_no_label_names_anybody(server: Served) -> None:
    server.call("GET", "/p/ib56cgwuuvawisjt5p2vco5gj6e4ytgn")
    server.call("PROPFIND", "/board")
    text = scraped(server)
    assert text.isascii()
    for word in ("P03", "C05", "A102", "production", "ib56", "PROPFIND"):
        assert f'"{word}' not in text
    assert value(text, "vitrine_http_requests_total", method="other", route="-", status="405") >= 1


def test_open_feeds_are_counted(server: Served) -> None:
    assert value(scraped(server), "vitrine_feeds_open") == 0
    address = f"http://127.0.0.1:{server.port}/board/events"
    with urllib.request.urlopen(address, timeout=30):
        assert value(scraped(server), "vitrine_feeds_open") == 1


def test_a_backup_has_an_age(server: Served, tmp_path: Path) -> None:
    assert value(scraped(server), "vitrine_backup_age_seconds") == float("inf")
    assert command(server.folder, "backup", str(tmp_path / "b.zip"))[0] == 0
    assert value(scraped(server), "vitrine_backup_age_seconds") < 60


async def test_what_waits_has_an_age(tmp_path: Path) -> None:
    """A message that nobody handles, and a clock that was turned: read from the books."""
    async with running(tmp_path / "data") as bot:
        app = bot.app
        measured = app.gauges()

        async def told() -> str:
            return metrics.text(await measured.families()).decode()

        before = await told()
        assert value(before, "vitrine_inbox_oldest_seconds") == 0
        assert value(before, "vitrine_timers_overdue") == 0

        def take(ledger: Any) -> None:
            at = app.clock.now()
            ledger.inbox.take("telegram", "1", "x/1", "x", "y", at, {})

        await app.store.run(take)
        assert isinstance(app.clock, TurnedClock)
        app.clock.set(app.clock.now() + timedelta(hours=1))
        after = await told()
        assert value(after, "vitrine_inbox_waiting") == 1
        assert value(after, "vitrine_inbox_oldest_seconds") == 3600
        assert 0 < value(after, "vitrine_job_overdue_seconds", job="standup") <= 3600
        assert value(after, "vitrine_job_overdue_seconds", job="tidy") == 0


def test_failed_sends_are_told_apart() -> None:
    measures = Measures()
    for error in (
        SendError("wecom message/send: 45009 api freq out of limit", retry_after=60),
        SendError("HTTP 502", ambiguous=True),
        SendError("chat closed to us", shut=True),
        SendError("bad request", permanent=True),
        SendError("chat migrated", moved_to="-100"),
        SendError("ConnectError"),
    ):
        measures.failed("wecom", error)
    text = metrics.text(measures.registry.collect()).decode()
    found = {
        tuple(dict(labels)[k] for k in ("kind", "code")): number
        for (name, labels), number in samples(text).items()
        if name == "vitrine_send_errors_total"
    }
    assert found == {
        ("pause", "45009"): 1, ("doubtful", "502"): 1, ("shut", "none"): 1,
        ("permanent", "none"): 1, ("moved", "none"): 1, ("temporary", "none"): 1,
    }  # fmt: skip
    assert value(text, "vitrine_pause_seconds_total", platform="wecom") == 60
    assert kind_of(SendError("x", permanent=True, retry_after=1)) == "pause"


def test_codes_outcomes_and_loggers_have_an_end() -> None:
    measures = Measures()
    for n in range(CODES * 3):
        measures.failed("feishu", SendError(f"code {1000 + n}"))
        measures.handled("feishu", f"decision-{n}", 0.01)
        measures.logged("WARNING", f"library.{n}")
    text = metrics.text(measures.registry.collect()).decode()
    count = {n: sum(k[0] == n for k in samples(text)) for n in ("vitrine_send_errors_total",
             "vitrine_messages_handled_total", "vitrine_log_lines_total")}  # fmt: skip
    assert list(count.values()) == [CODES + 1, 1, 1]


def test_lines_are_counted_by_logger() -> None:
    measures = Measures()
    log = logging.Logger(f"{OURS}.courier")
    log.addHandler(Tally(measures))
    for say in (log.info, log.warning, log.error, log.error):
        say("x")
    text = metrics.text(measures.registry.collect()).decode()
    assert value(text, "vitrine_log_lines_total", level="error", logger="vitrine.courier") == 2
    assert value(text, "vitrine_log_lines_total", level="warning", logger="vitrine.courier") == 1


def test_counting_costs_little() -> None:
    """What a message costs in counting, by processor time."""
    measures = Measures()
    measures.handled("sandbox", "apply", 0.01)
    begun = time.process_time()
    for _ in range(5000):
        measures.heard("sandbox")
        measures.handled("sandbox", "apply", 0.01)
        measures.committed(12, 0.001)
    assert (time.process_time() - begun) / 5000 < 100e-6


def queries() -> Iterator[tuple[str, str]]:
    """Every query of the dashboard and of the alerts, by where it stands."""
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for expr in re.findall(r"^\s+expr: (.+)$", ALERTS.read_text("utf-8"), re.MULTILINE):
        yield "alerts.yml", expr


def test_dashboard_and_alerts_ask_for_what_there_is(server: Served) -> None:
    known = series(scraped(server))
    asked = [(where, name) for where, expr in queries() for name in NAME.findall(expr)]
    assert len(asked) > 40
    assert [each for each in asked if each[1] not in known] == []


def test_queries_use_labels_that_there_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| \w+ \|([^|]*)\|", PAGE.read_text("utf-8"), re.MULTILINE)
    labels = {name: set(re.findall(r"`(\w+)`", told)) | {"le"} for name, told in rows}
    every = set().union(*labels.values()) | {"instance"}
    for where, expr in queries():
        for names in re.findall(r"\bby \(([^)]*)\)", expr):
            assert {n.strip() for n in names.split(",")} <= every, where
        for name, inner in re.findall(r"(vitrine_\w+)\{([^}]*)\}", expr):
            base = re.sub(r"_(bucket|count|sum)$", "", name)
            used = set(re.findall(r"(\w+)\s*[=!]", inner))
            assert used <= labels.get(name, labels.get(base, set())) | {"instance"}, where


def test_every_metric_that_matters_is_on_the_dashboard(server: Served) -> None:
    shown = {re.sub(r"_(bucket|count|sum)$", "", n) for _, e in queries() for n in NAME.findall(e)}
    left = {re.sub(r"_(bucket|count|sum)$", "", n) for n in kinds(scraped(server))} - shown
    assert left <= {
        "vitrine_process_virtual_memory_bytes", "vitrine_process_start_time_seconds",
        "vitrine_process_max_fds",
    }  # fmt: skip


def test_the_dashboard_can_be_imported() -> None:
    board = json.loads(DASHBOARD.read_text("utf-8"))
    assert board["id"] is None
    assert board["templating"]["list"][0]["name"] == "datasource"
    ids = [p["id"] for p in board["panels"]]
    assert len(set(ids)) == len(ids)
    cells: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        own = {(x, y) for x in range(place["x"], place["x"] + place["w"])
               for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert not own & cells, panel["title"]
        cells |= own
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"


def test_every_alert_says_what_to_do() -> None:
    text = ALERTS.read_text("utf-8")
    rules = re.split(r"^\s+- alert: ", text, flags=re.MULTILINE)[1:]
    anchors = (ROOT / "docs" / "operations.md").read_text("utf-8").lower()
    assert len(rules) >= 12
    for rule in rules:
        name = rule.split()[0]
        assert re.search(r"^\s+for: \d+[smhd]$", rule, re.MULTILINE), name
        assert re.search(r"^\s+severity: (page|ticket)$", rule, re.MULTILINE), name
        assert "summary:" in rule, name
        assert "runbook: docs/operations.md#what-to-do-when" in rule, name
        assert f"`{name}`".lower() in anchors, name
