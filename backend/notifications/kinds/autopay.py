"""What a buyer hears of renewals without him: that they are on, what is charged when, what came in the way."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from backend.notifications.kinds.base import Kind


@dataclass(frozen=True)
class AutopayOn(Kind):
    """A subscription renews by itself from now on."""

    priority: ClassVar[int] = 2
    mandate_id: UUID


@dataclass(frozen=True)
class AutopayNotice(Kind):
    """So much will be charged. `amount_minor` is what the charge will not exceed."""

    priority: ClassVar[int] = 1
    mandate_id: UUID
    amount: str  # as people read it: "299 ₽"
    amount_minor: int
    until: datetime  # what is paid for ends then
    charge_at: datetime


@dataclass(frozen=True)
class AutopayDearer(Kind):
    """The plan costs more than was agreed to, which can be agreed to in time."""

    priority: ClassVar[int] = 2
    mandate_id: UUID
    amount: str
    amount_minor: int


@dataclass(frozen=True)
class AutopayFailed(Kind):
    """A charge was refused and will be tried again. `reason` is the bank's word."""

    priority: ClassVar[int] = 1
    mandate_id: UUID
    amount: str
    reason: str | None
    again_at: datetime


@dataclass(frozen=True)
class AutopayStopped(Kind):
    """Nothing is charged any more, and why. `amount` is the price now, where that is the reason."""

    priority: ClassVar[int] = 1
    mandate_id: UUID
    reason: str
    amount: str | None = None
    amount_minor: int | None = None
