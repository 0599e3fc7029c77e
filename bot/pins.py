"""PINs for shared phones on the shop floor: `/PIN 4821` in private sets one's own. Kept as scrypt
hashes; too many wrong ones lock the person's PIN for a while.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.accounts import STAFF
from bot.context import Scene
from bot.replies import Replies
from domain.errors import Refused
from domain.events import stamp, unstamp
from domain.person import GroupKind
from storage.ledger import Ledger

WORD = re.compile(r"/?pin(?:\s*码|\s*碼)?[\s:：]*(?P<pin>\S*)", re.IGNORECASE)
FORM = re.compile(r"[0-9]{4,8}")
TRIES = 5
ANYWHERE = 30
"""Wrong ones from all clients together: one who guesses locks out others only with patience."""
EXAMPLE = "4821"
LOCKED = timedelta(minutes=10)


def set_pin(ledger: Ledger, person_id: str, pin: str) -> None:
    """Give somebody a PIN. Refused for one that is too short or too plain."""
    plain = len(set(pin)) < 2 or pin in "0123456789876543210" or pin == EXAMPLE
    if not FORM.fullmatch(pin) or plain:
        raise Refused("pin-weak")
    salt = secrets.token_bytes(16)
    ledger.settings.put(f"pin/{person_id}", f"{salt.hex()} {_hash(pin, salt).hex()}")
    ledger.settings.drop(f"pin-misses/{person_id}")
    ledger.access.revoke_all(person_id, ledger.clock.now(), "badge")


def right_pin(ledger: Ledger, person_id: str, pin: str, now: datetime, client: str) -> bool:
    """Whether it is the person's PIN. Refused("pin-locked") after too many wrong ones from one
    client, or very many from anywhere.
    """
    misses = json.loads(ledger.settings.get(f"pin-misses/{person_id}") or "[]")
    recent = [m for m in misses if unstamp(m[0]) > now - LOCKED]
    if sum(m[1] == client for m in recent) >= TRIES or len(recent) >= ANYWHERE:
        raise Refused("pin-locked", minutes=int(LOCKED.total_seconds() // 60))
    kept = ledger.settings.get(f"pin/{person_id}").split()
    if len(kept) == 2 and FORM.fullmatch(pin):
        given = _hash(pin, bytes.fromhex(kept[0]))
        if hmac.compare_digest(given, bytes.fromhex(kept[1])):
            ledger.settings.drop(f"pin-misses/{person_id}")
            return True
    ledger.settings.put(f"pin-misses/{person_id}", json.dumps([*recent, [stamp(now), client]]))
    return False


def _hash(pin: str, salt: bytes) -> bytes:
    """RFC 7914; some 20 ms, so that a stolen book of four-digit PINs is not read at a glance."""
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**13, r=8, p=1, dklen=32)


@dataclass(frozen=True, slots=True)
class Pins:
    """Handles `/PIN`."""

    replies: Replies

    def command(self, ledger: Ledger, view: Scene) -> dict[str, Any] | None:
        """Handle the message if it sets a PIN; None if it does not."""
        match = WORD.fullmatch(view.text.strip())
        if match is None or view.person.role not in STAFF:
            return None
        if view.kind is not GroupKind.PRIVATE:
            self.replies.answer(ledger, view, "pin-private", {})
            return {"why": "pin-private", "remember": False}
        said = {**view.row.payload, "text": "/PIN"}
        ledger.inbox.repay(view.row.id, said)  # the number itself is kept nowhere
        try:
            set_pin(ledger, view.person.id, match["pin"])
        except Refused:
            self.replies.answer(ledger, view, "pin-weak", {})
            return {"why": "pin-weak", "remember": False}
        self.replies.answer(ledger, view, "pin-set", {})
        return {"why": "pin-set", "remember": False}
