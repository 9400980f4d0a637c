"""Asking a payment provider for the truth, one payment at a time and in sweeps."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend.kit.errors import Unavailable
from backend.payments.providers.base import PaymentProvider, PaymentState, Rejected, Unknown
from tests.contract.provider_cases import BROKEN, MAC, created, known, request_for
from tests.contract.provider_harness import Call, Harness


async def test_a_paid_payment_is_succeeded_for_exactly_its_amount(
    company: Harness, provider: PaymentProvider
) -> None:
    waiting = await created(provider)
    assert known(await provider.fetch(waiting.ref)).state is PaymentState.PENDING

    await company.pay(waiting.ref)
    snapshot = known(await provider.fetch(waiting.ref))

    assert snapshot.state is PaymentState.SUCCEEDED
    assert (snapshot.amount, snapshot.pid, snapshot.mac) == (waiting.amount, waiting.pid, waiting.mac)
    assert (snapshot.account, snapshot.test) == (company.account, provider.test)
    assert snapshot.paid_at is not None
    assert abs(snapshot.paid_at - company.world.clock.now()) < timedelta(minutes=1)


async def test_a_declined_payment_is_canceled_with_the_companys_reason(
    company: Harness, provider: PaymentProvider
) -> None:
    waiting = await created(provider)

    await company.decline(waiting.ref)
    snapshot = known(await provider.fetch(waiting.ref))

    assert (snapshot.state, snapshot.reason) == (PaymentState.CANCELED, company.declined_as)
    assert snapshot.paid_at is None


async def test_a_payment_nobody_paid_is_canceled_in_time(company: Harness, provider: PaymentProvider) -> None:
    waiting = await created(provider)

    await company.expire(waiting.ref)
    snapshot = known(await provider.fetch(waiting.ref))

    assert snapshot.state is PaymentState.CANCELED
    assert snapshot.reason


async def test_a_canceled_payment_that_cannot_be_paid_late_stays_canceled(
    company: Harness, provider: PaymentProvider
) -> None:
    waiting = await created(provider)
    company.world.clock.advance(timedelta(hours=3).total_seconds())
    await asyncio.sleep(0.3)  # the emulator's own round

    assert known(await provider.fetch(waiting.ref)).state is PaymentState.CANCELED


@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_when_the_truth_cannot_be_read_nothing_is_claimed(
    company: Harness, impatient: PaymentProvider, mode: str, options: dict[str, Any]
) -> None:
    ref = (await created(impatient)).ref
    await company.pay(ref)
    await company.spoil(Call.FETCH, mode, **options)

    assert isinstance(await impatient.fetch(ref), Unknown)
    assert known(await impatient.fetch(ref)).state is PaymentState.SUCCEEDED


async def test_an_answer_about_another_payment_is_not_the_truth(company: Harness, provider: PaymentProvider) -> None:
    asked = await created(provider)
    another = {"id": "2d8f0e8d-000f-5000-8000-18db351245c7", "status": "succeeded", "paid": True}
    await company.spoil(Call.FETCH, "status", status=200, body=another)

    assert isinstance(await provider.fetch(asked.ref), Unknown)


async def test_a_payment_the_company_does_not_have_is_not_found(company: Harness, provider: PaymentProvider) -> None:
    for ref in (company.unknown_ref, "nobody", "ж" * 36, "x" * 3000):
        for result in (await provider.fetch(ref), await provider.fetch_refund(ref)):
            assert isinstance(result, Rejected)
            assert result.code == "not_found"


@pytest.mark.parametrize("ref", ["", ".", "..", "../refunds", "a/b", "a?b=c#d", "%00", "a\0b", "a b\n"])
async def test_what_cannot_be_a_payment_is_never_taken_for_one(provider: PaymentProvider, ref: str) -> None:
    await created(provider)

    for result in (await provider.fetch(ref), await provider.fetch_refund(ref)):
        assert isinstance(result, Rejected | Unknown)


async def test_the_sweep_finds_a_payment_whose_answer_was_lost(company: Harness, provider: PaymentProvider) -> None:
    started = company.world.clock.now()
    before = await created(provider)
    request = request_for(provider)
    await company.spoil(Call.CREATE, "lost_after")
    assert isinstance(await provider.create(provider.prepare(request), request.payment_id), Unknown)

    found = [snapshot async for snapshot in provider.list_since(started - timedelta(seconds=5))]

    assert [snapshot.pid for snapshot in found] == [request.payment_id, before.pid]
    assert found[0].mac == MAC
    assert await company.payments_of(request.payment_id) == [found[0].ref]


async def test_the_sweep_looks_back_only_so_far(company: Harness, provider: PaymentProvider) -> None:
    await created(provider)
    company.world.clock.advance(timedelta(days=2).total_seconds())
    later = await created(provider)

    found = [snapshot async for snapshot in provider.list_since(company.world.clock.now() - timedelta(days=1))]

    assert [snapshot.ref for snapshot in found] == [later.ref]


@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_a_sweep_that_cannot_read_says_so(
    company: Harness, impatient: PaymentProvider, mode: str, options: dict[str, Any]
) -> None:
    if options.get("status") == 200 and isinstance(options["body"], dict):
        pytest.skip("skipped: here that is a good answer, an empty list")
    await company.spoil(Call.LIST, mode, **options)

    with pytest.raises(Unavailable):
        [found async for found in impatient.list_since(company.world.clock.now())]


async def test_a_sweep_may_be_left_in_the_middle(company: Harness, provider: PaymentProvider) -> None:
    refs = [(await created(provider)).ref for _ in range(2)]
    since = company.world.clock.now() - timedelta(minutes=1)

    async for snapshot in provider.list_since(since):
        assert snapshot.ref in refs
        break

    assert sorted([snapshot.ref async for snapshot in provider.list_since(since)]) == sorted(refs)
