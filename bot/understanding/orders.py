"""Order numbers in a text: only open orders of the world count, whatever a number looks like.

A number is read from whole runs of letters and digits, so that no part of a longer code, a phone
number or a run with foreign digits can ever stand for an order.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from bot.understanding.lexicon import MARKERS
from bot.understanding.numerals import DIGITS, number, positional
from bot.understanding.world import World, confusable, folded, shape

_HAN_DIGITS = "零一二三四五六七八九幺洞十百"
# a run: letters or digits of any alphabet but Han; Han digits count where they follow a letter
_RUN = re.compile(
    rf"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|(?<![第十百千万])[{_HAN_DIGITS}]{{2,}}"
)
_ATOM = re.compile(rf"[a-z]+|[0-9]+|[{_HAN_DIGITS}]+")
# where none of this is, nothing is written with digits of any kind
_DIGITS = re.compile(rf"[^\W_a-z\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[{_HAN_DIGITS}]{{2}}")
_UNUSUAL = re.compile(rf"[^\W_a-z0-9\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[{_HAN_DIGITS}]{{2}}")
_WIDEST_GAP = 5
_GAP = re.compile(r"[ \t]{0,2}[-_#.:杠]?[ \t]{0,2}")
RANGE_END = re.compile(r"\s*(?:-+|~|～|到|至|to)\s*#?")
_LOOKALIKE = re.compile(
    r"a[0-6]|p\d+(\.\d+)?|s9\d\d|pt9\d\d|au\d+|e[0-2]|fr-?4|m\d{1,2}|ip\d\d|k\d{1,2}|t\d{3}|v\d|q\d"
    r"|\d+(\.\d+)?(g|k|v|w|mm|cm|m|kg|t|oz|l|ml|d|s|p|x|gsm|a|pcs|pc|h|am|pm|st|nd|rd|th)"
    r"|\d*x*[slm]|20\d\d|1[3-9]\d{9}|[a-z]{2,3}\d{9,}|h\d|cmyk|rgb"
)
_PLAIN_RUN = re.compile("[a-z0-9]+")
_LAST_GROUP = re.compile(r"\d+$")
NEXT_DIGITS = re.compile(r"\s?[/和与及、&+]\s?(\d{2,4})(?![\d.a-z件个套张条块本把台只])")
_COUNTED_ON = re.compile(r"\s?[件个套张条块双片副枚只点号日月年天时%./:]")
_TOKEN = re.compile(r"[a-z0-9\-]+")
_TAIL = re.compile(r"-[a-z0-9]+")
_OTHER_END = re.compile(r"[a-z0-9][a-z0-9\-]*")
_PARTS = re.compile(r"[a-z]+|[0-9]+")
_ANY_DIGIT = re.compile("[0-9]")
_FAR = 4  # atoms at most
MAX_RANGE = 60


class Mention(NamedTuple):
    """A number in the text: an open order, or (order None) one that only looks like it."""

    start: int
    end: int
    text: str
    order: str | None


class _Atom(NamedTuple):
    start: int
    end: int
    text: str
    run: int
    foreign: bool = False


def find_orders(text: str, world: World) -> list[Mention]:
    """Mentions from left to right, the longest reading at each place."""
    if _DIGITS.search(text) is None and not world.worded:
        return []
    plain = _UNUSUAL.search(text) is None
    if plain and (alone := _alone(text, world)):
        return [alone]
    atoms = _plain_atoms(text) if plain else _atoms(text)
    found: list[Mention] = []
    n = 0
    while n < len(atoms):
        mention, used = _at(text, atoms, n, world)
        if mention:
            found.append(mention)
        n += used
    return found


def _alone(text: str, world: World) -> Mention | None:
    """The order where a plain text has one run of letters and digits, and that is its number."""
    runs = _PLAIN_RUN.findall(text)
    order = world.find(runs[0]) if len(runs) == 1 else None
    if order is None or len(_PARTS.findall(runs[0])) > _FAR:
        return None
    start = text.index(runs[0])
    return Mention(start, start + len(runs[0]), runs[0], order)


def _atoms(text: str) -> list[_Atom]:
    atoms: list[_Atom] = []
    for run, match in enumerate(_RUN.finditer(text)):
        start, end = match.span()
        token = match.group()
        if not token.isascii() and token[0] not in DIGITS and token[0] not in "十百":
            atoms.append(_Atom(start, end, token, run, foreign=True))
        elif (token.isdigit() or token.isalpha()) and _ATOM.fullmatch(token):
            atoms.append(_Atom(start, end, token, run))
        else:
            for atom in _ATOM.finditer(token):
                begins, ends = atom.span()
                atoms.append(_Atom(start + begins, start + ends, atom.group(), run))
    return atoms


def _plain_atoms(text: str) -> list[_Atom]:
    """The atoms where all runs are of ASCII letters and digits."""
    atoms: list[_Atom] = []
    run = behind = 0
    for match in _PARTS.finditer(text):
        start, end = match.span()
        run += start != behind
        behind = end
        atoms.append(_Atom(start, end, match.group(), run))
    return atoms


def _at(text: str, atoms: list[_Atom], n: int, world: World) -> tuple[Mention | None, int]:
    first = atoms[n]
    if first.foreign:
        return _stranger(text, atoms, n, 1, world), 1
    for fold, last in reversed(_readings(text, atoms, n)):
        order = world.find(fold)
        if order and _closed(text, atoms, n, last, world) and _natural(text, atoms, n, last, order):
            end = atoms[last].end
            return Mention(first.start, end, text[first.start : end], order), last - n + 1
    run_length = sum(1 for atom in atoms[n : n + 12] if atom.run == first.run)
    return _stranger(text, atoms, n, run_length, world), run_length


def _readings(text: str, atoms: list[_Atom], n: int) -> list[tuple[str, int]]:
    """Every joined form from this atom on, with the index of its last atom."""
    forms: list[tuple[str, int]] = []
    fold = ""
    for last in range(n, min(n + _FAR, len(atoms))):
        atom = atoms[last]
        if atom.foreign or (last > n and not _near(text, atoms[last - 1].end, atom.start)):
            break
        part = atom.text
        if not part.isascii():
            if last == n and len(part) < 4:
                break  # 三十 at the start of a number is a count
            value = number(part) if set(part) & set("十百") else None
            part = str(value) if value is not None else positional(part)
        fold += part
        forms.append((fold, last))
    return forms


def _near(text: str, end: int, start: int) -> bool:
    """Whether so little stands between two atoms that they may be one number."""
    return end == start or (
        start - end <= _WIDEST_GAP and _GAP.fullmatch(text, end, start) is not None
    )


def _closed(text: str, atoms: list[_Atom], n: int, last: int, world: World) -> bool:
    """Nothing may run on: neither letters or digits, nor a hyphen with more behind it."""
    if n and atoms[n - 1].run == atoms[n].run:
        return False
    if (
        n
        and text[atoms[n - 1].end : atoms[n].start] in ("-", "/", ".")
        and not _ends_order(text, atoms, n, world)
    ):
        return False
    if last + 1 >= len(atoms):
        return True
    after = atoms[last + 1]
    if after.run == atoms[last].run:
        return after.text in MARKERS or after.text in world.words
    gap = text[atoms[last].end : after.start]
    if gap not in ("-", "/"):
        return True
    if after.text.isalpha() and (after.text in MARKERS or after.text in world.words):
        return True
    return _same_length(atoms, last, after) or _range_to(text, after.start, world)


def _same_length(atoms: list[_Atom], last: int, after: _Atom) -> bool:
    """A102-105, A102/103: the other end of a range, or the next of a list."""
    return after.text.isdigit() and len(after.text) == len(atoms[last].text)


def _ends_order(text: str, atoms: list[_Atom], n: int, world: World) -> bool:
    """Whether what stands before a hyphen or slash is an order itself (A102/A103)."""
    for first in range(max(0, n - _FAR), n):
        if any(last == n - 1 and world.find(fold) for fold, last in _readings(text, atoms, first)):
            return True
    return False


def _range_to(text: str, start: int, world: World) -> bool:
    """Whether another number of this factory begins here (A102-A105)."""
    token = _TOKEN.match(text, start)
    return token is not None and (
        world.shaped(token.group()) or world.find(folded(token.group())) is not None
    )


def _natural(text: str, atoms: list[_Atom], n: int, last: int, order: str) -> bool:
    """A space may stand in a number where its own form has a border, nowhere else."""
    position = 0
    for index in range(n, last):
        position += len(atoms[index].text)
        gap = text[atoms[index].end : atoms[index + 1].start]
        if gap.strip() != gap and position not in _borders(order):
            return False
    return True


@lru_cache(maxsize=4096)
def _borders(order: str) -> frozenset[int]:
    """Places in the folded number where letters meet digits or a separator stood."""
    borders: set[int] = set()
    position = 0
    for part in _PARTS.findall(order.lower()):
        position += len(part)
        borders.add(position)
    return frozenset(borders)


def _stranger(text: str, atoms: list[_Atom], n: int, used: int, world: World) -> Mention | None:
    """A run that is no open order but is written like one."""
    start, end = atoms[n].start, atoms[n + used - 1].end
    while (
        end < len(text) - 1
        and text[end] == "-"
        and text[end + 1].isascii()
        and text[end + 1].isalnum()
    ):
        tail = _TAIL.match(text, end)
        end = tail.end() if tail else len(text)
    if start and text[start - 1] in "-/." and start > 1 and text[start - 2].isalnum():
        return None
    token = text[start:end]
    if token.isascii() and not world.worded:
        if token.isdigit():
            if not world.shaped(token):
                return None
        elif _ANY_DIGIT.search(token) is None:
            return None
    elif not any(c.isdigit() or c in "oil" for c in token):
        return None
    if _LOOKALIKE.fullmatch(token) or (len(folded(token)) < 3 and not world.shaped(token)):
        return None
    return Mention(start, end, token, None) if _order_like(token, world) else None


def _order_like(token: str, world: World) -> bool:
    if token.isdigit():
        return world.shaped(token)
    if world.shaped(token):
        return True
    fold = folded(token)
    if not token.isascii():
        return any(c.isdigit() for c in token) and bool(world.near(_latin(token)))
    if not any(c.isdigit() for c in fold):
        return False
    return bool(world.near(fold)) or world.find(confusable(fold)) is not None


_HOMOGLYPHS = str.maketrans("авсенкмортхузії", "abcehkmoptxy3ii")


def _latin(token: str) -> str:
    """Letters of other alphabets and foreign digits by their look; only ever used to suggest."""
    digits = "".join(
        str(int(c)) if c.isdigit() and not c.isascii() and c.isdecimal() else c for c in token
    )
    return digits.lower().translate(_HOMOGLYPHS)


def suggested(token: str, world: World, among: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Orders to offer for a number that is none."""
    return world.near(_latin(token), among)


def orders_between(first: str, last: str, world: World) -> list[str]:
    """Open orders from one number to another: same letters, digits in between."""
    a, b = folded(first), folded(last)
    group = _LAST_GROUP.search(first)
    if b.isdigit() and group and 1 < len(b) == len(group.group()) < len(a):
        b = a[: len(a) - len(b)] + b  # JJ-2611-03~05
    if b.isdigit() and not a.isdigit():
        if len(b) != len(a) - len(a.rstrip("0123456789")):
            return []
        b = a[: max(0, len(a) - len(b))] + b
    if len(a) != len(b) or shape_letters(a) != shape_letters(b):
        return []
    low, high = sorted((a, b))
    inside = [(folded(o.order_no), o.order_no) for o in world.orders]
    like_a = [(f, no) for f, no in inside if len(f) == len(a)]
    hits = [
        (f, no) for f, no in like_a if shape_letters(f) == shape_letters(a) and low <= f <= high
    ]
    return [no for _, no in sorted(hits)][:MAX_RANGE]


def shape_letters(fold: str) -> str:
    """Letters kept, digits blanked."""
    return shape(fold)


def _elided(text: str, mention: Mention, world: World) -> tuple[list[str], int]:
    """JJ-2611-03/04, JJ-2611-03和04: the second order is given by its last digits."""
    group = _LAST_GROUP.search(mention.text)
    if not mention.order or not group:
        return [], 0
    found, end = [mention.order], mention.end
    while match := NEXT_DIGITS.match(text, end):
        other = None
        if len(match[1]) == len(group.group()):
            other = world.find(folded(mention.order)[: -len(match[1])] + match[1])
        if other is None:
            break
        found.append(other)
        end = match.end()
    return (found, end) if len(found) > 1 else ([], 0)


def _is_end(text: str, tail: re.Match[str], first: str, world: World) -> bool:
    """S12到S13, S12-14, 2311-05到2311-08: the other end of a range, though no open order."""
    token = tail.group().rstrip("-")
    if token.isdigit():
        return len(token) < 5 and not _COUNTED_ON.match(text, tail.end())
    fold, named = folded(token), folded(first)
    return (
        world.find(fold) is not None
        or world.shaped(token)
        or (shape_letters(fold) == shape_letters(named))
    )


def find_ranges(text: str, mentions: list[Mention], world: World) -> tuple[list[str], int]:
    """Orders meant by `A102-A105` or `A102到105`, and where the range ends; empty if none."""
    for mention in mentions:
        match = RANGE_END.match(text, mention.end)
        if not match:
            pair, end = _elided(text, mention, world)
            if pair and not any(other.order and other.end == end for other in mentions):
                return pair, end
            continue
        tail = _OTHER_END.match(text, match.end())
        if not tail or not any(c.isdigit() for c in tail.group()):
            continue
        named = mention.order or mention.text
        between = orders_between(named, tail.group(), world)
        if len(between) > 1 or (between and mention.order is None):
            return between, tail.end()
        if mention.order and _is_end(text, tail, named, world):
            last = world.find(folded(tail.group()))
            return [mention.order, *([last] if last else [])], tail.end()
    return [], 0
