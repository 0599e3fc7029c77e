"""Routes: the declared way of an order through the factory, node by node.

A route is data (one TOML file a trade). It is a directed graph without loops; the order of the
nodes in the file is the
order in which people read them, `after` says what must really be finished first.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.errors import RouteFault
from domain.materials import Material, materials_from, rows_of


class Photo(StrEnum):
    """How much a photo matters for a node: it may come, should come, or must come."""

    OPTIONAL = "optional"
    WANTED = "wanted"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node of a route.

    `standard_hours` is working time for the lot, `minutes_per_piece` is added for every piece.
    `confirmed_by` is a role
    (`manager`, `operator`, …), a node-independent word `customer`, or empty. `stage` is the
    customer-facing stage that the
    node is shown under; nodes with `customer_visible = false` are shown under their stage as well,
    never by name.
    """

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    standard_hours: float = 8.0
    minutes_per_piece: float = 0.0
    criteria: str = ""
    photo: Photo = Photo.OPTIONAL
    confirmed_by: str = ""
    first_article: bool = False
    after: tuple[str, ...] = ()
    team: str = ""
    customer_visible: bool = True
    stage: str = ""
    milestone: bool = False
    core: bool = False
    inspection: bool = False
    shipping: bool = False
    alternatives: tuple[str, ...] = ()
    materials: tuple[Material, ...] = ()

    def called(self, language: str) -> str:
        """The node's name in a language, falling back to the name in the file."""
        return dict(self.names).get(language, self.name)

    def hours(self, pieces: int) -> float:
        """Standard working hours for a number of pieces."""
        return self.standard_hours + self.minutes_per_piece * pieces / 60


@dataclass(frozen=True, slots=True)
class Stage:
    """A customer-facing stage: several nodes under one friendly name."""

    key: str
    name: str
    names: tuple[tuple[str, str], ...] = ()

    def called(self, language: str) -> str:
        """The stage's name in a language."""
        return dict(self.names).get(language, self.name)


@dataclass(frozen=True, slots=True)
class Route:
    """A declared routing. `version` grows when the factory changes it; running orders keep the one
    they began with.
    """

    key: str
    name: str
    nodes: tuple[NodeSpec, ...]
    stages: tuple[Stage, ...] = ()
    trade: str = ""
    version: int = 1
    _named: dict[str, NodeSpec] = field(default_factory=dict, init=False, repr=False, compare=False)
    _next: dict[str, tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _earlier: dict[str, frozenset[str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _forward: list[tuple[NodeSpec, ...]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def node(self, key: str) -> NodeSpec:
        """The node with this key; RouteFault if the route has none."""
        if not self._named:
            self._named.update({spec.key: spec for spec in reversed(self.nodes)})
        found = self._named.get(key)
        if found is None:
            raise RouteFault("no-such-node", route=self.key, node=key)
        return found

    def keys(self) -> tuple[str, ...]:
        """Node keys in reading order."""
        return tuple(spec.key for spec in self.nodes)

    def following(self, key: str) -> tuple[str, ...]:
        """The nodes that come right after this one."""
        if not self._next:
            self._next.update(
                {k: tuple(n.key for n in self.nodes if k in n.after) for k in self.keys()}
            )
        return self._next.get(key, ())

    def earlier(self, key: str) -> frozenset[str]:
        """All nodes that must be finished before this one, near and far. Kept: it is asked often,
        for many orders of one route.
        """
        if key in self._earlier:
            return self._earlier[key]
        found: set[str] = set()
        todo = list(self.node(key).after)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo.extend(self.node(name).after)
        return self._earlier.setdefault(key, frozenset(found))

    def forward(self) -> tuple[NodeSpec, ...]:
        """The nodes, each after all that it comes after."""
        if not self._forward:
            keys = self.keys()
            order = sorted(keys, key=lambda k: (len(self.earlier(k)), keys.index(k)))
            self._forward.append(tuple(self.node(k) for k in order))
        return self._forward[0]

    def shown_stages(self) -> tuple[Stage, ...]:
        """The customer's stages: the declared ones, or one for every visible node."""
        if self.stages:
            return self.stages
        return tuple(Stage(n.key, n.name, n.names) for n in self.nodes if n.customer_visible)

    def stage_of(self, spec: NodeSpec) -> str:
        """The stage under which a node is shown to a customer; empty if under none."""
        if spec.stage:
            return spec.stage
        return spec.key if spec.customer_visible and not self.stages else ""


def check(route: Route) -> Route:
    """Refuse a route that cannot be worked: no nodes, a key twice, an unknown or circular
    predecessor, an unknown stage.
    """
    keys = [n.key for n in route.nodes]
    if not keys:
        raise RouteFault("no-nodes", route=route.key)
    if len(keys) != len(set(keys)):
        raise RouteFault("node-twice", route=route.key)
    stages = {s.key for s in route.stages}
    for spec in route.nodes:
        for before in spec.after:
            if before not in keys:
                raise RouteFault("no-such-node", route=route.key, node=before)
        if spec.stage and stages and spec.stage not in stages:
            raise RouteFault("no-such-stage", route=route.key, node=spec.key)
        if spec.key in route.earlier(spec.key):
            raise RouteFault("loop", route=route.key, node=spec.key)
        for number in (spec.standard_hours, spec.minutes_per_piece):
            if not 0 <= number < LONGEST:  # which no NaN passes
                raise RouteFault("negative-duration", route=route.key, node=spec.key)
    return route


def chained(specs: Iterable[NodeSpec], named: Mapping[str, Any]) -> tuple[NodeSpec, ...]:
    """Nodes that do not say what they come after come after the one written before them."""
    out: list[NodeSpec] = []
    for spec in specs:
        if spec.key not in named and out:
            fields = {f: getattr(spec, f) for f in NodeSpec.__dataclass_fields__}
            fields["after"] = (out[-1].key,)
            out.append(NodeSpec(**fields))
        else:
            out.append(spec)
    return tuple(out)


def from_toml(text: str) -> Route:
    """Read one route file. Raises RouteFault with a sentence's worth of facts for anything that is
    not a route.
    """
    try:
        data = tomllib.loads(text)
        return from_dict(data)
    except tomllib.TOMLDecodeError as error:
        raise RouteFault("not-toml", detail=str(error)) from error


def from_dict(data: Mapping[str, Any]) -> Route:
    """A route from plain data, as the TOML files and the stored copies write it."""
    try:
        stages = tuple(
            Stage(s["key"], s["name"], _pairs(s.get("names"))) for s in data.get("stages", ())
        )
        specs = [_spec(n) for n in data["nodes"]]
        said = {n["key"]: True for n in data["nodes"] if "after" in n}
        route = Route(
            key=str(data["key"]),
            name=str(data["name"]),
            nodes=chained(specs, said),
            stages=stages,
            trade=str(data.get("trade", "")),
            version=int(data.get("version", 1)),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RouteFault("malformed", detail=repr(error)) from error
    return check(route)


def to_dict(route: Route) -> dict[str, Any]:
    """The plain data of a route, such that from_dict(to_dict(r)) == r."""
    nodes = []
    for spec in route.nodes:
        row: dict[str, Any] = {f: getattr(spec, f) for f in NodeSpec.__dataclass_fields__}
        row["aliases"], row["after"] = list(spec.aliases), list(spec.after)
        row["alternatives"] = list(spec.alternatives)
        row["names"], row["photo"] = dict(spec.names), spec.photo.value
        row["materials"] = rows_of(spec.materials)
        nodes.append(row)
    stages = [{"key": s.key, "name": s.name, "names": dict(s.names)} for s in route.stages]
    return {
        "key": route.key,
        "name": route.name,
        "trade": route.trade,
        "version": route.version,
        "stages": stages,
        "nodes": nodes,
    }


_BLANK = NodeSpec("", "")
LONGEST = 100_000.0
"""Hours of a lot, or minutes of a piece, at most."""


def _pairs(names: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((names or {}).items()))


def _spec(node: Mapping[str, Any]) -> NodeSpec:
    known = set(NodeSpec.__dataclass_fields__)
    unknown = set(node) - known - {"standard_days"}
    if unknown:
        raise RouteFault(
            "unknown-field", node=str(node.get("key")), detail=", ".join(sorted(unknown))
        )
    fields = {k: v for k, v in node.items() if k in known}
    if "standard_days" in node:
        fields.setdefault("standard_hours", float(node["standard_days"]) * 8)
    for name in ("aliases", "after", "alternatives"):
        if not isinstance(fields.get(name, ()), list | tuple):
            raise TypeError(name)
        fields[name] = tuple(str(item) for item in fields.get(name, ()))
    for name in ("standard_hours", "minutes_per_piece"):
        fields[name] = float(fields.get(name, getattr(_BLANK, name)))
    for name in ("key", "name"):
        if not isinstance(fields[name], str) or not fields[name].strip():
            raise TypeError(name)
    for name, value in fields.items():
        plain = type(getattr(_BLANK, name))
        if plain in (bool, str) and type(value) is not plain:
            raise TypeError(name)
    fields["names"] = _pairs(fields.get("names"))
    fields["photo"] = Photo(fields.get("photo", "optional"))
    fields["materials"] = materials_from(fields.get("materials", ()))
    return NodeSpec(**fields)
