"""The standup digest: gathered from the books and put into the outbox, in the morning, at midday if
something changed, and whenever somebody asks; and what its buttons do.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.context import Scene
from domain import digest
from domain.alert import Alert
from domain.desk import Desk
from domain.digest import Decision, Factory, Morning
from domain.errors import Refused
from domain.events import stamp
from domain.midday import changes
from domain.notice import Kind, Loud, Notice
from domain.person import Address, Deed, Group, GroupKind, Role, may
from domain.reaching import at
from storage.ledger import Ledger
from storage.mornings import MorningBook

WORDS = ("/晨会", "/晨會", "晨会", "晨會", "/standup")
MONTH = timedelta(days=30)
UNANSWERED = 5
"""Questions of the digest that nobody answered."""
TAKEN = 3
"""Decisions that can be taken by a button."""
SPREAD = 180
"""Seconds over which the digests of different chats are spread: platforms ask for it."""
SANDBOX = "sandbox"
OPEN_TO = (GroupKind.PRODUCTION, GroupKind.MANAGEMENT)
Facts = dict[str, Any]


def hold(ledger: Ledger, desk: Desk, fire: datetime) -> None:
    """The day's digest for every production group, and what is compared with it at midday."""
    groups = ledger.groups(GroupKind.PRODUCTION)
    if not groups:
        return
    found, _ = gather(ledger, desk)
    for group in groups:
        kept = {"day": found.day.isoformat()} | found.marks()
        ledger.settings.put(_kept(group.address), json.dumps(kept))
        facts = found.facts | {"chat": at(group.address), "held": True}
        _post(ledger, group, "standup", f"standup/{stamp(fire)}", facts, fire)


def changed(ledger: Ledger, desk: Desk, fire: datetime) -> None:
    """The differences since the morning's digest, where they are worth a message."""
    groups = ledger.groups(GroupKind.PRODUCTION)
    today = desk.calendar.day(ledger.clock.now()).isoformat()
    kept = [(g, _morning_of(ledger, g.address)) for g in groups]
    kept = [(g, marks) for g, marks in kept if marks.get("day") == today]
    if not kept:
        return
    found, factory = gather(ledger, desk)
    for group, marks in kept:
        facts = changes(marks, found, factory, desk.calendar)
        if facts is not None:
            _post(ledger, group, "standup-changes", f"standup-2/{stamp(fire)}", facts, fire)


def asked(ledger: Ledger, desk: Desk, view: Scene) -> None:
    """The digest as things stand, for whoever asks: in the factory's own groups, and in private for
    those who lead. Raises Refused elsewhere.
    """
    leads = may(view.person.role, Deed.SEE_ALL_ORDERS)
    if not (view.kind in OPEN_TO or (view.group is None and leads)):
        raise Refused("standup-elsewhere")
    group = view.group or Group(view.to, view.kind, language=view.language)
    found, _ = gather(ledger, desk)
    _post(ledger, group, "standup", f"asked/{view.row.id}", found.facts, ledger.clock.now())


def gather(ledger: Ledger, desk: Desk) -> tuple[Morning, Factory]:
    """The morning as the books stand now."""
    now = ledger.clock.now()
    first, last = digest.since(now, desk.calendar)
    book = MorningBook(ledger.sql)
    factory = Factory(
        ledger.open_orders(),
        ledger.open_alerts(),
        ledger.people(),
        desk.policy,
        book.done(first, last),
        book.ended(now - MONTH),
    )
    found = digest.morning(factory, now, desk.calendar)
    if _raise(ledger, found.decide[:TAKEN], now):
        found = digest.morning(replace(factory, alerts=ledger.open_alerts()), now, desk.calendar)
    found.facts["unanswered"] = [
        {"who": q.person, "text": str(q.doc.get("text", ""))[:40]}
        for q in ledger.questions.lapsed(first)
        if q.doc.get("text")
    ][:UNANSWERED]
    return found, factory


def _raise(ledger: Ledger, decisions: tuple[Decision, ...], now: datetime) -> bool:
    """What the digest asks somebody to decide can be taken: where no alarm asks for it, one is kept
    that tells nobody.
    """
    made = False
    for found in decisions:
        order, node = found.order, found.node
        name = f"{order.order_no}/{order.seq}/digest"
        if found.alert is not None or ledger.alert(name) is not None:
            continue
        kind, since = ("problem", node.reported_at or now) if node.held else ("red", now)
        by = node.reported_by or "system"
        level = "" if node.held else kind
        ledger.keep_alert(
            Alert(
                name, order.order_no, node.key, node.reason, node.reason_text, since, by,
                kind=kind, level=level,
            )
        )  # fmt: skip
        made = True
    return made


def _post(
    ledger: Ledger, group: Group, what: str, key: str, facts: Mapping[str, Any], fire: datetime
) -> None:
    to, now = group.address, ledger.clock.now()
    when = max(now, fire + _jitter(to, fire))
    slot = key if what == "standup" else ""
    ledger.notify(
        Notice(
            to, Kind.DIGEST, what, f"{key}/{at(to)}", when, facts, group.language, Loud.QUIET,
            slot=slot,
        )
    )  # fmt: skip


def _jitter(to: Address, fire: datetime) -> timedelta:
    """How much later than the full minute a chat is told, the same for a chat and day however often
    it is asked; nothing where nobody minds.
    """
    if to.platform == SANDBOX:
        return timedelta()
    return timedelta(seconds=zlib.crc32(f"{at(to)}/{fire:%Y%m%d}".encode()) % (SPREAD + 1))


def _kept(to: Address) -> str:
    return f"digest/{at(to)}"


def _morning_of(ledger: Ledger, to: Address) -> Facts:
    """What was kept of a chat's last morning."""
    kept: Facts = json.loads(ledger.settings.get(_kept(to)) or "{}")
    return kept


def stood(ledger: Ledger, view: Scene, day: str) -> Facts:
    """The standup was held: the digest says who said so and when. A late tap is told by whom."""
    if view.person.role in (Role.CUSTOMER, Role.SUPPLIER):
        raise Refused("not-allowed")
    kept = _morning_of(ledger, view.to)
    if kept.get("day") != day:
        raise Refused("standup-over")
    if kept.get("stood"):
        raise Refused("standup-held", **kept["stood"])
    kept["stood"] = {"by": view.person.id, "at": ledger.clock.now().isoformat()}
    ledger.settings.put(_kept(view.to), json.dumps(kept))
    restate(ledger, view)
    return {"stood": day}


def restate(ledger: Ledger, view: Scene) -> None:
    """The digest whose button was pressed says how things stand now."""
    about = _pressed(ledger, view)
    if about is None or not about["slot"]:
        return
    said = dict(about["facts"])
    kept = _morning_of(ledger, view.to)
    if said.get("held") and kept.get("day") == said["day"]:
        said["stood"] = kept.get("stood")
    ledger.notify(
        Notice(
            view.to, Kind.DIGEST, "standup-again", f"{about['slot']}/{view.row.id}",
            ledger.clock.now(), said, view.language, Loud.CARD, slot=about["slot"],
        )
    )  # fmt: skip


def _pressed(ledger: Ledger, view: Scene) -> Facts | None:
    """The digest whose button was pressed, as it was told last; None if it was another message."""
    if view.row.payload.get("said") != "pressed":
        return None
    about = ledger.outbox.about(view.to, str(view.row.payload.get("target", "")))
    return about if about is not None and about["kind"] == Kind.DIGEST.value else None


def alarm_scene(ledger: Ledger, desk: Desk, view: Scene, name: str) -> Scene:
    """The scene in which a press of a digest's button takes an alarm: where the alarm's own message
    stands, else where those who lead talk. Any other press stays where it is.
    """
    if _pressed(ledger, view) is None or ledger.slot_told(view.to, f"alert/{name}/{at(view.to)}"):
        return view
    groups = desk.alarms.leading(ledger)
    told = (g for g in groups if ledger.slot_told(g.address, f"alert/{name}/{at(g.address)}"))
    group = next(told, next(iter(groups), None))
    if group is None:
        return view
    to = group.address
    row = replace(view.row, platform=to.platform, account=to.account, chat=to.chat)
    return replace(view, row=row, to=to, group=group)
