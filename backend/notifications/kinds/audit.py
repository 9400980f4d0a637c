"""What the operators hear of the books."""

from dataclasses import dataclass
from typing import ClassVar

from backend.notifications.kinds.base import Kind


@dataclass(frozen=True)
class AuditFailed(Kind):
    """The books are wrong by one rule. `provider`: who sells nothing more for it; `subjects`: the first ids."""

    priority: ClassVar[int] = 2
    rule: str
    provider: str | None
    subjects: tuple[str, ...]
    details: str  # of the first
    count: int
