"""A renewal is ordered like anything else is, and paid by what was saved. The caller holds the mandate's row."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.autopay import queries
from backend.autopay.models import Mandate
from backend.autopay.rules import OPEN
from backend.kit.i18n import translator
from backend.kit.money import Money
from backend.kit.tokens import new_id
from backend.orders.checkout import Deps, attempt_of
from backend.orders.models import Order
from backend.orders.rules import cycle_key
from backend.orders.service import PRICE_HOLDS, snapshot_of
from backend.payments import saved
from backend.payments import service as payments
from backend.payments.models import SavedMethod
from backend.payments.providers.base import PaymentState
from backend.payments.service import Attempt
from backend.plans import service as plans
from backend.users import service as users

log = structlog.get_logger()


async def open_charge(
    session: AsyncSession, deps: Deps, mandate: Mandate, now: datetime, *, until: datetime, amount: Money
) -> UUID | None:
    """An attempt of the one order of this renewal; None: it was paid, or one is under way.

    The order asks for what is charged now, whatever earlier attempts of it were for.
    """
    asked = await _asked(session, mandate, amount)
    order = await _order_of(session, mandate, until, asked, now)
    taken = (PaymentState.SUCCEEDED, *OPEN)
    tries = await queries.charges_of(session, cycle_key(mandate.subscription_id, until))
    if any(tried.state in taken for tried in tries):
        return None
    method = await saved.lock_method(session, mandate.saved_method_id)
    if method.ref is None or method.deleted_at is not None:
        return None
    await queries.ask_for(session, order, asked)
    payment = await payments.open_payment(
        session,
        deps.providers,
        deps.providers.get(method.provider),
        await _attempt(session, deps, order, method),
        now,
    )
    log.info("autopay.charging", mandate=mandate.id, order=order.id, payment=payment.id, attempt=len(tries) + 1)
    return payment.id


async def _asked(session: AsyncSession, mandate: Mandate, amount: Money) -> dict[str, Any]:
    """What an order of this mandate promises, and for how much."""
    plan = await plans.get_on_sale(session, mandate.plan_id)
    return {
        "plan_id": plan.id,
        "plan_snapshot": snapshot_of(plan),
        "period_days": mandate.period_days,
        "amount_minor": amount.minor,
        "currency": amount.currency.value,
        "autopay_consent_id": mandate.consent_id,
    }


async def _order_of(
    session: AsyncSession, mandate: Mandate, until: datetime, asked: dict[str, Any], now: datetime
) -> Order:
    """The order of this renewal, placed when it is first charged, locked."""
    key = cycle_key(mandate.subscription_id, until)
    await session.execute(
        insert(Order)
        .values(
            id=new_id(),
            user_id=mandate.user_id,
            subscription_id=mandate.subscription_id,
            kind="autopay",
            **asked,
            client_request_id=key,
            cycle_key=key,
            expires_at=now + PRICE_HOLDS,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Order.cycle_key])
    )
    return await queries.lock_order(session, key)


async def _attempt(session: AsyncSession, deps: Deps, order: Order, method: SavedMethod) -> Attempt:
    user = await users.get_user(session, order.user_id)
    says = translator(user.language)("autopay-description", days=order.period_days, order=str(order.number))
    attempt = attempt_of(deps, order, user, method.method, language=user.language)
    return replace(attempt, description=says, charged=method)
