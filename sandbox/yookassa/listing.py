"""Lists: filters and paging, newest first."""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.yookassa.errors import invalid
from sandbox.yookassa.wire import Document

BOUNDS: dict[str, Callable[[Any, Any], bool]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}


def list_payments(payments: Sequence[Document], query: QueryParams) -> Document:
    """One page of payment objects, given newest first, by status, method and times.

    Raises:
        ApiError: a parameter cannot be understood.
    """
    found = _by_time(payments, query, ("created_at", "captured_at"))
    if status := query.get("status"):
        found = [p for p in found if p["status"] == status]
    if method := query.get("payment_method"):
        found = [p for p in found if p.get("payment_method", {}).get("type") == method]
    return _page(found, query)


def list_refunds(refunds: Sequence[Document], query: QueryParams) -> Document:
    """One page of refund objects, by payment, status and time. Raises as `list_payments`."""
    found = _by_time(refunds, query, ("created_at",))
    for name in ("payment_id", "status"):
        if wanted := query.get(name):
            found = [r for r in found if r[name] == wanted]
    return _page(found, query)


def _by_time(objects: Sequence[Document], query: QueryParams, names: tuple[str, ...]) -> list[Document]:
    found = list(objects)
    for name in names:
        for bound, holds in BOUNDS.items():
            if (text := query.get(f"{name}.{bound}")) is not None:
                limit = _moment(f"{name}.{bound}", text)
                found = [o for o in found if name in o and holds(datetime.fromisoformat(o[name]), limit)]
    return found


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(name) from None
    if moment.tzinfo is None:
        raise invalid(name)
    return moment


def _page(objects: list[Document], query: QueryParams) -> Document:
    """`limit` objects after the one that the cursor names; the cursor is the id of a page's last object."""
    text = query.get("limit", "10")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):
        raise invalid("limit")
    limit = int(text)
    if cursor := query.get("cursor"):
        places = [place for place, shown in enumerate(objects) if shown["id"] == cursor]
        if not places:
            raise invalid("cursor")
        objects = objects[places[0] + 1 :]
    page: Document = {"type": "list", "items": objects[:limit]}
    if len(objects) > limit:
        page["next_cursor"] = objects[limit - 1]["id"]
    return page
