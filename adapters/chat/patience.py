"""How long an adapter bears with a message that can't be taken in: what is wrong with the message
itself is skipped at once, what will pass is borne for ever, and anything else for some tries.
"""

import sqlite3

from adapters.chat.recent import Recent

POISON = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""Failures that the same message would meet for ever: it is malformed, whoever stumbled over it."""
PASSING = (OSError, sqlite3.Error)
"""A full disk, a locked database: a message is never given up for these."""
TRIES = 10
DAY = 24 * 3600.0


class Patience:
    """Counts the failures of each message that comes again."""

    def __init__(self) -> None:
        self._tries: Recent[tuple[str, int]] = Recent(1000, DAY)

    def over(self, name: str, error: Exception) -> int:
        """How often the message has failed in the same way, once nobody should wait for it any
        more; 0 until then.
        """
        kind = type(error).__name__
        before, tries = self._tries.get(name) or (kind, 0)
        tries = tries + 1 if before == kind else 1
        self._tries.put(name, (kind, tries))
        if tries < TRIES or isinstance(error, PASSING):
            return 0
        self._tries.drop(name)
        return tries

    def settled(self, name: str) -> None:
        """It was taken in after all."""
        self._tries.drop(name)
