"""What "Мой налог" may answer beside what its emulator does: nothing is taken for done or for missing by mistake."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.kit import clock
from backend.kit.errors import Refused, Unavailable
from backend.payments.providers.base import Misconfigured, NotProcessed, Unknown
from backend.receipts.registrars.base import Annulled, Reason, Registered
from tests.contract.test_registrars import Harness, open_mynalog

LINE = {"approvedReceiptUuid": "200abc", "name": "Услуга", "totalAmount": "10.10"}
PASSWORD, REFRESH = "*/auth/lkfl", "*/auth/token"


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Path]:
    """The file that moves our clock."""
    file = tmp_path / "clock"
    clock.use_file(file)
    yield file
    clock.use_file(None)


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


# --- signing in


async def test_a_refused_password_is_not_sent_again_for_a_quarter_of_an_hour(office: Harness, moved: Path) -> None:
    refusal = {"code": "authentication.failed", "message": "Указан неверный пароль"}
    office.breaks("status", PASSWORD, status=422, body=refusal)

    moved.write_text("0")
    refused = [await office.registrar.register(office.sale()) for _ in range(3)]
    moved.write_text("890")
    refused.append(await office.registrar.annul("200abc", Reason.REFUND, office.world.clock.now()))

    assert refused == [Misconfigured("Указан неверный пароль")] * 4
    assert asked(office, "/auth/lkfl") == 1
    with pytest.raises(Refused):
        await office.registrar.probe()
    moved.write_text("901")
    assert isinstance(await office.registrar.register(office.sale()), Registered)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 503, "body": "<html>Технические работы</html>"}),
        ("status", {"status": 200, "body": "<html>Технические работы</html>"}),
        ("http_429", {"retry_after": 7}),
        ("garbage", {}),
        ("lost_before", {}),
    ],
)
async def test_a_refresh_token_nobody_refused_is_kept_and_the_password_stays_at_home(
    office: Harness, mode: str, options: dict[str, Any]
) -> None:
    await office.registrar.register(office.sale())
    office.world.clock.advance(2 * 3600)
    office.breaks(mode, REFRESH, **options)

    assert await office.registrar.register(office.sale()) == NotProcessed()

    assert isinstance(await office.registrar.register(office.sale()), Registered)
    assert asked(office, "/auth/lkfl") == 1


async def test_a_session_that_cannot_be_renewed_for_an_hour_gives_way_to_the_password(
    office: Harness, moved: Path
) -> None:
    await office.registrar.register(office.sale())
    office.world.clock.advance(2 * 3600)
    office.breaks("status", REFRESH, status=500, times=None)

    moved.write_text("0")
    assert await office.registrar.register(office.sale()) == NotProcessed()
    moved.write_text("3599")
    assert await office.registrar.register(office.sale()) == NotProcessed()
    moved.write_text("3601")
    assert isinstance(await office.registrar.register(office.sale()), Registered)

    assert asked(office, "/auth/lkfl") == 2


@pytest.mark.parametrize(
    ("status", "body"), [(400, ""), (401, ""), (403, ""), (404, ""), (422, ""), (200, {"message": "нет"})]
)
async def test_a_refresh_token_that_was_refused_is_replaced_by_the_password(
    office: Harness, status: int, body: object
) -> None:
    await office.registrar.register(office.sale())
    office.world.clock.advance(2 * 3600)
    office.breaks("status", REFRESH, status=status, body=body)

    assert isinstance(await office.registrar.register(office.sale()), Registered)

    assert asked(office, "/auth/lkfl") == 2


async def test_accounts_that_are_away_are_no_wrong_password(office: Harness) -> None:
    office.breaks("status", PASSWORD, status=404, body={"message": "Не найдено"}, times=2)

    assert await office.registrar.register(office.sale()) == NotProcessed()
    with pytest.raises(Unavailable):
        await office.registrar.probe()

    assert isinstance(await office.registrar.register(office.sale()), Registered)


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": None, "refreshToken": "abc"}, {"challenge": "sms"}])
async def test_a_sign_in_that_gives_no_token_is_told(office: Harness, body: dict[str, Any]) -> None:
    office.breaks("status", PASSWORD, status=200, body=body)

    assert isinstance(await office.registrar.register(office.sale()), Misconfigured)


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
