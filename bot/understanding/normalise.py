"""One spelling for what people type: width, case of ASCII, invisible marks, traditional characters.

`clean` is what an adapter does at the edge; `normalise` is what every scan in this package reads.
"""

import re
import unicodedata
from functools import cache
from typing import Protocol

MAX_CHARS = 2000  # nobody reports work in more than a page; longer text is cut before any scan

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef\ud800-\udfff]"
)
_KEYCAP = re.compile("([0-9])\ufe0f?\u20e3")
_CIRCLED = {
    code: f" {number}. "
    for first, count, start in ((0x2460, 20, 1), (0x2474, 20, 1), (0x2776, 10, 1), (0x2780, 10, 1))
    for number, code in enumerate(range(first, first + count), start)
}
_HAN = re.compile("[\u4e00-\u9fff]+")
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_SAME = {ord("№"): "#", ord("℃"): "度", ord("〜"): "~", ord("–"): "-", ord("—"): "-", ord("−"): "-",
         ord("‐"): "-", ord("‑"): "-", ord("…"): "。", ord("〇"): "零",
         ord("❓"): "?", ord("❔"): "?"}  # fmt: skip
_TRADITIONAL_IN_GB2312 = re.compile("[乾菸摺後徵夥於袷麽]")
# characters of both scripts that a traditional writer means in their simplified form
_BOTH = {ord("著"): "着", ord("乾"): "干"}
# what nearly every message is made of: nothing in it is dropped, and only its punctuation is wide
_TYPED = re.compile("[\n -~、。，；：？！（）\u3400-\u4dbf\u4e00-\u9fff]*")
_WIDE = re.compile("[，；：？！（）]")
_NARROW = tuple(zip("，；：？！（）", ",;:?!()", strict=True))


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


def clean(text: str, limit: int = MAX_CHARS) -> str:
    """Drop NUL, lone surrogates, bidi and zero width marks; cap the length."""
    text = _KEYCAP.sub(r" \1. ", text[: 2 * limit])
    return _INVISIBLE.sub("", text.replace("\r\n", "\n"))[:limit].replace("\u20e3", "")


def normalise(text: str) -> str:
    """Fold a message for scanning. Idempotent."""
    typed = len(text) <= MAX_CHARS and _TYPED.fullmatch(text) is not None
    folded = _narrow(text) if typed else fold(text)
    if may_be_traditional(folded):
        folded = _t2s().convert(folded.translate(_BOTH))
        typed = False
    return folded.lower() if typed or folded.isascii() else folded.translate(_ASCII_LOWER)


def _narrow(text: str) -> str:
    """What folding comes to for a text that is plainly typed."""
    if _WIDE.search(text):
        for wide, narrow in _NARROW:
            text = text.replace(wide, narrow)
    return text


def fold(text: str) -> str:
    """Width and marks only; keeps the case, as a courier number is quoted with it."""
    text = clean(text)
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_CIRCLED).translate(_SAME)).translate(_SAME)


def may_be_traditional(text: str) -> bool:
    """GB 2312 holds the simplified characters only, so its codec is the cheapest test there is."""
    if text.isascii():
        return False
    if _TRADITIONAL_IN_GB2312.search(text):
        return True
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:  # perhaps an emoji only
        return _beyond_gb2312("".join(_HAN.findall(text)))
    return False


def _beyond_gb2312(text: str) -> bool:
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False


@cache
def _t2s() -> _Converter:
    import opencc  # loaded by the first traditional message only

    converter: _Converter = opencc.OpenCC("t2s")
    return converter
