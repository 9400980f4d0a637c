"""Where the payment company registers fiscal receipts: the buyer's e-mail, the lines, and what became of them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.notifications.kinds import (
    AutopayStopped,
    FiscalReceiptFailed,
    FiscalReceiptRefused,
    PaymentFailed,
    PaymentsRefused,
)
from backend.orders.tryout import start_test
from backend.payments.providers import Providers
from backend.payments.providers.yookassa import Config, YooKassa
from backend.receipts.rules import EmailNeeded, ReceiptAddressUnknown
from backend.users.service import set_email
from sandbox.companies import SHOP_ID, SHOP_KEY
from tests.integration.autopay_fixture import DAY, HOUR, Subscriber, orders_renewed
from tests.integration.bot_fixtures import BotShop
from tests.integration.refund_cases import give_back, made_there, refund_rows, returned_there, rubles, sent
from tests.shop import Buyer, Shop


@pytest.fixture
async def fiscal(shop: Shop) -> AsyncIterator[Shop]:
    """A shop with receipts, here and at the company."""
    url = f"{shop.town.companies_url}/sandbox/yookassa/v3"
    values: dict[str, Any] = {"api_url": url, "shop_id": SHOP_ID, "secret_key": SHOP_KEY, "vat_code": 1}
    former = shop.deps.providers
    driver = YooKassa(Config(_env_file=None, **values))
    shop.deps.providers = Providers([driver], former.keys, former.newest)
    await shop.yookassa.change_shop(fiscalization=True)
    yield shop
    await former.aclose()


async def with_email(shop: Shop, email: str = "anna@example.com") -> Buyer:
    buyer = await shop.buyer()
    async with shop.deps.db.transaction() as session:
        await set_email(session, buyer.id, email)
    return buyer


async def test_without_an_address_nothing_is_ordered(fiscal: Shop) -> None:
    buyer = await fiscal.buyer()

    with pytest.raises(EmailNeeded):
        await buyer.orders()

    assert await buyer.payments() == []


async def test_the_receipt_goes_to_the_buyer_and_says_what_was_sold(fiscal: Shop) -> None:
    buyer = await with_email(fiscal)

    checkout = await buyer.buys()

    (asked,) = await fiscal.yookassa.creates()
    assert '"customer":{"email":"anna@example.com"}' in asked["body"]
    assert f"Доступ к сервису, 30 дней, заказ {checkout.order_number}" in asked["body"]
    assert (await fiscal.payment(checkout)).receipt == "succeeded"


async def test_a_receipt_is_watched_until_it_is_registered(fiscal: Shop) -> None:
    await fiscal.yookassa.change_shop(receipts="pending")
    buyer = await with_email(fiscal)
    checkout = await buyer.buys()
    assert (await fiscal.payment(checkout)).receipt == "pending"

    await fiscal.yookassa.act(
        f"payments/{await fiscal.yookassa.ref(checkout.payment_id)}/receipt", status="succeeded"
    )
    await fiscal.passes(minutes=11)

    assert (await fiscal.payment(checkout)).receipt == "succeeded"
    assert not told(fiscal, FiscalReceiptFailed)


@pytest.mark.parametrize("status", ["canceled", "pending"])
async def test_a_receipt_that_is_refused_or_a_day_late_is_told_once(fiscal: Shop, status: str) -> None:
    await fiscal.yookassa.change_shop(receipts=status)
    buyer = await with_email(fiscal)

    checkout = await buyer.buys()
    for _ in range(3):
        await fiscal.passes(hours=12, minutes=11)

    assert [(said.payment_id, said.status) for said in told(fiscal, FiscalReceiptFailed)] == [
        (checkout.payment_id, status)
    ]
    assert "Paid" in buyer.told, "the sale is done all the same"


async def writes_email(shop: Shop, buyer: Buyer, email: str | None) -> None:
    async with shop.deps.db.transaction() as session:
        await set_email(session, buyer.id, email)


async def test_a_renewal_waits_for_the_address_its_receipt_goes_to(fiscal: Shop) -> None:
    owner = Subscriber(fiscal, await with_email(fiscal))
    checkout = await orders_renewed(owner.buyer)
    await fiscal.yookassa.pay(checkout.payment_id)
    await fiscal.run_jobs()
    await writes_email(fiscal, owner.buyer, None)

    await owner.reaches(3 * DAY)
    await owner.reaches(2 * DAY)
    paused, stopped = await owner.stands(), owner.buyer.heard(AutopayStopped)
    await writes_email(fiscal, owner.buyer, "again@example.com")
    await fiscal.passes(minutes=11)
    goes_on = await owner.stands()
    await owner.reaches(DAY)
    await owner.reaches(11 * HOUR)

    assert (paused, goes_on) == (("suspended", "email"), ("active", None))
    assert [said.reason for said in stopped] == ["email"]
    assert await owner.states() == ["succeeded"]
    (_, charge) = await fiscal.yookassa.creates()
    assert '"customer":{"email":"again@example.com"}' in charge["body"]
    assert not told(fiscal, FiscalReceiptRefused)


async def test_an_address_that_comes_long_after_the_end_renews_nothing(fiscal: Shop) -> None:
    owner = Subscriber(fiscal, await with_email(fiscal))
    checkout = await orders_renewed(owner.buyer)
    await fiscal.yookassa.pay(checkout.payment_id)
    await fiscal.run_jobs()
    await writes_email(fiscal, owner.buyer, None)
    await owner.reaches(3 * DAY)
    await owner.reaches(-5 * DAY)

    await writes_email(fiscal, owner.buyer, "again@example.com")
    await fiscal.passes(minutes=11)

    assert await owner.stands() == ("suspended", "email")
    assert [said.reason for said in owner.buyer.heard(AutopayStopped)] == ["email"]


async def test_a_part_does_not_go_back_without_its_receipt_and_all_of_it_does(fiscal: Shop) -> None:
    buyer = await with_email(fiscal)
    checkout = await buyer.buys()
    await writes_email(fiscal, buyer, None)

    with pytest.raises(ReceiptAddressUnknown):
        await give_back(fiscal, checkout, rubles("100"))
    refused = await refund_rows(fiscal)
    await give_back(fiscal, checkout)
    await fiscal.run_jobs()

    assert refused == []
    assert [row.state for row in await refund_rows(fiscal)] == ["succeeded"]


async def test_a_payment_to_try_the_provider_needs_an_address_too(fiscal: Shop) -> None:
    nobody, somebody = await fiscal.buyer(), await with_email(fiscal)

    with pytest.raises(EmailNeeded):
        await start_test(fiscal.deps, fiscal.now, user_id=nobody.id, provider="yookassa")
    checkout = await start_test(fiscal.deps, fiscal.now, user_id=somebody.id, provider="yookassa")

    assert await nobody.payments() == []
    assert checkout.url is not None


async def test_the_receipt_of_a_part_that_goes_back_says_whose_it_is_and_what_was_returned(fiscal: Shop) -> None:
    checkout = await (await with_email(fiscal)).buys()
    await give_back(fiscal, checkout, rubles("100"))
    await fiscal.run_jobs()

    ((_, body),) = await sent(fiscal)
    receipt = json.loads(body)["receipt"]

    assert receipt["customer"] == {"email": "anna@example.com"}
    assert [(item["description"], item["amount"]["value"]) for item in receipt["items"]] == [
        (f"Доступ к сервису, 30 дней, заказ {checkout.order_number}", "100.00")
    ]


async def test_all_of_a_payment_goes_back_without_a_receipt_of_ours(fiscal: Shop) -> None:
    await give_back(fiscal, await (await with_email(fiscal)).buys())
    await fiscal.run_jobs()

    ((_, body),) = await sent(fiscal)

    assert "receipt" not in json.loads(body)


async def receipts_of_refunds(shop: Shop) -> list[str | None]:
    return [row.receipt for row in await refund_rows(shop)]


@pytest.mark.parametrize("by_us", [True, False])
async def test_the_receipt_of_a_refund_is_watched_too(fiscal: Shop, by_us: bool) -> None:
    checkout = await (await with_email(fiscal)).buys()
    await fiscal.yookassa.change_shop(receipts="pending")
    if by_us:
        await give_back(fiscal, checkout, rubles("100"))
    else:
        await returned_there(fiscal, checkout, "100.00")
    await fiscal.run_jobs()
    await fiscal.passes(minutes=11)
    waiting = await receipts_of_refunds(fiscal)
    (made,) = await made_there(fiscal)

    await fiscal.yookassa.act(f"refunds/{made['id']}/receipt", status="succeeded")
    await fiscal.passes(minutes=11)

    assert (waiting, await receipts_of_refunds(fiscal)) == (["pending"], ["succeeded"])
    assert not told(fiscal, FiscalReceiptFailed)


@pytest.mark.parametrize("status", ["canceled", "pending"])
async def test_the_receipt_of_a_refund_that_is_refused_or_a_day_late_is_told_once(fiscal: Shop, status: str) -> None:
    checkout = await (await with_email(fiscal)).buys()
    await fiscal.yookassa.change_shop(receipts=status)
    await give_back(fiscal, checkout)

    for _ in range(3):
        await fiscal.passes(hours=12, minutes=11)

    assert [(said.payment_id, said.status, said.refund) for said in told(fiscal, FiscalReceiptFailed)] == [
        (checkout.payment_id, status, True)
    ]


def refuses(shop: Shop, description: str, parameter: str) -> None:
    """The company says no to payments, and which part of the request is to blame."""
    no = {"type": "error", "id": "1", "code": "invalid_request", "description": description, "parameter": parameter}
    shop.yookassa.breaks(("POST", "/v3/payments"), "status", status=400, body=no)


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [("receipt", "Receipt is illegal"), ("receipt.items.vat_code", "Receipt is illegal (receipt.items.vat_code)")],
)
async def test_payments_refused_for_their_receipt_are_told_with_what_to_do(
    fiscal: Shop, parameter: str, reason: str
) -> None:
    buyer = await with_email(fiscal)
    refuses(fiscal, "Receipt is illegal", parameter)

    await buyer.orders()
    await fiscal.run_jobs()

    (said,) = told(fiscal, FiscalReceiptRefused)
    assert (said.provider, said.reason) == ("yookassa", reason)


async def test_an_address_the_company_does_not_take_is_the_buyers_to_mend(fiscal: Shop) -> None:
    buyer = await with_email(fiscal)
    refuses(fiscal, "Illegal", "receipt.customer.email")

    await buyer.orders()
    await fiscal.run_jobs()

    assert [failed.reason for failed in buyer.heard(PaymentFailed)] == ["email_refused"]
    assert not told(fiscal, FiscalReceiptRefused) + told(fiscal, PaymentsRefused)


def told(shop: Shop, kind: type[Any]) -> list[Any]:
    return [said for said in shop.channel.told if isinstance(said, kind)]


async def test_an_address_that_stops_a_renewal_is_told_the_operators_too(fiscal: Shop) -> None:
    owner = Subscriber(fiscal, await with_email(fiscal))
    checkout = await orders_renewed(owner.buyer)
    await fiscal.yookassa.pay(checkout.payment_id)
    await fiscal.run_jobs()
    await owner.reaches(3 * DAY)
    await owner.reaches(DAY)
    refuses(fiscal, "Illegal", "receipt.customer.email")

    await owner.reaches(11 * HOUR)

    assert await owner.stands() == ("suspended", "email_refused")
    assert [said.reason for said in owner.buyer.heard(AutopayStopped)] == ["email_refused"]
    assert [said.code for said in told(fiscal, PaymentsRefused)] == ["email_refused"]


async def test_the_bot_asks_once_understands_slips_and_goes_on_to_pay(fiscal: Shop, bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    plan = await fiscal.plan("monthly")
    await phone.taps("Банковская карта")
    assert "E-mail для чека" in (await phone.screen())["text"]

    wrong = await phone.writes("anna at example")
    assert "не похоже" in wrong["text"]
    saved = await phone.writes("  Anna@Example.COM ")
    assert "Anna@example.com" in saved["text"]
    await phone.taps("Продолжить оплату")
    assert "Заказ №" in (await phone.screen())["text"]

    (sent,) = await fiscal.yookassa.creates()
    assert "Anna@example.com" in sent["body"]
    assert (await bot_shop.user(phone)).awaiting is None
    await phone.sends_tap(f"buy:{plan.id}:yookassa:sbp", (await phone.screen())["message_id"])
    assert "E-mail" not in (await phone.screen())["text"]


async def test_whoever_puts_the_question_aside_is_not_taken_at_his_next_word(fiscal: Shop, bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    plan = await fiscal.plan("monthly")
    await phone.sends_tap(f"buy:{plan.id}:yookassa:sbp", (await phone.screen())["message_id"])
    await phone.writes("/help")

    await phone.writes("anna@example.com")

    user = await bot_shop.user(phone)
    assert (user.email, user.awaiting) == (None, None)


async def test_the_address_is_changed_and_deleted_in_the_settings(fiscal: Shop, bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.writes("/settings")
    await phone.taps("E-mail для чеков")
    await phone.taps("Указать адрес")
    await phone.writes("anna@example.com")
    assert (await bot_shop.user(phone)).email == "anna@example.com"

    await phone.writes("/settings")
    await phone.taps("E-mail для чеков")
    await phone.taps("Удалить адрес")

    assert (await bot_shop.user(phone)).email is None
