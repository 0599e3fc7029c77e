"""Routes are files that people write: what is none is refused with its reason, never a crash."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import RouteFault
from domain.plan import lay_out
from domain.route import Photo, check, from_dict, from_toml, to_dict
from tests.domain.factory import ROUTE

TEMPLATES = sorted((Path(__file__).parents[2] / "domain" / "templates").glob("*.toml"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.stem)
def test_a_route_comes_back_from_its_stored_form(path: Path) -> None:
    route = from_toml(path.read_text(encoding="utf-8"))
    assert from_dict(json.loads(json.dumps(to_dict(route)))) == route


def test_nodes_come_one_after_the_other_unless_said() -> None:
    assert ROUTE.node("pack").after == ("qc",)
    assert ROUTE.node("art").after == ()
    assert ROUTE.earlier("ship") == {"cut", "art", "sew", "dye", "qc", "pack"}


def nodes(*specs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": "r", "name": "R", "nodes": list(specs)} | more


A, B = {"key": "a", "name": "A"}, {"key": "b", "name": "B"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (nodes(), "no-nodes"),
        ({"key": "r", "name": "R"}, "malformed"),
        ({"name": "R", "nodes": [A]}, "malformed"),
        (nodes(A, A), "node-twice"),
        (nodes(A | {"after": ["b"]}, B | {"after": ["a"]}), "loop"),
        (nodes(A | {"after": ["a"]}), "loop"),
        (nodes(A | {"after": ["c"]}), "no-such-node"),
        (nodes(A, B | {"after": ["c"]}), "no-such-node"),
        (nodes(A | {"stage": "x"}, stages=[{"key": "s", "name": "S"}]), "no-such-stage"),
        (nodes(A | {"standard_hours": -1}), "negative-duration"),
        (nodes(A | {"minutes_per_piece": -1}), "negative-duration"),
        (nodes(A | {"standard_hours": float("nan")}), "negative-duration"),
        (nodes(A | {"standard_hours": float("inf")}), "negative-duration"),
        (nodes(A | {"colour": "red"}), "unknown-field"),
        (nodes(A | {"photo": "perhaps"}), "malformed"),
        (nodes(A | {"standard_hours": "long"}), "malformed"),
        (nodes(A | {"standard_days": "long"}), "malformed"),
        (nodes(A | {"aliases": "abc"}), "malformed"),
        (nodes(A | {"after": "a"}), "malformed"),
        (nodes(A | {"names": "abc"}), "malformed"),
        (nodes(A | {"core": "yes"}), "malformed"),
        (nodes(A | {"criteria": 3}), "malformed"),
        (nodes({"key": "", "name": "A"}), "malformed"),
        (nodes({"key": "a", "name": " "}), "malformed"),
        (nodes({"key": 1, "name": "A"}), "malformed"),
        (nodes(A, version="x"), "malformed"),
        (nodes(A, stages=["s"]), "malformed"),
        (nodes(A, stages=3), "malformed"),
        ({"key": "r", "name": "R", "nodes": "abc"}, "malformed"),
        ({"key": "r", "name": "R", "nodes": 3}, "malformed"),
    ],
)
def test_what_is_no_route(data: dict[str, Any], code: str) -> None:
    with pytest.raises(RouteFault) as fault:
        from_dict(data)
    assert fault.value.code == code


@pytest.mark.parametrize("text", ["", "key =", "key = 'a'", "nodes = [1]", "[[nodes]]\nkey = 'a'"])
def test_text_that_is_no_route(text: str) -> None:
    with pytest.raises(RouteFault):
        from_toml(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
FIELDS = [*to_dict(ROUTE)["nodes"][0], "standard_days"]
SPEC = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3).map(lambda d: A | d)
WILD = st.dictionaries(
    st.sampled_from(["stages", "trade", "version", "name"]), JSON, max_size=2
).flatmap(lambda more: st.lists(SPEC, max_size=3).map(lambda n: nodes(*n) | more))


@settings(deadline=None, max_examples=300)
@given(WILD)
def test_whatever_is_written_is_a_route_that_can_be_worked_or_a_fault(data: dict[str, Any]) -> None:
    try:
        route = from_dict(data)
    except RouteFault:
        return
    assert check(route) == route
    assert set(lay_out(route, 1000)) == set(route.keys())
    assert from_dict(json.loads(json.dumps(to_dict(route)))) == route
    assert all(isinstance(n.photo, Photo) for n in route.nodes)
