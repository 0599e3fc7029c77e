"""Packs what is due: claims it as far as the platforms' limits let it go, words it in its reader's
language as things stand now, and makes it fit the platform.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.chat.port import ChatAdapter, Edits, Reply
from bot.cards import Draw, digest_card, newest_photos, progress_card
from bot.limits import Limits
from bot.wording.drafts import Draft
from bot.wording.fitting import Fitted, fit
from bot.wording.phrases import Phrases
from bot.wording.speak import LANGUAGES
from bot.wording.voice import Voice
from domain.alert import AlertState
from domain.notice import Kind, Loud, Notice
from domain.person import Address
from storage.ledger import Ledger
from storage.outbox import Claimed
from storage.photos import Photos

log = logging.getLogger("vitrine.courier")
NOTHING = Fitted(Reply("reaction", ""))
MANY_READERS = frozenset({Kind.CARD, Kind.ESCALATION, Kind.DIGEST, Kind.REVIEW, Kind.REMINDER})
"""What everybody in a group reads, in their own language where the platform can show it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Notices that go out as one message, worded. `silent`: nothing is to be sent after all.
    `only_edit`: worth something only in the place of an earlier message. `whisper` is the
    platform's id of the one who alone should read it.
    """

    claims: tuple[Claimed, ...]
    fitted: Fitted = NOTHING
    slot_message: str = ""
    draw: Draw | None = None
    silent: bool = False
    only_edit: bool = False
    whisper: str = ""


RINGS = ("problem", "orange", "red", "silent", "draft-waiting")
"""Words that raise an alarm, or with `-still` repeat it: said only while nobody has it."""


@dataclass(slots=True)
class Packer:
    """Makes parcels. Only used in a unit of work, but for `fit`."""

    adapters: Mapping[str, ChatAdapter]
    voice: Callable[[Ledger], Voice]
    photos: Photos
    limits: Limits
    board: str
    factory: str

    def pack(
        self,
        ledger: Ledger,
        wall: float,
        lease: float,
        room: int,
        ours: Callable[[str], bool] = lambda _: True,
    ) -> tuple[list[Parcel], float]:
        """Up to `room` messages on platforms that are `ours`, and when (wall clock) something that
        has to wait may go.
        """
        now = ledger.clock.now()
        parcels: list[Parcel] = []
        opens: list[float] = []

        def free(notice: Notice) -> bool:
            at = self.limits.chat(ledger, notice, wall)
            if at:
                opens.append(at)
            return not at

        for platform in filter(ours, ledger.outbox.platforms(now)):
            left, at = self.limits.platform(ledger, platform, wall)
            if at:
                opens.append(at)
            most = min(left, room - len(parcels))
            if most <= 0:
                continue
            claims = ledger.outbox.claim(now, lease, most, wall=wall, platform=platform, free=free)
            parcels += self._parcels(ledger, claims)
        retry = ledger.outbox.next_retry(wall)
        return parcels, min([*opens, *([retry] if retry else [])], default=0.0)

    def _parcels(self, ledger: Ledger, claims: Sequence[Claimed]) -> list[Parcel]:
        bundles: dict[tuple[Address, str], list[Claimed]] = {}
        for claimed in claims:
            notice = claimed.notice
            name = notice.bundle or f"#{claimed.id}"
            bundles.setdefault((notice.to, name), []).append(claimed)
        voice = self.voice(ledger)
        parcels = []
        for group in bundles.values():
            try:
                parcels.append(self._parcel(ledger, voice, group))
            except Exception as error:
                log.exception("notice %d could not be worded", group[0].id)
                for claimed in group:
                    ledger.outbox.dead(claimed, f"not worded: {type(error).__name__}")
        return parcels

    def _parcel(self, ledger: Ledger, voice: Voice, group: Sequence[Claimed]) -> Parcel:
        notices = [c.notice for c in group]
        first, claims = notices[0], tuple(group)
        adapter = self.adapters.get(first.to.platform)
        if adapter is None:
            return Parcel(claims)
        slot = ledger.outbox.slot(first.to, first.slot) if first.slot else ""
        if _needless(adapter, first, slot) or all(_over(ledger, n) for n in notices):
            return Parcel(claims, silent=True, slot_message=slot)
        if first.kind is Kind.REACTION and adapter.can.reactions:
            return Parcel(claims)
        draft = voice.word(ledger, notices, ledger.clock.now())
        many = first.to in ledger.folk.groups()
        reply = self._addressed(ledger, draft.reply, first, many=many)
        if many and adapter.can.viewer_language and first.kind in MANY_READERS:
            reply = replace(reply, others=self._others(ledger, voice, notices))
        phrases = Phrases(first.language, ledger, voice.calendar, ledger.clock.now())
        draw = self._drawing(ledger, phrases, draft) if draft.picture else None
        names = ledger.folk.names_at(first.to.platform)
        quiet = many and first.loud is Loud.TOAST and first.what == "refused"
        return Parcel(
            claims,
            self.fit(adapter, reply),
            slot,
            draw if adapter.can.pictures else None,
            only_edit=_ends(first),
            whisper=names.get(first.reader, "") if quiet and adapter.can.whispers else "",
        )

    def fit(self, adapter: ChatAdapter, reply: Reply) -> Fitted:
        """The reply within the platform's abilities."""
        return fit(reply, adapter.can, self.board)

    def _addressed(self, ledger: Ledger, reply: Reply, notice: Notice, *, many: bool) -> Reply:
        """The reply with what its chat asks for: mentions, loudness, language."""
        names = ledger.folk.names_at(notice.to.platform)
        mention = tuple((name, names[who]) for name, who in reply.mention if who in names)
        return replace(
            reply,
            mention=mention if many else (),
            group=many,
            silent=many and notice.loud in (Loud.CARD, Loud.QUIET),
            urgent=notice.loud is Loud.URGENT,
            language=notice.language,
        )

    def _others(self, ledger: Ledger, voice: Voice, notices: Sequence[Notice]) -> tuple[Reply, ...]:
        """The same in the other languages."""
        now = ledger.clock.now()
        found = []
        for language in LANGUAGES:
            if language != notices[0].language:
                told = [replace(n, language=language) for n in notices]
                found.append(replace(voice.word(ledger, told, now).reply, language=language))
        return tuple(found)

    def _drawing(self, ledger: Ledger, p: Phrases, draft: Draft) -> Draw | None:
        assert draft.picture is not None
        name, facts = draft.picture
        if name == "digest":
            return Draw(digest_card(p, facts, self.factory))
        order = ledger.order(str(facts["order"]))
        if order is None:
            return None
        customer = bool(facts.get("customer"))
        found = newest_photos(order, shown=customer)
        shots = tuple(self.photos.open(x.thumb) for x in found)
        return Draw(progress_card(p, order, shots, self.factory, customer=customer))


def _over(ledger: Ledger, notice: Notice) -> bool:
    """Whether a notice rings an alarm that somebody has taken, or that is over, since it was
    written: quiet hours or a limit held it back, and the tap wins.
    """
    if notice.what.removesuffix("-still") not in RINGS:
        return False
    told = ledger.alerts_told_as(str(notice.facts.get("alert", "")))
    return bool(told) and all(a.state is not AlertState.OPEN for a in told)


def _needless(adapter: ChatAdapter, notice: Notice, slot: str) -> bool:
    """What a platform has no way to show and nobody misses: the living card where nothing can be
    edited (each report is answered there instead), a mark taken away where there are none, the
    end of a question that can't be changed.
    """
    can = adapter.can
    if notice.kind is Kind.CARD:
        return can.edits is not Edits.ALWAYS
    if notice.kind is Kind.REACTION:
        return not can.reactions and notice.what != "recorded"
    return _ends(notice) and (can.edits is Edits.NEVER or not slot)


def _ends(notice: Notice) -> bool:
    """What only says how an earlier message stands now: a question's end, a digest's state."""
    ended = notice.kind is Kind.ASK and notice.what in ("answered", "dropped")
    return ended or notice.what == "standup-again"
