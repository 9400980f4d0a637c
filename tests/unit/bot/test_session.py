"""What an answer of a server of the Bot API means."""

import json
from typing import Any

import pytest
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetMe, SendMessage

from bot.session import NotDone, NotHeard, make_bot

BOT = make_bot("42:TEST")


def answered(status: int, answer: dict[str, Any] | str) -> AiogramError:
    """What a call raises that is answered so."""
    content = answer if isinstance(answer, str) else json.dumps(answer)
    with pytest.raises(AiogramError) as raised:
        BOT.session.check_response(BOT, SendMessage(chat_id=7, text="x"), status, content)
    return raised.value


def no(code: int, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"ok": False, "error_code": code, **({} if reason is None else {"description": reason}), **more}


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (no(429, "Too Many Requests: retry after 7", parameters={"retry_after": 9}), 9),
        (no(429, "Too Many Requests: retry after 7"), 7),
        (no(429, "Too Many Requests: Retry After 0"), 1),
        (no(429, "Too Many Requests"), 1),
        (no(429), 1),
    ],
)
@pytest.mark.parametrize("status", [429, 200])
def test_too_many_requests_is_a_wish_to_wait_however_it_is_said(
    status: int, answer: dict[str, Any], seconds: int
) -> None:
    error = answered(status, answer)

    assert isinstance(error, TelegramRetryAfter)
    assert error.retry_after == seconds


@pytest.mark.parametrize(("code", "kind"), [(400, TelegramBadRequest), (403, TelegramForbiddenError), (500, NotDone)])
@pytest.mark.parametrize("status", [200, None])
def test_a_no_is_what_it_says_of_itself(status: int | None, code: int, kind: type) -> None:
    assert type(answered(status or code, no(code, "why"))) is kind


@pytest.mark.parametrize("answer", [no(500), no(501), no(503, "Internal Server Error: x")])
def test_what_telegram_in_trouble_says_it_has_not_done_is_not_done(answer: dict[str, Any]) -> None:
    assert type(answered(answer["error_code"], answer)) is NotDone


@pytest.mark.parametrize(
    "answer",
    [
        no(500, "Internal Server Error: restart"),
        no(500, "Internal Server Error: sent message was immediately deleted and can't be returned"),
        no(500, "Request aborted"),
        no(502, "Bad Gateway"),
        no(504, "Gateway Timeout"),
    ],
)
def test_what_may_have_been_done_before_the_trouble_is_in_doubt(answer: dict[str, Any]) -> None:
    assert type(answered(answer["error_code"], answer)) is TelegramServerError


def test_what_is_no_answer_of_telegram_is_in_doubt_unless_it_is_turned_down() -> None:
    assert type(answered(502, "<html>Bad Gateway</html>")) is ClientDecodeError
    assert type(answered(500, {"error": "x"})) is ClientDecodeError
    assert type(answered(429, "<html>Slow down</html>")) is NotHeard


def test_a_yes_is_a_yes() -> None:
    said = BOT.session.check_response(BOT, SendMessage(chat_id=7, text="x"), 200, '{"ok": true, "result": 5}')
    me = {"id": 42, "is_bot": True, "first_name": "Bot"}
    known = BOT.session.check_response(BOT, GetMe(), 200, json.dumps({"ok": True, "result": me}))

    assert (said.ok, said.result) == (True, None)
    assert known.result is not None
    assert known.result.id == 42
