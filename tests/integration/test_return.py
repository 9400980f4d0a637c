"""Back from the provider: the truth about one payment, in whatever browser."""

import asyncio
import re

import pytest
from sqlalchemy import update

from backend.orders import looking
from backend.orders.checkout import Checkout
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from tests.outside import CREATE, FETCH
from tests.shop import Buyer, Shop


async def address_of(shop: Shop, checkout: Checkout) -> str:
    return f"/return/{(await shop.payment(checkout)).return_token}"


async def ordered(shop: Shop) -> tuple[Buyer, Checkout, str]:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    return buyer, checkout, await address_of(shop, checkout)


async def test_before_it_is_paid_it_leads_to_the_page_where_it_is(shop: Shop) -> None:
    _, checkout, address = await ordered(shop)

    page, state = await shop.http.get(address), await shop.http.get(f"{address}/state")

    assert state.json() == {"state": "waiting"}
    assert 'data-state="waiting"' in page.text
    assert f'href="{checkout.url}"' in page.text
    assert f"Заказ № {checkout.order_number}" in page.text
    assert "299\u00a0₽" in page.text
    assert "return.js" in page.text


async def test_it_finds_out_that_it_is_paid_when_no_webhook_came(shop: Shop) -> None:
    buyer, checkout, address = await ordered(shop)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    shop.advance(seconds=6)

    page = await shop.http.get(address)
    await shop.run_jobs()

    token = (await buyer.subscription()).token
    assert 'data-state="paid"' in page.text
    assert f'href="{shop.deps.public_url}/sub/{token}"' in page.text
    assert "МСК" in page.text
    assert f'href="{shop.deps.brand.bot_url}"' in page.text
    assert "return.js" not in page.text  # nothing to watch any more
    assert buyer.told == ["Paid", "KeyReady"]
    assert (await shop.http.get(f"{address}/state")).json() == {"state": "paid"}


async def test_a_declined_payment_says_that_no_money_was_taken(shop: Shop) -> None:
    _, checkout, address = await ordered(shop)
    await shop.yookassa.decline(checkout.payment_id, "insufficient_funds", webhooks=0)
    shop.advance(seconds=6)

    page = await shop.http.get(address)

    assert 'data-state="failed"' in page.text
    assert "На счёте не хватает денег. Деньги не списаны." in page.text
    assert (await shop.payment(checkout)).state == PaymentState.CANCELED


@pytest.mark.parametrize(
    ("state", "shown"), [("review", "checking"), ("confirming", "confirming"), ("new", "waiting")]
)
async def test_every_state_has_a_page_of_its_own(shop: Shop, state: str, shown: str) -> None:
    _, _, address = await ordered(shop)
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).values(state=state, checked_at=shop.now))

    page = await shop.http.get(address)

    assert f'data-state="{shown}"' in page.text
    assert (await shop.http.get(f"{address}/state")).json() == {"state": shown}


async def test_it_speaks_the_language_of_the_buyer_or_the_one_that_is_asked_for(shop: Shop) -> None:
    buyer = await shop.buyer(language="en")
    checkout = await buyer.orders("monthly")
    address = await address_of(shop, checkout)

    english, russian = await shop.http.get(address), await shop.http.get(f"{address}?lang=ru")
    strange = await shop.http.get(f"{address}?lang=%00")

    assert 'lang="en"' in english.text
    assert 'lang="ru"' in russian.text
    assert strange.text == english.text


async def test_a_provider_that_does_not_answer_keeps_nobody_waiting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "WAIT_SECONDS", 0.3)
    _, _, address = await ordered(shop)
    shop.yookassa.breaks(FETCH, "latency", ms=1500, times=None)
    shop.advance(seconds=6)

    began = asyncio.get_running_loop().time()
    page = await shop.http.get(address)
    took = asyncio.get_running_loop().time() - began

    assert 'data-state="waiting"' in page.text
    assert took < 1.4


async def test_a_provider_that_fails_is_shown_as_waiting(shop: Shop) -> None:
    _, _, address = await ordered(shop)
    shop.yookassa.breaks(FETCH, "garbage", times=None)
    shop.advance(seconds=6)

    page = await shop.http.get(address)

    assert page.status_code == 200
    assert 'data-state="waiting"' in page.text


async def test_a_payment_the_provider_has_not_answered_about_has_a_page_without_a_way_to_pay(shop: Shop) -> None:
    shop.yookassa.breaks(CREATE, "lost_before", times=None)
    _, _, address = await ordered(shop)

    page = await shop.http.get(address)

    assert 'data-state="waiting"' in page.text
    assert 'data-testid="pay"' not in page.text


async def test_many_who_watch_ask_the_provider_once_in_five_seconds(shop: Shop) -> None:
    _, _, address = await ordered(shop)
    shop.advance(seconds=6)

    answers = await asyncio.gather(*(shop.http.get(f"{address}/state") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert await shop.yookassa.fetches() == 1


async def test_nobody_is_expected_back_anywhere_else(shop: Shop) -> None:
    _, _, address = await ordered(shop)
    strange = ["/return/x", f"{address}x", "/return/%00", "/return/a%00b", "/return/%D1%8F", f"/return/{'a' * 5000}"]

    statuses = {path: (await shop.http.get(path)).status_code for path in strange}
    states = {path: (await shop.http.get(f"{path}/state")).status_code for path in strange}

    assert statuses == states == dict.fromkeys(strange, 404)


async def test_the_page_loads_nothing_from_elsewhere_and_stays_out_of_caches(shop: Shop) -> None:
    _, _, address = await ordered(shop)

    page = await shop.http.get(address)

    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:<script src|rel="stylesheet" href)="([^"]+)"', page.text)
    assert len(loaded) == 2
    for path in loaded:
        assert path.startswith("/return/static/")
        assert (await shop.http.get(path)).status_code == 200


async def test_a_stranger_in_a_browser_reads_a_sentence_and_finds_the_bot(shop: Shop) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "ru"}

    page = await shop.http.get("/return/x", headers=browser)

    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert 'lang="ru"' in page.text
    assert f'href="{shop.deps.brand.bot_url}"' in page.text
    assert "script-src" not in page.headers["content-security-policy"]
