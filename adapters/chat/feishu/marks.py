"""Our marks on people's messages: one reaction each, taken away again by its id."""

import logging

from adapters.chat.feishu.calls import Calls
from adapters.chat.feishu.content import part, quoted, text
from adapters.chat.feishu.faults import Fault
from adapters.chat.port import Memory
from adapters.chat.recent import Recent

log = logging.getLogger("vitrine.feishu")
# Source: the page im-v1/message-reaction/emojis-introduce of the open platform
EMOJI = {"recorded": "DONE", "asked": "THINKING"}
_NO_REACTION = frozenset({231001, 231003, 231007, 231010, 230011, 230110})


class Marks:
    """Remembers the ids of our reactions; where they are forgotten, asks for them."""

    def __init__(self, calls: Calls, memory: Memory, app_id: str) -> None:
        self._calls, self._memory, self._app_id = calls, memory, app_id
        self._recent: Recent[str] = Recent(2000)

    async def put(self, message_id: str, mark: str) -> None:
        """Make this the only mark; an empty one takes ours away. Raises Fault."""
        emoji = EMOJI.get(mark, "")
        before = await self._before(message_id)
        if before is None and not emoji:
            before = await self._listed(message_id)
        kept, _, reaction = (before or "").partition(" ")
        if emoji and kept == emoji:
            return
        now = ""
        if emoji:
            data = await self._calls.call(
                "POST", _path(message_id), {"reaction_type": {"emoji_type": emoji}}
            )
            now = f"{emoji} {text(data, 'reaction_id')}"
        for old in reaction.split():
            await self._delete(message_id, old)
        self._recent.put(message_id, now)
        await self._memory.put(_name(message_id), now)

    async def _before(self, message_id: str) -> str | None:
        """`EMOJI reaction_id` as we left it; None if nothing is remembered."""
        if message_id in self._recent:
            return self._recent.get(message_id)
        return await self._memory.get(_name(message_id)) or None

    async def _listed(self, message_id: str) -> str:
        data = await self._calls.call("GET", _path(message_id), query={"page_size": "50"})
        items = data.get("items")
        ours = [
            text(item, "reaction_id")
            for item in (items if isinstance(items, list) else [])
            if text(part(item, "operator"), "operator_type") == "app"
            and text(part(item, "operator"), "operator_id") == self._app_id
        ]
        return f"LISTED {' '.join(ours)}" if ours else ""

    async def _delete(self, message_id: str, reaction: str) -> None:
        try:
            await self._calls.call("DELETE", f"{_path(message_id)}/{quoted(reaction)}")
        except Fault as fault:
            if fault.code not in _NO_REACTION:
                raise
            log.info("the mark on %s was gone already", message_id)


def _path(message_id: str) -> str:
    return f"/open-apis/im/v1/messages/{quoted(message_id)}/reactions"


def _name(message_id: str) -> str:
    return f"feishu.mark/{message_id}"
