"""The law of the two sides: route → form → TOML → route is the same, whatever stands in it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.web.settings import route_form, route_text
from bot.worlds import template, templates
from domain.materials import Material
from domain.route import NodeSpec, Photo, Route, check, from_dict, to_dict
from domain.route_flaws import judged
from tests.web.forms import Pairs

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
NAMES = WORDS.filter(lambda s: s.strip() != "")
HOURS = st.floats(0, 9999, allow_nan=False) | st.integers(0, 400).map(lambda n: n / 2)


def submitted(doc: dict[str, Any], **changes: str) -> Pairs:
    """What the form of a route sends, with changes by the field's name (`0.team`)."""
    pairs: Pairs = [("name", str(doc["name"]))]
    for row in route_form.rows(doc):
        at = f"{row['n']}."
        for name, value in row.items():
            if isinstance(value, str):
                pairs.append((at + name, value))
        pairs += [(at + "after", str(n)) for n in row["after"]]
        pairs += [(at + name, "1") for name, on in row["flags"].items() if on]
        for n, material in enumerate([*row["materials"], dict.fromkeys(route_form.MATERIAL, "")]):
            pairs += [(f"{at}m.{n}.{name}", text) for name, text in material.items()]
    kept = [(k, v) for k, v in pairs if k not in changes]
    return [(k, v) for k, v in [*kept, *changes.items()] if v]  # a browser's blanks are dropped


def round_trip(route: Route, **changes: str) -> Route:
    """Route → form → TOML → route."""
    doc, wrong = route_text.read(route_text.written(route_text.plain(route)))
    assert wrong is None
    assert doc is not None
    filled = route_form.merged(doc, submitted(doc, **changes))
    again, wrong = route_text.read(route_text.written(filled))
    assert wrong is None
    found, flaws = judged(again or {})
    assert flaws == ()
    assert found is not None
    return found


@pytest.mark.parametrize("key", templates())
def test_every_template_comes_back_the_same(key: str) -> None:
    assert round_trip(template(key)) == template(key)


MATERIALS = st.builds(
    Material,
    NAMES,
    st.integers(1, 10**6).map(lambda n: f"{n / 1000:.3f}".rstrip("0").rstrip(".")),
    WORDS | st.just(""),
    WORDS | st.just(""),
    st.integers(0, 365),
)
SPECS = st.builds(
    NodeSpec,
    key=NAMES,
    name=NAMES,
    aliases=st.lists(WORDS, max_size=3).map(tuple),
    names=st.dictionaries(st.sampled_from(["en", "zh-TW", "ja"]), WORDS).map(
        lambda d: tuple(sorted(d.items()))
    ),
    standard_hours=HOURS,
    minutes_per_piece=HOURS,
    criteria=WORDS | st.just("a\nb"),
    photo=st.sampled_from(Photo),
    confirmed_by=st.sampled_from(["", "manager", "customer", "purchasing"]),
    first_article=st.booleans(),
    team=WORDS | st.just(""),
    customer_visible=st.booleans(),
    stage=WORDS | st.just(""),
    milestone=st.booleans(),
    core=st.booleans(),
    inspection=st.booleans(),
    shipping=st.booleans(),
    alternatives=st.lists(WORDS, max_size=2).map(tuple),
    materials=st.lists(MATERIALS, max_size=2).map(tuple),
)


@st.composite
def routes(draw: st.DrawFn) -> Route:
    specs = draw(st.lists(SPECS, min_size=1, max_size=5, unique_by=lambda s: s.key))
    linked = []
    for n, spec in enumerate(specs):
        before = [s.key for s in specs[:n]]
        after = draw(st.lists(st.sampled_from(before), unique=True)) if before else []
        linked.append(replace(spec, after=tuple(after)))
    return from_dict(to_dict(check(Route(draw(NAMES), draw(NAMES), tuple(linked)))))


@given(routes())
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_a_route_comes_back(route: Route) -> None:
    """Words with quotes, commas, line breaks, names in languages that the form does not show."""
    assert round_trip(route) == route


@given(st.sampled_from(templates()), st.data())
@settings(max_examples=60, deadline=None)
def test_a_small_change_changes_that_and_nothing_else(key: str, data: st.DataObject) -> None:
    route = template(key)
    n = data.draw(st.integers(0, len(route.nodes) - 1))
    plain = st.from_regex(r"[A-Za-z一-龥]{1,8}", fullmatch=True)
    team, words = data.draw(plain), data.draw(st.lists(plain, min_size=1, max_size=3))
    hours = data.draw(st.integers(1, 900))
    changes = {
        f"{n}.team": team, f"{n}.aliases": "，".join(words), f"{n}.standard": str(hours / 10),
        f"{n}.unit": "hours", f"{n}.photo": "required",
    }  # fmt: skip
    found = round_trip(route, **changes)
    wanted = replace(
        route.nodes[n], team=team, aliases=tuple(words), standard_hours=hours / 10,
        photo=Photo.REQUIRED,
    )  # fmt: skip
    assert found == replace(route, nodes=(*route.nodes[:n], wanted, *route.nodes[n + 1 :]))


@given(
    st.sampled_from(templates()),
    st.lists(
        st.tuples(st.sampled_from(["up", "down", "remove", "add"]), st.integers(0, 14)), max_size=8
    ),
)
@settings(max_examples=80, deadline=None)
def test_moving_nodes_about_leaves_a_route_that_can_be_worked(
    key: str, acts: list[tuple[str, int]]
) -> None:
    """Nothing is lost or doubled, and whoever simply followed goes on doing so."""
    doc = route_text.plain(template(key))
    doc["stages"] = doc.get("stages", [])
    count = len(doc["nodes"])
    for act, place in acts:
        inside = 0 <= place < len(doc["nodes"])
        doc = route_form.changed(doc, act, place)
        count += {"remove": -1, "add": 1}.get(act, 0) if inside else 0
    assert len(doc["nodes"]) == count
    for node in doc["nodes"]:
        node["name"] = node["name"] or "新的"
    found, flaws = judged(doc)
    if count:
        assert all(f.code == "loop" for f in flaws)  # only where it branched
        straight = all(len(n["after"]) <= 1 for n in route_text.plain(template(key))["nodes"])
        if straight:
            assert found is not None
