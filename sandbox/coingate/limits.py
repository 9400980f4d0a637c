"""How often somebody may ask, on the moved clock."""

from collections import defaultdict, deque

from sandbox.clock import Clock


class Limits:
    """Counts what was admitted in the time just past. Kept in memory: a restart forgets it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)

    def admits(self, who: str, most: int | None, seconds: float) -> bool:
        """Whether one more is within `most` in `seconds`; if so it counts."""
        now = self._clock.timestamp()
        times = self._times[who]
        while times and times[0] <= now - seconds:
            times.popleft()
        if most is not None and len(times) >= most:
            return False
        times.append(now)
        return True

    def forget(self) -> None:
        self._times.clear()
