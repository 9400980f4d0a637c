"""The bytes sent to YooKassa, against its documented samples."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.money import Currency, Money
from backend.payments.providers.base import PaymentRequest, RefundRequest
from backend.payments.providers.yookassa import Config, YooKassa
from backend.payments.providers.yookassa.bodies import payment_body

SAMPLES = Path(__file__).parents[2] / "data" / "yookassa"
CARD = PaymentRequest(
    payment_id="018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
    amount=Money(29900, Currency.RUB),
    method="bank_card",
    description="Подписка, 30 дней, заказ 10482",
    return_url="https://shop.example.net/return/Vq3nC0b8TzKpW5yHdR2mXs",
    mac="1.yKKJ7LQP85ewKRxafpgerRfvhBhIlJf7VCimQCAV5go",
)
REFUND = RefundRequest(
    refund_id="01903b6e-1f0a-7b33-8a0c-6a4d4f6c1e55",
    payment_ref="2d8f0e8d-000f-5000-8000-18db351245c7",
    amount=Money(9900, Currency.RUB),
    description="Возврат по заявлению",
    mac="1.yKKJ7LQP85ewKRxafpgerRfvhBhIlJf7VCimQCAV5go",
)
RECEIPTS = Config(_env_file=None, vat_code=1)


def driver(**settings: Any) -> YooKassa:
    return YooKassa(Config(_env_file=None, shop_id="100500", secret_key="test_Abc", **settings))


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def sent(request: PaymentRequest, **settings: Any) -> Any:
    return json.loads(driver(**settings).prepare(request))


def test_a_card_payment_with_its_receipt_is_the_documented_one() -> None:
    request = replace(CARD, email="buyer@example.com", item="Подписка на сервис, 30 дней")

    assert sent(request, vat_code=1) == sample("create_bank_card") | {"save_payment_method": False}


@pytest.mark.parametrize("method", ["sbp", "yoo_money"])
def test_the_other_methods_are_the_documented_ones_with_our_language(method: str) -> None:
    expected = sample(f"create_{method}")
    expected["confirmation"]["locale"] = "ru_RU"  # optional; the samples leave it out

    assert sent(replace(CARD, method=method)) == expected | {"save_payment_method": False}


def test_every_method_is_prepared_and_an_unknown_one_is_a_bug() -> None:
    assert [sent(replace(CARD, method=m))["payment_method_data"] for m in YooKassa.methods] == [
        {"type": "bank_card"},
        {"type": "sbp"},
        {"type": "yoo_money"},
    ]
    with pytest.raises(ValueError, match="barter"):
        driver().prepare(replace(CARD, method="barter"))


def test_only_roubles_are_sold_and_given_back() -> None:
    with pytest.raises(ValueError, match="EUR"):
        driver().prepare(replace(CARD, amount=Money(100, Currency.EUR)))
    with pytest.raises(ValueError, match="XTR"):
        driver().prepare_refund(replace(REFUND, amount=Money(100, Currency.XTR)))


def test_the_page_speaks_english_to_everybody_but_russians() -> None:
    assert sent(CARD)["confirmation"]["locale"] == "ru_RU"
    assert sent(replace(CARD, language="en"))["confirmation"]["locale"] == "en_US"
    assert sent(replace(CARD, language="de"))["confirmation"]["locale"] == "en_US"


@pytest.mark.parametrize("length", [128, 129, 1000])
def test_a_long_description_is_cut_to_128_characters(length: int) -> None:
    body = sent(replace(CARD, description="ж" * length, email="a@b.example"), vat_code=1)

    assert body["description"] == "ж" * 128
    assert body["receipt"]["items"][0]["description"] == "ж" * 128


def test_saving_the_method_is_asked_for_only_when_wanted_and_else_refused_aloud() -> None:
    assert sent(CARD)["save_payment_method"] is False
    assert sent(replace(CARD, save_method=True))["save_payment_method"] is True
    with pytest.raises(ValueError, match="sbp"):
        sent(replace(CARD, method="sbp", save_method=True))


def test_a_saved_method_is_charged_without_a_page() -> None:
    charge = sent(replace(CARD, saved_ref="2d8f0e8d-000f-5000-8000-18db351245c7"))

    assert charge["payment_method_id"] == "2d8f0e8d-000f-5000-8000-18db351245c7"
    assert charge.keys() == {"amount", "capture", "payment_method_id", "description", "metadata"}
    assert charge["capture"] is True


def test_a_receipt_needs_both_an_email_and_a_shop_that_registers_receipts() -> None:
    with_email = replace(CARD, email="buyer@example.com")

    assert "receipt" not in sent(CARD, vat_code=1)
    assert "receipt" not in sent(with_email)
    assert "receipt" in sent(with_email, vat_code=1)


def test_a_receipt_carries_what_the_accountant_set_and_adds_up() -> None:
    receipt = sent(
        replace(CARD, email="buyer@example.com"),
        vat_code=11,
        tax_system_code=2,
        receipt_payment_mode="full_prepayment",
    )["receipt"]

    assert receipt["customer"] == {"email": "buyer@example.com"}
    assert receipt["tax_system_code"] == 2
    [line] = receipt["items"]
    assert (line["vat_code"], line["payment_mode"], line["payment_subject"]) == (11, "full_prepayment", "service")
    assert (line["quantity"], line["amount"]) == ("1.00", {"value": "299.00", "currency": "RUB"})


def test_a_line_says_what_is_counted_also_when_nobody_is_there_to_pay() -> None:
    request = replace(CARD, email="buyer@example.com")

    for sold in (request, replace(request, saved_ref="2d8f0e8d-000f-5000-8000-18db351245c7")):
        assert [line["measure"] for line in sent(sold, vat_code=1)["receipt"]["items"]] == ["piece"]


def test_the_receipt_setting_has_the_name_operators_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIPT_PAYMENT_MODE", "full_prepayment")

    assert Config(_env_file=None).receipt_payment_mode == "full_prepayment"


def test_a_refund_names_its_payment_and_carries_our_mark() -> None:
    assert json.loads(driver(vat_code=1).prepare_refund(REFUND)) == {
        "payment_id": "2d8f0e8d-000f-5000-8000-18db351245c7",
        "amount": {"value": "99.00", "currency": "RUB"},
        "description": "Возврат по заявлению",
        "metadata": {"rid": REFUND.refund_id, "mac": REFUND.mac},
    }


def test_a_partial_refund_has_a_receipt_of_what_was_returned() -> None:
    request = replace(REFUND, email="buyer@example.com", item="Подписка на сервис, 30 дней")

    receipt = json.loads(driver(vat_code=1).prepare_refund(request))["receipt"]

    assert receipt["items"][0]["amount"] == {"value": "99.00", "currency": "RUB"}
    assert receipt["items"][0]["description"] == "Подписка на сервис, 30 дней"
    assert receipt["items"][0]["measure"] == "piece"


@given(
    description=st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    minor=st.integers(1, 10**13),
    method=st.sampled_from(YooKassa.methods),
    email=st.none() | st.emails(),
)
def test_the_same_request_gives_the_same_bytes_within_yookassas_limits(
    description: str, minor: int, method: str, email: str | None
) -> None:
    request = replace(CARD, description=description, amount=Money(minor, Currency.RUB), method=method, email=email)

    first, second = payment_body(request, RECEIPTS), payment_body(replace(request), RECEIPTS)

    assert first == second
    body = json.loads(first.decode("utf-8"))
    assert body["amount"]["value"] == f"{minor // 100}.{minor % 100:02d}"
    assert len(body["description"]) <= 128
    assert all(isinstance(v, str) and len(v) <= 512 and len(k) <= 32 for k, v in body["metadata"].items())
