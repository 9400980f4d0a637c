"""Invoices in Stars: what Telegram takes for one, and those that were made.

Sources: https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp
(get_input_message_invoice), https://github.com/tdlib/td/blob/master/td/telegram/InputInvoice.cpp and
https://core.telegram.org/method/payments.exportInvoice. The limits of the amounts were measured, not documented.
"""

import secrets
from typing import Any

from sandbox.store import Collection, Document
from sandbox.telegram.params import Params
from sandbox.telegram.refusal import Refusal, bad_request

STARS = "XTR"
PERIOD = 2_592_000  # seconds: 30 days, the only period of a subscription
TITLE_LIMIT = 32
DESCRIPTION_LIMIT = 255
PAYLOAD_LIMIT = 128  # bytes
MOST_STARS = 100_000
MOST_STARS_A_PERIOD = 10_000
TOO_BIG = 999_999_999_999


class Invoices:
    """By key: "chat/message" for one that was sent, the end of its link for the others.

    An invoice is {"key", "title", "description", "payload", "amount", "start_parameter", "period": 0 or 30 days}.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def sent(self, chat_id: int, message_id: int, invoice: Document) -> Document:
        return self._add(f"{chat_id}/{message_id}", invoice)

    def linked(self, invoice: Document) -> Document:
        return self._add(secrets.token_urlsafe(15), invoice)

    def find(self, key: str) -> Document | None:
        return self._collection.get(key)

    def _add(self, key: str, invoice: Document) -> Document:
        return self._collection.put(key, {"key": key, **invoice})


def shown(invoice: Document) -> Document:
    """The `invoice` of a message."""
    seen = {name: invoice[name] for name in ("title", "description", "start_parameter")}
    return {**seen, "currency": STARS, "total_amount": invoice["amount"]}


def read_invoice(params: Params) -> Document:
    """What a call wants to be paid for.

    Raises:
        Refusal: something that Telegram does not take.
    """
    title, description, payload = (required(params, name) for name in ("title", "description", "payload"))
    currency = required(params, "currency")
    prices = _prices(params)
    amount = sum(prices)
    if amount <= 0:
        raise bad_request("total price must be positive")
    if currency != STARS or params.text("provider_token"):
        raise bad_request("PAYMENT_PROVIDER_INVALID")  # nobody but Telegram itself takes money for this bot
    if len(payload.encode()) > PAYLOAD_LIMIT:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    tips = params.integer("max_tip_amount") or params.parsed("suggested_tip_amounts")
    if len(prices) > 1 or tips or len(title) > TITLE_LIMIT or len(description) > DESCRIPTION_LIMIT:
        raise bad_request("STARS_INVOICE_INVALID")
    if amount > MOST_STARS:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    return {
        "title": title,
        "description": description,
        "payload": payload,
        "amount": amount,
        "start_parameter": params.text("start_parameter"),
        "period": 0,
    }


def read_period(params: Params, invoice: Document) -> int:
    """How long what is paid lasts before it is paid again, in seconds; 0: once and for all.

    Raises:
        Refusal: another period than 30 days, or too dear for a subscription.
    """
    period = params.integer("subscription_period")
    if period not in (0, PERIOD):
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    if period and invoice["amount"] > MOST_STARS_A_PERIOD:
        raise bad_request("SUBSCRIPTION_AMOUNT_INVALID")
    return period


def required(params: Params, name: str) -> str:
    """A field that may not be missing or empty.

    Raises:
        Refusal: it is.
    """
    value = params.text(name)
    if not value:
        raise bad_request(f'parameter "{name}" is required')
    return value


def _prices(params: Params) -> list[int]:
    required(params, "prices")
    prices = params.parsed("prices")
    if not isinstance(prices, list):
        raise bad_request("expected an Array of labeled prices")
    if not prices:
        raise bad_request("there must be at least one price")
    amounts = [_amount(price) for price in prices]
    if any(abs(amount) > TOO_BIG for amount in amounts):
        raise bad_request("too big amount of the currency specified")
    return amounts


def _amount(price: Any) -> int:
    if not isinstance(price, dict):
        raise _misread("LabeledPrice must be an Object")
    for name in ("label", "amount"):
        if price.get(name) is None:
            raise _misread(f'Can\'t find field "{name}"')
    if not isinstance(price["label"], str):
        raise _misread('Field "label" must be of type String')
    if not price["label"]:
        raise _misread("LabeledPrice label must be non-empty")
    try:
        if isinstance(price["amount"], bool | float):
            raise ValueError("not a whole number")
        return int(price["amount"])
    except (ValueError, TypeError):
        raise _misread('Field "amount" must be a valid Number') from None


def _misread(reason: str) -> Refusal:
    return bad_request(f"can't parse labeled price: {reason}")
