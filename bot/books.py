"""Asynchronous views of single books, as the adapters' ports want them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.store import Store


@dataclass(frozen=True, slots=True)
class Transcripts:
    """The sandbox's chats, one unit of work a call."""

    store: Store

    async def get(self, chat: str, message_id: str) -> dict[str, Any] | None:
        """One message."""
        return await self.store.run(lambda ledger: ledger.transcript.get(chat, message_id))

    async def find(self, message_id: str) -> tuple[str, dict[str, Any]] | None:
        """A message and its chat."""
        return await self.store.run(lambda ledger: ledger.transcript.find(message_id))

    async def keep(self, chat: str, message_id: str, doc: Mapping[str, Any]) -> None:
        """A message as it stands now."""
        await self.store.run(lambda ledger: ledger.transcript.keep(chat, message_id, doc))

    async def since(self, chat: str, changed: int) -> tuple[int, list[dict[str, Any]]]:
        """What changed after a cursor."""
        return await self.store.run(lambda ledger: ledger.transcript.since(chat, changed))
