"""What goes over the wire: bodies as the web application sends them, answers read without trust."""

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from backend.kit.http import Answer
from backend.kit.money import Currency, Money, to_minor
from backend.payments.providers.base import Misconfigured, NotProcessed, Rejected, Unknown
from backend.receipts.registrars.base import Entry, Failure, Reason, Sale

Json = dict[str, Any]

MOSCOW = timezone(timedelta(hours=3))  # the service counts months of its own time
COMMENTS = {Reason.REFUND: "Возврат средств", Reason.MISTAKE: "Чек сформирован ошибочно"}  # the two it knows


def device(inn: str) -> Json:
    """Who signs in. The id stays the same, so that one sign-in does not end another's."""
    return {
        "sourceDeviceId": sha256(inn.encode()).hexdigest()[:21],
        "sourceType": "WEB",
        "appVersion": "1.0.0",
        "metaDetails": {"userAgent": "Mozilla/5.0"},
    }


def login_body(inn: str, password: str) -> Json:
    return {"username": inn, "password": password, "deviceInfo": device(inn)}


def refresh_body(inn: str, refresh_token: str) -> Json:
    return {"deviceInfo": device(inn), "refreshToken": refresh_token}


def income_body(sale: Sale, now: datetime) -> Json:
    """POST /income. Sums are decimal text, so that no kopeck is lost on the way."""
    return {
        "operationTime": written(sale.sold_at),
        "requestTime": written(now),
        "services": [{"name": sale.title, "amount": sale.amount.decimal(), "quantity": 1}],
        "totalAmount": sale.amount.decimal(),
        "client": {"contactPhone": None, "displayName": None, "inn": None, "incomeType": "FROM_INDIVIDUAL"},
        "paymentType": "CASH",  # whatever is not an invoice to a company
        "ignoreMaxTotalIncomeRestriction": False,
    }


def cancel_body(ref: str, reason: Reason, now: datetime) -> Json:
    """POST /cancel."""
    return {
        "operationTime": written(now),
        "requestTime": written(now),
        "comment": COMMENTS[reason],
        "receiptUuid": ref,
        "partnerCode": None,
    }


def written(at: datetime) -> str:
    return at.astimezone(MOSCOW).isoformat(timespec="seconds")


def read(answer: Answer) -> Json | Failure:
    """What came with a 2xx, or what an answer means for us: a 401 is no failure yet, the token may just be old."""
    body = _body(answer)
    if 200 <= answer.status < 300:
        return body if body is not None else Unknown(f"{answer.status} without JSON")
    if answer.status in (425, 429):
        return NotProcessed(_seconds(answer.headers.get("retry-after")))
    if answer.status in (401, 403):
        return Misconfigured(_words(body) or str(answer.status))
    if body is not None and 400 <= answer.status < 500 and answer.status != 408:
        return Rejected(str(body.get("code") or answer.status), _words(body))
    return Unknown(f"HTTP {answer.status}")  # maintenance answers pages of any status


def read_sign_in(answer: Answer) -> Json | Failure:
    """What POST /auth/lkfl answers: a token, or whether that is the fault of what was sent."""
    if answer.status == 404:  # "Не найдено" while the taxpayers' accounts are away: no word on the password
        return NotProcessed()
    match read(answer):
        case Rejected(code, description):
            return Misconfigured(description or code)
        case dict() as body if token(body) is None:
            return Misconfigured(_words(body) or "no token for number and password")
        case outcome:
            return outcome


def token(body: Json, name: str = "token") -> str | None:
    found = body.get(name)
    return found if isinstance(found, str) and found else None


def tells_annulment(answer: Json) -> bool:
    """Whether POST /cancel shows the income it annulled: in `incomeInfo`, as the web application has it."""
    return any(isinstance(answer.get(name), dict) for name in ("incomeInfo", "cancellationInfo"))


def read_entry(entry: object, receipt_url: str) -> Entry | None:
    """One line of GET /incomes; None: it cannot be read. `receipt_url` has a place for the id.

    A line that stands needs what a sale is known by, title and sum; one that is annulled its id alone.
    """
    if not isinstance(entry, dict):
        return None
    ref, annulment = entry.get("approvedReceiptUuid"), entry.get("cancellationInfo")
    if not isinstance(ref, str) or not ref or not (annulment is None or isinstance(annulment, dict)):
        return None
    annulled = annulment is not None  # also by an empty one
    title, amount = _title(entry), _roubles(entry.get("totalAmount"))
    if not annulled and not (title and amount):
        return None
    return Entry(
        ref=ref,
        url=receipt_url.format(ref),
        title=title,
        amount=amount,
        sold_at=_moment(entry.get("operationTime")),
        annulled=annulled,
    )


def id_of(entry: object) -> str | None:
    """What a line that cannot be read is called: the rest of it may name people."""
    ref = entry.get("approvedReceiptUuid") if isinstance(entry, dict) else None
    return ref[:64] if isinstance(ref, str) else None


def _title(entry: Json) -> str:
    services = entry.get("services")
    first = services[0] if isinstance(services, list) and services and isinstance(services[0], dict) else {}
    return str(first.get("name") or entry.get("name") or "")


def _roubles(amount: object) -> Money | None:
    """A sum with any number of zeros at its end; None: it is not exact to the kopeck."""
    figure = str(amount)
    roubles, dot, rest = figure.partition(".")
    try:
        return Money(to_minor(figure if rest[2:].strip("0") else roubles + dot + rest[:2]), Currency.RUB)
    except ValueError:
        return None


def _moment(written_there: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(written_there))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _body(answer: Answer) -> Json | None:
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _words(body: Json | None) -> str:
    return str((body or {}).get("message") or "")[:300]


def _seconds(header: str | None) -> timedelta | None:
    return timedelta(seconds=int(header)) if header and header.isdigit() and len(header) < 6 else None
