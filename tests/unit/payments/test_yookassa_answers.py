"""What every answer of YooKassa means: the classification on which retries with the same key depend."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.http import Answer
from backend.payments.providers.base import Misconfigured, NotProcessed, Rejected, Unknown
from backend.payments.providers.yookassa.answers import read_answer

SAMPLES = Path(__file__).parents[2] / "data" / "yookassa"
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers or {}, raw)


def error(code: str, description: str = "…", **more: Any) -> dict[str, Any]:
    return {"type": "error", "id": "e65a8f85", "code": code, "description": description, **more}


@pytest.mark.parametrize("status", [200, 201])
def test_an_object_is_passed_on(status: int) -> None:
    assert read_answer(answer(status, {"id": "x"})) == {"id": "x"}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (403, "forbidden"),
        (404, "not_found"),
        (405, "not_supported"),
        (410, "gone"),
        (409, "conflict"),
        (415, "media"),
    ],
)
def test_a_4xx_with_an_error_object_is_a_definite_no(status: int, code: str) -> None:
    assert read_answer(answer(status, error(code, "Because.", parameter="amount"))) == Rejected(
        code, "Because.", "amount"
    )


@pytest.mark.parametrize("status", [405, 415, 410])
def test_the_4xx_that_come_without_a_body_are_a_definite_no_too(status: int) -> None:
    assert read_answer(answer(status, b"")) == Rejected(f"http_{status}")


def test_a_404_has_one_name_whatever_the_body_calls_it() -> None:
    assert read_answer(answer(404, error("payment_unknown"))) == Rejected("not_found", "…")


@pytest.mark.parametrize(
    "wording",
    [
        "Idempotence key duplicated",
        "Duplicate idempotence key",
        "You've already used this idempotence key for another request within the past 24 hours. Repeat the request"
        " with another idempotence key",
    ],
)
def test_a_key_used_with_other_bytes_leaves_open_what_happened(wording: str) -> None:
    used = error("invalid_request", wording, parameter="Idempotence-Key")

    assert read_answer(answer(400, used)) == Unknown("idempotence key was used", duplicate_key=True)
    del used["parameter"]
    assert read_answer(answer(400, used)) == Unknown("idempotence key was used", duplicate_key=True)


def test_a_wording_nobody_knows_that_blames_the_key_leaves_it_open_too() -> None:
    blamed = error("invalid_request", "Ключ уже был.", parameter="Idempotence-Key")

    assert read_answer(answer(400, blamed)) == Unknown("idempotence key was used", duplicate_key=True)


@pytest.mark.parametrize(
    "wording",
    [
        "Idempotence key is too long. Send the value in accordance with the documentation",
        "Idempotence key is empty",
    ],
)
def test_a_key_that_is_no_key_is_a_plain_no(wording: str) -> None:
    refused = error("invalid_request", wording, parameter="Idempotence-Key")

    assert read_answer(answer(400, refused)) == Rejected("invalid_request", wording, "Idempotence-Key")


@pytest.mark.parametrize(
    "parameter",
    ["receipt.items.payment_subject", "items.paymentMode", "receipt.items[0].vat_code", "items[0].vat_code"],
)
def test_whatever_is_wrong_in_a_receipt_is_the_receipt(parameter: str) -> None:
    refused = error("invalid_request", "Illegal", parameter=parameter)

    assert read_answer(answer(400, refused)) == Rejected("invalid_request", f"Illegal ({parameter})", "receipt")


@pytest.mark.parametrize(
    ("parameter", "code"), [("payment_method_id", "method_gone"), ("receipt.customer.email", "email_refused")]
)
def test_what_only_the_buyer_can_mend_has_a_name_of_its_own(parameter: str, code: str) -> None:
    refused = error("invalid_request", "No", parameter=parameter)

    assert read_answer(answer(400, refused)) == Rejected(code, "No", parameter)


def test_a_shop_without_autopay_is_told_apart_from_other_refusals() -> None:
    sample = json.loads((SAMPLES / "error_recurring.json").read_text())

    assert read_answer(answer(403, sample)) == Rejected("recurring_off", sample["description"])
    assert read_answer(answer(403, error("forbidden"))) == Rejected("forbidden", "…")


@pytest.mark.parametrize("wording", ["Forbidden to save payment method", "Forbidden to use saved payment method"])
def test_older_shops_say_the_same_in_other_words(wording: str) -> None:
    assert read_answer(answer(403, error("forbidden", wording))) == Rejected("recurring_off", wording)


@pytest.mark.parametrize("body", [error("invalid_credentials"), PAGE, b""])
def test_wrong_credentials_are_the_operators_business(body: object) -> None:
    assert isinstance(read_answer(answer(401, body)), Misconfigured)


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        (error("too_many_requests"), {}, None),
        (error("too_many_requests", retry_after=1800), {}, timedelta(seconds=1.8)),
        (b"", {"retry-after": "7"}, timedelta(seconds=7)),
        (PAGE, {"retry-after": "999999"}, timedelta(hours=1)),
        (error("too_many_requests", retry_after=10**30), {}, timedelta(hours=1)),
        (error("too_many_requests", retry_after=-1), {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (error("too_many_requests", retry_after=True), {"retry-after": "-5"}, None),
    ],
)
def test_too_many_requests_certainly_had_no_effect(
    body: object, headers: dict[str, str], wait: timedelta | None
) -> None:
    assert read_answer(answer(429, body, headers)) == NotProcessed(wait)


@pytest.mark.parametrize(
    ("body", "wait"),
    [
        ({"type": "processing", "description": "…", "retry_after": 1800}, timedelta(seconds=1.8)),
        ({"type": "processing", "description": "…"}, timedelta(seconds=2)),
        (b"", timedelta(seconds=2)),
        ({"id": "2d8f0e8d-000f-5000-8000-18db351245c7", "status": "pending"}, timedelta(seconds=2)),
    ],
)
def test_accepted_but_not_done_is_unknown(body: object, wait: timedelta) -> None:
    assert read_answer(answer(202, body)) == Unknown("processing", wait)


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [error("internal_server_error"), PAGE, b"", {"id": "x", "status": "pending"}])
def test_a_failure_of_theirs_is_unknown_whatever_it_carries(status: int, body: object) -> None:
    assert isinstance(read_answer(answer(status, body)), Unknown)


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 400, 403, 404, 408])
@pytest.mark.parametrize(
    "body", [PAGE, b"", b"null", b"[]", b'"text"', b"\xff\xfe", b"{", b'{"a": NaN}', b"[" * 100_000, b"1" * 5000]
)
def test_what_is_not_a_json_object_is_unknown(status: int, body: bytes) -> None:
    assert isinstance(read_answer(answer(status, body)), Unknown)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_4xx_of_somebody_in_between_is_not_yookassas_no(status: int) -> None:
    assert isinstance(read_answer(answer(status, {"message": "no route matched"})), Unknown)


@pytest.mark.parametrize(("status", "code"), [(400, "invalid_request"), (403, "forbidden")])
def test_a_no_without_its_type_is_known_by_its_documented_code(status: int, code: str) -> None:
    assert read_answer(answer(status, {"code": code})) == Rejected(code)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"code": "forbidden"}),
        (400, {"code": 400, "message": "Bad Request"}),
        (400, {"type": "about:blank", "code": "invalid_request"}),
        (403, {"code": "access_denied"}),
        (404, {"code": "not_found"}),
        (408, {"code": "invalid_request"}),
    ],
)
def test_a_code_of_somebody_in_between_is_not_yookassas_no(status: int, body: object) -> None:
    assert isinstance(read_answer(answer(status, body)), Unknown)


@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_no_answer_surprises(status: int, body: bytes) -> None:
    assert read_answer(Answer(status, {}, body)) is not None
