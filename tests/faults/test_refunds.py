"""Money that goes back, by us or without us."""

from sqlalchemy import select

from backend.notifications.kinds import Refunded
from backend.payments.models import Refund
from backend.payments.refunds import give_all_back
from backend.payments.service import lock_payment
from tests.faults.steps import days, fault
from tests.shop import Shop


async def test_fault_39_a_refund_whose_answer_is_lost_is_made_once(shop: Shop) -> None:
    """Fault: the provider gives the money back, and its answer is lost.

    Outcome: the same key and bytes bring back the same refund; the days go back once.
    """
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    async with shop.deps.db.transaction() as session:
        payment = await lock_payment(session, checkout.payment_id)
        await give_all_back(session, shop.deps.providers, payment, "asked for", shop.now)
    async with fault(shop, "yookassa", "lost_after", method="POST", path="/v3/refunds"):
        await shop.run_jobs()
    (refund,) = await shop.all(select(Refund))
    assert (refund.state, (await shop.payment(checkout)).refunded_minor) == ("new", 0)
    (made,) = (await shop.yookassa.http.get("_ctl/refunds")).json()

    await shop.passes(seconds=61)

    (refund,) = await shop.all(select(Refund))
    assert (refund.state, refund.provider_refund_id) == ("succeeded", made["id"])
    requests = [r for r in (await shop.yookassa.http.get("_ctl/requests")).json() if r["path"] == "/v3/refunds"]
    assert len(requests) == 2
    assert {(r["idempotence_key"], r["body"].encode()) for r in requests} == {(str(refund.id), refund.request_body)}
    assert len((await shop.yookassa.http.get("_ctl/refunds")).json()) == 1
    payment = await shop.payment(checkout)
    assert payment.refunded_minor == payment.amount_minor
    await shop.passes(hours=2)
    assert await days(buyer) == [30, -30]
    assert len(buyer.heard(Refunded)) == 1
    client = await shop.panel.client()
    assert client["enable"] is False
