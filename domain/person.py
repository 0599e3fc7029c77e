"""People and the chats in which they are reached, and the one table of who may do what."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the factory."""

    OPERATOR = "operator"
    MANAGER = "manager"
    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    ADMIN = "admin"


class Deed(StrEnum):
    """Everything that rights are asked for."""

    SEE_OWN_ORDER = "see_own_order"
    UPDATE_OWN_NODE = "update_own_node"
    UPDATE_ANY_NODE = "update_any_node"
    SEE_NODE_ORDERS = "see_node_orders"
    SEE_ALL_ORDERS = "see_all_orders"
    CONFIRM = "confirm"
    SEE_PRIVATE = "see_private"
    PLACE_ORDER = "place_order"
    TELL_CUSTOMER = "tell_customer"
    SETTINGS = "settings"
    FOLLOW_OWN = "follow_own"
    FOLLOW_ANY = "follow_any"
    SEE_BOARD = "see_board"
    SEE_INSIGHT = "see_insight"
    SUPPLY = "supply"


_MANAGER = {
    Deed.SEE_OWN_ORDER,
    Deed.UPDATE_OWN_NODE,
    Deed.UPDATE_ANY_NODE,
    Deed.SEE_NODE_ORDERS,
    Deed.SEE_ALL_ORDERS,
    Deed.CONFIRM,
    Deed.SEE_PRIVATE,
    Deed.PLACE_ORDER,
    Deed.TELL_CUSTOMER,
    Deed.FOLLOW_OWN,
    Deed.FOLLOW_ANY,
    Deed.SEE_BOARD,
    Deed.SEE_INSIGHT,
    Deed.SUPPLY,
}
RIGHTS: dict[Role, frozenset[Deed]] = {
    Role.CUSTOMER: frozenset({Deed.SEE_OWN_ORDER, Deed.FOLLOW_OWN}),
    Role.OPERATOR: frozenset(
        {Deed.UPDATE_OWN_NODE, Deed.SEE_NODE_ORDERS, Deed.FOLLOW_ANY, Deed.SEE_BOARD}
    ),
    Role.SUPPLIER: frozenset({Deed.UPDATE_OWN_NODE, Deed.SUPPLY}),
    Role.MANAGER: frozenset(_MANAGER),
    Role.ADMIN: frozenset(_MANAGER | {Deed.SETTINGS}),
}


def may(role: Role, deed: Deed) -> bool:
    """Whether a role carries a right. The only place that answers this."""
    return deed in RIGHTS[role]


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached: a platform, our account there, and the chat. Chats can move."""

    platform: str
    chat: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who writes or reads. `nodes` are node keys, `*` stands for all; a person has several
    addresses.
    """

    id: str
    name: str
    role: Role
    title: str = ""
    nodes: tuple[str, ...] = ()
    language: str = "zh-CN"
    addresses: tuple[Address, ...] = ()

    def owns(self, node: str) -> bool:
        """Whether the node is one of this person's own."""
        return "*" in self.nodes or node in self.nodes

    def may_update(self, node: str) -> bool:
        """Whether this person's report of the node counts as it stands."""
        if may(self.role, Deed.UPDATE_ANY_NODE):
            return True
        return may(self.role, Deed.UPDATE_OWN_NODE) and self.owns(node)

    def reached_at(self, address: Address) -> "Person":
        """The same person with one more address."""
        if address in self.addresses:
            return self
        return replace(self, addresses=(*self.addresses, address))


SYSTEM = Person("system", "system", Role.ADMIN, nodes=("*",))
"""Who the clock and the import act as."""


class GroupKind(StrEnum):
    """What a chat is for. Private chats are no groups, yet a message needs one word for where it
    was said.
    """

    PRODUCTION = "production_group"
    MANAGEMENT = "management_group"
    CUSTOMER = "customer_group"
    PRIVATE = "private"
    UNBOUND = "unbound"


@dataclass(frozen=True, slots=True)
class Group:
    """A chat that several people read. `members` are person ids where the platform or the binding
    names them.
    """

    address: Address
    kind: GroupKind
    title: str = ""
    language: str = "zh-CN"
    members: tuple[str, ...] = ()
