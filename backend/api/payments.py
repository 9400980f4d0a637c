"""What the caller paid, or began to pay."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from backend.api.caller import CALLER_REFUSALS, Caller
from backend.api.refusals import refusals
from backend.api.resources import resource_router
from backend.api.subscriptions import SUBSCRIPTION_ID
from backend.api.values import RUBLES, Moment, Money, example
from backend.kit import money, reading
from backend.kit.errors import Invalid
from backend.kit.problems import InvalidFields
from backend.kit.web import Session
from backend.orders.models import Order
from backend.orders.queries import payments_of
from backend.payments.models import Payment as PaymentRow
from backend.payments.providers.base import PaymentState

router = resource_router("payments")

PAYMENT = {
    "id": "019a43c1-9e01-7b1d-b09f-3e2b6f0c9d4a",
    "order": {"id": "019a43c1-9df0-7e55-8a0b-5f3a6b7c8d9e", "number": 1001},
    "subscription_id": SUBSCRIPTION_ID,
    "plan_name": "Month",
    "days": 30,
    "provider": "provider",
    "method": "bank_card",
    "status": "succeeded",
    "amount": RUBLES,
    "refunded": {**RUBLES, "amount": "0.00", "minor": 0},
    "created_at": "2026-11-02T09:29:12Z",
    "paid_at": "2026-11-02T09:30:00Z",
}


class CursorRefused(Invalid):
    """This cursor is not one of ours."""


class OrderName(BaseModel):
    """The order that was paid for. Its number is what people are told."""

    model_config = example(id="019a43c1-9df0-7e55-8a0b-5f3a6b7c8d9e", number=1001)

    id: str
    number: int


class Payment(BaseModel):
    """One attempt to pay one order."""

    model_config = example(**PAYMENT)

    id: str
    order: OrderName
    subscription_id: str | None
    plan_name: str = Field(description="As it was when ordered, in your language.")
    days: int
    provider: str
    method: str
    status: PaymentState
    amount: Money
    refunded: Money = Field(description="How much of it was given back.")
    created_at: Moment
    paid_at: Moment | None


class Payments(BaseModel):
    """A page, the newest first."""

    model_config = example(items=[PAYMENT], next_cursor="MjAyNi0xMS0wMlQwOToyOToxMiswMDowMCAwMTlhNDNjMQ")

    items: list[Payment]
    next_cursor: str | None = Field(description="For the next page; null: this is the last one.")


@router.get(
    "/payments",
    operation_id="list_payments",
    summary="Your payments",
    responses=refusals(CursorRefused, *CALLER_REFUSALS, InvalidFields),
)
async def list_payments(
    caller: Caller,
    session: Session,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 20,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> Payments:
    """Your payments, also those that were not finished, a page at a time."""
    before = _read_cursor(cursor) if cursor is not None else None
    found = await payments_of(session, caller.id, before=before, limit=limit + 1)
    page, more = found[:limit], len(found) > limit
    return Payments(
        items=[_payment(payment, order, caller.language) for payment, order in page],
        next_cursor=_cursor(page[-1][0]) if more else None,
    )


def _payment(payment: PaymentRow, order: Order, language: str) -> Payment:
    names: dict[str, str] = order.plan_snapshot["names"]
    refunded = money.Money(payment.refunded_minor, payment.amount.currency)
    return Payment(
        id=str(payment.id),
        order=OrderName(id=str(order.id), number=order.number),
        subscription_id=str(order.subscription_id) if order.subscription_id else None,
        plan_name=names.get(language) or next(iter(names.values())),
        days=order.period_days or 0,
        provider=payment.provider,
        method=payment.method,
        status=PaymentState(payment.state),
        amount=Money.of(payment.amount),
        refunded=Money.of(refunded),
        created_at=payment.created_at,
        paid_at=payment.paid_at,
    )


def _cursor(last: PaymentRow) -> str:
    return base64.urlsafe_b64encode(f"{last.created_at.isoformat()} {last.id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Raises CursorRefused."""
    try:
        at, _, payment_id = base64.urlsafe_b64decode(f"{cursor}==").decode().partition(" ")
        before, last = reading.moment(at), UUID(payment_id)
    except ValueError:
        raise CursorRefused from None
    if before is None:
        raise CursorRefused
    return before, last
