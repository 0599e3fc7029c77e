"""The words of one route: which alias means which node, and what an alias says by itself."""

import re
from collections.abc import Iterable

from bot.understanding.normalise import normalise

_PARTS = re.compile(r"[/、()]+")
_HAN = re.compile("[\u4e00-\u9fff]")
# alias words that report a start or an end without any marker beside them
_STARTS = frozenset(["上线", "上机", "上车间", "开工", "投产", "开机", "上床", "上台"])
_ENDS = frozenset(["下线", "下机", "下台", "收线", "落机"])
_MACHINE_ON = ("开机", "上机", "上线")  # 开机印, 上机印
_START_PREFIX = ("开", "上机", "上", "起")
_ENDING = re.compile(
    r"^(?:已.+|.+[齐走讫毕]|.*寄出|发出|.*发走|到料|料到|齐料|.*shipped|delivered|.*confirmed)$"
)
_INSTANT = re.compile(
    r"^(?:[已待]?发[货出运走]?|[出交送提收寄][货件出走]?|交[付期]|送达|签收|接单|下单|装车|.*[入出上][库仓]|.*发货|.*出货|.*发运"
    r"|.*寄出|.*确认|到[货料]|料到|来料|.*齐料?|.*入库|已.*)$"
)
_MATERIAL = re.compile("料|采购|备货|material|进货|来货")
_INSPECTION = re.compile("检|验|查|测|qc|qa|inspect|test")
_NO_STEM = frozenset(["finish", "start", "complete", "order", "confirm", "order confirmed", "done"])


class AliasTable:
    """Longest-match lookup of node words in one route."""

    def __init__(self, nodes: Iterable[tuple[str, str, tuple[str, ...]]]) -> None:
        self.keys: list[str] = []
        self.words: dict[str, tuple[str, ...]] = {}
        self.names: dict[str, str] = {}
        self._own: dict[str, list[str]] = {}
        for key, name, aliases in nodes:
            self.keys.append(key)
            self.names[key] = name
            self._add(key, name, aliases)
        self.index = {key: n for n, key in enumerate(self.keys)}
        self._lengths = sorted({len(word) for word in self.words}, reverse=True)
        self.material = {k for k in self.keys if any(_MATERIAL.search(w) for w in self._own[k])}
        self.inspection = {k for k in self.keys if any(_INSPECTION.search(w) for w in self._own[k])}

    def _add(self, key: str, name: str, aliases: tuple[str, ...]) -> None:
        spelt = normalise(name).strip()
        words = {spelt, *_PARTS.split(spelt), *(normalise(a).strip() for a in aliases)} - {""}
        self._own[key] = sorted(words)
        for word in words:
            known = self.words.get(word, ())
            self.words[word] = known if key in known else (*known, key)

    def resolve(self, word: str) -> tuple[str, ...]:
        """The node keys a word means here: one, several (ambiguous), or none."""
        keys = self.words.get(word)
        if keys is not None:
            return keys
        base = stem(word)
        if base:
            for alias, found in self.words.items():
                if stem(alias) == base or alias == base:
                    return found
        return self._inside(word)

    def _inside(self, word: str) -> tuple[str, ...]:
        """A longer word of another route may hold one of ours."""
        for length in self._lengths:
            if 1 < length < len(word) and _HAN.search(word):
                for start in range(len(word) - length + 1):
                    keys = self.words.get(word[start : start + length])
                    if keys:
                        return keys
        return ()

    def belongs(self, text: str, key: str) -> bool:
        """Whether a text is part of the node's own words (确认 of 接单确认)."""
        if len(text) == 1:  # 灯珠+装 of 装灯: a verb stands first
            return any(word.startswith(text) for word in self._own[key] if len(word) > 1)
        return any(text in word for word in self._own[key])

    def says(self, word: str, key: str) -> str:
        """What the bare word reports: "begin", "done" or "" (nothing by itself)."""
        if word in _ENDS or _ENDING.match(word):
            return "done"
        if word in _STARTS or (word.startswith(_MACHINE_ON) and word != self.names[key]):
            return "begin"
        for prefix in _START_PREFIX:
            rest = word.removeprefix(prefix)
            if (
                rest != word
                and rest
                and key in self.words.get(rest, ())
                and word != self.names[key]
            ):
                return "begin"
        return ""

    def instant(self, word: str) -> bool:
        """Whether `word + 了` reports an end: what takes no time, such as a dispatch."""
        return bool(_INSTANT.match(word)) or word in _ENDS


def stem(word: str) -> str:
    """The English verb behind an alias: cutting, cuts -> cut; shipped -> ship."""
    if not (word.isascii() and word.isalpha()) or len(word) < 4 or word in _NO_STEM:
        return ""
    for ending in ("ing", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word[: -len(ending)]
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "sl":
                base = base[:-1]
            return "" if base in _NO_STEM else base
    return word


def inflected(word: str) -> list[str]:
    """Past forms of an English alias; each reports an end by itself (shipped, packed)."""
    base = stem(word)
    if not base and word.isascii() and word.isalpha() and len(word) == 3:
        base = word
    if not base or base in _NO_STEM:
        return []
    forms = [base + "ed", base + base[-1] + "ed"]
    return forms if base[-1] != "e" else [base + "d"]


def plain_forms(word: str) -> list[str]:
    """ship, ships, shipping: forms of an English alias that report nothing by themselves."""
    base = stem(word)
    return [base, base + "s", base + "ing"] if base else []
