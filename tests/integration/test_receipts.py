"""A sale of a self-employed person is registered once, whatever is answered, and taken back with the money."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import delete

from backend.kit.jobs import Worker
from backend.notifications.kinds import BooksDiffer, BooksUnread, ReceiptRefused, RegistrarRefusesUs
from backend.orders.queries import history
from backend.receipts.models import Receipt
from backend.receipts.service import dismiss, keep_books, retry, sale_of
from tests.integration.receipts_fixture import TaxOffice, driver, employ, open_office
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough


@pytest.fixture
async def office(shop: Shop) -> AsyncIterator[TaxOffice]:
    async with open_office(shop) as opened:
        yield opened


async def test_a_sale_is_registered_and_its_buyer_gets_the_link_once(shop: Shop, office: TaxOffice) -> None:
    buyer = await shop.buyer()

    checkout = await buyer.buys()
    await office.minutes_pass(2)

    (entry,) = await office.entries()
    assert entry["totalAmount"] == 299.0
    assert entry["name"] == f"Доступ к сервису, 30 дней, заказ {checkout.order_number}"
    (link,) = office.links(buyer)
    async with shop.deps.db.reading() as session:
        assert [line.receipt_url for line in await history(session, buyer.id)] == [link]
    async with httpx2.AsyncClient(trust_env=False) as anybody:
        page = await anybody.get(link)
    assert entry["name"] in page.text
    assert buyer.told[0] == "Paid", "the sale comes before its receipt"


@pytest.mark.parametrize("mode", ["lost_before", "lost_after", "reset", "garbage", "slow_body", "http_429"])
async def test_whatever_is_answered_it_is_registered_once(shop: Shop, office: TaxOffice, mode: str) -> None:
    office.breaks(mode, times=2, ms=1500)
    buyer = await shop.buyer()

    await buyer.buys()
    assert buyer.told[0] == "Paid"
    assert office.links(buyer) == []
    await office.minutes_pass(15)

    assert await office.standing() == [299.0]
    assert len(await office.entries()) == 1
    assert len(office.links(buyer)) == 1


async def test_a_service_that_is_away_for_days_is_in_nobodys_way(shop: Shop, office: TaxOffice) -> None:
    office.breaks("lost_before", "*", times=None)
    buyer = await shop.buyer()

    await buyer.buys()
    for _ in range(5):
        await shop.passes(hours=12)
    assert (await buyer.subscription()).paid_until is not None
    assert await office.states() == ["new"]
    shop.mend()
    await shop.passes(hours=1)

    assert await office.states() == ["registered"]
    assert await office.standing() == [299.0]


async def test_two_equal_sales_with_lost_answers_are_two_lines(shop: Shop, office: TaxOffice) -> None:
    office.breaks("lost_after", times=2)
    buyer = await shop.buyer()

    await buyer.buys()
    await buyer.buys()
    await office.minutes_pass(10)

    assert await office.standing() == [299.0, 299.0]
    assert len({row.ref for row in await office.rows()}) == 2


async def test_several_workers_register_a_sale_once(shop: Shop, office: TaxOffice) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id, webhooks=5)

    await asyncio.gather(*(Worker(shop.deps.db, shop.deps).run_until_idle() for _ in range(3)))
    await office.minutes_pass(5)

    assert len(await office.entries()) == 1
    assert len(office.links(buyer)) == 1


async def test_lost_jobs_and_a_lost_row_are_made_up_for(shop: Shop, office: TaxOffice) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    async with shop.deps.db.transaction() as session:
        await session.execute(delete(Receipt))
    await office.act("reset")

    await shop.drop_jobs()
    await office.minutes_pass(2)

    assert await office.standing() == [299.0]


async def test_all_the_money_back_annuls_the_receipt(shop: Shop, office: TaxOffice) -> None:
    buyer = await shop.buyer()
    await buyer.buys()

    await office.gives_back(buyer, 299)
    await office.minutes_pass(2)

    (entry,) = await office.entries()
    assert entry["cancellationInfo"]["comment"] == "Возврат средств"
    assert await office.states() == ["annulled"]


@pytest.mark.parametrize("mode", ["lost_before", "lost_after", "garbage"])
async def test_a_part_of_the_money_back_leaves_the_rest_registered(shop: Shop, office: TaxOffice, mode: str) -> None:
    buyer = await shop.buyer()
    await buyer.buys()
    office.breaks(mode, "*/cancel")
    office.breaks(mode)

    await office.gives_back(buyer, 100)
    await office.minutes_pass(15)
    await office.gives_back(buyer, 50)
    await office.minutes_pass(15)

    assert await office.standing() == [149.0]
    assert [entry["totalAmount"] for entry in await office.entries()] == [299.0, 199.0, 149.0]
    assert await office.states() == ["annulled", "annulled", "registered"]
    assert len(office.links(buyer)) == 3


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
async def test_an_annulment_that_was_not_shown_is_seen_to(shop: Shop, office: TaxOffice, after: bool) -> None:
    buyer = await shop.buyer()
    await buyer.buys()
    office.breaks("status", "*/cancel", status=200, body={"message": "Сервис временно недоступен"}, after=after)

    await office.gives_back(buyer, 299)
    await office.minutes_pass(1)
    assert await office.states() == ["annulling"]
    await office.minutes_pass(10)

    assert await office.standing() == []
    assert await office.states() == ["annulled"]


@pytest.mark.parametrize("names", [["operationTime", "services"], ["hasMore"]])
async def test_a_list_that_says_less_brings_no_sale_in_twice(shop: Shop, office: TaxOffice, names: list[str]) -> None:
    await office.act("list", without=names)
    office.breaks("lost_after")
    buyer = await shop.buyer()

    await buyer.buys()
    await office.minutes_pass(10)

    assert await office.standing() == [299.0]
    assert await office.states() == ["registered"]


async def test_money_back_before_anybody_was_told_is_never_registered(shop: Shop, office: TaxOffice) -> None:
    office.breaks("lost_before", "*/auth/lkfl", times=None)
    buyer = await shop.buyer()
    await buyer.buys()

    await office.gives_back(buyer, 299)
    shop.mend()
    await office.minutes_pass(10)

    assert await office.standing() == []


async def test_what_is_refused_waits_for_the_operator(shop: Shop, office: TaxOffice) -> None:
    await office.act("limit", roubles=100)
    buyer = await shop.buyer()

    await buyer.buys()
    await office.minutes_pass(5)

    (row,) = await office.rows()
    refused = [said for said in shop.channel.told if isinstance(said, ReceiptRefused)]
    assert row.state == "review"
    assert [(said.receipt_id, said.reason) for said in refused] == [(row.id, "Превышен годовой предел дохода")]
    assert "KeyReady" in buyer.told

    await office.act("limit", roubles=2_400_000)
    async with shop.deps.db.transaction() as session:
        await retry(session, row.id, shop.now)
    await office.minutes_pass(1)
    assert await office.standing() == [299.0]


async def test_what_the_operator_has_entered_himself_is_not_entered_again(shop: Shop, office: TaxOffice) -> None:
    await office.act("limit", roubles=100)
    buyer = await shop.buyer()
    await buyer.buys()
    (row,) = await office.rows()

    await office.act("limit", roubles=2_400_000)
    async with shop.deps.db.transaction() as session:
        await dismiss(session, row.id)
    await office.minutes_pass(5)

    assert await office.entries() == []
    assert await office.states() == ["registered"]


async def dismisses(shop: Shop, receipt: Receipt) -> None:
    async with shop.deps.db.transaction() as session:
        await dismiss(session, receipt.id)


async def enters_by_hand(shop: Shop, office: TaxOffice) -> tuple[Buyer, Receipt]:
    """A sale that was refused, and that the operator has entered himself."""
    await office.act("limit", roubles=100)
    buyer = await shop.buyer()
    await buyer.buys()
    (row,) = await office.rows()
    await office.act("limit", roubles=2_400_000)
    await dismisses(shop, row)
    return buyer, row


def refusals(shop: Shop) -> list[ReceiptRefused]:
    return [said for said in shop.channel.told if isinstance(said, ReceiptRefused)]


@pytest.mark.parametrize(("rubles", "left"), [(100, [199.0]), (299, [])])
async def test_what_was_entered_by_hand_is_annulled_by_hand_once_and_the_rest_is_registered(
    shop: Shop, office: TaxOffice, rubles: int, left: list[float]
) -> None:
    buyer, row = await enters_by_hand(shop, office)
    told = len(refusals(shop))

    await office.gives_back(buyer, rubles)
    await office.minutes_pass(5)
    waiting = await office.states()
    asked = refusals(shop)[told:]
    await dismisses(shop, row)
    await office.minutes_pass(10)

    assert waiting == ["review"]
    assert [(said.receipt_id, said.reason) for said in asked] == [(row.id, "entered by hand: to be annulled by hand")]
    assert await office.states() == ["annulled", *["registered"] * len(left)]
    assert await office.standing() == left
    assert refusals(shop)[told:] == asked


async def test_what_was_entered_by_hand_is_never_entered_again_beside_it(shop: Shop, office: TaxOffice) -> None:
    buyer, row = await enters_by_hand(shop, office)
    await office.gives_back(buyer, 100)
    await office.minutes_pass(5)

    async with shop.deps.db.transaction() as session:
        await retry(session, row.id, shop.now)
    await office.minutes_pass(5)

    assert await office.entries() == []
    assert await office.states() == ["review"]


@pytest.mark.parametrize(("rubles", "left", "states"), [(100, [199.0], ["registered"]), (299, [], ["annulled"])])
async def test_a_refused_sale_is_tried_again_with_what_is_left_of_it(
    shop: Shop, office: TaxOffice, rubles: int, left: list[float], states: list[str]
) -> None:
    await office.act("limit", roubles=100)
    buyer = await shop.buyer()
    await buyer.buys()
    (row,) = await office.rows()
    await office.gives_back(buyer, rubles)
    await office.act("limit", roubles=2_400_000)

    async with shop.deps.db.transaction() as session:
        await retry(session, row.id, shop.now)
    await office.minutes_pass(5)

    assert [entry["totalAmount"] for entry in await office.entries()] == left
    assert await office.states() == states


async def test_a_refused_annulment_that_is_tried_again_takes_the_sale_back(shop: Shop, office: TaxOffice) -> None:
    buyer = await shop.buyer()
    await buyer.buys()
    await office.minutes_pass(1)
    office.breaks("status", "*/cancel", status=422, body={"code": "x", "message": "нельзя"})
    await office.gives_back(buyer, 100)
    await office.minutes_pass(5)
    (row,) = await office.rows()

    async with shop.deps.db.transaction() as session:
        await retry(session, row.id, shop.now)
    await office.minutes_pass(10)

    assert row.state == "review"
    assert await office.standing() == [199.0]


async def test_a_wrong_password_is_told_once_a_day_and_loses_nothing(shop: Shop, office: TaxOffice) -> None:
    await employ(shop, driver(shop, password="an old password"))
    buyer = await shop.buyer()
    await buyer.buys()
    for _ in range(3):
        await shop.passes(hours=1)

    told = [said for said in shop.channel.told if isinstance(said, RegistrarRefusesUs)]
    assert 1 <= len(told) <= 2, "a midnight may lie between"
    await employ(shop, driver(shop))
    await shop.passes(hours=1)
    assert await office.standing() == [299.0]


async def test_only_sales_since_the_registrar_is_there_are_its_business(shop: Shop, office: TaxOffice) -> None:
    async with shop.deps.db.transaction() as session:
        await keep_books(session, [], shop.now)
    buyer = await shop.buyer()
    await buyer.buys()
    shop.advance(minutes=1)

    await employ(shop, driver(shop))
    await office.minutes_pass(2)

    assert await office.entries() == []
    await buyer.buys()
    assert await office.standing() == [299.0]


async def test_buyers_need_not_be_told(shop: Shop, office: TaxOffice) -> None:
    await employ(shop, driver(shop, tell_buyers=False))
    buyer = await shop.buyer()

    await buyer.buys()
    await office.minutes_pass(1)

    assert await office.standing() == [299.0]
    assert office.links(buyer) == []


async def test_every_night_the_books_are_compared(shop: Shop, office: TaxOffice) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    await buyer.buys()
    await other.buys()
    await shop.passes(days=1)
    assert not [said for said in shop.channel.told if isinstance(said, BooksDiffer)]

    first, second = await office.rows()
    await office.act(f"receipts/{first.ref}/annul")
    sale = driver(shop)
    await sale.register(sale_of(second))
    await sale.aclose()
    await shop.passes(days=1)

    (differ,) = [said for said in shop.channel.told if isinstance(said, BooksDiffer)]
    assert (differ.missing, differ.annulled, differ.twice) == ((), (first.title,), (second.title,))


async def test_books_that_cannot_be_read_are_tried_hourly_and_told_of_after_two_nights(
    shop: Shop, office: TaxOffice
) -> None:
    await (await shop.buyer()).buys()
    await shop.passes(hours=1)
    await shop.passes(hours=22)
    (row,) = await office.rows()
    await office.act(f"receipts/{row.ref}/annul")
    office.breaks("lost_before", "*/incomes", times=None)

    for _ in range(3):
        await shop.passes(hours=8)
    early = [said for said in shop.channel.told if isinstance(said, BooksUnread)]
    for _ in range(8):
        await shop.passes(days=1)
    unread = [said for said in shop.channel.told if isinstance(said, BooksUnread)]
    shop.mend()
    await shop.passes(hours=1)

    assert early == []
    (told,) = unread
    assert (told.registrar, bool(told.reason)) == ("mynalog", True)
    (differ,) = [said for said in shop.channel.told if isinstance(said, BooksDiffer)]
    assert differ.annulled == (row.title,)
