"""What an HTTP answer of YooKassa means for us, and what a webhook says.

Sources: https://yookassa.ru/developers/using-api/response-handling/http-codes
https://yookassa.ru/developers/using-api/webhooks
"""

import re
from datetime import timedelta

from backend.kit.errors import Invalid
from backend.kit.http import Answer
from backend.payments.providers.base import Hint, Misconfigured, NotProcessed, PaymentState, Rejected, Unknown
from backend.payments.providers.yookassa.objects import Json, amount, parse, part, text

Failure = Rejected | NotProcessed | Unknown | Misconfigured

BODY_LIMIT = 64 * 1024
LONGEST_WAIT = timedelta(hours=1)
PROCESSING_WAIT = timedelta(seconds=2)
OBJECT_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,63}")
UNTYPED = {400: "invalid_request", 403: "forbidden"}  # no 404: a gateway that lost its way may say so, too
CLAIMS = {
    "payment.waiting_for_capture": PaymentState.CONFIRMING,
    "payment.succeeded": PaymentState.SUCCEEDED,
    "payment.canceled": PaymentState.CANCELED,
}
REFUND_EVENT = "refund.succeeded"
KEY = "idempotence-key"
BAD_KEY = ("too long", "empty")
NOTHING_IS_SAVED = ("recurring payments", "save payment method", "saved payment method")
IN_THE_RECEIPT = ("receipt.", "items.", "items[")
NAMED_BY_US = {"payment_method_id": "method_gone", "receipt.customer.email": "email_refused"}


def read_answer(answer: Answer) -> Json | Failure:
    """The object YooKassa answered with, or what it means that there is none."""
    try:
        body: Json | None = parse(answer.body)
    except ValueError:
        body = None
    if answer.status in (200, 201) and body is not None:
        return body
    return _failure(answer, body)


def _failure(answer: Answer, body: Json | None) -> Failure:
    refused = 400 <= answer.status < 500 and body is not None and _is_error(answer.status, body)
    match answer.status:
        case 202:
            return Unknown("processing", _wait(answer, body) or PROCESSING_WAIT)
        case 401:
            return Misconfigured("YooKassa does not accept YOOKASSA_SHOP_ID with YOOKASSA_SECRET_KEY")
        case 429:
            return NotProcessed(_wait(answer, body))
        case status if refused or status in {405, 410, 415}:  # those come without a body
            return _refusal(status, body or {})
        case status:
            return Unknown(f"HTTP {status}" + (", not JSON" if body is None else ""), _wait(answer, body))


def _is_error(status: int, body: Json) -> bool:
    """YooKassa's own no, and nobody's in between; without its type it must at least be named as documented."""
    code = text(body.get("code"))
    return body.get("type") == "error" or ("type" not in body and code is not None and code == UNTYPED.get(status))


def _refusal(status: int, body: Json) -> Rejected | Unknown:
    code = "not_found" if status == 404 else text(body.get("code")) or f"http_{status}"
    description, parameter = text(body.get("description")) or "", text(body.get("parameter"))
    said = description.lower()
    if status == 400 and _is_used_key(said, parameter):
        return Unknown("idempotence key was used", duplicate_key=True)
    if status == 403 and any(words in said for words in NOTHING_IS_SAVED):
        code = "recurring_off"
    if status == 400 and parameter in NAMED_BY_US:
        return Rejected(NAMED_BY_US[parameter], description, parameter)
    if parameter is not None and parameter.startswith(IN_THE_RECEIPT):
        return Rejected(code, f"{description} ({parameter})", "receipt")
    return Rejected(code, description, parameter)


def _is_used_key(said: str, parameter: str | None) -> bool:
    """Whether the key is refused and not for what it looks like: there are several wordings of "was used before"."""
    blamed = "idempotence key" in said or (parameter or "").lower() == KEY
    return blamed and not any(words in said for words in BAD_KEY)


def _wait(answer: Answer, body: Json | None) -> timedelta | None:
    """How long they ask us to wait: `retry_after` in milliseconds, or the header in seconds."""
    milliseconds = (body or {}).get("retry_after")
    if isinstance(milliseconds, int) and not isinstance(milliseconds, bool) and milliseconds >= 0:
        return timedelta(milliseconds=min(milliseconds, LONGEST_WAIT // timedelta(milliseconds=1)))
    seconds = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(seconds)), LONGEST_WAIT) if re.fullmatch("[0-9]{1,6}", seconds) else None


def read_notification(body: bytes) -> Hint | None:
    """Which payment a webhook is about; None: an event that does not concern us.

    Raises:
        Invalid: not a notification of YooKassa.
    """
    if len(body) > BODY_LIMIT:
        raise Invalid(reason="too long")
    try:
        sent = parse(body)
    except ValueError as error:
        raise Invalid(reason="not a JSON object") from error
    event = text(sent.get("event"))
    if sent.get("type") != "notification" or event is None:
        raise Invalid(reason="not a notification")
    if event not in CLAIMS and event != REFUND_EVENT:
        return None
    about = part(sent.get("object"))
    metadata = part(about.get("metadata"))
    object_id = _object_id(about.get("id"))
    is_refund = event == REFUND_EVENT
    return Hint(
        event=event,
        object_id=object_id,
        ref=_object_id(about.get("payment_id")) if is_refund else object_id,
        claims=CLAIMS.get(event),
        pid=text(metadata.get("pid")),
        mac=metadata.get("mac"),
        amount=amount(about.get("amount")),
        refund_ref=object_id if is_refund else None,
    )


def _object_id(value: object) -> str:
    if not isinstance(value, str) or not OBJECT_ID.fullmatch(value):
        raise Invalid(reason="no usable object id")
    return value
