"""Our own signature: what proves that an order is ours, since the providers sign nothing.

It travels in the payment (YooKassa's metadata, CoinGate's token) and comes back in every answer and webhook. It
proves whose order it is and for how much; whether it is paid, only the provider's answer to our question says.
Keys come as a ring `kid -> 32 bytes`: the newest signs, all verify.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple, NotRequired, Protocol, TypedDict, Unpack

VERSION = "shop-pay/1"


class Terms(TypedDict):
    """What one attempt to pay is about. All of it stands in its row, so later settings break no old signature."""

    provider: str
    account: str
    payment_id: str
    order_id: str
    user_id: int
    amount_minor: int
    currency: str
    payer: NotRequired[str]  # who alone may pay, where the provider knows who pays


def order_mac(keys: Mapping[str, bytes], kid: str, **terms: Unpack[Terms]) -> str:
    """Sign the terms: "<kid>.<43 characters>".

    Raises:
        ValueError: a newline in a field, which would let two different terms read the same.
    """
    parts = (
        VERSION,
        kid,
        terms["provider"],
        terms["account"],
        terms["payment_id"],
        terms["order_id"],
        str(terms["user_id"]),
        str(terms["amount_minor"]),
        terms["currency"],
    )
    if any("\n" in part for part in parts):
        raise ValueError("newline in a field of the signature")
    return f"{kid}.{_sign(keys[kid], parts)}"


def mac_ok(keys: Mapping[str, bytes], presented: object, **terms: Unpack[Terms]) -> bool:
    """Whether `presented`, which anybody may have sent, is our signature of these terms under a key of the ring."""
    if not isinstance(presented, str) or len(presented) > 64 or not presented.isascii():
        return False
    kid, dot, _ = presented.partition(".")
    if not dot or kid not in keys:
        return False
    return hmac.compare_digest(presented.encode(), order_mac(keys, kid, **terms).encode())


def hook_token(key: bytes, provider: str, account: str) -> str:
    """The secret part of the address a provider sends webhooks to: 43 characters."""
    return _sign(key, (VERSION, "hook-path", provider, account))


def _sign(key: bytes, parts: tuple[str, ...]) -> str:
    return url_safe(digest(key, parts))


def digest(key: bytes, parts: tuple[str, ...]) -> bytes:
    """HMAC-SHA256 of these parts, a line each."""
    return hmac.new(key, "\n".join(parts).encode(), hashlib.sha256).digest()


def url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Signs(Protocol):
    def __call__(self, keys: Mapping[str, bytes], kid: str, **terms: Unpack[Terms]) -> str: ...


class Holds(Protocol):
    def __call__(self, keys: Mapping[str, bytes], presented: object, **terms: Unpack[Terms]) -> bool: ...


class Seal(NamedTuple):
    """How what is sent to a company is signed, and how that is checked when it comes back."""

    sign: Signs
    holds: Holds


ORDER = Seal(order_mac, mac_ok)
