"""What the operators hear: what happened, and so what to do."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from backend.notifications.kinds.base import Kind


@dataclass(frozen=True)
class PaymentInReview(Kind):
    """Money came that is not what was asked for: nobody got anything until an operator decides."""

    priority: ClassVar[int] = 2
    payment_id: UUID
    provider: str
    reason: str


@dataclass(frozen=True)
class ChargeUnanswered(Kind):
    """We charged by ourselves, and nobody knows whether money was taken; it is not tried again."""

    priority: ClassVar[int] = 2
    payment_id: UUID
    provider: str
    amount: str  # as people read it


@dataclass(frozen=True)
class PaymentsUnseen(Kind):
    """A provider did not say how this payment stands, nor maybe others, for as long as they are asked about."""

    priority: ClassVar[int] = 2
    payment_id: UUID
    payment_ref: str
    provider: str
    reason: str


@dataclass(frozen=True)
class KeyUsed(Kind):
    """A provider had seen a payment's key with another request. `found`: its list showed it; None: not readable."""

    priority: ClassVar[int] = 2
    payment_id: UUID
    provider: str
    found: bool | None


@dataclass(frozen=True)
class ProviderMisconfigured(Kind):
    """A provider does not accept our credentials, in the words of `reason`."""

    priority: ClassVar[int] = 2
    provider: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class ProviderNote(Kind):
    """Something about our account at a provider is worth knowing; `note` is the id of a text without its "note-"."""

    provider: str
    note: str


@dataclass(frozen=True)
class ProviderTrouble(Kind):
    """A provider has not answered for some minutes."""

    priority: ClassVar[int] = 2
    provider: str
    since: datetime
    reason: str


@dataclass(frozen=True)
class ProviderWorks(Kind):
    """A provider works again of which it was said that it does not."""

    priority: ClassVar[int] = 2
    provider: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class PanelTrouble(Kind):
    """A panel has not taken changes for some minutes; so many keys wait for it."""

    priority: ClassVar[int] = 2
    server: str
    since: datetime
    reason: str
    keys: int


@dataclass(frozen=True)
class PanelWorks(Kind):
    """A panel works again of which it was said that it does not."""

    priority: ClassVar[int] = 2
    server: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class NoServer(Kind):
    """No server takes new keys, and so many people whose time runs have none. `since`: the first of them waits."""

    priority: ClassVar[int] = 2
    since: datetime
    people: int


@dataclass(frozen=True)
class ServerAgain(Kind):
    """Nobody is without a server any more of whom it was said so."""

    priority: ClassVar[int] = 2
    since: datetime
    until: datetime


@dataclass(frozen=True)
class PaymentsRefused(Kind):
    """A provider refuses to open payments, in the words of `code` and `reason`: nobody can pay so."""

    priority: ClassVar[int] = 2
    provider: str
    code: str
    reason: str


@dataclass(frozen=True)
class SweepsFail(Kind):
    """What a provider lists has not been compared with our books to its end since then; None: never."""

    priority: ClassVar[int] = 2
    provider: str
    since: datetime | None


@dataclass(frozen=True)
class RenewalNotStopped(Kind):
    """Telegram refuses to end a subscription in Stars. `tried_on`: it is told again; else it knows no such one."""

    priority: ClassVar[int] = 2
    payment_id: UUID  # the first of the subscription
    code: str
    tried_on: bool


@dataclass(frozen=True)
class NoCallbacks(Kind):
    """So many payments were found by asking, and nothing was said of them. `last`: when something came last."""

    provider: str
    payments: int
    last: datetime | None


@dataclass(frozen=True)
class CallbacksRefused(Kind):
    """A webhook came from an address that is not the provider's."""

    provider: str
    address: str


@dataclass(frozen=True)
class UnprovenCallbacks(Kind):
    """So many webhooks came without our signature."""

    provider: str
    count: int


@dataclass(frozen=True)
class Sold(Kind):
    """Somebody paid. `plan` is its name by language; `buyer` has a user name, or else only the name of `person`."""

    priority: ClassVar[int] = 6
    again: ClassVar[bool] = False
    plan: dict[str, str]
    amount: str  # as people read it
    method: str
    buyer: str | None
    person: str


@dataclass(frozen=True)
class Difference:
    """What a provider says of one day's payments in one currency, and our books; amounts in minor units."""

    provider: str
    currency: str
    paid_there: int
    paid_here: int
    refunded_there: int
    refunded_here: int


@dataclass(frozen=True)
class TotalsDiffer(Kind):
    """The sums of a day are others at the provider than in our books."""

    priority: ClassVar[int] = 2
    day: date
    difference: Difference


@dataclass(frozen=True)
class Sales:
    """What was sold in a day by one provider in one currency."""

    provider: str
    count: int
    amount: str  # as people read it


@dataclass(frozen=True)
class DailyReport(Kind):
    """What a day was like, in the shop's time zone. `unread`: providers whose list could not be read."""

    priority: ClassVar[int] = 7
    again: ClassVar[bool] = False
    day: date
    sales: tuple[Sales, ...]
    refunds: tuple[Sales, ...]
    people: int
    trials: int
    in_review: int
    keys_waiting: int
    differences: tuple[Difference, ...]
    unread: tuple[str, ...]
    unwarned: int = 0  # renewals that were paused, as their owners could not be told
