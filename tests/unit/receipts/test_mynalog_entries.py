"""Lines of the list of "Мой налог": exact to the kopeck, and never passed over for what they leave out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.kit.http import Answer
from backend.kit.money import Currency, Money
from backend.receipts.registrars.base import Entry
from backend.receipts.registrars.mynalog.wire import read, read_entry

LINE: dict[str, Any] = {
    "approvedReceiptUuid": "200abc",
    "name": "Доступ к сервису, 30 дней",
    "operationTime": "2026-10-01T12:00:00+03:00",
    "totalAmount": 299.5,
    "cancellationInfo": None,
}
ANNULLED: dict[str, Any] = {"approvedReceiptUuid": "200abc", "cancellationInfo": {"comment": "Возврат средств"}}


def entry_of(line: object) -> Entry | None:
    return read_entry(line, "https://lknpd.example/{}")


def amount_of(line: object) -> Money | None:
    entry = entry_of(line)
    return entry.amount if entry else None


@pytest.mark.parametrize(
    ("total", "minor"),
    [
        (299.5, 29950),
        (299, 29900),
        ("299.50", 29950),
        (0.1, 10),
        ("299.000", 29900),
        ("10.1000000", 1010),
        ("10.10", 1010),
    ],
)
def test_a_sum_is_read_exactly(total: object, minor: int) -> None:
    assert amount_of({**LINE, "totalAmount": total}) == Money(minor, Currency.RUB)


@pytest.mark.parametrize(
    "total",
    [
        *["Infinity", "-Infinity", "NaN", "1e999999", "1e400", "9" * 4000, "299.505", "-1", "null", "true", "[]"],
        *["299.", "299.0050", "299.00 ", "299.000.0", "2.9e2"],
    ],
)
def test_a_line_that_stands_is_unreadable_without_its_sum(total: str) -> None:
    assert entry_of({**LINE, "totalAmount": total}) is None


@pytest.mark.parametrize("total", ["Infinity", "-Infinity", "NaN", "1e400", "9" * 4000, "299.505", "-1", "null"])
def test_a_sum_that_is_no_decimal_in_json_either_is_none(total: str) -> None:
    answer = read(Answer(200, {}, f'{{"totalAmount": {total}}}'.encode()))

    assert isinstance(answer, dict)
    assert entry_of({**LINE, **answer}) is None


def test_a_line_says_when_it_was_sold_or_not() -> None:
    noon = datetime(2026, 10, 1, 9, tzinfo=UTC)

    for told, at in [
        (LINE["operationTime"], noon),
        ("2026-10-01T09:00:00", noon),
        ("yesterday", None),
        (None, None),
    ]:
        entry = entry_of({**LINE, "operationTime": told})
        assert entry is not None
        assert entry.sold_at == at


def test_a_line_is_known_by_its_id_title_and_sum_alone() -> None:
    short = {"approvedReceiptUuid": "x", "name": "Услуга", "totalAmount": "10.10"}

    assert entry_of(short) == Entry(
        "x", "https://lknpd.example/x", "Услуга", Money(1010, Currency.RUB), None, annulled=False
    )
    assert entry_of({**short, "name": None, "services": [{"name": "Услуга"}]}) == entry_of(short)


@pytest.mark.parametrize("info", [ANNULLED["cancellationInfo"], {}])
def test_a_line_that_is_annulled_is_known_by_its_id_alone(info: dict[str, str]) -> None:
    entry = entry_of({**ANNULLED, "cancellationInfo": info})

    assert entry == Entry("200abc", "https://lknpd.example/200abc", "", None, None, annulled=True)


@pytest.mark.parametrize("missing", [{}, {"cancellationInfo": None}])
def test_a_line_that_says_nothing_of_an_annulment_stands(missing: dict[str, None]) -> None:
    entry = entry_of({name: value for name, value in LINE.items() if name != "cancellationInfo"} | missing)

    assert entry is not None
    assert not entry.annulled


@pytest.mark.parametrize(
    "line",
    [
        *[None, "line", [], {}],
        *[{**LINE, "approvedReceiptUuid": ref} for ref in (None, "", 5)],
        *[{**ANNULLED, "approvedReceiptUuid": ref} for ref in (None, "", 5)],
        *[{**LINE, "cancellationInfo": odd} for odd in ("", "yes", [], True, False)],
        {**LINE, "name": None},
        {**LINE, "name": None, "services": [{}, {"name": "Вторая"}]},
    ],
)
def test_whatever_else_a_line_is_it_cannot_be_read(line: object) -> None:
    assert entry_of(line) is None
