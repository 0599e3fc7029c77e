"""What customers abroad call the nodes and stages of a route that names them in one language only.

Our own templates lend their words where a node is called the same; where they do not, English takes
the node's own Latin alias and zh-TW writes the factory's own word in traditional characters.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from domain.route import NodeSpec, Route, Stage

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z][A-Za-z '/&-]*")
_PLAIN = re.compile(r"[a-z][a-z '/&-]{2,}")
BOTH = "/"
"""Stands between two kinds of work in one name: 绣花/印花."""


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class _Called:
    """A node or stage of ours, with its words."""

    name: str
    aliases: frozenset[str]
    names: tuple[tuple[str, str], ...]


def named(route: Route, ours: Iterable[Route]) -> Route:
    """The route with names in English and zh-TW wherever it gives none. Its own words stay."""
    if all(map(_complete, route.nodes)) and all(map(_complete, route.stages)):
        return route
    lent = _nearest(route, ours)
    nodes = [n for r in lent for n in r.nodes]
    called = [_Called(n.name, frozenset(map(str.casefold, n.aliases)), n.names) for n in nodes]
    stages = [_Called(s.name, frozenset(), s.names) for r in lent for s in r.stages]
    return replace(
        route,
        nodes=tuple(replace(n, names=_names(n, n.aliases, called)) for n in route.nodes),
        stages=tuple(replace(s, names=_names(s, (), [*stages, *called])) for s in route.stages),
    )


def _complete(thing: NodeSpec | Stage) -> bool:
    return not _CHINESE.search(thing.name) or {"en", "zh-TW"} <= dict(thing.names).keys()


def _nearest(route: Route, ours: Iterable[Route]) -> list[Route]:
    """The route that shares the most names first: a cut is no trim, and both are 裁切."""
    names = {n.name for n in route.nodes}
    return sorted(
        ours,
        key=lambda r: (-len(names & {n.name for n in r.nodes}), r.trade != route.trade, r.key),
    )


def _names(
    thing: NodeSpec | Stage, aliases: Sequence[str], ours: Sequence[_Called]
) -> tuple[tuple[str, str], ...]:
    names = dict(thing.names)
    if _complete(thing):
        return thing.names
    same: dict[str, str] = next((dict(o.names) for o in ours if o.name == thing.name), {})
    english = same.get("en") or _english(thing.name, aliases, ours)
    found = {"zh-TW": same.get("zh-TW") or _traditional(thing.name), "en": english}
    return tuple(sorted(({k: v for k, v in found.items() if v} | names).items()))


def _english(name: str, aliases: Sequence[str], ours: Sequence[_Called]) -> str:
    """By our node that has this name as an alias; by an alias of its own; by aliases shared."""
    own = frozenset(a.casefold() for a in aliases)
    meant = [o for o in ours if name.casefold() in o.aliases or o.name.casefold() in own]
    exact = [o for o in meant if (BOTH in o.name) == (BOTH in name)]
    latin = [a for a in aliases if _LATIN.fullmatch(a)]
    word = next((a for a in latin if _PLAIN.fullmatch(a)), latin[0] if latin else "")
    shared = sorted((o for o in ours if o.aliases & own), key=lambda o: -len(o.aliases & own))
    lent = [dict(o.names).get("en", "") for o in (*exact, *([] if word else (*meant, *shared)))]
    return next(filter(None, lent), word[:1].upper() + word[1:])


def _traditional(name: str) -> str:
    return _converter().convert(name)


@lru_cache(1)
def _converter() -> _Converter:
    import opencc  # lazy: only a route without names of its own needs it

    converter: _Converter = opencc.OpenCC("s2tw")
    return converter
