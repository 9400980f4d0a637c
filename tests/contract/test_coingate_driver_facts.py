"""Callbacks of CoinGate, and what a probe learns of it."""

from dataclasses import replace
from typing import Any

import pytest

from backend.kit.errors import Unavailable
from backend.kit.money import Currency, Money
from backend.payments.mac import Terms, mac_ok, order_mac
from backend.payments.providers.base import (
    PaymentState,
    Rejected,
)
from backend.payments.providers.coingate import CoinGate
from tests.contract.provider_cases import (
    BROKEN,
    MAC,
    created,
    known,
    listened,
    request_for,
)
from tests.contract.provider_harness import CoinGateHarness

# --- callbacks


async def test_callbacks_come_as_forms_where_the_cabinet_says_so(gate: CoinGateHarness, app: CoinGate) -> None:
    await gate.set_account(callback_format="form")
    waiting = await listened(gate, app)
    await gate.pay(waiting.ref)

    claims = []
    for _ in range(3):
        headers, body = await gate.mailbox.take(waiting.ref)
        hint = app.read_webhook(headers, body)
        assert hint is not None
        assert (hint.ref, hint.pid, hint.mac, hint.amount) == (waiting.ref, waiting.pid, MAC, waiting.amount)
        claims.append(hint.claims)

    assert claims == [PaymentState.PENDING, PaymentState.CONFIRMING, PaymentState.SUCCEEDED]


async def test_a_signature_of_ours_holds_in_callbacks_and_in_what_is_read(
    gate: CoinGateHarness, app: CoinGate
) -> None:
    keys = {"1a2b3c4d": bytes(range(32))}
    request = request_for(app)
    terms = Terms(
        provider=app.id,
        account=app.account,
        payment_id=request.payment_id,
        order_id="018f6a2e-7c1a-7e55-8d21-51c2a7b0e0f4",
        user_id=123456789,
        amount_minor=request.amount.minor,
        currency=request.amount.currency,
    )
    signed = replace(
        request,
        mac=order_mac(keys, "1a2b3c4d", **terms),
        callback_url=f"{gate.mailbox.url}/webhooks/coingate/a-token",
    )
    ref = known(await app.create(app.prepare(signed), signed.payment_id)).ref
    await gate.pay(ref)

    hint = app.read_webhook(*await gate.mailbox.take(ref))
    snapshot = known(await app.fetch(ref))

    assert hint is not None
    for pid, signature in ((hint.pid, hint.mac), (snapshot.pid, snapshot.mac)):
        assert pid == request.payment_id
        assert mac_ok(keys, signature, **terms)
        assert not mac_ok(keys, signature, **{**terms, "amount_minor": 1})


async def test_a_shop_without_an_address_is_paid_without_callbacks(gate: CoinGateHarness, app: CoinGate) -> None:
    ref = (await created(app)).ref
    await gate.pay(ref)

    assert (await gate.http.get("coingate/_ctl/deliveries")).json() == []
    assert known(await app.fetch(ref)).state is PaymentState.SUCCEEDED


async def test_where_callbacks_come_from_is_learned_and_the_last_good_list_kept(
    gate: CoinGateHarness, app: CoinGate
) -> None:
    assert app.accepts_from("203.0.113.66")
    assert app.accepts_from(None)
    await gate.act("market", ips=["198.51.100.7", "198.51.100.8"])

    await app.probe()
    assert app.accepts_from("198.51.100.8")
    assert app.accepts_from("::ffff:198.51.100.8")
    for stranger in ("203.0.113.66", "::1", "", "nobody", None):
        assert not app.accepts_from(stranger)

    await gate.spoil_path("GET", "/v2/ips-v4", "status", status=200, body="<html>moved</html>")
    await app.probe()
    assert app.accepts_from("198.51.100.7")
    assert not app.accepts_from("203.0.113.66")

    await gate.act("market", ips=["203.0.113.66"])
    await app.probe()
    assert app.accepts_from("203.0.113.66")
    assert not app.accepts_from("198.51.100.7")


# --- what a probe learns


async def test_a_price_in_roubles_is_offered_only_where_it_is_taken(gate: CoinGateHarness, app: CoinGate) -> None:
    assert app.currencies == {Currency.RUB, Currency.EUR}
    await gate.act("market", price_currencies=["EUR", "USD"], shoppers=["RU", "DE"], merchants=["RU"])

    assert (await app.probe()).notes == ("no-roubles",)
    assert app.currencies == {Currency.EUR}

    await gate.act("market", price_currencies=["EUR", "RUB"], shoppers=["DE"])
    assert (await app.probe()).notes == ("no-shoppers-from-russia",)
    assert app.currencies == {Currency.RUB, Currency.EUR}

    await gate.act("market", shoppers=["RU"], merchants=["LT"])
    assert (await app.probe()).notes == ("no-merchants-from-russia",)


@pytest.mark.parametrize("body", ["OK", "OK\n", '"OK"', {"status": "ok"}, "true", " ", {"message": "Authenticated"}])
async def test_a_good_key_is_good_in_whatever_form_that_is_said(
    gate: CoinGateHarness, app: CoinGate, body: object
) -> None:
    await gate.spoil_path("GET", "/v2/auth/test", "status", status=200, body=body)

    assert (await app.probe()).enabled


@pytest.mark.parametrize("body", [{"error": "bad token"}, {"message": "Token is not valid"}, "<p>OK</p>", "OK " * 50])
async def test_a_200_that_names_an_error_or_is_a_page_tells_nothing_of_the_key(
    gate: CoinGateHarness, app: CoinGate, body: object
) -> None:
    await gate.spoil_path("GET", "/v2/auth/test", "status", status=200, body=body)

    with pytest.raises(Unavailable):
        await app.probe()


@pytest.mark.parametrize(("mode", "options"), BROKEN)
@pytest.mark.parametrize(
    "path", ["/v2/currencies", "/v2/ips-v4", "/v2/platforms", "/v2/countries/shoppers", "/v2/countries/merchants"]
)
async def test_what_everybody_may_ask_decides_nothing_when_it_cannot_be_read(
    gate: CoinGateHarness, path: str, mode: str, options: dict[str, Any]
) -> None:
    driver = gate.driver(mode="auto", read_seconds=0.5)
    await gate.spoil_path("GET", path, mode, **options)

    capabilities = await driver.probe()

    assert capabilities.enabled
    assert len(capabilities.notes) == (1 if "countries" in path else 2)
    assert driver.currencies == {Currency.RUB, Currency.EUR}
    await driver.aclose()


async def test_a_shop_elsewhere_is_priced_as_it_was_prepared(gate: CoinGateHarness, app: CoinGate) -> None:
    """A price that was offered before a probe is still sent, and CoinGate's no is a definite one."""
    await gate.act("market", price_currencies=["EUR"])
    await app.probe()
    request = replace(request_for(app), amount=Money(29900, Currency.RUB))

    refused = await app.create(app.prepare(request), request.payment_id)

    assert isinstance(refused, Rejected)
    assert "Price currency is invalid" in refused.description
