"""Plain words as Feishu writes them: the markdown of cards and the text of messages, with mentions.

Source: the pages card-json-v2-components/content-components/rich-text (entities for special
characters) and im-v1/message/create_json of the open platform.
"""

import re
from collections.abc import Sequence

Mentions = Sequence[tuple[str, str]]
_SPECIAL = str.maketrans({c: f"&#{ord(c)};" for c in "&<>*_~`[]\\$"})
_LINE = re.compile(r"^( *)(#+|[-+](?= )|\d+(?=[.)] ))?", re.MULTILINE)
_EMOJI = re.compile(r":(?=[A-Za-z]\w*:)")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_OPEN_ID = re.compile(r"[^A-Za-z0-9_@.\-]")
_BREAK = "\u200b"
_MARKUP = re.compile(r"(<)(?=[A-Za-z/])|(\*)(?=\*)|(~)(?=~)|(\])(?=\()")


def pieces(text: str, mentions: Mentions) -> list[str | tuple[str, str]]:
    """The text cut where somebody is mentioned; whoever is not in it comes first."""
    people = {f"@{name}": (name, who) for name, who in mentions if name and who}
    if not people:
        return [text]
    longest = sorted(people, key=len, reverse=True)
    cut = re.split(f"({'|'.join(map(re.escape, longest))})", text)
    absent = [pair for name, pair in people.items() if name not in cut]
    found: list[str | tuple[str, str]] = []
    for pair in absent:
        found += [pair, " "]
    return found + [people.get(each, each) for each in cut if each]


def markdown(text: str, mentions: Mentions = ()) -> str:
    """Text for a card's markdown: nothing in it means more than it says; addresses are links."""
    found, start = [], True
    for each in pieces(text, mentions):
        if isinstance(each, str):
            found.append(_escaped(each, start=start))
            start = each.endswith("\n")
        else:
            found.append(f"<at id={_id(each[1])}></at>")
            start = False
    return "".join(found)


def _escaped(text: str, *, start: bool) -> str:
    found, end = [], 0
    for match in _ADDRESS.finditer(text):
        address = _trimmed(match.group())
        found.append(_words(text[end : match.start()], start=start and end == 0))
        target = address.replace("(", "%28").replace(")", "%29")
        found.append(f"[{_words(address, start=False)}]({target})")
        end = match.start() + len(address)
    found.append(_words(text[end:], start=start and end == 0))
    return "".join(found)


def _trimmed(address: str) -> str:
    """Without the punctuation of the sentence around it."""
    while address[-1] in ".,;:!?" or (address[-1] == ")" and "(" not in address):
        address = address[:-1]
    return address


def _words(text: str, *, start: bool) -> str:
    """`start`: the text begins a line, so that `-` or `1.` would make a list of it."""
    safe = _EMOJI.sub("&#58;", text.translate(_SPECIAL))

    def line(match: re.Match[str]) -> str:
        if match.start() == 0 and not start:
            return match.group()
        spaces, mark = match.group(1), match.group(2) or ""
        if mark.isdigit():
            # the dot after the number makes the list, so the last digit is written as an entity
            mark = f"{mark[:-1]}&#{ord(mark[-1])};"
        elif mark:
            mark = "".join(f"&#{ord(c)};" for c in mark)
        return "&nbsp;" * len(spaces) + mark

    return _LINE.sub(line, safe)


def plain(text: str, mentions: Mentions = ()) -> str:
    """Text for a text message: it has no escapes, so what would be markup is broken by a space of
    no width.
    """
    return "".join(
        _MARKUP.sub(lambda m: f"{m.group()}{_BREAK}", each)
        if isinstance(each, str)
        else f'<at user_id="{_id(each[1])}">{re.sub("[<>]", "", each[0])}</at>'
        for each in pieces(text, mentions)
    )


def _id(who: str) -> str:
    return _OPEN_ID.sub("", who)


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, whole characters."""
    raw = text.encode(errors="replace")
    if len(raw) <= limit:
        return raw.decode()
    return raw[: max(limit - 3, 0)].decode(errors="ignore") + "…"
