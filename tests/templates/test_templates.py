"""Every trade's route can be worked, speaks three languages and calls no two nodes by one name."""

import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest

from domain.route import NodeSpec, Photo, Route, Stage, from_dict, from_toml, to_dict

FOLDER = Path(__file__).parents[2] / "domain" / "templates"
FILES = sorted(FOLDER.glob("*.toml"))
ROLES = {"", "customer", "manager", "operator"}

# Said of two nodes on the floor; a report with only this word has to be asked about.
ON_PURPOSE = {"printing": {"切纸": {"material", "trim"}}}


def route(key: str) -> Route:
    return from_toml((FOLDER / f"{key}.toml").read_text(encoding="utf-8"))


def fold(word: str) -> str:
    return "".join(unicodedata.normalize("NFKC", word).lower().split())


def words(spec: NodeSpec) -> set[str]:
    said = (spec.name, *spec.aliases, *(name for _, name in spec.names))
    return {fold(word) for word in said}


def test_the_seven_trades_are_there() -> None:
    trades = {from_toml(f.read_text(encoding="utf-8")).trade for f in FILES}
    assert trades == {
        "garment",
        "sign",
        "furniture",
        "jewellery",
        "pcb",
        "printing",
        "printing3d",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
class TestEveryFile:
    def test_is_a_route_and_survives_storing(self, path: Path) -> None:
        read = from_toml(path.read_text(encoding="utf-8"))
        assert read.key == path.stem
        assert from_dict(to_dict(read)) == read
        assert 8 <= len(read.nodes) <= 13

    def test_speaks_three_languages(self, path: Path) -> None:
        read = from_toml(path.read_text(encoding="utf-8"))
        both: list[NodeSpec | Stage] = [*read.nodes, *read.stages]
        for named in both:
            assert {"en", "zh-TW"} <= dict(named.names).keys(), named.key
            assert named.called("en").isascii(), named.key
            assert all(value.strip() for _, value in named.names)

    def test_every_node_is_shown_under_a_stage_and_no_stage_is_empty(self, path: Path) -> None:
        read = from_toml(path.read_text(encoding="utf-8"))
        assert 5 <= len(read.stages) <= 7
        assert {n.stage for n in read.nodes} == {s.key for s in read.stages}
        assert {n.stage for n in read.nodes if n.customer_visible} == {s.key for s in read.stages}

    def test_stages_come_in_the_order_of_the_nodes(self, path: Path) -> None:
        read = from_toml(path.read_text(encoding="utf-8"))
        first_seen = list(dict.fromkeys(n.stage for n in read.nodes))
        assert first_seen == [s.key for s in read.stages]

    def test_no_word_means_two_nodes_by_accident(self, path: Path) -> None:
        read = from_toml(path.read_text(encoding="utf-8"))
        meant: dict[str, set[str]] = defaultdict(set)
        for spec in read.nodes:
            for word in words(spec):
                meant[word].add(spec.key)
        twice = {word: keys for word, keys in meant.items() if len(keys) > 1}
        assert twice == ON_PURPOSE.get(read.key, {})

    def test_no_alias_is_written_twice_in_a_node(self, path: Path) -> None:
        for spec in from_toml(path.read_text(encoding="utf-8")).nodes:
            assert len({fold(a) for a in spec.aliases}) == len(spec.aliases), spec.key

    def test_ends_with_one_shipping_after_inspection(self, path: Path) -> None:
        read = from_toml(path.read_text(encoding="utf-8"))
        assert [n.key for n in read.nodes if n.shipping] == [read.nodes[-1].key]
        inspections = {n.key for n in read.nodes if n.inspection}
        assert inspections
        assert inspections <= read.earlier(read.nodes[-1].key)
        assert read.earlier(read.nodes[-1].key) == set(read.keys()[:-1])

    def test_says_when_a_node_is_complete_and_who_does_it(self, path: Path) -> None:
        read = from_toml(path.read_text(encoding="utf-8"))
        assert [n.key for n in read.nodes if n.core], "one process is the trade's own"
        for spec in read.nodes:
            assert spec.criteria.endswith("。"), spec.key
            assert spec.criteria.count("。") == 1, spec.key
            assert spec.team, spec.key
            assert spec.confirmed_by in ROLES, spec.key
            assert spec.hours(100) > 0, spec.key
            assert not spec.first_article or spec.confirmed_by == "manager", spec.key


def test_garment_is_the_nine_nodes() -> None:
    expected = ["confirm", "material", "cut", "emb", "sew", "finish", "qc", "pack", "ship"]
    assert list(route("garment").keys()) == expected
    days = [n.standard_hours / 8 for n in route("garment").nodes]
    assert days == [0.5, 2, 1, 1.5, 3, 1, 0.5, 0.5, 0.5]


def test_garment_turns_green_at_once() -> None:
    for spec in route("garment").nodes:
        assert not spec.confirmed_by
        assert not spec.first_article
        assert spec.photo is (Photo.WANTED if spec.inspection else Photo.OPTIONAL)


@pytest.mark.parametrize(
    ("sister", "without"), [("garment-no-embroidery", "emb"), ("bag", "finish")]
)
def test_the_sisters_of_garment_leave_one_node_out(sister: str, without: str) -> None:
    whole = [n for n in route("garment").nodes if n.key != without]
    left = route(sister).nodes
    assert [n.key for n in left] == [n.key for n in whole]
    assert [words(n) for n in left] == [words(n) for n in whole]
    assert [n.hours(100) for n in left] == [n.hours(100) for n in whole]


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [("furniture", "hardware", "cut"), ("sign", "power", "face"), ("jewellery", "stones", "model")],
)
def test_what_is_done_side_by_side(key: str, one: str, other: str) -> None:
    read = route(key)
    assert one not in read.earlier(other)
    assert other not in read.earlier(one)


@pytest.mark.parametrize("key", ["sign", "furniture", "jewellery", "pcb", "printing", "printing3d"])
def test_the_customer_confirms_the_artwork_and_the_manager_the_first_article(key: str) -> None:
    read = route(key)
    assert [n.key for n in read.nodes if n.confirmed_by == "customer"]
    assert [n.key for n in read.nodes if n.first_article]
