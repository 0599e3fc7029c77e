"""Text that the one font can really draw, and how wide it will be.

The font knows 30,890 characters, no emoji and not every script. What it lacks becomes a look-alike,
the typesetter's geta 〓 for a letter, or nothing; never an empty box.
"""

import unicodedata
from functools import cache, lru_cache

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # comes with fpdf2
from PIL import ImageFont

FAMILY = "Noto Sans SC"
GETA = "〓"
ELLIPSIS = "…"
CJK = "\u2e80"  # from here on a line may break between any two letters

_UNIT = 1000
_LIKE = {
    **dict.fromkeys("✔✅☑🗸", "✓"),
    **dict.fromkeys("✗✘✕✖❌❎❎⨯", "×"),
    **dict.fromkeys("▸►⏵❯➤🞂", "›"),
    **dict.fromkeys("➡➜➔⇒⟶", "→"),
    **dict.fromkeys("⬅⟵", "←"),
    **dict.fromkeys("❗❕", "！"),
    **dict.fromkeys("❓❔", "？"),
    **dict.fromkeys("‐‑‒−﹣", "-"),
    **dict.fromkeys("⁃∙・", "·"),
    **dict.fromkeys("₀₁₂₃₄₅₆₇₈₉", ""),
    "𠮷": "吉",
    "🆗": "OK",
    "🆕": "NEW",
    "💯": "100",
    "⁄": "/",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ø": "o",
    "Ø": "O",
}
_NOT_FIRST = set("，。、；：！？）》」』】〕〉”’…％%,.;:!?)]}·›/")
_NOT_LAST = set("（《「『【〔〈“‘([{#＃¥")


@cache
def drawn() -> frozenset[int]:
    """Every code point that the font has a shape for."""
    with TTFont(font_path(), lazy=True) as font:
        known = font.getBestCmap()
    return frozenset(c for c in known if unicodedata.category(chr(c))[0] not in "CZ") | {0x20}


def font_path() -> str:
    """The one font file: Noto Sans SC, Regular."""
    return str(pylopdf_fonts_zh_cn.sans_path())


def drawable(text: str) -> str:
    """The text with nothing in it that would be drawn as an empty box, on one line, trimmed."""
    out: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        shown = _shown(letter)
        if shown and not (shown == GETA and out and out[-1] == GETA):
            out.append(shown)
    # The font's middle dot is as wide as a Chinese character and brings its own space.
    return " ".join("".join(out).split()).replace(" · ", "·")


@lru_cache(8192)
def _shown(letter: str) -> str:
    if ord(letter) in drawn():
        return letter
    like = _LIKE.get(letter)
    if like:
        return like
    kind = unicodedata.category(letter)
    if kind[0] == "Z" or letter in "\t\r\n\v\f":
        return " "
    if (
        letter == GETA
        or kind[0] == "C"
        or kind[0] == "M"
        or "VARIATION" in unicodedata.name(letter, "")
    ):
        return ""
    simpler = unicodedata.normalize("NFKD", letter)
    kept = "".join(c for c in simpler if ord(c) in drawn() and unicodedata.category(c)[0] != "M")
    if simpler != letter and kept.strip():
        return kept
    return GETA if kind[0] == "L" else ""


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_path(), _UNIT, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(8192)
def _advance(letter: str) -> float:
    return _font().getlength(letter) / _UNIT


def width(text: str, size: float) -> float:
    """How wide a drawable text is at a size, in the unit of the size; kerning may make it less."""
    return sum(_advance(letter) for letter in text) * size


def fitted(text: str, size: float, room: float) -> str:
    """One line of text, cut with an ellipsis where the room ends."""
    text = drawable(text)
    if width(text, size) <= room:
        return text
    while text and width(text.rstrip() + ELLIPSIS, size) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrapped(text: str, size: float, room: float, lines: int = 2) -> tuple[str, ...]:
    """At most so many lines; Latin words stay whole, Chinese breaks anywhere but before a comma."""
    out: list[str] = []
    rest = drawable(text)
    while rest:
        if len(out) == lines - 1:
            return (*out, fitted(rest, size, room))
        cut = _break(rest, size, room)
        if 0 < len(rest) - cut <= 2 and room > 12 * size:  # nobody stands alone on a line
            gap = rest.rfind(" ", cut - 8, cut - 1)
            cut = gap + 1 if gap > 0 else _break(rest, size, room - 2 * size)
        out.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return tuple(out)


def size_for(text: str, room: float, largest: float, smallest: float) -> float:
    """The largest size at which a text stands on one line, within limits."""
    one = width(drawable(text), 1)
    return largest if one == 0 else max(smallest, min(largest, room / one))


def _break(text: str, size: float, room: float) -> int:
    """Where the first line of a text ends."""
    end = 0
    used = 0.0
    while end < len(text) and (used := used + _advance(text[end]) * size) <= room:
        end += 1
    if end >= len(text):
        return len(text)
    end = max(end, 1)
    if room <= 12 * size:  # a label of two or three words, not prose
        for cut in range(end, 0, -1):
            if text[cut - 1] in " /" and _may_break(text, cut):
                return cut
    for cut in range(end, max(0, end - 24), -1):
        if _may_break(text, cut):
            return cut
    return end


def _may_break(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after == " " or before == " ":
        return True
    if after in _NOT_FIRST or before in _NOT_LAST:
        return False
    if before == "/":
        return not after.isdigit()
    return not (_in_word(before) and _in_word(after))


def _in_word(letter: str) -> bool:
    return letter < CJK and not letter.isspace() and letter not in "—·"
