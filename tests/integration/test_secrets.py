"""What is secret stays out of the logs, whatever happens."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from backend.subscriptions.service import reissue
from sandbox.companies import BOT_TOKEN, PANEL_TOKEN, SHOP_KEY
from tests.outside import CREATE, FETCH
from tests.shop import SECRET_KEY, Buyer, Shop


@pytest.fixture
def printed(pytestconfig: pytest.Config) -> Callable[[], str]:
    """What was written to standard error since the test began."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    if capture is None or not capture.is_globally_capturing():
        pytest.skip("skipped: nothing is captured (-s)")
    capture.read_global_capture()
    return lambda: str(capture.read_global_capture().err)


async def lives_through_it(shop: Shop, buyer: Buyer) -> None:
    """A sale with every trouble that is logged."""
    shop.yookassa.breaks(CREATE, "lost_after")
    checkout = await buyer.orders("monthly")
    shop.yookassa.breaks(FETCH, "garbage")
    shop.panel.breaks("status", method="POST")
    ref = await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    await shop.passes(seconds=31)
    await shop.yookassa.repeat_webhook(ref)
    await shop.webhook(b"no webhook")
    await shop.webhook({"type": "notification"}, address="203.0.113.66")
    await shop.webhook({}, path=f"{shop.hook}x")
    token = (await buyer.subscription()).token
    for path in (f"/sub/{token}", f"/sub/{token}?format=no", f"/sub/{token}x", "/return/nothing"):
        await shop.http.get(path)
    await shop.http.get(f"/return/{(await shop.payment(checkout)).return_token}")
    await shop.run_jobs()


async def test_a_sale_with_every_trouble_logs_no_secret(shop: Shop, printed: Callable[[], str]) -> None:
    buyer = await shop.buyer()
    await lives_through_it(shop, buyer)
    before = await buyer.subscription()
    async with shop.deps.db.transaction() as session:
        await reissue(session, before.id, user_id=buyer.id)
    await shop.run_jobs()
    after = await buyer.subscription()
    (payment,) = await buyer.payments()
    (sold,) = await shop.yookassa.objects()

    text = printed()

    for event in ("payment.settled", "key.synced", "payment.unanswered", "webhook.foreign_address", "http.no_answer"):
        assert event in text
    secrets = {
        "secret key": SECRET_KEY,
        "YooKassa's key": SHOP_KEY,
        "the bot's token": BOT_TOKEN.partition(":")[2],
        "the panel's token": PANEL_TOKEN,
        "the database's password": urlsplit(shop.town.dsn).password or SECRET_KEY,
        "the webhook's address": shop.hook.rpartition("/")[2],
        "the old link": before.token,
        "the new link": after.token,
        "the old key": str(before.client_uuid),
        "the new key": str(after.client_uuid),
        "the panel's name of the link": after.sub_id,
        "the way back": payment.return_token,
        "our signature": sold["metadata"]["mac"],
    }
    assert [name for name, secret in secrets.items() if secret in text] == []
