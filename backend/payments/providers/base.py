"""What a payment provider is, and what it answers.

A driver speaks HTTP and nothing else: no database, no framework. It runs unchanged against the live service and
against its emulator in sandbox/. What the company answers is a value, not an exception; only our bugs raise.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from backend.kit.money import Currency, Money
from backend.payments.mac import Seal


class PaymentState(StrEnum):
    """Where one attempt to pay stands. `succeeded` is final; every other may still become it."""

    NEW = "new"
    PENDING = "pending"
    CONFIRMING = "confirming"
    FAILED = "failed"
    CANCELED = "canceled"
    REVIEW = "review"
    SUCCEEDED = "succeeded"


class GivesBack(StrEnum):
    """How much of a payment a company gives back when we ask."""

    ANY_PART = "any_part"
    WHOLE = "whole"
    BY_HAND = "by_hand"  # nothing: a person does it in the company's cabinet


@dataclass(frozen=True, slots=True)
class SavedInstrument:
    """A card or wallet the company keeps for us, or a subscription it renews. `expires_on`: "2030-12"."""

    ref: str
    method: str
    title: str
    expires_on: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A payment as the company says it is now.

    `ref` is empty where a payment has none before it is paid. `state` is PENDING, CONFIRMING, CANCELED or SUCCEEDED.
    `amount` is None when it could not be read exactly. `pid` and `mac` are what we once sent along, unverified.
    `account` and `test` are None where the company does not tell: it answered our own credentials.
    """

    ref: str
    state: PaymentState
    provider_status: str
    amount: Money | None
    account: str | None
    test: bool | None
    pid: str | None = None
    mac: object = None
    url: str | None = None  # where the buyer pays, while that is possible
    reason: str | None = None  # why it was canceled, in the company's words
    refunded_minor: int | None = 0  # None: the company leaves that out, its list of refunds says
    refund_ref: str | None = None  # the refund that made it so many, where the company tells
    payer: str | None = None  # who paid, where the company tells
    held: bool = False  # the money is only held: `capture` takes it
    saved: SavedInstrument | None = None  # what may be charged again
    recurring: bool = False  # of a subscription the company renews: each payment carries the first one's `pid`
    begins: bool = False  # starts such a subscription, where the company tells
    receipt: str | None = None  # how the fiscal receipt stands, in the company's words
    created_at: datetime | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The company knows this payment and says how it stands."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Rejected:
    """A definite no: nothing happened and nothing will.

    `code` is the company's word; ours are "not_found" for a 404, "recurring_off" where only the wish to save the
    method was refused (a new attempt without it may succeed), "method_gone" and "email_refused" where a saved method
    or the address of a receipt was. `parameter` is "receipt" for whatever stands in that.
    """

    code: str
    description: str = ""
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class NotProcessed:
    """Certainly no effect: ask again later with the same key and bytes."""

    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have happened: ask again with the same key and bytes, or look."""

    reason: str
    retry_after: timedelta | None = None
    duplicate_key: bool = False  # the key was used before with other bytes: look, never re-send


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Our credentials or address are wrong: stop asking and tell the operator."""

    reason: str


Result = Known | Rejected | NotProcessed | Unknown | Misconfigured


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A refund as the company says it is now. `state` is pending, succeeded or canceled.

    `amount` is None when it could not be read exactly.
    """

    ref: str
    payment_ref: str
    state: str
    amount: Money | None
    reason: str | None = None
    receipt: str | None = None  # how its fiscal receipt stands
    created_at: datetime | None = None
    in_all: bool = False  # `amount` is everything that went back until now: the company tells no parts


@dataclass(frozen=True, slots=True)
class RefundKnown:
    snapshot: RefundSnapshot


RefundResult = RefundKnown | Rejected | NotProcessed | Unknown | Misconfigured


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What one attempt asks for. `description` is shown to the payer; `title` where there is room for a few words."""

    payment_id: str
    amount: Money
    method: str
    description: str
    return_url: str
    mac: str
    callback_url: str = ""  # where its webhooks go, for a company that is told with every payment; empty: nowhere
    language: str = "ru"
    email: str | None = None  # for the fiscal receipt, where one is due
    item: str | None = None  # what the receipt says was sold; None: the description
    title: str | None = None  # in the payer's language, at most 32 characters; None: the description
    save_method: bool = False
    saved_ref: str | None = None  # charge this saved instrument: nobody is there to confirm it


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money back for one payment of the company."""

    refund_id: str
    payment_ref: str
    amount: Money
    description: str
    mac: str
    email: str | None = None  # of a partial refund only: its receipt says what was returned
    item: str | None = None  # what that receipt says; None: the description
    payer: str | None = None  # who paid, where the company must be told


@dataclass(frozen=True, slots=True)
class Hint:
    """Which payment a webhook is about, and what it claims. Only what `fetch` says counts.

    `claims` is compared with the fetched truth: an event that is ahead of it stays open.
    """

    event: str  # "payment.succeeded"
    object_id: str  # the object of the event: a payment's id, or a refund's
    ref: str  # the payment to look at
    claims: PaymentState | None = None
    pid: str | None = None
    mac: object = None
    amount: Money | None = None
    refund_ref: str | None = None


@dataclass(frozen=True, slots=True)
class RenewalNews:
    """What became of a subscription the company renews: active, canceled by its payer, or failed to be paid.

    `pid` and `mac` are what its first payment carried, unverified.
    """

    state: str
    pid: str | None
    mac: object
    payer: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Who we are at the company and what we may sell there."""

    account: str
    test: bool | None  # None: the company does not tell
    enabled: bool
    methods: frozenset[str] = frozenset()
    fiscalization: bool = False
    notes: tuple[str, ...] = field(default=())  # what the operator should know, as ids of texts
    time_there: datetime | None = None  # by its clock, when it answered; None: it does not tell


class PaymentProvider(Protocol):
    """A company that moves money. One file in this folder each."""

    id: ClassVar[str]  # stored with every payment: never rename
    late_for: ClassVar[timedelta]  # how long a canceled payment may still be paid
    refunds_seen_for: ClassVar[timedelta]  # how old a payment may be that only its list shows to be given back
    refusal_status: ClassVar[int]  # HTTP status for a webhook from a foreign address
    key_lives: ClassVar[timedelta]  # how long an idempotence key protects; zero: the company has none
    seal: ClassVar[Seal]  # how what we send along is signed
    gives_back: ClassVar[GivesBack]
    by_bot: ClassVar[bool]  # paid inside the bot, by one person alone; what the bot hears of it is the truth
    least: ClassVar[Mapping[Currency, int]]  # the smallest price it takes, in minor units
    renews_itself: ClassVar[bool]  # what is bought to be renewed the company charges again by itself; else we do
    account: str  # our account there: goes into the MAC and is compared with every answer
    test: bool  # whether money is play money
    methods: tuple[str, ...]  # ways to pay, in the order buttons stand; a probe may narrow them
    needs_email: bool  # it registers fiscal receipts for us, and sends them to the buyer's e-mail

    @property
    def currencies(self) -> frozenset[Currency]:
        """What a price may be in; a probe may narrow it."""

    def prepare(self, request: PaymentRequest) -> bytes:
        """The exact request body. Pure: it is stored first and sent byte-identical ever after."""

    def can_renew(self, method: str, price: Money, days: int) -> bool:
        """Whether so many days bought like this for this price may be bought again without the buyer."""

    async def create(self, body: bytes, key: str) -> Result:
        """Open a payment. The same body and key give the same payment for `key_lives`."""

    async def fetch(self, ref: str) -> Result:
        """Ask for the truth: after a webhook, on return, in reconciliation."""

    def told(self, body: bytes) -> Snapshot | None:
        """The truth, where an event is itself the truth; None: ask with `fetch`.

        A bot is asked before somebody pays, too: that payment is PENDING.
        """

    def told_of_renewal(self, body: bytes) -> RenewalNews | None:
        """What an event says of a subscription the company renews; None: it is about something else."""

    async def capture(self, ref: str, key: str) -> Result:
        """Take money that is only held."""

    def list_since(self, since: datetime) -> AsyncIterator[Snapshot]:
        """Every payment the company knows since then, newest first, for the sweep.

        Raises:
            Unavailable: a page could not be read; what came before it stands.
        """

    def prepare_refund(self, request: RefundRequest) -> bytes:
        """The exact refund body, as `prepare`."""

    async def refund(self, body: bytes, key: str) -> RefundResult:
        """Give money back."""

    async def fetch_refund(self, ref: str) -> RefundResult:
        """How a refund stands."""

    def refunds_of(self, ref: str) -> AsyncIterator[RefundSnapshot]:
        """Every refund of one payment, whoever made it.

        Raises:
            Unavailable: a page could not be read.
        """

    def refunds_since(self, since: datetime) -> AsyncIterator[RefundSnapshot]:
        """Every refund since then, of payments however old; nothing where `list_since` shows them all the same.

        Raises:
            Unavailable: a page could not be read.
        """

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        """Say which payment a webhook is about; None: an event that does not concern us.

        Raises:
            Invalid: not a webhook of this company.
        """

    def accepts_from(self, address: str | None) -> bool:
        """Whether the company sends webhooks from this address."""

    async def probe(self) -> Capabilities:
        """Who we are there and what we may sell: account, test mode, methods, receipts.

        Raises:
            Unavailable: no usable answer.
            Refused: the credentials are wrong.
        """

    async def stop_renewal(self, ref: str, payer: str) -> Rejected | NotProcessed | Unknown | Misconfigured | None:
        """End what the company renews by itself. None: done; where we charge, forgetting `ref` is enough."""

    async def aclose(self) -> None:
        """Close connections."""
