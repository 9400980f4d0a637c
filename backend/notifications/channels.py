"""What carries a notification to a person."""

from datetime import timedelta
from typing import Protocol

from backend.kit.db import DatabaseUnavailable
from backend.kit.errors import Outside, Refused, Unavailable
from backend.notifications.kinds import Kind

OFTEN_ENOUGH = 2  # times that something may have been heard: a duplicate at most


class PersonUnreachable(Refused):
    """The person does not want to hear from us there."""


class NotSaid(Unavailable):
    """The channel does not work now, and nobody has heard it."""


class TurnedDown(NotSaid):
    """The channel is in trouble, and says itself that it has not said this."""


class HeardBySome(NotSaid):
    """Some have heard it and the others have not, or a part of it was said and the rest was not."""


class SlowDown(Unavailable):
    """The channel takes no more for a while."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait=wait)
        self.wait = wait


def maybe_heard(error: Outside) -> bool:
    """Whether that leaves open what people heard."""
    return isinstance(error, Unavailable) and not isinstance(error, NotSaid | SlowDown | DatabaseUnavailable)


class Channel(Protocol):
    """A way to reach people, such as the bot."""

    async def tell_operators(self, kind: Kind, *, number: int) -> None:
        """Say one thing to those who run the shop. Another `number` is another thing.

        Raises:
            SlowDown, NotSaid, Unavailable: as `send`; also when nobody heard it, or nobody is named.
            HeardBySome: who heard it is left out when this process says it again.
        """

    async def send(self, user_id: int, kind: Kind) -> None:
        """Say one thing to one person.

        Raises:
            PersonUnreachable: not before the person is back.
            SlowDown: it was not said; after `wait`.
            NotSaid: it was not said; try again.
            Unavailable: it may have been said, or a part of it was.
        """
