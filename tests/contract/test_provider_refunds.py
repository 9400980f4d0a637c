"""Money that goes back, through every payment provider."""

from typing import Any

import pytest

from backend.kit.errors import Unavailable
from backend.payments.providers.base import PaymentProvider, PaymentState, RefundKnown, Rejected, Unknown
from tests.contract.provider_cases import BROKEN, created, known, known_refund, paid, refund_for
from tests.contract.provider_harness import Call, Harness


@pytest.fixture
def by_api(company: Harness) -> None:
    if not company.refunds_by_api:
        pytest.skip("skipped: this company's money goes back by hand")


@pytest.mark.usefixtures("by_api")
async def test_all_the_money_goes_back(company: Harness, provider: PaymentProvider) -> None:
    payment = await paid(company, provider)
    request = refund_for(payment, 29900)

    refund = known_refund(await provider.refund(provider.prepare_refund(request), request.refund_id))

    assert (refund.payment_ref, refund.amount, refund.state) == (payment.ref, request.amount, "succeeded")
    assert known_refund(await provider.fetch_refund(refund.ref)) == refund
    after = known(await provider.fetch(payment.ref))
    assert (after.state, after.refunded_minor) == (PaymentState.SUCCEEDED, 29900)


@pytest.mark.usefixtures("by_api")
async def test_money_goes_back_in_parts_and_never_more_than_was_paid(
    company: Harness, provider: PaymentProvider
) -> None:
    payment = await paid(company, provider)
    results = []
    for minor in (9900, 20000, 100):
        request = refund_for(payment, minor)
        results.append(await provider.refund(provider.prepare_refund(request), request.refund_id))

    assert [type(result) for result in results] == [RefundKnown, RefundKnown, Rejected]
    assert known(await provider.fetch(payment.ref)).refunded_minor == 29900
    refunds = [refund async for refund in provider.refunds_of(payment.ref)]
    assert sorted(refund.amount.minor for refund in refunds if refund.amount) == [9900, 20000]


@pytest.mark.usefixtures("by_api")
async def test_a_refund_whose_answer_was_lost_happens_once(company: Harness, provider: PaymentProvider) -> None:
    payment = await paid(company, provider)
    request = refund_for(payment, 9900)
    body = provider.prepare_refund(request)
    await company.spoil(Call.REFUND, "lost_after")

    assert isinstance(await provider.refund(body, request.refund_id), Unknown)
    refund = known_refund(await provider.refund(body, request.refund_id))

    assert [found.ref async for found in provider.refunds_of(payment.ref)] == [refund.ref]
    assert known(await provider.fetch(payment.ref)).refunded_minor == 9900


@pytest.mark.usefixtures("by_api")
@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_a_broken_answer_to_a_refund_is_unknown(
    company: Harness, impatient: PaymentProvider, mode: str, options: dict[str, Any]
) -> None:
    payment = await paid(company, impatient)
    request = refund_for(payment, 9900)
    body = impatient.prepare_refund(request)
    await company.spoil(Call.REFUND, mode, **options)

    assert isinstance(await impatient.refund(body, request.refund_id), Unknown)
    refund = known_refund(await impatient.refund(body, request.refund_id))
    assert [found.ref async for found in impatient.refunds_of(payment.ref)] == [refund.ref]


@pytest.mark.usefixtures("by_api")
async def test_a_payment_that_was_not_paid_gives_nothing_back(provider: PaymentProvider) -> None:
    request = refund_for(await created(provider), 100)

    assert isinstance(await provider.refund(provider.prepare_refund(request), request.refund_id), Rejected)


@pytest.mark.usefixtures("by_api")
@pytest.mark.parametrize(("state", "refunded"), [("pending", 0), ("canceled", 0), ("succeeded", 9900)])
async def test_a_refund_may_wait_or_fail(
    company: Harness, provider: PaymentProvider, state: str, refunded: int
) -> None:
    payment = await paid(company, provider)
    await company.refunds_end(state)
    request = refund_for(payment, 9900)

    refund = known_refund(await provider.refund(provider.prepare_refund(request), request.refund_id))

    assert refund.state == state
    assert (refund.reason is not None) == (state == "canceled")
    assert known(await provider.fetch(payment.ref)).refunded_minor == refunded


async def test_refunds_made_without_us_are_seen(company: Harness, provider: PaymentProvider) -> None:
    payment, other = await paid(company, provider), await paid(company, provider)
    await company.refund_in_cabinet(payment.ref, "100.00")

    [refund] = [found async for found in provider.refunds_of(payment.ref)]

    assert refund.payment_ref == payment.ref
    assert refund.amount is not None
    assert refund.amount.minor == 10000
    assert [found async for found in provider.refunds_of(other.ref)] == []


async def test_refunds_that_cannot_be_listed_are_not_taken_for_none(
    company: Harness, provider: PaymentProvider
) -> None:
    payment = await paid(company, provider)
    await company.spoil(Call.LIST_REFUNDS, "status", status=500)

    with pytest.raises(Unavailable):
        [found async for found in provider.refunds_of(payment.ref)]
