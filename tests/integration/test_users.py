"""Who people are to us."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.users.models import User
from backend.users.service import UserNotFound, get_user, lock_user, register, set_language, set_reachable
from tests.shop import Shop


async def starts(shop: Shop, **changes: Any) -> User:
    person = {
        "telegram_id": 42,
        "first_name": "Аня",
        "username": "anya",
        "language_code": "ru",
        "payload": None,
        **changes,
    }
    async with shop.deps.db.transaction() as session:
        return await register(session, shop.now, **person)


async def test_twenty_starts_at_once_are_one_person(shop: Shop) -> None:
    people = await asyncio.gather(*(starts(shop, payload=str(number)) for number in range(20)))

    assert len({person.id for person in people}) == 1
    assert await shop.all(select(func.count()).select_from(User)) == [1]


async def test_what_brought_somebody_the_first_time_is_kept(shop: Shop) -> None:
    await starts(shop, payload="ref_7")

    again = await starts(shop, payload="ref_8", first_name="Анна", username=None)

    assert again.start_payload == "ref_7"
    assert (again.first_name, again.username) == ("Анна", None)


async def test_the_language_follows_telegrams_until_one_is_chosen(shop: Shop) -> None:
    person = await starts(shop, language_code="ru")
    followed = await starts(shop, language_code="en")
    async with shop.deps.db.transaction() as session:
        await set_language(session, person.id, "ru")

    chosen = await starts(shop, language_code="en")

    assert (person.language, followed.language, chosen.language) == ("ru", "en", "ru")


async def test_a_language_we_do_not_speak_cannot_be_chosen(shop: Shop) -> None:
    person = await starts(shop)

    async with shop.deps.db.transaction() as session:
        with pytest.raises(ValueError, match="no such language"):
            await set_language(session, person.id, "tlh")


async def test_somebody_who_blocked_the_bot_is_reachable_again_when_he_comes_back(shop: Shop) -> None:
    await starts(shop)
    async with shop.deps.db.transaction() as session:
        await set_reachable(session, 42, shop.now, reachable=False)
    (gone,) = await shop.all(select(User))

    back = await starts(shop)

    assert gone.unreachable_at is not None
    assert back.unreachable_at is None


async def test_somebody_who_is_not_there_is_not_found(shop: Shop) -> None:
    async with shop.deps.db.transaction() as session:
        for find in (get_user, lock_user):
            with pytest.raises(UserNotFound):
                await find(session, 10**9)
