"""Who asks: the person behind a request, and what they may do. Set once by the guard, read by every
page.
"""

from dataclasses import dataclass

from aiohttp import web

from domain.order import Order
from domain.person import Deed, Person, may
from domain.sight import sees


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who came in. `how` is `session`, `token`, `kiosk` or `sandbox`; `person` is whose
    rights count; `key` names the session or token, for revoking it.
    """

    person: Person
    how: str
    key: str = ""

    def may(self, deed: Deed) -> bool:
        """Whether this visitor carries a right."""
        if self.how == "kiosk":
            return deed == Deed.SEE_BOARD
        return may(self.person.role, deed)

    def sees(self, order: Order) -> bool:
        """Whether an order exists for this visitor."""
        return self.how != "kiosk" and sees(self.person, order)

    @property
    def private(self) -> bool:
        """Whether contacts, cost and customers' names are shown unmasked."""
        return self.may(Deed.SEE_PRIVATE)


VISITOR = web.RequestKey("visitor", Visitor)


def visitor_of(request: web.Request) -> Visitor:
    """Who asks. Only for routes that the policy gives to signed-in people; KeyError elsewhere."""
    return request[VISITOR]
