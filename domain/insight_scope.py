"""Which orders and which nodes somebody wants to look at in the cockpit, and over which time."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.alert import Alert
from domain.insight_life import Life
from domain.measures import team_of
from domain.order import Order

SPANS = (7, 30, 90)
"""Days that the cockpit looks back."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The filters; empty ones let everything through. `product` is a part of the product's name or
    of the order's number.
    """

    days: int = 30
    route: str = ""
    team: str = ""
    customer: str = ""
    product: str = ""

    @property
    def narrow(self) -> bool:
        """Whether any orders are left out."""
        return bool(self.route or self.team or self.customer or self.product)

    def takes(self, order: Order) -> bool:
        """Whether an order is looked at: with a team, one that passes through it."""
        if self.route not in ("", order.route.key) or self.customer not in ("", order.customer):
            return False
        text = self.product.casefold()
        if text and text not in order.product.casefold() and text != order.order_no.casefold():
            return False
        return not self.team or any(self.node(order, key) for key in order.nodes)

    def node(self, order: Order, key: str) -> bool:
        """Whether a node of an order is looked at."""
        return not self.team or team_of(order.route, key) == self.team

    def at(self, lives: Mapping[str, Life], alert: Alert) -> bool:
        """Whether an alert of one of these orders concerns a node that is looked at; one of the
        whole order always does.
        """
        order = lives[alert.order_no].order
        return alert.node not in order.nodes or self.node(order, alert.node)
