"""A reply in Telegram's dialect: HTML, inline keyboards, and its limits.

Everything is reckoned on the plain text, in UTF-16 code units as Telegram reckons; tags are put
around it last, so that no cut can ever break one.
"""

import unicodedata
from dataclasses import dataclass
from html import escape

from adapters.chat.port import Button, Reply

TEXT_LIMIT, CAPTION_LIMIT, TOAST_LIMIT = 4096, 1024, 200
PICTURE_LIMIT = 10 * 1024 * 1024
BUTTONS = 100
LONG, OPEN = 12, 8
"""A digest of more lines than the first is folded after the second."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the plain text, in code points, and the tags around it."""

    start: int
    end: int
    opening: str
    closing: str


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(c > "\uffff" for c in text)


def cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 code units, with an ellipsis where something is missing."""
    if units(text) <= limit:
        return text
    kept, used = 0, 1
    for c in text:
        used += 2 if c > "\uffff" else 1
        if used > limit:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def html(reply: Reply, limit: int = TEXT_LIMIT) -> str:
    """The whole reply as Telegram's HTML, not longer than `limit` code units when it is read."""
    text, at = _whole(reply)
    text = cut(text, limit)
    spans = [*_mentions(reply, text), *_fold(reply, text)]
    if at >= 0:
        spans.append(Span(at, min(at + len(reply.title), len(text)), "<b>", "</b>"))
    return _render(text, spans)


def fits(reply: Reply) -> bool:
    """Whether the reply's picture can carry the text as its caption."""
    small = reply.picture is not None and len(reply.picture) <= PICTURE_LIMIT
    return small and units(_whole(reply)[0]) <= CAPTION_LIMIT


def _whole(reply: Reply) -> tuple[str, int]:
    """The plain text, and where in it the title stands that is shown bold (-1 for nowhere).
    Whoever is to be called and is not named stands before the text.
    """
    missing = [f"@{name}" for name, _ in reply.mention if f"@{name}" not in reply.text]
    before = " ".join([*missing, ""])
    text = before + reply.text
    if reply.title and reply.text.split("\n", 1)[0] == reply.title:
        return text, len(before)
    if reply.title and reply.title not in reply.text:
        return f"{reply.title}\n{text}".rstrip(), 0
    return text.rstrip(), -1


def _mentions(reply: Reply, text: str) -> list[Span]:
    """The longest name first: `@马师傅` is not `@马`."""
    found: list[Span] = []
    for name, user in sorted(reply.mention, key=lambda m: -len(m[0])):
        word, at = f"@{name}", 0
        while (at := text.find(word, at)) >= 0:
            end = at + len(word)
            if user.isdecimal() and not any(s.start < end and at < s.end for s in found):
                link = f'<a href="tg://user?id={user}">'
                found.append(Span(at, end, link, "</a>"))
            at = end
    return found


def _fold(reply: Reply, text: str) -> list[Span]:
    lines = text.split("\n")
    if reply.kind not in ("digest", "review") or len(lines) <= LONG:
        return []
    start = len("\n".join(lines[:OPEN])) + 1
    return [Span(start, len(text), "<blockquote expandable>", "</blockquote>")]


def _render(text: str, spans: list[Span]) -> str:
    """Tags nest: of two that begin together the longer is outside."""
    opens = sorted(spans, key=lambda s: (s.start, -s.end))
    out, at, waiting = [], 0, list[Span]()
    marks = sorted({p for s in spans for p in (s.start, s.end)} | {len(text)})
    for mark in marks:
        out.append(escape(text[at:mark], quote=False))
        at = mark
        while waiting and waiting[-1].end == mark:
            out.append(waiting.pop().closing)
        for span in opens:
            if span.start == mark and span.end > mark:
                out.append(span.opening)
                waiting.append(span)
    return "".join(out)


def toast(reply: Reply) -> str:
    """What is shown to the one who pressed."""
    return cut(reply.text or reply.title, TOAST_LIMIT)


def rows(buttons: tuple[Button, ...]) -> list[list[Button]]:
    """Buttons as they fit a phone's width: two beside each other when labels are longer than eight
    characters, never more than eight.
    """
    fit = [b for b in buttons if b.id and b.label][:BUTTONS]
    if not fit:
        return []
    beside = _beside(fit)
    return [fit[i : i + beside] for i in range(0, len(fit), beside)]


def _beside(buttons: list[Button]) -> int:
    width = max(_width(b.label) for b in buttons)
    if max(len(b.label) for b in buttons) > 8:
        return 1 if width > 32 else 2
    return next((n for limit, n in ((3, 8), (6, 4), (10, 3)) if width <= limit), 2)


def _width(label: str) -> int:
    """Columns: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in label)
