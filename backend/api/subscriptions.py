"""What the caller has bought or was given."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.api.caller import CALLER_REFUSALS, Caller, Deps, DepsOf
from backend.api.refusals import refusals
from backend.api.resources import resource_router
from backend.api.values import Moment, example
from backend.kit import clock
from backend.kit.i18n import translator
from backend.kit.problems import InvalidFields
from backend.kit.web import Session
from backend.links.formats.base import Profile
from backend.links.service import load_profile
from backend.plans.models import Plan
from backend.subscriptions.models import Subscription as SubscriptionRow
from backend.subscriptions.queries import subscriptions_of
from backend.subscriptions.service import SubscriptionNotFound, get_subscription
from backend.users.models import User

router = resource_router("subscriptions")

TRAFFIC = {"upload_bytes": 104857600, "download_bytes": 1288490188, "limit_bytes": 107374182400}
SUBSCRIPTION_ID = "019a43c1-7d20-7c3e-9f5a-2b6f0c9d4a11"
SUBSCRIPTION = {
    "id": SUBSCRIPTION_ID,
    "status": "active",
    "plan": {"id": "2", "code": "monthly", "name": "Month"},
    "paid_until": "2026-12-02T09:30:00Z",
    "device_limit": 5,
    "traffic": TRAFFIC,
    "created_at": "2026-11-02T09:30:00Z",
}


class SubscriptionStatus(StrEnum):
    """Whether it can be used, or why not."""

    ACTIVE = "active"
    EXPIRED = "expired"
    LIMITED = "limited"
    DISABLED = "disabled"
    NONE = "none"


class Traffic(BaseModel):
    """What went through the servers, as last measured."""

    model_config = example(**TRAFFIC)

    upload_bytes: int
    download_bytes: int
    limit_bytes: int | None = Field(description="For both together; null: no limit.")


class PlanName(BaseModel):
    """The plan a subscription was last bought as."""

    model_config = example(id="2", code="monthly", name="Month")

    id: str
    code: str
    name: str = Field(description="In your language.")


class Subscription(BaseModel):
    """The right to use the VPN until a time."""

    model_config = example(**SUBSCRIPTION)

    id: str
    status: SubscriptionStatus = Field(
        description="`active`; `expired`: its time is over; `limited`: its traffic is used up;"
        " `disabled`: switched off by the shop."
    )
    plan: PlanName | None
    paid_until: Moment
    device_limit: int | None = Field(description="Devices at once; null: any number.")
    traffic: Traffic
    created_at: Moment


class Subscriptions(BaseModel):
    """All of the caller's, the newest first."""

    model_config = example(items=[SUBSCRIPTION])

    items: list[Subscription]


async def owned_by(session: AsyncSession, caller: User) -> list[SubscriptionRow]:
    """The caller's subscriptions that ever had time, the newest first."""
    return [row for row in await subscriptions_of(session, caller.id) if row.paid_until is not None]


async def profile_of(session: AsyncSession, row: SubscriptionRow, caller: User, deps: Deps, now: datetime) -> Profile:
    """The same that stands behind the link, in the caller's language."""
    t = translator(caller.language, caller.time_zone or deps.brand.time_zone)
    return await load_profile(session, row, caller, brand=deps.brand, t=t, now=now)


@router.get(
    "/subscriptions",
    operation_id="list_subscriptions",
    summary="Your subscriptions",
    responses=refusals(*CALLER_REFUSALS),
)
async def list_subscriptions(caller: Caller, deps: DepsOf, session: Session) -> Subscriptions:
    """Every subscription of yours, also those that have ended."""
    return Subscriptions(
        items=[await _subscription(session, row, caller, deps) for row in await owned_by(session, caller)]
    )


@router.get(
    "/subscriptions/{subscription_id}",
    operation_id="read_subscription",
    summary="One of your subscriptions",
    responses=refusals(*CALLER_REFUSALS, SubscriptionNotFound, InvalidFields),
)
async def read_subscription(subscription_id: UUID, caller: Caller, deps: DepsOf, session: Session) -> Subscription:
    """One subscription. Somebody else's is not found."""
    row = await get_subscription(session, subscription_id, user_id=caller.id)
    if row.paid_until is None:
        raise SubscriptionNotFound(subscription=subscription_id)
    return await _subscription(session, row, caller, deps)


async def _subscription(session: AsyncSession, row: SubscriptionRow, caller: User, deps: Deps) -> Subscription:
    profile = await profile_of(session, row, caller, deps, clock.now())
    plan = await session.get(Plan, row.plan_id) if row.plan_id is not None else None
    assert row.paid_until is not None
    return Subscription(
        id=str(row.id),
        status=SubscriptionStatus(profile.status),
        plan=PlanName(id=str(plan.id), code=plan.code, name=plan.name(caller.language)) if plan else None,
        paid_until=row.paid_until,
        device_limit=row.device_limit or None,
        traffic=Traffic(
            upload_bytes=profile.upload_bytes,
            download_bytes=profile.download_bytes,
            limit_bytes=row.traffic_limit_bytes or None,
        ),
        created_at=row.created_at,
    )
