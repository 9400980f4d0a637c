"""What "Мой налог" may answer beside what its emulator does: nothing is taken for done or for missing by mistake."""

from collections.abc import AsyncIterator

import pytest

from backend.kit.errors import Unavailable
from tests.contract.test_registrars import Harness, open_mynalog


@pytest.fixture
async def office() -> AsyncIterator[Harness]:
    async with open_mynalog() as harness:
        yield harness


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
