"""What others send us, read so that nothing in it can surprise us: what does not fit is None."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

Json = dict[str, object]

TEXT_LIMIT = 2048


def parse(body: bytes) -> object:
    """JSON in UTF-8; numbers with a dot are Decimal.

    Raises:
        ValueError: it is anything else, or nested or long beyond reason.
    """
    try:
        return json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("not JSON anybody means") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"not JSON: {constant}")


def part(value: object) -> Json:
    """An object inside an object; empty when it is none."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Json]:
    """The objects of a list; none when it is no list."""
    return [part(entry) for entry in value] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Text that a database can keep, else None."""
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LIMIT or "\0" in value:
        return None
    return None if any("\ud800" <= letter <= "\udfff" for letter in value) else value


def whole(value: object) -> int | None:
    """A JSON number without a dot."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: object) -> datetime | None:
    """An ISO 8601 time with its zone, as aware UTC."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        return read.astimezone(UTC) if read and read.tzinfo else None
    except (ValueError, OverflowError):
        return None
