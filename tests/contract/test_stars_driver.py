"""Our driver of Stars against Telegram's emulator over real HTTP."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from pydantic import HttpUrl, SecretStr

from backend.kit.errors import Refused, Unavailable
from backend.payments.providers.base import (
    Known,
    Misconfigured,
    NotProcessed,
    PaymentState,
    RefundKnown,
    Rejected,
    Unknown,
)
from backend.payments.providers.stars import Config, Stars
from backend.payments.providers.stars.config import BotAccess
from tests.contract.provider_cases import BROKEN, known, known_refund
from tests.contract.stars_world import SERVICE, driver_of, listed, refund_of, request, sold
from tests.contract.telegram_world import TOKEN, TelegramWorld
from tests.proxies import socks_proxy


@pytest.fixture
async def impatient(telegram: TelegramWorld) -> AsyncIterator[Stars]:
    driver = driver_of(telegram, seconds=0.5)
    yield driver
    await driver.aclose()


async def test_the_probe_says_which_bot_it_is(telegram: TelegramWorld, stars: Stars) -> None:
    seen = await stars.probe()

    assert (seen.account, seen.test, seen.enabled) == (stars.account, True, True)
    assert stars.account == TOKEN.partition(":")[0]


async def test_whose_stars_these_are_says_the_token_whatever_the_bot_is_called(
    telegram: TelegramWorld, stars: Stars
) -> None:
    body = {"ok": True, "result": {"id": 123456789, "is_bot": True, "first_name": "Bot"}}
    telegram.world.faults.arm(SERVICE, "status", path="*/getMe", times=1, status=200, body=body)

    assert (await stars.probe()).account == stars.account


@pytest.mark.parametrize("code", ["CHARGE_ID_INVALID", "CHARGE_NOT_FOUND", "SUBSCRIPTION_NOT_FOUND"])
async def test_a_subscription_that_is_not_there_has_several_names(
    telegram: TelegramWorld, stars: Stars, code: str
) -> None:
    no = {"ok": False, "error_code": 400, "description": f"Bad Request: {code}"}
    telegram.world.faults.arm(SERVICE, "status", path="*/editUserStarSubscription", times=1, status=400, body=no)

    assert await stars.stop_renewal("stxAbc", "7") == Rejected("not_found", code)


async def test_an_invoice_waits_without_an_id_and_can_be_made_again(telegram: TelegramWorld, stars: Stars) -> None:
    asked = request()
    body = stars.prepare(asked)

    first, second = known(await stars.create(body, "")), known(await stars.create(body, ""))

    assert (first.ref, first.state, first.amount) == ("", PaymentState.PENDING, asked.amount)
    assert (first.pid, first.mac, first.account) == (asked.payment_id, asked.mac, stars.account)
    assert first.url
    assert second.url


async def test_what_was_paid_is_found_with_who_paid_it(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    asked, charge = await sold(telegram, stars, person)

    found = known(await stars.fetch(charge))

    assert (found.ref, found.state, found.amount) == (charge, PaymentState.SUCCEEDED, asked.amount)
    assert (found.pid, found.mac, found.payer) == (asked.payment_id, asked.mac, str(person))
    assert found.paid_at is not None
    assert abs(found.paid_at - telegram.world.clock.now()) < timedelta(minutes=1)
    assert await stars.fetch("stxnobody") == Rejected("not_found")


async def test_all_of_a_charge_goes_back_and_asking_twice_is_as_good(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    _, charge = await sold(telegram, stars, person)
    body = refund_of(stars, charge, person)

    first = known_refund(await stars.refund(body, ""))
    again = known_refund(await stars.refund(body, ""))

    assert first == again
    assert (first.ref, first.payment_ref, first.state) == (f"stars-{charge}", charge, "succeeded")
    assert known_refund(await stars.fetch_refund(first.ref)) == first
    after = known(await stars.fetch(charge))
    assert (after.state, after.refunded_minor, after.refund_ref) == (PaymentState.SUCCEEDED, 200, first.ref)
    assert [refund async for refund in stars.refunds_of(charge)] == [first]


async def test_what_was_not_paid_does_not_go_back(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    _, charge = await sold(telegram, stars, person)

    assert await stars.refund(refund_of(stars, "stxnobody", person), "") == Rejected("CHARGE_NOT_FOUND")
    assert [refund async for refund in stars.refunds_of(charge)] == []
    assert await stars.fetch_refund(f"stars-{charge}") == Rejected("not_found")
    assert isinstance(await stars.refund(b"not a refund", ""), Rejected)


@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_without_a_whole_answer_nothing_is_claimed(
    telegram: TelegramWorld, impatient: Stars, mode: str, options: dict[str, Any]
) -> None:
    person = await telegram.person()
    _, charge = await sold(telegram, impatient, person)
    asked, back = request(person), refund_of(impatient, charge, person)
    for method in ("createInvoiceLink", "refundStarPayment", "getMe"):
        telegram.world.faults.arm(SERVICE, mode, path=f"*/{method}", **options)
    telegram.world.faults.arm(SERVICE, mode, path="*/getStarTransactions", times=2, **options)

    assert isinstance(await impatient.create(impatient.prepare(asked), ""), Unknown)
    assert isinstance(await impatient.refund(back, ""), Unknown)
    assert isinstance(await impatient.fetch(charge), Unknown)
    with pytest.raises(Unavailable):
        await impatient.probe()
    with pytest.raises(Unavailable):
        await listed(impatient, telegram, hours=1)

    assert isinstance(await impatient.create(impatient.prepare(asked), ""), Known)
    assert isinstance(await impatient.refund(back, ""), RefundKnown)
    assert known(await impatient.fetch(charge)).refunded_minor == 200


async def test_too_many_requests_had_no_effect(telegram: TelegramWorld, stars: Stars) -> None:
    telegram.world.faults.arm(SERVICE, "http_429", path="*/createInvoiceLink", retry_after=7)

    assert await stars.create(stars.prepare(request()), "") == NotProcessed(timedelta(seconds=7))


async def test_a_wrong_token_is_the_operators_business_in_every_call(telegram: TelegramWorld) -> None:
    wrong = driver_of(telegram, token="7000000001:AAF-another")

    assert isinstance(await wrong.create(wrong.prepare(request()), ""), Misconfigured)
    assert isinstance(await wrong.fetch("stx"), Misconfigured)
    assert isinstance(await wrong.refund(refund_of(wrong, "stx", 7), ""), Misconfigured)
    with pytest.raises(Refused):
        await wrong.probe()
    with pytest.raises(Unavailable):
        await listed(wrong, telegram, hours=1)
    await wrong.aclose()


async def test_a_shop_that_cannot_reach_telegram_goes_through_its_proxy(telegram: TelegramWorld) -> None:
    port = telegram.http.base_url.port
    assert port
    async with socks_proxy(port) as proxy:
        behind = BotAccess(
            _env_file=None,
            bot_token=SecretStr(TOKEN),
            api_url=HttpUrl("http://telegram.invalid/sandbox/telegram"),
            proxy=SecretStr(proxy.url),
        )
        driver = Stars(Config(_env_file=None), behind)

        assert isinstance(await driver.create(driver.prepare(request()), ""), Known)

        await driver.aclose()
    assert proxy.asked == ["telegram.invalid:80"]


def test_a_proxy_that_cannot_carry_payments_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="TELEGRAM_PROXY must be socks5"):
        BotAccess(_env_file=None, bot_token=SecretStr(TOKEN), proxy=SecretStr("socks4://127.0.0.1:1080"))


async def test_a_telegram_that_is_not_there_leaves_everything_unknown(telegram: TelegramWorld) -> None:
    gone = driver_of(telegram, gone=True)

    assert isinstance(await gone.create(gone.prepare(request()), ""), Unknown)
    assert isinstance(await gone.fetch("stx"), Unknown)
    with pytest.raises(Unavailable):
        await gone.probe()
    await gone.aclose()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"\0", b"[" * 5000, b'{"payload": "x"}'])
async def test_what_is_no_invoice_is_a_definite_no(stars: Stars, body: bytes) -> None:
    assert isinstance(await stars.create(body, ""), Rejected)


@pytest.mark.parametrize("many", [100_001, 10**9])
async def test_more_stars_than_telegram_takes_are_a_definite_no(stars: Stars, many: int) -> None:
    assert isinstance(await stars.create(stars.prepare(request(stars=many)), ""), Rejected)


async def test_a_log_says_neither_the_token_nor_whose_payment(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    telegram.world.faults.arm(SERVICE, "lost_after", path="*/createInvoiceLink")

    with structlog.testing.capture_logs() as log:
        await stars.create(stars.prepare(request(person)), "")
        asked, charge = await sold(telegram, stars, person)
        await stars.fetch(charge)

    assert "http.no_answer" in [event["event"] for event in log]
    for hidden in (TOKEN, TOKEN.partition(":")[2], charge, asked.mac, asked.payment_id):
        assert hidden not in repr(log)


async def test_updates_are_read_as_the_bot_gets_them(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    asked, charge = await sold(telegram, stars, person)
    await telegram.do(f"/charges/{charge}/refund")
    history = await telegram.http.get("/_ctl/updates/history")

    told = [stars.told(json.dumps(update).encode()) for update in history.json()]

    assert [(one.ref, one.payer, one.refunded_minor) for one in told if one and one.pid == asked.payment_id] == [
        ("", str(person), 0),
        (charge, str(person), 0),
        (charge, str(person), 200),
    ]
