"""What happens to money: a person pays, the bot agrees or not, subscriptions go on, Stars come back.

Source: https://core.telegram.org/bots/payments-stars
"""

import asyncio
from typing import Any

from sandbox.store import Document
from sandbox.telegram.invoices import STARS
from sandbox.telegram.people import Impossible
from sandbox.telegram.queries import TOO_OLD
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.state import Telegram

TICK_SECONDS = 0.2


def pay(telegram: Telegram, person: Document, invoice: Document, *, abandoned: bool = False) -> Document:
    """Press Pay: the bot is asked. With `abandoned` nothing is paid even when it agrees.

    Raises:
        Impossible: the bot is blocked, or there are not enough Stars.
    """
    if person["blocked"]:
        raise Impossible("the bot is blocked: unblock it first")
    user = person["user"]
    balance = telegram.stars.balance(user["id"])
    if balance < invoice["amount"]:
        raise Impossible(f"BALANCE_TOO_LOW: {balance} Stars of {invoice['amount']}")
    checkout = telegram.checkouts.open(user["id"], invoice, abandoned=abandoned)
    _tell(telegram, checkout)
    telegram.updates.add(
        "pre_checkout_query",
        {
            "id": checkout["id"],
            "from": user,
            "currency": STARS,
            "total_amount": invoice["amount"],
            "invoice_payload": invoice["payload"],
        },
    )
    return checkout


def answer(telegram: Telegram, query_id: str, *, error: str | None) -> None:
    """The bot's word on a checkout; without an error it is paid now.

    Raises:
        Refusal: unknown, answered before, or too old.
    """
    expire(telegram)
    checkout = telegram.checkouts.find(query_id)
    if checkout is None or checkout["state"] != "waiting":
        raise bad_request(TOO_OLD)
    seconds = round(telegram.checkouts.age(checkout), 3)
    said = {"ok": error is None, "error_message": error, "seconds": seconds}
    checkout = {**checkout, "answer": said}
    if error is not None:
        _end(telegram, checkout, "refused", error=error)
    elif checkout["abandoned"]:
        _end(telegram, checkout, "left")
    else:
        _settle(telegram, checkout)


def expire(telegram: Telegram) -> None:
    """End the checkouts that the bot left without an answer."""
    for checkout in telegram.checkouts.overdue():
        _end(telegram, checkout, "expired")


async def watch(telegram: Telegram) -> None:
    """End checkouts as their time is over, until cancelled."""
    while True:
        expire(telegram)
        await asyncio.sleep(TICK_SECONDS)


def refund(telegram: Telegram, charge: Document) -> None:
    """Give all of a charge back to who paid it.

    Raises:
        Refusal: that was done before.
    """
    if charge["refunded"]:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    person = _payer(telegram, charge)
    telegram.stars.refund(person["user"], charge)
    details = {
        "currency": STARS,
        "total_amount": charge["amount"],
        "invoice_payload": charge["payload"],
        "telegram_payment_charge_id": charge["id"],
    }
    message = telegram.chats.post(person, {"refunded_payment": details}, by_bot=True)
    telegram.updates.add("message", message)


def renew(telegram: Telegram, subscription: Document) -> Document:
    """Charge for the next period; with too few Stars that fails. Answers the subscription.

    Raises:
        Impossible: it is not to be renewed.
    """
    _check_goes_on(subscription)
    person = _payer(telegram, subscription)
    if telegram.stars.balance(person["user"]["id"]) < subscription["amount"]:
        return fail(telegram, subscription)
    charge = telegram.stars.charge(person["user"], subscription, subscription["id"])
    now = int(telegram.world.clock.timestamp())
    from_now = subscription["failed"] or subscription["until"] + subscription["period"] <= now
    until = (now if from_now else subscription["until"]) + subscription["period"]
    saved = telegram.stars.save({**subscription, "until": until, "failed": False})
    _announce(telegram, person, charge, {"subscription_expiration_date": until, "is_recurring": True})
    return saved


def fail(telegram: Telegram, subscription: Document) -> Document:
    """Find nothing to charge for the next period.

    Raises:
        Impossible: it is not to be renewed.
    """
    _check_goes_on(subscription)
    return _change(telegram, {**subscription, "failed": True}, "failed")


def cancel(telegram: Telegram, subscription: Document) -> Document:
    """The person does not want another period.

    Raises:
        Impossible: it was canceled before.
    """
    _check_goes_on(subscription)
    return _change(telegram, {**subscription, "canceled": True}, "canceled")


def resume(telegram: Telegram, subscription: Document) -> Document:
    """The person wants it again after all.

    Raises:
        Impossible: it goes on anyway, it is over, or the bot forbids it.
    """
    if not subscription["canceled"]:
        raise Impossible("the subscription is not canceled")
    if subscription["bot_canceled"]:
        raise Impossible("the bot canceled the subscription")
    if subscription["until"] <= telegram.world.clock.timestamp():
        raise Impossible("the subscription is over: pay its invoice again")
    return _change(telegram, {**subscription, "canceled": False}, "active")


def _settle(telegram: Telegram, checkout: Document) -> None:
    invoice = telegram.invoices.find(checkout["invoice"])
    assert invoice is not None, "a checkout is of an invoice"
    person = _payer(telegram, checkout)
    user = person["user"]
    if telegram.stars.balance(user["id"]) < invoice["amount"]:
        _end(telegram, checkout, "failed", error="BALANCE_TOO_LOW")
        return
    charge = telegram.stars.charge(user, invoice)
    recurring: dict[str, Any] = {}
    if invoice["period"]:
        until = charge["at"] + invoice["period"]
        telegram.stars.subscribe(charge, until)
        recurring = {"subscription_expiration_date": until, "is_recurring": True, "is_first_recurring": True}
    _end(telegram, checkout, "paid", charge_id=charge["id"])
    _announce(telegram, person, charge, recurring)


def _announce(telegram: Telegram, person: Document, charge: Document, recurring: dict[str, Any]) -> None:
    """Tell the person and the bot of a charge. It opens the chat, as a message to the bot does."""
    details = {
        "currency": STARS,
        "total_amount": charge["amount"],
        "invoice_payload": charge["payload"],
        **recurring,
        "telegram_payment_charge_id": charge["id"],
        "provider_payment_charge_id": charge["provider_id"],
    }
    person["started"] = True
    message = telegram.chats.post(person, {"successful_payment": details}, by_bot=False)
    telegram.chats.save(person)
    telegram.updates.add("message", message)


def _end(telegram: Telegram, checkout: Document, state: str, **details: Any) -> None:
    _tell(telegram, telegram.checkouts.end(checkout, state, **details))


def _tell(telegram: Telegram, checkout: Document) -> None:
    telegram.feed.add("payment", checkout["user_id"], payment=checkout)


def _change(telegram: Telegram, subscription: Document, state: str) -> Document:
    user = _payer(telegram, subscription)["user"]
    saved = telegram.stars.save(subscription)
    telegram.feed.add("subscription", user["id"], subscription=saved)
    content = {"user": user, "invoice_payload": subscription["payload"], "state": state}
    telegram.updates.add("subscription", content)
    return saved


def _check_goes_on(subscription: Document) -> None:
    if subscription["canceled"]:
        raise Impossible("the subscription is canceled")


def _payer(telegram: Telegram, paid: Document) -> Document:
    person = telegram.chats.person(paid["user_id"])
    assert person is not None, "people do not go away"
    return person
