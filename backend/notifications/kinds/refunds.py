"""What people hear of money that goes back."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backend.notifications.kinds.base import Kind


@dataclass(frozen=True)
class RefundAsked(Kind):
    """To the operators: a refund waits for their decision. `why` is one of those in backend/orders/asking.py."""

    priority: ClassVar[int] = 2
    refund_id: UUID
    payment_ref: str  # what the company calls the payment
    provider: str
    order_number: int
    amount: str  # as people read it, as all amounts here: "200 ₽"
    paid: str
    why: str
    buyer: str
    username: str | None
    telegram_id: int | None


@dataclass(frozen=True)
class RefundDecided(Kind):
    """To the buyer: what became of the wish to have money back."""

    priority: ClassVar[int] = 1
    refund_id: UUID
    order_number: int
    amount: str
    granted: bool
    by_hand: bool = False  # a person sends it


@dataclass(frozen=True)
class RefundFailed(Kind):
    """To the operators: money did not go back. `reason` is the company's word; None: nobody knows whether it did.

    `words` are the company's sentence, where it says more.
    """

    priority: ClassVar[int] = 2
    payment_id: UUID
    payment_ref: str
    provider: str
    order_number: int | None  # None: the money was for no order
    amount: str
    reason: str | None
    words: str = ""


@dataclass(frozen=True)
class RefundUnread(Kind):
    """To the operators: a company says that money of a payment went back, and not how much."""

    priority: ClassVar[int] = 2
    payment_id: UUID
    payment_ref: str
    provider: str
    order_number: int


@dataclass(frozen=True)
class PaidAgain(Kind):
    """To the operators: an order was paid more than once, `times` by now."""

    priority: ClassVar[int] = 3
    order_number: int
    amount: str
    provider: str
    times: int
