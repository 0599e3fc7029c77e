"""The pages of customers in the OpenAPI description."""

from adapters.web.openapi_parts import FORM, SEEN, TEXT, Data, answers, as_data, does, shaped

CONTACT = shaped(
    "order_no customer",
    order_no=TEXT,
    customer=TEXT,
    contact=TEXT,
    phone=TEXT,
    email=TEXT,
    wechat=TEXT,
    address=TEXT,
    price=TEXT,
    cost=TEXT,
)
_ONE = "customer"


def _done(summary: str, body: Data | None = None) -> dict[str, Data]:
    found = does(summary, SEEN, status="303", body=body, media=FORM, path=_ONE, query="lang")
    return {"post": found}


PEOPLE: dict[str, Data] = {
    "/customers": {"get": does("All customers", query="lang")},
    "/customers/{customer}": {"get": does("One customer", path=_ONE, query="lang")},
    "/customers/{customer}/show": _done("See the contacts whole; written down"),
    "/customers/{customer}/contacts": _done(
        "Other contacts",
        shaped(whole=TEXT, contact=TEXT, phone=TEXT, email=TEXT, wechat=TEXT, address=TEXT),
    ),
    "/customers/{customer}/pushes": _done("Hear of open orders, or not", shaped("on", on=TEXT)),
    "/customers/{customer}/revoke": _done("Close all pages that were given out"),
    "/customers/{customer}/export": {
        "post": does(
            "Everything held about the customer; written down",
            answers("application/zip", None),
            path=_ONE,
        )
    },
    "/customers/{customer}/erase": {
        "get": does("What erasing would do", path=_ONE, query="photos lang"),
        **_done("Forget the customer", shaped("typed", typed=TEXT, photos=TEXT)),
    },
    "/settings/looks": {"get": does("Who looked at personal data", query="lang")},
    "/api/orders/{order_no}/contact": {
        "get": does(
            "How the customer of an order is reached, price and cost; written down",
            as_data(CONTACT),
            path="order_no",
        )
    },
}
