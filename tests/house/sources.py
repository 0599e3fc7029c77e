"""The house's own source files, read once: what the rules of the house are checked against."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "adapters", "storage", "scheduler", "domain")


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The first part of its name."""
        return self.name.partition(".")[0]

    @property
    def lines(self) -> list[str]:
        """Its lines, counted from 0."""
        return self.text.splitlines()


@cache
def modules() -> tuple[Module, ...]:
    """All Python files of the five rooms. Migrations are written by a machine and not read here."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "versions" in path.parts:
                continue
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            text = path.read_text(encoding="utf-8")
            found.append(Module(name, path, text, ast.parse(text)))
    return tuple(found)


def imports(module: Module) -> list[tuple[str, ast.stmt]]:
    """Every module that a file imports, wherever it does, and the statement.

    `from a import b` names `a.b` where that is a file of ours, else `a`.
    """
    ours = {m.name for m in modules()}
    found: list[tuple[str, ast.stmt]] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.append((inner if inner in ours else base, node))
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected parts of more than one node (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in graph.get(name, ()):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            place = stack.index(name)
            part, stack[place:] = stack[place:], []
            if len(part) > 1 or name in graph.get(name, ()):
                found.append(sorted(part))

    for name in graph:
        if name not in index:
            visit(name)
    return found
