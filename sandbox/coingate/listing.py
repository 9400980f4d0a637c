"""Lists: filters, order and paging."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sandbox.coingate.errors import ApiError
from sandbox.store import Document

MOST = 100  # orders a page


def list_orders(orders: Sequence[Document], query: Mapping[str, str]) -> tuple[Document, list[Document]]:
    """One page of stored orders, given newest first: what stands around them, and they.

    Raises:
        ApiError: 400, a parameter is not understood.
    """
    found = [o for o in orders if query.get("status") in (None, "", o["status"])]
    for name in ("created_at", "paid_at"):
        since, until = _moment(query, f"{name}[from]"), _moment(query, f"{name}[to]")
        if since:
            found = [o for o in found if o[name] and datetime.fromisoformat(o[name]) >= since]
        if until:
            found = [o for o in found if o[name] and datetime.fromisoformat(o[name]) <= until]
    sort = query.get("sort") or "created_at_desc"
    if sort not in ("created_at_desc", "created_at_asc"):
        raise _not_understood("sort")
    return page_of(found if sort == "created_at_desc" else found[::-1], query, "orders")


def page_of(found: list[Document], query: Mapping[str, str], name: str) -> tuple[Document, list[Document]]:
    """The page that was asked for: how many there are in all, and those on it. Raises as `list_orders`."""
    per_page = min(_number(query, "per_page", MOST), MOST)
    page = _number(query, "page", 1)
    around = {
        "current_page": page,
        "per_page": per_page,
        f"total_{name}": len(found),
        "total_pages": math.ceil(len(found) / per_page),
    }
    return around, found[(page - 1) * per_page : page * per_page]


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise _not_understood(name)
    return int(text)


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    """A date is its first moment, in UTC."""
    text = query.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _not_understood(name) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _not_understood(name: str) -> ApiError:
    return ApiError(400, f"{name} is invalid", "BadRequest")
