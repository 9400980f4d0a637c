"""What every answer of CoinGate means: the classification on which it depends whether an order is sent again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.http import Answer
from backend.payments.providers.base import Misconfigured, NotProcessed, Rejected, Unknown
from backend.payments.providers.coingate.answers import read_answer, says_yes

PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers or {}, raw)


def error(reason: str, message: str = "Because.", **more: Any) -> dict[str, Any]:
    return {"message": message, "reason": reason, **more}


@pytest.mark.parametrize("status", [200, 201])
def test_an_object_is_passed_on(status: int) -> None:
    assert read_answer(answer(status, {"id": 538})) == {"id": 538}


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "BadRequest"), (403, "Forbidden"), (409, "Conflict"), (422, "OrderIsNotValid"), (451, "NotHere")],
)
def test_a_4xx_with_a_reason_is_a_definite_no(status: int, reason: str) -> None:
    assert read_answer(answer(status, error(reason))) == Rejected(reason, "Because.")


def test_everything_that_is_wrong_with_an_order_is_told() -> None:
    body = error("OrderIsNotValid", "Order is not valid", errors=["Price can't be blank", None, 5, "Title is short"])

    assert read_answer(answer(422, body)) == Rejected(
        "OrderIsNotValid", "Order is not valid; Price can't be blank; Title is short"
    )


def test_an_order_that_is_not_valid_is_refused_also_without_a_reason() -> None:
    body = {"errors": ["Price can't be blank", "Title is short"]}

    assert read_answer(answer(422, body)) == Rejected("not_valid", "Price can't be blank; Title is short")


@pytest.mark.parametrize("reason", [None, "OrderIsNotValid"])
def test_what_is_wrong_may_be_told_by_field(reason: str | None) -> None:
    body = {"reason": reason, "errors": {"title": ["is too short", 5], "price_amount": "can't be blank"}}

    assert read_answer(answer(422, body)) == Rejected(
        reason or "not_valid", "title: is too short; price_amount: can't be blank"
    )


@pytest.mark.parametrize("status", [400, 403, 404])
def test_errors_by_field_without_a_reason_are_a_no_with_a_422_alone(status: int) -> None:
    assert isinstance(read_answer(answer(status, {"errors": {"route": ["unknown"]}})), Unknown)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
@pytest.mark.parametrize(
    "errors", [[], [None], "no route", {}, {"title": []}, {"title": [None, {}]}, {"title": None}]
)
def test_errors_that_say_nothing_are_nobodys_no(status: int, errors: object) -> None:
    assert isinstance(read_answer(answer(status, {"errors": errors})), Unknown)


@pytest.mark.parametrize("odd", [None, 5, "text", {}, [[]]])
def test_odd_details_of_a_no_are_left_out(odd: object) -> None:
    assert read_answer(answer(422, {"reason": "OrderIsNotValid", "message": odd, "errors": odd})) in (
        Rejected("OrderIsNotValid"),
        Rejected("OrderIsNotValid", "text"),
    )


@pytest.mark.parametrize("reason", ["OrderNotFound", "RecordNotFound", "PageNotFound"])
def test_a_404_has_one_name_whatever_the_reason(reason: str) -> None:
    assert read_answer(answer(404, error(reason))) == Rejected("not_found", "Because.")


@pytest.mark.parametrize("body", [error("BadCredentials"), error("BadAuthToken"), PAGE, b""])
def test_a_wrong_key_is_the_operators_business(body: object) -> None:
    assert isinstance(read_answer(answer(401, body)), Misconfigured)


@pytest.mark.parametrize("reason", ["BadCredentials", "IpAddressIsNotAllowed", "AccountBlocked"])
def test_what_coingate_says_of_the_key_is_told_the_operator(reason: str) -> None:
    refused = read_answer(answer(401, error(reason, "Ask support.")))

    assert isinstance(refused, Misconfigured)
    assert "COINGATE_API_KEY" in refused.reason
    assert refused.reason.endswith(f"It says: {reason}, Ask support.")
    assert read_answer(answer(401, PAGE)) == Misconfigured(refused.reason.partition(". It says")[0])
    assert len(read_answer(answer(401, error(reason, "x" * 2000))).reason) < 500  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("reason", "setting"),
    [
        ("BadEnvironment", "COINGATE_API_URL"),
        ("AuthTokenMissing", "COINGATE_API_KEY"),
        ("CredentialsMissing", "COINGATE_API_KEY"),
    ],
)
def test_a_request_without_the_right_key_is_the_operators_business(reason: str, setting: str) -> None:
    refused = read_answer(answer(400, error(reason)))

    assert isinstance(refused, Misconfigured)
    assert setting in refused.reason
    assert refused.reason.endswith(f"It says: {reason}, Because.")


def test_a_page_that_must_be_there_and_is_not_is_the_operators_business() -> None:
    refused = read_answer(answer(404, error("PageNotFound")), certain_page=True)

    assert isinstance(refused, Misconfigured)
    assert "COINGATE_API_URL" in refused.reason
    assert read_answer(answer(404, error("RecordNotFound")), certain_page=True) == Rejected("not_found", "Because.")
    assert isinstance(read_answer(answer(404, PAGE), certain_page=True), Unknown)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, timedelta(seconds=7)),
        ({"retry-after": "999999"}, timedelta(hours=1)),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-5"}, None),
    ],
)
@pytest.mark.parametrize("body", [error("RateLimitException"), error("RateLimitExceeded"), PAGE, b""])
def test_too_many_requests_certainly_had_no_effect(
    body: object, headers: dict[str, str], wait: timedelta | None
) -> None:
    assert read_answer(answer(429, body, headers)) == NotProcessed(wait)


@pytest.mark.parametrize("status", [202, 500, 501, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [error("InternalServerError"), PAGE, b"", {"id": 538, "status": "new"}])
def test_a_failure_of_theirs_is_unknown_whatever_it_carries(status: int, body: object) -> None:
    assert isinstance(read_answer(answer(status, body)), Unknown)


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 400, 403, 404, 408, 422])
@pytest.mark.parametrize(
    "body", [PAGE, b"", b"null", b"[]", b'"text"', b"\xff\xfe", b"{", b'{"a": NaN}', b"[" * 100_000, b"1" * 5000]
)
def test_what_is_not_a_json_object_is_unknown(status: int, body: bytes) -> None:
    assert isinstance(read_answer(answer(status, body)), Unknown)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
@pytest.mark.parametrize("body", [{}, {"message": "no route matched"}, {"reason": ""}, {"reason": 5}])
def test_a_4xx_of_somebody_in_between_is_not_coingates_no(status: int, body: dict[str, object]) -> None:
    assert isinstance(read_answer(answer(status, body)), Unknown)


@pytest.mark.parametrize("body", [b"", b"OK", b"ok\n", b"true", b'"OK"', b"{}", b'{"message":"Authenticated"}'])
def test_a_short_answer_that_names_no_error_says_that_the_key_is_good(body: bytes) -> None:
    assert says_yes(answer(200, body))
    assert not any(says_yes(answer(status, body)) for status in (201, 202, 204, 302, 401, 500))


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"error":"bad token"}', b'{"errors":{}}', b"Bad token", b"false", b'{"valid":false}', b"Unauthorized"),
        *(
            b"Token is invalid",
            b"Forbidden",
            b"Service unavailable",
            b"Too many requests",
            b"Not authenticated",
            b"<p>OK</p>",
            b"[]",
            b'{"items":[]}',
            b"\xff",
            b"OK" + b" " * 63,
        ),
    ],
)
def test_an_error_a_page_or_a_list_says_nothing_of_the_key(body: bytes) -> None:
    assert not says_yes(answer(200, body))


@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_no_answer_surprises(status: int, body: bytes) -> None:
    assert says_yes(Answer(status, {}, body)) in (True, False)
    assert read_answer(Answer(status, {}, body)) is not None
