"""vpn-service init in a terminal: a first operator who gets everything wrong once, and one who comes back."""

import signal
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from backend.kit.tokens import Secrets
from backend.payments.mac import hook_token
from cli.envfile import read
from sandbox.companies import BOT_TOKEN, BOT_USERNAME, PANEL_HOST, PANEL_TOKEN, SHOP_ID, SHOP_KEY, environment
from tests.integration.terminal import Terminal, terminal
from tests.proxies import PASSWORD, http_proxy
from tests.shop import Town

pytestmark = pytest.mark.thorough

ANOTHER_BOT = "5555555555:AAH-a-token-that-nobody-gave-out"
AGAIN, KEEP = "1", "2"


def addresses(town: Town) -> dict[str, str]:
    """Where the companies are, and none of our credentials there."""
    return {name: url for name, url in environment(town.companies_url).items() if name.endswith("_API_URL")} | {
        "X3UI_API_URL": ""
    }


def values(home: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in read(home / ".env").splitlines())


async def test_a_first_operator_is_led_past_every_mistake(town: Town, tmp_path: Path) -> None:
    await town.empty()
    async with terminal("init", home=tmp_path, **addresses(town)) as seen:
        await names_the_bot(seen)
        await names_the_address(seen)
        await chooses_a_provider(seen, town)
        await finds_the_panel(seen, town)
        await seen.answers("Telegram id", "@anna")
        await seen.sees("takes Telegram ids")
        await seen.answers("Telegram id", "279058397, 1234567")
        await seen.sees("Записано", "vpn-service doctor", "vpn-service up")
        assert await seen.ends() == 0

    written = values(tmp_path)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert len(written["SECRET_KEY"]) > 40
    assert written["TELEGRAM_BOT_TOKEN"] == BOT_TOKEN
    assert (written["YOOKASSA_SHOP_ID"], written["YOOKASSA_SECRET_KEY"]) == (SHOP_ID, SHOP_KEY)
    assert (written["X3UI_API_URL"], written["X3UI_API_TOKEN"]) == (f"{town.companies_url}/sandbox/xui/", PANEL_TOKEN)
    ring = Secrets(written["SECRET_KEY"]).ring("order-mac")
    hook = f"/webhooks/yookassa/{hook_token(ring.keys[ring.newest], 'yookassa', SHOP_ID)}"
    assert f"http://127.0.0.1:1{hook}\n" in seen.text, "in one piece, to be copied into the cabinet"
    for secret in (BOT_TOKEN, ANOTHER_BOT, SHOP_KEY, "live_key", PANEL_TOKEN, written["SECRET_KEY"]):
        assert secret not in seen.text


async def names_the_bot(seen: Terminal) -> None:
    await seen.answers("Токен бота", "from-botfather")
    await seen.sees("TELEGRAM_BOT_TOKEN", "must be the whole token")
    await seen.answers("Токен бота", ANOTHER_BOT)
    await seen.sees("Telegram не принимает")
    await seen.answers("1–2", AGAIN)
    await seen.answers("Токен бота", BOT_TOKEN)
    await seen.sees(f"✓ Telegram: @{BOT_USERNAME}")


async def names_the_address(seen: Terminal) -> None:
    await seen.answers("Адрес магазина", "http://127.0.0.1:1")
    await seen.sees("нужен https", "извне туда не попасть")
    await seen.answers("1–2", KEEP)


async def chooses_a_provider(seen: Terminal, town: Town) -> None:
    async def answers(shop_id: str, key: str, found: str) -> None:
        await seen.answers("1–3", "1")
        await seen.answers("shopId", shop_id)
        await seen.answers("Секретный ключ", key)
        await seen.sees(found)

    await answers("100501", SHOP_KEY, "does not accept")  # somebody else's
    await seen.answers("1–2", AGAIN)
    await answers(SHOP_ID, "live_key", "a live YOOKASSA_SECRET_KEY is only sent to")
    async with httpx2.AsyncClient(base_url=f"{town.companies_url}/sandbox/yookassa/_ctl/", trust_env=False) as http:
        await http.post(f"shops/{SHOP_ID}", json={"test": False})
        await answers(SHOP_ID, SHOP_KEY, "Ключ от настоящего магазина")
        await http.post(f"shops/{SHOP_ID}", json={"test": True})
    await seen.answers("1–2", AGAIN)
    await answers("", "", f"✓ yookassa: {SHOP_ID}")


async def finds_the_panel(seen: Terminal, town: Town) -> None:
    async def answers(url: str, found: str) -> None:
        await seen.answers("1–3", "1")
        await seen.answers("Адрес панели", url)
        await seen.answers("API-токен (", PANEL_TOKEN)
        await seen.sees(found)

    panel, faults = f"{town.companies_url}/sandbox/xui/", town.companies.world.faults
    await answers(f"{town.companies_url}/", "check host, port and base path")
    await seen.answers("1–2", AGAIN)
    tls = faults.arm("xui", "status", times=None, status=400, body="Client sent an HTTP request to an HTTPS server.")
    await answers(panel, "begin the panel's address with https://")
    faults.clear(tls.id)
    await seen.answers("1–2", AGAIN)
    faults.arm("xui", "reset", times=None)
    await answers("", "Панель не отвечает")
    faults.clear()
    await seen.answers("1–2", AGAIN)
    async with httpx2.AsyncClient(base_url=panel, trust_env=False) as http:
        (inbound,) = town.companies.panel.state.inbounds_in_order()
        headers = {"Authorization": f"Bearer {PANEL_TOKEN}"}
        assert (await http.post(f"panel/api/inbounds/del/{inbound['id']}", headers=headers)).json()["success"]
    await answers("", "Нет подходящего инбаунда")
    town.companies.panel.reset()
    await seen.answers("1–2", AGAIN)
    await answers("", f"✓ 3x-ui: 3x-ui 3.6.0, адрес для подключения: {PANEL_HOST}:443")


async def test_what_was_there_stays_and_nothing_is_written_unasked(town: Town, tmp_path: Path) -> None:
    await town.empty()
    file = tmp_path / ".env"
    former = (
        "\ufeff# ours since 2024\r\n"
        "SECRET_KEY='0123456789abcdef and more' # never change\r\n"
        f'export TELEGRAM_BOT_TOKEN="{BOT_TOKEN}"\r\n'
        "GRAFANA_PASSWORD=a b#c\r\n"
        "YOOKASSA_SHOP_ID = 1\r\n"
        f"YOOKASSA_SHOP_ID={SHOP_ID}\r\n"
        f"YOOKASSA_SECRET_KEY={SHOP_KEY}\r\n"
        f"X3UI_API_TOKEN={PANEL_TOKEN}"
    ).encode()
    file.write_bytes(former)

    async def only_admins(choice: str) -> int:
        async with terminal("init", home=tmp_path, **addresses(town)) as seen:
            await seen.answers("Токен бота", "")
            await seen.answers("Адрес магазина", "")
            await seen.answers("1–3", "")
            await seen.answers(f"[{SHOP_ID}]", "")
            await seen.answers("[•••]", "")
            await seen.answers("1–3", "3")
            await seen.answers("Telegram id", "42")
            await seen.answers("изменится: ADMIN_IDS", choice)
            code = await seen.ends()
            assert "0123456789abcdef" not in seen.text
            return code

    assert await only_admins("2") == 1
    assert file.read_bytes() == former

    assert await only_admins("1") == 0
    assert file.read_bytes().decode() == former.decode().removeprefix("\ufeff") + "\r\nADMIN_IDS=42\r\n"
    assert file.stat().st_mode & 0o777 == 0o600


async def test_who_leaves_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    async with terminal("init", home=tmp_path) as seen:
        await seen.answers("Токен бота", "from-botfather")
        await seen.sees("must be the whole token", "Токен бота")
        seen.process.send_signal(signal.SIGINT)
        assert await seen.ends() == 1

    assert list(tmp_path.iterdir()) == []


async def test_a_server_that_cannot_reach_telegram_is_asked_for_a_proxy(town: Town, tmp_path: Path) -> None:
    await town.empty()
    port = urlsplit(town.companies_url).port
    assert port
    hidden = addresses(town) | {"TELEGRAM_API_URL": "http://telegram.invalid/sandbox/telegram"}
    async with http_proxy(port) as proxy, terminal("init", home=tmp_path, **hidden) as seen:
        await seen.answers("Токен бота", BOT_TOKEN)
        await seen.sees("TELEGRAM_PROXY")
        await seen.answers("1–2", AGAIN)
        await seen.answers("[•••]", "")
        await seen.answers("Прокси до Telegram", "socks4://127.0.0.1:1")
        await seen.sees("must begin with socks5:// or http://")
        await seen.answers("[•••]", "")
        await seen.answers("Прокси до Telegram", proxy.url)
        await seen.sees(f"✓ Telegram: @{BOT_USERNAME}")
        await seen.answers("Адрес магазина", "")
        await seen.answers("1–3", "3")
        await seen.answers("1–3", "3")
        await seen.answers("Telegram id", "")
        await seen.sees("Записано")
        assert await seen.ends() == 0
        assert PASSWORD not in seen.text

    assert values(tmp_path)["TELEGRAM_PROXY"].strip("'") == proxy.url
