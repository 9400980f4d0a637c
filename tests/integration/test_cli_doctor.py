"""vpn-service doctor and plans against a good and a broken world, as somebody sees them in a terminal."""

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from backend.kit.money import Currency, Money
from backend.plans import service as plans
from backend.plans.models import Plan
from cli.migrations import NotOurDatabase, migrate
from sandbox.companies import BOT_TOKEN, COINGATE_KEY, PANEL_TOKEN, SHOP_KEY, environment
from tests.integration.terminal import terminal
from tests.shop import SECRET_KEY, Shop, Town

pytestmark = pytest.mark.thorough

SECRETS = (BOT_TOKEN, SHOP_KEY, PANEL_TOKEN, SECRET_KEY, "test_of-another-shop")


def shop_of(town: Town, **changes: str) -> dict[str, str]:
    settings = environment(town.companies_url) | {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": town.dsn}
    return settings | {"PUBLIC_URL": town.shop_url, "COINGATE_API_KEY": ""} | changes


async def test_all_is_well_and_the_shop_may_change_its_prices(shop: Shop, tmp_path: Path) -> None:
    settings = shop_of(shop.town)
    async with terminal("doctor", home=tmp_path, **settings) as seen:
        await seen.sees("PostgreSQL", "@demo_vpn_bot", "100500: bank_card, sbp, yoo_money", shop.hook)
        await seen.sees("nl1.vpn.example.net:443", "Всё в порядке")
        assert await seen.ends() == 0
        assert not any(secret in seen.text for secret in SECRETS)

    async with terminal("plans", "price", "monthly", "rub", "349,50", home=tmp_path, **settings) as seen:
        await seen.sees("trial", "пробный", "349,50", "200")
        assert await seen.ends() == 0

    async with terminal("plans", "price", "weekly", "RUB", "99", home=tmp_path, **settings) as seen:
        await seen.sees("Тарифа weekly нет")
        assert await seen.ends() == 1


async def test_everything_that_is_wrong_is_said_at_once(shop: Shop, tmp_path: Path) -> None:
    settings = shop_of(
        shop.town,
        TELEGRAM_BOT_USERNAME="another_shop_bot",
        YOOKASSA_SECRET_KEY="test_of-another-shop",
        X3UI_API_URL=f"{shop.town.companies_url}/",
        PUBLIC_URL="http://127.0.0.1:1",
        CLOCK_FILE=str(shop.town.clock_file),
        HOST="0.0.0.0",
    )
    shop.advance(days=1)
    async with terminal("doctor", home=tmp_path, **settings) as seen:
        await seen.sees("CLOCK_FILE", "@another_shop_bot", "TRUSTED_PROXIES", "магазин не отвечает")
        await seen.sees(
            "does not accept YOOKASSA_SHOP_ID", "check host, port and base path", "Есть что исправить: 3."
        )
        assert await seen.ends() == 1
        assert not any(secret in seen.text for secret in SECRETS)


@pytest.mark.parametrize(
    ("address", "said"),
    [("http://shop.invalid", True), ("https://shop.invalid", False), ("http://127.0.0.1:1", False)],
)
async def test_webhooks_that_need_https_are_told_of_where_the_address_has_none(
    shop: Shop, tmp_path: Path, address: str, said: bool
) -> None:
    settings = shop_of(shop.town, PUBLIC_URL=address, COINGATE_API_KEY=COINGATE_KEY)
    async with terminal("doctor", home=tmp_path, **settings) as seen:
        await seen.ends()

    assert seen.text.count("только по https") == (2 if said else 0)
    assert ("PUBLIC_URL=https://…" in seen.text) is said


async def test_a_panel_that_is_down_and_a_token_that_was_revoked(shop: Shop, tmp_path: Path) -> None:
    shop.panel.goes_down()
    settings = shop_of(
        shop.town,
        TELEGRAM_BOT_TOKEN="5555555555:AAH-nobody",
        PUBLIC_URL="",
        YOOKASSA_SHOP_ID="",
        YOOKASSA_SECRET_KEY="",
    )
    async with terminal("doctor", home=tmp_path, **settings) as seen:
        await seen.sees(
            "Telegram не принимает TELEGRAM_BOT_TOKEN", "укажите в ADMIN_IDS", "ссылкам подписки нужен адрес"
        )
        await seen.sees("Панель не отвечает", "Есть что исправить")
        assert await seen.ends() == 1
        assert not any(secret in seen.text for secret in (*SECRETS, "AAH-nobody"))


@pytest.mark.parametrize("command", ["doctor", "up"])
async def test_a_database_that_is_down_is_one_sentence(command: str, town: Town, tmp_path: Path) -> None:
    nowhere = "postgresql+asyncpg://shop:hidden-word@127.0.0.1:1/shop"
    async with terminal(command, home=tmp_path, **shop_of(town, DATABASE_URL=nowhere)) as seen:
        await seen.sees("Проверьте DATABASE_URL")
        assert await seen.ends() == 1
        assert "Traceback" not in seen.text
        assert "hidden-word" not in seen.text


async def test_the_tables_of_another_program_are_left_alone(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create database another_program")
    dsn = urlsplit(postgres_dsn)._replace(path="/another_program").geturl()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table users (name text); create table alembic_version (version_num text)")

    with pytest.raises(NotOurDatabase, match="has tables users already"):
        migrate(dsn)

    with psycopg.connect(dsn) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (2,)


async def test_plans_come_and_go(shop: Shop) -> None:
    half = Plan(code="half", names={"ru": "Полгода"}, days=182, device_limit=0, traffic_limit_bytes=0)
    async with shop.deps.db.transaction() as session:
        await plans.add(session, half, [Money(1599_00, Currency.RUB), Money(9_00, Currency.EUR)])
        await plans.set_price(session, half.id, Money(1499_00, Currency.RUB))
        await plans.withdraw(session, (await plans.find(session, "trial")).id, shop.now)

    async with shop.deps.db.transaction() as session:
        assert await plans.prices(session, half.id) == [Money(9_00, Currency.EUR), Money(1499_00, Currency.RUB)]
        assert [offer.plan.code for offer in await plans.on_sale(session)][-1] == "half"
        assert [plan.code for plan in await plans.everything(session)][-1] == "trial"
        assert await plans.find_trial(session) is None
        with pytest.raises(plans.PlanExists):
            await plans.add(session, Plan(code="half", names={}, days=1), [])
        with pytest.raises(plans.PlanNotOnSale):
            await plans.set_price(session, (await plans.find(session, "trial")).id, Money(1, Currency.RUB))
