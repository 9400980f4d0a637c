"""The merchants, and what holds for all of them."""

import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sandbox.settings import changed
from sandbox.store import Collection, Document

FORMATS = ("json", "form")
MOST_LATE_HOURS = 99


@dataclass(frozen=True, slots=True)
class Account:
    """One merchant's API app and settings. The token that opens it is no part of it."""

    app_id: int = 3  # `orderable_id` of its orders
    name: str = "VPN Service"  # what the shopper reads
    checkout: bool = False  # POST /orders/{id}/checkout was switched on by support
    callback_format: str = "json"  # or form, the old default
    receive_currency: str = "EUR"  # of orders that do not say
    coins: tuple[str, ...] = ("BTC", "ETH", "LTC")  # what its shoppers may pay in
    late_hours: int = 24  # after creation an expired or canceled order may still become paid
    underpaid_quirk: bool = True  # a paid order says underpaid_amount == pay_amount, as the real ones do


@dataclass(frozen=True, slots=True)
class Market:
    """What CoinGate is at the moment, for everybody."""

    price_currencies: tuple[str, ...] = ("EUR", "USD", "GBP", "RUB")
    merchants: tuple[str, ...] = ("DE", "LT", "PL")  # countries
    shoppers: tuple[str, ...] = ("DE", "LT", "PL", "US")
    ips: tuple[str, ...] = ("52.28.22.118", "35.156.68.160")
    requests_per_minute: int | None = 200  # a client; None: as many as they like
    orders_per_hour: int | None = 500  # a merchant


class Accounts:
    """The accounts given at start, and over them what the control API changed, which survives a restart."""

    def __init__(self, by_token: Mapping[str, Account], changes: Collection) -> None:
        self._apps = {token: account.app_id for token, account in by_token.items()}
        self._defaults = {account.app_id: account for account in by_token.values()}
        self._changes = changes

    def of_token(self, token: str) -> Account | None:
        for known, app_id in self._apps.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return self.get(app_id)
        return None

    def get(self, app_id: int) -> Account:
        """
        Raises:
            KeyError: no such account.
        """
        return _checked(changed(self._defaults[app_id], self._changes.get(str(app_id)) or {}))

    def change(self, app_id: int, wanted: Document) -> Account:
        """Set fields of an account.

        Raises:
            KeyError: no such account.
            ValueError: an unknown field or a value it cannot have; nothing changed.
        """
        kept = {**(self._changes.get(str(app_id)) or {}), **wanted}
        account = _checked(changed(self._defaults[app_id], kept))
        if account.app_id != app_id:
            raise ValueError("app_id stays")
        self._changes.put(str(app_id), kept)
        return account

    def as_json(self) -> Document:
        return {str(app_id): asdict(self.get(app_id)) for app_id in self._defaults}


def _checked(account: Account) -> Account:
    if account.callback_format not in FORMATS:
        raise ValueError(f"callback_format is one of: {', '.join(FORMATS)}")
    if account.late_hours > MOST_LATE_HOURS:
        raise ValueError(f"late_hours are at most {MOST_LATE_HOURS}")
    return account
