"""What an invoice in Stars carries: "s1.<payment id>.<key id>.<signature>". Pure.

Telegram keeps 128 bytes, so the signature is 16 bytes long. It covers who alone may pay: a link works for everybody,
and an invoice can be forwarded.
"""

import hmac
from collections.abc import Mapping
from typing import Unpack
from uuid import UUID

from backend.payments.mac import VERSION, Seal, Terms, digest, url_safe

FORM = "s1"
SIGNATURE_BYTES = 16
LONGEST = 128


def make_payload(keys: Mapping[str, bytes], kid: str, **terms: Unpack[Terms]) -> str:
    """The payload of one attempt: payment, payer's Telegram id, amount and currency of the terms count."""
    name = UUID(terms["payment_id"]).hex
    covered = (VERSION, kid, "stars", name, terms["payer"], str(terms["amount_minor"]), terms["currency"])
    return f"{FORM}.{name}.{kid}.{url_safe(digest(keys[kid], covered)[:SIGNATURE_BYTES])}"


def payload_holds(keys: Mapping[str, bytes], presented: object, **terms: Unpack[Terms]) -> bool:
    """Whether `presented` is our payload for these terms under a key of the ring."""
    if not isinstance(presented, str) or len(presented) > LONGEST or not presented.isascii() or "payer" not in terms:
        return False
    parts = presented.split(".")
    if len(parts) != 4 or parts[2] not in keys:
        return False
    return hmac.compare_digest(presented.encode(), make_payload(keys, parts[2], **terms).encode())


def payment_of(payload: object) -> str | None:
    """The id of the payment a payload names, whoever made it; None: it names none."""
    if not isinstance(payload, str) or len(payload) > LONGEST:
        return None
    form, _, rest = payload.partition(".")
    name = rest.partition(".")[0]
    try:
        return str(UUID(hex=name)) if form == FORM and len(name) == 32 else None
    except ValueError:
        return None


SEAL = Seal(make_payload, payload_holds)
