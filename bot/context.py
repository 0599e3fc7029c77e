"""Puts a received message into its context: the chat, the person, what it replies to, what was said
before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload

from bot.registry import Heard, States
from bot.understanding.model import Message, Previous, ReplyTo, Update
from domain.events import Source, unstamp
from domain.person import Address, Group, GroupKind, Person
from storage.cache import Asked, Received
from storage.ledger import Ledger

PAIRING_SECONDS = 180
"""How long a photo and a text of the same person belong together."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One message where it was said. `group` is None in a private chat."""

    row: Received
    to: Address
    person: Person
    group: Group | None
    past: tuple[Heard, ...]
    at: datetime
    replied: Heard | None = None
    ours: Mapping[str, Any] | None = None
    question: Asked | None = None
    origin: str = ""

    @property
    def source(self) -> Source:
        """The message that reports of this scene count as said in: an edit speaks for what it
        edits.
        """
        return Source(self.row.platform, self.row.chat, self.origin or self.row.message_id)

    @property
    def answer_to(self) -> str:
        """The message that an answer hangs on: the one said, or the one whose button was
        pressed.
        """
        pressed = self.row.payload.get("said") == "pressed"
        return str(self.row.payload.get("target", "")) if pressed else self.row.message_id

    @property
    def recalled_order(self) -> tuple[Heard, ...]:
        """What was said before, the message replied to last: a correction means that one."""
        if self.replied is None or not self.replied.applied:
            return self.past
        return (*(h for h in self.past if h is not self.replied), self.replied)

    @property
    def kind(self) -> GroupKind:
        """What the chat is for."""
        return self.group.kind if self.group else GroupKind.PRIVATE

    @property
    def language(self) -> str:
        """The language of the chat: the group's, or the person's in private."""
        return self.group.language if self.group else self.person.language

    @property
    def text(self) -> str:
        """What was typed."""
        return str(self.row.payload.get("text", ""))

    @property
    def photos(self) -> tuple[str, ...]:
        """Digests of the pictures that came with the message and could be kept."""
        media = self.row.payload.get("media", ())
        return tuple(m["digest"] for m in media if not m.get("fault") and m["kind"] != "voice")


def scene(ledger: Ledger, row: Received, person: Person, past: tuple[Heard, ...]) -> Scene:
    """The scene of a message: what it replies to is looked up among ours and among what was
    said.
    """
    to = Address(row.platform, row.chat, row.account)
    at = unstamp(row.at)
    reply_to = str(row.payload.get("reply_to", ""))
    replied = next((h for h in reversed(past) if h.message_id == reply_to), None)
    ours = ledger.outbox.about(to, reply_to) if reply_to and replied is None else None
    question = None
    if ours and isinstance(facts := ours["facts"], dict) and "question" in facts:
        question = ledger.questions.get(str(facts["question"]))
        if question is not None and (question.state != "open" or question.expires_at <= at):
            question = None
    group = ledger.folk.groups().get(to)
    return Scene(row, to, person, group, past, at, replied, ours, question)


class Recalled(Sequence[Previous]):
    """What was said before as understanding reads it, made when it is looked at: few messages need
    it.
    """

    __slots__ = ("_made", "local", "source", "view")

    def __init__(self, view: Scene, local: datetime, source: int) -> None:
        self.view, self.local, self.source = view, local, source
        self._made: tuple[Previous, ...] | None = None

    def _all(self) -> tuple[Previous, ...]:
        if self._made is None:
            self._made = tuple(
                h.as_previous(self.local, source=bool(self.source) and h.number == self.source)
                for h in self.view.recalled_order
            )
        return self._made

    @overload
    def __getitem__(self, place: int) -> Previous: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Previous, ...]: ...
    def __getitem__(self, place: int | slice) -> Previous | tuple[Previous, ...]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self.view.recalled_order)

    def __iter__(self) -> Iterator[Previous]:
        return iter(self._all())


def message(
    ledger: Ledger,
    view: Scene,
    *,
    text: str | None = None,
    event: str | None = None,
    reply: ReplyTo | None = None,
    source: int = 0,
) -> Message:
    """The scene as understanding reads it. `source` is the number of the message that an event is
    about.
    """
    payload = view.row.payload
    channel = view.kind.value
    if view.kind in (GroupKind.MANAGEMENT, GroupKind.UNBOUND):
        channel = GroupKind.PRODUCTION.value
    local = ledger.clock.now() if event else view.at
    return Message(
        text=view.text if text is None else text,
        at=local_naive(ledger, local),
        channel=channel,
        sender=view.person.id,
        mentions_bot=bool(payload.get("mentions_bot")),
        attachments=tuple(m["kind"] for m in payload.get("media", ()) if not m.get("fault")),
        reply_to=reply or reply_of(view),
        previous=Recalled(view, local, source),
        state=States(ledger),
        forwarded=bool(payload.get("forwarded")),
        from_bot=bool(payload.get("from_bot")),
        event=event,
    )


def local_naive(ledger: Ledger, at: datetime) -> datetime:
    """A moment on the factory's clock, without its zone."""
    return at.astimezone(ledger.zone).replace(tzinfo=None)


def reply_of(view: Scene) -> ReplyTo | None:
    """What the message replies to, in understanding's terms."""
    if view.question is not None and view.question.person == view.person.id:
        return question_reply(view.question)
    if view.ours is not None:
        facts = view.ours["facts"]
        order = facts.get("order") if isinstance(facts, dict) else None
        return ReplyTo("bot_card", order=str(order)) if order else None
    if view.replied is not None:
        if view.replied.media and not view.replied.text:
            return ReplyTo("photo", sender=view.replied.person)
        return ReplyTo("message", sender=view.replied.person, text=view.replied.text)
    return None


def question_reply(asked: Asked) -> ReplyTo:
    """An open question as something that is replied to."""
    doc = asked.doc
    pending = [Update(**u) for u in doc.get("pending", ())]
    options = tuple(
        Update(**o["do"][0]) if len(o.get("do", ())) == 1 else Update("none")
        for o in doc.get("options", ())
    )
    kind = doc.get("asked", "")
    return ReplyTo(
        "bot_question",
        order=doc.get("order") or None,
        asked=kind if kind in ("node", "order") else "confirm",
        pending=pending[0] if pending else None,
        options=options,
    )


def waiting_photos(view: Scene) -> list[Heard]:
    """Photo-only messages of the same person in this chat that no text has claimed, and a photo
    replied to.
    """
    found = [
        h
        for h in view.past
        if h.person == view.person.id
        and h.media
        and not h.text
        and not h.paired
        and not h.applied
        and (view.at - h.at).total_seconds() <= PAIRING_SECONDS
    ]
    if view.replied is not None and view.replied.media and view.replied not in found:
        found.append(view.replied)
    return found
