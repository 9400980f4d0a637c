"""When a subscription is renewed by itself, and when it is not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.kit.money import Money
from backend.orders.rules import STALE_AFTER
from backend.payments.providers.base import PaymentState
from backend.payments.rules import COMING

HOUR = timedelta(hours=1)
RISE_NOTICE = timedelta(days=14)  # before the end of what is paid for, as everything here
FIRST_NOTICE = timedelta(days=3)
LAST_NOTICE = timedelta(hours=24)
CHARGES = (-12 * HOUR, -1 * HOUR, 24 * HOUR, 72 * HOUR)  # a refused charge is tried again at the next of these
LAPSES_AFTER = 96 * HOUR
NOTICE_HOLDS = 11 * HOUR  # nobody is charged sooner after he heard the last notice, though that be late
AT_THE_TILL = timedelta(minutes=65)  # as long as what somebody began to pay himself may be paid; he is waited for
UNANSWERED_FOR = timedelta(days=2)  # how long it may have been paid, when its company does not answer
GRACE = timedelta(hours=24)  # how long a key outlives its time while a charge is under way

OPEN = frozenset({PaymentState.NEW, PaymentState.PENDING, PaymentState.CONFIRMING, PaymentState.REVIEW})
MAY_WORK_LATER = frozenset(
    {
        "insufficient_funds",
        "issuer_unavailable",
        "payment_method_limit_exceeded",
        "general_decline",
        "call_issuer",
        "internal_timeout",
        "rejected_by_timeout",
        "recurring_off",  # ours to mend, and no fault of the card
    }
)


class Act(StrEnum):
    """What to do with a mandate now."""

    WAIT = "wait"
    WARN = "warn"
    ANNOUNCE = "announce"  # a higher price, while there is time to agree to it
    ASK = "ask"  # the companies, how that stands which the owner began to pay himself
    CHARGE = "charge"
    SUSPEND = "suspend"  # until its owner agrees or pays again
    END = "end"  # for good: the saved method is forgotten


class Reason(StrEnum):
    """Why a mandate is not active, besides the words of banks."""

    OFF = "off"
    REPLACED = "replaced"
    BLOCKED = "blocked"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    METHOD_GONE = "method_gone"
    PLAN_GONE = "plan_gone"
    PRICE = "price"
    EXHAUSTED = "exhausted"
    LAPSED = "lapsed"
    EMAIL = "email"  # its receipt has nowhere to go
    CANCELED = "canceled"  # in the company's own settings
    FAILED = "failed"  # the company could not charge it
    UNWARNED = "unwarned"  # nobody can say that he heard the last notice


@dataclass(frozen=True, slots=True)
class Try:
    """One charge of a cycle and what came of it."""

    at: datetime
    state: PaymentState
    reason: str | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What the owner was told last, a day before: how much would be charged, and when he heard it.

    `at` None: not yet. `missed`: nobody knows that he ever did.
    """

    at: datetime | None
    amount: Money
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """What the owner began to pay himself for the same subscription, and that has no end yet.

    `answered`: whether its company has just told how it stands; None: it was not asked.
    """

    at: datetime
    state: PaymentState
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """Everything that decides about one renewal. `until` is the end of what is paid for.

    `price` None: the plan is no longer sold. `stopped` is a reason that ends every mandate.
    """

    until: datetime | None
    most: Money
    price: Money | None
    stopped: Reason | None = None
    rise_told: bool = False  # this very price, above `most`
    warned_early: bool = False
    notice: Notice | None = None
    tries: Sequence[Try] = ()  # oldest first
    own: Sequence[Own] = ()
    provider_works: bool = True
    lacks_email: bool = False  # and its receipt would go there


@dataclass(frozen=True, slots=True)
class Step:
    """`amount` is what to charge or to announce, `at` when that is to be."""

    act: Act
    reason: str | None = None
    amount: Money | None = None
    at: datetime | None = None


WAIT = Step(Act.WAIT)


def decide(cycle: Cycle, now: datetime) -> Step:
    """What to do for one mandate that we charge by ourselves."""
    if cycle.stopped is not None:
        return Step(Act.END, cycle.stopped)
    if cycle.until is None or _is_quiet(cycle, cycle.until, now):
        return _announce(cycle, now)
    pause = _pause(cycle, cycle.until, now)
    if pause is not None:
        return Step(Act.SUSPEND, pause, cycle.price)
    assert cycle.price is not None
    if cycle.notice is None:
        return _warn(cycle, cycle.until, cycle.price, now)
    if cycle.notice.at is None:
        return WAIT
    due = charge_at(cycle.until, cycle.notice.at, cycle.tries)
    assert due is not None
    act = _beside(cycle.own, now) if now >= due and cycle.provider_works else Act.WAIT
    tried = [one.amount for one in cycle.tries if one.amount is not None]
    return Step(act, _reason(cycle.tries), min(cycle.price, cycle.notice.amount, *tried), due)


def _beside(own: Sequence[Own], now: datetime) -> Act:
    """What to do when a charge is due, beside what its owner began: one too many is worse than one too late.

    Of what is new nobody has seen yet where it is paid.
    """
    begun = [one for one in own if now - one.at < STALE_AFTER]
    if any(one.state in COMING or now - one.at < AT_THE_TILL for one in begun):
        return Act.WAIT
    shown = [one for one in begun if one.state is PaymentState.PENDING]
    if any(one.answered is None for one in shown):
        return Act.ASK
    unclear = any(not one.answered and now - one.at < UNANSWERED_FOR for one in shown)
    return Act.WAIT if unclear else Act.CHARGE


def _is_quiet(cycle: Cycle, until: datetime, now: datetime) -> bool:
    """Whether it is too early, or paid for, or a charge may yet succeed: then no other is tried."""
    settled = any(tried.state in OPEN or tried.state is PaymentState.SUCCEEDED for tried in cycle.tries)
    return settled or now < until - FIRST_NOTICE


def _announce(cycle: Cycle, now: datetime) -> Step:
    rose = cycle.price is not None and cycle.price > cycle.most and not cycle.rise_told
    in_sight = cycle.until is not None and now >= cycle.until - RISE_NOTICE
    return Step(Act.ANNOUNCE, amount=cycle.price) if rose and in_sight and not cycle.tries else WAIT


def _pause(cycle: Cycle, until: datetime, now: datetime) -> str | None:
    """Why its owner must do something before anything is charged again."""
    reason = _reason(cycle.tries)
    if cycle.tries and reason not in MAY_WORK_LATER:
        return reason or "unknown"
    if cycle.price is None:
        return Reason.PLAN_GONE
    if cycle.price > cycle.most:
        return Reason.PRICE
    if cycle.lacks_email:
        return Reason.EMAIL
    return _too_late(cycle, until, now)


def _too_late(cycle: Cycle, until: datetime, now: datetime) -> str | None:
    over = now >= until + LAPSES_AFTER
    if cycle.notice is not None and (cycle.notice.missed or (over and cycle.notice.at is None)):
        return Reason.UNWARNED
    if cycle.tries:
        return Reason.EXHAUSTED if over or charge_at(until, until, cycle.tries) is None else None
    return Reason.LAPSED if over else None


def _reason(tries: Sequence[Try]) -> str | None:
    return tries[-1].reason if tries else None


def _warn(cycle: Cycle, until: datetime, price: Money, now: datetime) -> Step:
    if now < until - LAST_NOTICE and cycle.warned_early:
        return WAIT
    return Step(Act.WARN, amount=price, at=max(until + CHARGES[0], now + NOTICE_HOLDS))


def is_last_notice(until: datetime, now: datetime) -> bool:
    """Whether a notice given now is the one a charge waits for."""
    return now >= until - LAST_NOTICE


def charge_at(until: datetime, heard: datetime, tries: Sequence[Try]) -> datetime | None:
    """When to charge next, who heard the last notice then; None: never again for this end."""
    if not tries:
        return max(until + CHARGES[0], heard + NOTICE_HOLDS)
    later = (until + charge for charge in CHARGES if until + charge > tries[-1].at)
    return next(later, None) if len(tries) < len(CHARGES) else None


def decide_renewed(cycle: Cycle) -> Step:
    """What to do for a mandate whose company charges by itself, always the first price."""
    if cycle.stopped is not None:
        return Step(Act.END, cycle.stopped)
    if cycle.price is None:
        return Step(Act.END, Reason.PLAN_GONE)
    if cycle.price != cycle.most:
        return Step(Act.END, Reason.PRICE, cycle.price)
    return WAIT
