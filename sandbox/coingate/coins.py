"""What is priced, paid and settled in here: currencies, networks, rates, addresses. The rates never move.

Ids are of this company alone: a client that remembers them from elsewhere is wrong.
"""

import secrets
from dataclasses import dataclass
from decimal import Context, Decimal

from sandbox.coingate.amounts import rounded_up, text

BECH32 = "023456789acdefghjklmnpqrstuvwxyz"
WEI = 18


@dataclass(frozen=True, slots=True)
class Platform:
    """A network. `prefix` begins an address on it, `scheme` a link that opens a wallet."""

    id: int
    id_name: str
    title: str
    prefix: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Currency:
    """`euros` is what one of it is worth."""

    id: int
    symbol: str
    title: str
    euros: Decimal
    digits: int
    receive: bool = False
    platforms: tuple[Platform, ...] = ()

    @property
    def kind(self) -> str:
        return "crypto" if self.digits > 2 else "fiat"

    def platform(self, platform_id: object) -> Platform | None:
        return next((p for p in self.platforms if str(p.id) == str(platform_id)), None)


BITCOIN = Platform(6, "bitcoin", "Bitcoin", "tb1q", "bitcoin")
ETHEREUM = Platform(11, "ethereum", "Ethereum", "0x", "ethereum")
ARBITRUM = Platform(24, "arbitrum", "Arbitrum One", "0x", "ethereum")
LITECOIN = Platform(9, "litecoin", "Litecoin", "tltc1q", "litecoin")
PLATFORMS = (BITCOIN, LITECOIN, ETHEREUM, ARBITRUM)

CURRENCIES = (
    Currency(1, "BTC", "Bitcoin", Decimal("53088"), 8, receive=True, platforms=(BITCOIN,)),
    Currency(2, "EUR", "Euro", Decimal(1), 2, receive=True),
    Currency(3, "USD", "United States Dollar", Decimal("0.92"), 2),
    Currency(4, "GBP", "British Pound", Decimal("1.16"), 2),
    Currency(14, "LTC", "Litecoin", Decimal("71.4"), 8, receive=True, platforms=(LITECOIN,)),
    Currency(20, "RUB", "Russian Ruble", Decimal("0.0102"), 2),
    Currency(44, "ETH", "Ethereum", Decimal("2315.7"), 8, receive=True, platforms=(ETHEREUM, ARBITRUM)),
    Currency(58, "USDC", "USD Coin", Decimal("0.92"), 6, receive=True, platforms=(ETHEREUM,)),
)


def find(symbol: object) -> Currency | None:
    return next((currency for currency in CURRENCIES if currency.symbol == symbol), None)


def get(symbol: str) -> Currency:
    """A currency that is known to exist.

    Raises:
        KeyError: it does not.
    """
    currency = find(symbol)
    if currency is None:
        raise KeyError(symbol)
    return currency


def rate(one: Currency, other: Currency) -> Decimal:
    """What one of `one` costs in `other`, to ten digits."""
    return Context(prec=10).divide(one.euros, other.euros)


def price_in(amount: Decimal, one: Currency, other: Currency) -> Decimal:
    """An amount of `one` in `other`, rounded up to what `other` can be divided into."""
    return rounded_up(amount * one.euros / other.euros, other.digits)


def new_address(platform: Platform) -> str:
    """Looks like one of the network's test addresses; its checksum is wrong, so no wallet sends anything there."""
    if platform.prefix == "0x":
        return "0x" + secrets.token_hex(20)
    return platform.prefix + "".join(secrets.choice(BECH32) for _ in range(38))


def payment_uri(platform: Platform, address: str, amount: Decimal) -> str:
    """What a wallet opens: BIP-21, and EIP-681 for Ethereum's networks."""
    if platform.scheme == "ethereum":
        return f"ethereum:{address}?value={amount.scaleb(WEI):.0f}"
    return f"{platform.scheme}:{address}?amount={text(amount)}"
