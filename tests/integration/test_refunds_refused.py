"""A no to a refund that was sent before: the first time may have been heard, so nothing is given back twice."""

import pytest

from backend.kit.errors import Unavailable
from backend.notifications.kinds import RefundFailed
from backend.orders.checkout import Checkout
from backend.orders.refunds import look_again
from backend.payments.models import Refund
from backend.payments.refunds import RefundUnderWay
from backend.payments.rules import NEVER
from tests.integration.refund_cases import deaf, give_back, ledger, made_there, refund_rows, rubles, sent
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough

REFUND = ("POST", "/v3/refunds")
REFUND_LIST = ("GET", "/v3/refunds")
NONE_LISTED = {"status": 200, "body": {"type": "list", "items": []}}
KEY_USED = {"type": "error", "code": "invalid_request", "description": "Idempotence key duplicated"}


def failures(shop: Shop) -> list[RefundFailed]:
    return [told for told in shop.channel.told if isinstance(told, RefundFailed)]


async def sent_in_vain(shop: Shop, mode: str) -> tuple[Buyer, Checkout, Refund]:
    """A hundred roubles that were to go back to somebody; the answer to the first sending did not come."""
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await deaf(shop)
    refund = await give_back(shop, checkout, rubles("100"))
    shop.yookassa.breaks(REFUND, mode)
    await shop.run_jobs()
    return buyer, checkout, refund


async def test_a_refund_that_was_made_unheard_is_found_when_a_second_sending_is_refused(shop: Shop) -> None:
    buyer, _, refund = await sent_in_vain(shop, "lost_after")
    shop.yookassa.breaks(REFUND, "status", status=405)

    await shop.passes(seconds=70)

    (row,) = await refund_rows(shop)
    assert (row.id, row.state, row.origin) == (refund.id, "succeeded", "ours")
    assert len(await made_there(shop)) == 1
    assert await ledger(buyer) == [30, -10]
    assert failures(shop) == []


async def test_what_is_not_there_is_canceled_when_it_would_be_listed_and_not_before(shop: Shop) -> None:
    buyer, checkout, _ = await sent_in_vain(shop, "lost_before")
    shop.yookassa.breaks(REFUND, "status", status=405, times=None)

    for minutes in (2, 3, 6):
        await shop.passes(minutes=minutes)
        assert [row.state for row in await refund_rows(shop)] == ["new"]
        await look_again(shop.deps.db, shop.deps.providers, checkout.payment_id, shop.now)
        with pytest.raises(RefundUnderWay):
            await give_back(shop, checkout, rubles("100"))
    await shop.passes(minutes=11)

    assert [row.state for row in await refund_rows(shop)] == ["canceled"]
    assert [(told.reason, told.words) for told in failures(shop)] == [("http_405", "")]
    shop.mend()
    await give_back(shop, checkout, rubles("100"))
    await shop.run_jobs()
    assert len(await made_there(shop)) == 1
    assert await ledger(buyer) == [30, -10]


@pytest.mark.parametrize("again", [False, True], ids=["at once", "sent again"])
async def test_operators_read_the_companys_own_words_for_a_no(shop: Shop, again: bool) -> None:
    no = {"type": "error", "code": "invalid_request", "description": "Refunds are disabled by settings"}
    if again:
        await sent_in_vain(shop, "lost_before")
    else:
        await give_back(shop, await (await shop.buyer()).buys())
    shop.yookassa.breaks(REFUND, "status", status=400, body=no, times=None)

    for minutes in (2, 3, 6, 11):
        await shop.passes(minutes=minutes)

    assert [(told.reason, told.words) for told in failures(shop)] == [("invalid_request", no["description"])]


async def test_a_list_that_lags_behind_delays_and_nothing_goes_back_twice(shop: Shop) -> None:
    buyer, _, _ = await sent_in_vain(shop, "lost_after")
    shop.yookassa.breaks(REFUND, "status", status=405, times=None)
    lags = shop.yookassa.breaks(REFUND_LIST, "status", times=None, **NONE_LISTED)
    shop.yookassa.breaks(("GET", "/v3/payments*"), "status", status=500, times=None)  # the sweep sees nothing

    await shop.passes(minutes=2)
    await shop.passes(minutes=3)
    assert [row.state for row in await refund_rows(shop)] == ["new"]
    shop.town.companies.world.faults.armed.remove(lags)
    await shop.passes(minutes=6)

    assert [row.state for row in await refund_rows(shop)] == ["succeeded"]
    assert len(await made_there(shop)) == 1
    assert await ledger(buyer) == [30, -10]


async def test_while_the_list_cannot_be_read_a_refusal_ends_nothing(shop: Shop) -> None:
    await sent_in_vain(shop, "lost_after")
    shop.yookassa.breaks(REFUND, "status", status=405, times=None)
    shop.yookassa.breaks(REFUND_LIST, "status", status=500, times=None)

    for _ in range(4):
        await shop.passes(hours=1)
    assert [row.state for row in await refund_rows(shop)] == ["new"]
    shop.mend()
    await shop.passes(hours=1, minutes=1)

    assert [row.state for row in await refund_rows(shop)] == ["succeeded"]
    assert len(await made_there(shop)) == 1


async def test_of_a_refund_that_may_be_listed_yet_an_operator_starts_no_second(shop: Shop) -> None:
    buyer, checkout, _ = await sent_in_vain(shop, "lost_after")
    shop.yookassa.breaks(REFUND, "status", status=400, body=KEY_USED)
    await shop.passes(seconds=70)
    assert [row.state for row in await refund_rows(shop)] == ["review"]
    shop.yookassa.breaks(REFUND_LIST, "status", status=500)
    with pytest.raises(Unavailable):
        await look_again(shop.deps.db, shop.deps.providers, checkout.payment_id, shop.now)
    assert [row.next_check_at for row in await refund_rows(shop)] == [NEVER]
    lags = shop.yookassa.breaks(REFUND_LIST, "status", times=None, **NONE_LISTED)

    with pytest.raises(Unavailable):
        await look_again(shop.deps.db, shop.deps.providers, checkout.payment_id, shop.now)
    with pytest.raises(RefundUnderWay):
        await give_back(shop, checkout, rubles("100"))
    shop.town.companies.world.faults.armed.remove(lags)
    await look_again(shop.deps.db, shop.deps.providers, checkout.payment_id, shop.now)

    assert [row.state for row in await refund_rows(shop)] == ["succeeded"]
    assert len(await made_there(shop)) == len({key for key, _ in await sent(shop)}) == 1
    assert await ledger(buyer) == [30, -10]


async def test_a_refund_in_review_that_the_company_works_on_is_waited_for(shop: Shop) -> None:
    await shop.yookassa.act("refunds/policy", result="pending")
    buyer, checkout, _ = await sent_in_vain(shop, "lost_after")
    shop.yookassa.breaks(REFUND, "status", status=400, body=KEY_USED)
    await shop.passes(seconds=70)
    (made,) = await made_there(shop)

    await look_again(shop.deps.db, shop.deps.providers, checkout.payment_id, shop.now)

    (row,) = await refund_rows(shop)
    assert (row.state, row.provider_refund_id) == ("pending", made["id"])
    await shop.yookassa.act(f"refunds/{made['id']}/settle", result="succeeded")
    await shop.passes(hours=1, minutes=1)
    assert [row.state for row in await refund_rows(shop)] == ["succeeded"]
    assert await ledger(buyer) == [30, -10]


async def test_a_refund_that_nobody_answers_is_sent_ever_more_rarely(shop: Shop) -> None:
    await sent_in_vain(shop, "lost_before")
    shop.yookassa.breaks(REFUND, "lost_before", times=None)

    waits = []
    for _ in range(4):
        (row,) = await refund_rows(shop)
        waits.append((row.next_check_at - shop.now).total_seconds() // 60)
        await shop.passes(seconds=(row.next_check_at - shop.now).total_seconds() + 1)

    assert waits == sorted(set(waits))
