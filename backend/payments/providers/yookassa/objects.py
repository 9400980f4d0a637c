"""YooKassa's JSON objects, read so that nothing in them can surprise us.

Unknown keys are ignored, an unknown status counts as pending, a value that cannot be read exactly is None.
Source: https://yookassa.ru/developers/api#payment_object
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

from backend.kit.money import Currency, Money, to_minor
from backend.payments.providers.base import PaymentState, RefundSnapshot, SavedInstrument, Snapshot

Json = dict[str, object]

STATES = {
    "pending": PaymentState.PENDING,
    "waiting_for_capture": PaymentState.CONFIRMING,
    "succeeded": PaymentState.SUCCEEDED,
    "canceled": PaymentState.CANCELED,
}
KEPT = frozenset({"bank_card", "yoo_money"})  # not every bank lets SBP be charged again
REFUND_STATES = frozenset({"pending", "succeeded", "canceled"})
TEXT_LIMIT = 2048
NOBODY = "?"  # an account that cannot be read


def parse(body: bytes) -> Json:
    """A JSON object in UTF-8.

    Raises:
        ValueError: it is anything else, or nested or long beyond reason.
    """
    try:
        parsed = json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("not JSON anybody means") from error
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"not JSON: {constant}")


def part(value: object) -> Json:
    """An object inside an object; empty when it is none."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Text that a database can keep, else None."""
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LIMIT or "\0" in value:
        return None
    return None if any("\ud800" <= letter <= "\udfff" for letter in value) else value


def number_or_text(value: object) -> str | None:
    """An account number, which may come as either."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


def recipient(value: object) -> str | None:
    """Whose the money is; None: not told. Told, but not as an account is written, it is nobody's."""
    account = value.get("account_id") if isinstance(value, dict) else value
    return None if account is None else number_or_text(account) or NOBODY


def play_money(value: object) -> bool | None:
    """What `test` says; None: nothing. Only a plain false is real money."""
    return None if value is None else value is not False


def amount(value: object) -> Money | None:
    """{"value": "299.00", "currency": "RUB"}, also with a JSON number; None unless it is exact roubles."""
    figure = part(value).get("value")
    if part(value).get("currency") != Currency.RUB or not isinstance(figure, str | int | Decimal):
        return None
    try:
        return Money(to_minor(str(figure)), Currency.RUB)
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """An ISO 8601 time with its zone, as aware UTC."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        return read.astimezone(UTC) if read and read.tzinfo else None
    except (ValueError, OverflowError):
        return None


def payment(body: Json) -> Snapshot | None:
    """A payment object; None when it is not one."""
    ref, status = text(body.get("id")), text(body.get("status"))
    if ref is None or status is None:
        return None
    metadata = part(body.get("metadata"))
    url = text(part(body.get("confirmation")).get("confirmation_url"))
    refunded = amount(body.get("refunded_amount"))
    return Snapshot(
        ref=ref,
        state=STATES.get(status, PaymentState.PENDING),
        provider_status=status,
        amount=amount(body.get("amount")),
        account=recipient(body.get("recipient")),
        test=play_money(body.get("test")),
        pid=text(metadata.get("pid")),
        mac=metadata.get("mac"),
        url=url if url and url.startswith(("https://", "http://")) else None,
        reason=text(part(body.get("cancellation_details")).get("reason")),
        refunded_minor=refunded.minor if refunded else None,
        saved=_saved(part(body.get("payment_method"))) if status == "succeeded" else None,
        receipt=text(body.get("receipt_registration")),
        held=status == "waiting_for_capture",
        created_at=moment(body.get("created_at")),
        paid_at=moment(body.get("captured_at")),
    )


def refund(body: Json) -> RefundSnapshot | None:
    """A refund object; None when it is not one."""
    ref, payment_ref, status = (text(body.get(name)) for name in ("id", "payment_id", "status"))
    if ref is None or payment_ref is None or status is None:
        return None
    return RefundSnapshot(
        ref=ref,
        payment_ref=payment_ref,
        state=status if status in REFUND_STATES else "pending",
        amount=amount(body.get("amount")),
        reason=text(part(body.get("cancellation_details")).get("reason")),
        receipt=text(body.get("receipt_registration")),
        created_at=moment(body.get("created_at")),
    )


def _saved(method: Json) -> SavedInstrument | None:
    """What a paid payment left that we can charge again; None: nothing."""
    ref, kind = text(method.get("id")), text(method.get("type"))
    if method.get("saved") is not True or ref is None or kind not in KEPT:
        return None
    card = part(method.get("card"))
    shown = text(card.get("last4")) or (text(method.get("account_number")) or "")[-4:]
    year, month = text(card.get("expiry_year")), text(card.get("expiry_month"))
    return SavedInstrument(
        ref=ref,
        method=kind,
        title=f"*{shown}" if shown else text(method.get("title")) or kind,
        expires_on=f"{year}-{month}" if year and month else None,
    )
