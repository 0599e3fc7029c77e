"""Charts: texts that stay inside and apart, whatever they are asked to draw; lengths that are true;
nothing that the content policy would refuse.
"""

from collections.abc import Callable
from itertools import pairwise

import pytest
from markupsafe import Markup

from adapters.web.charts.bars import Bar, Part, pareto, stacked
from adapters.web.charts.bars import Step as Cost
from adapters.web.charts.columns import Column, columns
from adapters.web.charts.gantt import Line, Step, gantt
from adapters.web.charts.ranges import Range, ranges
from adapters.web.charts.svg import WIDTH, drawing, fitted, swatch, ticks, width_of, words
from tests.web.drawn import bars, faults, parsed, texts

NAMES = (
    "裁切",
    "激光雕刻与金属围边焊接喷漆装灯老化测试打包一条龙总装工段",
    "Embroidery / print with a very long name that no phone could ever show in one line",
    "🧵 <b>&\"'",
    "",
)
COUNTS = (0, 1, 2, 7, 30, 91, 200)


def name(n: int) -> str:
    return NAMES[n % len(NAMES)]


def _stacked(count: int) -> Markup:
    kinds = ("pending", "in_progress", "delayed", "to_confirm")

    def parts(n: int) -> tuple[Part, ...]:
        size = 10 ** (n % 5)
        return tuple(Part(k, (n + j) % 4 * size, f"{k} {n}") for j, k in enumerate(kinds))

    rows = [Bar(name(n), parts(n), f"{n} 单", 3.0 if n % 3 else None) for n in range(count)]
    return stacked("k", "标题", "", rows)


def _pareto(count: int) -> Markup:
    rows = [
        Cost(name(n), 100 / count, 100 / count * (n + 1), "4 单 · 6.5 天 · 累计 48%")
        for n in range(count)
    ]
    return pareto("k", "标题", "说明", rows)


def _columns(count: int) -> Markup:
    rows = [
        Column(f"{n % 12 + 1}/{n % 28 + 1}", (("done", n % 5), ("delayed", n % 3)), n % 7, "说明")
        for n in range(count)
    ]
    return columns("k", "标题", "", rows)


def _ranges(count: int) -> Markup:
    rows = [
        Range(
            name(n),
            n / 10,
            n / 5,
            n / 3,
            n / 4,
            n / 6 if n % 2 else None,
            "2.1 天 · 12 次",
            n % 2 > 0,
        )
        for n in range(count)
    ]
    return ranges("k", "标题", "", rows, "天")


def _gantt(count: int, **more: float) -> Markup:
    rows = [
        Step(
            name(n), "done" if n % 2 else "delayed", (n / 250, n / 250 + 0.1),
            (n / 250, n / 250 + 0.2) if n % 3 else None, (0.8, 0.9) if n % 4 else None,
            (((0.1, 0.2), "delayed"), ((0.3, 0.31), "to_confirm")),
        )
        for n in range(count)
    ]  # fmt: skip
    days = [(n / 20, f"11/{n + 1}") for n in range(20)]
    lines = [Line(0.97, "now", "现在"), Line(0.99, "due", "交期 周四 11/26")]
    return gantt("k", "标题", "", rows, days=days, off=[(0.2, 0.3)], lines=lines, **more)  # type: ignore[arg-type]


def _wide(count: int) -> Markup:
    return _gantt(count, width=1000.0, column=150.0)


CHARTS: tuple[Callable[[int], Markup], ...] = (_stacked, _pareto, _columns, _ranges, _gantt, _wide)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("chart", CHARTS)
def test_texts_stay_inside_and_apart(chart: Callable[[int], Markup], count: int) -> None:
    assert faults(chart(count)) == []


def test_texts_that_leave_or_meet_are_seen() -> None:
    parts = [
        words(300, 13, "太靠右的一句话", room=200),
        words(0, 13, "甲乙丙"),
        words(20, 16, "丁"),
    ]
    assert len(faults(drawing("k", "t", "", 20, parts))) == 2


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_a_picture_with_a_name_and_no_style_of_its_own(
    chart: Callable[[int], Markup],
) -> None:
    root = parsed(chart(5))
    assert root.get("role") == "img"
    named = (root.get("aria-labelledby") or "").split()
    ids = {e.get("id"): e for e in root.iter() if e.get("id")}
    assert named
    assert all(n in ids for n in named)
    assert ids[named[0]].text == "标题"
    for element in root.iter():
        assert element.tag not in ("script", "style")
        assert not {"style", "onclick", "onload"} & set(element.keys())
        assert not (element.get("fill") or "").startswith("#")


def test_what_people_wrote_is_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    chart = stacked("k", evil, evil, [Bar(evil, (Part("done", 1, "", evil),), "1")])
    assert "<script" not in chart
    assert evil in {e.text for e in parsed(chart).iter("title")}


def test_a_text_that_was_cut_says_so_and_has_the_whole_as_its_tooltip() -> None:
    long = NAMES[1]
    drawn = parsed(drawing("k", "t", "", 20, [words(0, 13, long, room=100)]))
    (text,) = drawn.iter("text")
    shown = text[0].tail or ""
    assert shown.endswith("…")
    assert width_of(shown) <= 100
    assert text[0].text == long
    assert fitted(long, 5) == ""
    assert fitted("裁切", 100) == "裁切"


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    chart = stacked("k", "t", "", [
        Bar("a", (Part("pending", 1), Part("delayed", 3))), Bar("b", (Part("delayed", 2),)),
    ])  # fmt: skip
    (pending,) = bars(chart, "f-pending")
    first, second = bars(chart, "f-delayed")
    assert pending == (0, WIDTH / 4)
    assert first == (WIDTH / 4, WIDTH * 3 / 4)
    assert second == (0, WIDTH / 2)


def test_a_cause_and_the_sum_up_to_it() -> None:
    chart = pareto("k", "t", "", [Cost("a", 60, 60), Cost("b", 40, 100)])
    assert [w for _, w in bars(chart, "f-delayed")] == [WIDTH * 0.6, WIDTH * 0.4]
    assert [w for _, w in bars(chart, "sum")] == pytest.approx([WIDTH * 0.6 - 1, WIDTH - 1])


def test_states_differ_without_colour() -> None:
    kinds = ("pending", "in_progress", "done", "delayed", "to_confirm")
    shapes = {
        k: tuple(
            e.tag + (e.get("d") or "") for p in parsed(swatch("k", k)).iter("pattern") for e in p
        )
        for k in kinds
    }
    patterned = [shapes[k] for k in kinds if shapes[k]]
    assert len(patterned) == len(set(patterned)) == 3
    assert shapes["pending"] == shapes["done"] == ()  # one is paper, the other the darkest fill


def test_columns_show_the_newest_date_and_as_many_as_have_room() -> None:
    shown = [b.text for b in texts(_columns(30)) if "/" in b.text]
    assert "6/2" in shown
    assert 4 <= len(shown) <= 12


def test_the_words_of_lines_that_meet_are_pushed_apart() -> None:
    shown = {b.text: b for b in texts(_gantt(1))}
    now, due = shown["现在"], shown["交期 周四 11/26"]
    assert now.right < due.left
    assert due.right <= WIDTH + 0.6


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, [0, 1]),
        (1, [0, 0.25, 0.5, 0.75, 1]),
        (3, [0, 1, 2, 3]),
        (95, [0, 50, 100]),
        (0.04, None),
        (1e6, None),
    ],
)
def test_ticks_are_round_and_reach_the_top(most: float, expected: list[float] | None) -> None:
    found = ticks(most)
    assert found[0] == 0
    assert found[-1] >= most
    assert len(found) <= 6
    steps = {round(b - a, 9) for a, b in pairwise(found)}
    assert len(steps) == 1
    if expected is not None and most != 1:
        assert found == expected
