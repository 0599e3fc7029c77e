"""Tokened links: unguessable, made again from the secret whenever they are needed, kept only as
hashes.

A token is an HMAC of kind, subject, reader and generation: 160 bits, not derived from any content.
Revoking a subject's links
raises its generation.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from storage.ledger import Ledger

BYTES = 20
PATHS = {"in": ("/sign-in/", ""), "c": ("/calendars/", ".ics")}
"""Where links of a kind lead, if not to the kind's own letter: what stands before and after."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and opens links. `base` is the public address without a slash at its end."""

    secret: bytes
    base: str

    def _mac(self, *parts: str) -> bytes:
        text = "\x1f".join(parts).encode()
        return hmac.new(self.secret, text, hashlib.sha256).digest()[:BYTES]

    def token(self, kind: str, subject: str, reader: str, generation: int) -> str:
        """The token of a link. Tickets are upper case, for the shortest code on paper."""
        text = base64.b32encode(self._mac("link", kind, subject, reader, str(generation)))
        shown = text.decode().rstrip("=")
        return shown if kind == "t" else shown.lower()

    def path(
        self,
        ledger: Ledger,
        kind: str,
        subject: str,
        reader: str = "",
        until: datetime | None = None,
    ) -> str:
        """The relative address of a tokened page; the link is kept if it is new, and lives until a
        moment if one is given.
        """
        generation = ledger.links.generation(kind, subject, reader)
        token = self.token(kind, subject, reader, generation)
        if kind != "in":  # those are kept when they are made, with their end
            ledger.links.keep(
                digest(kind, token), kind, subject, reader, generation, ledger.clock.now(), until
            )
        before, after = PATHS.get(kind, (f"/{kind}/", ""))
        return f"{before}{token}{after}"

    def full(self, ledger: Ledger, kind: str, subject: str, reader: str = "") -> str:
        """The whole address of a tokened page."""
        return self.base + self.path(ledger, kind, subject, reader)

    def opened(
        self, ledger: Ledger, kind: str, token: str, now: datetime | None = None
    ) -> tuple[str, str] | None:
        """Subject and reader of a link, or None. `now` is the books' own moment if not given."""
        if not token.isascii() or len(token) > 64:
            return None
        wanted = token.upper() if kind == "t" else token
        row = ledger.links.find(digest(kind, wanted), kind, now or ledger.clock.now())
        return (row["subject"], row["reader"]) if row else None

    def photo(self, order_no: str, photo_id: int, thumb: bool = False) -> str:
        """The relative address of an order's picture: its place and a mac of it."""
        place = base64.urlsafe_b64encode(f"{order_no}\x1f{photo_id}\x1f{int(thumb)}".encode())
        mac = base64.urlsafe_b64encode(self._mac("photo", order_no, str(photo_id), str(thumb)))
        return f"/photos/{place.decode().rstrip('=')}.{mac.decode().rstrip('=')}"

    def photo_of(self, token: str) -> tuple[str, int, bool] | None:
        """Order, picture and size that a picture's token stands for, or None."""
        place, _, _ = token.partition(".")
        try:
            text = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()
            order_no, number, thumb = text.split("\x1f")
            found = order_no, int(number), thumb == "1"
        except (ValueError, UnicodeDecodeError):
            return None
        expected = self.photo(*found).rpartition("/")[2]
        return found if hmac.compare_digest(expected.encode(), token.encode()) else None

    def ticket(self, order_no: str, node: str = "") -> str:
        """What a ticket's code says of itself beyond the token: order and node as the link's
        subject.
        """
        return f"{order_no}\x1f{node}" if node else order_no

    def ticket_in(self, text: str) -> str | None:
        """The ticket token in a code's text, whoever's address stands before it."""
        head, sign, token = text.strip().rpartition("/T/")
        return token if sign and head and token.isalnum() and len(token) <= 64 else None


def digest(kind: str, token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(f"{kind}:{token}".encode()).hexdigest()
