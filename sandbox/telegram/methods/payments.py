"""Payments in Stars. Source: https://core.telegram.org/bots/api#payments"""

from typing import Any

from sandbox.store import Document
from sandbox.telegram import payments
from sandbox.telegram.chats import Message
from sandbox.telegram.invoices import read_invoice, read_period, required, shown
from sandbox.telegram.methods.call import Method
from sandbox.telegram.methods.messages import post
from sandbox.telegram.params import Params
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.state import Telegram

MOST_ROWS = 100


async def send_invoice(telegram: Telegram, params: Params) -> Message:
    invoice = read_invoice(params)
    message = post(telegram, params, {"invoice": shown(invoice)})
    telegram.invoices.sent(message["chat"]["id"], message["message_id"], invoice)
    return message


async def create_invoice_link(telegram: Telegram, params: Params) -> str:
    """As https://t.me/$… at Telegram itself."""
    invoice = read_invoice(params)
    linked = telegram.invoices.linked({**invoice, "period": read_period(params, invoice)})
    return f"{telegram.world.public_url}/chat/${linked['key']}"


async def answer_pre_checkout_query(telegram: Telegram, params: Params) -> bool:
    error = None if params.flag("ok") else required(params, "error_message")
    payments.answer(telegram, params.text("pre_checkout_query_id"), error=error)
    return True


async def refund_star_payment(telegram: Telegram, params: Params) -> bool:
    user_id, charge_id = _payment(telegram, params)
    charge = telegram.stars.find_charge(charge_id)
    if charge is None or charge["user_id"] != user_id:
        raise bad_request("CHARGE_NOT_FOUND")
    payments.refund(telegram, charge)
    return True


async def edit_user_star_subscription(telegram: Telegram, params: Params) -> bool:
    """Canceled: not renewed, and the person cannot change that. Else the person may want it again."""
    user_id, charge_id = _payment(telegram, params)
    subscription = telegram.stars.find_subscription(charge_id)
    if subscription is None or subscription["user_id"] != user_id:
        raise bad_request("CHARGE_ID_INVALID")
    forbidden = params.flag("is_canceled")
    canceled = forbidden or subscription["canceled"]
    saved = telegram.stars.save({**subscription, "canceled": canceled, "bot_canceled": forbidden})
    telegram.feed.add("subscription", user_id, subscription=saved)
    return True


async def get_star_transactions(telegram: Telegram, params: Params) -> dict[str, list[Document]]:
    """A wrong offset or limit is not refused but the nearest right one."""
    limit = min(max(params.integer("limit", MOST_ROWS), 1), MOST_ROWS)
    return {"transactions": telegram.stars.rows(max(params.integer("offset"), 0), limit)}


async def get_my_star_balance(telegram: Telegram, params: Params) -> dict[str, Any]:
    return {"amount": telegram.stars.earned}


def _payment(telegram: Telegram, params: Params) -> tuple[int, str]:
    """Whose payment a call means, and which."""
    user_id = params.integer("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    charge_id = required(params, "telegram_payment_charge_id")
    if telegram.chats.person(user_id) is None:
        raise bad_request("USER_ID_INVALID")
    return user_id, charge_id


METHODS: dict[str, Method] = {
    "sendInvoice": send_invoice,
    "createInvoiceLink": create_invoice_link,
    "answerPreCheckoutQuery": answer_pre_checkout_query,
    "refundStarPayment": refund_star_payment,
    "editUserStarSubscription": edit_user_star_subscription,
    "getStarTransactions": get_star_transactions,
    "getMyStarBalance": get_my_star_balance,
}
