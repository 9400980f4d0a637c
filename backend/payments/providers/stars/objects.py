"""What Telegram says of payments in Stars, in updates and in the list of transactions, as snapshots.

Sources: https://core.telegram.org/bots/api#successfulpayment https://core.telegram.org/bots/api#refundedpayment
https://core.telegram.org/bots/api#startransaction
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from backend.kit.money import Currency, Money
from backend.kit.reading import Json, part, text, whole
from backend.payments.providers.base import PaymentState, SavedInstrument, Snapshot
from backend.payments.providers.stars.payload import payment_of

LARGEST = 2**53
INVOICE = "invoice_payment"
NANOS = 10**9
REFUND = "stars-"  # Telegram has no id for a refund, and there is at most one of a charge


@dataclass(frozen=True, slots=True)
class Account:
    """Whose Stars these are."""

    bot_id: str
    test: bool


def paid(account: Account, update: Json) -> Snapshot | None:
    """The payment an update says was made; None: it says no such thing.

    Where it does not say by whom, by the person whose chat it is: that has the same id.
    """
    message = part(update.get("message"))
    payer = part(message.get("from")) or part(message.get("chat"))
    return _charge(account, message, part(message.get("successful_payment")), payer)


def refunded(account: Account, update: Json) -> Snapshot | None:
    """The payment an update says went back to who made it: all of it, always."""
    message = part(update.get("message"))
    found = _charge(account, message, part(message.get("refunded_payment")), part(message.get("chat")))
    return given_back(found) if found else None


def asked(account: Account, update: Json) -> Snapshot | None:
    """What an update says somebody is about to pay."""
    query = part(update.get("pre_checkout_query"))
    stars, payer = natural(query.get("total_amount")), natural(part(query.get("from")).get("id"))
    if stars is None or payer is None or query.get("currency") != Currency.XTR:
        return None
    found = _snapshot(account, "", Money(stars, Currency.XTR), text(query.get("invoice_payload")), payer)
    return replace(found, state=PaymentState.PENDING, provider_status="pre-checkout")


def transaction(account: Account, row: Json) -> Snapshot | None:
    """A payment or its refund, which may leave out the payload; None: Stars that moved for another reason."""
    came, left = part(row.get("source")), part(row.get("receiver"))
    partner = came or left
    charge, payload = text(row.get("id")), text(partner.get("invoice_payload"))
    stars, payer = _price(row, part(partner.get("affiliate"))), natural(part(partner.get("user")).get("id"))
    if partner.get("type") != "user" or charge is None or stars is None or payer is None:
        return None
    if payload is None and not (left and partner.get("transaction_type", INVOICE) == INVOICE):
        return None
    found = _snapshot(account, charge, Money(stars, Currency.XTR), payload, payer)
    found = replace(found, recurring=whole(partner.get("subscription_period")) is not None)
    if left:
        return given_back(found)
    return replace(found, paid_at=moment(row), saved=_renewed(charge) if found.recurring else None)


def _price(row: Json, affiliate: Json) -> int | None:
    """What a row's payer paid. Where somebody who brought him had a share of it, the row has what was left.

    Nothing says that it is so: it is if the share is that part of the two together which he is promised.
    """
    stars, share = natural(row.get("amount")), _nanos(affiliate)
    promised = whole(affiliate.get("commission_per_mille"))
    if stars is None or not share:
        return stars
    both = _nanos(row) + share
    is_whole = both % NANOS == 0
    is_promised = promised is None or abs(both * promised - 1000 * share) < 1000
    return both // NANOS if is_whole and is_promised else stars


def _nanos(row: Json) -> int:
    """Stars in billionths of one, whichever way they went."""
    return abs((whole(row.get("amount")) or 0) * NANOS + (whole(row.get("nanostar_amount")) or 0))


def moment(row: Json) -> datetime | None:
    """When something happened: `date`, in Unix seconds."""
    seconds = whole(row.get("date"))
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 <= seconds < 2**37 else None


def natural(value: object) -> int | None:
    """A whole number above zero that a database can keep."""
    number = whole(value)
    return number if number is not None and 0 < number < LARGEST else None


def pending(account: Account, invoice: Json, url: str) -> Snapshot | None:
    """An invoice nobody has paid yet."""
    payload, amount = text(invoice.get("payload")), price(invoice)
    if payload is None or amount is None:
        return None
    unpaid = _snapshot(account, "", amount, payload, None)
    return replace(unpaid, state=PaymentState.PENDING, provider_status="invoice sent", url=url)


def price(invoice: Json) -> Money | None:
    """What an invoice asks for."""
    prices = invoice.get("prices")
    stars = natural(part(prices[0]).get("amount")) if isinstance(prices, list) and prices else None
    return Money(stars, Currency.XTR) if stars is not None and invoice.get("currency") == Currency.XTR else None


def _charge(account: Account, message: Json, said: Json, person: Json) -> Snapshot | None:
    charge, payload = text(said.get("telegram_payment_charge_id")), text(said.get("invoice_payload"))
    stars, payer = natural(said.get("total_amount")), natural(person.get("id"))
    if charge is None or stars is None or payer is None or said.get("currency") != Currency.XTR:
        return None
    found = _snapshot(account, charge, Money(stars, Currency.XTR), payload, payer)
    recurring, begins = said.get("is_recurring") is True, said.get("is_first_recurring") is True
    renewed = _renewed(charge) if recurring else None
    return replace(found, paid_at=moment(message), recurring=recurring, begins=recurring and begins, saved=renewed)


def _renewed(charge: str) -> SavedInstrument:
    """A subscription, by one of its charges. Telegram knows it by the first, which may be heard of last."""
    return SavedInstrument(charge, "stars", "Telegram Stars")


def _snapshot(account: Account, ref: str, amount: Money, payload: str | None, payer: int | None) -> Snapshot:
    return Snapshot(
        ref=ref,
        state=PaymentState.SUCCEEDED,
        provider_status="paid",
        amount=amount,
        account=account.bot_id,
        test=account.test,
        pid=payment_of(payload),
        mac=payload,
        payer=None if payer is None else str(payer),
    )


def given_back(snapshot: Snapshot) -> Snapshot:
    """The same payment, after all of it went back."""
    minor = snapshot.amount.minor if snapshot.amount else 0
    return replace(
        snapshot, provider_status="refunded", refunded_minor=minor, refund_ref=REFUND + snapshot.ref, paid_at=None
    )
