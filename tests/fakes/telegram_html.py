"""Telegram's HTML parse mode, as strict as theirs: what a person sees of a text, or the complaint.

Source: core.telegram.org/bots/api#html-style and the wording of tdlib's MessageEntity.cpp.
"""

import re
from dataclasses import dataclass
from html import unescape

TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre"}
TAGS |= {"span", "tg-spoiler", "tg-emoji", "blockquote"}
TAG = re.compile(r"<(/?)([a-zA-Z0-9-]+)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'))?)*)\s*>")
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]+|#x[0-9a-fA-F]+);")


class ParseFault(Exception):
    """What Telegram would say after `Bad Request: `."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The plain text and the tags in it: name, attributes as written, what stands inside."""

    text: str
    tags: tuple[tuple[str, str, str], ...]


def parse(html: str) -> Parsed:
    """Raises ParseFault."""
    out: list[str] = []
    found: list[tuple[str, str, str]] = []
    open_tags: list[tuple[str, str, int]] = []
    at = 0
    while at < len(html):
        if html[at] == "<":
            at = _tag(html, at, out, open_tags, found)
        elif html[at] == "&" and (entity := ENTITY.match(html, at)):
            out.append(unescape(entity[0]))
            at = entity.end()
        else:
            out.append(html[at])
            at += 1
    if open_tags:
        raise ParseFault(
            "can't parse entities: Can't find end tag corresponding to start tag"
            f' "{open_tags[-1][0]}"'
        )
    return Parsed("".join(out).strip(), tuple(found))


def _tag(
    html: str,
    at: int,
    out: list[str],
    open_tags: list[tuple[str, str, int]],
    found: list[tuple[str, str, str]],
) -> int:
    byte = len(html[:at].encode())
    tag = TAG.match(html, at)
    if tag is None:
        raise ParseFault(f"can't parse entities: Unclosed start tag at byte offset {byte}")
    name = tag[2].lower()
    if not tag[1]:
        if name not in TAGS:
            raise ParseFault(
                f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {byte}'
            )
        open_tags.append((name, tag[3].strip(), len("".join(out))))
        return tag.end()
    if not open_tags:
        raise ParseFault(f"can't parse entities: Unexpected end tag at byte offset {byte}")
    opened, attributes, start = open_tags.pop()
    if opened != name:
        raise ParseFault(
            f"can't parse entities: Unmatched end tag at byte offset {byte},"
            f' expected "</{opened}>"'
        )
    found.append((name, attributes, "".join(out)[start:]))
    return tag.end()


def units(text: str) -> int:
    """UTF-16 code units, by the encoder."""
    return len(text.encode("utf-16-le")) // 2
