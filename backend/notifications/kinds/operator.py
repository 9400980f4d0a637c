"""What the operators hear: what happened, and so what to do."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backend.notifications.kinds.base import Kind


@dataclass(frozen=True)
class PaymentInReview(Kind):
    """Money came that is not what was asked for: nobody got anything until an operator decides."""

    priority: ClassVar[int] = 2
    payment_id: UUID
    provider: str
    reason: str
