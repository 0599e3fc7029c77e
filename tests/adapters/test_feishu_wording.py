"""Every check and alarm of Feishu has its words in every language, with what fills them."""

import ast
import tomllib
from pathlib import Path
from string import Formatter

import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "adapters" / "chat" / "feishu"
LANGUAGES = ("zh-CN", "zh-TW", "en")
CHECKS = {
    "feishu.reachable": set(),
    "feishu.credentials": set(),
    "feishu.bot": {"name"},
    "feishu.group-messages": set(),
    "feishu.events": set(),
    "feishu.budget": {"used", "limit"},
}
ALARMS = {
    "feishu.credentials": set(),
    "feishu.connections": set(),
    "feishu.permission": {"code"},
    "feishu.budget": {"used", "limit"},
    "feishu.budget-over": {"used", "limit"},
}


def words(language: str) -> dict[str, dict[str, str]]:
    text = (ROOT / "bot" / "wording" / f"feishu.{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_checks_and_alarms_have_words(language: str) -> None:
    found = words(language)
    assert set(found) == {"check", "alarm"}
    assert set(found["check"]) == {f"{c}{end}" for c in CHECKS for end in ("", ".todo")}
    assert set(found["alarm"]) == set(ALARMS)
    for code, facts in CHECKS.items():
        assert fields(found["check"][code]) == facts
        assert fields(found["check"][f"{code}.todo"]) <= facts
    for code, facts in ALARMS.items():
        assert fields(found["alarm"][code]) == facts


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_placeholders_are_the_same_in_every_language() -> None:
    first, *others = (words(language) for language in LANGUAGES)
    for section, rows in first.items():
        for key, sentence in rows.items():
            assert all(fields(other[section][key]) == fields(sentence) for other in others)


def test_the_code_names_no_other_checks_and_alarms() -> None:
    checks, alarms = set(), set()
    for path in CODE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            first = node.args[0]
            if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                continue
            if name == "Check":
                checks.add(first.value)
            elif name in {"alarm", "_alarm"}:
                alarms.add(f"feishu.{first.value}")
    assert checks == set(CHECKS)
    assert alarms == set(ALARMS)
