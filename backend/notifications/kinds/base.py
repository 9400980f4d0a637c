"""What a thing we say is: a frozen dataclass of ids and values. What it looks like is the channel's business."""

from typing import ClassVar


class Kind:
    """Base of everything we say. `priority`: lower goes first, so money and keys come before news.

    `again`: what may have been said, or not, is said again: of money people rather hear twice than never. False: it
    is news, and left out then.
    """

    priority: ClassVar[int] = 5
    again: ClassVar[bool] = True
