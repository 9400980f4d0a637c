"""What nobody expects: every time a sentence for the person, and nothing breaks."""

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.person import Person
from tests.journeys.world import World

pytestmark = pytest.mark.thorough

HOME = "299 ₽"  # stands on the main screen alone

FOREIGN = (
    "open:nowhere",
    "plan:abc",
    "plan:99999999999999999999",
    "buy:2:nobody:bank_card",
    "buy:2:yookassa:gold",
    "check:00000000-0000-0000-0000-000000000000",
    "key:not-a-uuid",
    "reissue:00000000-0000-0000-0000-000000000000:2:1",
    "lang:xx",
    "v1|menu|old",
    "ы" * 30,
    "\x00",
)


@pytest.mark.parametrize(
    "payload",
    ["ref_12345", "paid_nonsense", "A" * 64, "x" * 3000, "<b>", "../../etc", "🙂"],
    ids=lambda text: text[:12],
)
async def test_an_unknown_start_payload_is_kept_out_of_the_way(new_person: NewPerson, payload: str) -> None:
    zoya = await new_person("Зоя")
    assert HOME in (await zoya.says(f"/start {payload}")).text


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "/start " + "\x00" * 10, "\x00", "привет\x00", "/unknown", "\u202eабв", "<b>&amp;</i>"],
    ids=["1 MB", "start with NULs", "NUL", "a NUL inside", "unknown command", "right to left", "markup"],
)
async def test_any_text_is_answered(new_person: NewPerson, text: str) -> None:
    zoya = await new_person("Зоя")
    await zoya.says("/start")
    assert HOME in (await zoya.sends_raw(text)).text


async def test_foreign_and_old_buttons_are_answered(world: World, new_person: NewPerson) -> None:
    zoya = await new_person("Зоя")
    home = await zoya.says("/start")
    for data in FOREIGN:
        await zoya.taps_data(home, data)
    assert HOME in (await zoya.says("/start")).text


async def test_buttons_of_somebody_else_open_nothing(world: World, new_person: NewPerson) -> None:
    owner, thief = await new_person("Глеб"), await new_person("Зоя")
    await owner.says("/start")
    await owner.taps("Попробовать")
    key = await owner.key()
    home = await thief.says("/start")
    profile = await owner.says("/subscription")
    for data in [button["callback_data"] for row in profile.buttons for button in row if "callback_data" in button]:
        await thief.taps_data(home, data)
    for message in await thief.chat():
        assert key.link not in message.text
        assert key.uuid not in message.text
    assert (await world.opens(key.link)).status_code == 200


async def test_somebody_may_be_called_anything(world: World, new_person: NewPerson) -> None:
    for name in ("<script>", "&amp;", "a" * 64, "\u200fעברית", "𝕊𝕥𝕦𝕕𝕚𝕠"):
        person: Person = await new_person(name)
        assert name in (await person.says("/start")).text


async def test_too_many_taps_at_once_are_slowed_down_and_the_last_word_is_still_heard(
    world: World, new_person: NewPerson
) -> None:
    zoya = await new_person("Зоя")
    home = await zoya.says("/start")
    notices = [await zoya.taps_data(home, "open:help") for _ in range(30)]
    assert any("Слишком быстро" in notice for notice in notices)
    await world.advance(seconds=20)
    assert HOME in (await zoya.says("/start")).text
