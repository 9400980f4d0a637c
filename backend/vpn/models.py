"""Servers, their inbounds, and keys on them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Server(Model):
    """One panel: a place people connect to. Its secret is sealed."""

    __tablename__ = "servers"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    panel: Mapped[str] = mapped_column(Text)  # which driver: "3x-ui"
    url: Mapped[str] = mapped_column(Text)
    secret_sealed: Mapped[str] = mapped_column(Text)  # JSON of token, username, password
    verify_tls: Mapped[bool] = mapped_column(default=True)
    public_host: Mapped[str | None] = mapped_column(Text)  # set by the operator; wins over what the panel says
    public_port: Mapped[int | None]
    country: Mapped[str] = mapped_column(Text, default="")  # ISO 3166 alpha-2
    city: Mapped[str] = mapped_column(Text, default="")
    titles: Mapped[dict[str, Any]]  # what people see, by language
    weight: Mapped[int] = mapped_column(default=100)
    retired_at: Mapped[datetime | None]  # no new keys
    inbound_id: Mapped[int | None]  # the inbound to sell, where the operator chose one
    read_after: Mapped[datetime]  # when to try again to read it first
    dialect: Mapped[str | None] = mapped_column(Text)
    version: Mapped[str | None] = mapped_column(Text)
    sync_lease_until: Mapped[datetime | None]
    sync_lease_by: Mapped[UUID | None]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class Endpoint(Model):
    """One inbound of a server, with the values a client needs as last read from the panel."""

    __tablename__ = "endpoints"
    __table_args__ = (UniqueConstraint("server_id", "inbound_id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"))
    inbound_id: Mapped[int]
    tag: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    port: Mapped[int]
    network: Mapped[str] = mapped_column(Text)
    security: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]]  # REALITY and transport values
    read_at: Mapped[datetime]


class VpnKey(Model):
    """One account on one server, with what was last applied there."""

    __tablename__ = "vpn_keys"
    __table_args__ = (
        UniqueConstraint("subscription_id", "server_id"),
        UniqueConstraint("server_id", "email"),
        Index("vpn_keys_due", "server_id", "sync_after"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"))
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"))
    email: Mapped[str] = mapped_column(Text)
    applied_uuid: Mapped[UUID | None]
    applied_version: Mapped[int] = mapped_column(default=0)
    sync_attempts: Mapped[int] = mapped_column(default=0)
    sync_after: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(Text)
    upload_bytes: Mapped[int] = mapped_column(default=0)
    download_bytes: Mapped[int] = mapped_column(default=0)
    measured_at: Mapped[datetime | None]
