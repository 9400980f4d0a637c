"""The YooKassa emulator after the payer decided: terms, captures, refunds, lists, autopay, controls."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from sandbox.clock import Clock
from tests.contract.yookassa_fixture import RECEIPT, SECRET, SHOP_ID, Yoo, assert_error, payment, rub, yookassa


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Yoo]:
    async with yookassa() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def yoo(running: Yoo) -> Yoo:
    await running.forget()
    return running


async def test_an_unconfirmed_payment_expires_after_an_hour(yoo: Yoo) -> None:
    opened = await yoo.open()
    await yoo.advance(3590)
    assert await yoo.status(opened["id"]) == "pending"

    await yoo.advance(20)
    gone = (await yoo.get(f"/payments/{opened['id']}")).json()
    assert (gone["status"], gone["paid"]) == ("canceled", False)
    assert gone["cancellation_details"] == {"party": "yoo_money", "reason": "expired_on_confirmation"}
    assert "confirmation" not in gone
    assert (await yoo.ctl(f"/payments/{opened['id']}/pay")).status_code == 409


async def test_held_money_is_captured_in_part_or_expires_in_seven_days(yoo: Yoo) -> None:
    held = await yoo.paid(capture=False)
    assert (held["status"], held["paid"]) == ("waiting_for_capture", True)
    assert "captured_at" not in held
    too_much = await yoo.post(f"/payments/{held['id']}/capture", {"amount": rub("300.00")})
    assert_error(too_much, 400, "invalid_request", "amount.value")

    taken = (await yoo.post(f"/payments/{held['id']}/capture", {"amount": rub("100.00")})).json()
    assert (taken["status"], taken["amount"]) == ("succeeded", rub("100.00"))

    late = await yoo.paid(capture=False)
    await yoo.advance(7 * 86400 + 1)
    gone = (await yoo.get(f"/payments/{late['id']}")).json()
    assert gone["cancellation_details"] == {"party": "yoo_money", "reason": "expired_on_capture"}


async def test_capture_and_cancel_work_only_on_held_money(yoo: Yoo) -> None:
    opened, done = await yoo.open(), await yoo.paid()
    for payment_id in (opened["id"], done["id"]):
        for action in ("capture", "cancel"):
            answer = await yoo.post(f"/payments/{payment_id}/{action}")
            assert_error(answer, 400, "invalid_request", "payment_id")
    assert_error(await yoo.post("/payments/unknown/cancel"), 404, "not_found", "payment_id")

    held = await yoo.paid(capture=False)
    released = await yoo.post(f"/payments/{held['id']}/cancel", key="cxl")
    again = await yoo.post(f"/payments/{held['id']}/cancel", key="cxl")
    assert released.json()["cancellation_details"] == {"party": "merchant", "reason": "canceled_by_merchant"}
    assert again.json() == released.json()


async def test_a_decline_is_told_with_party_and_reason(yoo: Yoo) -> None:
    opened = await yoo.open()
    wanted = {"party": "payment_network", "reason": "insufficient_funds"}
    declined = (await yoo.ctl(f"/payments/{opened['id']}/decline", wanted)).json()
    assert (declined["status"], declined["cancellation_details"]) == ("canceled", wanted)
    assert (await yoo.ctl(f"/payments/{opened['id']}/decline", wanted)).status_code == 409


async def test_refunds_add_up_to_the_amount_and_no_further(yoo: Yoo) -> None:
    done = await yoo.paid()
    body = {"payment_id": done["id"], "amount": rub("100.00"), "metadata": {"rid": "r1"}}
    first = (await yoo.post("/refunds", body, key="rf-1")).json()
    again = (await yoo.post("/refunds", body, key="rf-1")).json()
    too_much = await yoo.post("/refunds", {**body, "amount": rub("199.01")})
    partly = (await yoo.get(f"/payments/{done['id']}")).json()
    await yoo.post("/refunds", {**body, "amount": rub("199.00")})
    wholly = (await yoo.get(f"/payments/{done['id']}")).json()

    assert first == again
    assert (first["status"], first["payment_id"], first["metadata"]) == ("succeeded", done["id"], {"rid": "r1"})
    assert (await yoo.get(f"/refunds/{first['id']}")).json() == first
    assert_error(too_much, 400, "invalid_request", "amount")
    assert (partly["refunded_amount"], partly["refundable"]) == (rub("100.00"), True)
    assert (wholly["refunded_amount"], wholly["refundable"]) == (rub("299.00"), False)
    assert wholly["status"] == "succeeded"


async def test_refunds_are_only_of_paid_payments_of_the_last_three_years(yoo: Yoo) -> None:
    opened, done = await yoo.open(), await yoo.paid()
    await yoo.advance(3 * 365 * 86400 + 60)
    for payment_id in (opened["id"], done["id"], "unknown"):
        answer = await yoo.post("/refunds", {"payment_id": payment_id, "amount": rub("1.00")})
        assert_error(answer, 400, "invalid_request", "payment_id")
    assert_error(await yoo.get("/refunds/unknown"), 404, "not_found", "refund_id")


async def test_the_refund_knob_makes_them_wait_or_fail(yoo: Yoo) -> None:
    done = await yoo.paid()
    body = {"payment_id": done["id"], "amount": rub("200.00")}
    await yoo.ctl("/refunds/policy", {"result": "pending"})
    waiting = (await yoo.post("/refunds", body)).json()
    blocked = await yoo.post("/refunds", body)
    settled = (await yoo.ctl(f"/refunds/{waiting['id']}/settle", {"result": "canceled:rejected_by_payee"})).json()
    await yoo.ctl("/refunds/policy", {"result": "canceled:insufficient_funds"})
    failed = (await yoo.post("/refunds", body)).json()

    assert waiting["status"] == "pending"
    assert_error(blocked, 400, "invalid_request", "amount")
    assert settled["cancellation_details"]["reason"] == "rejected_by_payee"
    assert failed["cancellation_details"]["reason"] == "insufficient_funds"
    assert (await yoo.get(f"/payments/{done['id']}")).json()["refunded_amount"] == rub("0.00")
    assert (await yoo.ctl("/refunds/policy", {"result": "maybe"})).status_code == 400


async def test_a_partial_refund_needs_a_receipt_with_fiscalization(yoo: Yoo) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"fiscalization": True})
    done = await yoo.paid(receipt=RECEIPT)
    part = await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("100.00")})
    line = {name: value for name, value in RECEIPT["items"][0].items() if name != "measure"}
    for amount in (rub("100.00"), rub("299.00")):
        unmeasured = {**RECEIPT, "items": [{**line, "amount": amount}]}
        asked = {"payment_id": done["id"], "amount": amount, "receipt": unmeasured}
        assert_error(await yoo.post("/refunds", asked), 400, "invalid_request", "receipt")
    whole = await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("299.00")})
    assert_error(part, 400, "invalid_request", "receipt")
    assert whole.json()["receipt_registration"] == "pending"


async def test_lists_are_newest_first_and_paged_by_a_cursor(yoo: Yoo) -> None:
    ids = [(await yoo.open(metadata={"pid": str(n)}))["id"] for n in range(12)]
    first = (await yoo.get("/payments")).json()
    await yoo.open()  # a new one must not shift the second page
    second = (await yoo.get(f"/payments?cursor={first['next_cursor']}")).json()

    assert first["type"] == "list"
    assert [p["id"] for p in first["items"] + second["items"]] == ids[::-1]
    assert "next_cursor" not in second
    assert len((await yoo.get("/payments?limit=100")).json()["items"]) == 13
    for limit in ("0", "101", "x", "-1"):
        assert_error(await yoo.get(f"/payments?limit={limit}"), 400, "invalid_request", "limit")
    assert_error(await yoo.get("/payments?cursor=unknown"), 400, "invalid_request", "cursor")


async def test_lists_are_filtered(yoo: Yoo) -> None:
    old = await yoo.paid()
    await yoo.advance(3600)
    new = await yoo.paid(payment_method_data={"type": "sbp"})
    waiting = await yoo.open()

    async def found(query: str) -> list[str]:
        return [p["id"] for p in (await yoo.get(f"/payments?{query}")).json()["items"]]

    assert await found("status=succeeded") == [new["id"], old["id"]]
    assert await found("payment_method=sbp") == [new["id"]]
    assert await found(f"created_at.gte={new['created_at']}") == [waiting["id"], new["id"]]
    assert await found(f"created_at.gt={new['created_at']}") == [waiting["id"]]
    assert await found(f"created_at.lt={new['created_at']}") == [old["id"]]
    assert await found(f"created_at.lte={new['created_at']}&status=pending") == []
    assert await found(f"captured_at.gte={old['captured_at']}&captured_at.lt={new['captured_at']}") == [old["id"]]
    assert_error(await yoo.get("/payments?created_at.gte=today"), 400, "invalid_request", "created_at.gte")


async def test_refunds_are_listed_by_payment(yoo: Yoo) -> None:
    one, two = await yoo.paid(), await yoo.paid()
    for done in (one, two, one):
        await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("50.00")})
    of_one = (await yoo.get(f"/refunds?payment_id={one['id']}")).json()["items"]
    assert [refund["payment_id"] for refund in of_one] == [one["id"], one["id"]]
    assert len((await yoo.get("/refunds?status=succeeded&limit=100")).json()["items"]) == 3


def autopay(method_id: str) -> dict[str, Any]:
    return payment(payment_method_id=method_id, payment_method_data=None, confirmation=None)


@pytest.mark.parametrize("method", ["bank_card", "sbp", "yoo_money"])
async def test_a_saved_method_is_charged_without_the_payer(yoo: Yoo, method: str) -> None:
    first = await yoo.paid(save_payment_method=True, payment_method_data={"type": method})
    charged = (await yoo.post("/payments", autopay(first["payment_method"]["id"]))).json()

    assert first["payment_method"]["saved"] is True
    assert first["payment_method"]["status"] == "active"
    assert (charged["status"], charged["payment_method"]["id"]) == ("succeeded", first["payment_method"]["id"])
    assert "confirmation" not in charged


@pytest.mark.parametrize(
    ("wish", "tick", "saved"),
    [(True, False, True), (None, True, True), (None, False, False), (False, True, False)],
)
async def test_saving_is_the_shops_wish_before_the_payers_tick(
    yoo: Yoo, wish: bool | None, tick: bool, saved: bool
) -> None:
    done = await yoo.paid(save_payment_method=wish, save=tick)
    assert done["payment_method"]["saved"] is saved
    answer = await yoo.post("/payments", autopay(done["payment_method"]["id"]))
    assert answer.status_code == (200 if saved else 400)


async def test_without_recurring_the_wish_to_save_is_forbidden(yoo: Yoo) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"recurring": False})
    refused = await yoo.post("/payments", payment(save_payment_method=True))
    assert_error(refused, 403, "forbidden")
    assert "can't make recurring payments" in refused.json()["description"]
    assert (await yoo.paid(save=True))["payment_method"]["saved"] is False


async def test_the_knob_of_a_saved_method_decides_its_charges(yoo: Yoo) -> None:
    method_id = (await yoo.paid(save_payment_method=True))["payment_method"]["id"]

    await yoo.ctl(f"/methods/{method_id}", {"outcome": "canceled:insufficient_funds"})
    declined = (await yoo.post("/payments", autopay(method_id))).json()
    await yoo.ctl(f"/methods/{method_id}", {"outcome": "pending"})
    waiting = (await yoo.post("/payments", autopay(method_id))).json()
    await yoo.ctl(f"/payments/{waiting['id']}/pay")
    await yoo.ctl(f"/methods/{method_id}", {"revoked": True})

    assert declined["cancellation_details"]["reason"] == "insufficient_funds"
    assert waiting["status"] == "pending"
    assert await yoo.status(waiting["id"]) == "succeeded"
    revoked = await yoo.post("/payments", autopay(method_id))
    assert_error(revoked, 400, "invalid_request", "payment_method_id")
    foreign = await yoo.post("/payments", autopay(method_id), auth=("200600", "test_other"))
    assert_error(foreign, 400, "invalid_request", "payment_method_id")
    assert (await yoo.ctl(f"/methods/{method_id}", {"outcome": "maybe"})).status_code == 400
    assert (await yoo.ctl("/methods/unknown", {"revoked": True})).status_code == 404


async def test_the_control_api_finds_payments_and_shows_what_was_sent(yoo: Yoo) -> None:
    body = json.dumps(payment(metadata={"pid": "one"}), ensure_ascii=False).encode()
    one = (await yoo.post("/payments", body, key="k1")).json()
    two = await yoo.open(metadata={"pid": "two"})
    requests = await yoo.look("/requests")

    assert [p["id"] for p in await yoo.look("/payments")] == [two["id"], one["id"]]
    assert [p["id"] for p in await yoo.look("/payments?pid=one")] == [one["id"]]
    assert (await yoo.look(f"/payments/{one['id']}"))["id"] == one["id"]
    assert requests[0]["idempotence_key"] == "k1"
    assert requests[0]["body"].encode() == body
    assert (requests[0]["method"], requests[0]["path"], requests[0]["status"]) == ("POST", "/v3/payments", 200)
    assert SECRET not in json.dumps([requests, await yoo.look("/shops")])


async def test_the_control_api_refuses_nonsense(yoo: Yoo) -> None:
    opened = await yoo.open()
    refused: list[tuple[str, dict[str, Any], int]] = [
        ("/payments/unknown/pay", {}, 404),
        (f"/payments/{opened['id']}/pay", {"last4": "x"}, 400),
        (f"/payments/{opened['id']}/decline", {"reason": 5}, 400),
        ("/refunds/external", {"payment_id": "unknown"}, 404),
        ("/refunds/external", {"payment_id": opened["id"]}, 400),
        ("/refunds/unknown/settle", {"result": "succeeded"}, 404),
        ("/deliveries/unknown/repeat", {}, 404),
        (f"/shops/{SHOP_ID}", {"webhook_url": "ftp://x"}, 400),
        (f"/shops/{SHOP_ID}", {"colour": "red"}, 400),
        ("/shops/300700", {"recurring": True}, 400),
        ("/webhooks/policy", {"drop": 2}, 400),
        ("/webhooks/policy", {"loss": 1}, 400),
    ]
    for path, body, status in refused:
        assert (await yoo.ctl(path, body)).status_code == status, path
    assert (await yoo.http.post(f"{yoo.url}/_ctl/reset", content=b"{")).status_code == 400


async def test_a_secret_can_be_rotated_and_a_shop_opened(yoo: Yoo) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"secret_key": "test_new"})
    await yoo.ctl("/shops/300700", {"secret_key": "test_third", "methods": ["bank_card"]})

    assert (await yoo.get("/me")).status_code == 401
    assert (await yoo.get("/me", auth=(SHOP_ID, "test_new"))).status_code == 200
    assert (await yoo.get("/me", auth=("300700", "test_third"))).json()["payment_methods"] == ["bank_card"]


async def test_a_lost_answer_had_its_effect_and_a_lost_request_had_none(yoo: Yoo) -> None:
    body = json.dumps(payment()).encode()
    for mode, expected in (("lost_before", 0), ("lost_after", 1)):
        await yoo.arm(mode=mode, method="POST", path="/v3/payments")
        with pytest.raises(httpx2.TransportError):
            await yoo.post("/payments", body, key="k1")
        assert len((await yoo.get("/payments")).json()["items"]) == expected
    repeated = (await yoo.post("/payments", body, key="k1")).json()
    assert [p["id"] for p in (await yoo.get("/payments")).json()["items"]] == [repeated["id"]]


async def test_faults_answer_as_yookassa_would(yoo: Yoo) -> None:
    for fault in (
        {"mode": "http_429", "retry_after": 7},
        {"mode": "http_202", "retry_after": 1800},
        {"mode": "status", "status": 500},
        {"mode": "garbage"},
    ):
        await yoo.arm(**fault)
    limited = await yoo.post("/payments", payment())
    processing = await yoo.post("/payments", payment())
    broken = await yoo.post("/payments", payment())
    garbage = await yoo.post("/payments", payment())

    assert_error(limited, 429, "too_many_requests")
    assert limited.headers["Retry-After"] == "7"
    assert (processing.status_code, processing.json()["type"]) == (202, "processing")
    assert processing.json()["retry_after"] == 1800
    assert_error(broken, 500, "internal_server_error")
    assert (garbage.status_code, garbage.text[:6]) == (502, "<html>")
    assert (await yoo.get("/payments")).json()["items"] == []


async def test_yesterdays_world_is_found_after_a_restart_and_gone_after_a_reset(tmp_path: Path) -> None:
    body = json.dumps(payment()).encode()
    clock = Clock(tmp_path / "clock")
    async with yookassa(data_dir=tmp_path, clock=clock) as yoo:
        opened = (await yoo.post("/payments", body, key="k1")).json()
        saved = await yoo.paid(save_payment_method=True)
        await yoo.ctl(f"/shops/{SHOP_ID}", {"recurring": True, "secret_key": "test_new"})

    async with yookassa(data_dir=tmp_path, clock=clock) as yoo:
        auth = (SHOP_ID, "test_new")
        again = (await yoo.post("/payments", body, key="k1", auth=auth)).json()
        charged = (await yoo.post("/payments", autopay(saved["id"]), auth=auth)).json()
        await yoo.ctl("/reset")
        after = (await yoo.get("/payments")).json()  # with the first secret

    assert again == opened
    assert charged["status"] == "succeeded"
    assert after["items"] == []
