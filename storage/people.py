"""People, their addresses and the chats: who writes, where they are reached, what a group is
for.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from domain.person import Address, Group, GroupKind, Person, Role
from storage.cache import Cache
from storage.docs import dump
from storage.secrets import HOUSE, owner
from storage.sql import Row, Sql


class PeopleBook:
    """People and groups in one transaction."""

    def __init__(self, sql: Sql, cache: Cache) -> None:
        self.sql, self.cache = sql, cache

    def all(self) -> dict[str, Person]:
        """Everybody by id."""
        if self.cache.people is None:
            places: dict[str, list[Address]] = {}
            for row in self.sql.rows('SELECT * FROM address ORDER BY platform, account, "user"'):
                to = Address(row["platform"], row["chat"], row["account"])
                places.setdefault(row["person"], []).append(to)
            self.cache.people = {
                row["id"]: _person(row, tuple(places.get(row["id"], ())))
                for row in self.sql.rows("SELECT * FROM person ORDER BY id")
            }
            self.cache.users = {
                (r["platform"], r["account"], r["user"]): self.cache.people[r["person"]]
                for r in self.sql.rows("SELECT * FROM address")
                if r["person"] in self.cache.people
            }
        return self.cache.people

    def user(self, platform: str, account: str, user: str) -> Person | None:
        """Who a platform's user is; None for a stranger."""
        self.all()
        return self.cache.users.get((platform, account, user))

    def keep(self, person: Person) -> None:
        """A person as they are now, addresses apart."""
        self.sql.do(
            "INSERT INTO person (id, name, role, title, nodes, language)"
            " VALUES (:id, :name, :role, :title, :nodes, :language)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role,"
            " title = excluded.title, nodes = excluded.nodes, language = excluded.language",
            id=person.id,
            name=person.name,
            role=person.role.value,
            title=person.title,
            nodes=dump(list(person.nodes)),
            language=person.language,
        )
        self._changed()

    def bind(self, person_id: str, platform: str, account: str, user: str, chat: str) -> None:
        """A platform's user is this person; `chat` is where they are reached in private, if
        known.
        """
        self.sql.do(
            'INSERT INTO address (platform, account, "user", person, chat)'
            ' VALUES (:p, :a, :u, :person, :c) ON CONFLICT (platform, account, "user")'
            " DO UPDATE SET person = excluded.person,"
            " chat = CASE WHEN excluded.chat = '' THEN address.chat ELSE excluded.chat END",
            p=platform,
            a=account,
            u=user,
            person=person_id,
            c=chat,
        )
        self._changed()

    def unbind(self, person_id: str) -> None:
        """Nobody writes as this person any more, and nothing reaches them."""
        self.sql.do("DELETE FROM address WHERE person = :p", p=person_id)
        self._changed()

    def names_at(self, platform: str) -> dict[str, str]:
        """Everybody's user id on a platform, by person."""
        rows = self.sql.rows('SELECT person, "user" FROM address WHERE platform = :p', p=platform)
        return {r["person"]: r["user"] for r in rows}

    def shut(self, to: Address) -> Person | Group | None:
        """Nothing reaches that chat any more: its reader has no private chat there from now on, or
        the group is bound no more. Whose it was.
        """
        group = self.groups().get(to)
        if group is not None:
            self.keep_group(replace(group, kind=GroupKind.UNBOUND))
            return group
        here = (p for p in self.all().values() if to in p.addresses)
        person = next(here, None)
        self.sql.do(
            "UPDATE address SET chat = '' WHERE platform = :p AND account = :a AND chat = :c",
            p=to.platform,
            a=to.account,
            c=to.chat,
        )
        self._changed()
        return person

    def move(self, to: Address, chat: str) -> None:
        """A chat goes on under another id: whatever is known of it or waits for it moves along."""
        values = {"p": to.platform, "a": to.account, "c": to.chat, "n": chat}
        known = Address(to.platform, chat, to.account) in self.groups()
        for table in (
            "address",
            "inbox",
            "outbox",
            "question",
            *(() if known else ("chat_group",)),
        ):
            self.sql.do(
                f"UPDATE {table} SET chat = :n"  # noqa: S608 - our own names
                " WHERE platform = :p AND account = :a AND chat = :c",
                **values,
            )
        if known:
            self._adopt(values)
        self.sql.do(
            "DELETE FROM slot WHERE platform = :p AND account = :a AND chat = :c",
            **{k: v for k, v in values.items() if k != "n"},
        )
        self._changed()

    def _adopt(self, values: Mapping[str, str]) -> None:
        """The new id was heard of first, as a chat nobody bound: it takes over what the old one
        was.
        """
        old, new = (Address(values["p"], values[k], values["a"]) for k in ("c", "n"))
        before = self.groups().get(old)
        if before is None:
            return
        if self.groups()[new].kind is GroupKind.UNBOUND:
            self.keep_group(replace(before, address=new))
        self.sql.do(
            "DELETE FROM chat_group WHERE platform = :p AND account = :a AND chat = :c",
            **{k: v for k, v in values.items() if k != "n"},
        )

    def groups(self) -> dict[Address, Group]:
        """All chats of several people, by address."""
        if self.cache.groups is None:
            self.cache.groups = {}
            for row in self.sql.rows("SELECT * FROM chat_group ORDER BY platform, account, chat"):
                to = Address(row["platform"], row["chat"], row["account"])
                self.cache.groups[to] = Group(
                    to,
                    GroupKind(row["kind"]),
                    row["title"],
                    row["language"],
                    tuple(json.loads(row["members"])),
                )
        return self.cache.groups

    def keep_group(self, group: Group) -> None:
        """A chat and what it is for."""
        self.sql.do(
            "INSERT INTO chat_group (platform, account, chat, kind, title, language, members)"
            " VALUES (:p, :a, :c, :kind, :title, :language, :members)"
            " ON CONFLICT (platform, account, chat) DO UPDATE SET kind = excluded.kind,"
            " title = excluded.title, language = excluded.language, members = excluded.members",
            p=group.address.platform,
            a=group.address.account,
            c=group.address.chat,
            kind=group.kind.value,
            title=group.title,
            language=group.language,
            members=dump(list(group.members)),
        )
        self._changed()

    def _changed(self) -> None:
        self.cache.people = self.cache.groups = None
        self.cache.users = {}
        self.cache.version += 1


def key_owner(person: Person | None) -> str:
    """Customers' words are sealed with keys of their own, everybody else's with the house's."""
    return owner(person.id) if person and person.role is Role.CUSTOMER else HOUSE


def _person(row: Row, addresses: tuple[Address, ...]) -> Person:
    return Person(
        row["id"],
        row["name"],
        Role(row["role"]),
        row["title"],
        tuple(json.loads(row["nodes"])),
        row["language"],
        addresses,
    )
