"""What the suites of all payment providers share: an order to pay, and what can break an answer."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from backend.kit.money import Money
from backend.payments.providers.base import (
    Known,
    PaymentProvider,
    PaymentRequest,
    RefundKnown,
    RefundRequest,
    RefundResult,
    RefundSnapshot,
    Result,
    Snapshot,
)
from tests.contract.provider_harness import Harness

MAC = "1.yKKJ7LQP85ewKRxafpgerRfvhBhIlJf7VCimQCAV5go"
BROKEN: list[Any] = [
    pytest.param("status", {"status": 500}, id="500"),
    pytest.param("status", {"status": 503, "body": "<html>busy</html>"}, id="503 page"),
    pytest.param("status", {"status": 200, "body": "<html>welcome</html>"}, id="200 page"),
    pytest.param("status", {"status": 200, "body": {"type": "list", "items": []}}, id="200 of something else"),
    pytest.param("status", {"status": 302}, id="redirect"),
    pytest.param("garbage", {}, id="garbage"),
    pytest.param("http_202", {}, id="202"),
    pytest.param("reset", {}, id="reset"),
    pytest.param("lost_before", {}, id="lost before"),
    pytest.param("lost_after", {}, id="lost after"),
    pytest.param("latency", {"ms": 1000}, id="too late"),
    pytest.param("slow_body", {"ms": 1000}, id="half an answer"),
]


def request_for(provider: PaymentProvider, **changes: Any) -> PaymentRequest:
    request = PaymentRequest(
        payment_id=str(uuid4()),
        amount=Money(29900, min(provider.currencies)),
        method=provider.methods[0],
        description="Подписка, 30 дней",
        return_url="https://shop.example.net/return/Vq3nC0b8TzKpW5yHdR2mXs",
        mac=MAC,
    )
    return replace(request, **changes)


def known(result: Result) -> Snapshot:
    assert isinstance(result, Known), result
    return result.snapshot


def known_refund(result: RefundResult) -> RefundSnapshot:
    assert isinstance(result, RefundKnown), result
    return result.snapshot


async def created(provider: PaymentProvider, **changes: Any) -> Snapshot:
    request = request_for(provider, **changes)
    return known(await provider.create(provider.prepare(request), request.payment_id))


async def listened(company: Harness, provider: PaymentProvider) -> Snapshot:
    """A payment whose webhooks arrive."""
    return await created(provider, callback_url=f"{company.mailbox.url}/webhooks/{provider.id}/a-token")


async def paid(company: Harness, provider: PaymentProvider) -> Snapshot:
    ref = (await listened(company, provider)).ref
    await company.pay(ref)
    return known(await provider.fetch(ref))


def refund_for(payment: Snapshot, minor: int) -> RefundRequest:
    assert payment.amount is not None
    return RefundRequest(
        refund_id=str(uuid4()),
        payment_ref=payment.ref,
        amount=Money(minor, payment.amount.currency),
        description="Возврат по заявлению",
        mac=MAC,
    )
