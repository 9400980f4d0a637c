"""Everything we say, a file for each subject."""

from backend.notifications.kinds.base import Kind
from backend.notifications.kinds.operator import PaymentInReview
from backend.notifications.kinds.sale import (
    CheckoutReady,
    Ended,
    EndingSoon,
    KeyReady,
    Paid,
    PaymentFailed,
    Refunded,
)

KINDS: dict[str, type[Kind]] = {kind.__name__: kind for kind in Kind.__subclasses__()}

__all__ = [
    "KINDS",
    "CheckoutReady",
    "Ended",
    "EndingSoon",
    "KeyReady",
    "Kind",
    "Paid",
    "PaymentFailed",
    "PaymentInReview",
    "Refunded",
]
