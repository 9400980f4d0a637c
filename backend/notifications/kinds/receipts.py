"""What is said of receipts: to the buyer where his is, to the operators what is wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from backend.notifications.kinds.base import Kind


@dataclass(frozen=True)
class ReceiptReady(Kind):
    """A sale is registered, and this is where its receipt is seen."""

    again: ClassVar[bool] = False
    url: str
    amount: str  # as people read it: "299 ₽"
    title: str  # as it stands in the receipt
    payment_id: UUID | None = None


@dataclass(frozen=True)
class ReceiptRefused(Kind):
    """A registrar does not take a sale, or does not take it back."""

    priority: ClassVar[int] = 3
    receipt_id: UUID
    payment_id: UUID
    registrar: str
    amount: str
    reason: str


@dataclass(frozen=True)
class RegistrarRefusesUs(Kind):
    """A registrar does not let us in: sales wait."""

    priority: ClassVar[int] = 3
    registrar: str
    reason: str


@dataclass(frozen=True)
class BooksDiffer(Kind):
    """A registrar's books are not ours. Each part has titles of sales."""

    priority: ClassVar[int] = 3
    registrar: str
    missing: tuple[str, ...]  # not there
    annulled: tuple[str, ...]  # annulled there, not by us
    twice: tuple[str, ...]  # there a second time


@dataclass(frozen=True)
class BooksUnread(Kind):
    """A registrar's books have not been compared with ours, as they were to be since then: they cannot be read."""

    priority: ClassVar[int] = 3
    registrar: str
    since: datetime
    reason: str


@dataclass(frozen=True)
class FiscalReceiptFailed(Kind):
    """The fiscal receipt of a payment, or of a refund of it, was refused, or is a day late."""

    priority: ClassVar[int] = 3
    payment_id: UUID
    provider: str
    status: str
    refund: bool = False


@dataclass(frozen=True)
class FiscalReceiptRefused(Kind):
    """A payment company takes no payment because of its receipt."""

    priority: ClassVar[int] = 2
    provider: str
    reason: str
