"""What "Мой налог" may answer beside what its emulator does: nothing is taken for done or for missing by mistake."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.kit.errors import Unavailable
from backend.payments.providers.base import NotProcessed, Unknown
from backend.receipts.registrars.base import Annulled, Reason, Registered
from tests.contract.test_registrars import Harness, open_mynalog

LINE = {"approvedReceiptUuid": "200abc", "name": "Услуга", "totalAmount": "10.10"}


@pytest.fixture
async def office() -> AsyncIterator[Harness]:
    async with open_mynalog() as harness:
        yield harness


def asked(office: Harness, end: str) -> int:
    """How many requests there were for the page with this end."""
    return sum(entry["path"].partition("?")[0].endswith(end) for entry in office.world.log.since())


# --- income that is entered and annulled


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_whoever_gives_a_receipt_has_entered_it(office: Harness, status: int) -> None:
    office.breaks("status", status=status, body={"approvedReceiptUuid": "200abc"})

    registered = await office.registrar.register(office.sale())

    assert isinstance(registered, Registered)
    assert registered.ref == "200abc"


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("body", [{"approvedReceiptUuid": None}, {"message": "принято"}, [], ""])
async def test_without_a_receipt_nobody_knows_whether_it_is_entered(
    office: Harness, status: int, body: object
) -> None:
    office.breaks("status", status=status, body=body or " ")

    assert isinstance(await office.registrar.register(office.sale()), Unknown)


async def test_too_early_had_no_effect(office: Harness) -> None:
    office.breaks("status", status=425, body={"code": "too.early", "message": "Рано"})

    assert await office.registrar.register(office.sale()) == NotProcessed()


@pytest.mark.parametrize(
    "body",
    [
        {"incomeInfo": {"approvedReceiptUuid": "200abc", "cancellationInfo": {"comment": "Возврат средств"}}},
        {"incomeInfo": {}},
        {"approvedReceiptUuid": "200abc", "cancellationInfo": {}},
    ],
)
async def test_whoever_shows_the_annulled_income_has_annulled_it(office: Harness, body: dict[str, Any]) -> None:
    office.breaks("status", office.annuls, status=200, body=body)

    assert isinstance(await office.registrar.annul("200abc", Reason.REFUND, office.world.clock.now()), Annulled)


@pytest.mark.parametrize(
    "body", [{}, {"message": "Сервис временно недоступен"}, {"incomeInfo": None}, {"cancellationInfo": None}]
)
async def test_an_answer_that_shows_no_annulled_income_annuls_nothing(office: Harness, body: dict[str, Any]) -> None:
    office.breaks("status", office.annuls, status=200, body=body)

    assert isinstance(await office.registrar.annul("200abc", Reason.REFUND, office.world.clock.now()), Unknown)


# --- the list


async def test_lines_that_leave_out_when_and_what_in_detail_are_still_found(office: Harness) -> None:
    sale = office.sale()
    await office.registrar.register(sale)
    await office.control("/list", without=["operationTime", "services", "cancellationInfo"])

    (entry,) = await office.entries()

    assert (entry.title, entry.amount, entry.annulled, entry.sold_at) == (sale.title, sale.amount, False, None)


@pytest.mark.parametrize("left_out", ["approvedReceiptUuid", "totalAmount"])
async def test_a_line_that_cannot_be_read_makes_the_list_unreadable(office: Harness, left_out: str) -> None:
    await office.registrar.register(office.sale())
    await office.control("/list", without=[left_out])

    with pytest.raises(Unavailable):
        await office.entries()


@pytest.mark.parametrize(("lines", "pages"), [(0, 1), (49, 1), (50, 2), (53, 2)])
async def test_a_list_that_does_not_say_whether_there_is_more_is_read_to_its_end(
    office: Harness, lines: int, pages: int
) -> None:
    for number in range(lines):
        await office.registrar.register(office.sale(f"заказ {number}", rubles=1))
    await office.control("/list", without=["hasMore"])

    assert {entry.title for entry in await office.entries()} == {f"заказ {number}" for number in range(lines)}
    assert asked(office, "/incomes") == pages


@pytest.mark.parametrize(
    "page",
    [
        {"content": [LINE], "hasMore": True},
        {"content": [{**LINE, "approvedReceiptUuid": str(number)} for number in range(50)]},
        {"content": [], "hasMore": True},
    ],
    ids=["says there is more", "is full", "is empty"],
)
async def test_a_page_that_comes_again_and_again_is_no_list(office: Harness, page: dict[str, Any]) -> None:
    office.breaks("status", "*/incomes", status=200, body=page, times=None)

    with pytest.raises(Unavailable):
        async with asyncio.timeout(3):
            await office.entries()


async def test_a_line_that_moved_to_the_next_page_meanwhile_is_told_once(office: Harness) -> None:
    lines = [{**LINE, "approvedReceiptUuid": str(number)} for number in range(51)]
    office.breaks("status", "*/incomes", status=200, body={"content": lines[:50], "hasMore": True})
    office.breaks("status", "*/incomes", status=200, body={"content": lines[49:], "hasMore": False})

    assert [entry.ref for entry in await office.entries()] == [str(number) for number in range(51)]
