"""What an order and a refund must look like. Pure: reads nothing but its arguments. All errors are told at once."""

from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlsplit

from sandbox.coingate import coins
from sandbox.coingate.accounts import Market
from sandbox.coingate.amounts import parse
from sandbox.coingate.errors import not_valid
from sandbox.store import Document

DO_NOT_CONVERT = "DO_NOT_CONVERT"
MOST = Decimal(1_000_000_000)


def check_order(body: Document, market: Market) -> Decimal:
    """A request to create an order; its price.

    Raises:
        ApiError: 422 with every rule it breaks.
    """
    price = parse(body.get("price_amount"))
    errors = [
        *_price_errors(body.get("price_amount"), price, "Price"),
        *_currency_errors(body, market),
        *_text_errors(body, "title", 150),
        *_text_errors(body, "description", 500),
        *_url_errors(body, "callback_url", "success_url", "cancel_url"),
        *(f"{_said(name)} is invalid" for name in ("token", "order_id") if not _is_word(body.get(name))),
    ]
    if errors or price is None:
        raise not_valid("Order", errors)
    return price


def check_refund(body: Document, left: Decimal) -> Decimal:
    """A request to refund an order of which `left` is left; the amount, in the order's price currency.

    Raises:
        ApiError: 422 with every rule it breaks.
    """
    amount = parse(body.get("amount"))
    errors = [*_price_errors(body.get("amount"), amount, "Amount"), *_url_errors(body, "callback_url")]
    needed = ("address", "currency_id", "platform_id", "reason", "email", "ledger_account_id")
    errors += [f"{_said(name)} can't be blank" for name in needed if body.get(name) in (None, "")]
    currency = next((c for c in coins.CURRENCIES if str(c.id) == str(body.get("currency_id"))), None)
    if body.get("currency_id") and currency is None:
        errors.append("Currency is invalid")
    if currency and body.get("platform_id") and currency.platform(body["platform_id"]) is None:
        errors.append("Platform is invalid")
    if amount is not None and amount > left:
        errors.append("Amount exceeds what can be refunded")
    if errors or amount is None:
        raise not_valid("Refund", errors)
    return amount


def _price_errors(given: object, price: Decimal | None, name: str) -> Iterable[str]:
    if given in (None, ""):
        yield f"{name} can't be blank"
    if price is None:
        yield f"{name} is not a number"
    elif price <= 0:
        yield f"{name} must be greater than 0"
    elif price > MOST:
        yield f"{name} must be less than or equal to {MOST}"


def _currency_errors(body: Document, market: Market) -> Iterable[str]:
    priced, received = body.get("price_currency"), body.get("receive_currency")
    if priced in (None, ""):
        yield "Price currency can't be blank"
    elif priced not in market.price_currencies or coins.find(priced) is None:
        yield "Price currency is invalid"
    currency = coins.find(received)
    if received not in (None, "", DO_NOT_CONVERT) and not (currency and currency.receive):
        yield "Receive currency is invalid"


def _text_errors(body: Document, name: str, most: int) -> Iterable[str]:
    value = body.get(name)
    if value in (None, ""):
        yield f"{_said(name)} can't be blank"
    if not isinstance(value, str) or len(value) < 3:
        yield f"{_said(name)} is too short (minimum is 3 characters)"
    elif len(value) > most:
        yield f"{_said(name)} is too long (maximum is {most} characters)"


def _url_errors(body: Document, *names: str) -> Iterable[str]:
    return (f"{_said(name)} is invalid" for name in names if body.get(name) and not _is_url(body[name]))


def _is_url(value: object) -> bool:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _is_word(value: object) -> bool:
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def _said(name: str) -> str:
    return name.replace("_", " ").capitalize()
