"""What the bot needs of the shop; cli/wiring.py builds the object."""

from collections.abc import Sequence
from typing import Protocol

from backend.consents.documents import Texts
from backend.kit.brand import Brand
from backend.orders import checkout


class Deps(checkout.Deps, Protocol):
    """Database and providers for the checkout, and what the shop calls itself."""

    brand: Brand
    texts: Texts

    @property
    def operators(self) -> Sequence[int]:
        """Telegram ids of those who run the shop."""
