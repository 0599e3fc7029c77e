"""The cards hold what they are given: in every state, language and theme, and at any length."""

import io
from itertools import combinations
from xml.etree import ElementTree

import pytest
from PIL import Image

from bot.pictures import theme as themes
from bot.pictures.canvas import Canvas
from bot.pictures.cards import ProgressCard, Step, columns, draw_progress, progress_canvas
from bot.pictures.digest import DigestCard, DigestSection, digest_canvas, draw_digest
from bot.pictures.photos import contact_sheet, sheet_canvas, tile
from bot.pictures.theme import DARK, LIGHT, STATES, Theme


def photo(colour: str = "#884422", size: tuple[int, int] = (1600, 1200)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


CHINESE = ProgressCard(
    title="A102 · 连帽卫衣 左胸绣 120 件",
    focal="预计 周六 11/28 发货",
    subtitle="比约定早 1 天 · 更新于 10:24",
    badge="▲2 偏差 12%",
    steps=(
        Step("备料", "done", "已完成"),
        Step("裁切", "delayed", "有延误", "晚 1 天"),
        Step("绣花/印花", "in_progress", "进行中", "50/120"),
        Step("首件确认", "to_confirm", "待确认"),
        Step("车缝", "pending", "待开始"),
    ),
    facts=(("下一步", "车缝，预计周四 11/26"), ("约定交期", "周日 11/29")),
    footer="11/24 周二 10:24 · 禾禾定制服饰",
)
TRADITIONAL = ProgressCard(
    title="A107 · 衝鋒衣 反光印 50 件",
    focal="等您確認收貨地址",
    steps=(Step("車縫", "done", "已完成"), Step("發貨", "to_confirm", "待確認", "收貨地址")),
    photos=(photo(),),
    language="zh-TW",
)
ENGLISH = ProgressCard(
    title="A104 · Baseball caps, 3D embroidery, 200 pcs",
    focal="Now expected Sat Nov 28",
    subtitle="1 day later than promised",
    steps=tuple(Step(f"Embroidery {i}", s, "Needs confirmation") for i, s in enumerate(STATES)),
    facts=(("Promised", "Fri Nov 27"),),
    photos=(photo(), photo("#222266"), photo("#226622", (300, 900))),
    footer="Tue Nov 24, 10:24",
    language="en",
)
LONG = ProgressCard(
    title="CPO-20260318-A1 · " + "Heavyweight brushed fleece " * 9,
    focal="Antidisestablishmentarianism " * 9,
    subtitle='<b>&amp;</b> "\'" ]]> 🚚 ' * 30,
    badge="▲3 " + "deviation " * 9,
    steps=tuple(
        Step(f"Confirmation of step {i}", STATES[i % 5], "Wartet auf Freigabe", "1,000/12,000")
        for i in range(12)
    ),
    facts=(("A rather long label, longer than it should be", "word " * 80),) * 9,
    photos=(photo(),) * 9,
    footer="footer " * 99,
)
EMPTY = ProgressCard(title="", focal="")
CARDS = [CHINESE, TRADITIONAL, ENGLISH, LONG, EMPTY]

DIGEST = DigestCard(
    title="11/24 周一晨会",
    subtitle="在产 11 单 · 今日到期 1",
    sections=(
        DigestSection("delayed", "需要拍板 1", ("1. A103 园服180套｜备料晚1天" * 12, "2. A104")),
        DigestSection("to_confirm", "等确认 2", ("A107 收货地址（客户）",)),
        DigestSection("done", "昨天完成 5 · 准时率 92%"),
        DigestSection("pending", "Nobody reported for two hours " * 9),
    ),
    footer="禾禾定制服饰",
)


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def nothing_overlaps(canvas: Canvas) -> None:
    for spot in canvas.spots:
        assert spot.left >= 24, spot
        assert spot.right <= canvas.width - 24 + 0.01, spot
        assert spot.top >= 24, spot
        assert spot.bottom <= canvas.height - 24, spot
    for a, b in combinations(canvas.spots, 2):
        apart = a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
        assert apart, (a, b)


@pytest.mark.parametrize("card", CARDS, ids=["zh-CN", "zh-TW", "en", "long", "empty"])
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_its_place(card: ProgressCard, theme: Theme) -> None:
    canvas = progress_canvas(card, theme)
    nothing_overlaps(canvas)
    ElementTree.fromstring(canvas.svg())
    assert all(size >= 28 for size in sizes(canvas))


def sizes(canvas: Canvas) -> list[float]:
    root = ElementTree.fromstring(canvas.svg())
    return [float(e.attrib["font-size"]) for e in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colours_stand_where_they_belong(name: str) -> None:
    theme = themes.named(name)
    image = opened(draw_progress(CHINESE, name))
    canvas = progress_canvas(CHINESE, theme)
    assert image.size == (1080, canvas.height)
    assert image.getpixel((5, 5)) == rgb(theme.paper)
    assert image.getpixel((540, 40)) == rgb(theme.card)
    label = next(s for s in canvas.spots if s.text == "备料")
    middle = round(label.top - 12 - 36 + 4)
    for i, step in enumerate(CHINESE.steps):
        x = round(72 + 936 / 5 * (i + 0.5))
        column = {image.getpixel((x - 20, y)) for y in range(middle - 8, middle + 9)}
        assert rgb(theme.state(step.status).fill) in column, step
    words = {s.text for s in canvas.spots}
    assert {"已完成", "有延误", "进行中", "待确认", "待开始", "50/120"} <= words


def test_states_are_told_apart_without_colour() -> None:
    drawn = [progress_canvas(ProgressCard("", "", steps=(Step("", s, ""),)), LIGHT) for s in STATES]
    shapes = {part for c in drawn for part in c.parts if part.startswith("<g transform")}
    assert len(shapes) == 5


def test_pale_fills_have_an_outline() -> None:
    for theme in (LIGHT, DARK):
        assert theme.state("pending").outline == theme.state("in_progress").outline == "#666666"
        assert theme.state("nonsense") == theme.state("pending")


def test_pictures_are_small_and_repeat_themselves() -> None:
    for theme in ("light", "dark"):
        once = draw_progress(CHINESE, theme)
        assert once == draw_progress(CHINESE, theme)
        assert len(once) < 100_000
        assert len(draw_digest(DIGEST, theme)) < 150_000


def test_columns_follow_the_longest_word() -> None:
    def steps(label: str, count: int) -> tuple[Step, ...]:
        return tuple(Step(label, "pending", "待开始") for _ in range(count))

    assert columns(steps("车缝", 7)) == 7
    assert columns(steps("车缝", 12)) == 6
    assert columns(steps("Embroidery", 7)) < 7
    assert columns(steps("Donaudampfschifffahrtsgesellschaftskapitän", 7)) == 2
    assert columns(steps("", 1)) == 1


def test_photos_fill_their_frames() -> None:
    card = ProgressCard("A1", "x", photos=(photo("#884422"), photo("#222266")))
    image = opened(draw_progress(card))
    left, right = (
        image.getpixel((300, image.height - 200)),
        image.getpixel((800, image.height - 200)),
    )
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > left[2]
    assert right[2] > right[0]


def test_a_broken_photo_leaves_an_empty_frame() -> None:
    for broken in (b"", b"no picture", photo()[:500]):
        assert tile(broken, 100, 100) == b""
        image = opened(draw_progress(ProgressCard("A1", "x", photos=(broken, photo()))))
        assert image.getpixel((300, image.height - 200)) == rgb(LIGHT.card)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_digest(theme: Theme) -> None:
    canvas = digest_canvas(DIGEST, theme)
    nothing_overlaps(canvas)
    image = opened(draw_digest(DIGEST, theme.name))
    assert image.size == (1080, canvas.height)
    seen = {image.getpixel((72 + 26 - 18, y)) for y in range(image.height)}
    for section in DIGEST.sections:
        assert rgb(theme.state(section.icon_status).fill) in seen


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 12, 20])
def test_the_contact_sheet(count: int) -> None:
    labels = tuple(f"A10{i} 裁切完成 and a label that is too long" for i in range(count))
    canvas = sheet_canvas((photo(),) * count, labels, "dark")
    nothing_overlaps(canvas)
    sheet = contact_sheet((photo(),) * count, labels, "dark")
    assert sheet.startswith(b"\xff\xd8")
    assert opened(sheet).size == (1080, canvas.height)


def test_the_style_sheet_says_the_same() -> None:
    css = themes.css()
    for theme in (LIGHT, DARK):
        for name, value in themes.properties(theme).items():
            assert f"{name}:{value}" in css
    assert css.count("{") == css.count("}")
    assert themes.properties(LIGHT)["--in-progress-line"] == "#666666"
    assert themes.properties(LIGHT)["--done"] == "#0D6E5A"


def luminance(colour: str) -> float:
    parts = [v / 255 for v in rgb(colour)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_everything_can_be_read() -> None:
    for theme in (LIGHT, DARK):
        for ink in (theme.ink, theme.quiet, theme.accent):
            assert contrast(ink, theme.card) >= 4.5
            assert contrast(ink, theme.paper) >= 4.5
        for status in STATES:
            look = theme.state(status)
            assert contrast(look.ink, look.fill) >= 4.5
            assert (
                max(
                    contrast(look.fill, theme.card), contrast(look.outline or look.fill, theme.card)
                )
                >= 3
            )
