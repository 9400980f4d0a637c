"""The exact bytes we send: the same request gives the same bytes, always.

Source: https://yookassa.ru/developers/api#create_payment
"""

import json
from enum import StrEnum

from backend.kit.money import Money
from backend.payments.providers.base import PaymentRequest, RefundRequest
from backend.payments.providers.yookassa.config import Config
from backend.payments.providers.yookassa.objects import Json

DESCRIPTION_LIMIT = 128
MEASURE = "piece"  # one subscription; FFD 1.2 and "Чеки от ЮKassa" want it named


class PaymentSubject(StrEnum):
    """What is sold, in a receipt's words."""

    SERVICE = "service"


def payment_body(request: PaymentRequest, config: Config) -> bytes:
    """POST /payments. Always one-stage: SBP cannot hold money, and we deliver at once.

    A saved method is charged without anybody there to confirm it.
    """
    body: Json = {
        "amount": _amount(request.amount),
        "capture": True,  # the default would be to hold
        **(_charge(request.saved_ref) if request.saved_ref is not None else _page(request)),
        "description": request.description[:DESCRIPTION_LIMIT],
        "metadata": {"pid": request.payment_id, "mac": request.mac},
    }
    receipt = _receipt(request.email, request.item or request.description, request.amount, config)
    return _bytes(body | receipt)


def _page(request: PaymentRequest) -> Json:
    """Somebody pays on YooKassa's page. Unsaid, the page itself would ask whether to save the method."""
    return {
        "payment_method_data": {"type": request.method},
        "confirmation": {
            "type": "redirect",
            "return_url": request.return_url,
            "locale": "ru_RU" if request.language == "ru" else "en_US",
        },
        "save_payment_method": request.save_method,
    }


def _charge(saved_ref: str) -> Json:
    return {"payment_method_id": saved_ref}


def refund_body(request: RefundRequest, config: Config) -> bytes:
    """POST /refunds."""
    body: Json = {
        "payment_id": request.payment_ref,
        "amount": _amount(request.amount),
        "description": request.description[:DESCRIPTION_LIMIT],
        "metadata": {"rid": request.refund_id, "mac": request.mac},
    }
    receipt = _receipt(request.email, request.item or request.description, request.amount, config)
    return _bytes(body | receipt)


def _receipt(email: str | None, item: str, amount: Money, config: Config) -> Json:
    """The fiscal receipt, where one is due. `internet` stays out: its default says that the sale is online."""
    if email is None or config.vat_code is None:
        return {}
    receipt: Json = {
        "customer": {"email": email},
        "items": [
            {
                "description": item[:DESCRIPTION_LIMIT],
                "quantity": "1.00",
                "amount": _amount(amount),
                "measure": MEASURE,
                "vat_code": config.vat_code,
                "payment_mode": config.receipt_payment_mode,
                "payment_subject": PaymentSubject.SERVICE,
            }
        ],
    }
    if config.tax_system_code is not None:
        receipt["tax_system_code"] = config.tax_system_code
    return {"receipt": receipt}


def _amount(money: Money) -> Json:
    return {"value": money.decimal(), "currency": money.currency}


def _bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
