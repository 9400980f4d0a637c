"""What a thing we say is: a frozen dataclass of ids and values. What it looks like is the channel's business."""

from typing import ClassVar


class Kind:
    """Base of everything we say. `priority`: lower goes first, so money and keys come before news."""

    priority: ClassVar[int] = 5
