"""The small parts of the bot: pace, payloads, places, sentences for errors."""

import asyncio

import pytest

from backend.kit.errors import Conflict, Invalid, ShopError, Unavailable
from backend.kit.i18n import languages, translator
from backend.subscriptions.service import TrialUsed
from bot.app import sentence
from bot.callbacks import CheckPayment, ChooseMethod, ChoosePlan, Open, Screen, is_about_money
from bot.introduction import COMMANDS, menu
from bot.middlewares import Pace, storable
from bot.notices.base import place_of
from bot.session import make_bot
from bot.view import lines, paragraphs, visible_length
from tests.unit.bot.scenes import ID


def test_a_burst_passes_and_then_as_many_a_second_as_the_pace_allows() -> None:
    pace = Pace(burst=3, per_second=1)

    assert [pace.take(1, 100.0) for _ in range(5)] == [True, True, True, False, False]
    assert pace.take(2, 100.0), "people do not slow each other"
    assert [pace.take(1, 101.0) for _ in range(2)] == [True, False]
    assert [pace.take(1, 1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_goes_back_stops_nobody_for_good() -> None:
    pace = Pace(burst=1, per_second=1)
    pace.take(1, 1000.0)

    assert pace.take(1, 10.0) is False
    assert pace.take(1, 11.0) is True


def test_the_pace_forgets_those_who_wrote_longest_ago() -> None:
    pace = Pace(burst=1, per_second=1)
    for person in range(20_000):
        pace.take(person, 0.0)

    assert len(pace.people) == 10_000


def test_steps_of_paying_are_known_by_their_data() -> None:
    paying = ChooseMethod(plan_id=1, provider="yookassa", method="sbp"), CheckPayment(payment_id=ID)

    assert all(is_about_money(data.pack()) for data in paying)
    assert not is_about_money(Open(screen=Screen.HOME).pack())
    assert not is_about_money(ChoosePlan(plan_id=1).pack())
    assert not is_about_money("checker:1")


@pytest.mark.parametrize("data", ["plan:0", "plan:99999999999999999999", "plan:x", "plan:1:2", "plan", "buy:1::sbp"])
def test_data_that_no_button_of_ours_carries_is_not_read(data: str) -> None:
    for kind in (ChoosePlan, ChooseMethod):
        with pytest.raises((TypeError, ValueError)):
            kind.unpack(data)


def test_texts_lose_what_the_database_cannot_keep() -> None:
    assert storable("a\0b\ud800c🙂") == "abc🙂"


@pytest.mark.parametrize(
    ("shown_in", "place"), [("telegram:7:12", (7, 12)), (None, None), ("web:7:12", None), ("", None)]
)
def test_a_place_is_a_chat_and_a_message(shown_in: str | None, place: tuple[int, int] | None) -> None:
    assert place_of(shown_in) == place


class Novel(Conflict):
    """An error nobody wrote a sentence for."""


@pytest.mark.parametrize(
    ("error", "text_id"),
    [
        (TrialUsed(user=1), "error-trial-used"),
        (Novel(), "error-conflict"),
        (Unavailable(), "error-unavailable"),
        (Invalid(), "error-invalid"),
        (ShopError(), "error"),
        (ZeroDivisionError(), "error"),
    ],
)
def test_an_error_is_said_in_the_nearest_sentence(error: Exception, text_id: str) -> None:
    for language in languages():
        t = translator(language)
        assert sentence(t, error) == t(text_id)


def test_lengths_are_counted_as_telegram_counts() -> None:
    assert visible_length('<a href="https://x">Ы</a> &amp; 🙂') == 6


def test_paragraphs_and_lines_leave_out_what_is_empty() -> None:
    assert paragraphs("a", "", "b") == "a\n\nb"
    assert lines("", "a", "b") == "a\nb"


@pytest.mark.parametrize("language", languages())
def test_every_command_has_a_line_in_the_menu(language: str) -> None:
    commands = menu(translator(language))

    assert tuple(command.command for command in commands) == COMMANDS
    assert all(1 <= len(command.description) <= 256 for command in commands)


async def test_a_bot_speaks_html_to_the_server_it_is_given() -> None:
    bot = make_bot("42:TEST", "http://127.0.0.1:1/sandbox/telegram")
    try:
        assert bot.default.parse_mode == "HTML"
        url = bot.session.api.api_url(bot.token, "getMe")
        assert url == "http://127.0.0.1:1/sandbox/telegram/bot42:TEST/getMe"
    finally:
        await asyncio.shield(bot.session.close())
