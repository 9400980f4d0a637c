"""How fast a messenger lets us speak: to everybody together, and in one chat.

Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this (30 messages a second
overall, one a second in a chat with short bursts).
"""

import asyncio
import math
import time
from datetime import datetime, timedelta

from backend.kit import clock
from backend.notifications.channels import SlowDown

PER_SECOND = 30
CHAT_BURST = 3
CHAT_PER_SECOND = 1
AHEAD = 0.1  # seconds that turns are given away ahead of their time
SURELY_ALL = 3  # different chats refused in a row, none heard in between: it is not about the chats
FORGET_ABOVE = 1000  # chats remembered before those that have rested enough are forgotten


class Bucket:
    """So many at once, then so many a second. Times are seconds of any one steady clock."""

    def __init__(self, size: int, per_second: float) -> None:
        self._each = 1 / per_second
        self._slack = (size - 1) * self._each
        self.full_at = -math.inf

    def next_at(self, now: float) -> float:
        """When the next one may go."""
        return max(now, self.full_at - self._slack)

    def take(self, at: float) -> None:
        """One goes then."""
        self.full_at = max(at, self.full_at) + self._each


class Pace:
    """Whose turn it is, kept in the memory of the one process that sends.

    Buckets run on the machine's steady clock: the one clock of the shop may be moved, and the messenger's is not. A
    "not before" of the messenger is long and ends up in a row, so it is kept on the shop's clock.
    """

    def __init__(self, per_second: float = PER_SECOND) -> None:
        self._all = Bucket(1, per_second)  # evenly, so that what is urgent never waits behind a burst
        self._chats: dict[int, Bucket] = {}
        self._rests: dict[int | None, datetime] = {}  # None: everybody
        self._refused: set[int] = set()  # since somebody was last heard

    async def turn(self, chat_id: int) -> None:
        """Wait until one more message may go to this chat.

        Raises:
            SlowDown: the messenger wants none there for a while.
        """
        self._refuse_rest(chat_id)
        chat = self._chats.setdefault(chat_id, Bucket(CHAT_BURST, CHAT_PER_SECOND))
        own = chat.next_at(time.monotonic())
        chat.take(own)
        await _sleep_until(own)
        at = self._all.next_at(time.monotonic())
        self._all.take(at)
        await _sleep_until(at)
        self._refuse_rest(chat_id)
        if len(self._chats) > FORGET_ABOVE:
            self._chats = {id: bucket for id, bucket in self._chats.items() if bucket.full_at > at}

    async def room(self) -> None:
        """Wait until hardly anybody waits for his turn, so that whoever comes first is next."""
        await _sleep_until(self._all.next_at(time.monotonic()) - AHEAD)

    def heard(self) -> None:
        """The messenger took a message."""
        self._refused.clear()

    def rest(self, chat_id: int, wait: timedelta) -> None:
        """The messenger wants no more for so long: in this chat, or in all when it has refused several in a row."""
        now = clock.now()
        self._refused.add(chat_id)
        self._rests = {chat: until for chat, until in self._rests.items() if until > now}
        for chat in (chat_id, None) if len(self._refused) >= SURELY_ALL else (chat_id,):
            self._rests[chat] = max(now + wait, self._rests.get(chat, now))

    @property
    def resting(self) -> bool:
        """Whether the messenger wants nothing from us now."""
        return self._left(None) > timedelta(0)

    def _refuse_rest(self, chat_id: int) -> None:
        left = max(self._left(None), self._left(chat_id))
        if left > timedelta(0):
            raise SlowDown(left)

    def _left(self, chat_id: int | None) -> timedelta:
        now = clock.now()
        return self._rests.get(chat_id, now) - now


async def _sleep_until(at: float) -> None:
    left = at - time.monotonic()
    if left > 0:
        await asyncio.sleep(left)
