"""The rules of the house, kept by a machine: houses that trust to taste end in circles of files.

import-linter says the first of them too; here they are said without it, with their reasons.
"""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.sources import ROOMS, ROOT, Module, circles, imports, modules

MAY_USE = {
    "bot": set(ROOMS),
    "adapters": {"adapters", "domain"},
    "storage": {"storage", "domain"},
    "scheduler": {"scheduler", "domain"},
    "domain": {"domain"},
}
LONGEST = 400
"""Lines of a file: what one can keep in one's head, and a third above what we aim at."""

every_module = pytest.mark.parametrize("module", modules(), ids=lambda m: str(m.name))


def test_there_is_a_house_to_check() -> None:
    """An empty list would make all the rules below true."""
    names = {m.name for m in modules()}
    assert {"domain.order", "storage.store", "bot.talk", "adapters.chat.port"} <= names
    assert {m.room for m in modules()} == set(ROOMS)


@every_module
def test_rooms_know_the_rooms_below_them_only(module: Module) -> None:
    """bot → adapters, storage, scheduler → domain. A door that knew another could not be replaced
    without it.
    """
    ours = {name.partition(".")[0] for name, _ in imports(module)} & set(ROOMS)
    assert ours <= MAY_USE[module.room]


@every_module
def test_nothing_of_the_house_leans_on_its_tests(module: Module) -> None:
    """What ships must run where the tests are not."""
    roots = {name.partition(".")[0] for name, _ in imports(module)}
    assert not roots & {"tests", "pytest", "hypothesis"}


@pytest.mark.parametrize(
    "module", [m for m in modules() if m.room == "domain"], ids=lambda m: str(m.name)
)
def test_the_factory_knows_the_standard_library_only(module: Module) -> None:
    """The rules of the factory outlive every library, and are tested without any of them."""
    roots = {name.partition(".")[0] for name, _ in imports(module)}
    assert roots <= set(sys.stdlib_module_names) | {"domain"}
    waits = {"asyncio", "socket", "sqlite3", "threading", "subprocess", "urllib", "http", "time"}
    assert not roots & waits  # no I/O, no waiting, no clock: time is a parameter
    clocks = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")
    ]  # fmt: skip
    assert clocks == []


@every_module
def test_no_type_checking_and_no_relative_imports(module: Module) -> None:
    """`if TYPE_CHECKING` hides circles instead of breaking them; relative imports hide rooms."""
    assert "TYPE_CHECKING" not in {n.id for n in ast.walk(module.tree) if isinstance(n, ast.Name)}
    levels = [n.level for n in ast.walk(module.tree) if isinstance(n, ast.ImportFrom)]
    assert not any(levels)


def _inner(module: Module) -> list[ast.stmt]:
    """Imports that do not run with the file."""
    found: list[ast.stmt] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            found += [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
    return list(dict.fromkeys(found))


def _reason(module: Module, statement: ast.stmt) -> str:
    """The comment beside a statement or on the line above it, linters' marks apart."""
    own = module.lines[statement.lineno - 1 : statement.end_lineno or statement.lineno]
    above = module.lines[statement.lineno - 2].strip() if statement.lineno > 1 else ""
    said = " ".join(line.partition("#")[2] for line in own if "#" in line)
    if above.startswith("#"):
        said += above.lstrip("# ")
    return re.sub(r"(noqa|type: ignore)\S*( [A-Z]+\d+)?|[\s#-]+", " ", said).strip()


@every_module
def test_an_import_inside_a_function_gives_its_reason_and_is_none_of_ours(module: Module) -> None:
    """A heavy library may be loaded when it is first needed. A file of ours is never heavy: there
    an inner import hides a circle.
    """
    inner = _inner(module)
    assert [n.lineno for n in inner if len(_reason(module, n)) < 8] == []
    hidden = [name for name, node in imports(module) if node in inner]
    assert [name for name in hidden if name.partition(".")[0] in ROOMS] == []


def test_no_circle_of_files() -> None:
    """Files in a circle can only be understood, tested and moved together."""
    ours = {m.name for m in modules()}
    graph = {m.name: {name for name, _ in imports(m)} & ours for m in modules()}
    assert circles(graph) == []


def test_circles_are_found() -> None:
    """The check above would see one."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"e"}}
    assert circles(graph) == [["a", "b", "c"], ["e"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@every_module
def test_every_file_says_why_it_is_there(module: Module) -> None:
    """The first thing that a reader of a file asks."""
    assert ast.get_docstring(module.tree)


@every_module
def test_no_file_is_too_long(module: Module) -> None:
    """Beyond it two things live in one file."""
    assert len(module.lines) <= LONGEST


def test_no_package_files() -> None:
    """An `__init__` invites re-exports, and re-exports hide where a thing lives."""
    assert [p for room in (*ROOMS, "tests") for p in (ROOT / room).rglob("__init__.py")] == []


def tracked() -> list[Path]:
    """What is in the repository; without git (an unpacked release) there is nothing to ask."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


FOREIGN = re.compile(
    r"(?<![\w.])/(?:work|root|home|Users)/[\w.-]+/"  # a path of somebody's machine
    r"|--(?:(?:extra-)?index-[u]rl|trusted-[h]ost|find-[l]inks)"
    r"|https?://[\w.:@-]*(?:py[p]i|python[h]osted|artifactory|nexus|devpi)[\w.-]*(?:/|\b)"
    r"|https?://[^\s\"']+/simple/?(?=[\s\"']|$)",
    re.MULTILINE,
)


@pytest.mark.parametrize(
    "text",
    [
        "/" + "home/me/vitrine/x",
        "pip install --" + "index-url x",
        "https://mirror.example/" + "simple",
        "https://" + "py" + "pi.org/simple/aiohttp/",
    ],
)
def test_traces_of_a_machine_are_recognised(text: str) -> None:
    assert FOREIGN.search(text)


def test_no_file_names_a_machine_or_a_package_index() -> None:
    """What is built here is built anywhere, behind any mirror; and nobody's folders are anybody's
    business.
    """
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in FOREIGN.finditer(text)]
    assert found == []


LOCKS = ("bootstrap.txt", "runtime.lock", "dev.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_locks_carry_hashes_and_no_addresses(name: str) -> None:
    """A hash says what is installed; an address would say from where, and that is the machine's."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in text
    wanted = re.sub(r" \\\n\s+", " ", text).splitlines()
    pins = [line for line in wanted if line.strip() and not line.startswith("#")]
    assert pins
    for pin in pins:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", pin), pin


def test_what_is_needed_is_locked() -> None:
    """The locks are written from pyproject.toml; forgetting to is found here, not at the user's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for lock, wanted in (
        ("runtime.lock", project["project"]["dependencies"]),
        ("dev.lock", project["dependency-groups"]["dev"]),
    ):
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8").lower()
        pinned = set(re.findall(r"^([a-z0-9._-]+)", text, re.MULTILINE))
        names = {re.split(r"[<>=!~\[;, ]", need)[0].lower() for need in wanted}
        assert names <= pinned


def test_the_example_names_exactly_the_settings() -> None:
    """Every switch stands in `.env.example`, and nothing that is none: it is the reference."""
    from bot.settings import Settings  # here, so that a broken one fails this test only

    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^\s*#?\s*(VITRINE_[A-Z0-9_]+)\s*=", text, re.MULTILINE)
    assert sorted(named) == sorted(f"VITRINE_{field.upper()}" for field in Settings.model_fields)
