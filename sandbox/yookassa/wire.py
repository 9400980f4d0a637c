"""How YooKassa writes ids, times and amounts."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]

PAYMENT = "000f-5000-8000"
REFUND = "0015-5000-9000"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def new_id(kind: str, now: datetime) -> str:
    """36 characters, as the real ones: seconds since 2000, the kind of object, then random."""
    seconds = int((now - EPOCH).total_seconds()) & 0xFFFFFFFF
    return f"{seconds:08x}-{kind}-{secrets.token_hex(6)}"


def iso(moment: datetime) -> str:
    """2018-07-10T14:27:54.691Z"""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def minor(amount: Document) -> int:
    """Kopecks of an amount that was checked before."""
    return int(str(amount["value"]).replace(".", ""))


def metadata(sent: Document) -> Document:
    """As it comes back: all of it text."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in sent.items()}


def rubles(kopecks: int) -> Document:
    """The amount object of a number of kopecks."""
    return {"value": f"{kopecks // 100}.{kopecks % 100:02d}", "currency": "RUB"}
