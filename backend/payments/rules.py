"""How an attempt to pay may change, and when to look at it again. Pure."""

from datetime import datetime, timedelta

from backend.payments.providers.base import PaymentState

RANK = {
    PaymentState.NEW: 0,
    PaymentState.FAILED: 0,
    PaymentState.PENDING: 1,
    PaymentState.CONFIRMING: 2,
    PaymentState.CANCELED: 3,
    PaymentState.REVIEW: 4,
    PaymentState.SUCCEEDED: 5,
}
OPEN = frozenset({PaymentState.NEW, PaymentState.PENDING, PaymentState.CONFIRMING})
COMING = frozenset({PaymentState.CONFIRMING, PaymentState.REVIEW})  # the money is there, and not counted yet
DECLINED_BY_SHOP = "declined_by_shop"  # an operator does not count what came
SENT_PERHAPS = ("expired", "canceled", "invalid", DECLINED_BY_SHOP)  # failures after which money may be with us
NEVER = datetime.fromisoformat("9999-01-01T00:00:00+00:00")

KEY_IS_DEAD_AFTER = timedelta(hours=23)  # an idempotence key protects for 24 hours: never post again after this
GIVE_UP_AFTER = timedelta(hours=24)  # an unknown create of which the provider's list shows nothing
STOP_POLLING_AFTER = timedelta(hours=26)
LINK_LIVES = timedelta(minutes=65)  # where the company has no end of it: the price holds for 60

FIRST_CREATE = timedelta(seconds=10)  # a buyer's is sent at once, and cut off after 8 s; only then a job sends it
LONGEST_SEND = timedelta(seconds=60)  # connecting has 5 s, reading 35: after this nothing is on its way
_CREATE_RETRIES = (timedelta(seconds=5), timedelta(seconds=15), timedelta(seconds=60))
_POLLS = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 600, 1200, 2400, 3900))
_HOUR = timedelta(hours=1)
_REFUND_RETRIES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 20, 40, 60))
_EVENT_RETRIES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3600))


def advances(current: PaymentState, told: PaymentState) -> bool:
    """Whether a snapshot moves a payment on. States never go back, so order and repetition do not matter."""
    return RANK[told] > RANK[current]


def first_create(now: datetime, *, charged: bool, repeatable: bool) -> datetime:
    """When a job sends what somebody opened and sends himself: never while that may be on its way.

    `charged`: by ourselves, nobody cuts it off. `repeatable`: sent twice at once it does no harm.
    """
    return now + (FIRST_CREATE if repeatable and not charged else LONGEST_SEND)


def next_create(attempts: int, now: datetime) -> datetime:
    """When to send an unanswered create again: after 5 s, 15 s, then every minute."""
    return now + _CREATE_RETRIES[min(attempts, len(_CREATE_RETRIES) - 1)]


def next_poll(state: PaymentState, created_at: datetime, now: datetime, *, late_for: timedelta) -> datetime:
    """When to ask about a payment next, by its age.

    While the buyer may still pay: at 30 s, 1, 2, 5, 10, 20, 40 and 65 minutes, then hourly up to 26 hours. A
    canceled one that may yet be paid (`late_for`): hourly for a day, then every 12 hours until it cannot be.
    """
    age = now - created_at
    if state is PaymentState.CANCELED:
        if age >= late_for:
            return NEVER
        return now + (_HOUR if age < 24 * _HOUR else 12 * _HOUR)
    if state not in OPEN:
        return NEVER
    ahead = next((poll for poll in _POLLS if poll > age), None)
    if ahead is not None:
        return created_at + ahead
    return now + _HOUR if age < STOP_POLLING_AFTER else NEVER


def next_event_try(attempts: int, received_at: datetime, now: datetime) -> datetime | None:
    """When to look again at an event the provider does not confirm yet; None: leave it to the polls."""
    if now - received_at > GIVE_UP_AFTER:
        return None
    return now + _EVENT_RETRIES[min(attempts, len(_EVENT_RETRIES) - 1)]


def next_refund_try(attempts: int, now: datetime) -> datetime:
    """When to ask again for money back: after a minute, then later each time, at last hourly."""
    return now + _REFUND_RETRIES[min(attempts, len(_REFUND_RETRIES) - 1)]
