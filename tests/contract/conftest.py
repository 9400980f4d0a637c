"""Every payment provider in turn, as its emulator and our driver; Telegram for what is of Stars alone."""

from collections.abc import AsyncIterator

import pytest

from backend.payments.providers.base import PaymentProvider
from backend.payments.providers.coingate import CoinGate
from backend.payments.providers.stars import Stars
from tests.contract.provider_harness import HARNESSES, CoinGateHarness, Harness, coingate
from tests.contract.stars_world import driver_of
from tests.contract.telegram_world import TelegramWorld, telegram_world


@pytest.fixture(scope="session", params=sorted(HARNESSES))
async def companies(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    async with HARNESSES[request.param]() as harness:
        yield harness


@pytest.fixture
async def company(companies: Harness) -> Harness:
    companies.reset()
    return companies


@pytest.fixture
async def provider(company: Harness) -> AsyncIterator[PaymentProvider]:
    driver = company.driver()
    yield driver
    await driver.aclose()


@pytest.fixture
async def impatient(company: Harness) -> AsyncIterator[PaymentProvider]:
    driver = company.driver(read_seconds=0.5)
    yield driver
    await driver.aclose()


@pytest.fixture(scope="session")
async def gates() -> AsyncIterator[CoinGateHarness]:
    async with coingate() as harness:
        yield harness


@pytest.fixture
async def gate(gates: CoinGateHarness) -> CoinGateHarness:
    gates.reset()
    return gates


@pytest.fixture
async def app(gate: CoinGateHarness) -> AsyncIterator[CoinGate]:
    driver = gate.driver()
    yield driver
    await driver.aclose()


@pytest.fixture
async def chooser(gate: CoinGateHarness) -> AsyncIterator[CoinGate]:
    """The driver of a shop whose buttons choose the coin; CoinGate has that switched on."""
    await gate.set_account(checkout=True)
    driver = gate.driver(mode="auto", read_seconds=0.5)
    yield driver
    await driver.aclose()


@pytest.fixture(scope="module")
async def telegrams() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as opened:
        yield opened


@pytest.fixture
async def telegram(telegrams: TelegramWorld) -> TelegramWorld:
    telegrams.forget()
    return telegrams


@pytest.fixture
async def stars(telegram: TelegramWorld) -> AsyncIterator[Stars]:
    driver = driver_of(telegram)
    yield driver
    await driver.aclose()
