"""What operators decide on payments: in review, and disputed."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from backend.audit.service import note
from backend.kit.errors import Unavailable
from backend.kit.money import Currency, Money
from backend.kit.tokens import new_id
from backend.notifications.kinds import Paid, PaymentFailed, Refunded
from backend.orders import decisions
from backend.orders.checkout import Checkout
from backend.orders.decisions import NotDisputed, NotInReview, NotPaid, PaidOtherwise, StrayPayment
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers.base import PaymentState
from backend.payments.refunds import NothingToGiveBack, RefundTooLarge, RefundUnderWay, left_of
from backend.payments.rules import NEVER
from backend.users.models import User
from tests.integration.receipts_fixture import open_office
from tests.integration.refund_cases import give_back, ledger, refund_rows, returned_there
from tests.integration.test_settle import change_at_the_provider
from tests.outside import LIST
from tests.shop import Buyer, Shop


async def in_review(shop: Shop, buyer: Buyer) -> Checkout:
    """A payment that is not what was asked for: another account is said to have got it."""
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    await change_at_the_provider(shop, checkout.payment_id, recipient={"account_id": "100501", "gateway_id": "1"})
    await shop.passes(seconds=31)
    assert (await shop.payment(checkout)).state == PaymentState.REVIEW
    return checkout


async def accepts(shop: Shop, payment_id: UUID) -> None:
    """As the command does it. Nothing is left to accept where the look alone made it count."""
    shown = await decisions.look(shop.deps, payment_id, shop.now)
    if shown is not None:
        async with shop.deps.db.transaction() as session:
            await decisions.accept(session, payment_id, shown, shop.now)
            who, deed, about = "cli:tests", "payment.review", str(payment_id)
            await note(session, actor=who, action=deed, subject=about, now=shop.now, decision="accept")


async def test_an_accepted_payment_counts_once_and_for_good(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await in_review(shop, buyer)

    await accepts(shop, checkout.payment_id)
    with pytest.raises(NotInReview):
        await accepts(shop, checkout.payment_id)
    await shop.passes(hours=25)

    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert await ledger(buyer) == [30]
    assert len(buyer.heard(Paid)) == 1
    assert (await shop.panel.client())["enable"] is True


@pytest.mark.parametrize("paid", ["150.00", "400.00"])
async def test_of_another_amount_what_was_paid_can_go_back_and_is_income(shop: Shop, paid: str) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    other = {"amount": {"value": paid, "currency": "RUB"}}
    await change_at_the_provider(shop, checkout.payment_id, **other)
    await shop.passes(seconds=31)
    minor = int(paid.removesuffix(".00")) * 100

    async with open_office(shop) as office:
        await accepts(shop, checkout.payment_id)
        assert [row.amount_minor for row in await office.rows()] == [minor]

    assert left_of(await shop.payment(checkout)) == Money(minor, Currency.RUB)
    await shop.run_jobs()
    assert [told.amount for told in buyer.heard(Paid)] == [f"{minor // 100}\u00a0₽"]
    assert await ledger(buyer) == [30]
    with pytest.raises(RefundTooLarge):
        await give_back(shop, checkout, Money(minor + 1, Currency.RUB))
    await give_back(shop, checkout)
    await shop.passes(minutes=2)
    assert (await shop.payment(checkout)).refunded_minor == minor
    assert await ledger(buyer) == [30, -30]


async def test_of_another_currency_nothing_is_accepted(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    other = {"amount": {"value": "299.00", "currency": "USD"}}
    await change_at_the_provider(shop, checkout.payment_id, **other)
    await shop.passes(seconds=31)

    with pytest.raises(PaidOtherwise):
        await accepts(shop, checkout.payment_id)

    assert (await shop.payment(checkout)).state == PaymentState.REVIEW
    assert await ledger(buyer) == []


async def test_a_declined_payment_counts_for_nothing_stays_declined_and_can_go_back(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await in_review(shop, buyer)

    async with shop.deps.db.transaction() as session:
        await decisions.reject(session, checkout.payment_id, shop.now)
    await shop.passes(hours=25)  # the sweeps see it paid, and it is still not what was asked for

    assert (await shop.payment(checkout)).state == PaymentState.CANCELED
    (told,) = buyer.heard(PaymentFailed)
    assert told.reason == "declined_by_shop"
    await give_back(shop, checkout)
    await shop.passes(hours=1)
    assert (await shop.payment(checkout)).refunded_minor == 29900
    assert [kind.counted for kind in buyer.heard(Refunded)] == [False]
    assert await ledger(buyer) == []
    with pytest.raises(NothingToGiveBack):
        await give_back(shop, checkout)


async def test_what_went_back_meanwhile_is_not_accepted(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await in_review(shop, buyer)
    await returned_there(shop, checkout)
    await shop.passes(hours=1)
    assert (await shop.payment(checkout)).refunded_minor == 29900

    with pytest.raises(RefundUnderWay):
        await accepts(shop, checkout.payment_id)

    assert await ledger(buyer) == []


async def test_money_for_no_order_is_never_counted(shop: Shop) -> None:
    stray = Payment(
        id=new_id(),
        provider="stars",
        account="1",
        test=True,
        method="stars",
        amount_minor=200,
        currency="XTR",
        idempotence_key="stray",
        payer_ref="7",
        return_token="stray",
        provider_payment_id="charge",
        state=PaymentState.REVIEW,
        review_reason="not signed by us",
        next_check_at=NEVER,
        created_at=shop.now,
    )
    async with shop.deps.db.transaction() as session:
        session.add(stray)

    with pytest.raises(StrayPayment):
        await accepts(shop, stray.id)
    with pytest.raises(StrayPayment):
        async with shop.deps.db.transaction() as session:
            await decisions.reject(session, stray.id, shop.now)

    (kept,) = await shop.all(select(Payment))
    assert kept.state == PaymentState.REVIEW


async def test_what_the_company_does_not_show_is_not_accepted(shop: Shop) -> None:
    buyer = await shop.buyer()
    payment = await buyer.opens_payment()
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).values(state=PaymentState.REVIEW, review_reason="never_answered"))

    with pytest.raises(NotPaid):
        await accepts(shop, payment.id)

    async with shop.deps.db.transaction() as session:
        declined = await decisions.reject(session, payment.id, shop.now)
    assert left_of(declined).minor == 0
    assert await ledger(buyer) == []


async def unanswered(shop: Shop, buyer: Buyer) -> tuple[Payment, str]:
    """A payment in review of which nobody said what became of it, and the company's id of it."""
    payment = await buyer.opens_payment()
    assert payment.request_body is not None
    ref = await shop.yookassa.send(payment.idempotence_key, payment.request_body)
    shop.yookassa.strays.clear()
    async with shop.deps.db.transaction() as session:
        values = {"state": PaymentState.REVIEW, "review_reason": "never_answered", "next_check_at": NEVER}
        await session.execute(update(Payment).where(Payment.id == payment.id).values(**values))
    return payment, ref


async def test_a_charge_nobody_answered_for_is_accepted_when_its_company_lists_it_as_paid(shop: Shop) -> None:
    buyer = await shop.buyer()
    payment, ref = await unanswered(shop, buyer)
    await shop.yookassa.pay_ref(ref, webhooks=0)

    await accepts(shop, payment.id)

    (settled,) = await buyer.payments()
    assert (settled.state, settled.provider_payment_id) == (PaymentState.SUCCEEDED, ref)
    assert await ledger(buyer) == [30]


@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.parametrize("ends", ["pending", "canceled"])
async def test_what_its_company_shows_as_not_paid_is_not_accepted(shop: Shop, ends: str, swept: bool) -> None:
    buyer = await shop.buyer()
    payment, ref = await unanswered(shop, buyer)
    if ends == "canceled":
        await shop.yookassa.act(f"payments/{ref}/decline", reason="insufficient_funds")
    if swept:
        await shop.passes(minutes=61)

    with pytest.raises(NotPaid):
        await accepts(shop, payment.id)

    (kept,) = await buyer.payments()
    assert (kept.state, kept.provider_payment_id) == (PaymentState.REVIEW, ref)
    assert await ledger(buyer) == []


async def test_while_its_company_does_not_answer_nothing_is_accepted(shop: Shop) -> None:
    buyer = await shop.buyer()
    payment, ref = await unanswered(shop, buyer)
    await shop.yookassa.pay_ref(ref, webhooks=0)
    known = await in_review(shop, other := await shop.buyer())
    shop.yookassa.breaks(LIST, "garbage")
    shop.yookassa.breaks(("GET", "/v3/payments/*"), "garbage")

    for payment_id in (payment.id, known.payment_id):
        with pytest.raises(Unavailable):
            await accepts(shop, payment_id)

    assert (await ledger(buyer), await ledger(other)) == ([], [])


async def saves_a_card(shop: Shop, buyer: Buyer, checkout: Checkout) -> None:
    async with shop.deps.db.transaction() as session:
        session.add(
            SavedMethod(
                id=new_id(),
                user_id=buyer.id,
                provider="yookassa",
                account="100500",
                method="bank_card",
                ref=f"saved-{buyer.id}",
                title="*4477",
                payment_id=checkout.payment_id,
                created_at=shop.now,
            )
        )


async def test_a_dispute_deletes_what_was_saved_and_changes_no_key(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    checkout, theirs = await buyer.buys(), await other.buys()
    await saves_a_card(shop, buyer, checkout)
    await saves_a_card(shop, other, theirs)

    began = shop.now
    for _ in range(2):
        async with shop.deps.db.transaction() as session:
            await decisions.open_dispute(session, shop.deps.providers, checkout.payment_id, shop.now)
        shop.advance(days=1)

    disputed_at = (await shop.payment(checkout)).disputed_at
    assert disputed_at is not None
    assert began <= disputed_at < began + timedelta(days=1)
    methods = {method.user_id: method for method in await shop.all(select(SavedMethod))}
    assert (methods[buyer.id].ref, methods[buyer.id].deleted_at) == (None, disputed_at)
    assert methods[other.id].ref is not None
    await shop.run_jobs()
    assert await ledger(buyer) == [30]
    assert all(client["enable"] for client in await shop.panel.clients())


async def test_a_dispute_that_is_won_leaves_no_trace(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    with pytest.raises(NotDisputed):
        async with shop.deps.db.transaction() as session:
            await decisions.win_dispute(session, checkout.payment_id)
    async with shop.deps.db.transaction() as session:
        await decisions.open_dispute(session, shop.deps.providers, checkout.payment_id, shop.now)

    async with shop.deps.db.transaction() as session:
        await decisions.win_dispute(session, checkout.payment_id)

    assert (await shop.payment(checkout)).disputed_at is None
    assert await ledger(buyer) == [30]


async def test_a_dispute_that_is_lost_takes_the_days_and_flags_the_buyer(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await returned_there(shop, checkout, "99.00")
    await shop.run_jobs()

    async with shop.deps.db.transaction() as session:
        await decisions.lose_dispute(session, shop.deps.providers, checkout.payment_id, shop.now)
    await shop.run_jobs()

    assert {(row.origin, row.amount_minor) for row in await refund_rows(shop)} == {
        ("external", 9900),
        ("dispute", 20000),
    }
    assert sum(await ledger(buyer)) == 0
    (user,) = await shop.all(select(User).where(User.id == buyer.id))
    assert user.flagged_at is not None
    assert (await shop.panel.client())["enable"] is False
    with pytest.raises(NothingToGiveBack):
        async with shop.deps.db.transaction() as session:
            await decisions.lose_dispute(session, shop.deps.providers, checkout.payment_id, shop.now)
    await shop.passes(hours=1)
    assert sum(await ledger(buyer)) == 0


async def test_what_was_not_paid_is_not_disputed(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    with pytest.raises(NotPaid):
        async with shop.deps.db.transaction() as session:
            await decisions.open_dispute(session, shop.deps.providers, checkout.payment_id, shop.now)
    with pytest.raises(NotInReview):
        await accepts(shop, checkout.payment_id)
