"""One voice on top: a notice (or a bundle of them) becomes a reply in its reader's language, as
things stand when it is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.chat.port import Reply
from bot.wording import asking, digests, leading, needing, reviews, telling, today
from bot.wording.drafts import Draft
from bot.wording.phrases import Phrases
from bot.wording.speak import has, joined
from domain.calendar import WorkCalendar
from domain.notice import Kind, Notice
from domain.order import Order
from domain.plan import forecast_nodes
from domain.ports import Reader

LinkTo = Callable[[str, str, str], str]
"""Kind, subject and reader of a tokened page to its full address."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Words notices. `link` makes addresses, `board` is the board's."""

    calendar: WorkCalendar
    link: LinkTo
    board: str = ""
    standup: str = "08:30"

    def word(self, reader: Reader, notices: Sequence[Notice], now: datetime) -> Draft:
        """The reply for notices of one bundle (or a single one), all for the same chat."""
        first = notices[0]
        phrases = Phrases(first.language, reader, self.calendar, now)
        if first.what in reviews.MINE:
            return Draft(reviews.word(phrases, first))
        if first.what in needing.MINE:
            return Draft(needing.word(phrases, notices, self.link))
        match first.kind:
            case Kind.PUSH:
                return self._push(phrases, notices)
            case Kind.ASK:
                return Draft(asking.word(phrases, first))
            case Kind.ESCALATION:
                return Draft(leading.word(phrases, notices))
            case Kind.DIGEST:
                return digests.word(phrases, first, self.board)
            case Kind.CARD:
                return Draft(today.word(phrases, first))
            case Kind.REACTION:
                return Draft(telling.recorded(phrases, first))
            case Kind.NOTICE if first.what == "forward":
                return Draft(self._forward(phrases, notices))
            case Kind.REMINDER:
                return Draft(leading.remind(phrases, notices))
            case Kind.ANSWER | Kind.NOTICE | Kind.REVIEW:
                return self._answer(phrases, first)

    def _push(self, p: Phrases, notices: Sequence[Notice]) -> Draft:
        lines: list[str] = []
        orders: dict[str, Order] = {}
        for notice in notices:
            order = p.reader.order(str(notice.facts["order"]))
            if order is None:
                continue
            orders[order.order_no] = order
            lines.append(self._push_line(p, notice, order))
        for order in orders.values():
            if not order.finished:
                lines.append(
                    p.ships(order) if len(orders) == 1 else f"{order.order_no} {p.ships(order)}"
                )
            lines.append(
                p.say("answer.link", url=self.link("p", order.order_no, notices[0].reader))
            )
        only = next(iter(orders.values())) if len(orders) == 1 else None
        reply = Reply(
            Kind.PUSH.value,
            "\n".join(dict.fromkeys(lines)),
            link=self.link("p", only.order_no, notices[0].reader) if only else "",
        )
        choices = tuple(b for n in notices for b in telling.choices(p, n))
        if choices:
            return Draft(replace(reply, buttons=choices[:4]))
        picture = ("progress", {"order": only.order_no, "customer": True}) if only else None
        return Draft(reply, picture)

    def _forward(self, p: Phrases, notices: Sequence[Notice]) -> Reply:
        """A push that did not reach its customer, for somebody to forward."""
        who = str(notices[0].facts["who"])
        customer = p.reader.person(who)
        theirs = Phrases(customer.language if customer else p.language, p.reader, p.calendar, p.now)
        inner = [replace(n, what=str(n.facts["what"]), reader=who) for n in notices]
        return telling.forwarded(p, notices, self._push(theirs, inner).reply.text, who)

    def _push_line(self, p: Phrases, notice: Notice, order: Order) -> str:
        facts = notice.facts
        key = str(facts.get("node", ""))
        node = order.nodes.get(key)
        shots = [x for x in order.photos if x.node == key]
        photos = f" · {p.say('unit.photos', n=len(shots))}" if shots else ""
        tracking = p.say("push.tracking", number=node.tracking) if node and node.tracking else ""
        extra: dict[str, object] = {}
        if notice.what == "due-changed":
            before, due = str(facts["before"]), str(facts["due"])
            days = p.calendar.workdays_between(p_day(before), p_day(due))
            word = p.say(f"due.{'late' if days > 0 else 'early'}_short", n=abs(days))
            extra = {
                "before": p.date(before), "due": p.date(due), "word": word,
                "reason": str(facts.get("text", "")) or p.reason_out(str(facts.get("reason", ""))),
            }  # fmt: skip
        if notice.what == "correction" and node is not None:
            extra = {"status": p.say(f"status.{node.status.value}") + p.amount(order, node)}
        return p.say(
            f"push.{notice.what}",
            order=order.order_no,
            product=order.product,
            pieces=p.pieces(order),
            node=p.node(order, key),
            photos=photos,
            tracking=tracking,
            quantity=node.quantity if node else "",
            **extra,
        )

    def _answer(self, p: Phrases, notice: Notice) -> Draft:
        facts = dict(notice.facts)
        order = p.reader.order(str(facts.get("order", ""))) if facts.get("order") else None
        text = self._text(p, notice, facts, order)
        picture: tuple[str, Mapping[str, Any]] | None = None
        link = ""
        if notice.what in ("status", "eta") and order is not None and facts.get("customer"):
            link = self.link("p", order.order_no, str(facts.get("person", notice.reader)))
            text = f"{text}\n{p.say('answer.link', url=link)}"
        if notice.what == "status" and order is not None and not facts.get("node"):
            picture = (
                "progress",
                {"order": order.order_no, "customer": bool(facts.get("customer"))},
            )
        if notice.what in ("sign-in", "own-page"):
            link = self.link(str(facts["kind"]), str(facts["subject"]), str(facts["person"]))
            text = p.say(f"access.{notice.what}", url=link)
        kind = Kind.NOTICE if notice.kind is Kind.NOTICE else Kind.ANSWER
        return Draft(Reply(kind.value, text, link=link, reply_to=notice.reply_to), picture)

    def _text(
        self, p: Phrases, notice: Notice, facts: Mapping[str, Any], order: Order | None
    ) -> str:
        match notice.what:
            case "status" | "eta" if order is not None:
                return self._status(p, notice.what, facts, order)
            case "owner" if order is not None:
                return self._owner(p, facts, order)
            case "trouble" | "own-orders":
                return self._list(p, notice.what, facts, notice.reader)
            case "follows" | "unfollows":
                if not order:
                    return p.say("answer.unfollows_all")
                node = p.node(order, str(facts["node"]))
                shown = f" {node}" if node else ""
                return p.say(f"answer.{notice.what}", order=order.order_no, node=shown)
            case "refused":
                return self._refused(p, facts, order)
            case "photo-fault":
                key = f"photo.{facts['code']}"
                return p.say(key if has(key) else "photo.other")
            case "entry-help":
                return p.say("entry.help")
            case "due-help":
                return p.say("entry.due_help")
            case "entry-none":
                return "\n".join([p.say("entry.none"), *asking.unsaid(p, facts["unsaid"])])
            case "taken":
                done = joined(p.language, list(facts["orders"]))
                head = p.say("entry.taken", orders=done) if done else p.say("entry.taken_none")
                return "\n".join([head, *asking.unsaid(p, facts["unsaid"])])
            case "correction" | "confirmed" | "asked" | "withdrawn" if order is not None:
                return p.say(
                    f"notice.{notice.what}",
                    order=order.order_no,
                    node=p.node(order, str(facts["node"])),
                    who=p.who(str(facts["by"])),
                    text=facts.get("text", ""),
                )
            case "alarm" | "left-customer" | "left-person" | "left-group":
                return telling.about(p, notice)
            case "chosen" | "chose":
                return telling.chosen(p, notice)
            case "sign-in" | "own-page":
                return ""  # words and link go together, see _answer
            case "sign-in-private" | "sign-in-sent" | "no-page":
                return p.say(f"access.{notice.what}")
            case "voice" | "resent":
                return p.say(f"telling.{notice.what}")
            case _:
                lines = [self._hello(p, notice, facts)]
                lines += telling.checked(p, facts.get("checks", ()))
                if facts.get("doors"):
                    lines.append(telling.doors(p, facts["doors"]))
                teach = f"teach.{facts.get('platform')}"
                if notice.what in ("greeting", "bound") and has(teach):
                    lines.append(p.say(teach))
                return "\n".join(lines)

    def _hello(self, p: Phrases, notice: Notice, facts: Mapping[str, Any]) -> str:
        person = p.reader.person(str(facts.get("person", notice.reader)))
        names = joined(p.language, list(facts.get("names", ())))
        role = str(facts.get("role") or (person.role.value if person else ""))
        return p.say(
            f"hello.{notice.what}",
            name=facts.get("name") or (person.name if person else ""),
            role=p.say(f"role.{role}") if role else "",
            nodes=f" · {names}" if names else "",
            kind=p.say(f"chat.{facts['kind']}") if "kind" in facts else "",
            zone=facts.get("zone", ""),
            time=p.date(p.now),
            standup=self.standup,
            code=facts.get("code", ""),
        )

    def _status(self, p: Phrases, what: str, facts: Mapping[str, Any], order: Order) -> str:
        key = str(facts.get("node", ""))
        if facts.get("customer") and not key:
            return p.customer_sentence(order)
        ships = p.ships(order)
        if key and what == "eta" and not order.nodes[key].completed:
            day = p.calendar.day(forecast_nodes(order, p.now, p.calendar)[key])
            return p.say(
                "answer.node_eta",
                order=order.order_no,
                node=p.node(order, key),
                date=p.date(day),
                ships=ships,
            )
        if key:
            node = order.nodes[key]
            more = p.amount(order, node)
            if node.held and not facts.get("customer"):
                more = f"（{p.held(node)}）" if p.language != "en" else f" ({p.held(node)})"
            return p.say(
                "answer.node_status",
                order=order.order_no,
                node=p.node(order, key),
                icon=p.say(f"icon.{node.status.value}"),
                status=p.say(f"status.{node.status.value}"),
                more=more,
                ships=ships,
            )
        if what == "eta":
            return p.say("answer.eta", order=order.order_no, product=order.product, ships=ships)
        lines = joined(p.language, [p.node_line(order, n) for n in order.current()])
        badge = p.badge(order)
        text = p.say("answer.status", line=p.order_line(order), nodes=lines, ships=ships)
        return f"{text} {badge}".strip()

    def _owner(self, p: Phrases, facts: Mapping[str, Any], order: Order) -> str:
        pairs = []
        for key in facts["nodes"]:
            people = [w for w in facts["owners"] if (x := p.reader.person(w)) and key in x.nodes]
            names = joined(p.language, [p.who(w) for w in people]) or p.say("answer.owner_none")
            pairs.append(p.say("answer.owner_pair", node=p.node(order, key), names=names))
        return p.say("answer.owner", order=order.order_no, owners=joined(p.language, pairs))

    def _list(self, p: Phrases, what: str, facts: Mapping[str, Any], reader: str) -> str:
        orders = [o for no in facts["orders"] if (o := p.reader.order(no)) is not None]
        if not orders:
            return p.say("answer.no_trouble" if what == "trouble" else "answer.no_orders")
        if what == "own-orders":
            lines = [
                f"{p.order_line(o)} · {p.ships(o)}\n{self.link('p', o.order_no, reader)}"
                for o in orders
            ]
            return "\n".join([p.say("answer.own_orders", n=len(orders)), *lines])
        lines = []
        for order in orders:
            nodes = joined(p.language, [p.node_line(order, n) for n in order.current()])
            lines.append(
                f"{p.order_line(order)}｜{nodes}｜{p.ships(order)} {p.badge(order)}".strip()
            )
        return "\n".join([p.say("answer.trouble", n=len(orders)), *lines])

    def _refused(self, p: Phrases, facts: Mapping[str, Any], order: Order | None) -> str:
        key = f"refused.{facts['code']}"
        whom = str(facts.get("whom", ""))
        at = str(facts.get("at", ""))
        return p.say(
            key if has(key) else "refused.other",
            order=facts.get("order", ""),
            node=p.node(order, str(facts.get("node", ""))) if order else "",
            total=facts.get("total", ""),
            quantity=facts.get("quantity", ""),
            whom=p.say(f"role.{whom}") if whom and has(f"role.{whom}") else whom,
            who=p.who(str(facts.get("by", ""))),
            time=p.clock(at) if at else "",
        )


def p_day(text: str) -> Any:
    """A stored date."""
    return datetime.fromisoformat(text).date()
