"""The people's money over HTTP, for the chat page and for tests: also a part of /sandbox/telegram/_ctl/….

| method and path | body | answer |
|---|---|---|
| GET /users/{id}/stars | | {"balance", "payments", "charges", "subscriptions"} |
| POST /users/{id}/stars | `add`, or `balance` | the same: topped up, or set |
| POST /users/{id}/pay | `message_id`, `chat_id`?, or `link`; `abandoned`? | the payment, which waits for the bot |
| POST /users/{id}/pay-twice | the same | both payments, begun at once as by two apps |
| GET /users/{id}/payments/{payment} | | one payment: its `state`, and the bot's `answer` |
| POST /users/{id}/subscriptions/{charge}/renew, /fail | | the subscription: paid again, or not |
| POST /users/{id}/subscriptions/{charge}/cancel, /resume | | the subscription, as the person wants it |
| GET /invoices/{key} | | what is behind a link |
| POST /charges/{charge}/refund | | the charge: given back, but not by the bot |
| GET /stars | | {"balance", "transactions"} of the bot |
| POST /stars/withdraw | `amount` | the transaction: the bot's owner takes Stars out |
| GET /updates/history | | the last updates for the bot, oldest first, confirmed ones too |
| POST /updates/{update}/repeat | | the same update waits once more, as if its confirmation was lost |
| POST /updates/lose | `what` ("any"), `times` (1) | the next updates vanish |

`chat_id` is where an invoice was sent: somebody else pays a forwarded copy. `abandoned`: the bot agrees, and
nothing is paid. `what` is the kind of an update, or what a message holds, such as "successful_payment".
"""

from typing import Any

from starlette.routing import BaseRoute

from sandbox.acts import NotNow, get, post
from sandbox.store import Document
from sandbox.telegram import payments
from sandbox.telegram.people import Impossible
from sandbox.telegram.refusal import Refusal
from sandbox.telegram.state import Telegram
from sandbox.telegram.updates import ANY

Path = dict[str, Any]
CHANGES = {
    "renew": payments.renew,
    "fail": payments.fail,
    "cancel": payments.cancel,
    "resume": payments.resume,
}


def star_routes(telegram: Telegram) -> list[BaseRoute]:
    """Routes relative to /sandbox/telegram/_ctl."""
    control = _Control(telegram)
    return [
        get("/users/{id:int}/stars", control.stars_of),
        post("/users/{id:int}/stars", control.top_up),
        post("/users/{id:int}/pay", control.pay),
        post("/users/{id:int}/pay-twice", control.pay_twice),
        get("/users/{id:int}/payments/{payment}", control.payment),
        post("/users/{id:int}/subscriptions/{charge}/{change}", control.change),
        get("/invoices/{key}", control.invoice),
        post("/charges/{charge}/refund", control.refund),
        get("/stars", control.earned),
        post("/stars/withdraw", control.withdraw),
        get("/updates/history", control.history),
        post("/updates/lose", control.lose),
        post("/updates/{update:int}/repeat", control.repeat),
    ]


def money_of(telegram: Telegram, user_id: int) -> Document:
    """What a person sees of their Stars."""
    return {
        "balance": telegram.stars.balance(user_id),
        "payments": telegram.checkouts.of(user_id),
        "charges": telegram.stars.charges_of(user_id),
        "subscriptions": telegram.stars.subscriptions_of(user_id),
    }


class _Control:
    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram

    def stars_of(self, path: Path, fields: Document) -> Document:
        payments.expire(self.telegram)
        return money_of(self.telegram, self._person(path)["user"]["id"])

    def top_up(self, path: Path, fields: Document) -> Document:
        user_id = self._person(path)["user"]["id"]
        stars = self.telegram.stars
        balance = _whole(fields, "balance") if "balance" in fields else stars.balance(user_id) + _whole(fields, "add")
        stars.set_balance(user_id, balance)
        self.telegram.feed.add("stars", user_id, balance=balance)
        return self.stars_of(path, fields)

    def pay(self, path: Path, fields: Document) -> Document:
        person, invoice = self._person(path), self._invoice(path, fields)
        return payments.pay(self.telegram, person, invoice, abandoned=bool(fields.get("abandoned")))

    def pay_twice(self, path: Path, fields: Document) -> list[Document]:
        return [self.pay(path, fields), self.pay(path, fields)]

    def payment(self, path: Path, fields: Document) -> Document:
        payments.expire(self.telegram)
        found = self.telegram.checkouts.find(path["payment"])
        if found is None or found["user_id"] != path["id"]:
            raise KeyError("such payment")
        return found

    def change(self, path: Path, fields: Document) -> Document:
        subscription = self.telegram.stars.find_subscription(path["charge"])
        if subscription is None or subscription["user_id"] != path["id"] or path["change"] not in CHANGES:
            raise KeyError("such subscription")
        return CHANGES[path["change"]](self.telegram, subscription)

    def invoice(self, path: Path, fields: Document) -> Document:
        return self._linked(path["key"])

    def refund(self, path: Path, fields: Document) -> Document:
        try:
            payments.refund(self.telegram, self._charge(path))
        except Refusal as refusal:
            raise NotNow(refusal.description) from refusal
        return self._charge(path)

    def earned(self, path: Path, fields: Document) -> Document:
        stars = self.telegram.stars
        return {"balance": stars.earned, "transactions": stars.rows(0, stars.count)}

    def withdraw(self, path: Path, fields: Document) -> Document:
        return self.telegram.stars.withdraw(_whole(fields, "amount"))

    def history(self, path: Path, fields: Document) -> list[Document]:
        return self.telegram.updates.history

    def repeat(self, path: Path, fields: Document) -> Document:
        if not self.telegram.updates.repeat(path["update"]):
            raise KeyError("such update any more")
        return {"update_id": path["update"]}

    def lose(self, path: Path, fields: Document) -> Document:
        what, times = str(fields.get("what", ANY)), _whole({"times": 1, **fields}, "times")
        self.telegram.updates.lose(what, times)
        return {"what": what, "times": times}

    def _person(self, path: Path) -> Document:
        person = self.telegram.chats.person(path["id"])
        if person is None:
            raise KeyError("such person")
        return person

    def _charge(self, path: Path) -> Document:
        charge = self.telegram.stars.find_charge(path["charge"])
        if charge is None:
            raise KeyError("such charge")
        return charge

    def _invoice(self, path: Path, fields: Document) -> Document:
        """What is to be paid: behind a link, or in a message."""
        if "link" in fields:
            return self._linked(str(fields["link"]).rpartition("$")[2])
        chat_id, message_id = _whole({"chat_id": path["id"], **fields}, "chat_id"), _whole(fields, "message_id")
        invoice = self.telegram.invoices.find(f"{chat_id}/{message_id}")
        message = self.telegram.chats.message(chat_id, message_id)
        if invoice is None or message is None:
            raise KeyError("such invoice")
        if chat_id != path["id"] and invoice["start_parameter"]:
            raise Impossible("a forwarded copy of this invoice has a link to the bot in place of Pay")
        if chat_id != path["id"] and message.get("has_protected_content"):
            raise Impossible("the message cannot be forwarded")
        return invoice

    def _linked(self, key: str) -> Document:
        invoice = None if "/" in key else self.telegram.invoices.find(key)
        if invoice is None:
            raise KeyError("such invoice")
        return invoice


def _whole(fields: Document, name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is a whole number, not less than 0")
    return value
