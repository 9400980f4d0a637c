"""Opening a payment: what every provider's driver keeps to, against its company's emulator over real HTTP."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import structlog

from backend.kit.errors import Refused, Unavailable
from backend.kit.money import Money
from backend.payments.providers import PROVIDERS
from backend.payments.providers.base import (
    Known,
    Misconfigured,
    NotProcessed,
    PaymentProvider,
    PaymentState,
    Rejected,
    Unknown,
)
from tests.contract.provider_cases import BROKEN, MAC, known, paid, refund_for, request_for
from tests.contract.provider_harness import HARNESSES, IN_BOT, Call, Harness


async def test_the_probe_says_who_we_are_and_what_we_may_sell(company: Harness, provider: PaymentProvider) -> None:
    capabilities = await provider.probe()

    assert (capabilities.account, capabilities.test) == (provider.account, provider.test)
    assert capabilities.enabled
    assert capabilities.methods == frozenset(provider.methods)


@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_a_probe_that_cannot_read_says_so(
    company: Harness, impatient: PaymentProvider, mode: str, options: dict[str, Any]
) -> None:
    await company.spoil(Call.PROBE, mode, **options)

    with pytest.raises(Unavailable):
        await impatient.probe()


def test_a_provider_has_a_harness_of_its_own_name() -> None:
    assert set(HARNESSES) | IN_BOT == set(PROVIDERS)


@pytest.mark.parametrize("place", range(3))
async def test_a_new_payment_waits_and_says_whose_it_is_and_where_to_pay(
    company: Harness, provider: PaymentProvider, place: int
) -> None:
    if place >= len(provider.methods):
        pytest.skip("skipped: this provider has fewer ways to pay")
    request = request_for(provider, method=provider.methods[place])

    snapshot = known(await provider.create(provider.prepare(request), request.payment_id))

    assert snapshot.state is PaymentState.PENDING
    assert (snapshot.amount, snapshot.account, snapshot.test) == (request.amount, company.account, provider.test)
    assert (snapshot.pid, snapshot.mac) == (request.payment_id, MAC)
    assert (snapshot.paid_at, snapshot.refunded_minor or 0, snapshot.reason) == (None, 0, None)
    assert await company.payments_of(request.payment_id) == [snapshot.ref]
    assert snapshot.url is not None
    async with httpx2.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(snapshot.url)).status_code == 200


async def test_the_same_bytes_with_the_same_key_are_the_same_payment(
    company: Harness, provider: PaymentProvider
) -> None:
    request = request_for(provider)
    body = provider.prepare(request)

    first = known(await provider.create(body, request.payment_id))
    again = known(await provider.create(provider.prepare(request), request.payment_id))

    assert again.ref == first.ref
    assert await company.payments_of(request.payment_id) == [first.ref]


async def test_five_at_once_with_the_same_key_are_one_payment(company: Harness, provider: PaymentProvider) -> None:
    request = request_for(provider)
    body = provider.prepare(request)

    results = await asyncio.gather(*(provider.create(body, request.payment_id) for _ in range(5)))

    assert len({result.snapshot.ref for result in results if isinstance(result, Known)}) == 1
    assert len(await company.payments_of(request.payment_id)) == 1
    if provider.key_lives:
        assert all(isinstance(result, Known) for result in results)
    assert known(await provider.create(body, request.payment_id)).ref


async def test_a_key_protects_for_as_long_as_the_driver_says(company: Harness, provider: PaymentProvider) -> None:
    request = request_for(provider)
    body = provider.prepare(request)
    first = known(await provider.create(body, request.payment_id))

    company.world.clock.advance(provider.key_lives.total_seconds())

    assert known(await provider.create(body, request.payment_id)).ref == first.ref


async def test_other_bytes_with_the_same_key_make_no_second_payment(
    company: Harness, provider: PaymentProvider
) -> None:
    request = request_for(provider)
    first = known(await provider.create(provider.prepare(request), request.payment_id))

    rebuilt = provider.prepare(replace(request, description="Подписка, 30 дней, вторая попытка"))
    result = await provider.create(rebuilt, request.payment_id)

    if provider.key_lives:
        assert isinstance(result, Unknown)
        assert result.duplicate_key
    else:
        assert known(result).ref == first.ref
    assert await company.payments_of(request.payment_id) == [first.ref]


@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_a_broken_answer_is_unknown_and_the_same_bytes_settle_it(
    company: Harness, impatient: PaymentProvider, mode: str, options: dict[str, Any]
) -> None:
    request = request_for(impatient)
    body = impatient.prepare(request)
    await company.spoil(Call.CREATE, mode, **options)

    result = await impatient.create(body, request.payment_id)

    assert isinstance(result, Unknown), result
    assert not result.duplicate_key
    snapshot = known(await impatient.create(body, request.payment_id))
    assert await company.payments_of(request.payment_id) == [snapshot.ref]


@pytest.mark.parametrize(("mode", "happened"), [("lost_before", False), ("lost_after", True)])
async def test_whether_it_happened_cannot_be_told_from_a_lost_answer(
    company: Harness, provider: PaymentProvider, mode: str, happened: bool
) -> None:
    request = request_for(provider)
    await company.spoil(Call.CREATE, mode)

    assert isinstance(await provider.create(provider.prepare(request), request.payment_id), Unknown)

    assert len(await company.payments_of(request.payment_id)) == happened


async def test_too_many_requests_had_no_effect(company: Harness, provider: PaymentProvider) -> None:
    request = request_for(provider)
    body = provider.prepare(request)
    await company.spoil(Call.CREATE, "http_429", retry_after=7)

    assert await provider.create(body, request.payment_id) == NotProcessed(timedelta(seconds=7))

    assert await company.payments_of(request.payment_id) == []
    assert known(await provider.create(body, request.payment_id)).state is PaymentState.PENDING


async def test_a_company_that_is_not_there_leaves_everything_unknown(company: Harness) -> None:
    provider = company.driver(gone=True)
    request = request_for(provider)

    assert isinstance(await provider.create(provider.prepare(request), request.payment_id), Unknown)
    assert isinstance(await provider.fetch(company.unknown_ref), Unknown)
    with pytest.raises(Unavailable):
        await provider.probe()
    with pytest.raises(Unavailable):
        [found async for found in provider.list_since(company.world.clock.now())]
    await provider.aclose()


async def test_wrong_credentials_are_the_operators_business_in_every_call(
    company: Harness, provider: PaymentProvider
) -> None:
    payment = await paid(company, provider)
    wrong = company.driver(wrong_secret=True)
    request = request_for(wrong)

    assert isinstance(await wrong.create(wrong.prepare(request), request.payment_id), Misconfigured)
    assert isinstance(await wrong.fetch(payment.ref), Misconfigured)
    assert isinstance(await wrong.capture(payment.ref, f"cap-{request.payment_id}"), Misconfigured)
    refund = refund_for(payment, 100)
    refused = await wrong.refund(wrong.prepare_refund(refund), refund.refund_id)
    assert isinstance(refused, Misconfigured if company.refunds_by_api else Rejected)
    with pytest.raises(Unavailable):
        [found async for found in wrong.list_since(company.world.clock.now())]
    with pytest.raises(Refused):
        await wrong.probe()
    await wrong.aclose()
    assert await company.payments_of(request.payment_id) == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"\xff", b"\0", b'{"amount": NaN}', b"[" * 5000, b"x" * 2_000_000]
)
async def test_a_body_the_company_does_not_take_is_a_definite_no(provider: PaymentProvider, body: bytes) -> None:
    assert isinstance(await provider.create(body, str(uuid4())), Rejected)


async def test_an_amount_the_company_does_not_take_is_a_definite_no(
    company: Harness, provider: PaymentProvider
) -> None:
    for minor in company.refused_amounts:
        request = request_for(provider, amount=Money(minor, min(provider.currencies)))
        assert isinstance(await provider.create(provider.prepare(request), request.payment_id), Rejected)


async def test_a_log_says_neither_secret_nor_whose_payment(company: Harness) -> None:
    provider = company.driver()
    request = request_for(provider, email="buyer@example.com")
    await company.spoil(Call.CREATE, "lost_after")

    with structlog.testing.capture_logs() as log:
        await provider.create(provider.prepare(request), request.payment_id)
        payment = known(await provider.create(provider.prepare(request), request.payment_id))
        await provider.fetch(payment.ref)

    events = [event["event"] for event in log]
    assert (events.count("http.no_answer"), events[-2:]) == (1, ["http.answer", "http.answer"])
    for hidden in (payment.ref, request.payment_id, "buyer@", MAC, "Authorization", "secret"):
        assert hidden not in repr(log)
    await provider.aclose()
