"""What happens in the chats, in order: the chat page and the tests wait on it."""

import asyncio
from collections import deque
from typing import Any

from sandbox.store import Collection

KEPT = 2000


class Feed:
    """Numbered events, the newest kept in memory. Numbers go on after a restart.

    An event is {"id", "type", "user_id", …}; `user_id` None concerns everybody.
    """

    def __init__(self, counter: Collection) -> None:
        self._counter = counter
        self._events: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._last = counter.next_id()
        self._news = asyncio.Event()

    def add(self, kind: str, user_id: int | None = None, **details: Any) -> None:
        self._last = self._counter.next_id()
        self._events.append({"id": self._last, "type": kind, "user_id": user_id, **details})
        self._wake()

    def reset(self) -> None:
        """Start counting anew: who waits is told to read everything again."""
        self._events.clear()
        self._last = self._counter.next_id()
        self._wake()

    async def after(self, seen: int | None, *, user_id: int | None, seconds: float) -> dict[str, Any]:
        """Events younger than `seen`, waiting for the first one up to `seconds`.

        `seen` None answers at once where the feed stands now. "reset" says that events between were lost
        (a restart, a reset, too many), so that the reader has to read the chats again.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            answer = self._since(self._last if seen is None else seen, user_id)
            left = deadline - asyncio.get_running_loop().time()
            if answer["events"] or answer["reset"] or seen is None or left <= 0:
                return answer
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                return answer

    def _since(self, seen: int, user_id: int | None) -> dict[str, Any]:
        first = self._events[0]["id"] if self._events else self._last + 1
        lost = seen > self._last or seen < first - 1
        events = [] if lost else [event for event in self._events if event["id"] > seen]
        if user_id is not None:
            events = [event for event in events if event["user_id"] in (None, user_id)]
        return {"events": events, "last": self._last, "reset": lost}

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
