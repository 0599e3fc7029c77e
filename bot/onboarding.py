"""Getting in by chat: one-time codes for people and roles, binding of groups, the self-test, help.

A stranger in a group meets silence; in private one sentence that says how to get in.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from adapters.chat.port import Check
from bot.context import Scene
from bot.replies import Replies
from bot.understanding.model import Update
from domain.errors import Refused
from domain.events import stamp, unstamp
from domain.notice import Kind, Loud, Notice
from domain.person import Address, Deed, Group, GroupKind, Person, Role, may
from storage.cache import Received
from storage.ledger import Ledger

VALID = timedelta(days=7)
KINDS = {
    "生产群": GroupKind.PRODUCTION,
    "生產群": GroupKind.PRODUCTION,
    "production": GroupKind.PRODUCTION,
    "管理群": GroupKind.MANAGEMENT,
    "management": GroupKind.MANAGEMENT,
    "客户群": GroupKind.CUSTOMER,
    "客戶群": GroupKind.CUSTOMER,
    "customer": GroupKind.CUSTOMER,
}
ROLES = {
    "组长": Role.OPERATOR,
    "組長": Role.OPERATOR,
    "operator": Role.OPERATOR,
    "管理": Role.MANAGER,
    "manager": Role.MANAGER,
    "客户": Role.CUSTOMER,
    "客戶": Role.CUSTOMER,
    "customer": Role.CUSTOMER,
    "供应商": Role.SUPPLIER,
    "供應商": Role.SUPPLIER,
    "supplier": Role.SUPPLIER,
    "管理员": Role.ADMIN,
    "管理員": Role.ADMIN,
    "admin": Role.ADMIN,
}
BIND = ("/绑定", "绑定", "/綁定", "綁定", "/bind", "/start")
INVITE = ("/邀请", "/邀請", "/invite")
SELF_TEST = ("自检", "/自检", "自檢", "/自檢", "/selftest")
HELP = ("/帮助", "/幫助", "/help", "帮助")


def new_code(ledger: Ledger, person: Person) -> str:
    """A one-time code that makes whoever writes it this person; valid for a week."""
    code = "".join(secrets.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(10))
    doc = {
        "id": person.id,
        "name": person.name,
        "role": person.role.value,
        "title": person.title,
        "nodes": list(person.nodes),
        "language": person.language,
        "until": stamp(ledger.clock.now() + VALID),
    }
    ledger.settings.put(_kept_as(code), json.dumps(doc))
    return code


def _kept_as(code: str) -> str:
    """The setting under which a code is kept: by its hash, so that the books let nobody in."""
    return f"code/{hashlib.sha256(f'code:{code}'.encode()).hexdigest()}"


@dataclass(slots=True)
class Onboarding:
    """Handles the words that let people and groups in."""

    replies: Replies
    checks: Callable[[str], Sequence[Check]] = lambda _: ()
    doors: Callable[[str], Sequence[str]] = lambda _: ()

    def stranger(self, ledger: Ledger, row: Received) -> dict[str, Any]:
        """Somebody nobody knows: a code lets them in, all else meets one sentence or silence."""
        if row.payload.get("said") == "joined":
            self._greet(ledger, row)
            return {"decision": "joined"}
        text = str(row.payload.get("text", "")).strip()
        to = Address(row.platform, row.chat, row.account)
        code = _after(text, BIND) or text
        private = bool(row.payload.get("private"))
        person = self._redeem(ledger, row, code)
        if person is not None:
            facts = {"person": person.id, "names": node_names(ledger, person)}
            self._say(ledger, row, to, "welcome", facts, person.language)
            return {"decision": "welcome", "person": person.id}
        if private and row.payload.get("said") == "message":
            self._say(ledger, row, to, "stranger", {}, "zh-CN")
        return {"decision": "stranger"}

    def _redeem(self, ledger: Ledger, row: Received, code: str) -> Person | None:
        """Turn a code into a person. Each code works once."""
        code = code.strip().upper()
        found = ledger.settings.get(_kept_as(code)) if len(code) == 10 else ""
        if not found or not ledger.settings.drop(_kept_as(code)):
            return None
        doc = json.loads(found)
        if unstamp(doc["until"]) < ledger.clock.now():
            return None
        person = ledger.person(doc["id"]) or Person(
            doc["id"],
            doc["name"],
            Role(doc["role"]),
            doc["title"],
            tuple(doc["nodes"]),
            doc["language"],
        )
        ledger.folk.keep(person)
        chat = row.chat if row.payload.get("private") else ""
        ledger.folk.bind(person.id, row.platform, row.account, row.sender, chat)
        return person

    def command(self, ledger: Ledger, view: Scene) -> dict[str, Any] | None:
        """Handle the message if it is one of these words; None if it is not."""
        text = view.text.strip()
        self._reached(ledger, view)
        if text in SELF_TEST:
            return self._self_test(ledger, view)
        if text.lower() in HELP:
            self.replies.answer(ledger, view, "help", {})
            return {"why": "help"}
        rest = _after(text, INVITE)
        if rest is not None:
            return self._invite(ledger, view, rest)
        rest = _after(text, BIND)
        if rest is not None:
            return self._bind(ledger, view, rest)
        return None

    def _reached(self, ledger: Ledger, view: Scene) -> None:
        """A known person's private chat is where they are reached from now on."""
        row = view.row
        if not row.payload.get("private"):
            return
        if not any(
            a.chat == row.chat and a.platform == row.platform for a in view.person.addresses
        ):
            ledger.folk.bind(view.person.id, row.platform, row.account, row.sender, row.chat)

    def _self_test(self, ledger: Ledger, view: Scene) -> dict[str, Any]:
        facts = {
            "kind": view.kind.value,
            "zone": str(ledger.zone),
            "platform": view.row.platform,
            "role": view.person.role.value,
            "names": node_names(ledger, view.person),
            "checks": [[c.code, c.well, dict(c.facts)] for c in self.checks(view.row.platform)],
        }
        self.replies.answer(ledger, view, "self-test", facts)
        return {"why": "self-test"}

    def _invite(self, ledger: Ledger, view: Scene, rest: str) -> dict[str, Any]:
        """`/邀请 李红梅 组长 裁切 绣花`: name, role, and for team leads their nodes."""
        if not may(view.person.role, Deed.SETTINGS):
            self.replies.refused(ledger, view, Update("none"), Refused("admin-only"))
            return {"why": "admin-only"}
        words = rest.split()
        role = next((ROLES[w.lower()] for w in words[1:] if w.lower() in ROLES), None)
        if len(words) < 2 or role is None:
            self.replies.answer(ledger, view, "invite-help", {})
            return {"why": "invite-help"}
        nodes = _nodes(ledger, words[2:])
        same = [p for p in ledger.people() if p.name == words[0] and p.role is role]
        person = same[0] if same else Person(next_id(ledger, role), words[0], role)
        if nodes:
            person = replace(person, nodes=nodes)
            if same:
                ledger.folk.keep(person)
        code = new_code(ledger, person)
        to = ledger.reach(view.person.id) or view.to
        facts = {
            "code": code,
            "name": person.name,
            "role": role.value,
            "nodes": list(nodes),
            "doors": list(self.doors(code)),
        }
        ledger.notify(
            Notice(
                to,
                Kind.ANSWER,
                "invited",
                f"answer/{view.row.id}/invited",
                ledger.clock.now(),
                facts,
                view.person.language,
                Loud.REPLY,
                view.person.id,
            )
        )
        return {"why": "invited", "remember": False}

    def _bind(self, ledger: Ledger, view: Scene, rest: str) -> dict[str, Any] | None:
        """`绑定 生产群`: an admin says what this chat is for."""
        word = rest.split(maxsplit=1)[0].lower() if rest.split() else ""
        if word not in KINDS:
            return None
        if not may(view.person.role, Deed.SETTINGS) or view.row.payload.get("private"):
            self.replies.refused(ledger, view, Update("none"), Refused("admin-only"))
            return {"why": "admin-only"}
        title = view.group.title if view.group else ""
        group = Group(view.to, KINDS[word], title, view.language)
        ledger.folk.keep_group(group)
        self.replies.answer(
            ledger, view, "bound", {"kind": KINDS[word].value, "platform": view.to.platform}
        )
        return {"why": "bound"}

    def _greet(self, ledger: Ledger, row: Received) -> None:
        """Exactly one message when we come into a chat."""
        to = Address(row.platform, row.chat, row.account)
        if to not in ledger.folk.groups():
            title = str(row.payload.get("title", ""))
            ledger.folk.keep_group(Group(to, GroupKind.UNBOUND, title))
            self._say(ledger, row, to, "greeting", {"platform": row.platform}, "zh-CN")

    def _say(
        self,
        ledger: Ledger,
        row: Received,
        to: Address,
        what: str,
        facts: dict[str, Any],
        language: str,
    ) -> None:
        ledger.notify(
            Notice(
                to,
                Kind.ANSWER,
                what,
                f"answer/{row.id}/{what}",
                ledger.clock.now(),
                facts,
                language,
                Loud.REPLY,
                reply_to=row.message_id,
            )
        )


def node_names(ledger: Ledger, person: Person) -> list[str]:
    """The names of a person's own nodes, in their language."""
    found = {
        spec.key: spec.called(person.language)
        for route in ledger.orders.routes()
        for spec in route.nodes
    }
    return [found.get(key, key) for key in person.nodes if key != "*"]


def _after(text: str, words: tuple[str, ...]) -> str | None:
    """What stands after one of the words, if the text begins with it as a word of its own."""
    if not text.lower().startswith(words):
        return None
    for word in words:
        if text.lower() == word:
            return ""
        if text.lower().startswith(word + " ") or (
            not word.isascii() and text.startswith(word) and not word.startswith("绑")
        ):
            return text[len(word) :].strip()
    return None


def _nodes(ledger: Ledger, words: list[str]) -> tuple[str, ...]:
    """Node keys for words that name them, over all routes."""
    found = []
    for word in words:
        for route in ledger.orders.routes():
            for spec in route.nodes:
                if word in (spec.key, spec.name, *spec.aliases) and spec.key not in found:
                    found.append(spec.key)
    return tuple(found)


def next_id(ledger: Ledger, role: Role) -> str:
    """The first free id for somebody of a role: P01, C01, S01."""
    letter = {Role.CUSTOMER: "C", Role.SUPPLIER: "S"}.get(role, "P")
    taken = {p.id for p in ledger.people()}
    number = 1
    while f"{letter}{number:02d}" in taken:
        number += 1
    return f"{letter}{number:02d}"
