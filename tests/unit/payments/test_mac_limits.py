"""The signature's edges: how long one may be, and what stands in it."""

import pytest

from backend.payments.mac import Terms, mac_ok, order_mac, url_safe

KEY = b"k" * 32
TERMS = Terms(
    provider="yookassa",
    account="100500",
    payment_id="018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
    order_id="018f6a2e-7c1a-7e55-8d21-51c2a7b0e0f4",
    user_id=1,
    amount_minor=29900,
    currency="RUB",
)


@pytest.mark.parametrize(("kid", "holds"), [("k" * 20, True), ("k" * 21, False)])
def test_a_signature_has_64_characters_at_most(kid: str, holds: bool) -> None:
    signature = order_mac({kid: KEY}, kid, **TERMS)

    assert (len(signature) <= 64) is holds
    assert mac_ok({kid: KEY}, signature, **TERMS) is holds


@pytest.mark.parametrize(
    ("raw", "text"), [(b"\0\0\x17", "AAAX"), (b"\0", "AA"), (b"\0\0", "AAA"), (b"\xfb\xff", "-_8")]
)
def test_bytes_become_letters_without_padding_and_lose_none(raw: bytes, text: str) -> None:
    assert url_safe(raw) == text
