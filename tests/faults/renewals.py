"""Steps of cases about renewals: agreeing to them, and what is kept for them."""

from backend.kit import clock
from backend.orders.checkout import Checkout, methods_for, start_checkout
from tests.shop import Buyer, Shop


async def order_with_renewals(buyer: Buyer, code: str = "monthly") -> Checkout:
    """Tap on the bank card with the consent to be charged again."""
    plan = await buyer.shop.plan(code)
    return await start_checkout(
        buyer.shop.deps,
        clock.now(),
        user_id=buyer.id,
        plan_id=plan.id,
        provider="yookassa",
        method="bank_card",
        request_id=f"{buyer.id}:{next(buyer.requests)}",
        shown_in=f"telegram:{buyer.id}:1",
        language=buyer.language,
        autopay=True,
    )


async def renewing(shop: Shop) -> set[str]:
    """The providers that offer to renew by themselves now."""
    plan = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        offers = await methods_for(session, shop.deps.providers, plan.id)
    return {offer.provider for offer in offers if offer.renewed_by}
