"""What routes say of materials."""

from typing import Any

import pytest

from domain.amounts import for_pieces
from domain.errors import RouteFault
from domain.materials import Material
from domain.route import from_dict, from_toml, to_dict

NODE = {"key": "a", "name": "A"}


def route(*materials: object) -> dict[str, Any]:
    return {"key": "r", "name": "R", "nodes": [NODE | {"materials": list(materials)}]}


def test_materials_are_read_and_written_the_same() -> None:
    read = from_toml(
        'key = "r"\nname = "R"\n[[nodes]]\nkey = "a"\nname = "A"\n[[nodes.materials]]\n'
        'item = "罗纹"\nper_piece = 0.11\nunit = "kg"\nsupplier = "林记"\ndays = 2\n'
        '[[nodes.materials]]\nitem = "扣"\nper_piece = 6\n'
    )
    assert read.nodes[0].materials == (
        Material("罗纹", "0.11", "kg", "林记", 2),
        Material("扣", "6"),
    )
    assert from_dict(to_dict(read)) == read


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("罗纹", "malformed"),
        ({"item": "罗纹"}, "malformed"),
        ({"item": " ", "per_piece": 1}, "malformed"),
        ({"item": 3, "per_piece": 1}, "malformed"),
        ({"item": "罗纹", "per_piece": True}, "malformed"),
        ({"item": "罗纹", "per_piece": 1, "supplier": 5}, "malformed"),
        ({"item": "罗纹", "per_piece": 0}, "wrong-material"),
        ({"item": "罗纹", "per_piece": -1}, "wrong-material"),
        ({"item": "罗纹", "per_piece": float("nan")}, "wrong-material"),
        ({"item": "罗纹", "per_piece": float("inf")}, "wrong-material"),
        ({"item": "罗纹", "per_piece": "much"}, "wrong-material"),
        ({"item": "罗纹", "per_piece": 1, "days": -1}, "wrong-material"),
        ({"item": "罗纹", "per_piece": 1, "days": 1.5}, "wrong-material"),
        ({"item": "罗纹", "per_piece": 1, "price": 3}, "unknown-field"),
    ],
)
def test_what_is_no_material(row: object, code: str) -> None:
    with pytest.raises(RouteFault) as fault:
        from_dict(route(row))
    assert fault.value.code == code


def test_a_list_is_wanted() -> None:
    with pytest.raises(RouteFault):
        from_dict({"key": "r", "name": "R", "nodes": [NODE | {"materials": "罗纹"}]})


@pytest.mark.parametrize(
    ("each", "pieces", "wanted"),
    [("0.11", 180, "19.8"), ("0.115", 3, "0.35"), ("6", 200, "1200"), ("0.001", 1, "0.01")],
)
def test_amounts_for_pieces_are_rounded_up(each: str, pieces: int, wanted: str) -> None:
    assert for_pieces(each, pieces) == wanted
