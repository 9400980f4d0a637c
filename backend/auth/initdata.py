"""What Telegram says about who opened a Mini App or pressed its login button. Pure.

Both are lines of `key=value` under an HMAC of which only Telegram and we know the key. The lines are read so that
they mean one thing: a name twice, or a line break in a value, could be taken apart in two ways.

Source: https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
and https://core.telegram.org/widgets/login#checking-authorization
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl

from backend.kit import reading
from backend.kit.errors import Unproven

INIT_DATA_LASTS = timedelta(hours=1)
WIDGET_LASTS = timedelta(minutes=5)
CLOCKS_DIFFER_BY = timedelta(minutes=1)

MOST_FIELDS = 64  # Telegram sends a dozen; new ones are part of the signed lines and otherwise passed over
LARGEST_ID = 2**52  # Telegram's promise about ids

_NAME = re.compile(r"\w+", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,16}")
_UNFIT = re.compile(r"[\r\n\0\ud800-\udfff]")


class NotFromTelegram(Unproven):
    """This does not come from Telegram, or is meant for another bot."""


class TelegramLoginExpired(Unproven):
    """Telegram said this too long ago: open the app or log in anew."""


@dataclass(frozen=True, slots=True)
class TelegramPerson:
    """Somebody Telegram vouches for. `start_param` is what the link into the app carried."""

    telegram_id: int
    first_name: str
    username: str | None
    language_code: str | None = None
    start_param: str | None = None


def read_init_data(init_data: str, bot_token: str, now: datetime) -> TelegramPerson:
    """Who opened the Mini App, from its `initData` as it stands.

    Every field but `hash` is under the HMAC, `signature` (for others than us) included.

    Raises:
        NotFromTelegram: forged, of another bot, malformed, from the future, or about nobody.
        TelegramLoginExpired: older than an hour.
    """
    fields = _read_query(init_data)
    key = hmac.digest(b"WebAppData", bot_token.encode(), "sha256")
    _check(fields, key, now, lasts=INIT_DATA_LASTS)
    try:
        user = reading.part(reading.parse(fields.get("user", "").encode()))
    except ValueError:
        raise NotFromTelegram from None
    return _person(user, reading.whole(user.get("id")), reading.text(fields.get("start_param")))


def read_login_widget(fields: Mapping[str, str | int], bot_token: str, now: datetime) -> TelegramPerson:
    """Who pressed the login button of a web page, from the object Telegram hands to it.

    Raises:
        NotFromTelegram: forged, of another bot, malformed or from the future.
        TelegramLoginExpired: older than five minutes.
    """
    texts = {name: str(value) for name, value in fields.items()}
    _check(texts, sha256(bot_token.encode()).digest(), now, lasts=WIDGET_LASTS)
    return _person(texts, _number(texts.get("id")), None)


def _read_query(query: str) -> dict[str, str]:
    """The fields of a query string, each of which is there once."""
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise NotFromTelegram from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotFromTelegram
    return fields


def _check(fields: Mapping[str, str], key: bytes, now: datetime, *, lasts: timedelta) -> None:
    if not _means_one_thing(fields):
        raise NotFromTelegram
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "hash")
    expected = hmac.digest(key, lines.encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), fields.get("hash", "").encode()):
        raise NotFromTelegram
    said_at = _number(fields.get("auth_date"))
    if said_at is None or said_at > (now + CLOCKS_DIFFER_BY).timestamp():
        raise NotFromTelegram
    if said_at < (now - lasts).timestamp():
        raise TelegramLoginExpired


def _means_one_thing(fields: Mapping[str, str]) -> bool:
    return len(fields) <= MOST_FIELDS and all(
        _NAME.fullmatch(name) and not _UNFIT.search(value) for name, value in fields.items()
    )


def _person(user: Mapping[str, object], telegram_id: int | None, start_param: str | None) -> TelegramPerson:
    if telegram_id is None or not 0 < telegram_id < LARGEST_ID:
        raise NotFromTelegram
    return TelegramPerson(
        telegram_id=telegram_id,
        first_name=reading.text(user.get("first_name")) or "",
        username=reading.text(user.get("username")),
        language_code=reading.text(user.get("language_code")),
        start_param=start_param,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None
