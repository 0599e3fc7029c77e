"""One update at a time: understood, handed on, and only then done with. The polling loop and the
webhook both hear through this.
"""

import logging
from dataclasses import replace
from typing import Any

from telegram import Update

from adapters.chat.port import Heard, InboundMessage, Said
from adapters.chat.telegram.hearing import Me, hear
from adapters.chat.telegram.presses import Press, Presses, ShortForms
from adapters.chat.telegram.standing import Standing, culprit

log = logging.getLogger("vitrine.telegram")


class Ears:
    """Takes updates as Telegram wrote them."""

    def __init__(self, standing: Standing, presses: Presses, forms: ShortForms) -> None:
        self.standing, self.presses, self.forms = standing, presses, forms
        self.me = Me()
        self.heard: Heard | None = None

    async def take(self, raw: Any) -> bool:
        """Whether the update is done with: heard and committed, or nothing to hear. False means
        that it must come again.
        """
        try:
            update = Update.de_json(raw, None)
            message = hear(update, self.me, self.standing.lent.now())
        except Exception as error:
            self._malformed(raw, error)
            return True
        query = update.callback_query
        if message is None:
            self.standing.counts["ignored"] += 1
            if query:
                self._begin(f"cb:{query.id}", query.id, "")
                self.presses.finish(f"cb:{query.id}", wait=False)
            return True
        if query:
            self._begin(message.message_id, query.id, message.sender)
        done = await self._hand_on(message)
        if query:
            (self.presses.finish if done else self.presses.drop)(message.message_id)
        return done

    def _begin(self, message_id: str, query: str, user: str) -> None:
        self.presses.begin(message_id, Press(query, user))

    async def _hand_on(self, message: InboundMessage) -> bool:
        if self.heard is None:
            return False
        try:
            if message.said is Said.PRESSED:
                message = replace(message, button=await self.forms.expand(message.button))
            await self.heard(message)
        except Exception as error:
            name, why = message.message_id, culprit(error)
            log.error("message %s not taken in, it will come again: %s", name, why)
            self.standing.counts["failed"] += 1
            return False
        self.standing.counts["received"] += 1
        return True

    def _malformed(self, raw: Any, error: Exception) -> None:
        number = raw.get("update_id") if isinstance(raw, dict) else None
        known = number if isinstance(number, int) else "?"
        log.warning("update %s can't be read (%s); skipped", known, culprit(error))
        self.standing.counts["malformed"] += 1
