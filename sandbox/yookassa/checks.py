"""What a request to create a payment or a refund must look like. Pure: reads nothing but its arguments."""

import re
from decimal import Decimal
from urllib.parse import urlsplit

from sandbox.yookassa.errors import ApiError, invalid, missing
from sandbox.yookassa.shops import BY_CONTRACT, METHODS, Shop
from sandbox.yookassa.wire import Document, minor

AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{2}")
LEAST = 100  # kopecks
WITH_RETURN = ("redirect", "mobile_application")
CONFIRMATIONS = (*WITH_RETURN, "embedded", "external", "qr")
VAT_CODES = frozenset(map(str, range(1, 13)))
MEASURE = re.compile(
    "piece|gram|kilogram|ton|((square_)?(centi|deci)?|cubic_)meter|(milli)?liter|kilowatt_hour|gigacalorie"
    "|day|hour|minute|second|(kilo|mega|giga|tera)byte|another"
)
MOST = {"bank_card": 350_000_00, "sbp": 700_000_00}
NO_RECEIPT = "Receipt is missing or illegal"
NO_RECURRING = "This store can't make recurring payments. Contact the YooMoney manager to learn more"


def check_payment(body: Document, shop: Shop, saved: Document | None) -> None:
    """A create request. `saved` is the shop's method named by `payment_method_id`, if there is such a one.

    Raises:
        ApiError: the first rule it breaks.
    """
    kopecks = check_amount(body.get("amount"))
    _check_flags(body)
    _check_text(body, "description", 128)
    _check_text(body, "merchant_customer_id", 200)
    check_metadata(body.get("metadata"))
    if "payment_method_id" in body:
        _check_autopay(body, saved)
    else:
        _check_method(body, shop)
        _check_confirmation(body)
    method = saved["type"] if saved else body.get("payment_method_data", {}).get("type")
    if not LEAST <= kopecks <= MOST.get(method, max(MOST.values())):
        raise invalid("amount.value")
    if method == "sbp" and not body.get("capture", False):
        raise invalid("capture", "Two-stage payment is not available for this payment method")
    if not shop.recurring and ("payment_method_id" in body or body.get("save_payment_method")):
        raise ApiError(403, NO_RECURRING)
    check_receipt(body, kopecks, needed=shop.fiscalization, measured=shop.fiscalization)


def check_amount(amount: object) -> int:
    """An amount object in rubles; its kopecks."""
    if amount is None:
        raise missing("amount")
    if not isinstance(amount, dict):
        raise invalid("amount")
    value = amount.get("value")
    if not isinstance(value, str) or not AMOUNT.fullmatch(value) or minor(amount) == 0:
        raise invalid("amount.value")
    if amount.get("currency") != "RUB":
        raise invalid("amount.currency")
    return minor(amount)


def check_metadata(metadata: object) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or len(metadata) > 16:
        raise invalid("metadata")
    for key, value in metadata.items():
        if not key or len(key) > 32:
            raise invalid("metadata")
        if isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) > 512:
            raise invalid(f"metadata.{key}")


def check_receipt(body: Document, kopecks: int, *, needed: bool, measured: bool) -> None:
    """The receipt: there when needed, its lines with their measure when that is, and they add up to the amount."""
    receipt = body.get("receipt")
    if receipt is None and not needed:
        return
    if not isinstance(receipt, dict) or not _receipt_is_whole(receipt):
        raise invalid("receipt", NO_RECEIPT)
    measures = [line.get("measure") for line in receipt["items"] if measured or "measure" in line]
    if not all(isinstance(measure, str) and MEASURE.fullmatch(measure) for measure in measures):
        raise invalid("receipt", NO_RECEIPT)
    try:
        total = sum(Decimal(str(line["quantity"])) * check_amount(line.get("amount")) for line in receipt["items"])
    except (ArithmeticError, ApiError):
        raise invalid("receipt", NO_RECEIPT) from None
    if total != kopecks:
        raise invalid("receipt", NO_RECEIPT)


def check_refund(body: Document) -> int:
    """A refund request; its kopecks."""
    if not isinstance(body.get("payment_id"), str):
        raise missing("payment_id") if body.get("payment_id") is None else invalid("payment_id")
    _check_text(body, "description", 250)
    check_metadata(body.get("metadata"))
    return check_amount(body.get("amount"))


def _check_flags(body: Document) -> None:
    for name in ("capture", "save_payment_method"):
        if not isinstance(body.get(name, False), bool):
            raise invalid(name)


def _check_text(body: Document, name: str, most: int) -> None:
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > most):
        raise invalid(name)


def _check_autopay(body: Document, saved: Document | None) -> None:
    for other in ("payment_method_data", "confirmation"):
        if other in body:
            raise invalid(other, f"{other} cannot be sent together with payment_method_id")
    if saved is None or saved["revoked"]:
        raise invalid("payment_method_id")


def _check_method(body: Document, shop: Shop) -> None:
    if "payment_method_data" not in body:
        return
    chosen = body["payment_method_data"]
    if not isinstance(chosen, dict) or chosen.get("type") not in (*METHODS, *BY_CONTRACT):
        raise invalid("payment_method_data.type")
    if chosen["type"] not in shop.methods:
        raise invalid("payment_method_data.type", "Payment method is not available for this store")


def _check_confirmation(body: Document) -> None:
    confirmation = body.get("confirmation")
    if confirmation is None:
        raise missing("confirmation")
    if not isinstance(confirmation, dict) or confirmation.get("type") not in CONFIRMATIONS:
        raise invalid("confirmation.type")
    url = confirmation.get("return_url")
    if url is None and confirmation["type"] in WITH_RETURN:
        raise missing("confirmation.return_url")
    if url is not None and (not isinstance(url, str) or len(url) > 2048 or not _is_web_address(url)):
        raise invalid("confirmation.return_url")
    if confirmation.get("locale") not in (None, "ru_RU", "en_US"):
        raise invalid("confirmation.locale")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isprintable() and " " not in url


def _receipt_is_whole(receipt: Document) -> bool:
    customer, lines = receipt.get("customer"), receipt.get("items")
    return (
        isinstance(customer, dict)
        and any(isinstance(customer.get(name), str) and customer[name] for name in ("email", "phone"))
        and isinstance(lines, list)
        and bool(lines)
        and all(isinstance(line, dict) and _line_is_whole(line) for line in lines)
    )


def _line_is_whole(line: Document) -> bool:
    description, quantity, vat_code = (line.get(name) for name in ("description", "quantity", "vat_code"))
    return (
        isinstance(description, str)
        and 1 <= len(description) <= 128
        and isinstance(quantity, str | int | float)
        and not isinstance(quantity, bool)
        and isinstance(vat_code, str | int)
        and not isinstance(vat_code, bool)
        and str(vat_code) in VAT_CODES
    )
