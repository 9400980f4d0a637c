"""Whether signatures come out here as everywhere else."""

from backend.payments.mac import hook_token, order_mac

KEY = bytes.fromhex("00112233445566778899aabbccddeeff" * 2)
SIGNED = "1.yKKJ7LQP85ewKRxafpgerRfvhBhIlJf7VCimQCAV5go"
ADDRESS = "_n-5-o2WvN-sxA7sZhRWkh1tBi02oVko9t6dz9CNcg4"


def signs_as_ever() -> bool:
    """Sign a known payment: another result would make every payment that is under way a stranger's."""
    signed = order_mac(
        {"1": KEY},
        "1",
        provider="yookassa",
        account="100500",
        payment_id="018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
        order_id="018f6a2e-7c1a-7e55-8d21-51c2a7b0e0f4",
        user_id=123456789,
        amount_minor=29900,
        currency="RUB",
    )
    return (signed, hook_token(KEY, "yookassa", "100500")) == (SIGNED, ADDRESS)
