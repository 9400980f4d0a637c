"""Money that belongs to no order of ours: kept, given back, never settled."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.tokens import new_token
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentProvider, PaymentState, Snapshot
from backend.payments.rules import NEVER
from backend.payments.service import lock_payment

log = structlog.get_logger()


async def keep_stray(
    session: AsyncSession,
    driver: PaymentProvider,
    snapshot: Snapshot,
    wrong: str,
    *,
    order_id: UUID | None,
    now: datetime,
) -> Payment:
    """Money for no order: a row in review, of nobody, with the order it named. Told again it is the same row."""
    assert snapshot.amount is not None, "what is paid inside the bot has an amount"
    stray_id = uuid5(NAMESPACE_URL, f"{driver.id}:{snapshot.ref}")
    inserted = await session.scalar(
        insert(Payment)
        .values(
            id=stray_id,
            order_id=order_id,
            provider=driver.id,
            account=snapshot.account or driver.account,
            test=driver.test if snapshot.test is None else snapshot.test,
            method=driver.methods[0],
            amount_minor=snapshot.amount.minor,
            currency=snapshot.amount.currency.value,
            idempotence_key=str(stray_id),
            initiated_by="buyer",
            payer_ref=snapshot.payer,
            return_token=new_token(),
            provider_payment_id=snapshot.ref,
            provider_status=snapshot.provider_status,
            state=PaymentState.REVIEW,
            review_reason=wrong,
            paid_at=snapshot.paid_at or now,
            next_check_at=NEVER,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Payment.id])
        .returning(Payment.id)
    )
    if inserted is not None:
        log.error("payment.stray", payment=stray_id, provider=driver.id, reason=wrong)
    return await lock_payment(session, stray_id)
