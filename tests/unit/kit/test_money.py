"""Exact money."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.money import Currency, Money, to_minor

minors = st.integers(0, 10**14 - 1)


@given(minor=minors)
def test_what_is_written_is_read_back_exactly(minor: int) -> None:
    assert to_minor(Money(minor, Currency.RUB).decimal()) == minor


@given(minor=minors)
def test_every_way_to_write_an_amount_is_read_alike(minor: int) -> None:
    text = Money(minor, Currency.EUR).decimal()
    if text.endswith("0"):
        assert to_minor(text[:-1]) == minor
    if text.endswith(".00"):
        assert to_minor(text[:-3]) == minor


@pytest.mark.parametrize(
    ("text", "minor"), [("299.00", 29900), ("10.0", 1000), ("299", 29900), ("0", 0), ("0.05", 5)]
)
def test_amounts_as_providers_write_them(text: str, minor: int) -> None:
    assert to_minor(text) == minor


SIGNS = ["1e3", "NaN", "Infinity", "-1.00", "+1.00", "1.005", "1,00", "1_000", "0x10", "1.0.0", "299.00 RUB", "²"]
BLANKS = ["", " ", " 1", "1 ", "1\n", "1 000.00", "1\0"]
SHAPES = ["1.", ".5", "01", "00", "1000000000000", "9" * 40, "١٢", "１２"]


@pytest.mark.parametrize("text", [*SIGNS, *BLANKS, *SHAPES])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        to_minor(text)


@given(text=st.text(max_size=20))
def test_nothing_but_the_grammar_is_read(text: str) -> None:
    if re.fullmatch(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?", text):
        assert to_minor(text) >= 0
    else:
        with pytest.raises(ValueError, match="not an amount"):
            to_minor(text)


@pytest.mark.parametrize(
    ("money", "shown", "written"),
    [
        (Money(29900, Currency.RUB), "299\u00a0₽", "299.00"),
        (Money(299900, Currency.RUB), "2\u00a0999\u00a0₽", "2999.00"),
        (Money(100000005, Currency.RUB), "1\u00a0000\u00a0000,05\u00a0₽", "1000000.05"),
        (Money(450, Currency.EUR), "4,50\u00a0€", "4.50"),
        (Money(200, Currency.XTR), "200\u00a0⭐", "200"),
        (Money(0, Currency.RUB), "0\u00a0₽", "0.00"),
    ],
)
def test_money_is_shown_to_people_and_written_to_providers(money: Money, shown: str, written: str) -> None:
    assert (str(money), money.decimal()) == (shown, written)


def test_amounts_of_two_currencies_are_not_equal() -> None:
    assert Money(100, Currency.RUB) != Money(100, Currency.EUR)
