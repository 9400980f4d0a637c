"""Money that people give back in a company's cabinet: found, counted once, and the days with it."""

import asyncio
import itertools
from dataclasses import replace

import pytest
from sqlalchemy import update

from backend.notifications.kinds import Refunded, RefundUnread
from backend.orders.checkout import Checkout
from backend.orders.returns import call_off
from backend.orders.service import NOT_LISTED, settle, take_back
from backend.payments.models import Payment
from backend.payments.providers.base import Known, PaymentState, RefundSnapshot, Snapshot
from backend.payments.service import lock_payment
from sandbox.companies import COINGATE_KEY
from tests.integration.refund_cases import give_back, ledger, refund_rows, returned_there, rubles
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough


async def test_a_webhook_tells_of_a_refund_and_its_days_go(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()

    ref = await returned_there(shop, checkout, "100.00")
    await shop.run_jobs()

    (refund,) = await refund_rows(shop)
    assert (refund.origin, refund.state, refund.amount_minor) == ("external", "succeeded", 10000)
    assert refund.provider_refund_id == ref
    assert (await shop.payment(checkout)).refunded_minor == 10000
    assert await ledger(buyer) == [30, -10]
    assert len(buyer.heard(Refunded)) == 1
    assert all(event.handled_at for event in await shop.events())


@pytest.mark.parametrize("after_days", [0, 4, 25])
async def test_with_its_webhook_lost_the_sweeps_find_it(shop: Shop, after_days: int) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.passes(days=after_days)
    await returned_there(shop, checkout, heard=False)

    await shop.passes(hours=1)

    (refund,) = await refund_rows(shop)
    assert (refund.origin, refund.amount_minor) == ("external", 29900)
    assert sum(await ledger(buyer)) == 0
    assert (await shop.panel.client())["enable"] is False
    await shop.passes(hours=25)
    assert len(await refund_rows(shop)) == 1
    assert len(buyer.heard(Refunded)) == 1


async def test_several_refunds_of_a_payment_are_each_counted_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    refs = [await returned_there(shop, checkout, "50.00", heard=False) for _ in range(3)]
    refs.append(await returned_there(shop, checkout, "9.00"))
    for ref in refs[-1:] * 3:
        await shop.yookassa.repeat_webhook(ref)
    await shop.run_jobs()

    assert {row.provider_refund_id for row in await refund_rows(shop)} == set(refs)
    assert (await shop.payment(checkout)).refunded_minor == 15900
    assert sum(await ledger(buyer)) == 30 - 15900 * 30 // 29900


async def test_one_of_ours_and_one_of_theirs_at_a_time_are_two(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await give_back(shop, checkout, rubles("100"))
    await returned_there(shop, checkout, "50.00")

    await shop.run_jobs()
    await shop.passes(hours=1)

    rows = {(row.origin, row.amount_minor) for row in await refund_rows(shop)}
    assert rows == {("ours", 10000), ("external", 5000)}
    assert (await shop.payment(checkout)).refunded_minor == 15000
    assert sum(await ledger(buyer)) == 30 - 15


async def test_of_the_same_sum_at_a_time_both_are_counted_too(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await give_back(shop, checkout, rubles("100"))
    shop.yookassa.breaks(("POST", "/v3/refunds"), "lost_after")
    await returned_there(shop, checkout, "100.00", heard=False)

    await shop.run_jobs()
    await shop.passes(hours=2)

    assert (await shop.payment(checkout)).refunded_minor == 20000
    assert [row.state for row in await refund_rows(shop)] == ["succeeded", "succeeded"]
    assert sum(await ledger(buyer)) == 30 - 20


async def test_a_refund_and_its_payment_become_known_together(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    await returned_there(shop, checkout, heard=False)

    await shop.passes(seconds=31)

    assert await ledger(buyer) == [30, -30]
    assert (await shop.payment(checkout)).refunded_minor == 29900


@pytest.mark.parametrize("heard", [True, False])
async def test_a_payment_that_tells_nothing_of_refunds_has_them_listed(shop: Shop, heard: bool) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.passes(days=4)
    await returned_there(shop, checkout, "100.00", heard=heard)
    (shown,) = await shop.yookassa.objects(checkout.payment_id)
    del shown["refunded_amount"]
    path = f"/v3/payments/{shown['id']}"
    shop.yookassa.breaks(("GET", path), "status", status=200, body=shown, times=None)

    await shop.passes(hours=1)

    assert await ledger(buyer) == [30, -10]
    assert all(event.handled_at for event in await shop.events())


async def test_while_the_refunds_cannot_be_read_the_event_waits(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    shop.yookassa.breaks(("GET", "/v3/refunds"), "status", status=500, times=2)
    await returned_there(shop, checkout)

    await shop.run_jobs()
    assert await ledger(buyer) == [30]
    assert [event.handled_at is None for event in await shop.events()] == [False, True]
    await shop.passes(seconds=6)
    await shop.passes(minutes=3)

    assert await ledger(buyer) == [30, -30]
    assert all(event.handled_at for event in await shop.events())


async def test_while_a_refund_is_told_of_and_not_listed_the_event_waits(shop: Shop) -> None:
    checkout = await (await shop.buyer()).orders()
    await shop.yookassa.pay(checkout.payment_id)
    known = await shop.deps.providers.get("yookassa").fetch(await shop.yookassa.ref(checkout.payment_id))
    assert isinstance(known, Known)

    async with shop.deps.db.transaction() as session:
        snapshot = replace(known.snapshot, refunded_minor=10000)
        await settle(session, shop.deps.providers, "yookassa", snapshot, shop.now)

    (event,) = await shop.events()
    assert (event.handled_at, event.last_error) == (None, NOT_LISTED)


async def test_a_forged_refund_takes_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    forged = {
        "id": "216749f7-0016-50be-b000-078d43a63ae4",
        "payment_id": await shop.yookassa.ref(checkout.payment_id),
        "status": "succeeded",
        "amount": {"value": "299.00", "currency": "RUB"},
    }
    body = {"type": "notification", "event": "refund.succeeded", "object": forged}
    assert (await shop.webhook(body)).status_code == 200

    await shop.passes(hours=1)

    assert await refund_rows(shop) == []
    assert await ledger(buyer) == [30]


async def pays_coins(shop: Shop, buyer: Buyer) -> tuple[Checkout, int]:
    """A payment in coins that is settled, with the id of its order at CoinGate."""
    checkout = await buyer.orders(provider="coingate", method="btc")
    ref = int((await shop.payment(checkout)).provider_payment_id or 0)
    await coingate(shop, f"orders/{ref}/pay", coin="BTC", confirm=True)
    await shop.passes(minutes=2)
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    return checkout, ref


async def coingate(shop: Shop, path: str, **body: object) -> None:
    url = f"{shop.town.companies_url}/sandbox/coingate/_ctl/{path}"
    answer = await shop.yookassa.http.post(url, json=body)
    assert answer.is_success, answer.text


@pytest.mark.parametrize("heard", [True, False])
async def test_coins_that_a_person_gave_back_are_found_in_their_order(shop: Shop, heard: bool) -> None:
    buyer = await shop.buyer()
    _, ref = await pays_coins(shop, buyer)
    if not heard:
        await coingate(shop, "callbacks/policy", drop=1)

    await coingate(shop, f"orders/{ref}/refund", amount="100.00")
    await shop.passes(hours=1)
    await coingate(shop, f"orders/{ref}/refund")
    await shop.passes(hours=1)

    assert [row.provider_refund_id for row in await refund_rows(shop)] == [f"cg-{ref}-10000", f"cg-{ref}-29900"]
    assert [row.origin for row in await refund_rows(shop)] == ["external", "external"]
    assert await ledger(buyer) == [30, -10, -20]


async def test_coins_of_which_nothing_tells_how_many_went_back_are_told_to_the_operators(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout, ref = await pays_coins(shop, buyer)
    await coingate(shop, f"orders/{ref}/refund", amount="100.00")
    path, headers = f"/v2/orders/{ref}", {"Authorization": f"Token {COINGATE_KEY}"}
    answer = await shop.yookassa.http.get(f"{shop.town.companies_url}/sandbox/coingate{path}", headers=headers)
    shown, faults = {**answer.json(), "refunds": []}, shop.town.companies.world.faults
    faults.arm("coingate", "status", method="GET", path=path, status=200, body=shown, times=None)

    await shop.passes(minutes=5)

    told = [kind for kind in shop.channel.told if isinstance(kind, RefundUnread)]
    assert told == [RefundUnread(checkout.payment_id, str(ref), "coingate", checkout.order_number)]
    assert await ledger(buyer) == [30]


async def requested(shop: Shop, ref: int, *amounts: str) -> list[int]:
    """Refunds that somebody asks for in CoinGate's cabinet; each waits until it is settled. Their ids."""
    url = f"{shop.town.companies_url}/sandbox/coingate/v2/orders/{ref}/refunds"
    wish = {"address": "x", "currency_id": 1, "platform_id": 6, "reason": "r", "email": "a@example.com"}
    wish["ledger_account_id"] = "01SANDBOX00000000000000001"
    made = []
    for amount in amounts:
        shop.advance(hours=1)
        headers = {"Authorization": f"Token {COINGATE_KEY}"}
        answer = await shop.yookassa.http.post(url, headers=headers, json={**wish, "amount": amount})
        assert answer.is_success, answer.text
        made.append(answer.json()["id"])
    return made


ORDERS = list(itertools.permutations(range(3)))


@pytest.mark.parametrize("order", ORDERS, ids=["-".join(map(str, order)) for order in ORDERS])
async def test_coins_count_once_in_whatever_order_their_refunds_complete(shop: Shop, order: tuple[int, ...]) -> None:
    buyer = await shop.buyer()
    checkout, ref = await pays_coins(shop, buyer)
    amounts = ("50.00", "100.00", "20.00")
    asked = await requested(shop, ref, *amounts)

    total = 0
    for which in order:
        await coingate(shop, f"refunds/{asked[which]}/settle", status="completed")
        total += int(amounts[which].removesuffix(".00")) * 100
        await shop.passes(hours=1)
        await shop.passes(hours=1)
        assert (await shop.payment(checkout)).refunded_minor == total
        assert sum(await ledger(buyer)) == 30 - 30 * total // 29900

    rows = await refund_rows(shop)
    assert [row.amount_minor for row in rows] == [int(amounts[which].removesuffix(".00")) * 100 for which in order]
    assert rows[-1].provider_refund_id == f"cg-{ref}-17000"


async def test_looks_at_once_and_late_ones_count_coins_once(shop: Shop) -> None:
    """An answer that was on its way for long says less than is known by then."""
    buyer = await shop.buyer()
    checkout, ref = await pays_coins(shop, buyer)
    first, second = await requested(shop, ref, "50.00", "100.00")
    await coingate(shop, "callbacks/policy", drop=1)
    await coingate(shop, f"refunds/{second}/settle", status="completed")
    early = await seen(shop, ref)
    await coingate(shop, f"refunds/{first}/settle", status="completed")
    late = await seen(shop, ref)

    await asyncio.gather(*(settles(shop, *look) for look in (late, early, late, early)))
    await shop.passes(hours=1)

    assert (await shop.payment(checkout)).refunded_minor == 15000
    assert sum(row.amount_minor for row in await refund_rows(shop)) == 15000
    assert await ledger(buyer) in ([30, -15], [30, -10, -5])


Seen = tuple[Snapshot, list[RefundSnapshot]]


async def seen(shop: Shop, ref: int) -> Seen:
    driver = shop.deps.providers.get("coingate")
    result = await driver.fetch(str(ref))
    assert isinstance(result, Known)
    return result.snapshot, [refund async for refund in driver.refunds_of(str(ref))]


async def settles(shop: Shop, snapshot: Snapshot, returned: list[RefundSnapshot]) -> None:
    async with shop.deps.db.transaction() as session:
        await settle(session, shop.deps.providers, "coingate", snapshot, shop.now, returned=returned)


async def test_coins_that_are_in_the_books_part_by_part_are_not_counted_again(shop: Shop) -> None:
    """Rows that were named when the parts were told apart, oldest request first."""
    buyer = await shop.buyer()
    checkout, ref = await pays_coins(shop, buyer)
    first, second, third = await requested(shop, ref, "50.00", "100.00", "20.00")
    await coingate(shop, "callbacks/policy", drop=1)
    for one in (first, second):
        await coingate(shop, f"refunds/{one}/settle", status="completed")
    async with shop.deps.db.transaction() as session:
        payment = await lock_payment(session, checkout.payment_id)
        await take_back(session, payment, f"cg-{ref}-5000", 5000, shop.now)
        await take_back(session, payment, f"cg-{ref}-15000", 10000, shop.now)

    await shop.passes(hours=1)
    assert len(await refund_rows(shop)) == 2
    await coingate(shop, f"refunds/{third}/settle", status="completed")
    await shop.passes(hours=1)

    rows = {row.provider_refund_id: row.amount_minor for row in await refund_rows(shop)}
    assert rows == {f"cg-{ref}-5000": 5000, f"cg-{ref}-15000": 10000, f"cg-{ref}-17000": 2000}
    assert sum(await ledger(buyer)) == 30 - 17


async def test_coins_that_are_to_go_back_wait_for_a_person_and_are_found_however_late(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout, ref = await pays_coins(shop, buyer)
    await shop.passes(days=20)
    await coingate(shop, "callbacks/policy", drop=1)

    refund = await give_back(shop, checkout, rubles("100"))
    await shop.passes(days=2)
    assert [row.state for row in await refund_rows(shop)] == ["pending"]
    await coingate(shop, f"orders/{ref}/refund", amount="90.00")  # he had his reasons
    await shop.passes(hours=2)

    (row,) = await refund_rows(shop)
    assert (row.id, row.state, row.amount_minor) == (refund.id, "succeeded", 9000)
    assert (await shop.payment(checkout)).refunded_minor == 9000
    assert sum(await ledger(buyer)) == 30 - 9


async def test_what_a_person_was_to_give_back_can_be_called_off(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout, ref = await pays_coins(shop, buyer)
    await give_back(shop, checkout)
    await shop.passes(hours=2)

    async with shop.deps.db.transaction() as session:
        assert await call_off(session, shop.deps.providers, checkout.payment_id, shop.now) == rubles("299")
    await coingate(shop, f"orders/{ref}/refund", amount="100.00")
    await shop.passes(hours=1)

    assert [(row.origin, row.state) for row in await refund_rows(shop)] == [
        ("ours", "canceled"),
        ("external", "succeeded"),
    ]
    assert await ledger(buyer) == [30, -10]


async def test_days_follow_the_sum_and_never_more_than_the_payment(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    async with shop.deps.db.transaction() as session:  # all of it went back before, as far as we know
        await session.execute(update(Payment).values(refunded_minor=29900))
    await returned_there(shop, checkout, "100.00")

    await shop.run_jobs()

    assert await refund_rows(shop) == []
    assert (await shop.payment(checkout)).refunded_minor == 29900
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).values(refunded_minor=0))
    await shop.passes(hours=1)
    assert await ledger(buyer) == [30, -10]
