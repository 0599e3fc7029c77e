"""Longest-match lookup of the words that matter, built once from the data module."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from bot.understanding.data import markers as data
from bot.understanding.data.phrases import PHRASES

_DIGIT = re.compile(r"\d")
NONE: frozenset[str] = frozenset()


class Words:
    """Words with tags; finds the longest that starts at a position.

    `heads` are the words of one character and the first two of all others: where neither a
    character nor the pair it begins is among them, no word starts. `joints` are the neighbouring
    characters of words that hold digits (第0, 0批), every digit as 0.
    """

    def __init__(self, entries: Iterable[tuple[str, str]] = ()) -> None:
        self._tags: dict[str, frozenset[str]] = {}
        for word, tag in entries:
            self._tags[word] = self._tags.get(word, NONE) | {tag}
        lengths: dict[str, set[int]] = {}
        for word in self._tags:
            lengths.setdefault(word[:2], set()).add(len(word))
        self._lengths = {head: tuple(sorted(ns, reverse=True)) for head, ns in lengths.items()}
        self.heads = frozenset(self._lengths)
        numbered = (_DIGIT.sub("0", word) for word in self._tags if _DIGIT.search(word))
        self.joints = frozenset(w[n : n + 2] for w in numbered for n in range(len(w) - 1))

    def __contains__(self, word: str) -> bool:
        return word in self._tags

    def tags(self, word: str) -> frozenset[str]:
        return self._tags.get(word, NONE)

    def longest(self, text: str, start: int) -> str | None:
        """The longest word at `start`; one of ASCII letters must be whole."""
        known = self._tags
        for length in self._lengths.get(text[start : start + 2], ()):
            word = text[start : start + length]
            if word in known and (not "a" <= word[-1] <= "z" or _whole(text, start, word)):
                return word
        word = text[start]
        if word in known and (not "a" <= word <= "z" or _whole(text, start, word)):
            return word
        return None


def _whole(text: str, start: int, word: str) -> bool:
    """No letter of the same alphabet may touch an English word."""
    end = start + len(word)
    after = text[end] if end < len(text) else " "
    before = text[start - 1] if start else " "
    if len(word) == 1 and after.isdigit():
        return False  # a4
    return not ("a" <= after <= "z" or ("a" <= word[0] <= "z" and "a" <= before <= "z"))


def split(words: str) -> list[str]:
    """A data string as words; an underscore stands for the space inside one."""
    return [word.replace("_", " ").lower() for word in words.split()]


def _entries() -> Iterator[tuple[str, str]]:
    for tag, words in (*data.MARKERS.items(), *PHRASES.items()):
        for word in split(words):
            yield word, tag
    for word in split(data.TRANSPARENT):
        yield word, "fill"
    for word in split(data.THINGS):
        yield word, "thing"


MARKERS = Words(_entries())
PIECES = frozenset(split(data.PIECES))
PACKAGES = frozenset(split(data.PACKAGES))
UNITS = sorted({*PIECES, *PACKAGES, *split(data.OTHER_UNITS)}, key=lambda unit: (-len(unit), unit))
AFTER_PIECES = frozenset(data.AFTER_PIECES)
YES = frozenset(split(data.YES))
NO = frozenset(split(data.NO))


@cache
def _reasons() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (reason, re.compile("|".join(re.escape(word) for word in split(words))))
        for reason, words in data.REASONS
    )


@cache
def _any_reason() -> re.Pattern[str]:
    return re.compile("|".join(pattern.pattern for _, pattern in _reasons()))


def reason_of(text: str) -> str | None:
    """The reason category the words of a report point to."""
    if not _any_reason().search(text):
        return None
    return next((reason for reason, pattern in _reasons() if pattern.search(text)), None)
