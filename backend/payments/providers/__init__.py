"""Every provider there is, and the configured ones by id and by webhook address."""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic_settings import BaseSettings

from backend.kit.errors import NotFound
from backend.kit.money import Currency
from backend.payments.mac import hook_token
from backend.payments.providers import coingate, stars, yookassa
from backend.payments.providers.base import PaymentProvider


class Driver(NamedTuple):
    """A provider this program can work with."""

    config: type[BaseSettings]  # what an operator can set
    build: Callable[[], PaymentProvider | None]  # from the environment; None: without credentials it is off
    credentials: tuple[str, ...] = ()  # what `init` asks for; its questions are the texts `init-ask-<name>`


PROVIDERS: dict[str, Driver] = {
    yookassa.YooKassa.id: Driver(
        yookassa.Config, yookassa.YooKassa.from_environment, ("YOOKASSA_SHOP_ID", "YOOKASSA_SECRET_KEY")
    ),
    coingate.CoinGate.id: Driver(coingate.Config, coingate.CoinGate.from_environment, ("COINGATE_API_KEY",)),
    stars.Stars.id: Driver(stars.Config, stars.Stars.from_environment),
}


class ProviderNotConfigured(NotFound):
    """This provider is not there, or has no credentials."""


class NoSuchAddress(NotFound):
    """No provider sends webhooks to this address."""


class Providers:
    """The configured providers, in the order their buttons stand.

    `keys` is the ring of `payments.mac`: webhook addresses are made with the newest key, and those made with an
    older one keep working until it is dropped.
    """

    def __init__(self, drivers: Sequence[PaymentProvider], keys: Mapping[str, bytes], newest: str) -> None:
        self._drivers = {driver.id: driver for driver in drivers}
        self.keys = keys
        self.newest = newest

    def __iter__(self) -> Iterator[PaymentProvider]:
        return iter(self._drivers.values())

    def find(self, provider_id: str) -> PaymentProvider | None:
        """The driver of a provider; None: its credentials were taken out of the settings."""
        return self._drivers.get(provider_id)

    def get(self, provider_id: str) -> PaymentProvider:
        """The driver of a payment's provider.

        Raises:
            ProviderNotConfigured
        """
        if provider_id not in self._drivers:
            raise ProviderNotConfigured(provider=provider_id)
        return self._drivers[provider_id]

    @property
    def currency(self) -> Currency:
        """What prices are shown in: the first one that can be paid in; roubles where nothing can be paid."""
        payable = {currency for driver in self for currency in driver.currencies}
        return next((currency for currency in Currency if currency in payable), Currency.RUB)

    @property
    def in_bot(self) -> PaymentProvider | None:
        """The one whose payments are made inside the bot."""
        return next((driver for driver in self if driver.by_bot), None)

    def at(self, provider_id: str, token: str) -> PaymentProvider:
        """Whose webhook address this is. Takes as long for a wrong token as for a right one.

        Raises:
            NoSuchAddress: an unknown provider or a wrong token; which of them is not told.
        """
        driver = self._drivers.get(provider_id)
        if driver is None:
            raise NoSuchAddress
        presented = token.encode(errors="replace")
        matches = [hmac.compare_digest(presented, self._token(driver, kid).encode()) for kid in self.keys]
        if not any(matches):
            raise NoSuchAddress
        return driver

    def hook_path(self, provider_id: str) -> str:
        """Where this provider is to send webhooks: "/webhooks/yookassa/<token>".

        Raises:
            ProviderNotConfigured
        """
        return f"/webhooks/{provider_id}/{self._token(self.get(provider_id), self.newest)}"

    def offers(self, currency: Currency) -> list[tuple[PaymentProvider, str]]:
        """Every way to pay in this currency, as provider and method, in the order of the buttons."""
        return [(driver, method) for driver in self if currency in driver.currencies for method in driver.methods]

    async def aclose(self) -> None:
        """Close every provider's connections."""
        for driver in self:
            await driver.aclose()

    def _token(self, driver: PaymentProvider, kid: str) -> str:
        return hook_token(self.keys[kid], driver.id, driver.account)
