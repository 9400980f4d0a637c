"""Every payment provider in turn, as its emulator and our driver."""

from collections.abc import AsyncIterator

import pytest

from backend.payments.providers.base import PaymentProvider
from backend.payments.providers.coingate import CoinGate
from tests.contract.provider_harness import HARNESSES, CoinGateHarness, Harness, coingate


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
