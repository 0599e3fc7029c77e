"""What the messages are about: open orders, routes with their aliases, people and customers.

A world is kept alive beside a running bot: orders come and go one by one, a route's alias table and
the lexer's word list are compiled once and kept until a route changes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.understanding.lexicon import Words
from bot.understanding.normalise import normalise
from bot.understanding.routes import AliasTable, inflected, plain_forms

_DIGIT = re.compile("[0-9]")
_DIGITS_AT_END = re.compile(r"\d+$")
_NOT_IN_A_NUMBER = re.compile(r"[^a-z0-9]+")
_NINES = str.maketrans("012345678", "9" * 9)
_CONFUSED = str.maketrans("oil", "011")
_VOICES = 32  # ways to combine versions of routes that are kept
_PREFIX = 5  # characters at least that may stand for the numbers they begin
_NAME_PARTS = re.compile(r"[()/,、·&\s]+")


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """One step of a route, with the words people use for it."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A declared route; its nodes stand in working order."""

    key: str
    nodes: tuple[NodeEntry, ...]


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """An open order."""

    order_no: str
    product: str
    quantity: int
    customer: str | None
    route: RouteEntry


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """Somebody who reports work; `nodes` ("*",) means every node."""

    id: str
    name: str
    title: str = ""
    role: str = "operator"
    nodes: tuple[str, ...] = ()

    @property
    def may_all(self) -> bool:
        return "*" in self.nodes


@dataclass(frozen=True, slots=True)
class CustomerEntry:
    """Somebody whose orders these are."""

    id: str
    name: str
    lang: str = "zh-CN"


@lru_cache(maxsize=4096)
def folded(order_no: str) -> str:
    """An order number without case, width, `#`, `-`, spaces: what two writers have in common."""
    return _NOT_IN_A_NUMBER.sub("", normalise(order_no).replace("号", ""))


def shape(token: str) -> str:
    """Letters as they are, digits as 9: ths-2024-00 -> ths-9999-99."""
    return token.translate(_NINES)


def confusable(token: str) -> str:
    """O/0 and I/l/1 read as one."""
    return token.translate(_CONFUSED)


def one_edit(a: str, b: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours separates two texts."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    short, long = sorted((a, b), key=len)
    i = next((n for n, c in enumerate(short) if c != long[n]), len(short))
    if len(short) < len(long):
        return short[i:] == long[i + 1 :]
    swapped = i + 1 < len(a) and a[i] == b[i + 1] and a[i + 1] == b[i]
    return a[i + 1 :] == b[i + 1 :] or (swapped and a[i + 2 :] == b[i + 2 :])


@dataclass(frozen=True, slots=True)
class Voice:
    """What the routes make of words: all of them, and what was read with them, by frame."""

    tables: tuple[AliasTable, ...]
    words: Words
    readings: dict[Any, Any]


class World:
    """The register that every message is read against."""

    def __init__(
        self,
        orders: Iterable[OrderEntry] = (),
        people: Iterable[PersonEntry] = (),
        customers: Iterable[CustomerEntry] = (),
        bot_names: Iterable[str] = ("bot",),
    ) -> None:
        self._orders: dict[str, OrderEntry] = {}
        self._by_fold: dict[str, str] = {}
        self._shapes: dict[str, int] = {}
        self._products: dict[str, int] = {}
        self._owned: dict[str | None, dict[str, None]] = {}  # order numbers by customer
        self._worded = 0  # orders whose numbers have no digit
        self._routes: dict[str, tuple[RouteEntry, AliasTable]] = {}
        self._tables: dict[RouteEntry, AliasTable] = {}
        self._voices: dict[tuple[AliasTable, ...], Voice] = {}
        self._voice: Voice | None = None
        self._names: Words | None = None
        self.bot_names = tuple(normalise(name) for name in bot_names)
        named = "|".join(re.escape(name) for name in self.bot_names)
        self.bot_named = re.compile(f"{named}|@")
        self.put_people(people)
        self.put_customers(customers)
        for order in orders:
            self.put(order)

    # orders

    def put(self, order: OrderEntry) -> None:
        """Add an order, or replace the one of the same number, which is what most changes do.

        Either way it is the last of the orders then.
        """
        number = order.order_no
        known = self._orders.get(number)
        if known is None or known.product != order.product or known.customer != order.customer:
            self.drop(number)
            for form in _forms(number):
                self._shapes[form] = self._shapes.get(form, 0) + 1
            for pair in _pairs(order.product):
                self._count_product(pair, 1)
            self._worded += _DIGIT.search(number) is None
        else:
            del self._orders[number], self._owned[order.customer][number]
        self._orders[number] = order
        self._owned.setdefault(order.customer, {})[number] = None
        self._by_fold[folded_once(number)] = number
        self.aliases(order.route)

    def drop(self, order_no: str) -> None:
        """Forget an order; an unknown one is no error."""
        gone = self._orders.pop(order_no, None)
        if gone is None:
            return
        del self._owned[gone.customer][order_no]
        for pair in _pairs(gone.product):
            self._count_product(pair, -1)
        self._worded -= _DIGIT.search(order_no) is None
        self._by_fold.pop(folded_once(order_no), None)
        for form in _forms(order_no):
            self._shapes[form] -= 1

    def _count_product(self, pair: str, by: int) -> None:
        before = self._products.get(pair, 0)
        self._products[pair] = before + by
        if not before or not before + by:
            self._read_anew()

    def order(self, order_no: str) -> OrderEntry:
        return self._orders[order_no]

    def get(self, order_no: str | None) -> OrderEntry | None:
        return self._orders.get(order_no) if order_no else None

    @property
    def orders(self) -> Iterable[OrderEntry]:
        return self._orders.values()

    def find(self, fold: str) -> str | None:
        """The order number whose folded form this is."""
        return self._by_fold.get(fold)

    @property
    def worded(self) -> bool:
        """Whether some order's number has no digit, so that any word may be one."""
        return self._worded > 0

    def shaped(self, token: str) -> bool:
        """Whether a token is written as this factory writes its order numbers."""
        return self._shapes.get(shape(token), 0) > 0

    def of_product(self, pair: str) -> bool:
        """Whether two characters stand together in the name of some order's product."""
        return self._products.get(pair, 0) > 0

    def near(self, token: str, among: Iterable[str] | None = None) -> tuple[str, ...]:
        """Up to three orders that a mistyped number may mean, the likeliest first."""
        fold = folded(token)
        alike = confusable(fold)
        orders = list(self._orders if among is None else among)
        folds = [(no, folded_once(no)) for no in orders]
        same = [no for no, other in folds if confusable(other) == alike]
        if same:
            return tuple(same[:3])
        edited = tuple(no for no, other in folds if one_edit(fold, other))[:3]
        if edited or len(fold) < _PREFIX or fold.isdigit() or fold.isalpha():
            return edited
        return tuple(no for no, other in folds if other.startswith(fold))[:3]

    def ending(self, digits: str, among: Iterable[str] | None = None) -> tuple[str, ...]:
        """Orders whose number ends in these digits."""
        orders = self._orders if among is None else among
        tail = folded(digits)
        near = (no for no in orders if folded_once(no).endswith(tail))
        return tuple(no for no in near if _ends(no, digits, tail))

    def of_customer(self, customer: str | None) -> tuple[str, ...]:
        return tuple(self._owned.get(customer, ()))

    # routes

    def aliases(self, route: RouteEntry) -> AliasTable:
        """The alias table of a route, compiled when first asked for.

        Of several versions of a route the one asked for last is spoken; the others are kept.
        """
        known = self._routes.get(route.key)
        if known is not None and (known[0] is route or known[0] == route):
            return known[1]
        table = self._tables.get(route)
        if table is None:
            nodes = ((node.key, node.name, node.aliases) for node in route.nodes)
            table = self._tables[route] = AliasTable(nodes)
        self._routes[route.key] = (route, table)
        self._voice = None
        return table

    @property
    def voice(self) -> Voice:
        """The routes as they are spoken now."""
        if self._voice is None:
            tables = tuple(table for _, table in self._routes.values())
            if tables not in self._voices:
                if len(self._voices) >= _VOICES:
                    self._voices.clear()
                self._voices[tables] = Voice(tables, _all_words(tables), {})
            self._voice = self._voices[tables]
        return self._voice

    @property
    def tables(self) -> tuple[AliasTable, ...]:
        return self.voice.tables

    @property
    def words(self) -> Words:
        """Every alias of every route, for the lexer."""
        return self.voice.words

    def _read_anew(self) -> None:
        """Forget what was read: other words are known now."""
        for voice in self._voices.values():
            voice.readings.clear()

    # people

    def put_people(self, people: Iterable[PersonEntry]) -> None:
        self.people = {person.id: person for person in people}
        self._names = None
        self._read_anew()

    def put_customers(self, customers: Iterable[CustomerEntry]) -> None:
        self.customers = {customer.id: customer for customer in customers}
        self._names = None
        self._read_anew()

    @property
    def names(self) -> Words:
        """Names of people (tag `person`) and customers (tag: their id)."""
        if self._names is None:
            entries = [
                (part, "person") for p in self.people.values() for part in name_parts(p.name)
            ]
            entries += [
                (part, c.id) for c in self.customers.values() for part in name_parts(c.name)
            ]
            self._names = Words(entries)
        return self._names


def _all_words(tables: Iterable[AliasTable]) -> Words:
    aliases = {a for table in tables for a in table.words}
    forms = [(form, "perfect") for a in aliases for form in inflected(a) if form not in aliases]
    plain = {form for a in aliases for form in plain_forms(a)}
    return Words([(a, "alias") for a in aliases | plain] + forms)


@lru_cache(maxsize=1024)
def _pairs(product: str) -> frozenset[str]:
    """Neighbouring characters of a product's name: 连帽, 帽卫, 卫衣."""
    spelt = normalise(product)
    return frozenset(
        spelt[n : n + 2] for n in range(len(spelt) - 1) if not spelt[n : n + 2].isascii()
    )


_FOLDS: dict[str, str] = {}


def folded_once(order_no: str) -> str:
    """`folded`, remembered; order numbers are few and asked for often."""
    fold = _FOLDS.get(order_no)
    if fold is None:
        if len(_FOLDS) > 100_000:
            _FOLDS.clear()
        fold = _FOLDS[order_no] = folded(order_no)
    return fold


def _forms(order_no: str) -> tuple[str, ...]:
    """The shapes an order number may be written in; bare digits keep their hyphens."""
    written = normalise(order_no).replace(" ", "").lstrip("#")
    fold = folded_once(order_no)
    if fold.isdigit():
        return (shape(written),)
    return tuple({shape(written), shape(fold)})


def _ends(order_no: str, digits: str, tail: str) -> bool:
    """05 and 2311-05 end JJ-2311-05, 105 does not: a hyphen is a border."""
    if folded_once(order_no) == tail:
        return False
    if "-" in digits:
        return order_no.endswith(digits)
    run = _DIGITS_AT_END.search(order_no)
    return run is not None and run.group().endswith(digits)


def name_parts(name: str) -> list[str]:
    """The ways a person or customer is called: 拾光咖啡(张总) -> 拾光咖啡, 张总."""
    return [part for part in _NAME_PARTS.split(normalise(name)) if len(part) > 1]
