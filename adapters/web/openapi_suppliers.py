"""The OpenAPI description's part on suppliers: their own pages, and the factory's page of them."""

from adapters.web.openapi_parts import FORM, PICTURE, SEEN, TEXT, Data, does, shaped

NEED = {"order": TEXT, "need": TEXT}
PROMISE = shaped("order need day", **NEED, day=TEXT, reason=TEXT, text=TEXT)
PARCEL = shaped("order need", **NEED, amount=TEXT, photos={"type": "array"})


def _post(summary: str, body: Data, path: str = "", media: str = FORM) -> Data:
    return does(summary, SEEN, status="303", media=media, body=body, path=path, query="lang")


SUPPLIERS: dict[str, Data] = {
    "/s/{token}": {
        "get": does("A supplier's needs, what is coming, its record", path="token", query="lang")
    },
    "/s/{token}/confirm": {
        "post": _post("It will come in time", shaped("order need", **NEED), "token")
    },
    "/s/{token}/promise": {"post": _post("It will come on another day", PROMISE, "token")},
    "/s/{token}/deliver": {
        "post": _post("So much has come", PARCEL, "token", "multipart/form-data")
    },
    "/s/{token}/ask": {
        "post": _post("A question to management", shaped(text=TEXT, order=TEXT), "token")
    },
    "/s/{token}/photos/{order_no}/{need}/{place}": {
        "get": does("A picture of its delivery", PICTURE, path="token order_no need place")
    },
    "/suppliers": {"get": does("All suppliers side by side, needs at risk", query="lang")},
    "/suppliers/place": {
        "post": _post(
            "Ask a supplier for material",
            shaped(
                "order item amount supplier day",
                order=TEXT,
                item=TEXT,
                amount=TEXT,
                unit=TEXT,
                supplier=TEXT,
                day=TEXT,
                node=TEXT,
                note=TEXT,
            ),
        )
    },
    "/suppliers/answer": {
        "post": _post(
            "What a supplier said on the telephone: `confirm`, `promise`, `deliver`",
            shaped("order need do", **NEED, do=TEXT, day=TEXT, reason=TEXT, text=TEXT, amount=TEXT),
        )
    },
    "/suppliers/check": {
        "post": _post(
            "What came is good, but for what goes back",
            shaped("order need", **NEED, returned=TEXT, text=TEXT),
        )
    },
    "/suppliers/cancel": {
        "post": _post("It is not needed", shaped("order need", **NEED, text=TEXT))
    },
    "/suppliers/reward": {
        "post": _post(
            "How far ahead suppliers see",
            shaped(
                "days0 days1 days2 share1 share2 cases",
                days0=TEXT,
                days1=TEXT,
                days2=TEXT,
                share1=TEXT,
                share2=TEXT,
                cases=TEXT,
            ),
        )
    },
    "/suppliers/photos/{order_no}/{need}/{place}": {
        "get": does("A picture of a delivery", PICTURE, path="order_no need place")
    },
}
