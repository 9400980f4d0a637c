"""What CoinGate tells everybody: prices it takes, networks, countries, where its callbacks come from.

Pure; what cannot be read is empty. Source: https://developer.coingate.com/reference (public endpoints)
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from backend.kit.http import Answer
from backend.kit.money import Currency
from backend.kit.reading import Json, items, parse, text, whole
from backend.payments.providers.coingate.objects import CURRENCIES

PARTED = re.compile(r"[\s|,]+")  # a line each, it is said, and shown with bars
Networks = tuple[IPv4Network | IPv6Network, ...]


def price_currencies(answer: Answer) -> frozenset[Currency]:
    """GET /currencies?merchant_price=true: those of ours among them."""
    symbols = {entry.get("symbol") for entry in _list(answer)}
    return frozenset(currency for currency in CURRENCIES if currency.value in symbols)


def platforms(answer: Answer) -> dict[str, int]:
    """GET /platforms: ids of networks by name, as they are on this side of CoinGate."""
    found = ((text(entry.get("id_name")), whole(entry.get("id"))) for entry in _list(answer))
    return {name: number for name, number in found if name is not None and number is not None}


def countries(answer: Answer) -> frozenset[str]:
    """GET /countries/…: two-letter codes."""
    return frozenset(code for entry in _list(answer) if (code := text(entry.get("alpha2_code"))))


def networks(answer: Answer) -> Networks:
    """GET /ips-v4: addresses, by whatever they are parted. What is none makes the whole list unreadable."""
    try:
        listed = PARTED.split(answer.body.decode()) if answer.status == 200 else []
        return tuple(ip_network(address) for address in listed if address)
    except ValueError:
        return ()


def _list(answer: Answer) -> list[Json]:
    try:
        return items(parse(answer.body)) if answer.status == 200 else []
    except ValueError:
        return []
