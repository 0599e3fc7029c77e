"""Pictures that come by a page instead of a chat: cleaned, noted and kept like all others."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.pictures.qr import read_codes
from domain.errors import DomainError
from storage.ledger import Ledger
from storage.photos import KeptPhoto, Photos
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Keeping:
    """Keeps files."""

    store: Store
    photos: Photos

    async def keep(self, files: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
        """The digests of what was kept, in order. DomainError for the first that can't be."""
        found = [await self._one(name, raw) for name, raw in files]
        return tuple(dict.fromkeys(found))

    async def keep_what_can_be(
        self, files: Sequence[tuple[str, bytes]]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The digests of what was kept, and the codes of what could not be."""
        found, faults = [], []
        for name, raw in files:
            try:
                found.append(await self._one(name, raw))
            except DomainError as error:
                faults.append(error.code)
        return tuple(dict.fromkeys(found)), tuple(faults)

    async def _one(self, name: str, raw: bytes) -> str:
        kept, codes = await asyncio.to_thread(self._clean, name, raw)
        await self.store.run(partial(note, photo=kept, codes=codes))
        await asyncio.to_thread(self.photos.drop_spooled, kept.digest)
        return kept.digest

    def _clean(self, name: str, raw: bytes) -> tuple[KeptPhoto, list[str]]:
        digest = self.photos.spool(raw)
        kept = self.photos.keep(digest, Path(name).suffix)
        return kept, list(read_codes(self.photos.open(kept.key)))


def note(ledger: Ledger, photo: KeptPhoto, codes: Sequence[str]) -> None:
    """Write a kept picture into the book of pictures."""
    ledger.photos.keep(**noted(photo, codes))


def noted(photo: KeptPhoto, codes: Sequence[str]) -> dict[str, object]:
    """A kept picture as the book of pictures has it."""
    return {
        "digest": photo.digest, "key": photo.key, "thumb": photo.thumb, "kind": photo.kind,
        "media": photo.media, "width": photo.width, "height": photo.height,
        "bytes": photo.bytes, "likeness": photo.likeness, "taken_at": photo.taken_at or "",
        "codes": json.dumps(list(codes)),
    }  # fmt: skip
