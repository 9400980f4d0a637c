"""The companies this product works with, as one world: what the demo and the journeys run."""

from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.coingate import Account, CoinGateEmulator
from sandbox.mynalog import MyNalogEmulator
from sandbox.mynalog.books import Person
from sandbox.telegram import TelegramEmulator
from sandbox.world import Emulator, World
from sandbox.xui.emulator import XuiEmulator
from sandbox.yookassa.emulator import YooKassaEmulator
from sandbox.yookassa.shops import Shop

# Credentials of the emulated companies: they open nothing anywhere else.
BOT_TOKEN = "4200000042:AAH-sandbox-bot-token-0000000000000"
BOT_USERNAME = "demo_vpn_bot"
SHOP_ID = "100500"
SHOP_KEY = "test_sandbox-yookassa-key"
COINGATE_KEY = "sandbox-coingate-key"
MYNALOG_INN = "770000000000"
MYNALOG_PASSWORD = "sandbox-mynalog-password"
PANEL_TOKEN = "sandboxPanelToken00000000000000000000000000000000"
PANEL_HOST = "nl1.vpn.example.net"


@dataclass(frozen=True, slots=True)
class Companies:
    """Every emulator of one world."""

    world: World
    telegram: TelegramEmulator
    yookassa: YooKassaEmulator
    coingate: CoinGateEmulator
    mynalog: MyNalogEmulator
    panel: XuiEmulator

    @property
    def all(self) -> tuple[Emulator, ...]:
        return (self.telegram, self.yookassa, self.coingate, self.mynalog, self.panel)

    def app(self) -> Starlette:
        return create_app(self.world, self.all, self.telegram.routes())


def open_companies(
    *,
    public_url: str,
    clock_file: Path | None,
    data_dir: Path | None,
    webhook_url: str | None = None,
    shop_name: str = "VPN",
) -> Companies:
    """A world that begins with one bot, one shop and one panel with one inbound; what it kept is found again."""
    world = World(Clock(clock_file), public_url, data_dir)
    bot = {"id": int(BOT_TOKEN.partition(":")[0]), "username": BOT_USERNAME, "name": shop_name}
    panel = XuiEmulator(world, token=PANEL_TOKEN)
    panel.seed_reality_inbound(port=443, remark="NL-1", host=PANEL_HOST)
    return Companies(
        world=world,
        telegram=TelegramEmulator(world, BOT_TOKEN, bot),
        yookassa=YooKassaEmulator(world, {SHOP_ID: Shop(SHOP_KEY, webhook_url=webhook_url, name=shop_name)}),
        coingate=CoinGateEmulator(world, {COINGATE_KEY: Account(name=shop_name)}, allow_private=True),
        mynalog=MyNalogEmulator(world, Person(MYNALOG_INN, MYNALOG_PASSWORD)),
        panel=panel,
    )


def environment(public_url: str) -> dict[str, str]:
    """The variables that make a shop work with these companies instead of the real ones."""
    return {
        "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
        "TELEGRAM_BOT_USERNAME": BOT_USERNAME,
        "TELEGRAM_API_URL": f"{public_url}/sandbox/telegram",
        "TELEGRAM_LINK_URL": f"{public_url}/chat",
        "YOOKASSA_API_URL": f"{public_url}/sandbox/yookassa/v3",
        "YOOKASSA_SHOP_ID": SHOP_ID,
        "YOOKASSA_SECRET_KEY": SHOP_KEY,
        "COINGATE_API_URL": f"{public_url}/sandbox/coingate/v2",
        "COINGATE_API_KEY": COINGATE_KEY,
        "X3UI_API_URL": f"{public_url}/sandbox/xui/",
        "X3UI_API_TOKEN": PANEL_TOKEN,
        "X3UI_COUNTRY": "NL",
    }


def self_employed(public_url: str) -> dict[str, str]:
    """The variables that make the shop one of a self-employed person, whose income is registered."""
    return {
        "MYNALOG_API_URL": f"{public_url}/sandbox/mynalog/api/v1",
        "MYNALOG_INN": MYNALOG_INN,
        "MYNALOG_PASSWORD": MYNALOG_PASSWORD,
        "MYNALOG_TEST": "true",
    }
