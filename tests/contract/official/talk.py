"""The official `yookassa` package at work, in an environment of its own: a call a line, an answer a line.

    {"call": "find", "args": ["2c5d…"]}  →  {"answer": {…}}  or  {"error": "NotFoundError", "said": {…}}

Started with the shop's id, its secret key and the address of the API.
"""

import json
import sys
from typing import Any

from yookassa import Configuration, Payment, Receipt, Refund, Settings
from yookassa.domain.common.security_helper import SecurityHelper
from yookassa.domain.exceptions.api_error import ApiError
from yookassa.domain.notification import WebhookNotificationFactory


def notification(body: dict[str, Any]) -> dict[str, Any]:
    """A webhook's body as the package reads it, with the class it makes of the object."""
    read = WebhookNotificationFactory().create(body)
    return {"event": read.event, "kind": type(read.object).__name__, "object": dict(read.object)}


CALLS = {
    "me": lambda: dict(Settings.get_account_settings()),
    "create": lambda body, key: dict(Payment.create(body, key)),
    "find": lambda ref: dict(Payment.find_one(ref)),
    "list": lambda params: dict(Payment.list(params)),
    "capture": lambda ref, body, key: dict(Payment.capture(ref, body, key)),
    "cancel": lambda ref, key: dict(Payment.cancel(ref, key)),
    "refund": lambda body, key: dict(Refund.create(body, key)),
    "find_refund": lambda ref: dict(Refund.find_one(ref)),
    "list_refunds": lambda params: dict(Refund.list(params)),
    "receipt": lambda body, key: dict(Receipt.create(body, key)),
    "notification": notification,
    "trusted": lambda address: SecurityHelper().is_ip_trusted(address),
}


def answer(call: str, args: list[Any]) -> dict[str, Any]:
    try:
        return {"answer": CALLS[call](*args)}
    except ApiError as error:
        return {"error": type(error).__name__, "said": error.content}


def main(shop_id: str, secret: str, url: str) -> None:
    Configuration.configure(shop_id, secret, api_url=url)
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(json.dumps(answer(asked["call"], asked["args"]), default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
