"""Replies in WeCom's dialects: markdown and template cards. The markdown has no documented way of
escaping, so what would be read as markup is kept apart by invisible or look-alike characters.
Cards: developer.work.weixin.qq.com path/101032.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.chat.port import Button, Reply
from adapters.chat.wecom.hearing import IDLE, LOOKALIKE, NOTHING

TITLE, SUB, KEYNAME, VALUE, FACTS, BUTTONS = 26, 112, 5, 26, 6, 6
"""Characters that a card's fields show, and how many rows and buttons it has."""

Card = dict[str, Any]
Mention = Callable[[str], str]

_LOOKALIKE = str.maketrans(LOOKALIKE)
_URL = r"https?://[^\s<>\"'()（），。；、！？\u3000]+"
_BLOCK = re.compile(r"^(\s*)(?=#{1,6}(?:\s|$)|[>|]|[+-]\s|={2}|-{2}|~{2}|\d+[.)]\s)")
_APART = re.compile(r"(?<=<)(?=\S)|(?<=])(?=[(\[:])|(?<=&)(?=#?\w+;)|(?<=\\)|(?<=~)(?=~)")
_UNDER = re.compile(r"(?<!\w)_|_(?!\w)")
_USER = re.compile(r"[0-9A-Za-z_.@-]{1,64}")
_STYLES = {"primary": 1, "danger": 3}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: `text` in markdown (empty if the card says it all), then the card."""

    text: str
    card: Card | None


def message_id(key: str) -> str:
    """Our name for a message, as WeCom returns none; the same for every try of a notice."""
    return f"vitrine-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def task_id(name: str, seconds: float) -> str:
    """The message's name as a card's task id (digits, letters, `_-@`), which must be unique: the
    part behind the `@` changes every `seconds`.
    """
    return f"{name}@{int(time.time() / seconds):x}"


def plan(reply: Reply, limit: int, task: str) -> Plan:
    """For the smart bot: a text, a card, or a text and then a card with the buttons."""
    if not reply.buttons:
        return Plan(markdown(reply, limit), None)
    short = whole_card(reply, task)
    if short is not None:
        return Plan("", short)
    return Plan(markdown(reply, limit), rest_card(reply, task))


def named(reply: Reply) -> str:
    """The text, with the names of those who are meant in front where it lacks them."""
    missing = [f"@{name}" for name, _ in reply.mention if f"@{name}" not in reply.text]
    return " ".join((*missing, reply.text)) if missing else reply.text


def markdown(reply: Reply, limit: int, mention: Mention | None = None) -> str:
    """The reply in at most `limit` bytes. `mention` makes a user id the platform's own call."""
    calls = {}
    for name, user in reply.mention if mention else ():
        if mention and name and _USER.fullmatch(user):
            calls[f"@{name}"] = mention(user)
    text = named(reply)
    for links in (True, False):
        made = _titled(reply, text, calls, links)
        if len(made.encode()) <= limit:
            return made
    room = limit
    while room > 0:
        made = _titled(reply, cut(text, room), calls, False)
        over = len(made.encode()) - limit
        if over <= 0:
            return made
        room -= max(over, 1)
    return cut(text, limit)


def plain(reply: Reply, limit: int) -> str:
    """The reply as text in at most `limit` bytes; nothing in it is read as an HTML link."""
    text, title = named(reply), reply.title.strip()
    full = f"{title}\n{text}" if title and title not in text else text
    return cut(full.replace("<a", f"<{NOTHING}a").replace("<A", f"<{NOTHING}A"), limit)


def _titled(reply: Reply, text: str, calls: Mapping[str, str], links: bool) -> str:
    """With the title in bold: as the first line where it is that, above it where it is missing."""
    title = reply.title.strip()
    first, _, rest = text.partition("\n")
    if title and first.strip() == title:
        return f"**{_line(title, calls, links)}**\n{_lines(rest, calls, links)}".rstrip("\n")
    body = _lines(text, calls, links)
    return f"**{_line(title, {}, False)}**\n{body}" if title and title not in text else body


def _lines(text: str, calls: Mapping[str, str], links: bool) -> str:
    return "\n".join(_line(line, calls, links) for line in text.split("\n"))


def _line(line: str, calls: Mapping[str, str], links: bool) -> str:
    """One line: addresses and calls as they are, everything else without meaning."""
    names = "|".join(re.escape(call) for call in sorted(calls, key=len, reverse=True))
    made, end = [], 0
    for found in re.finditer(f"{_URL}|{names}" if names else _URL, line):
        made.append(escape(line[end : found.start()], at_start=not end))
        word = found.group()
        made.append(calls.get(word) or (f"[{word}]({word})" if links else word))
        end = found.end()
    made.append(escape(line[end:], at_start=not end))
    return "".join(made)


def escape(text: str, at_start: bool = True) -> str:
    """The same to the eye, nothing to the markdown."""
    text = _UNDER.sub(f"{NOTHING}_{NOTHING}", _APART.sub(NOTHING, text.translate(_LOOKALIKE)))
    return _BLOCK.sub(rf"\g<1>{NOTHING}", text) if at_start else text


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, with a `…` where something is missing."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    return raw[: max(limit - 3, 0)].decode(errors="ignore") + ("…" if limit >= 3 else "")


def shortened(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def whole_card(reply: Reply, task: str) -> Card | None:
    """A card that says all of the reply, or None if its fields are too small, or hold an address
    that could not be tapped there.
    """
    head, sub = _parts(reply)
    if len(head) > TITLE or len(sub) > SUB or re.search(_URL, reply.text):
        return None
    return _card(head, sub, _buttons(reply.buttons), task)


def rest_card(reply: Reply, task: str) -> Card:
    """The buttons of a text that was sent before it, under its heading."""
    first = named(reply).strip().partition("\n")[0]
    card = _card(shortened(reply.title or first, TITLE), "", _buttons(reply.buttons), task)
    facts = [(k, v) for k, v in reply.facts if k and v][:FACTS]
    if facts:
        card["horizontal_content_list"] = [
            {"keyname": shortened(name, KEYNAME), "value": shortened(value, VALUE)}
            for name, value in facts
        ]
    return card


def changed_card(reply: Reply, task: str) -> Card | None:
    """What a card becomes after a press; None if the text does not fit. WeCom knows no card of
    this kind without something to tap: the address, or a tick that means nothing.
    """
    head, sub = _parts(reply)
    if len(head) > TITLE or len(sub) > SUB:
        return None
    if reply.buttons:
        return _card(head, sub, _buttons(reply.buttons), task)
    found = re.search(_URL, reply.text)
    link = reply.link or (found.group() if found else "")
    if not link:
        return _card(head, sub, [{"text": "✓", "style": 4, "key": IDLE}], task)
    card = _card(head, sub, [], task)
    del card["button_list"]
    return card | {"card_type": "text_notice", "card_action": {"type": 1, "url": link}}


def _parts(reply: Reply) -> tuple[str, str]:
    """Heading and text of a card."""
    text, title = named(reply).strip(), reply.title.strip()
    first, _, rest = text.partition("\n")
    if title and first.strip() == title:
        return title, rest.strip()
    if title and title not in text:
        return title, text
    if len(first) <= TITLE:
        return first, rest.strip()
    return "", text


def _card(head: str, sub: str, buttons: list[dict[str, Any]], task: str) -> Card:
    card: Card = {"card_type": "button_interaction", "main_title": {"title": head}}
    if sub:
        card["sub_title_text"] = sub
    return card | {"button_list": buttons, "task_id": task}


def _buttons(buttons: tuple[Button, ...]) -> list[dict[str, Any]]:
    """At most six, no key twice."""
    unique = {b.id: b for b in reversed(buttons)}
    return [
        {"text": b.label, "style": _STYLES.get(b.style, 2), "key": b.id}
        for b in buttons[:BUTTONS]
        if unique.get(b.id) is b
    ]
