"""How many messages Telegram takes, and how fast."""

import math
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.telegram.refusal import too_many_requests


@dataclass(frozen=True)
class Limits:
    """Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this

    The documented pace is one message a second in a chat with short bursts tolerated, and 30 a second overall.
    """

    per_second: float = 30
    chat_per_second: float = 1
    chat_burst: int = 5


@dataclass
class _Bucket:
    size: float
    rate: float  # tokens a second
    at: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.size

    def wait(self, now: float) -> float:
        """Seconds until a token is there; 0 or less: now."""
        self.tokens = min(self.size, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        return (1 - self.tokens) / self.rate


class Throttle:
    """Answers 429 when messages come faster than `limits`; does nothing while they are None."""

    def __init__(self, clock: Clock, limits: Limits | None) -> None:
        self._clock = clock
        self._chats: dict[int, _Bucket] = {}
        self.set(limits)

    def set(self, limits: Limits | None) -> None:
        self.limits = limits
        self._chats.clear()
        rate = limits.per_second if limits else 1
        self._all = _Bucket(rate, rate, self._clock.timestamp())

    def take(self, chat_id: int) -> None:
        """Count one message to a chat.

        Raises:
            Refusal: 429; the message does not count.
        """
        if self.limits is None:
            return
        now = self._clock.timestamp()
        fresh = _Bucket(self.limits.chat_burst, self.limits.chat_per_second, now)
        chat = self._chats.setdefault(chat_id, fresh)
        wait = max(chat.wait(now), self._all.wait(now))
        if wait > 0:
            raise too_many_requests(math.ceil(wait))
        chat.tokens -= 1
        self._all.tokens -= 1
