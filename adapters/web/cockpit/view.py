"""The cockpit as a page shows it: figures, what waits for somebody, the cards in their order, the
filters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from adapters.web.cockpit import flow_cards, team_cards
from adapters.web.cockpit.cards import BADGES, Card, Speaker
from adapters.web.words import Words
from domain.insight import Cockpit
from domain.insight_flow import Decision
from domain.insight_scope import SPANS, Scope

SHOWN = 6
"""Decisions that stand on the first screen; the rest unfolds."""
CARDS: dict[str, Callable[[Speaker], Card]] = {
    "flow": flow_cards.flow,
    "trend": flow_cards.trend,
    "times": flow_cards.times,
    "causes": flow_cards.causes,
    "warned": team_cards.warned,
    "load": team_cards.load,
    "alerts": team_cards.alerts,
    "latency": team_cards.latency,
    "helped": team_cards.helped,
    "said": team_cards.said,
}
"""Every card by its key, in the order in which they stand on a phone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One decision: a sign, the order, what it is about, since when, who has it."""

    icon: str
    state: str
    order_no: str
    text: str
    age: str
    who: str


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class View:
    """The whole page."""

    scope: Scope
    open: int
    late: int
    today: int
    waiting: str
    decisions: tuple[Row, ...]
    cards: tuple[Card, ...]
    spans: tuple[Option, ...]
    filters: tuple[tuple[str, tuple[Option, ...]], ...]
    query: str
    nothing: bool


def view(cockpit: Cockpit, words: Words, names: bool) -> View:
    """The page; `names` is whether customers may be called by theirs."""
    say = Speaker(words, cockpit)
    figures = cockpit.figures
    return View(
        scope=cockpit.scope,
        open=figures.open,
        late=figures.late,
        today=figures.today,
        waiting=say("waiting", n=figures.waiting) if figures.waiting else "",
        decisions=tuple(_decision(say, d) for d in cockpit.decisions),
        cards=tuple(make(say) for make in CARDS.values()),
        spans=tuple(
            Option(
                _query(cockpit.scope, words.language, days=n),
                say("span", n=n),
                n == cockpit.scope.days,
            )
            for n in SPANS
        ),
        filters=_filters(say, names),
        query=_query(cockpit.scope, words.language),
        nothing=cockpit.scope.narrow and not figures.open and not cockpit.promises.all,
    )


def _query(scope: Scope, language: str, days: int = 0) -> str:
    """The filters as they stand in an address."""
    fields = {
        "lang": language, "days": days or scope.days, "route": scope.route, "team": scope.team,
        "customer": scope.customer, "product": scope.product,
    }  # fmt: skip
    return urlencode({k: v for k, v in fields.items() if v})


def _filters(say: Speaker, names: bool) -> tuple[tuple[str, tuple[Option, ...]], ...]:
    scope, choices = say.cockpit.scope, say.cockpit.choices
    routes = [(key, name) for key, name in choices.routes]
    teams = [(team, say.team(team, route, node)) for team, route, node in choices.teams]
    customers = [(who, say.person(who) or who) for who in choices.customers]
    found = [("route", scope.route, routes), ("team", scope.team, teams)]
    if names:
        found.append(("customer", scope.customer, customers))
    return tuple(
        (
            name,
            (
                Option("", say(f"all_{name}s"), not chosen),
                *(Option(value, text, value == chosen) for value, text in options),
            ),
        )
        for name, chosen, options in found
    )


def _decision(say: Speaker, item: Decision) -> Row:
    """What it is about: node, reason or level, what it waits for."""
    parts = []
    if item.node and item.kind != "draft":
        parts.append(say.node_of(item.order_no, item.node))
    icon, state = "▲", "delayed"
    match item.kind:
        case "problem":
            parts.append(say.words.reason(item.what))
        case "confirm":
            icon, state = "?", "to_confirm"
            known = ("photo", "first_article", "customer")
            parts.append(say.words(f"page.await_{item.what if item.what in known else 'person'}"))
        case "question" | "draft":
            icon, state = "?", "to_confirm"
            parts.append(say(f"kind_{item.kind}"))
        case kind:
            badge = BADGES.get(item.what)
            parts.append(f"▲{badge} {say(f'kind_{kind}')}" if badge else say(f"kind_{kind}"))
    hours = (say.cockpit.now - item.since).total_seconds() / 3600
    return Row(icon, state, item.order_no, " · ".join(parts), say.age(hours), say.person(item.who))
