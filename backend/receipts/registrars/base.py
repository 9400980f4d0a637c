"""What a registrar is: whoever has to be told of income, and what it answers.

A driver speaks HTTP and nothing else. Failures are the values of `backend/payments/providers/base.py`: `Rejected` is
a definite no, `NotProcessed` certainly had no effect, `Unknown` may have had one, `Misconfigured` is our fault.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from backend.kit.money import Money
from backend.payments.providers.base import Misconfigured, NotProcessed, Rejected, Unknown


class Reason(StrEnum):
    """Why income is annulled."""

    REFUND = "refund"
    MISTAKE = "mistake"


@dataclass(frozen=True, slots=True)
class Sale:
    """One line of income: roubles, at the moment they were paid."""

    title: str
    amount: Money
    sold_at: datetime


@dataclass(frozen=True, slots=True)
class Registered:
    """It is in the books: `ref` is the registrar's id of it, `url` where the receipt is seen."""

    ref: str
    url: str


@dataclass(frozen=True, slots=True)
class Annulled:
    """It is in the books no more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the registrar's books."""

    ref: str
    url: str
    title: str
    amount: Money | None  # None: it is annulled, and says no more how much it was
    sold_at: datetime | None  # None: it does not say
    annulled: bool


Failure = Rejected | NotProcessed | Unknown | Misconfigured
Registration = Registered | Failure
Annulment = Annulled | Failure


class Registrar(Protocol):
    """Whoever registers income. One file in this folder each."""

    id: ClassVar[str]  # stored with every receipt: never rename
    account: str  # whose income it is: a tax number
    test: bool  # takes payments of play money, and those alone
    tells_buyers: bool  # whether buyers get the link to their receipt

    async def register(self, sale: Sale) -> Registration:
        """Enter income. Sent twice it is there twice: after `Unknown` look at `entries` first."""

    async def annul(self, ref: str, reason: Reason, at: datetime) -> Annulment:
        """Take income back, as of this moment."""

    def entries(self, since: datetime, until: datetime) -> AsyncIterator[Entry]:
        """What is in the books of income of this time, annulled or not.

        Raises:
            Unavailable: a page or a line could not be read, or the list does not end.
        """

    async def probe(self) -> str:
        """Whose books these are, in the registrar's words.

        Raises:
            Unavailable: no usable answer.
            Refused: the credentials are wrong.
        """

    async def aclose(self) -> None:
        """Close connections."""
