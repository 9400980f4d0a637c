"""What a method is, and what it may answer besides its result."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.params import Params
from sandbox.telegram.state import Telegram

Method = Callable[[Telegram, Params], Coroutine[Any, Any, Any]]


@dataclass(frozen=True)
class Described:
    """A result with a description beside it, as setWebhook answers."""

    result: Any
    description: str
