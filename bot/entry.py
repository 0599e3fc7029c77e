"""New orders by chat: `/新单 A113 李总 围裙 60 12/8`, or lines pasted where managers talk;
a table to confirm comes first.
"""

from dataclasses import dataclass
from typing import Any

from bot.context import Scene, local_naive
from bot.questions import NEVER_MIND, Option, put
from bot.replies import Replies
from bot.sheets.lines import SheetResult
from bot.sheets.pasted import understand_lines
from bot.sheets.words import named
from bot.standup import WORDS as STANDUP
from bot.standup import asked
from bot.taking import blocking, known, line_doc, line_from, take
from bot.understanding.dates import find_dates
from bot.understanding.model import Update
from domain.commands import ChangeDue, Told
from domain.desk import Desk
from domain.errors import DomainError, Refused
from domain.events import Source
from domain.person import Deed, GroupKind, Role, may
from storage.ledger import Ledger

DUE = ("/交期", "/due")
WORDS = ("/新单", "/新單", "新单：", "新单:", "/neworder", "/new")
MOST = 200
"""Lines of one message at most."""


@dataclass(slots=True)
class Entry:
    """Reads order lines out of messages."""

    desk: Desk
    replies: Replies

    def command(self, ledger: Ledger, view: Scene) -> dict[str, Any] | None:
        """Handle the message if it enters orders or asks for the digest; None if it does not."""
        text = view.text.strip()
        if text.lower() in STANDUP and view.person.role not in (Role.CUSTOMER, Role.SUPPLIER):
            return self._standup(ledger, view)
        low = text.lower()
        if low.startswith(DUE):
            return self._due(ledger, view, next(text[len(w) :] for w in DUE if low.startswith(w)))
        word = next(w for w in WORDS if low.startswith(w)) if low.startswith(WORDS) else None
        if word is None and not self._pasted(view, text):
            return None
        if not may(view.person.role, Deed.PLACE_ORDER):
            if word is not None:
                error = Refused("not-allowed")
                self.replies.refused(ledger, view, Update("none"), error)
            return {"why": "not-allowed"} if word is not None else None
        body = text[len(word or "") :].strip()
        if not body:
            self.replies.answer(ledger, view, "entry-help", {})
            return {"why": "entry-help"}
        today = local_naive(ledger, view.at).date()
        lines = "\n".join(body.splitlines()[:MOST])
        result = understand_lines(lines, today, known(ledger))
        if word is None and not _certain(ledger, result):
            return None
        self._confirm(ledger, view, result)
        return {"why": "entry"}

    def _standup(self, ledger: Ledger, view: Scene) -> dict[str, Any]:
        """The digest on demand, for whom and where it may be read."""
        try:
            asked(ledger, self.desk, view)
        except DomainError as error:
            self.replies.refused(ledger, view, Update("none"), error)
            return {"why": error.code}
        return {"why": "standup"}

    def _due(self, ledger: Ledger, view: Scene, rest: str) -> dict[str, Any]:
        """`/交期 A103 12/1 罗纹晚到`: promise another date; whoever follows hears of it."""
        number, _, tail = rest.strip().partition(" ")
        order = ledger.order(number.lstrip("#").upper()) or ledger.order(number)
        found = find_dates(tail, local_naive(ledger, view.at))
        if order is None or not found:
            self.replies.answer(ledger, view, "due-help", {})
            return {"why": "due-help"}
        why = tail[found[0].end :].strip(" ，,。：:")
        command = ChangeDue(order.order_no, found[0].date, text=why)
        try:
            self.desk.handle(ledger, command, Told(view.person, ledger.clock.now(), view.source))
        except DomainError as error:
            self.replies.refused(ledger, view, Update("none", order.order_no), error)
            return {"why": error.code}
        self.replies.recorded(ledger, view)
        return {"why": "due"}

    def _pasted(self, view: Scene, text: str) -> bool:
        """Lines pasted without the command count only where managers talk among themselves."""
        if view.kind not in (GroupKind.MANAGEMENT, GroupKind.PRIVATE):
            return False
        if not may(view.person.role, Deed.PLACE_ORDER) or text.startswith("/"):
            return False
        first = text.splitlines()[0] if text else ""
        return len(first.replace("，", " ").replace(",", " ").split()) >= 4

    def _confirm(self, ledger: Ledger, view: Scene, result: SheetResult) -> None:
        good = [x for x in result.lines if not blocking(x)]
        rows = [
            [
                x.order_no,
                x.customer,
                x.product,
                str(x.quantity),
                x.due.isoformat() if x.due else "",
                *x.faults,
            ]
            for x in good
        ]
        bad = [
            [str(x.row), "" if "number-proposed" in x.faults else x.order_no, f]
            for x in result.lines
            for f in blocking(x)
        ]
        bad += [[str(r.row), dict(r.facts).get("order_no", ""), r.code] for r in result.refused]
        if not good:
            self.replies.answer(ledger, view, "entry-none", {"unsaid": bad})
            return
        doc = {
            "why": "entry",
            "asked": "confirm",
            "order": "",
            "node": "",
            "pending": [],
            "options": [
                Option("option.take", {"count": len(good)}).doc(),
                NEVER_MIND.doc(),
            ],
            "entry": [line_doc(x) for x in good],
            "rows": rows,
            "unsaid": bad,
            "number": view.row.id,
            "message_id": view.row.message_id,
        }
        put(ledger, view, f"e{view.row.id}", doc, (), "entry")

    def place(self, ledger: Ledger, view: Scene, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """Confirmed: take the lines in."""
        told = Told(
            view.person,
            ledger.clock.now(),
            Source(view.row.platform, view.row.chat, view.row.message_id),
        )
        taken = take(ledger, self.desk, told, [line_from(x) for x in lines])
        facts = {
            "orders": taken.orders,
            "unsaid": [[str(row), no, code] for row, no, code in taken.refused],
        }
        self.replies.answer(ledger, view, "taken", facts)
        return {"placed": taken.orders}


def _certain(ledger: Ledger, result: SheetResult) -> bool:
    """Whether lines that nobody announced are orders beyond doubt: every one of them is understood,
    and a customer whom only his place in the line makes one comes with an order number and with no
    word of the work (`裁切 完成 120 12/1` is a report).
    """
    work = {w for r in ledger.orders.routes() for n in r.nodes for w in (n.name, *n.aliases)}
    guessed = [x for x in result.lines if "customer-new" in x.faults and not named(x.customer)]
    return (
        bool(result.lines)
        and not result.refused
        and not any(map(blocking, result.lines))
        and all("number-proposed" not in x.faults for x in guessed)
        and not any(w in work for x in guessed for w in (x.customer, x.product))
    )
