"""Lines of the list of "Мой налог": exact to the kopeck, and what cannot be read is left out."""

from typing import Any

import pytest

from backend.kit.http import Answer
from backend.kit.money import Currency, Money
from backend.receipts.registrars.mynalog.wire import read, read_entry

LINE: dict[str, Any] = {
    "approvedReceiptUuid": "200abc",
    "name": "Доступ к сервису, 30 дней",
    "operationTime": "2026-10-01T12:00:00+03:00",
    "totalAmount": 299.5,
    "cancellationInfo": None,
}


def amount_of(line: object) -> Money | None:
    entry = read_entry(line, "https://lknpd.example/{}")
    return entry.amount if entry else None


@pytest.mark.parametrize(("total", "minor"), [(299.5, 29950), (299, 29900), ("299.50", 29950), (0.1, 10)])
def test_a_sum_is_read_exactly(total: object, minor: int) -> None:
    assert amount_of({**LINE, "totalAmount": total}) == Money(minor, Currency.RUB)


@pytest.mark.parametrize(
    "total", ["Infinity", "-Infinity", "NaN", "1e999999", "1e400", "9" * 4000, "299.505", "-1", "null", "true", "[]"]
)
def test_a_sum_that_is_none_leaves_its_line_unread(total: str) -> None:
    answer = read(Answer(200, {}, f'{{"totalAmount": {total}}}'.encode()))

    assert isinstance(answer, dict)
    assert amount_of({**LINE, **answer}) is None
    assert amount_of({**LINE, "totalAmount": total}) is None
