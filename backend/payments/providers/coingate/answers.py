"""What an HTTP answer of CoinGate means for us, and what a callback says.

Sources: https://developer.coingate.com/reference/common-errors
https://developer.coingate.com/reference/payment-callback
"""

import re
from codecs import BOM_UTF8
from datetime import timedelta
from urllib.parse import parse_qsl

from backend.kit.errors import Invalid
from backend.kit.http import Answer
from backend.kit.reading import Json, parse, part, text
from backend.payments.providers.base import Hint, Misconfigured, NotProcessed, Rejected, Unknown
from backend.payments.providers.coingate.objects import STATES, order_ref, price, signed

Failure = Rejected | NotProcessed | Unknown | Misconfigured

BODY_LIMIT = 64 * 1024
FIELDS_LIMIT = 500
SAID_LIMIT = 300
LONGEST_WAIT = timedelta(hours=1)
LONGEST_YES = 64
YES = re.compile(r"\bok\b|\btrue\b|authenticated|success", re.IGNORECASE)
NO_YES = re.compile(r"[<\[]|error|reason|invalid|unauthor|denied|fail|false|\bbad\b|\bnot?\b", re.IGNORECASE)
STATUS = re.compile(r"[a-z_]{1,32}")
OF_A_REFUND = ("refund_amount", "request_amount")
NOT_ACCEPTED = "CoinGate does not accept COINGATE_API_KEY; its sandbox has tokens of its own"
NO_KEY = "CoinGate sees no COINGATE_API_KEY: something on the way takes the Authorization header away"
NO_PAGE = "CoinGate has no such page: COINGATE_API_URL is wrong"
OURS_TO_MEND: dict[tuple[int, str | None], str] = {  # by status and reason
    (400, "BadEnvironment"): "COINGATE_API_KEY and COINGATE_API_URL are not of the same side, live or sandbox",
    (400, "AuthTokenMissing"): NO_KEY,
    (400, "CredentialsMissing"): NO_KEY,
}


def read_answer(answer: Answer, *, certain_page: bool = False) -> Json | Failure:
    """The object CoinGate answered with, or what it means that there is none.

    A `certain_page` is there whatever we ask: without it our address is wrong. Else PageNotFound may be an order.
    """
    try:
        parsed = parse(answer.body)
    except ValueError:
        parsed = None
    if answer.status in (200, 201) and isinstance(parsed, dict):
        return parsed
    body = part(parsed)
    if certain_page and (answer.status, body.get("reason")) == (404, "PageNotFound"):
        return _misconfigured(NO_PAGE, body)
    return _failure(answer, body)


def says_yes(answer: Answer) -> bool:
    """GET /auth/test: "OK", true, an object that says so, or nothing at all; no form of it is documented."""
    try:
        said = answer.body.decode()
    except ValueError:
        return False
    says_so = said.strip() in ("", "{}") or (YES.search(said) and not NO_YES.search(said))
    return answer.status == 200 and len(said) <= LONGEST_YES and bool(says_so)


def _failure(answer: Answer, body: Json) -> Failure:
    errors = _errors(body.get("errors"))
    reason = text(body.get("reason")) or ("not_valid" if answer.status == 422 and errors else None)
    if meaning := OURS_TO_MEND.get((answer.status, reason)):
        return _misconfigured(meaning, body)
    match answer.status:
        case 401:
            return _misconfigured(NOT_ACCEPTED, body)
        case 429:
            return NotProcessed(_wait(answer))
        case status if 400 <= status < 500 and reason:  # without one it is somebody in between
            told = "; ".join(filter(None, [text(body.get("message")), *errors]))
            return Rejected("not_found" if status == 404 else reason, told)
        case status:
            return Unknown(f"HTTP {status}", _wait(answer))


def _misconfigured(meaning: str, body: Json) -> Misconfigured:
    """What it means, and what CoinGate says itself: an address that is not allowed, an account that is blocked."""
    said = ", ".join(filter(None, [text(body.get("reason")), text(body.get("message"))]))
    return Misconfigured(f"{meaning}. It says: {said[:SAID_LIMIT]}" if said else meaning)


def _errors(listed: object) -> list[str]:
    """What is wrong with an order: a list of texts, or by field one or a list of them."""
    if isinstance(listed, dict):
        by_field = ((name, told if isinstance(told, list) else [told]) for name, told in listed.items())
        listed = [f"{name}: {error}" for name, told in by_field for error in told if text(error)]
    return list(filter(None, map(text, listed))) if isinstance(listed, list) else []


def _wait(answer: Answer) -> timedelta | None:
    seconds = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(seconds)), LONGEST_WAIT) if re.fullmatch("[0-9]{1,6}", seconds) else None


def read_callback(body: bytes) -> Hint | None:
    """Which order a callback is about; None: it is about a refund, which shows in the order's status.

    An API app sends JSON or forms, as chosen in the cabinet. Without price or signature it is a hint all the same,
    only not a proven one. The token is the signature that has to hold; where none comes, the one in `order_id`.

    Raises:
        Invalid: not a callback of CoinGate.
    """
    if len(body) > BODY_LIMIT:
        raise Invalid(reason="too long")
    try:
        sent = _fields(body.removeprefix(BOM_UTF8))
    except ValueError as error:
        raise Invalid(reason="neither a JSON object nor a form") from error
    ref, status = order_ref(sent.get("id")), text(sent.get("status"))
    if ref is None or status is None or not STATUS.fullmatch(status):
        raise Invalid(reason="no usable id and status")
    if any(name in sent for name in OF_A_REFUND):
        return None
    pid, mac = signed(sent)
    return Hint(
        event=f"order.{status}",
        object_id=ref,
        ref=ref,
        claims=STATES.get(status),
        pid=pid,
        mac=sent.get("token") or mac,
        amount=price(sent),
    )


def _fields(body: bytes) -> Json:
    """
    Raises:
        ValueError: neither a JSON object nor a form.
    """
    if body.lstrip()[:1] in (b"{", b"["):
        sent = parse(body)
        if not isinstance(sent, dict):
            raise ValueError("not an object")
        return sent
    fields = "&".join(field.strip() for field in body.decode().split("&"))  # documented with a line each
    return dict(parse_qsl(fields, keep_blank_values=True, max_num_fields=FIELDS_LIMIT))
