"""Every payment provider in turn, as its emulator and our driver."""

from collections.abc import AsyncIterator

import pytest

from backend.payments.providers import PROVIDERS
from backend.payments.providers.base import PaymentProvider
from tests.contract.provider_harness import HARNESSES, Harness


@pytest.fixture(scope="session", params=sorted(PROVIDERS))
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
