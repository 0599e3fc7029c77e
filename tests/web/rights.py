"""Asks every route of the real program as everybody, for their own and for others' objects, and
writes the answers down as a table, tests/web/rights.txt. `python -m tests.web.rights` renews it.
"""

import asyncio
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import ClientSession

from domain.person import Person, Role
from storage.ledger import Ledger
from tests.web.real import Real, real

FROZEN = Path(__file__).parent / "rights.txt"
VISITORS = ("stranger", "kiosk", "lead-cut", "lead-emb", "supplier", "customer", "manager", "admin")
OBJECTS = {
    "order_no": ("A102", "A109", "Z999"),
    "form": ("pdf", "xlsx"),
    "chart": ("flow", "nothing"),
    "customer": ("C06", "C99"),
    "person": ("P03", "P99"),
    "route": ("garment", "nothing"),
    "act": ("invite", "nothing"),
    "need": ("N1", "N9"),
    "place": ("0",),
}
"""What stands in an address. A109 has no embroidery: the embroidery's lead does not see it."""
SKIPPED = ("/static", "/webhooks/")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and how everybody was answered."""

    method: str
    pattern: str
    case: str
    answers: dict[str, int]

    def line(self) -> str:
        """A row of the table."""
        told = "  ".join(f"{who}={code}" for who, code in self.answers.items())
        return f"{self.method:4} {self.pattern} {self.case}".rstrip() + f"  {told}"


def routes(house: Real) -> list[tuple[str, str]]:
    """Every route of the program, by method and pattern."""
    found = {
        (route.method, route.resource.canonical)
        for route in house.routes
        if route.resource is not None and route.method not in ("HEAD", "*")
    }
    return sorted((m, p) for m, p in found if not p.startswith(SKIPPED))


async def _links(house: Real) -> dict[str, str]:
    """A right token of each kind of address."""
    supplier = await _supplier(house)
    pages = {
        "p": await house.link("p", "A102", "C05"),
        "t": await house.link("t", "A102"),
        "s": await house.link("s", supplier, supplier),
        "cal": await house.link("c", "C05", "C05"),
    }
    return {kind: path.rpartition("/")[2] for kind, path in pages.items()}


async def _supplier(house: Real) -> str:
    def first(ledger: Ledger) -> str:
        return next((p.id for p in ledger.people() if p.role is Role.SUPPLIER), "S01")

    return await house.app.store.run(first)


def _cases(pattern: str, links: dict[str, str]) -> list[tuple[str, str]]:
    """Name and address of each case of a pattern."""
    names = re.findall(r"\{(\w+)\}", pattern)
    found = [("", pattern)]
    for name in names:
        found = [
            (f"{case} {shown}".strip(), address.replace(f"{{{name}}}", value))
            for case, address in found
            for shown, value in _values(name, pattern, links)
        ]
    return found


def _values(name: str, pattern: str, links: dict[str, str]) -> list[tuple[str, str]]:
    if name == "token":
        kind = pattern.split("/")[1].lower()
        right = links.get(kind, "")
        others = [(f"a-{k}-link", t) for k, t in links.items() if k != kind]
        wrong = [("wrong", "w" * 32), *others]
        return ([("right", right)] if right else []) + wrong
    if name == "name":
        return [("wrong", "w" * 40)]
    return [(value, value) for value in OBJECTS.get(name, ("x",))]


async def everybody(house: Real) -> dict[str, ClientSession]:
    """A browser or program of each kind of visitor. Suppliers and customers have no account, so
    that theirs are tokens that must open nothing.
    """
    supplier = await _supplier(house)

    def admit(ledger: Ledger) -> None:
        ledger.folk.keep(Person("A01", "管理员", Role.ADMIN, nodes=("*",)))
        lead = ledger.person("P03")
        assert lead is not None
        ledger.folk.keep(replace(lead, id="P93", nodes=("emb",)))

    await house.app.store.run(admit)
    people = {
        "lead-cut": "P03", "lead-emb": "P93", "supplier": supplier, "customer": "C05",
        "manager": "P02", "admin": "A01",
    }  # fmt: skip
    found = {"stranger": house.stranger(), "kiosk": house.stranger()}
    for who, person in people.items():
        found[who] = house.program(await house.grant("token", person))
    return {who: found[who] for who in VISITORS}


async def table(house: Real) -> list[Asked]:
    """Every route, every case, everybody."""
    visitors, links = await everybody(house), await _links(house)
    kiosk = await house.grant("kiosk")
    rows = []
    for method, pattern in routes(house):
        for case, address in _cases(pattern, links):
            answers = {}
            for who, session in visitors.items():
                house.forgive()
                query = {"kiosk": kiosk} if who == "kiosk" else {}
                async with session.request(
                    method, address, params=query, allow_redirects=False
                ) as answer:
                    answers[who] = answer.status
            rows.append(Asked(method, pattern, case, answers))
    return rows


async def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with real(Path(folder) / "data") as house:
            rows = await table(house)
    FROZEN.write_text("\n".join(r.line() for r in rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_main())
