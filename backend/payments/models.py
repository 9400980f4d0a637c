"""Money moving: attempts to pay, money given back, and what providers said."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model
from backend.kit.money import Currency, Money


class Payment(Model):
    """One attempt to pay one order through one provider."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("provider", "provider_payment_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("length(idempotence_key) between 1 and 64", name="idempotence_key"),
        CheckConstraint("initiated_by in ('buyer', 'shop')", name="initiated_by"),
        CheckConstraint(
            "state in ('new', 'pending', 'confirming', 'failed', 'canceled', 'review', 'succeeded')", name="state"
        ),
        CheckConstraint("refunded_minor between 0 and amount_minor", name="refunded"),
        CheckConstraint(
            "refunded_minor = 0 or state in ('succeeded', 'review', 'canceled')", name="refunded_when_paid"
        ),  # canceled: by an operator, who gave the money back
        CheckConstraint(
            "state not in ('confirming', 'succeeded') or provider_payment_id is not null", name="known_when_paid"
        ),
        CheckConstraint("order_id is not null or state = 'review'", name="stray"),
        Index(
            "payments_one_open_charge",
            "order_id",
            unique=True,
            postgresql_where=text("initiated_by = 'shop' and state in ('new', 'pending', 'confirming', 'review')"),
        ),
        Index(
            "payments_due",
            "next_check_at",
            postgresql_where=text("state in ('new', 'pending', 'confirming', 'canceled', 'review')"),
        ),
        Index("payments_of_order", "order_id"),
        Index("payments_of_user", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    test: Mapped[bool]
    method: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(Text)
    idempotence_key: Mapped[str] = mapped_column(Text, unique=True)
    request_body: Mapped[bytes | None]  # re-sent byte-identical
    initiated_by: Mapped[str] = mapped_column(Text, default="buyer")
    payer_ref: Mapped[str | None] = mapped_column(Text)
    return_token: Mapped[str] = mapped_column(Text, unique=True)
    confirmation_url: Mapped[str | None] = mapped_column(Text)
    provider_payment_id: Mapped[str | None] = mapped_column(Text)
    provider_status: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(Text)  # why it was declined, in the provider's words
    state: Mapped[str] = mapped_column(Text, default="new")
    review_reason: Mapped[str | None] = mapped_column(Text)
    refunded_minor: Mapped[int] = mapped_column(default=0)
    paid_at: Mapped[datetime | None]
    disputed_at: Mapped[datetime | None]
    save_method: Mapped[bool] = mapped_column(default=False)  # the buyer agreed to be charged again
    saved_method_id: Mapped[UUID | None] = mapped_column(ForeignKey("saved_methods.id"))  # charged by it
    receipt: Mapped[str | None] = mapped_column(Text)  # how the fiscal one stands, in the company's words
    next_check_at: Mapped[datetime]
    check_attempts: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime | None]  # when the provider was last asked
    created_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))


class SavedMethod(Model):
    """A card or wallet somebody let us charge again, or a subscription the company itself renews.

    `ref` is gone as soon as it may not be used any more.
    """

    __tablename__ = "saved_methods"
    __table_args__ = (UniqueConstraint("provider", "ref"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    provider: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    ref: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)  # as people know it: "*4477"
    expires_on: Mapped[str | None] = mapped_column(Text)  # "2030-12"
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id", use_alter=True))  # where it was saved
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Circuit(Model):
    """Whether a provider works. Open (`opened_at`): nothing new is sold by it until it answers again."""

    __tablename__ = "circuits"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    first_failed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    next_probe_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)


class Refund(Model):
    """Money given back for one payment."""

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("payment_id", "provider_refund_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("origin in ('ours', 'external', 'dispute')", name="origin"),
        CheckConstraint("state in ('asked', 'new', 'pending', 'succeeded', 'canceled', 'review')", name="state"),
        Index(
            "refunds_one_open",
            "payment_id",
            unique=True,
            postgresql_where=text("state in ('asked', 'new', 'pending', 'review')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    amount_minor: Mapped[int]
    origin: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    provider_refund_id: Mapped[str | None] = mapped_column(Text)
    idempotence_key: Mapped[str] = mapped_column(Text, unique=True)
    request_body: Mapped[bytes | None]
    next_check_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]  # when its key was first used
    receipt: Mapped[str | None] = mapped_column(Text)  # as of a payment
    created_at: Mapped[datetime]


class Event(Model):
    """Something a provider said: a hint, kept raw."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("provider", "dedup_key"),
        Index("inbox_open", "next_try_at", postgresql_where=text("handled_at is null and proven")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    dedup_key: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    payment_ref: Mapped[str] = mapped_column(Text)  # the payment to look at
    payment_id: Mapped[UUID | None]  # ours, where the event named it
    claims: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes]
    proven: Mapped[bool]
    rejected_reason: Mapped[str | None] = mapped_column(Text)
    remote_ip: Mapped[str | None] = mapped_column(INET)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(Text)
