"""Whom a step of an escalation chain reaches, and where: a team lead in the group, a supervisor, a
role by the words of the policy, those who lead. Keeps to what a group may be told in a day.
"""

from dataclasses import dataclass
from datetime import datetime, time

from domain.alert import Alert
from domain.calendar import WorkCalendar
from domain.escalation import Policy, Step
from domain.order import Order
from domain.person import Address, Group, GroupKind, Person, Role
from domain.ports import Books

SPARE = 2
"""Messages of a group's day that are kept for what can't wait."""
COUNTED = ("reminder", "escalation", "digest", "review")
"""Kinds of messages that a group's day has room for."""


def at(address: Address) -> str:
    """An address as part of a key."""
    return f"{address.platform}/{address.chat}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One chat to tell, in its language, and whom to mention there."""

    to: Address
    language: str
    mention: tuple[str, ...] = ()
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Reaching:
    """Works out recipients. Holds the calendar and the policy, no state."""

    calendar: WorkCalendar
    policy: Policy

    def leading(self, books: Books) -> tuple[Group, ...]:
        """Who leads: the management groups, else every manager in private."""
        groups = books.groups(GroupKind.MANAGEMENT)
        if groups:
            return groups
        found = []
        for person in books.people():
            to = books.reach(person.id)
            if person.role in (Role.MANAGER, Role.ADMIN) and to is not None:
                found.append(Group(to, GroupKind.PRIVATE, person.name, person.language))
        return tuple(found)

    def of(
        self, books: Books, order: Order, alert: Alert, step: Step, now: datetime
    ) -> list[Recipient]:
        """Everybody whom a step reaches."""
        people = books.people()
        match step.to:
            case "team_lead":
                leads = tuple(
                    p for p in people if p.role is Role.OPERATOR and alert.node in p.nodes
                )
                found = self._floor(books, leads, alert, step, now)
            case "supervisor":
                named = self.policy.supervisor(order, alert.node, people)
                found = self._private(books, named) or self._leaders(books, (), alert, step, now)
            case "manager":
                managers = tuple(p for p in people if p.role is Role.MANAGER)
                found = self._leaders(books, managers if alert.count else (), alert, step, now)
            case role:
                named = self.policy.named(role, people)
                found = self._private(books, named) or self._leaders(books, named, alert, step, now)
        if alert.kind == "problem" and alert.step == 0 and alert.count == 0:
            found = self._routed(books, alert, people, found)
        return found

    def _routed(
        self, books: Books, alert: Alert, people: tuple[Person, ...], found: list[Recipient]
    ) -> list[Recipient]:
        """Whoever a reason is theirs to see to hears of it in private, and is named to the rest."""
        role = self.policy.reasons.get(alert.reason, "")
        named = tuple(p for p in self.policy.named(role, people) if p.id != alert.raised_by)
        there = {r.to for r in found}
        private = [r for r in self._private(books, named) if r.to not in there]
        ids = tuple(p.id for p in named)
        return [Recipient(r.to, r.language, (*r.mention, *ids), r.reader) for r in found] + private

    def told(self, books: Books, alert: Alert) -> list[tuple[Address, str]]:
        """Everybody who may have been told of an alarm in a message that can be edited."""
        people = books.people()
        found = [(g.address, g.language) for g in self.leading(books)]
        for person in people:
            to = books.reach(person.id)
            if to is not None and person.role not in (Role.CUSTOMER, Role.SUPPLIER):
                found.append((to, person.language))
        return list(dict.fromkeys(found))

    def _floor(
        self, books: Books, leads: tuple[Person, ...], alert: Alert, step: Step, now: datetime
    ) -> list[Recipient]:
        """Team leads: mentioned in the production group; in private where it has heard enough, or
        there is none.
        """
        if not leads:
            return self._leaders(books, (), alert, step, now)
        ids = tuple(p.id for p in leads)
        groups = [
            Recipient(g.address, g.language, ids)
            for g in books.groups(GroupKind.PRODUCTION)
            if self._room(books, g.address, alert, step, now)
        ]
        return groups or self._private(books, leads)

    def _leaders(
        self, books: Books, mention: tuple[Person, ...], alert: Alert, step: Step, now: datetime
    ) -> list[Recipient]:
        ids = tuple(p.id for p in mention)
        return [
            Recipient(g.address, g.language, ids)
            for g in self.leading(books)
            if self._room(books, g.address, alert, step, now)
        ]

    def _private(self, books: Books, people: tuple[Person, ...]) -> list[Recipient]:
        found = []
        for person in people:
            to = books.reach(person.id)
            if to is not None:
                found.append(Recipient(to, person.language, (), person.id))
        return found

    def _room(self, books: Books, to: Address, alert: Alert, step: Step, now: datetime) -> bool:
        """Whether a group may be told one thing more today. A problem and a red level always, for
        the first time; what is repeated up to the day's most; all else leaves room
        for those. What is not told stands in the digest.
        """
        first = alert.step == 0 and alert.count == 0
        if first and "red" in (alert.kind, alert.level):
            return True
        if first and alert.kind == "problem" and not alert.risen:
            return True
        keeps_on = bool(step.at) or (alert.kind == "problem" and not first)
        most = self.policy.most if keeps_on else self.policy.most - SPARE
        midnight = self.calendar.moment(self.calendar.day(now), time(0, 0))
        return books.told_since(to, COUNTED, midnight) < most
