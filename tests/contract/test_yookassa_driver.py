"""What only YooKassa has: held money, receipts, autopay by permission, long lists, limits."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.kit.errors import Unavailable
from backend.kit.money import Currency, Money
from backend.payments.providers.base import Known, PaymentState, RefundKnown, Rejected, Unknown
from backend.payments.providers.yookassa import YooKassa
from cli.probing import contradiction
from tests.contract.provider_cases import created, known, known_refund, refund_for, request_for
from tests.contract.provider_harness import Call, YooKassaHarness, yookassa


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[YooKassaHarness]:
    async with yookassa() as harness:
        yield harness


@pytest.fixture
async def company(running: YooKassaHarness) -> YooKassaHarness:
    running.reset()
    return running


@pytest.fixture
async def shop(company: YooKassaHarness) -> AsyncIterator[YooKassa]:
    driver = company.driver()
    yield driver
    await driver.aclose()


@pytest.fixture
async def receipts(company: YooKassaHarness) -> AsyncIterator[YooKassa]:
    """The driver of a shop that registers receipts; the company has that switched on."""
    await company.set_shop(fiscalization=True)
    driver = company.driver(vat_code=1)
    yield driver
    await driver.aclose()


@pytest.mark.parametrize("method", YooKassa.methods)
async def test_every_method_is_paid_at_one_price(company: YooKassaHarness, shop: YooKassa, method: str) -> None:
    ref = (await created(shop, method=method)).ref

    await company.pay(ref)

    assert known(await shop.fetch(ref)).state is PaymentState.SUCCEEDED


@pytest.mark.parametrize(
    ("method", "minor", "taken"),
    [
        ("bank_card", 99, False),
        ("bank_card", 100, True),
        ("bank_card", 350_000_00, True),
        ("bank_card", 350_000_01, False),
        ("sbp", 700_000_00, True),
        ("sbp", 700_000_01, False),
    ],
)
async def test_a_method_has_its_limits(shop: YooKassa, method: str, minor: int, taken: bool) -> None:
    request = request_for(shop, method=method, amount=Money(minor, Currency.RUB))

    result = await shop.create(shop.prepare(request), request.payment_id)

    assert isinstance(result, Known if taken else Rejected)


async def test_the_longest_texts_we_send_are_taken(shop: YooKassa) -> None:
    request = request_for(shop, description="ж" * 500, return_url="https://shop.example.net/return/" + "r" * 2000)

    assert isinstance(await shop.create(shop.prepare(request), request.payment_id), Known)


async def test_a_key_of_64_characters_is_taken_and_a_longer_one_is_a_plain_no(shop: YooKassa) -> None:
    body = shop.prepare(request_for(shop))

    assert isinstance(await shop.create(body, "k" * 64), Known)
    refused = await shop.create(body, "k" * 65)

    assert isinstance(refused, Rejected)
    assert refused.parameter == "Idempotence-Key"


async def test_held_money_is_confirming_until_it_is_captured(company: YooKassaHarness, shop: YooKassa) -> None:
    request = request_for(shop)
    held = json.loads(shop.prepare(request)) | {"capture": False}
    ref = known(await shop.create(json.dumps(held).encode(), request.payment_id)).ref

    early = await shop.capture(ref, f"cap-{request.payment_id}")
    assert isinstance(early, Rejected)

    await company.pay(ref)
    snapshot = known(await shop.fetch(ref))
    assert (snapshot.state, snapshot.paid_at) == (PaymentState.CONFIRMING, None)
    hint = shop.read_webhook(*await company.mailbox.take(ref))
    assert hint is not None
    assert hint.claims is PaymentState.CONFIRMING

    captured = known(await shop.capture(ref, f"cap-{request.payment_id}"))
    assert captured.state is PaymentState.SUCCEEDED
    assert known(await shop.capture(ref, f"cap-{request.payment_id}")).ref == ref


async def test_a_shop_without_autopay_sells_without_saving_the_method(
    company: YooKassaHarness, shop: YooKassa
) -> None:
    await company.set_shop(recurring=False)
    request = request_for(shop, save_method=True)

    refused = await shop.create(shop.prepare(request), request.payment_id)

    assert isinstance(refused, Rejected)
    assert refused.code == "recurring_off"
    assert (await created(shop)).state is PaymentState.PENDING


async def test_a_shop_with_autopay_may_save_the_method(shop: YooKassa) -> None:
    assert (await created(shop, save_method=True)).state is PaymentState.PENDING


async def test_a_shop_that_must_give_receipts_refuses_a_payment_without_one(receipts: YooKassa) -> None:
    request = request_for(receipts)

    refused = await receipts.create(receipts.prepare(request), request.payment_id)

    assert isinstance(refused, Rejected)
    assert refused.parameter == "receipt"


async def test_with_an_email_its_receipts_are_taken_also_for_a_part_of_the_money(
    company: YooKassaHarness, receipts: YooKassa
) -> None:
    ref = (await created(receipts, email="buyer@example.com", item="Подписка на сервис, 30 дней")).ref
    await company.pay(ref)
    part = refund_for(known(await receipts.fetch(ref)), 9900)

    without = await receipts.refund(receipts.prepare_refund(part), "rf-without")
    assert isinstance(without, Rejected)

    part = replace(part, email="buyer@example.com")
    assert isinstance(await receipts.refund(receipts.prepare_refund(part), part.refund_id), RefundKnown)


async def test_all_the_money_goes_back_without_a_receipt_of_ours(
    company: YooKassaHarness, receipts: YooKassa
) -> None:
    ref = (await created(receipts, email="buyer@example.com")).ref
    await company.pay(ref)
    whole = refund_for(known(await receipts.fetch(ref)), 29900)

    refund = known_refund(await receipts.refund(receipts.prepare_refund(whole), whole.refund_id))

    assert refund.state == "succeeded"


async def test_the_probe_tells_of_receipts_and_of_a_vat_code_that_is_missing(
    shop: YooKassa, receipts: YooKassa
) -> None:
    with_code, without_code = await receipts.probe(), await shop.probe()

    assert (with_code.fiscalization, with_code.notes) == (True, ())
    assert (without_code.fiscalization, without_code.notes) == (True, ("vat-code-missing",))


async def test_a_test_shop_as_the_real_one_offers_no_sbp(company: YooKassaHarness, shop: YooKassa) -> None:
    await company.set_shop(methods=["bank_card", "yoo_money", "sberbank"])

    assert (await shop.probe()).methods == frozenset({"bank_card", "yoo_money"})


async def test_a_sweep_reads_every_page_newest_first(company: YooKassaHarness, shop: YooKassa) -> None:
    since = company.world.clock.now() - timedelta(seconds=5)
    body = json.loads(shop.prepare(request_for(shop)))
    refs = [(await company.send(f"key-{n}", body))["id"] for n in range(205)]

    found = [snapshot.ref async for snapshot in shop.list_since(since)]

    assert found == refs[::-1]


async def test_refunds_are_listed_by_their_own_time_however_old_their_payment_is(
    company: YooKassaHarness, shop: YooKassa
) -> None:
    refs = [(await created(shop)).ref for _ in range(2)]
    for ref in refs:
        await company.pay(ref)
    await company.refund_in_cabinet(refs[0], "50.00")
    company.world.clock.advance(timedelta(days=30).total_seconds())
    start = company.world.clock.now() - timedelta(hours=1)
    await company.refund_in_cabinet(refs[1], "100.00")

    [refund] = [found async for found in shop.refunds_since(start)]

    assert (refund.payment_ref, refund.state) == (refs[1], "succeeded")
    assert [snapshot async for snapshot in shop.list_since(start)] == []


async def test_a_page_that_cannot_be_read_ends_the_sweep_and_what_came_before_it_stands(
    company: YooKassaHarness, shop: YooKassa
) -> None:
    since = company.world.clock.now() - timedelta(seconds=5)
    body = json.loads(shop.prepare(request_for(shop)))
    refs = [(await company.send(f"key-{n}", body))["id"] for n in range(105)]
    sweep = aiter(shop.list_since(since))

    found = [(await anext(sweep)).ref]
    await company.spoil(Call.LIST, "garbage")
    found += [(await anext(sweep)).ref for _ in range(99)]

    assert found == refs[:4:-1]
    with pytest.raises(Unavailable):
        await anext(sweep)


async def test_a_list_that_turns_in_circles_ends(company: YooKassaHarness, shop: YooKassa) -> None:
    page = {"type": "list", "items": [], "next_cursor": "again"}
    await company.spoil(Call.LIST, "status", status=200, body=page, times=None)

    with pytest.raises(Unavailable):
        [found async for found in shop.list_since(company.world.clock.now())]


async def test_what_stands_in_a_list_and_is_no_payment_is_passed_over(
    company: YooKassaHarness, shop: YooKassa
) -> None:
    real = await company.send("key-1", json.loads(shop.prepare(request_for(shop))))
    page = {"type": "list", "items": [None, [], {"id": 5}, {"novelty": True}, real | {"status": "in_limbo"}]}
    await company.spoil(Call.LIST, "status", status=200, body=page)

    [snapshot] = [found async for found in shop.list_since(company.world.clock.now())]

    assert (snapshot.ref, snapshot.state) == (real["id"], PaymentState.PENDING)


async def test_an_answer_full_of_novelties_is_read(company: YooKassaHarness, shop: YooKassa) -> None:
    real = await company.send("key-1", json.loads(shop.prepare(request_for(shop))))
    novel = real | {
        "status": "on_the_moon",
        "payment_method": {"type": "telepathy", "saved": "perhaps"},
        "receipt_registration": "carved_in_stone",
        "cancellation_details": {"party": "nobody", "reason": "eclipse"},
        "amount": {"value": 299.0, "currency": "RUB"},
        "novelty": [{"deep": {"er": None}}],
    }
    await company.spoil(Call.FETCH, "status", status=200, body=novel)

    snapshot = known(await shop.fetch(real["id"]))

    assert (snapshot.state, snapshot.provider_status) == (PaymentState.PENDING, "on_the_moon")
    assert (snapshot.reason, snapshot.amount) == ("eclipse", Money(29900, Currency.RUB))


@pytest.mark.parametrize("ref", ["..", ".", "../refunds", "emul_payment_1", "a:1.0"])
async def test_an_id_stays_one_step_of_the_path(company: YooKassaHarness, shop: YooKassa, ref: str) -> None:
    for ask in (shop.fetch(ref), shop.fetch_refund(ref), shop.capture(ref, "cap-1")):
        assert isinstance(await ask, Rejected)

    asked = [entry["path"] for entry in company.world.log.since(service="yookassa")]
    assert [path.rpartition("/v3")[2] for path in asked] == [
        f"/payments/{ref}",
        f"/refunds/{ref}",
        f"/payments/{ref}/capture",
    ]


async def test_a_payment_that_was_answered_with_201_is_known(company: YooKassaHarness, shop: YooKassa) -> None:
    real = await company.send("key-1", json.loads(shop.prepare(request_for(shop))))
    await company.spoil(Call.CREATE, "status", status=201, body=real)
    request = request_for(shop)

    assert known(await shop.create(shop.prepare(request), request.payment_id)).ref == real["id"]


async def test_a_shop_that_does_not_say_whether_it_is_a_test_is_taken_as_it_is(
    company: YooKassaHarness, shop: YooKassa
) -> None:
    said = {"account_id": shop.account, "status": "enabled"}
    await company.spoil(Call.PROBE, "status", status=200, body=said)
    silent = await shop.probe()
    await company.spoil(Call.PROBE, "status", status=200, body={**said, "test": False})
    live = await shop.probe()

    assert (silent.test, contradiction(shop, silent)) == (None, None)
    assert contradiction(shop, live) == "the key is for live payments, the settings say test"


async def test_an_answer_nested_beyond_reason_is_unknown(company: YooKassaHarness, shop: YooKassa) -> None:
    await company.spoil(Call.FETCH, "status", status=200, body="[" * 200_000)

    assert isinstance(await shop.fetch("2d8f0e8d-000f-5000-8000-18db351245c7"), Unknown)
