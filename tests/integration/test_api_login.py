"""Logging in to the API, staying logged in, and being thrown out."""

import asyncio
from collections import Counter
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import func, select, update

from backend.auth.models import RefreshToken
from backend.users.models import User
from sandbox.companies import BOT_TOKEN
from tests.integration.api_client import Client, assert_as_described, assert_problem, client_of, new_address
from tests.shop import Shop
from tests.telegram_login import ANNA, login_widget

CAROL = 800_000_001


async def block(shop: Shop, telegram_id: int, at: datetime | None) -> None:
    async with shop.deps.db.transaction() as session:
        await session.execute(update(User).where(User.telegram_id == telegram_id).values(blocked_at=at))


async def alive(shop: Shop) -> int:
    """Refresh tokens that would be taken."""
    query = select(func.count()).select_from(RefreshToken)
    (count,) = await shop.all(
        query.where(
            RefreshToken.used_at.is_(None), RefreshToken.revoked_at.is_(None), RefreshToken.expires_at > shop.now
        )
    )
    return int(count)


# --- the first time


async def test_who_opens_the_mini_app_has_an_account_from_then_on(shop: Shop) -> None:
    first, second = Client(shop, CAROL), Client(shop, CAROL)

    answer = await first.log_in(start_param="friend-7")
    await second.log_in(start_param="friend-8")

    await assert_as_described(shop, "log_in_with_telegram", answer)
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 900
    assert answer.headers["cache-control"] == "no-store"
    me = await first.read("me")
    assert me == await second.read("me")
    assert (me["telegram_id"], me["first_name"], me["language"]) == (str(CAROL), ANNA["first_name"], "en")
    (user,) = await shop.all(select(User))
    assert (user.telegram_id, user.start_payload) == (CAROL, "friend-7")


async def test_many_who_open_it_at_once_for_the_first_time_are_one_account(shop: Shop) -> None:
    clients = [Client(shop, CAROL) for _ in range(8)]

    answers = await asyncio.gather(*(client.log_in() for client in clients))

    assert {answer.status_code for answer in answers} == {200}
    assert len(await shop.all(select(User))) == 1


async def test_somebody_who_uses_the_bot_is_the_same_person_in_the_api(shop: Shop) -> None:
    buyer = await shop.buyer()

    client = await client_of(buyer)

    assert (await client.read("me"))["id"] == str(buyer.id)


@pytest.mark.parametrize(
    ("accept", "language"), [("ru-RU,ru;q=0.9", "ru"), ("de,en;q=0.5", "en"), ("en", "en"), ("", "ru")]
)
async def test_with_the_login_button_the_browser_says_which_language(shop: Shop, accept: str, language: str) -> None:
    client = Client(shop, ANNA["id"])
    body = {"login_widget": login_widget(BOT_TOKEN, shop.now)}

    client.keep(await client.send("POST", "auth/telegram", json=body, headers={"Accept-Language": accept}))

    assert (await client.read("me"))["language"] == language


async def test_the_login_button_does_not_change_the_language_of_somebody_known(shop: Shop) -> None:
    client = Client(shop, ANNA["id"])
    await client.log_in()
    body = {"login_widget": login_widget(BOT_TOKEN, shop.now)}

    await client.send("POST", "auth/telegram", json=body, headers={"Accept-Language": "ru"})

    assert (await client.read("me"))["language"] == "en"


# --- staying


async def test_an_access_token_is_good_for_a_quarter_of_an_hour_and_then_there_is_a_new_one(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    shop.advance(minutes=14)
    before = await client.get("me")
    shop.advance(minutes=2)
    after = await client.get("me")
    refreshed = await client.refresh()

    assert before.status_code == 200
    assert_problem(after, 401, "error-access-refused")
    assert after.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    await assert_as_described(shop, "read_me", after)
    await assert_as_described(shop, "refresh_tokens", refreshed)
    assert (await client.get("me")).status_code == 200


async def test_a_login_lasts_as_long_as_it_is_used_within_thirty_days(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    shop.advance(days=29)
    first = await client.refresh()
    shop.advance(days=29)
    second = await client.refresh()
    shop.advance(days=30)
    third = await client.refresh()

    assert [first.status_code, second.status_code] == [200, 200]
    assert_problem(third, 401, "error-refresh-refused")


async def test_tokens_that_have_expired_are_not_kept(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    for _ in range(3):
        await client.refresh()
    shop.advance(days=31)

    await client.log_in()

    assert len(await shop.all(select(RefreshToken))) == 1


async def test_no_token_is_in_the_database(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    with psycopg.connect(shop.town.dsn) as connection:
        rows = connection.execute("select refresh_tokens::text, encode(digest, 'escape') from refresh_tokens")
        everything = str(rows.fetchall())

    assert client.refresh_token not in everything
    assert client.refresh_token.encode().hex() not in everything


# --- reuse


async def test_a_refresh_token_used_twice_ends_the_login(shop: Shop) -> None:
    client, elsewhere = await client_of(buyer := await shop.buyer()), await client_of(buyer)
    stolen = client.refresh_token
    await client.refresh()
    await client.refresh()

    reused = await client.refresh(stolen)

    assert_problem(reused, 401, "error-refresh-refused")
    assert_problem(await client.refresh(), 401, "error-refresh-refused")
    assert_problem(await client.refresh(stolen), 401, "error-refresh-refused")
    assert (await elsewhere.refresh()).status_code == 200
    assert (await client.log_in()).status_code == 200


async def test_of_many_uses_at_once_one_succeeds_and_its_new_token_is_revoked_with_the_others(shop: Shop) -> None:
    for _ in range(3):
        client = await client_of(await shop.buyer())

        answers = await asyncio.gather(*(client.refresh(client.refresh_token) for _ in range(8)))

        assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 7}
        assert await alive(shop) == 0
        assert_problem(await client.refresh(), 401)


async def test_a_reuse_beside_a_use_of_the_newest_token_leaves_none_alive(shop: Shop) -> None:
    """Whichever of the two is first: a token made while its family is being revoked is revoked with it."""
    for _ in range(10):
        client = await client_of(await shop.buyer())
        stolen = client.refresh_token
        await client.refresh()

        await asyncio.gather(client.refresh(), Client(shop, 0).refresh(stolen))

        assert await alive(shop) == 0


# --- leaving


async def test_after_a_logout_no_token_of_that_login_is_taken(shop: Shop) -> None:
    client, elsewhere = await client_of(buyer := await shop.buyer()), await client_of(buyer)
    first = client.refresh_token
    await client.refresh()

    answer = await client.post("auth/logout", {"refresh_token": first})

    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await client.refresh(), 401, "error-refresh-refused")
    assert (await elsewhere.refresh()).status_code == 200


async def test_to_log_out_twice_or_with_anything_else_is_no_mistake(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    answers = [
        await client.post("auth/logout", {"refresh_token": token})
        for token in (client.refresh_token, client.refresh_token, "", "unknown", "a\0b", "é" * 256)
    ]

    assert [answer.status_code for answer in answers] == [204] * 6


# --- who may not


async def test_somebody_blocked_neither_gets_in_nor_stays_in(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    await block(shop, client.telegram_id, shop.now)

    refused = [await Client(shop, client.telegram_id).log_in(), await client.refresh(), await client.get("me")]
    refused += [await client.get(path) for path in ("plans", "subscriptions", "payments", "keys")]

    for answer in refused:
        assert_problem(answer, 403, "error-person-blocked")
    await block(shop, client.telegram_id, None)
    assert (await client.refresh()).status_code == 200


async def test_a_person_who_logs_in_over_and_over_has_to_wait_and_loses_nothing(shop: Shop) -> None:
    client = Client(shop, CAROL)
    for _ in range(5):
        assert (await client.log_in()).status_code == 200
        assert (await client.refresh()).status_code == 200

    client.address = new_address()
    too_often, refreshed = await client.log_in(), await client.refresh()

    for answer in (too_often, refreshed):
        assert_problem(answer, 429, "error-logins-too-often")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    await assert_as_described(shop, "refresh_tokens", refreshed)
    assert (await Client(shop, CAROL + 1).log_in()).status_code == 200
    shop.advance(seconds=61)
    assert (await client.refresh()).status_code == 200


async def test_one_address_has_to_wait_after_sixty_attempts_and_others_have_not(shop: Shop) -> None:
    nobody = Client(shop, CAROL)
    forged = {"init_data": "hash=00"}

    answers = await asyncio.gather(*(nobody.post("auth/telegram", forged) for _ in range(61)))

    assert Counter(answer.status_code for answer in answers) == {401: 60, 429: 1}
    assert_problem(await nobody.refresh("unknown"), 429)
    assert (await Client(shop, CAROL).log_in()).status_code == 200
