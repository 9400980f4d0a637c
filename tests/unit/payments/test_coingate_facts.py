"""What CoinGate tells everybody, and lists that are none."""

import json
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.http import Answer
from backend.kit.money import Currency
from backend.payments.providers.coingate.facts import countries, networks, platforms, price_currencies

ODD = [b"", b"null", b"{}", b"[]", b"[null, 5, []]", b"<html>", b"\xff", b"[" * 100_000, b'{"a": NaN}']


def answer(body: object, status: int = 200) -> Answer:
    return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_prices_may_be_in_those_currencies_of_ours_that_it_takes() -> None:
    listed = [{"id": 2, "symbol": "EUR", "kind": "fiat"}, {"symbol": "USD"}, {"symbol": None}, {}]

    assert price_currencies(answer(listed)) == {Currency.EUR}
    assert price_currencies(answer([*listed, {"symbol": "RUB"}])) == {Currency.EUR, Currency.RUB}


def test_networks_have_ids_by_name() -> None:
    listed = [
        {"id": 6, "id_name": "bitcoin"},
        {"id": "7", "id_name": "x"},
        {"id_name": "y"},
        {"id": True, "id_name": "z"},
    ]

    assert platforms(answer(listed)) == {"bitcoin": 6}


def test_countries_have_two_letters() -> None:
    assert countries(answer([{"alpha2_code": "DE", "name": "Germany"}, {"name": "Nowhere"}])) == {"DE"}


@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "", "|", ",", ", ", " | "])
def test_callbacks_come_from_the_addresses_listed(end: str) -> None:
    body = f"52.28.22.118{end or ' '}35.156.68.160{end}".encode()

    assert networks(answer(body)) == (ip_network("52.28.22.118"), ip_network("35.156.68.160"))


@pytest.mark.parametrize("body", [b"52.28.22.118\n<html>", b"\xff", b"300.1.1.1", b"", b"10.0.0.1/8"])
def test_a_list_with_a_line_that_is_no_address_is_no_list(body: bytes) -> None:
    assert networks(answer(body)) == ()


@pytest.mark.parametrize("body", ODD)
def test_what_is_not_a_list_tells_nothing(body: bytes) -> None:
    assert not price_currencies(answer(body))
    assert not platforms(answer(body))
    assert not countries(answer(body))


@pytest.mark.parametrize("status", [202, 404, 429, 500])
def test_only_a_200_tells_anything(status: int) -> None:
    assert not price_currencies(answer([{"symbol": "RUB"}], status))
    assert not platforms(answer([{"id": 6, "id_name": "bitcoin"}], status))
    assert not networks(answer(b"52.28.22.118", status))


@given(st.binary(max_size=200))
def test_no_list_surprises(body: bytes) -> None:
    for reader in (price_currencies, platforms, countries, networks):
        reader(answer(body))
