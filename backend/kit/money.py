"""Money as integers of minor units. Never a float, never a conversion."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Currency(StrEnum):
    """ISO 4217 codes, and XTR for Telegram Stars."""

    RUB = "RUB"
    EUR = "EUR"
    XTR = "XTR"

    @property
    def exponent(self) -> int:
        """Digits after the dot: 2 for roubles and euros, 0 for Stars."""
        return 0 if self is Currency.XTR else 2


_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,2}))?")  # [0-9]: \d takes digits of other scripts


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: 299 roubles are Money(29900, Currency.RUB)."""

    minor: int
    currency: Currency

    SIGNS: ClassVar[dict[Currency, str]] = {Currency.RUB: "₽", Currency.EUR: "€", Currency.XTR: "⭐"}

    def decimal(self) -> str:
        """As providers write it: "299.00"; Stars without a dot."""
        if self.currency.exponent == 0:
            return str(self.minor)
        return f"{self.minor // 100}.{self.minor % 100:02d}"

    def __str__(self) -> str:
        """As people read it: "299 ₽", "2 999 ₽", "4,50 €"; spaces do not break."""
        whole, rest = divmod(self.minor, 10**self.currency.exponent)
        cents = f",{rest:02d}" if rest else ""
        return f"{whole:,}".replace(",", "\u00a0") + f"{cents}\u00a0{self.SIGNS[self.currency]}"


def to_minor(text: str) -> int:
    """Minor units of a provider's decimal with at most two digits after the dot: "299.00", "10.0", "299".

    Raises:
        ValueError: anything else: exponents, signs, commas, blanks, three decimals, other scripts' digits.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount: {text[:40]!r}")
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
