"""Callbacks: what an order or refund says of itself when its status changes, frozen then, sent until it is taken.

Retries, accepted and fatal answers: https://developer.coingate.com/reference/api-callbacks
"""

import ipaddress
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.coingate import coins
from sandbox.coingate.accounts import Accounts, Market
from sandbox.coingate.views import told
from sandbox.deliveries import JSON, Deliveries, Rules
from sandbox.store import Document, Store
from sandbox.world import World

FORM = "application/x-www-form-urlencoded"
MINUTE = 60
WAITS = [
    seconds
    for seconds in (
        1 * MINUTE,
        5 * MINUTE,
        10 * MINUTE,
        20 * MINUTE,
        30 * MINUTE,
        60 * MINUTE,
        300 * MINUTE,
        1440 * MINUTE,
    )
    for _ in range(5)
]
HIDDEN_NAMES = (".onion", ".localhost", ".local", ".internal")


class Callbacks(Deliveries):
    """The queue of callbacks, each with its "url". `allow_private`: also to addresses nobody else could reach."""

    def __init__(self, world: World, store: Store, accounts: Accounts, *, allow_private: bool) -> None:
        rules = Rules(
            service="coingate",
            source_ip=Market().ips[0],
            seconds=20.0,
            address=self._address,
            retry_at=_retry_at,
            accepted=frozenset({200, 204}),
            fatal=frozenset({301, 302, 401, 403}),
        )
        super().__init__(world, store, rules)
        self._accounts = accounts
        self._allow_private = allow_private

    def tell_order(self, before: Document, after: Document) -> None:
        """A status changed: the merchant hears, if the order says where."""
        account = self._accounts.get(after["app"])
        bodies = told(before, account), told(after, account)
        self._queue(after, after["callback_url"], after["status"], bodies)

    def tell_refund(self, refund: Document, order: Document) -> None:
        """A refund is there or moved on: its own address hears, in a shape of its own."""
        shown = refund["object"]
        currency = coins.get(order["price_currency"])
        settled = shown["ledger_account"]
        body = {
            "id": refund["id"],
            "order_id": order["id"],
            "status": shown["status"],
            "request_amount": shown["request_amount"],
            "request_currency": {"id": currency.id, "symbol": currency.symbol},
            "address": shown["address"],
            "additional_address_field": shown["memo"],
            "refund_amount": shown["refund_amount"],
            "refund_currency": _without_title(shown["refund_currency"]),
            "email": refund["told"]["email"],
            "reason": refund["told"]["reason"],
            "ledger_account": {**settled, "currency": _without_title(settled["currency"])},
        }
        self._queue(order, refund["told"]["callback_url"], f"refund_{shown['status']}", (body, body))

    def _queue(self, order: Document, url: str | None, event: str, bodies: tuple[Document, Document]) -> None:
        if url is None:
            return
        is_form = self._accounts.get(order["app"]).callback_format == "form"
        write = _form if is_form else json.dumps
        about = {"object_id": order["id"], "event": event, "url": url}
        content_type = FORM if is_form else JSON
        self.add(about, body=write(bodies[1]), stale_body=write(bodies[0]), content_type=content_type)

    def _address(self, delivery: Document) -> str | None:
        url: str = delivery["url"]
        return url if self._allow_private or _is_public(url) else None


def _retry_at(delivery: Document, began: datetime) -> datetime | None:
    """The next retry, some time after the attempt before it; 40 of them, which is six and a half days."""
    retries = len(delivery["attempts"]) - 1
    return began + timedelta(seconds=WAITS[retries]) if retries < len(WAITS) else None


def _is_public(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return host != "localhost" and not host.endswith(HIDDEN_NAMES)


def _without_title(currency: Document) -> Document:
    return {name: value for name, value in currency.items() if name != "title"}


def _form(body: Document) -> str:
    """As Rails reads it back: fees[][currency][id]=1."""
    pairs = [pair for name, value in body.items() for pair in _pairs(name, value)]
    return urlencode(pairs, safe="[]")


def _pairs(name: str, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _pairs(f"{name}[{inner}]", one)
    elif isinstance(value, list):
        for one in value:
            yield from _pairs(f"{name}[]", one)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    else:
        yield name, "" if value is None else str(value)
