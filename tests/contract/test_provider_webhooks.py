"""What payment providers send us, and what anybody else might."""

import pytest

from backend.kit.errors import Invalid
from backend.payments.providers.base import Hint, PaymentProvider, PaymentState
from tests.contract.provider_cases import known, listened, paid
from tests.contract.provider_harness import Harness


async def hint_of(company: Harness, provider: PaymentProvider, ref: str, claims: PaymentState) -> Hint:
    """What the first webhook says that claims this state; others may come before it."""
    while True:
        hint = provider.read_webhook(*await company.mailbox.take(ref))
        if hint is not None and hint.claims is claims:
            return hint


async def test_a_webhook_of_a_paid_payment_names_it(company: Harness, provider: PaymentProvider) -> None:
    waiting = await listened(company, provider)

    await company.pay(waiting.ref)
    hint = await hint_of(company, provider, waiting.ref, PaymentState.SUCCEEDED)

    assert (hint.ref, hint.object_id, hint.refund_ref) == (waiting.ref, waiting.ref, None)
    assert (hint.pid, hint.mac, hint.amount) == (waiting.pid, waiting.mac, waiting.amount)


@pytest.mark.parametrize("ending", ["decline", "expire"])
async def test_a_webhook_of_a_canceled_payment_names_it(
    company: Harness, provider: PaymentProvider, ending: str
) -> None:
    waiting = await listened(company, provider)

    await getattr(company, ending)(waiting.ref)
    hint = await hint_of(company, provider, waiting.ref, PaymentState.CANCELED)

    assert (hint.ref, hint.pid) == (waiting.ref, waiting.pid)


async def test_a_webhook_of_a_refund_names_its_payment(company: Harness, provider: PaymentProvider) -> None:
    payment = await paid(company, provider)
    await hint_of(company, provider, payment.ref, PaymentState.SUCCEEDED)

    await company.refund_in_cabinet(payment.ref, "100.00")
    hint = provider.read_webhook(*await company.mailbox.take(payment.ref))

    assert hint is not None
    assert hint.ref == payment.ref
    assert known(await provider.fetch(payment.ref)).refunded_minor == 10000
    [refund] = [found async for found in provider.refunds_of(payment.ref)]
    if hint.refund_ref is None:  # it is about the payment, and so signed by us
        assert (hint.object_id, hint.mac, hint.amount) == (payment.ref, payment.mac, payment.amount)
    else:
        assert (hint.refund_ref, hint.object_id, hint.amount) == (refund.ref, refund.ref, refund.amount)


async def test_webhooks_come_from_addresses_the_driver_knows(company: Harness, provider: PaymentProvider) -> None:
    waiting = await listened(company, provider)
    await provider.probe()

    await company.pay(waiting.ref)
    headers, _ = await company.mailbox.take(waiting.ref)

    assert provider.accepts_from(headers["x-forwarded-for"])
    assert not provider.accepts_from("203.0.113.66")
    assert not provider.accepts_from(None)
    assert 400 <= provider.refusal_status < 500


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'"text"',
        b"\0" * 100,
        b"\xff\xfe\x00",
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"x" * 1_000_000,
        b'{"id": 1e99999999999999999999}',
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"event": "\\ud800", "status": "\\u0000"}',
        b"event=payment.succeeded&id=1",
        b"<html></html>",
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_what_no_company_sends_is_refused_and_breaks_nothing(provider: PaymentProvider, body: bytes) -> None:
    with pytest.raises(Invalid):
        provider.read_webhook({}, body)


async def test_a_webhook_cut_anywhere_is_refused(company: Harness, provider: PaymentProvider) -> None:
    waiting = await listened(company, provider)
    await company.pay(waiting.ref)
    headers, body = await company.mailbox.take(waiting.ref)

    for length in range(0, len(body), 7):
        with pytest.raises(Invalid):
            provider.read_webhook(headers, body[:length])
