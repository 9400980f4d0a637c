"""What a buyer hears of payments, keys and the end of time."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from backend.notifications.kinds.base import Kind


@dataclass(frozen=True)
class Paid(Kind):
    """A payment was counted. `key_ready`: the key works already (a renewal), so this message carries it.

    `shown_in` is where the checkout stands: that message turns into this one.
    """

    priority: ClassVar[int] = 0
    payment_id: UUID
    subscription_id: UUID
    days: int
    until: datetime
    amount: str  # as people read it: "299 ₽"
    key_ready: bool
    shown_in: str | None
    late: bool = False  # the payment was thought dead
    times: int = 1  # how often this order was paid by now; `days` are of all of these
    closed: bool = False  # the buyer is blocked: no key is on


@dataclass(frozen=True)
class PaymentFailed(Kind):
    """A payment came to nothing. `reason` is the provider's word, to be put humanly."""

    priority: ClassVar[int] = 1
    payment_id: UUID
    plan_id: int | None
    reason: str | None
    shown_in: str | None


@dataclass(frozen=True)
class PaymentSeen(Kind):
    """The money is on its way, and there is nothing for the buyer to do: a network has yet to confirm it."""

    priority: ClassVar[int] = 1
    payment_id: UUID
    shown_in: str | None


@dataclass(frozen=True)
class PaymentChecked(Kind):
    """The money came, it is not what was asked for, and an operator decides what becomes of it."""

    priority: ClassVar[int] = 1
    payment_id: UUID
    shown_in: str | None


@dataclass(frozen=True)
class Refunded(Kind):
    """Money went back. `counted`: it had bought days, which are gone; else it was for no order of this person."""

    priority: ClassVar[int] = 1
    amount: str  # as people read it: "200 ⭐"
    counted: bool
    until: datetime | None = None  # how long the subscription lasts now


@dataclass(frozen=True)
class CheckoutReady(Kind):
    """The provider answered late: the page where an order is paid is there now."""

    priority: ClassVar[int] = 1
    payment_id: UUID
    shown_in: str | None


@dataclass(frozen=True)
class KeyReady(Kind):
    """A key works, first or anew: link, QR and how to connect."""

    priority: ClassVar[int] = 0
    subscription_id: UUID


@dataclass(frozen=True)
class EndingSoon(Kind):
    """The subscription ends soon."""

    again: ClassVar[bool] = False
    subscription_id: UUID
    until: datetime
    days_left: int


@dataclass(frozen=True)
class Ended(Kind):
    """The subscription has ended."""

    again: ClassVar[bool] = False
    subscription_id: UUID
    until: datetime
