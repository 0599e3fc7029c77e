"""Who may see which order, and how names and numbers look to those who may not read them whole."""

import re

from domain.order import Order
from domain.person import Deed, Person, Role, may

_STARS = "****"
_NUMBER = re.compile(r"\+?\d[\d\- ]{5,}\d")


def sees(person: Person, order: Order) -> bool:
    """Whether an order exists at all for a member of the staff, a supplier or a customer."""
    if may(person.role, Deed.SEE_ALL_ORDERS):
        return True
    if person.role is Role.CUSTOMER:
        return order.customer == person.id
    if may(person.role, Deed.SEE_NODE_ORDERS):
        return any(person.owns(key) for key in order.nodes)
    return False


def masked_name(name: str) -> str:
    """`李红梅` → `李**`, `Emma Stone` → `E***`; nothing stays nothing."""
    kept = name.strip()
    if not kept:
        return ""
    stars = "***" if kept[0].isascii() else "**"
    return kept[0] + stars


def masked_number(text: str) -> str:
    """A telephone number with its middle hidden: `138****8000`; shorter ones keep two digits."""
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 8:
        return f"{digits[:3]}{_STARS}{digits[-4:]}"
    return f"{_STARS}{digits[-2:]}" if digits else ""


def masked(text: str) -> str:
    """Free text in which every telephone number is masked."""
    return _NUMBER.sub(lambda m: masked_number(m[0]), text)
