"""Settings become the one object that everything else is given."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Any

import structlog
from aiogram import Bot
from pydantic import HttpUrl, ValidationError
from sqlalchemy import text

from backend.consents.documents import BadText, Texts, read_texts
from backend.consents.service import TextChanged, refuse_changed, take_texts
from backend.kit import clock
from backend.kit.brand import Brand
from backend.kit.db import Database
from backend.kit.telemetry import configure_logs
from backend.kit.tokens import Secrets, Vault
from backend.notifications.channels import Channel
from backend.payments.providers import PROVIDERS, Providers
from backend.payments.providers.base import PaymentProvider
from backend.plans.defaults import open_shop
from backend.receipts.registrars import REGISTRARS, Registrars
from backend.receipts.service import keep_books
from backend.settings import Settings
from backend.vpn import service as vpn
from backend.vpn.panels import PANELS
from backend.vpn.panels.base import Panel, PanelAccess
from backend.vpn.panels.xui.config import Config as XuiConfig
from bot.session import make_bot
from cli.explain import explain, troubles
from cli.migrations import applied, newest
from cli.names import all_configs, slips, strangers
from cli.selftest import signs_as_ever

log = structlog.get_logger()

ENV_FILE = Path(".env")
FIRST_PANEL = "3x-ui"  # what X3UI_* describe
FIRST_SERVER = "main"
LARGEST_SKEW = timedelta(seconds=30)
ONE_PREPARES = text("select pg_advisory_xact_lock(hashtextextended('prepare', 0))")  # processes start together


class CannotStart(Exception):
    """What is wrong and what to do about it, in one sentence for the operator."""


@dataclass
class Deps:
    """Everything the web face, the bot and the jobs need. Each of them declares as a Protocol what it uses."""

    settings: Settings
    db: Database
    providers: Providers
    brand: Brand
    texts: Texts
    registrars: Registrars
    vault: Vault
    secrets: Secrets
    channel: Channel | None = None  # set where messages are sent
    _panels: dict[tuple[int, PanelAccess], Panel] = field(default_factory=dict)

    def know_bot(self, username: str) -> None:
        """Point links at the bot of this name; empty: its name is not known."""
        self.brand = replace(self.brand, bot_url=_bot_url(self.settings, username))

    @property
    def public_url(self) -> str:
        return self.brand.public_url

    @property
    def operators(self) -> Sequence[int]:
        return self.settings.admin_ids

    @property
    def tells_sales(self) -> bool:
        return self.settings.operator_sales and bool(self.operators)

    @property
    def bot_token(self) -> str:
        return self.settings.telegram_bot_token.get_secret_value()

    @property
    def trusted_proxies(self) -> Sequence[IPv4Network | IPv6Network]:
        return self.settings.proxies

    @property
    def return_base(self) -> str:
        """Where buyers come back to: our page, or the bot where there is no public address."""
        if self.brand.public_url:
            return f"{self.brand.public_url}/return/"
        return f"{self.brand.bot_url}?start=paid_"

    async def panel(self, server_id: int) -> Panel:
        """The panel of a server, also one added since start; its connection is kept while its access is the same.

        Raises:
            ServerNotFound
        """
        async with self.db.transaction() as session:
            server = await vpn.get_server(session, server_id)
        access = vpn.access(server, self.vault)
        if (server_id, access) not in self._panels:
            self._panels[server_id, access] = PANELS[server.panel](access)
        return self._panels[server_id, access]

    @cached_property
    def bot(self) -> Bot:
        """The one bot of this process, made where somebody needs it."""
        return connect_bot(self.settings)

    async def aclose(self) -> None:
        if "bot" in vars(self):
            await self.bot.session.close()
        for panel in self._panels.values():
            await panel.aclose()
        for registrar in self.registrars.values():
            await registrar.aclose()
        await self.providers.aclose()
        await self.db.aclose()


def connect_bot(settings: Settings) -> Bot:
    """The bot of these settings."""
    url = str(settings.telegram_api_url).rstrip("/") if settings.telegram_api_url else None
    proxy = settings.telegram_proxy.get_secret_value() if settings.telegram_proxy else None
    return make_bot(settings.telegram_bot_token.get_secret_value(), url, proxy)


def is_private(url: HttpUrl) -> bool:
    """Whether an address is of this machine or of a private network; so is a name without a dot."""
    host = (url.host or "").strip("[]")
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host.rstrip(".") or host.endswith((".localhost", ".local"))


def _bot_url(settings: Settings, username: str) -> str:
    return f"{settings.telegram_link_url}/{username}"


def read_settings(**values: Any) -> Settings:
    """The settings of this environment.

    Raises:
        CannotStart: names each variable, what is wrong with it and an example; never its value.
    """
    refuse_slips()
    try:
        return Settings(**values)
    except ValidationError as error:
        raise CannotStart("\n".join(explain(error, Settings))) from None


def refuse_slips() -> None:
    """Raises CannotStart: a name is nearly one of ours, or .env is no text."""
    try:
        wrong = slips(ENV_FILE)
    except UnicodeDecodeError:
        raise CannotStart(f"{ENV_FILE} is not UTF-8 text: save it as UTF-8, with or without BOM.") from None
    except OSError as error:
        raise CannotStart(f"{ENV_FILE} cannot be read: {error.strerror}.") from None
    if wrong:
        raise CannotStart(
            "\n".join(f"{name} is no setting of this shop: did you mean {near}?" for name, near in wrong.items())
        )


def refuse_wrong() -> None:
    """Raises CannotStart: everything that is wrong in the environment, a line each."""
    refuse_slips()
    wrong = troubles(all_configs())
    if wrong:
        raise CannotStart("\n".join(wrong))


def wire(settings: Settings, dsn: str, *, bot_username: str) -> Deps:
    """Build everything; nothing is called yet.

    Raises:
        CannotStart: a driver's settings are wrong, or a moved clock would meet real money.
    """
    configure_logs(settings.log_format, settings.log_level)
    if settings.public_url and settings.telegram_api_url is None and is_private(settings.public_url):
        raise CannotStart(
            "PUBLIC_URL: nobody else can reach this address, and Telegram refuses buttons that lead there:"
            " give the address people will use, for example PUBLIC_URL=https://vpn.example.com, or leave it empty."
        )
    if not signs_as_ever():
        raise CannotStart("Signatures come out wrong here, so no payment would be known: install the program anew.")
    clock.use_file(settings.clock_file)
    for name in strangers(ENV_FILE):
        log.warning("settings.unknown", name=name)
    secrets = own_secrets(settings)
    providers, registrars = open_providers(secrets), open_registrars()
    if settings.clock_file and any(not driver.test for driver in [*providers, *registrars.values()]):
        raise CannotStart("CLOCK_FILE moves the clock: it is refused together with live credentials.")
    return Deps(
        settings=settings,
        db=Database(dsn),
        providers=providers,
        brand=open_brand(settings, bot_username),
        texts=open_texts(settings),
        registrars=registrars,
        vault=Vault(secrets.ring("panel-secrets")),
        secrets=secrets,
    )


def open_brand(settings: Settings, bot_username: str) -> Brand:
    """What the shop calls itself; a text that stands nowhere else has a page of ours where there is an address."""
    pages = f"{settings.public_base}/terms" if settings.public_base else ""
    return Brand(
        name=settings.shop_name,
        bot_url=_bot_url(settings, bot_username),
        public_url=settings.public_base,
        seller=settings.seller,
        support=settings.support,
        support_url=settings.support_url,
        offer_url=str(settings.offer_url or (pages and f"{pages}/offer")),
        privacy_url=str(settings.privacy_url or (pages and f"{pages}/privacy")),
        time_zone=settings.timezone.key,
    )


def open_texts(settings: Settings) -> Texts:
    """The texts people accept.

    Raises:
        CannotStart: a file is none that could be accepted.
    """
    elsewhere = {"offer": settings.offer_url, "privacy": settings.privacy_url}
    try:
        return read_texts(
            settings.texts_dir or settings.data_dir / "texts",
            {
                "seller": settings.seller or settings.shop_name,
                "support": settings.support or "/paysupport",
                "shop": settings.shop_name,
            },
            base=f"{settings.public_base}/terms" if settings.public_base else "",
            elsewhere={name: str(url) for name, url in elsewhere.items() if url},
        )
    except BadText as error:
        raise CannotStart(f"TEXTS_DIR: {error.details['reason']}.") from None


def own_secrets(settings: Settings) -> Secrets:
    old = settings.secret_key_old.get_secret_value() if settings.secret_key_old else ""
    return Secrets(settings.secret_key.get_secret_value(), old)


def open_providers(secrets: Secrets) -> Providers:
    """Every provider that the environment has credentials for."""
    ring = secrets.ring("order-mac")
    drivers = [driver for name in PROVIDERS if (driver := open_provider(name)) is not None]
    return Providers(drivers, ring.keys, ring.newest)


def open_provider(name: str) -> PaymentProvider | None:
    """One provider as the environment describes it; None: without credentials it is off.

    Raises:
        CannotStart: its settings are wrong.
    """
    try:
        return PROVIDERS[name].build()
    except ValidationError as error:
        raise CannotStart("\n".join(explain(error, PROVIDERS[name].config))) from None


def open_registrars() -> Registrars:
    """Every registrar that the environment has credentials for.

    Raises:
        CannotStart: its settings are wrong.
    """
    found = {}
    for name, driver in REGISTRARS.items():
        try:
            registrar = driver.build()
        except ValidationError as error:
            raise CannotStart("\n".join(explain(error, driver.config))) from None
        if registrar is not None:
            found[name] = registrar
    return found


def first_panel() -> XuiConfig:
    """The first server as the environment describes it.

    Raises:
        CannotStart: X3UI_* is wrong.
    """
    try:
        return XuiConfig()
    except ValidationError as error:
        raise CannotStart("\n".join(explain(error, XuiConfig))) from None


async def prepare(deps: Deps, *, opening: bool = True) -> None:
    """What a shop needs before its first customer: plans, the first server, one clock.

    Args:
        opening: a shop opens, so from now on people accept these texts and these registrars are told of sales. Else
            it is a command, which may run in another environment than the shop.

    Raises:
        CannotStart: X3UI_* is wrong, the tables are missing, this machine's clock and the database's differ, or a
            text was changed under its old version.
    """
    await _compare_clocks(deps.db)
    await _look_for_tables(deps.db)
    if opening:
        await look_at_texts(deps, taking=True)
    config = first_panel()
    async with deps.db.transaction() as session:
        await session.execute(ONE_PREPARES)
        if opening:
            await keep_books(session, deps.registrars.values(), clock.now())
        await open_shop(session)
        access = config.access()
        if access is not None:
            server = await vpn.save_server(
                session, deps.vault, clock.now(), name=FIRST_SERVER, panel=FIRST_PANEL, access=access
            )
            server.inbound_id, server.country = config.inbound_id, (config.country or "").upper()


async def look_at_texts(deps: Deps, *, taking: bool = False) -> None:
    """Compare the texts with what was seen under their versions; `taking`: from now on people accept them.

    Raises:
        CannotStart: one was changed under its old version.
    """
    try:
        async with deps.db.transaction() as session:
            if taking:
                await take_texts(session, deps.texts, clock.now())
            else:
                await refuse_changed(session, deps.texts)
    except TextChanged as error:
        raise CannotStart(
            f"{error.details['document']}.{error.details['language']}.md was changed, but still says version"
            f" {error.details['version']}, which people may have accepted: give it a new version, in every language."
        ) from None


async def _compare_clocks(db: Database) -> None:
    async with db.transaction() as session:
        theirs: datetime | None = await session.scalar(text("select clock_timestamp()"))
    assert theirs is not None
    skew = abs(datetime.now(UTC) - theirs)  # the real clock: an offset of CLOCK_FILE is no skew
    if skew > LARGEST_SKEW:
        raise CannotStart(f"The clocks of this machine and of the database differ by {skew}: set both by NTP.")


async def _look_for_tables(db: Database) -> None:
    async with db.transaction() as session:
        revision = await applied(session)
    if (revision or "") < newest():
        raise CannotStart("The database lags behind this program: run vpn-service migrate, then start again.")
