"""How CoinGate writes numbers and times."""

import re
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal

NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


def text(amount: Decimal) -> str:
    """As few decimals as say it, but at least one: 299.0, 0.00016069; nothing at all is 0."""
    if not amount:
        return "0"
    plain = f"{amount.normalize():f}"
    return plain if "." in plain else f"{plain}.0"


def parse(value: object) -> Decimal | None:
    """The number in a JSON number or in text; None: it is none. A float says no more than its shortest form."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    written = value if isinstance(value, str) else f"{Decimal(repr(value)):f}"
    return Decimal(written) if NUMBER.fullmatch(written) else None


def rounded_up(amount: Decimal, digits: int) -> Decimal:
    """To so many decimals, never less."""
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_UP)


def iso(moment: datetime) -> str:
    """2026-10-01T14:02:41+00:00"""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
