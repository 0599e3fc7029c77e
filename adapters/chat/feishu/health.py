"""Asks Feishu what works: the doctor's questions, each with one call at most."""

import asyncio
from collections.abc import Callable

from adapters.chat.feishu.budget import Budget
from adapters.chat.feishu.calls import Calls
from adapters.chat.feishu.content import text
from adapters.chat.feishu.faults import BOT_OFF, Fault
from adapters.chat.feishu.known import Known
from adapters.chat.port import Check

# any of them lets the bot hear what is said in a group without being addressed
_GROUP = frozenset({"im:message.group_msg", "im:message.group_msg:readonly"})
_GRANTED = 1


class Health:
    """`events` says whether events reach us, None if that can't be told yet."""

    def __init__(
        self, calls: Calls, known: Known, budget: Budget, events: Callable[[], bool | None]
    ) -> None:
        self._calls, self._known, self._budget, self._events = calls, known, budget, events
        self._hears_groups: bool | None = None

    async def look(self) -> tuple[Check, ...]:
        """Never raises."""
        reachable, trusted = await self._door()
        bot: bool | None = None
        groups: bool | None = None
        if trusted:
            bot, groups = await asyncio.gather(self._bot(), self._groups())
        return (
            Check("feishu.reachable", reachable),
            Check("feishu.credentials", trusted),
            Check("feishu.bot", bot, (("name", self._known.name or "?"),)),
            Check("feishu.group-messages", groups),
            Check("feishu.events", self._events()),
            await self._spent(),
        )

    async def _door(self) -> tuple[bool, bool | None]:
        try:
            await self._calls.prove()
        except Fault as fault:
            return (True, False) if fault.refused else (fault.status > 0, None)
        return True, True

    async def _bot(self) -> bool | None:
        try:
            await self._known.introduce()
        except Fault as fault:
            return False if fault.code in BOT_OFF else None
        except Exception:
            return None
        return bool(self._known.bot)

    async def _groups(self) -> bool | None:
        try:
            data = await self._calls.call("GET", "/open-apis/application/v6/scopes")
        except Fault:
            return None
        scopes = data.get("scopes")
        if not isinstance(scopes, list):
            return None
        granted = {
            text(scope, "scope_name")
            for scope in scopes
            if isinstance(scope, dict) and scope.get("grant_status") == _GRANTED
        }
        return bool(granted & _GROUP)

    async def _spent(self) -> Check:
        limit = self._budget.limit
        try:
            used = await self._budget.used()
        except Exception:
            return Check("feishu.budget", None, (("used", "?"), ("limit", str(limit or "∞"))))
        facts = (("used", str(used)), ("limit", str(limit or "∞")))
        return Check("feishu.budget", used < limit if limit else True, facts)
