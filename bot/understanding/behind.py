"""What may stand right behind an order number and change what it means; usually nothing does."""

import re
from collections.abc import Iterable

from bot.understanding.orders import NEXT_DIGITS, RANGE_END
from bot.understanding.tokens import Token

PLACE = re.compile(
    "号?(?:车间|机台|机组|机房|机床|机器|工位|厂区|厂房|产线|流水线|生产线|仓库|库房|区域)"
    "|号[机线楼台组班仓库厂门炉柜]|螺[丝栓母钉柱]|轴承|垫片|铆钉|(?P<one>[区栋幢楼线仓层房组班机炉柜])"
)
ALSO = re.compile(
    r"(?:\s?([/和与及跟、&+,])\s?|\s{1,2})(\d{2,4})"
    r"(?![\d.:/~\-%a-z年月日号点时]|\s?[件个套张条块双片副枚只天])"
)


def followed(tokens: Iterable[Token], text: str) -> bool:
    """Whether a place, a second number or the end of a range may follow some number here."""
    return any(
        pattern.match(text, token.end)
        for token in tokens
        if token.mention is not None
        for pattern in (PLACE, ALSO, RANGE_END, NEXT_DIGITS)
    )
