"""Docs that say less than the code does, or more, are a fault like any other."""

import argparse
import re
import tomllib
from pathlib import Path
from string import Formatter
from urllib.parse import unquote

import pytest

from adapters.web import sandbox
from adapters.web.server import PARTS
from bot.__main__ import parser
from bot.settings import VERSION, Settings
from domain.events import FACTS
from domain.route import NodeSpec

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "requirements" / "README.md"])
LONGEST = 160
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return CODE.sub("", text(path))


def anchors(path: Path) -> set[str]:
    """What headings are called in links to them."""
    names = (re.sub(r"[^\w\- ]", "", h.lower()) for h in HEADING.findall(prose(path)))
    return {name.replace(" ", "-") for name in names}


every_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """Screenshots are named before they are taken: they may be missing, their folder is known."""
    lost = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        there = (page.parent / name).resolve() if name else page
        if there.parent == DOCS / "pictures":
            assert there.suffix == ".png"
        elif not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(target)
    assert lost == []


@every_page
def test_lines_can_be_read(page: Path) -> None:
    assert [n for n, x in enumerate(text(page).splitlines(), 1) if len(x) > LONGEST] == []


@every_page
def test_every_page_has_one_title(page: Path) -> None:
    assert len(re.findall(r"^# ", prose(page), re.MULTILINE)) == 1


def test_every_page_of_the_docs_is_reached_from_the_index() -> None:
    index = DOCS / "README.md"
    named = {(DOCS / unquote(t).partition("#")[0]).resolve() for t in LINK.findall(prose(index))}
    assert [p for p in DOCS.rglob("*.md") if p != index and p not in named] == []


def commands() -> dict[str, argparse.ArgumentParser]:
    found = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def test_every_command_is_explained() -> None:
    page = text(REFERENCE / "commands.md")
    headings = re.findall(r"^### `(.+)`$", page, re.MULTILINE)
    assert sorted(h.split()[0] for h in headings) == sorted(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_is_explained(name: str) -> None:
    page = text(REFERENCE / "commands.md")
    heading = next(
        h for h in re.findall(r"^### `(.+)`$", page, re.MULTILINE) if h.split()[0] == name
    )
    options = [o for a in commands()[name]._actions for o in a.option_strings if o.startswith("--")]
    assert [o for o in options if o != "--help" and o not in heading] == []


def test_every_make_target_is_explained() -> None:
    phony = re.search(r"^\.PHONY:(.+)$", text(ROOT / "Makefile"), re.MULTILINE)
    assert phony
    built = [
        t for t in phony[1].split() if re.search(rf"^{t}:", text(ROOT / "Makefile"), re.MULTILINE)
    ]
    page = text(REFERENCE / "commands.md")
    assert [t for t in built if f"`make {t}`" not in page] == []


def default_of(field: str) -> str:
    value = Settings.model_fields[field].default
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_setting_is_explained_with_its_default() -> None:
    rows = re.findall(
        r"^\| `VITRINE_(\w+)` \| (\S.*?) \|", text(REFERENCE / "settings.md"), re.MULTILINE
    )
    said = {name.lower(): value.strip("`").replace("empty", "") for name, value in rows}
    assert said == {name: default_of(name) for name in Settings.model_fields}


def test_the_example_shows_the_defaults() -> None:
    rows = re.findall(r"^#VITRINE_(\w+)=(.*)$", text(ROOT / ".env.example"), re.MULTILINE)
    assert {n.lower(): v for n, v in rows} == {n: default_of(n) for n in Settings.model_fields}


def routes() -> list[tuple[str, str]]:
    """Method and path of everything the server answers to, patterns left out."""
    tables = [route for part in (*PARTS, sandbox.ROUTES) for route in part]
    plain = [(r.method, re.sub(r"\{(\w+):[^}]*\}", r"{\1}", r.path)) for r in tables]
    return [*plain, ("GET", "/static")]


def test_every_route_is_explained_and_no_other() -> None:
    named = re.findall(r"`(GET|POST) (/[^`\s]*)`", text(REFERENCE / "http.md"))
    assert sorted(set(named)) == sorted(set(routes()))


def test_every_event_is_in_the_glossary_and_no_other() -> None:
    part = text(DOCS / "glossary.md").partition("## Events")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == sorted(FACTS)


def test_every_field_of_a_node_is_explained() -> None:
    page = text(REFERENCE / "routes.md")
    assert [f for f in NodeSpec.__dataclass_fields__ if f"`{f}`" not in page] == []


def test_every_template_is_named() -> None:
    page = text(REFERENCE / "routes.md")
    names = [p.stem for p in (ROOT / "domain" / "templates").glob("*.toml")]
    assert [n for n in names if f"`{n}`" not in page] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(p.name[:4] for p in (DOCS / "decisions").iterdir())
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda p: p.stem)
def test_a_decision_has_its_parts(page: Path) -> None:
    assert text(page).startswith(f"# {page.stem[:4]} ")
    parts = re.findall(r"^## (.+)$", text(page), re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Alternatives"]


def sentences(language: str) -> dict[str, str | dict[str, str]]:
    found: dict[str, str | dict[str, str]] = {}
    for name in (f"{language}.toml", f"pages.{language}.toml"):
        data = tomllib.loads(text(ROOT / "bot" / "wording" / name))
        found |= {f"{s}.{k}": v for s, rows in data.items() for k, v in rows.items()}
    return found


def gaps(sentence: str | dict[str, str]) -> set[str]:
    forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_catalogues_say_the_same_things_as_decision_0004_promises(language: str) -> None:
    ours, theirs = sentences("zh-CN"), sentences(language)
    assert set(theirs) == set(ours)
    assert [key for key in ours if gaps(ours[key]) != gaps(theirs[key])] == []
    tables = [v for v in theirs.values() if isinstance(v, dict)]
    assert all(set(table) == {"one", "other"} for table in tables)


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{VERSION}]" in text(ROOT / "CHANGELOG.md")
