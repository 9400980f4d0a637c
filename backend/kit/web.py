"""What FastAPI endpoints of every slice need from a request."""

import ipaddress
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.brand import Brand
from backend.kit.db import Database
from backend.kit.i18n import choose_language


def database(request: Request) -> Database:
    found: Database = request.app.state.db
    return found


# Dependencies are coroutines even where they wait for nothing: a plain function would be run in a thread.


async def _database(request: Request) -> Database:
    return database(request)


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with database(request).transaction() as session:
        yield session


async def _looking(request: Request) -> AsyncIterator[AsyncSession]:
    async with database(request).reading() as session:
        yield session


DatabaseOf = Annotated[Database, Depends(_database)]

# scope="function": the commit comes before the answer, so an answer 200 means that the rows are there.
Session = Annotated[AsyncSession, Depends(_session, scope="function")]
LookingSession = Annotated[AsyncSession, Depends(_looking, scope="function")]


def client_ip(request: Request) -> str | None:
    """The address a request came from.

    The TCP peer; only if that is a proxy of ours, the right-most entry of X-Forwarded-For that is not.
    """
    peer = request.client.host if request.client else None
    trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = request.app.state.trusted_proxies
    if peer is None or not _within(peer, trusted):
        return peer
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for hop in (h.strip() for h in reversed(hops)):
        if not _is_address(hop):
            return peer
        if not _within(hop, trusted):
            return hop
    return peer


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _within(text: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return _is_address(text) and any(ipaddress.ip_address(text) in network for network in networks)


def brand_of(request: Request) -> Brand:
    found: Brand = request.app.state.brand
    return found


def language_of(request: Request) -> str:
    """The one of our languages that a browser asks for first."""
    return choose_language(request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip())
