"""CoinGate's orders, read so that nothing in them can surprise us.

Unknown keys are ignored, an unknown status counts as pending, a value that cannot be read exactly is None.
What was sent too little or too much changes nothing: even a paid order may say underpaid_amount. `status` decides.
Source: https://developer.coingate.com/reference/order-statuses
"""

import re
from decimal import Decimal

from backend.kit.money import Currency, Money, to_minor
from backend.kit.reading import Json, items, moment, text
from backend.payments.providers.base import PaymentState, RefundSnapshot, Snapshot

CURRENCIES = frozenset({Currency.RUB, Currency.EUR})
STATES = {
    "new": PaymentState.PENDING,
    "pending": PaymentState.PENDING,
    "confirming": PaymentState.CONFIRMING,
    "paid": PaymentState.SUCCEEDED,
    "partially_refunded": PaymentState.SUCCEEDED,
    "refunded": PaymentState.SUCCEEDED,
    "invalid": PaymentState.CANCELED,
    "expired": PaymentState.CANCELED,
    "canceled": PaymentState.CANCELED,
}
PAYABLE = frozenset({PaymentState.PENDING, PaymentState.CONFIRMING})
REFUNDED = frozenset({"partially_refunded", "refunded"})
AMOUNT_LIMIT = 40  # characters
MEANS_NOTHING = re.compile(r"(\.[0-9]*?)0+$")  # "299.000" is 299


def order(body: Json, *, account: str, test: bool) -> Snapshot | None:
    """An order; None when it is not one. It names neither account nor mode: both are those we asked with."""
    ref, status = order_ref(body.get("id")), text(body.get("status"))
    if ref is None or status is None:
        return None
    state = STATES.get(status, PaymentState.PENDING)
    pid, mac = signed(body)
    url = text(body.get("payment_url"))
    given_back = refunds(body)
    return Snapshot(
        ref=ref,
        state=state,
        provider_status=status,
        amount=price(body),
        account=account,
        test=test,
        pid=pid,
        mac=mac,
        url=url if url and url.startswith(("https://", "http://")) and state in PAYABLE else None,
        reason=status if state is PaymentState.CANCELED else None,
        refunded_minor=sum(refund.amount.minor for refund in given_back if refund.amount),
        created_at=moment(body.get("created_at")),
        paid_at=moment(body.get("paid_at")) if state is PaymentState.SUCCEEDED else None,
    )


def order_ref(value: object) -> str | None:
    """CoinGate's id of an order: a number, in forms written as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    ref = str(value)
    return ref if re.fullmatch(r"[1-9][0-9]{0,17}", ref) else None


def signed(body: Json) -> tuple[str | None, object]:
    """Our id of the payment, and our signature of it.

    CoinGate tells an order's `token` when it is created and in callbacks, but not when it is read or listed. So the
    signature is in `order_id` as well: "<id>.<signature>".
    """
    pid, _, mac = (text(body.get("order_id")) or "").partition(".")
    return pid or None, body.get("token") or mac or None


def price(body: Json) -> Money | None:
    """What the order costs; None unless it is exact roubles or euros."""
    currency = text(body.get("price_currency"))
    if currency not in CURRENCIES:
        return None
    return amount(body.get("price_amount"), Currency(currency))


def amount(value: object, currency: Currency) -> Money | None:
    """A decimal as CoinGate writes it, with any number of zeros at its end: "299.0", "10", 4.5."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    figure = str(value)
    try:
        exact = MEANS_NOTHING.sub(r"\1", figure).removesuffix(".") if len(figure) <= AMOUNT_LIMIT else ""
        return Money(to_minor(exact), currency)
    except ValueError:
        return None


def refunds(body: Json) -> list[RefundSnapshot]:
    """What was given back, oldest first; nothing unless the order's status says so.

    A refund is named after the sum given back with it, "cg-538-10000", so that one that shows in the status alone
    has a name too.
    """
    ref, status, paid = order_ref(body.get("id")), text(body.get("status")), price(body)
    if ref is None or paid is None or status not in REFUNDED:
        return []
    steps = [(amount(entry.get("request_amount"), paid.currency), entry) for entry in _completed(body)]
    if status == "refunded":
        steps.append((paid, {}))  # whatever the entries did not tell of
    told: list[RefundSnapshot] = []
    given = 0
    for step, entry in steps:
        minor = min(step.minor if step else 0, paid.minor - given)
        if minor:
            given += minor
            told.append(
                RefundSnapshot(
                    ref=f"cg-{ref}-{given}",
                    payment_ref=ref,
                    state="succeeded",
                    amount=Money(minor, paid.currency),
                    created_at=moment(entry.get("created_at")),
                )
            )
    return told


def _completed(body: Json) -> list[Json]:
    entries = [entry for entry in items(body.get("refunds")) if entry.get("status") == "completed"]
    return sorted(entries, key=lambda entry: (text(entry.get("created_at")) or "", order_ref(entry.get("id")) or ""))
