"""Money that goes back, as tests make it go: by us, or by people in the company's cabinet."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from backend.kit.money import Currency, Money
from backend.notifications.kinds import PaidAgain, RefundAsked
from backend.orders import refunds, returns
from backend.orders.checkout import Checkout
from backend.orders.returns import Decision, Refundable
from backend.payments.models import Refund
from backend.plans.models import Plan
from tests.shop import Buyer, Shop


def rubles(text: str) -> Money:
    whole, _, cents = text.partition(".")
    return Money(int(whole) * 100 + int(cents or "0"), Currency.RUB)


async def give_back(shop: Shop, checkout: Checkout, amount: Money | None = None) -> Refund:
    """An operator has money given back; nothing is sent yet."""
    async with shop.deps.db.transaction() as session:
        return await refunds.refund(session, shop.deps.providers, checkout.payment_id, shop.now, amount=amount)


async def refund_rows(shop: Shop) -> list[Refund]:
    return list(await shop.all(select(Refund).order_by(Refund.created_at, Refund.id)))


async def returned_there(shop: Shop, checkout: Checkout, amount: str | None = None, *, heard: bool = True) -> str:
    """Somebody gives money back in YooKassa's cabinet; `heard`: its webhook is delivered. The refund's id."""
    policy = {} if heard else {"drop": 1}
    await shop.yookassa.act("webhooks/policy", **policy)
    ref = await shop.yookassa.ref(checkout.payment_id)
    made = await shop.yookassa.act("refunds/external", payment_id=ref, **({"amount": amount} if amount else {}))
    await shop.yookassa.delivered(made["id"])
    await shop.yookassa.act("webhooks/policy")
    return str(made["id"])


async def deaf(shop: Shop) -> None:
    """From now on no webhook comes."""
    await shop.yookassa.act("webhooks/policy", drop=1)


async def made_there(shop: Shop) -> list[dict[str, Any]]:
    """Every refund YooKassa knows, the newest first."""
    return list((await shop.yookassa.http.get("_ctl/refunds")).json())


async def sent(shop: Shop) -> list[tuple[str, str]]:
    """Key and body of every refund that was asked of YooKassa; a body that got lost on its way is empty."""
    requests = (await shop.yookassa.http.get("_ctl/requests")).json()
    asked = [r for r in requests if (r["method"], r["path"]) == ("POST", "/v3/refunds")]
    return [(r["idempotence_key"], r["body"]) for r in asked]


async def ledger(buyer: Buyer) -> list[int]:
    return [line.days for line in await buyer.extensions()]


async def offers(shop: Shop, buyer: Buyer) -> list[Refundable]:
    async with shop.deps.db.transaction() as session:
        return list(await returns.refundable(session, shop.deps.providers, buyer.id, shop.now))


def operators_heard(shop: Shop, kind: type[RefundAsked] | type[PaidAgain]) -> list[RefundAsked | PaidAgain]:
    return [told for told in shop.channel.told if isinstance(told, kind)]


async def sells(shop: Shop, *, days: int) -> None:
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Plan).where(Plan.code == "monthly").values(days=days))


async def decides(shop: Shop, refund_id: UUID, *, granted: bool = True) -> Decision:
    async with shop.deps.db.transaction() as session:
        return await returns.decide(session, shop.deps.providers, refund_id, shop.now, granted=granted)


async def returns_second(shop: Shop, buyer: Buyer, payment_id: UUID) -> Money:
    async with shop.deps.db.transaction() as session:
        amount, _ = await returns.return_second(
            session, shop.deps.providers, shop.now, payment_id=payment_id, user_id=buyer.id
        )
    return amount
