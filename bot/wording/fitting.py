"""Makes a reply fit the platform it goes to: buttons that are not there become numbers, a text
above the limit is cut with a link to the whole, a picture that can't go along is left out.
"""

from dataclasses import dataclass, replace

from adapters.chat.port import Button, Capabilities, Reply
from bot.wording.speak import say

WIDE = 0x10000
"""Characters from here on are two UTF-16 code units."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A reply as a platform can carry it, and the ids of the buttons that became numbers."""

    reply: Reply
    numbered: tuple[str, ...] = ()


def fit(reply: Reply, can: Capabilities, link: str) -> Fitted:
    """The reply within a platform's abilities. `link` is where the whole can be read."""
    numbered: tuple[str, ...] = ()
    tail = ""
    if len(reply.buttons) > can.buttons:
        numbered = tuple(b.id for b in reply.buttons)
        tail = _numbers(reply.language, reply.buttons)
        reply = replace(reply, buttons=())
    room = can.text_limit - measure(tail, can.text_unit)
    text = cut(reply.language, reply.text, room, can.text_unit, reply.link or link) + tail
    picture = reply.picture
    if picture and (not can.pictures or measure(text, can.text_unit) > can.caption_limit):
        picture = None
    others = tuple(fit(other, can, link).reply for other in reply.others)
    return Fitted(replace(reply, text=text, picture=picture, others=others), numbered)


def _numbers(language: str, buttons: tuple[Button, ...]) -> str:
    lines = [f"{n}. {b.label}" for n, b in enumerate(buttons, 1)]
    return "\n".join(["", *lines, say(language, "fit.reply_with_number")])


def measure(text: str, unit: str) -> int:
    """The length of a text as a platform counts it: `chars`, `utf16` units or UTF-8 `bytes`."""
    match unit:
        case "bytes":
            return len(text.encode())
        case "utf16":
            return len(text) + sum(ord(c) >= WIDE for c in text)
        case _:
            return len(text)


def cut(language: str, text: str, limit: int, unit: str, link: str) -> str:
    """The text, or as many of its lines as fit with a link to the rest; never half a character."""
    if measure(text, unit) <= limit:
        return text
    more = say(language, "fit.more", url=link)
    room = limit - measure(f"\n{more}", unit)
    kept: list[str] = []
    used = 0
    for line in text.split("\n"):
        size = measure(line, unit) + (1 if kept else 0)
        if used + size > room:
            break
        kept.append(line)
        used += size
    if not kept:
        kept = [_begin(text, room, unit)]
    return "\n".join([*kept, more])


def _begin(text: str, room: int, unit: str) -> str:
    used, end = 0, 0
    for character in text:
        used += measure(character, unit)
        if used > room - measure("…", unit):
            break
        end += 1
    return text[:end] + "…"
