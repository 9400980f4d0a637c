"""Look at everything a shop needs and say what to do about what is wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import psycopg
from aiogram.exceptions import AiogramError, TelegramUnauthorizedError
from aiogram.types import WebhookInfo
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.errors import Outside, Unavailable
from backend.kit.http import Http, NoAnswer
from backend.kit.i18n import Translate, translator
from backend.payments.providers.base import PaymentProvider
from backend.settings import Settings
from backend.vpn.models import Endpoint, Server
from backend.vpn.panels.base import Panel, PanelAuthFailed
from backend.vpn.service import fitting
from bot.webhook import Entrance
from cli.explain import reason
from cli.migrations import applied, newest
from cli.probing import clock_skew
from cli.standing import last_heard, standings, switched, working
from cli.wiring import LARGEST_SKEW, CannotStart, Deps, connect_bot, is_private, look_at_texts, prepare


class Level(StrEnum):
    """How bad a finding is. Only FAIL makes the command fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `subject` in a few words, `detail` what was seen, `advice` what to do."""

    level: Level
    subject: str
    detail: str
    advice: str = ""


Check = Callable[[Deps, Translate], AsyncIterator[Finding]]


async def examine(deps: Deps, t: Translate) -> list[Finding]:
    """Everything that is wrong, and what is right, in the order in which to mend it."""
    findings = [finding async for finding in check_database(deps, t)]
    if any(finding.level is Level.FAIL for finding in findings):
        return findings
    try:
        await prepare(deps, opening=False)
        await look_at_texts(deps)
    except CannotStart as error:
        findings.append(Finding(Level.FAIL, t("doctor-start"), str(error)))
    checks: tuple[Check, ...] = (
        check_clock,
        check_telegram,
        check_operators,
        check_address,
        check_providers,
        check_registrars,
        check_texts,
        check_servers,
    )
    for found in await asyncio.gather(*(_collect(check(deps, t)) for check in checks)):
        findings.extend(found)
    return findings


async def _collect(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


async def check_database(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    subject = t("doctor-database")
    try:
        async with deps.db.transaction() as session:
            version = await session.scalar(text("select current_setting('server_version_num')::int"))
            revision = await applied(session)
            pooled = await _is_pooled(session)
    except Unavailable as error:
        yield Finding(Level.FAIL, subject, reason(error), t("doctor-database-away"))
        return
    shown = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < 150000:
        yield Finding(Level.FAIL, subject, shown, t("doctor-database-old"))
    elif revision != newest():
        yield Finding(Level.FAIL, subject, shown, t("doctor-database-behind"))
    else:
        yield Finding(Level.OK, subject, t("doctor-database-ok", version=shown, revision=revision))
    if pooled:
        yield Finding(Level.WARN, subject, t("doctor-database-pooled"), t("doctor-database-pooled-mend"))


async def _is_pooled(session: AsyncSession) -> bool:
    """Whether something like PgBouncer stands between: it names another process than the one that serves us."""
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    serving: int | None = await session.scalar(text("select pg_backend_pid()"))
    return bool(driver.info.backend_pid != serving)


async def check_clock(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    """This machine against the database and, where it answers, against Telegram's `Date`."""
    async with deps.db.transaction() as session:
        theirs: datetime = (await session.execute(text("select clock_timestamp()"))).scalar_one()
    skews = [abs((datetime.now(UTC) - theirs).total_seconds())]
    elsewhere = await clock_skew(deps.settings)
    if elsewhere is not None:
        skews.append(elsewhere.total_seconds())
    seconds = round(max(skews))
    if seconds > LARGEST_SKEW.total_seconds():
        yield Finding(Level.FAIL, t("doctor-clock"), t("doctor-clock-skew", seconds=seconds), t("doctor-clock-mend"))
    elif clock.offset():
        yield Finding(Level.WARN, t("doctor-clock"), t("doctor-clock-moved"), t("doctor-clock-moved-mend"))
    else:
        yield Finding(Level.OK, t("doctor-clock"), t("doctor-clock-ok", seconds=seconds))


async def check_telegram(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    entrance = Entrance.of(deps.secrets).path
    hook = deps.public_url + entrance if deps.settings.telegram_mode == "webhook" else None
    async for finding in try_bot(deps.settings, t, hook=hook):
        yield finding


async def try_bot(settings: Settings, t: Translate, *, hook: str | None = None) -> AsyncIterator[Finding]:
    """Whose token this is, and whether Telegram comes to `hook` with updates; None: it is not to come anywhere."""
    bot, subject = connect_bot(settings), "Telegram"
    try:
        me = await bot.get_me(request_timeout=10)
        info = await bot.get_webhook_info(request_timeout=10)
    except TelegramUnauthorizedError:
        yield Finding(Level.FAIL, subject, t("doctor-telegram-token"), t("doctor-telegram-token-mend"))
        return
    except AiogramError as error:
        yield Finding(Level.FAIL, subject, type(error).__name__, t("doctor-telegram-away"))
        return
    finally:
        await bot.session.close()
    configured = settings.telegram_bot_username.lstrip("@")
    if configured and configured != me.username:
        detail = t("doctor-telegram-other", name=f"@{me.username}", wanted=f"@{configured}")
        yield Finding(Level.FAIL, subject, detail, t("doctor-telegram-other-mend"))
        return
    yield Finding(Level.OK, subject, f"@{me.username}")
    if hook is not None and info.url != hook:
        yield Finding(Level.FAIL, subject, t("doctor-telegram-elsewhere"), t("doctor-telegram-elsewhere-mend"))
    elif info.last_error_message:
        failing = hook is not None and _is_recent(info)
        advice = t("doctor-telegram-hook" if hook is not None else "doctor-telegram-hook-past")
        yield Finding(Level.FAIL if failing else Level.WARN, subject, info.last_error_message, advice)


def _is_recent(info: WebhookInfo) -> bool:
    """Whether Telegram failed to come within the last hour: it never forgets the last time."""
    return info.last_error_date is None or clock.now() - info.last_error_date < timedelta(hours=1)


async def check_operators(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    """Whether anybody is told when something is wrong."""
    if deps.operators:
        yield Finding(Level.OK, "ADMIN_IDS", ", ".join(map(str, deps.operators)))
    else:
        yield Finding(Level.WARN, "ADMIN_IDS", t("doctor-operators-none"), t("doctor-operators-none-mend"))


async def check_address(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    """Whether what links and webhooks point at is this shop."""
    base, subject = deps.brand.public_url, "PUBLIC_URL"
    if not base:
        yield Finding(Level.WARN, subject, t("doctor-address-none"), t("doctor-address-none-mend"))
        return
    if urlsplit(base).scheme != "https":
        yield Finding(Level.WARN, subject, base, t("doctor-address-plain"))
    if not deps.settings.proxies:
        detail = t("doctor-proxies-none", host=deps.settings.host)
        yield Finding(Level.WARN, "TRUSTED_PROXIES", detail, t("doctor-proxies-none-mend"))
    http = Http("shop", read_seconds=5)
    try:
        answer = await http.send("GET", f"{base}/healthz", label="healthz")
        good = answer.status == 200 and b'"status"' in answer.body
    except NoAnswer:
        good = False
    finally:
        await http.aclose()
    if good:
        yield Finding(Level.OK, subject, base)
    else:
        yield Finding(Level.WARN, subject, base, t("doctor-address-away"))


async def check_providers(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    if not list(deps.providers):
        yield Finding(Level.WARN, t("doctor-providers"), t("doctor-providers-none"), t("doctor-providers-none-mend"))
    url = deps.settings.public_url
    plain = url is not None and url.scheme == "http" and not is_private(url)
    for provider in deps.providers:
        async for finding in try_provider(provider, t):
            yield finding
        async for finding in _standing(deps, provider.id, t):
            yield finding
        if deps.brand.public_url and not provider.by_bot:
            hook = deps.brand.public_url + deps.providers.hook_path(provider.id)
            yield Finding(Level.OK, provider.id, t("doctor-provider-hook", url=hook))
            if plain:
                yield Finding(Level.WARN, provider.id, t("doctor-provider-plain"), t("doctor-provider-plain-mend"))


async def _standing(deps: Deps, provider: str, t: Translate) -> AsyncIterator[Finding]:
    """Why it sells nothing, if so, and when it last said something."""
    now, here = clock.now(), translator(t.language, deps.brand.time_zone)
    async with deps.db.transaction() as session:
        found = (await standings(session, [provider]))[provider]
    if found.held is not None:
        yield Finding(Level.FAIL, provider, switched(here, found, now), t("doctor-provider-held-mend", name=provider))
    elif found.off is not None:
        yield Finding(Level.WARN, provider, switched(here, found, now), t("doctor-provider-on-mend", name=provider))
    elif found.differs is not None:
        yield Finding(Level.FAIL, provider, switched(here, found, now), t("doctor-provider-differs-mend"))
    if found.circuit is not None:
        yield Finding(Level.WARN, provider, working(here, found, now), t("doctor-provider-trouble-mend"))
    if found.last_webhook is not None:
        yield Finding(Level.OK, provider, t("doctor-provider-heard", last=last_heard(here, found, now)))


async def try_provider(provider: PaymentProvider, t: Translate) -> AsyncIterator[Finding]:
    """Whose credentials these are and what they may sell."""
    methods = provider.methods  # all of them: asking narrows what it has
    try:
        seen = await provider.probe()
    except Unavailable as error:
        yield Finding(Level.FAIL, provider.id, reason(error), t("doctor-provider-away"))
        return
    except Outside as error:
        yield Finding(Level.FAIL, provider.id, reason(error), t("doctor-provider-refused"))
        return
    if seen.account != provider.account:
        detail = t("doctor-provider-account", there=seen.account, here=provider.account)
        yield Finding(Level.FAIL, provider.id, detail, t("doctor-provider-account-mend"))
    elif seen.test not in (None, provider.test):
        detail = t("doctor-provider-mode", mode="test" if seen.test else "live")
        yield Finding(Level.FAIL, provider.id, detail, t("doctor-provider-mode-mend"))
    elif not seen.enabled:
        yield Finding(Level.FAIL, provider.id, t("doctor-provider-off"), t("doctor-provider-off-mend"))
    else:
        offered = [method for method in methods if method in seen.methods]
        detail = t("doctor-provider-ok", account=seen.account, methods=", ".join(offered))
        yield Finding(Level.OK, provider.id, detail)
        missing = [method for method in methods if method not in offered]
        if missing:
            detail = t("doctor-provider-missing", methods=", ".join(missing))
            yield Finding(Level.WARN, provider.id, detail, t("doctor-provider-missing-mend"))
    for note in seen.notes:
        yield Finding(Level.WARN, provider.id, t(f"note-{note}"))


async def check_registrars(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    for registrar in deps.registrars.values():
        subject = t(f"registrar-{registrar.id}")
        try:
            yield Finding(Level.OK, subject, t("doctor-registrar-ok", account=await registrar.probe()))
        except Unavailable as error:
            yield Finding(Level.WARN, subject, reason(error), t("doctor-registrar-away"))
        except Outside as error:
            yield Finding(Level.FAIL, subject, reason(error), t("doctor-registrar-refused"))


async def check_texts(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    """Whether what people accept is the operator's own, and says who sells."""
    subject = t("doctor-texts")
    drafts = dict.fromkeys(text.title for text in deps.texts if text.built_in and text.language == t.language)
    if drafts:
        folder = str(deps.settings.texts_dir or deps.settings.data_dir / "texts")
        detail = t("doctor-texts-drafts", documents=", ".join(drafts))
        yield Finding(Level.WARN, subject, detail, t("doctor-texts-drafts-mend", folder=folder))
    else:
        versions = dict.fromkeys(f"{text.name} {text.version}" for text in deps.texts)
        yield Finding(Level.OK, subject, t("doctor-texts-ok", versions=", ".join(versions)))
    if not (deps.settings.seller and deps.settings.support):
        yield Finding(Level.WARN, subject, t("doctor-texts-seller"), t("doctor-texts-seller-mend"))


async def check_servers(deps: Deps, t: Translate) -> AsyncIterator[Finding]:
    async with deps.db.transaction() as session:
        servers = (await session.scalars(select(Server).where(Server.retired_at.is_(None)))).all()
        endpoints = (await session.scalars(select(Endpoint))).all()
    if not servers:
        yield Finding(Level.FAIL, t("doctor-servers"), t("doctor-servers-none"), t("doctor-servers-none-mend"))
    for server in servers:
        subject = t("doctor-server", name=server.name)
        hosts = ", ".join(sorted({f"{e.host}:{e.port}" for e in endpoints if e.server_id == server.id}))
        async for finding in try_panel(await deps.panel(server.id), subject, hosts, t, wanted=server.inbound_id):
            yield finding


async def try_panel(
    panel: Panel, subject: str, hosts: str, t: Translate, *, wanted: int | None
) -> AsyncIterator[Finding]:
    """What answers there and whether keys can be sold on it.

    `hosts` is where people connect; empty: not read yet. `wanted` is the inbound the operator chose, if he did.
    """
    try:
        facts = await panel.probe()
    except PanelAuthFailed as error:
        yield Finding(Level.FAIL, subject, reason(error), t("doctor-server-auth"))
        return
    except Unavailable as error:
        yield Finding(Level.FAIL, subject, reason(error), t("doctor-server-away"))
        return
    except Outside as error:
        yield Finding(Level.FAIL, subject, reason(error), t("doctor-server-strange"))
        return
    fit = fitting(facts, wanted)
    hosts = hosts or ", ".join(f"{inbound.host}:{inbound.port}" for inbound in fit if inbound.host)
    if not fit and wanted is not None:
        detail = t("doctor-server-wanted", inbound=str(wanted))
        yield Finding(Level.FAIL, subject, detail, t("doctor-server-wanted-mend"))
    elif not fit:
        yield Finding(Level.FAIL, subject, t("doctor-server-inbound"), t("doctor-server-inbound-mend"))
    else:
        detail = t("doctor-server-ok", panel=f"{panel.id} {facts.version or ''}".strip(), hosts=hosts or "—")
        yield Finding(Level.OK, subject, detail)
    for note in facts.notes:
        yield Finding(Level.WARN, subject, t(f"note-{note}") if t.has(f"note-{note}") else note)


def failed(findings: list[Finding]) -> bool:
    return any(finding.level is Level.FAIL for finding in findings)
