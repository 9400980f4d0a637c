"""What Telegram hands to a Mini App and to a page with its login button, signed as Telegram signs it."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

ANNA: dict[str, Any] = {
    "id": 279058397,
    "first_name": 'Анна "Ann" O\'Neil',
    "last_name": "",
    "username": "anna",
    "language_code": "en",
    "allows_write_to_pm": True,
    "photo_url": "https://t.me/i/userpic/320/a.svg",
}


def init_data_fields(at: datetime, **changes: Any) -> dict[str, str]:
    """The fields of an `initData` as they are today; a change of None leaves one out."""
    fields = {
        "query_id": "AAHdF6IQAAAAAN0XohDhrOrc",
        "user": json.dumps(ANNA, ensure_ascii=False, separators=(",", ":")),
        "auth_date": str(int(at.timestamp())),
        "signature": "6fbdaab833d0e2c1-MQpTLzAyQW5rZmxqdw",
    }
    return {name: str(value) for name, value in {**fields, **changes}.items() if value is not None}


def sign_init_data(fields: Mapping[str, str], bot_token: str) -> str:
    key = hmac.new(b"WebAppData", bot_token.encode(), hashlib.sha256).digest()
    return urlencode({**fields, "hash": _sign(fields, key)})


def init_data(bot_token: str, at: datetime, **changes: Any) -> str:
    return sign_init_data(init_data_fields(at, **changes), bot_token)


def login_widget(bot_token: str, at: datetime, **changes: Any) -> dict[str, Any]:
    """The object of the login button; a change of None leaves a field out."""
    fields = {
        "id": ANNA["id"],
        "first_name": ANNA["first_name"],
        "username": ANNA["username"],
        "photo_url": ANNA["photo_url"],
        "auth_date": int(at.timestamp()),
    }
    fields = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    return {**fields, "hash": _sign(fields, hashlib.sha256(bot_token.encode()).digest())}


def _sign(fields: Mapping[str, Any], key: bytes) -> str:
    lines = "\n".join(sorted(f"{name}={value}" for name, value in fields.items()))
    return hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
