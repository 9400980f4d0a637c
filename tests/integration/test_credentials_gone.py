"""A provider's credentials are taken out while payments of it are under way: they wait, and nothing else does."""

from backend.payments.providers import Providers
from backend.payments.providers.base import PaymentState
from tests.integration.bot_fixtures import event_count
from tests.integration.refund_cases import give_back, ledger, refund_rows
from tests.integration.test_refunds_outside import pays_coins
from tests.outside import CREATE
from tests.shop import Shop


def take_out(shop: Shop, provider: str) -> Providers:
    """As after a start without the credentials. What was configured before."""
    former = shop.deps.providers
    left = [driver for driver in former if driver.id != provider]
    shop.deps.providers = Providers(left, former.keys, former.newest)
    return former


async def test_what_is_under_way_waits_without_a_failure_and_goes_on_when_they_are_back(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(4)]
    heard, silent = await buyers[0].orders(), await buyers[1].orders()
    paid = await buyers[2].buys()
    shop.yookassa.breaks(CREATE, "lost_before", times=1)
    unanswered = await buyers[3].orders()
    await give_back(shop, paid)
    await shop.yookassa.pay(heard.payment_id)
    await shop.yookassa.pay(silent.payment_id, webhooks=0)
    coins = await shop.buyer()
    logged = event_count("provider.not_configured")

    former = take_out(shop, "yookassa")
    for _ in range(40):
        await shop.passes(seconds=31)
    page = await shop.http.get(f"/return/{(await shop.payment(silent)).return_token}")
    waiting = event_count("provider.not_configured") - logged
    await pays_coins(shop, coins)
    states = [(await shop.payment(one)).state for one in (heard, silent, unanswered)]
    shop.deps.providers = former
    await shop.passes(hours=1.1)
    await shop.yookassa.pay(unanswered.payment_id)
    await shop.run_jobs()

    assert page.status_code == 200
    assert waiting == 4, "each once an hour"
    assert states == [PaymentState.PENDING, PaymentState.PENDING, PaymentState.NEW]
    assert await ledger(coins) == [30]
    assert [await ledger(buyer) for buyer in buyers] == [[30], [30], [30, -30], [30]]
    assert [row.state for row in await refund_rows(shop)] == ["succeeded"]
