"""What is on sale."""

from pydantic import BaseModel, Field

from backend.api.caller import CALLER_REFUSALS, Caller, DepsOf
from backend.api.refusals import refusals
from backend.api.resources import resource_router
from backend.api.values import RUBLES, Money, example
from backend.kit.money import Currency
from backend.kit.web import Session
from backend.plans.models import Plan as PlanRow
from backend.plans.service import Offer, on_sale

router = resource_router("plans")

PRICE = {"price": RUBLES, "per_month": RUBLES, "saving_percent": 0}
PLAN = {
    "id": "2",
    "code": "monthly",
    "name": "Month",
    "days": 30,
    "device_limit": 5,
    "traffic_limit_bytes": 107374182400,
    "prices": [PRICE],
}


class Price(BaseModel):
    """What a plan costs in one currency, and how that compares."""

    model_config = example(**PRICE)

    price: Money
    per_month: Money = Field(description="For a month, rounded: to compare, not to pay.")
    saving_percent: int = Field(description="Against the plan that is dearest by the month.")

    @classmethod
    def of(cls, offer: Offer) -> "Price":
        return cls(
            price=Money.of(offer.price), per_month=Money.of(offer.per_month), saving_percent=offer.saving_percent
        )


class Plan(BaseModel):
    """Something to buy."""

    model_config = example(**PLAN)

    id: str
    code: str = Field(description="The operator's name for it; stays the same.")
    name: str = Field(description="In your language.")
    days: int
    device_limit: int | None = Field(description="Devices at once; null: any number.")
    traffic_limit_bytes: int | None = Field(description="null: no limit.")
    prices: list[Price] = Field(description="One for each currency that it can be paid in now.")


class Plans(BaseModel):
    """Everything on sale, in the order to show it."""

    model_config = example(items=[PLAN])

    items: list[Plan]


@router.get("/plans", operation_id="list_plans", summary="What is on sale", responses=refusals(*CALLER_REFUSALS))
async def list_plans(caller: Caller, deps: DepsOf, session: Session) -> Plans:
    """The plans on sale, each with a price in every currency that can be paid."""
    offers = [
        offer
        for currency in Currency
        if deps.providers.offers(currency)
        for offer in await on_sale(session, currency)
    ]
    plans = {offer.plan.id: offer.plan for offer in offers}
    return Plans(
        items=[
            _plan(plan, caller.language, [offer for offer in offers if offer.plan.id == plan.id])
            for plan in sorted(plans.values(), key=lambda plan: (plan.position, plan.days))
        ]
    )


def _plan(plan: PlanRow, language: str, offers: list[Offer]) -> Plan:
    return Plan(
        id=str(plan.id),
        code=plan.code,
        name=plan.name(language),
        days=plan.days,
        device_limit=plan.device_limit or None,
        traffic_limit_bytes=plan.traffic_limit_bytes or None,
        prices=[Price.of(offer) for offer in offers],
    )
