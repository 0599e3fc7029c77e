"""How we stand with Telegram: the state in one word, counts, and alarms that do not repeat."""

import logging
import time
import traceback
from collections import Counter
from pathlib import Path

from adapters.chat.port import Lent

log = logging.getLogger("vitrine.telegram")


def culprit(error: Exception) -> str:
    """Kind and place of an error that is not ours. Its words stay out of the log: they may quote
    what somebody wrote.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


class Standing:
    """Shared by all parts of this adapter."""

    def __init__(self, lent: Lent, quiet: float) -> None:
        self.lent, self.quiet = lent, quiet
        self.state = "starting"
        self.counts: Counter[str] = Counter()
        self._raised: dict[str, float] = {}

    def become(self, state: str) -> None:
        """Change the state; coming back is counted."""
        if state == self.state:
            return
        log.log(logging.INFO if state == "ok" else logging.WARNING, "telegram is %s", state)
        if state == "ok" and self.state != "starting":
            self.counts["reconnected"] += 1
        self.state = state

    async def alarm(self, code: str) -> None:
        """Once, and again only after it has been quiet about it for a while."""
        now = time.monotonic()
        last = self._raised.get(code)
        self._raised[code] = now
        if last is not None and now - last < self.quiet:
            return
        self.counts[f"alarm.{code}"] += 1
        try:
            await self.lent.alarm(code, {})
        except Exception as error:
            log.error("the alarm %s could not be raised: %s", code, culprit(error))
            del self._raised[code]
