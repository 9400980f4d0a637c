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
SIGNATURE = re.compile(r"[^.]+\.[0-9A-Za-z_-]{43}")
MEANS_NOTHING = re.compile(r"(\.[0-9]*?)0+$")  # "299.000" is 299


def order(body: Json, *, account: str, test: bool) -> Snapshot | None:
    """An order; None when it is not one. It names neither account nor mode: both are those we asked with."""
    ref, status = order_ref(body.get("id")), text(body.get("status"))
    if ref is None or status is None:
        return None
    state = STATES.get(status, PaymentState.PENDING)
    pid, mac = signed(body)
    url = text(body.get("payment_url"))
    returned = refund(body)
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
        refunded_minor=_minor(returned),
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
    signature is in `order_id` as well: "<id>.<signature>". Whole it goes first, whatever token came beside it.
    """
    pid, _, mac = (text(body.get("order_id")) or "").partition(".")
    return pid or None, mac if SIGNATURE.fullmatch(mac) else body.get("token") or mac or None


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


def refund(body: Json) -> RefundSnapshot | None:
    """All that was given back so far; None: nothing. An order gives back only when its status says so.

    Its name is the sum, "cg-538-10000": parts end in any order, and one that shows in the status alone has no id.
    Its amount is None where the status says so and nothing tells how much, or one part of it does not.
    """
    ref, status, paid = order_ref(body.get("id")), text(body.get("status")), price(body)
    if ref is None or paid is None or status not in REFUNDED:
        return None
    entries = items(body.get("refunds"))
    completed = [entry for entry in entries if entry.get("status") == "completed"]
    parts = [amount(entry.get("request_amount"), paid.currency) for entry in completed]
    told = 0 if None in parts else sum(part.minor for part in parts if part)
    given = paid.minor if status == "refunded" else min(told, paid.minor)
    if not given:
        return RefundSnapshot(f"cg-{ref}-unknown", ref, "succeeded", None) if completed or not entries else None
    return RefundSnapshot(f"cg-{ref}-{given}", ref, "succeeded", Money(given, paid.currency), in_all=True)


def _minor(returned: RefundSnapshot | None) -> int | None:
    if returned is None:
        return 0
    return returned.amount.minor if returned.amount else None
