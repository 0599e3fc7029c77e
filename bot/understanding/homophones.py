"""Rule 4: a typed word that only sounds like a node word.

It may be applied by sound only where the sound is no ordinary word's as well; else it is asked.
pypinyin is heavy and is loaded by the first message that needs it.
"""

from collections.abc import Callable
from functools import cache
from typing import cast

from bot.understanding.clauses import Clause
from bot.understanding.data.words import ORDINARY
from bot.understanding.routes import AliasTable
from bot.understanding.tokens import Token

_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")
_MARKING = frozenset(["done", "done_after", "begin", "at_work", "doing_after", "arrived"])


@cache
def _reader() -> Callable[[str], list[str]]:
    from pypinyin import lazy_pinyin  # lazy: a quarter of a second, and most days need none

    return cast("Callable[[str], list[str]]", lazy_pinyin)


def sound(word: str) -> str:
    """The toneless pinyin of a word, its syllables joined; pinyin that was typed stays."""
    return word if word.isascii() else "".join(_reader()(word))


@cache
def _ordinary() -> dict[str, frozenset[str]]:
    """Sound -> the ordinary words that have it."""
    from pypinyin.phrases_dict import phrases_dict  # lazy: as above, and 47,000 words

    found: dict[str, set[str]] = {}
    for word, syllables in phrases_dict.items():
        if len(word) <= 4:
            key = "".join(s[0] for s in syllables).translate(_TONES)
            found.setdefault(key, set()).add(word)
    for word in ORDINARY.split():
        found.setdefault(sound(word), set()).add(word)
    return {key: frozenset(words) for key, words in found.items()}


@cache
def _sounds(table: AliasTable) -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    """Sound -> node keys and the aliases that have it."""
    found: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {}
    for word, keys in table.words.items():
        if len(word) > 1 and not any(c.isascii() for c in word):
            key = sound(word)
            old_keys, old_words = found.get(key, ((), frozenset()))
            found[key] = (tuple(dict.fromkeys((*old_keys, *keys))), old_words | {word})
    return found


def by_sound(clause: Clause, table: AliasTable, text: str) -> tuple[Token, bool] | None:
    """A node token made from a homophone in the clause, and whether it may apply by sound."""
    if clause.nodes or not any(t.tags & _MARKING for t in clause.tokens):
        return None
    for start, end in _windows(clause):
        word = text[start:end].strip()
        if not 1 < len(word) <= 12:
            continue
        hit = _match(word, table)
        if hit:
            alias, safe = hit
            return Token("node", alias, start, end), safe
    return None


def _windows(clause: Clause) -> list[tuple[int, int]]:
    """Runs of unknown text between the order and the marker, with and without filling words."""
    runs: list[tuple[int, int]] = []
    tokens = [t for t in clause.tokens if t.kind != "mark"]
    for i, first in enumerate(tokens):
        for j in range(i, min(i + 4, len(tokens))):
            part = tokens[i : j + 1]
            if any(
                t.kind not in ("text", "word", "node") or ("done" in t.tags and len(t.text) > 1)
                for t in part
            ):
                break
            outside = tokens[:i] + tokens[j + 1 :]
            if all(_plain(t) for t in outside) and not all(t.tags & _MARKING for t in part):
                runs.append((first.start, part[-1].end))
    return sorted(runs, key=lambda run: run[0] - run[1])


def _plain(token: Token) -> bool:
    return token.kind in ("order", "date", "amount") or bool(
        token.tags & ({"fill", "name"} | _MARKING)
    )


def _match(word: str, table: AliasTable) -> tuple[str, bool] | None:
    if word.isascii() and not word.isalpha():
        return None
    hit = _sounds(table).get(sound(word))
    if hit is None:
        return None
    keys, aliases = hit
    others = _ordinary().get(sound(word), frozenset()) - aliases
    alias = sorted(aliases)[0]
    return alias, len(keys) == 1 and not others
