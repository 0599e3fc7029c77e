"""How a decision is judged against an expected one: never apply what was not said comes first."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.understanding.cases import decision_to_json, message_from_case, world_from_json
from bot.understanding.understand import understand
from bot.understanding.world import World

FIXTURES = Path(__file__).parent / "fixtures"
TRADES = ("garment", "sign", "pcb", "shop")


@dataclass(frozen=True)
class Verdict:
    case: dict[str, Any]
    got: dict[str, Any]
    right: bool
    slots: bool | None
    wrong_apply: bool


@cache
def world(trade: str) -> World:
    return world_from_json(json.loads((FIXTURES / f"world-{trade}.json").read_text("utf-8")))


def cases(trade: str) -> list[dict[str, Any]]:
    lines = (FIXTURES / f"cases-{trade}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def judge(trade: str, case: dict[str, Any]) -> Verdict:
    expect = case["expect"]
    got = decision_to_json(understand(world(trade), message_from_case(case)))
    right = got["decision"] == expect["decision"]
    slots = _slots(expect, got) if right else None
    over = got["decision"] == "apply" and (not right or slots is False)
    return Verdict(case, got, right, slots, over)


def _slots(expect: dict[str, Any], got: dict[str, Any]) -> bool | None:
    if expect["decision"] == "apply":
        return _same_updates(expect["updates"], list(got["updates"]))
    if "candidates" in expect:
        return set(expect["candidates"]) <= set(got.get("candidates", ()))
    if "query" in expect:
        return all(got["query"].get(key) == value for key, value in expect["query"].items())
    return None


def _same_updates(expected: list[dict[str, Any]], got: list[dict[str, Any]]) -> bool:
    """Each expected update lists only the fields that are judged."""
    if len(expected) != len(got):
        return False
    for update in expected:
        match = next((g for g in got if all(g.get(k) == v for k, v in update.items())), None)
        if match is None:
            return False
        got.remove(match)
    return True
