"""The last line of defence of the log: what looks like a secret or a way to reach somebody is
masked before it is written. The first line is that nobody logs such things.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST = 8
"""Characters of a configured secret below which masking it would mask ordinary words."""
_PATH = r"/(p|t|s|T|sign-in|calendars|photos|pictures)/(?!\{)[^\s/?#\"'{}]+"
_TOKENS = (
    r"(?<!\d)\d{6,12}:[\w-]{30,}",  # Telegram's bots
    r"(?<![\w-])[tu]-[\w.-]{20,}",  # Feishu's access tokens
    r"(?<![\w-])[\w-]{43}(?![\w-])",  # sessions, API tokens, kiosks
    r"(?<![\w-])(?:[a-z2-7]{32}|[A-Z2-7]{32})(?![\w-])",  # links
    r"(?<![\w-])(?![0-9a-f]+(?![\w-]))[\w-]{64,}",  # WeCom's access tokens; no hash of ours
)
_QUERY = (
    r"(?<![\w-])([\w-]*(?:secret|token|key|ticket|password|signature|kiosk|sign))"
    r"(=|%3D|[\"']?: ?[\"']?)[^\s&\"',;}]+"
)
_PHONES = (
    r"\+\d[\d \-]{7,16}\d",
    r"(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)",  # the mainland
    r"(?<!\d)09\d{2}[ -]?\d{3}[ -]?\d{3}(?!\d)",  # Taiwan
    r"(?<![\w-])0\d{1,3}-\d{7,8}(?!\d)",
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"']+"), r"\1 [token]"),
    (re.compile(_QUERY, re.IGNORECASE | re.ASCII), r"\1\2[secret]"),
    (re.compile(_PATH, re.ASCII), r"/\1/[token]"),
    (re.compile("|".join(_TOKENS), re.ASCII), "[token]"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[mail]"),
    (re.compile("|".join(_PHONES), re.ASCII), "[phone]"),
)


@dataclass(frozen=True, slots=True)
class Mask:
    """Hides what must not be read. `secrets` are the values of this house's own settings."""

    secrets: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """The text with `[secret]`, `[token]`, `[phone]` and `[mail]` in their places."""
        for secret in self.secrets:
            if secret in text:
                text = text.replace(secret, "[secret]")
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return text


def masking(secrets: Iterable[str]) -> Mask:
    """A mask that knows these secrets as well, the longest first."""
    long = {s for s in secrets if len(s) >= SHORTEST}
    return Mask(tuple(sorted(long, key=len, reverse=True)))
