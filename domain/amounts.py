"""Amounts of material: exact decimals kept as text, so that kilograms and metres never become
floats.
"""

from decimal import ROUND_CEILING, Decimal, InvalidOperation

from domain.errors import Refused

MOST = Decimal(10_000_000)
"""Amounts from here on are a slip of the keyboard."""
FINEST = Decimal("0.001")


def amount(text: str) -> Decimal:
    """A number as people write it; Refused `no-amount` for anything that is none, is below zero,
    finer than a thousandth or beyond `MOST`.
    """
    try:
        found = Decimal(text.strip())
        fine = found.is_finite() and 0 <= found < MOST and found == found.quantize(FINEST)
    except (InvalidOperation, ValueError) as error:
        raise Refused("no-amount", amount=text[:20]) from error
    if not fine:
        raise Refused("no-amount", amount=text[:20])
    return found


def plain(value: Decimal) -> str:
    """`20`, `19.5`: without noughts at the end and never with an exponent."""
    shown = f"{value:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def for_pieces(per_piece: str, pieces: int) -> str:
    """What so many pieces take, rounded up to a hundredth."""
    whole = Decimal(per_piece) * pieces
    return plain(whole.quantize(Decimal("0.01"), ROUND_CEILING))
