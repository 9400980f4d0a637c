"""The YooKassa emulator's API behaves as the real one is known to."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from sandbox.yookassa.shops import BY_CONTRACT
from tests.contract.yookassa_fixture import RECEIPT, SECRET, SHOP_ID, Yoo, assert_error, payment, rub, yookassa


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Yoo]:
    async with yookassa() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def yoo(running: Yoo) -> Yoo:
    await running.forget()
    return running


async def test_wrong_or_missing_credentials_are_401(yoo: Yoo) -> None:
    for auth in [("100500", "wrong"), ("999", SECRET), ("", "")]:
        assert_error(await yoo.get("/me", auth=auth), 401, "invalid_credentials")
    assert_error(await yoo.get("/me", auth=None), 401, "invalid_credentials", "Authorization")
    for header in ("Bearer abc", "Basic ???", "Basic /w=="):
        answer = await yoo.http.get(f"{yoo.url}/v3/me", headers={"Authorization": header})
        assert_error(answer, 401, "invalid_credentials", "Authorization")
    assert (await yoo.post("/payments", payment(), auth=("100500", "wrong"))).status_code == 401


async def test_a_post_needs_a_key_of_at_most_64_characters(yoo: Yoo) -> None:
    assert_error(await yoo.post("/payments", payment(), key=None), 400, "invalid_request", "Idempotence-Key")
    long = await yoo.post("/payments", payment(), key="k" * 65)
    assert_error(long, 400, "invalid_request", "Idempotence-Key")
    assert long.json()["description"].startswith("Idempotence key is too long")
    assert (await yoo.post("/payments", payment(), key="k" * 64)).status_code == 200


async def test_wrong_type_method_and_path_are_415_405_and_404(yoo: Yoo) -> None:
    other_type = await yoo.post("/payments", payment(), headers={"Content-Type": "text/plain"})
    other_method = await yoo.http.delete(f"{yoo.url}/v3/payments", auth=(SHOP_ID, SECRET))
    assert (other_type.status_code, other_type.content) == (415, b"")
    assert (other_method.status_code, other_method.content) == (405, b"")
    assert_error(await yoo.get("/nothing"), 404, "not_found")
    assert_error(await yoo.get("/payments/22d6d597-000f-5000-9000-145f6df21d6f"), 404, "not_found", "payment_id")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"description": "\\ud800"}',
        b'{"description": "\\u0000"}',
        b'{"amount": NaN}',
        json.dumps(payment(description="a\0b")).encode(),
        json.dumps(payment(metadata={"pid\0": "x"})).encode(),
    ],
)
async def test_nonsense_is_400(yoo: Yoo, body: bytes) -> None:
    assert (await yoo.post("/payments", body)).status_code == 400


async def test_ten_megabytes_are_413_and_nul_in_addresses_is_harmless(yoo: Yoo) -> None:
    assert (await yoo.post("/payments", b"x" * 10_000_000)).status_code == 413
    for path in ("/payments/%00", "/refunds/%00"):
        assert (await yoo.get(path)).status_code == 404
    for query in ("limit=%00", "cursor=%00", "created_at.gte=%00", "limit=²"):
        assert_error(await yoo.get(f"/payments?{query}"), 400, "invalid_request", query.split("=")[0])
    page = await yoo.http.post(f"{yoo.url}/checkout/%00", content=b"x" * 2_000_000)
    assert page.status_code == 413


async def test_a_new_payment_looks_like_the_real_one(yoo: Yoo) -> None:
    opened = await yoo.open()

    assert len(opened["id"]) == 36
    assert opened == {
        "id": opened["id"],
        "status": "pending",
        "paid": False,
        "amount": rub("299.00"),
        "confirmation": {
            "type": "redirect",
            "return_url": "https://shop.example.net/return/abc",
            "confirmation_url": f"{yoo.url}/checkout/{opened['id']}",
        },
        "created_at": opened["created_at"],
        "description": "Подписка, 30 дней",
        "metadata": {"pid": "p-1", "mac": "1.abc"},
        "payment_method": {"type": "bank_card", "id": opened["id"], "saved": False, "status": "inactive"},
        "recipient": {"account_id": SHOP_ID, "gateway_id": "1005007"},
        "refundable": False,
        "test": True,
    }
    assert opened["created_at"].endswith("Z")
    assert len(opened["created_at"]) == len("2018-07-10T14:27:54.691Z")
    assert (await yoo.get(f"/payments/{opened['id']}")).json() == opened


async def test_times_come_from_the_moved_clock(yoo: Yoo) -> None:
    await yoo.advance(timedelta(days=30).total_seconds())
    opened = await yoo.open()
    assert opened["created_at"][:10] == yoo.clock.now().date().isoformat()


async def test_another_shop_does_not_see_it(yoo: Yoo) -> None:
    done = await yoo.paid()
    other = ("200600", "test_other")
    assert_error(await yoo.get(f"/payments/{done['id']}", auth=other), 404, "not_found", "payment_id")
    assert (await yoo.get("/payments", auth=other)).json()["items"] == []
    refund = {"payment_id": done["id"], "amount": rub("299.00")}
    assert_error(await yoo.post("/refunds", refund, auth=other), 400, "invalid_request", "payment_id")
    assert (await yoo.get("/me", auth=other)).json()["test"] is False


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("bank_card", {"card", "title"}),
        ("sbp", {"sbp_operation_id", "payer_bank_details", "title"}),
        ("yoo_money", {"account_number", "title"}),
    ],
)
async def test_a_paid_payment_tells_how_it_was_paid(yoo: Yoo, method: str, fields: set[str]) -> None:
    done = await yoo.paid(payment_method_data={"type": method})

    assert (done["status"], done["paid"], done["refundable"]) == ("succeeded", True, True)
    assert done["refunded_amount"] == rub("0.00")
    assert float(done["income_amount"]["value"]) < 299
    assert done["captured_at"] >= done["created_at"]
    assert "confirmation" not in done
    assert fields <= done["payment_method"].keys()
    assert done["payment_method"]["saved"] is False
    assert ("authorization_details" in done) == (method == "bank_card")


async def test_me_tells_what_the_shop_may_do(yoo: Yoo) -> None:
    before = (await yoo.get("/me")).json()
    await yoo.ctl(f"/shops/{SHOP_ID}", {"fiscalization": True, "methods": ["bank_card"]})
    after = (await yoo.get("/me")).json()

    assert (before["account_id"], before["status"], before["test"]) == (SHOP_ID, "enabled", True)
    assert before["payment_methods"] == ["bank_card", "sbp", "yoo_money"]
    assert (before["fiscalization_enabled"], before["fiscalization"]["enabled"]) == (False, False)
    assert after["payment_methods"] == ["bank_card"]
    assert after["fiscalization"] == {"enabled": True, "provider": after["fiscalization"]["provider"]}


async def test_the_same_bytes_with_the_same_key_are_one_payment_in_its_present_state(yoo: Yoo) -> None:
    body = json.dumps(payment()).encode()
    answers = await asyncio.gather(*(yoo.post("/payments", body, key="k1") for _ in range(10)))
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 1

    await yoo.ctl(f"/payments/{ids.pop()}/pay")
    assert (await yoo.post("/payments", body, key="k1")).json()["status"] == "succeeded"
    assert len((await yoo.get("/payments")).json()["items"]) == 1


async def test_other_bytes_with_the_same_key_are_refused_even_if_they_mean_the_same(yoo: Yoo) -> None:
    body = json.dumps(payment()).encode()
    await yoo.post("/payments", body, key="k1")
    again = await yoo.post("/payments", body.replace(b": ", b":"), key="k1")

    assert_error(again, 400, "invalid_request", "Idempotence-Key")
    assert again.json()["description"] == "Idempotence key duplicated"
    assert (await yoo.post("/payments", body, key="k2")).status_code == 200
    assert len((await yoo.get("/payments")).json()["items"]) == 2


async def test_a_key_is_of_one_shop_and_lives_24_hours_of_the_moved_clock(yoo: Yoo) -> None:
    body = json.dumps(payment()).encode()
    first = (await yoo.post("/payments", body, key="k1")).json()["id"]
    foreign = (await yoo.post("/payments", body, key="k1", auth=("200600", "test_other"))).json()["id"]
    await yoo.advance(24 * 3600 - 60)
    kept = (await yoo.post("/payments", body, key="k1")).json()["id"]
    await yoo.advance(120)
    fresh = (await yoo.post("/payments", body, key="k1")).json()["id"]

    assert foreign != first
    assert kept == first
    assert fresh != first


async def test_a_refused_request_leaves_its_key_free(yoo: Yoo) -> None:
    refused = await yoo.post("/payments", payment(amount=rub("0.00")), key="k1")
    assert refused.status_code == 400
    assert (await yoo.post("/payments", payment(), key="k1")).status_code == 200


BAD = [
    ({"amount": None}, "amount"),
    ({"amount": "299.00"}, "amount"),
    ({"amount": {"value": 299, "currency": "RUB"}}, "amount.value"),
    ({"amount": rub("299")}, "amount.value"),
    ({"amount": rub("299,00")}, "amount.value"),
    ({"amount": rub("299.000")}, "amount.value"),
    ({"amount": rub("-1.00")}, "amount.value"),
    ({"amount": rub("0.00")}, "amount.value"),
    ({"amount": rub("0.99")}, "amount.value"),
    ({"amount": rub("350000.01")}, "amount.value"),
    ({"amount": {"value": "299.00", "currency": "USD"}}, "amount.currency"),
    ({"capture": "yes"}, "capture"),
    ({"save_payment_method": 1}, "save_payment_method"),
    ({"description": "x" * 129}, "description"),
    ({"description": 5}, "description"),
    ({"merchant_customer_id": "x" * 201}, "merchant_customer_id"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {str(i): "x" for i in range(17)}}, "metadata"),
    ({"metadata": {"k" * 33: "x"}}, "metadata"),
    ({"metadata": {"k": "x" * 513}}, "metadata.k"),
    ({"metadata": {"k": True}}, "metadata.k"),
    ({"metadata": {"k": ["x"]}}, "metadata.k"),
    ({"metadata": {"k": None}}, "metadata.k"),
    ({"confirmation": None}, "confirmation"),
    ({"confirmation": {"type": "teleport"}}, "confirmation.type"),
    ({"confirmation": {"type": ["qr"]}}, "confirmation.type"),
    ({"confirmation": {"type": "redirect"}}, "confirmation.return_url"),
    ({"confirmation": {"type": "mobile_application"}}, "confirmation.return_url"),
    ({"confirmation": {"type": "qr", "return_url": "nowhere"}}, "confirmation.return_url"),
    (
        {"confirmation": {"type": "redirect", "return_url": "https://a.b/" + "x" * 2048}},
        "confirmation.return_url",
    ),
    ({"confirmation": {"type": "redirect", "return_url": "javascript:alert(1)"}}, "confirmation.return_url"),
    ({"confirmation": {"type": "redirect", "return_url": "http://[bad"}}, "confirmation.return_url"),
    ({"payment_method_data": {"type": "cash"}}, "payment_method_data.type"),
    ({"payment_method_data": {"type": "barter"}}, "payment_method_data.type"),
    ({"payment_method_data": {"type": ["sbp"]}}, "payment_method_data.type"),
    ({"payment_method_data": "bank_card"}, "payment_method_data.type"),
    ({"payment_method_data": {"type": "sbp"}, "capture": False}, "capture"),
    ({"payment_method_data": {"type": "sbp"}, "amount": rub("700000.01")}, "amount.value"),
    ({"payment_method_id": "22d6d597", "payment_method_data": None, "confirmation": None}, "payment_method_id"),
    ({"payment_method_id": "22d6d597", "payment_method_data": None}, "confirmation"),
    ({"payment_method_id": "22d6d597", "confirmation": None}, "payment_method_data"),
    ({"receipt": {"items": []}}, "receipt"),
]


@pytest.mark.parametrize(("changes", "parameter"), BAD, ids=[f"{i}-{p}" for i, (_, p) in enumerate(BAD)])
async def test_each_broken_rule_names_its_parameter(yoo: Yoo, changes: dict[str, Any], parameter: str) -> None:
    assert_error(await yoo.post("/payments", payment(**changes)), 400, "invalid_request", parameter)
    assert (await yoo.get("/payments")).json()["items"] == []


async def test_the_limits_themselves_are_allowed(yoo: Yoo) -> None:
    await yoo.open(description="я" * 128)
    await yoo.open(metadata={f"{i:032d}": "я" * 512 for i in range(16)})
    await yoo.open(amount=rub("1.00"))
    await yoo.open(amount=rub("350000.00"))
    await yoo.open(amount=rub("700000.00"), payment_method_data={"type": "sbp"})


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ({"type": "embedded"}, {"confirmation_token"}),
        ({"type": "external"}, set()),
        ({"type": "qr"}, {"confirmation_data"}),
        ({"type": "mobile_application", "return_url": "shop://back"}, None),
        ({"type": "mobile_application", "return_url": "https://shop.example.net/back"}, {"confirmation_url"}),
    ],
)
async def test_a_payer_may_be_led_to_the_page_in_every_documented_way(
    yoo: Yoo, wanted: dict[str, str], shown: set[str] | None
) -> None:
    answer = await yoo.post("/payments", payment(confirmation=wanted, payment_method_data={"type": "sbp"}))
    if shown is None:
        assert_error(answer, 400, "invalid_request", "confirmation.return_url")
        return
    opened = answer.json()

    assert opened["confirmation"].keys() == {"type", *shown}
    assert opened["confirmation"]["type"] == wanted["type"]
    page = await yoo.http.get(f"{yoo.url}/checkout/{opened['id']}")
    assert page.status_code == 200
    done = (await yoo.ctl(f"/payments/{opened['id']}/pay")).json()
    assert (done["status"], done.get("confirmation")) == ("succeeded", None)


@pytest.mark.parametrize("method", BY_CONTRACT)
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_other_documented_methods_are_taken_of_a_shop_that_has_them(
    yoo: Yoo, method: str, language: str
) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"methods": ["bank_card", method]})
    opened = await yoo.open(payment_method_data={"type": method})
    page = await yoo.http.get(f"{yoo.url}/checkout/{opened['id']}?lang={language}")
    paid = await yoo.http.post(f"{yoo.url}/checkout/{opened['id']}", data={"method": method, "action": "pay"})
    choice = await yoo.open(payment_method_data=None)
    offer = await yoo.http.get(f"{yoo.url}/checkout/{choice['id']}")

    assert opened["confirmation"]["confirmation_url"].endswith(opened["id"])
    assert (page.status_code, paid.status_code, offer.status_code) == (200, 303, 200)
    done = (await yoo.get(f"/payments/{opened['id']}")).json()
    assert (done["status"], done["payment_method"]["type"]) == ("succeeded", method)
    assert 0 < float(done["income_amount"]["value"]) < 299


async def test_numbers_in_metadata_come_back_as_text(yoo: Yoo) -> None:
    done = await yoo.paid(metadata={"pid": "p-1", "order": 72, "share": 0.5})
    refund = await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("1.00"), "metadata": {"row": 7}})

    assert done["metadata"] == {"pid": "p-1", "order": "72", "share": "0.5"}
    assert refund.json()["metadata"] == {"row": "7"}


async def test_a_vat_code_may_be_text_and_a_measure_is_wanted_by_fiscal_shops_alone(yoo: Yoo) -> None:
    line = {name: value for name, value in RECEIPT["items"][0].items() if name != "measure"}

    await yoo.open(receipt={**RECEIPT, "items": [{**line, "vat_code": "12"}]})


async def test_a_method_the_shop_does_not_have_is_refused(yoo: Yoo) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"methods": ["bank_card", "yoo_money"]})
    answer = await yoo.post("/payments", payment(payment_method_data={"type": "sbp"}))
    assert_error(answer, 400, "invalid_request", "payment_method_data.type")


async def test_a_receipt_is_needed_with_fiscalization_and_must_add_up(yoo: Yoo) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"fiscalization": True})
    without = await yoo.post("/payments", payment())
    wrong_sum = await yoo.post("/payments", payment(amount=rub("300.00"), receipt=RECEIPT))
    good = await yoo.open(receipt=RECEIPT)

    for answer in (without, wrong_sum):
        assert_error(answer, 400, "invalid_request", "receipt")
        assert answer.json()["description"] == "Receipt is missing or illegal"
    assert good["receipt_registration"] == "pending"
    line = RECEIPT["items"][0]
    no_measure = {name: value for name, value in line.items() if name != "measure"}
    wrong: list[dict[str, Any]] = [{"customer": {}}, {"items": []}, {"items": [{}]}, {"items": "x"}]
    wrong += [{"items": [no_measure]}, *({"items": [{**line, "measure": odd}]} for odd in (None, "bit", ["piece"]))]
    wrong += [{"items": [{**line, "vat_code": odd}]} for odd in (0, 13, "13", "one", True, 1.5, [1])]
    for broken in wrong:
        answer = await yoo.post("/payments", payment(receipt={**RECEIPT, **broken}))
        assert_error(answer, 400, "invalid_request", "receipt")
