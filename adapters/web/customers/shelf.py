"""A customer's other orders, a line each."""

from dataclasses import dataclass

from adapters.web.customer import Step, portal
from adapters.web.customers.port import Page
from adapters.web.words import Words
from domain.node import Status


@dataclass(frozen=True, slots=True)
class Line:
    """One order: what it is, where it stands, where its page is. `state` is one of the five."""

    path: str
    order_no: str
    product: str
    state: str
    icon: str
    word: str
    when: str


def line(page: Page, words: Words) -> Line:
    """One order of the same customer."""
    order = page.order
    found = portal(order, words, order.customer)
    current = next((s for s in found.steps if s.current), None)
    state = current.status if current else Status.DONE
    return Line(
        page.path,
        order.order_no,
        f"{order.product} · {words.pieces(order)}",
        state.value,
        words.icon(state),
        _word(order.cancelled, current, state, words),
        found.dates[-1].day if found.dates else "",
    )


def _word(cancelled: bool, current: Step | None, state: Status, words: Words) -> str:
    if cancelled:
        return words("page.state_cancelled")
    return current.name if current else words.status(state)
