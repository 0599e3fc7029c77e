"""What customers abroad call the nodes of a world's routes."""

from typing import Any

import pytest

from bot.naming import named
from bot.worlds import template, templates
from domain.route import NodeSpec, Route, from_dict


def route(*nodes: dict[str, Any], **more: Any) -> Route:
    keyed = [{"key": f"n{n}", **node} for n, node in enumerate(nodes)]
    plain = from_dict({"key": "mine", "name": "我们的", "nodes": keyed, **more})
    return named(plain, map(template, templates()))


def called(spec: NodeSpec) -> tuple[str, str]:
    return spec.called("en"), spec.called("zh-TW")


@pytest.mark.parametrize(
    ("name", "aliases", "english", "traditional"),
    [
        ("车缝", [], "Sewing", "車縫"),
        ("绣花/印花", [], "Embroidery / print", "繡花/印花"),
        # an alias of ours: the English of our node, the factory's own word in zh-TW
        ("出货", [], "Shipping", "出貨"),
        ("打磨件", ["打磨"], "Sanding", "打磨件"),
        # its own word, where ours means two things
        ("绣花", ["电绣", "embroidery"], "Embroidery", "繡花"),
        ("压铸", ["QA", "die casting"], "Die casting", "壓鑄"),
        ("压铸", ["CNC"], "CNC", "壓鑄"),
        ("压铸", [], "压铸", "壓鑄"),
        ("Cutting", [], "Cutting", "Cutting"),
    ],
)
def test_a_node(name: str, aliases: list[str], english: str, traditional: str) -> None:
    (spec,) = route({"name": name, "aliases": aliases}).nodes
    assert called(spec) == (english, traditional)
    assert spec.name == name


def test_the_nearest_trade_lends_its_words() -> None:
    """裁切 is cutting where shirts are sewn, and trimming where books are bound."""
    sewn = route({"name": "裁切"}, {"name": "车缝"})
    bound = route({"name": "裁切"}, {"name": "装订/糊盒"}, {"name": "覆膜"})
    assert sewn.nodes[0].called("en") == "Cutting"
    assert bound.nodes[0].called("en") == "Trimming"


def test_what_the_factory_says_itself_stays() -> None:
    (spec,) = route({"name": "车缝", "names": {"en": "Stitching"}}).nodes
    assert called(spec) == ("Stitching", "車縫")


def test_stages_too() -> None:
    stages = [{"key": "a", "name": "缝制"}, {"key": "b", "name": "后段处理"}]
    found = route({"name": "车缝", "stage": "a"}, stages=stages).stages
    assert [(s.called("en"), s.called("zh-TW")) for s in found] == [
        ("Sewing", "縫製"),
        ("后段处理", "後段處理"),
    ]


def test_ours_are_complete() -> None:
    for key in templates():
        ours = template(key)
        assert named(ours, map(template, templates())) is ours
