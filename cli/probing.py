"""Who we are at the companies, asked at start and once a day: drivers learn from the answer, and so do operators."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from backend.kit import clock
from backend.kit.db import Database
from backend.kit.errors import Outside, Unavailable
from backend.kit.http import Http, NoAnswer
from backend.notifications.kinds import ProviderMisconfigured, ProviderNote, ProviderWorks
from backend.notifications.service import tell_operators
from backend.payments.circuits import note_misconfigured
from backend.payments.providers import Providers
from backend.payments.providers.base import Capabilities, PaymentProvider
from backend.settings import Settings
from backend.switches.service import agree, disagree
from cli.explain import reason
from cli.wiring import LARGEST_SKEW

log = structlog.get_logger()

DAY_SECONDS = 24 * 3600
RETRY_SECONDS = 300
TELEGRAM = "https://api.telegram.org"
DISABLED = "shop-disabled"


class Deps(Protocol):
    settings: Settings
    db: Database
    providers: Providers


async def know_companies(deps: Deps) -> None:
    """Ask every provider who we are there and Telegram what time it is, for ever."""
    while True:
        _watch_clock("telegram", await clock_skew(deps.settings))
        answers = [await ask_provider(deps, provider) for provider in deps.providers]
        await asyncio.sleep(DAY_SECONDS if all(answers) else RETRY_SECONDS)


async def ask_provider(deps: Deps, provider: PaymentProvider) -> bool:
    """Ask one provider, and sell nothing by it while it refuses our keys or they are not what was configured.

    Returns:
        Whether all is well, so that a day may pass until the next time.
    """
    try:
        try:
            seen = await provider.probe()
        except Unavailable:
            raise
        except Outside as error:
            async with deps.db.transaction() as session:
                await note_misconfigured(session, provider.id, reason(error), clock.now())
            return False
        _watch_clock(provider.id, _skew(seen.time_there))
        await _tell_notes(deps, provider, seen)
        return await _compare(deps, provider, seen)
    except Unavailable as error:
        log.warning("provider.not_probed", provider=provider.id, reason=str(error))
        return False


async def _tell_notes(deps: Deps, provider: PaymentProvider, seen: Capabilities) -> None:
    """Say what is worth knowing of our account, once a month: most of it stays so, and holds nothing up."""
    now = clock.now()
    for note in (*seen.notes, *(() if seen.enabled else (DISABLED,))):
        log.warning("provider.note", provider=provider.id, note=note)
        async with deps.db.transaction() as session:
            once = f"note:{provider.id}:{note}:{now:%Y-%m}"
            await tell_operators(session, ProviderNote(provider.id, note), once=once, now=now)


async def _compare(deps: Deps, provider: PaymentProvider, seen: Capabilities) -> bool:
    name, now = provider.id, clock.now()
    trouble = contradiction(provider, seen)
    async with deps.db.transaction() as session:
        if trouble is None:
            since = await agree(session, name)
            if since is not None:
                works = ProviderWorks(name, since, now)
                await tell_operators(session, works, once=f"agrees:{name}:{since.isoformat()}", now=now)
        elif await disagree(session, name, trouble, now):
            told = ProviderMisconfigured(name, trouble, now)
            await tell_operators(session, told, once=f"differs:{name}:{now.isoformat()}", now=now)
    if trouble is not None:
        log.error("provider.contradicts", provider=name, account=seen.account, test=seen.test)
    return trouble is None


def contradiction(provider: PaymentProvider, seen: Capabilities) -> str | None:
    """What the provider says of us otherwise than our settings do."""
    if seen.account != provider.account:
        return f"the key belongs to account {seen.account}, the settings say {provider.account}"
    if seen.test not in (None, provider.test):
        there, here = ("test", "live") if seen.test else ("live", "test")
        return f"the key is for {there} payments, the settings say {here}"
    return None


async def clock_skew(settings: Settings, url: str = TELEGRAM) -> timedelta | None:
    """How far this machine's clock is from Telegram's. None: it did not say, or an emulator stands in its place."""
    if settings.telegram_api_url is not None:
        return None
    proxy = settings.telegram_proxy.get_secret_value() if settings.telegram_proxy else None
    http = Http("telegram", read_seconds=5, proxy=proxy)
    try:
        await http.send("GET", url, label="date")
    except NoAnswer:
        return None
    finally:
        await http.aclose()
    return _skew(http.time_there)


def _skew(there: datetime | None) -> timedelta | None:
    """From the real clock: an offset of CLOCK_FILE is no skew."""
    return abs(datetime.now(UTC) - there) if there is not None else None


def _watch_clock(company: str, skew: timedelta | None) -> None:
    if skew is not None and skew > LARGEST_SKEW:
        log.error("clock.wrong", company=company, seconds=round(skew.total_seconds()))
