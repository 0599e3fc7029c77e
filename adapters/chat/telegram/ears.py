"""One update at a time: understood, handed on, and only then done with. The polling loop and the
webhook both hear through this.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.chat.patience import POISON, Patience
from adapters.chat.port import Heard, InboundMessage, Said
from adapters.chat.telegram.fields import Malformed, number
from adapters.chat.telegram.hearing import Me, hear, query_of
from adapters.chat.telegram.presses import Press, Presses, ShortForms
from adapters.chat.telegram.standing import Standing, culprit

log = logging.getLogger("vitrine.telegram")


class Ears:
    """Takes updates as Telegram wrote them. `ready`: we know who we are, or can't wait for it."""

    def __init__(self, standing: Standing, presses: Presses, forms: ShortForms) -> None:
        self.standing, self.presses, self.forms = standing, presses, forms
        self.me = Me()
        self.ready = False
        self.heard: Heard | None = None
        self._patience = Patience()

    async def take(self, raw: Any) -> bool:
        """Whether the update is done with: heard and committed, or nothing to hear. False means
        that it must come again.
        """
        query = query_of(raw)
        try:
            if not isinstance(raw, Mapping):
                raise Malformed("update")
            message = hear(raw, self.me, self.standing.lent.now())
        except Exception as error:
            self._malformed(raw, error)
            self._answer(query)
            return True
        if message is None:
            self.standing.counts["ignored"] += 1
            self._answer(query)
            return True
        if query:
            self.presses.begin(message.message_id, Press(query, message.sender))
        done = await self._hand_on(message)
        if query:
            (self.presses.finish if done else self.presses.drop)(message.message_id)
        return done

    def _answer(self, query: str) -> None:
        """A press that nobody will hear of: its button must not keep turning."""
        if query:
            self.presses.begin(f"cb:{query}", Press(query, ""))
            self.presses.finish(f"cb:{query}", wait=False)

    async def _hand_on(self, message: InboundMessage) -> bool:
        if self.heard is None:
            return False
        name = message.message_id
        try:
            if message.said is Said.PRESSED:
                message = replace(message, button=await self.forms.expand(message.button))
            await self.heard(message)
        except POISON as error:
            log.error("message %s can't be taken in (%s); skipped", name, culprit(error))
            self.standing.counts["malformed"] += 1
        except Exception as error:
            return self._failed(name, error)
        else:
            self.standing.counts["received"] += 1
        self._patience.settled(name)
        return True

    def _failed(self, name: str, error: Exception) -> bool:
        """Whether we give it up."""
        self.standing.counts["failed"] += 1
        tries = self._patience.over(name, error)
        if tries:
            self.standing.counts["given-up"] += 1
            log.error("message %s given up after %d tries: %s", name, tries, culprit(error))
            return True
        log.error("message %s not taken in, it will come again: %s", name, culprit(error))
        return False

    def _malformed(self, raw: Any, error: Exception) -> None:
        known = number(raw, "update_id")
        reason = str(error) if isinstance(error, Malformed) else culprit(error)
        log.warning(
            "update %s can't be read (%s); skipped", "?" if known is None else known, reason
        )
        self.standing.counts["malformed"] += 1
