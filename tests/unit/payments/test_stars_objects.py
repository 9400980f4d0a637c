"""What Telegram says of Stars, read: updates, transactions, invoices, and whatever else might come."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import HttpUrl, SecretStr

from backend.kit.errors import Invalid
from backend.kit.i18n import languages, translator
from backend.kit.money import Currency, Money
from backend.payments.providers.base import PaymentRequest, PaymentState, RefundRequest, RenewalNews, SavedInstrument
from backend.payments.providers.stars import Config, Stars
from backend.payments.providers.stars.config import BotAccess
from backend.payments.providers.stars.objects import Account, transaction

PAYLOAD = "s1.018f6a2e7c1b7d109f3e2b6f0c9d4a11.1.BqJ453afT7RBsIJxcjH-1Q"
PAID: dict[str, Any] = {
    "currency": "XTR",
    "total_amount": 250,
    "invoice_payload": PAYLOAD,
    "telegram_payment_charge_id": "stxAbc",
}
REQUEST = PaymentRequest(
    payment_id="018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
    amount=Money(250, Currency.XTR),
    method="stars",
    description="Подписка, 30 дней. Заказ 1001",
    return_url="",
    mac=PAYLOAD,
)


def stars(**settings: Any) -> Stars:
    access = BotAccess(_env_file=None, bot_token=SecretStr("4200000042:AAH-a-token"))
    return Stars(Config(_env_file=None, **settings), access)


def update(**message: Any) -> bytes:
    said = {"message_id": 5, "date": 1_790_000_000, "from": {"id": 7}, "chat": {"id": 8}, **message}
    return json.dumps({"update_id": 1, "message": said}).encode()


def test_a_payment_says_who_paid_what_for_what() -> None:
    told = stars().told(update(successful_payment=PAID))

    assert told is not None
    assert (told.ref, told.state, told.amount) == ("stxAbc", PaymentState.SUCCEEDED, Money(250, Currency.XTR))
    assert (told.pid, told.mac, told.payer) == ("018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11", PAYLOAD, "7")
    assert (told.account, told.test, told.refunded_minor, told.refund_ref) == ("4200000042", False, 0, None)


def test_a_payment_that_does_not_say_by_whom_is_of_the_person_whose_chat_it_is() -> None:
    private, group = (update(successful_payment=PAID, chat={"id": id}, **{"from": None}) for id in (8, -8))

    told = stars().told(private)

    assert told is not None
    assert told.payer == "8"
    assert stars().told(group) is None


def test_a_refund_is_of_the_whole_and_of_the_person_whose_chat_it_is() -> None:
    told = stars().told(update(refunded_payment=PAID))

    assert told is not None
    assert (told.state, told.refunded_minor, told.refund_ref, told.payer) == (
        PaymentState.SUCCEEDED,
        250,
        "stars-stxAbc",
        "8",
    )


def test_a_payment_and_its_refund_are_two_events_of_one_payment() -> None:
    hints = [stars().read_webhook({}, update(**{kind: PAID})) for kind in ("successful_payment", "refunded_payment")]

    assert [(hint.event, hint.ref, hint.object_id) for hint in hints if hint] == [
        ("paid", "stxAbc", "stxAbc"),
        ("refunded", "stxAbc", "stxAbc"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "RUB"},
        {"total_amount": 0},
        {"total_amount": -250},
        {"total_amount": 2.5},
        {"total_amount": True},
        {"total_amount": 10**400},
        {"telegram_payment_charge_id": ""},
        {"telegram_payment_charge_id": "\0"},
        {"telegram_payment_charge_id": None},
    ],
)
def test_what_is_no_payment_in_stars_is_about_something_else(changes: dict[str, Any]) -> None:
    body = update(successful_payment=PAID | changes)

    assert stars().told(body) is None
    assert stars().read_webhook({}, body) is None


def test_a_payload_that_is_not_ours_is_money_all_the_same() -> None:
    told = stars().told(update(successful_payment=PAID | {"invoice_payload": "another program's"}))

    assert told is not None
    assert (told.pid, told.mac, told.amount) == (None, "another program's", Money(250, Currency.XTR))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"\xff", b'{"update_id": "1"}', b"[" * 5000])
def test_what_is_no_update_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        stars().read_webhook({}, body)
    assert stars().told(body) is None


@pytest.mark.parametrize("said", [{"text": "/start"}, {"successful_payment": []}, {"from": None}, {"chat": 5}])
def test_other_updates_are_about_something_else(said: dict[str, Any]) -> None:
    assert stars().read_webhook({}, update(**said)) is None


def test_an_invoice_is_within_what_telegram_takes() -> None:
    body = json.loads(stars().prepare(replace(REQUEST, description="Подписка " * 60)))

    assert (len(body["title"]), len(body["description"])) == (32, 255)
    assert body["prices"] == [{"label": body["title"], "amount": 250}]
    assert (body["currency"], body["provider_token"], body["payload"]) == ("XTR", "", PAYLOAD)


def test_an_invoice_that_renews_says_how_often() -> None:
    once, renewing = (json.loads(stars().prepare(replace(REQUEST, save_method=save))) for save in (False, True))

    assert renewing == once | {"subscription_period": 30 * 86400}


@pytest.mark.parametrize(
    ("stars_price", "days", "renews"), [(1, 30, True), (10_000, 30, True), (10_001, 30, False), (250, 31, False)]
)
def test_only_thirty_days_at_a_price_telegram_takes_can_renew(stars_price: int, days: int, renews: bool) -> None:
    assert stars().can_renew("stars", Money(stars_price, Currency.XTR), days) is renews


def test_a_subscription_can_be_kept_by_any_of_its_payments_since_the_first_may_be_lost() -> None:
    said = PAID | {"is_recurring": True, "is_first_recurring": True, "subscription_expiration_date": 1_792_592_000}
    first, again = (
        stars().told(update(successful_payment=said | {"is_first_recurring": is_first})) for is_first in (True, False)
    )
    once = stars().told(update(successful_payment=PAID))

    assert first is not None
    assert again is not None
    assert once is not None
    assert (first.recurring, first.saved) == (True, SavedInstrument("stxAbc", "stars", "Telegram Stars"))
    assert (again.recurring, again.saved) == (True, SavedInstrument("stxAbc", "stars", "Telegram Stars"))
    assert (once.recurring, once.saved) == (False, None)


@pytest.mark.parametrize("way", ["source", "receiver"])
@pytest.mark.parametrize(
    ("row", "affiliate", "paid"),
    [
        ({"amount": 250}, None, 250),
        ({"amount": 225}, {"amount": 25, "commission_per_mille": 100}, 250),
        ({"amount": 225}, {"amount": 25}, 250),
        ({"amount": 250}, {"amount": 25, "commission_per_mille": 100}, 250),  # the whole price after all
        (
            {"amount": 148, "nanostar_amount": 500_000_000},
            {"amount": 1, "nanostar_amount": 500_000_000, "commission_per_mille": 10},
            150,
        ),
        ({"amount": 10}, {"amount": 1, "commission_per_mille": 100}, 10),
        ({"amount": 148}, {"amount": 1, "nanostar_amount": 500_000_000, "commission_per_mille": 10}, 148),
    ],
)
def test_the_share_of_whoever_brought_the_buyer_was_paid_too(
    way: str, row: dict[str, Any], affiliate: dict[str, Any] | None, paid: int
) -> None:
    if affiliate and way == "receiver":
        affiliate = affiliate | {name: -affiliate[name] for name in affiliate if name != "commission_per_mille"}
    who = {"type": "user", "transaction_type": "invoice_payment", "user": {"id": 7}, "invoice_payload": PAYLOAD}

    found = transaction(
        Account("42", test=False), {"id": "stx", "date": 1, **row, way: who | {"affiliate": affiliate}}
    )

    assert found is not None
    assert found.amount == Money(paid, Currency.XTR)
    assert found.refunded_minor == (paid if way == "receiver" else 0)


def news(**changes: Any) -> bytes:
    said = {"user": {"id": 7}, "invoice_payload": PAYLOAD, "state": "canceled", **changes}
    return json.dumps({"update_id": 12, "subscription": said}).encode()


@pytest.mark.parametrize("state", ["active", "canceled", "failed"])
def test_what_becomes_of_a_subscription_is_an_event_of_its_own(state: str) -> None:
    told = stars().told_of_renewal(news(state=state))
    hint = stars().read_webhook({}, news(state=state))

    assert told == RenewalNews(state, "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11", PAYLOAD, "7")
    assert hint is not None
    assert (hint.event, hint.object_id, hint.claims) == ("subscription", "12", None)
    assert stars().told(news(state=state)) is None


@pytest.mark.parametrize("changes", [{"state": "paused"}, {"state": None}, {"user": None}, {"invoice_payload": 5}])
def test_news_of_a_subscription_that_nobody_understands_are_about_something_else(changes: dict[str, Any]) -> None:
    assert stars().told_of_renewal(news(**changes)) is None
    assert stars().read_webhook({}, news(**changes)) is None


@pytest.mark.parametrize("changes", [{"method": "sbp"}, {"amount": Money(250, Currency.RUB)}])
def test_nothing_else_is_sold(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Stars buy no"):
        stars().prepare(replace(REQUEST, **changes))


def test_switched_off_they_offer_nothing_and_still_read_what_was_paid() -> None:
    off = stars(enabled=False)

    assert off.currencies == frozenset()
    assert off.told(update(successful_payment=PAID)) is not None


@pytest.mark.parametrize("payer", [None, "", "-7", "x"])
def test_stars_go_back_to_somebody(payer: str | None) -> None:
    with pytest.raises(ValueError, match="Telegram id"):
        stars().prepare_refund(RefundRequest("r", "stxAbc", Money(250, Currency.XTR), "", "", payer=payer))


def test_they_are_play_money_where_another_server_is_spoken_to_unless_said_otherwise() -> None:
    elsewhere = BotAccess(
        _env_file=None, bot_token=SecretStr("4200000042:AAH"), api_url=HttpUrl("http://127.0.0.1:8081")
    )

    assert Stars(Config(_env_file=None), elsewhere).test
    assert not Stars(Config(_env_file=None, test=False), elsewhere).test
    assert not stars().test


def test_without_a_bot_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    monkeypatch.chdir("/")

    assert Stars.from_environment() is None
    with pytest.raises(ValueError, match="TELEGRAM_BOT_TOKEN"):
        Stars(Config(_env_file=None), BotAccess(_env_file=None, bot_token=None))


@pytest.mark.parametrize("language", languages())
def test_the_title_of_an_invoice_is_never_cut(language: str) -> None:
    for days in (*range(1, 400), 730, 3650, 36500):
        title = translator(language)("invoice-title", days=days)
        invoice = json.loads(stars().prepare(replace(REQUEST, title=title)))

        assert (invoice["title"], invoice["prices"]) == (title, [{"label": title, "amount": 250}])


def test_without_a_title_an_invoice_is_named_by_its_description() -> None:
    invoice = json.loads(stars().prepare(REQUEST))

    assert invoice["title"] == "Подписка, 30 дней. Заказ 1001"
