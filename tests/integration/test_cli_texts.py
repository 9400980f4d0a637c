"""vpn-service texts and receipts, as somebody sees them in a terminal."""

from pathlib import Path

import pytest
from sqlalchemy import select

from backend.consents.models import SeenText
from backend.receipts.models import Book
from sandbox.companies import MYNALOG_PASSWORD, self_employed
from tests.integration.receipts_fixture import open_office
from tests.integration.terminal import terminal
from tests.integration.test_cli_doctor import shop_of
from tests.shop import Shop

pytestmark = pytest.mark.thorough

OFFER = "version: 2027-01-31\n\n# Наша оферта\n\nПродаёт {seller}.\n"


async def test_a_text_is_read_listed_and_refused_when_it_changes_under_its_version(
    shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "offer.ru.md"
    file.write_text(OFFER)
    settings = shop_of(shop.town, TEXTS_DIR=str(tmp_path))
    async with terminal("texts", "list", home=tmp_path, **settings) as seen:
        await seen.sees("Наша оферта", "2027-01-31", "TEXTS_DIR", "privacy.ru", "черновик из поставки")
        assert await seen.ends() == 0
    async with terminal("worker", home=tmp_path, **settings) as seen:  # a start with this text: it is taken
        await seen.sees("sender.started")

    file.write_text(OFFER.replace("Продаёт", "Возможно, продаёт"))

    async with terminal("texts", "check", home=tmp_path, **settings) as seen:
        await seen.sees("offer.ru.md was changed, but still says version 2027-01-31")
        assert await seen.ends() == 1
    file.write_text(OFFER.replace("2027-01-31", "2027-02-01").replace("Продаёт", "Возможно, продаёт"))
    async with terminal("texts", "check", home=tmp_path, **settings) as seen:
        await seen.sees("2027-02-01", "Тексты в порядке")
        assert await seen.ends() == 0


async def test_a_command_in_another_environment_changes_neither_texts_nor_registrars(
    shop: Shop, tmp_path: Path
) -> None:
    taken, kept = select(SeenText.taken_at).order_by(SeenText.taken_at), select(Book.registrar)
    async with shop.deps.db.transaction() as session:
        session.add(Book(registrar="mynalog", since=shop.now, test=True))
    before = await shop.all(taken)

    for command in (("plans",), ("audit",), ("refund", "1"), ("provider", "test", "yookassa")):
        settings = shop_of(shop.town, SELLER="Somebody else", DATA_DIR=str(tmp_path))
        async with terminal(*command, home=tmp_path, **settings) as seen:
            await seen.ends()
            assert ".md was changed" not in seen.text

    assert await shop.all(taken) == before
    assert await shop.all(kept) == ["mynalog"]


async def test_what_was_refused_is_listed_and_sent_again(shop: Shop, tmp_path: Path) -> None:
    settings = shop_of(shop.town) | self_employed(shop.town.companies_url)
    async with open_office(shop) as office:
        await office.act("limit", roubles=100)
        await (await shop.buyer()).buys()
        (row,) = await office.rows()

        async with terminal("receipts", "list", home=tmp_path, **settings) as seen:
            await seen.sees(str(row.id), "299", "review", "Превышен годовой предел дохода")
            assert await seen.ends() == 0
            assert MYNALOG_PASSWORD not in seen.text
        await office.act("limit", roubles=2_400_000)
        async with terminal("receipts", "retry", str(row.id), home=tmp_path, **settings) as seen:
            await seen.sees("Отправим снова")
            assert await seen.ends() == 0
        await office.minutes_pass(1)

        assert await office.standing() == [299.0]
        async with terminal("receipts", "done", str(row.id), home=tmp_path, **settings) as seen:
            await seen.sees("Такого чека нет")
            assert await seen.ends() == 1
