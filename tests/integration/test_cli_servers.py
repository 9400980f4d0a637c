"""vpn-service server: further servers, and what becomes of the keys people have."""

from pathlib import Path

import pytest
from sqlalchemy import select

from backend.vpn.models import Server, VpnKey
from backend.vpn.panels.base import PanelAccess
from backend.vpn.service import save_server
from sandbox.companies import PANEL_TOKEN
from tests.integration.terminal import terminal
from tests.integration.test_cli_doctor import shop_of
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough

NOWHERE = "http://127.0.0.1:1/"


def settings(shop: Shop, **changes: str) -> dict[str, str]:
    return shop_of(shop.town, CLOCK_FILE=str(shop.town.clock_file), **changes)


async def server(shop: Shop, name: str) -> Server:
    (found,) = await shop.all(select(Server).where(Server.name == name))
    return found


async def opens(shop: Shop, name: str) -> None:
    """A further server, which does not answer yet."""
    async with shop.deps.db.transaction() as session:
        access = PanelAccess(NOWHERE, token="x")
        await save_server(session, shop.deps.vault, shop.now, name=name, panel="3x-ui", access=access)


async def servers_of(shop: Shop, buyer: Buyer) -> list[str]:
    subscription = await buyer.subscription()
    keys = select(Server.name).join(VpnKey, VpnKey.server_id == Server.id)
    return list(await shop.all(keys.where(VpnKey.subscription_id == subscription.id).order_by(Server.id)))


async def test_a_secret_is_asked_for_and_what_is_left_out_stays(shop: Shop, tmp_path: Path) -> None:
    url = f"{shop.town.companies_url}/sandbox/xui"
    add = ("server", "add", "nl2", "--url", url)
    async with terminal(*add, "--country", "nl", "--no-verify-tls", home=tmp_path, **settings(shop)) as seen:
        await seen.answers("API-токен", PANEL_TOKEN)
        await seen.sees("Сервер nl2 готов", "в течение минуты")
        assert await seen.ends() == 0
        assert PANEL_TOKEN not in seen.text
    first = await server(shop, "nl2")
    async with terminal(*add, home=tmp_path, **settings(shop, PANEL_TOKEN=PANEL_TOKEN)) as seen:
        await seen.sees("Сервер nl2 готов")
        assert await seen.ends() == 0
    second = await server(shop, "nl2")

    assert (first.country, first.verify_tls, first.url) == ("NL", False, f"{url}/")
    assert (second.country, second.verify_tls, second.id) == ("NL", False, first.id)


async def test_without_a_token_the_password_is_asked_for(shop: Shop, tmp_path: Path) -> None:
    url = f"{shop.town.companies_url}/sandbox/xui/"
    async with terminal("server", "add", "nl2", "--url", url, home=tmp_path, **settings(shop)) as seen:
        await seen.answers("API-токен", "")
        await seen.answers("Логин панели", "admin")
        await seen.answers("Пароль панели", "admin")
        await seen.sees("Сервер nl2 готов")
        assert await seen.ends() == 0


async def test_what_cannot_be_is_said_before_anything_is_saved(shop: Shop, tmp_path: Path) -> None:
    for options, said in (
        (("nl2", "--url", "panel.example.com"), "--url must start with http:// or https://"),
        (("nl2", "--url", "https://me:secret@panel.example.com/"), "must not hold a login"),
        (("nl2", "--url", NOWHERE, "--country", "Holland"), "Holland"),
        (("main", "--url", NOWHERE), "X3UI_*"),
    ):
        env = settings(shop, PANEL_TOKEN="x")
        async with terminal("server", "add", *options, home=tmp_path, **env) as seen:
            await seen.sees(said)
            assert await seen.ends() == 1
    async with terminal("server", "retire", "nl2", home=tmp_path, **settings(shop)) as seen:
        await seen.sees("Сервера nl2 нет")
        assert await seen.ends() == 1

    assert [found.name for found in await shop.all(select(Server))] == ["main"]


async def test_a_panel_that_does_not_answer_is_saved_and_said_in_a_whole_sentence(shop: Shop, tmp_path: Path) -> None:
    env = settings(shop, PANEL_TOKEN="x")
    async with terminal("server", "add", "nl2", "--url", NOWHERE, home=tmp_path, **env) as seen:
        await seen.sees("панель не прочитана: ", ". Исправьте")
        assert await seen.ends() == 1
        assert ".. Исправьте" not in seen.text
    assert (await server(shop, "nl2")).url == NOWHERE


async def test_running_subscriptions_get_a_key_on_a_new_server_and_ended_ones_do_not(shop: Shop) -> None:
    trial, buyer = await shop.buyer(), await shop.buyer()
    await trial.takes_trial()
    await buyer.buys("monthly")
    version = (await buyer.subscription()).desired_version
    await shop.passes(days=8)
    await opens(shop, "nl2")

    await shop.passes(minutes=2)

    assert await servers_of(shop, buyer) == ["main", "nl2"]
    assert await servers_of(shop, trial) == ["main"]
    assert (await buyer.subscription()).desired_version == version, "its other keys are left alone"


async def test_more_subscriptions_than_fit_into_one_transaction_are_all_served(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.subscriptions.jobs.FILLED_AT_ONCE", 2)
    buyers = [await shop.buyer() for _ in range(3)]
    for buyer in buyers:
        await buyer.takes_trial()
    await shop.run_jobs()
    await opens(shop, "nl2")

    await shop.passes(minutes=2)

    assert [await servers_of(shop, buyer) for buyer in buyers] == [["main", "nl2"]] * 3


async def test_a_retired_server_gets_no_new_keys_and_keeps_those_it_has(shop: Shop, tmp_path: Path) -> None:
    old, new = await shop.buyer(), await shop.buyer()
    await opens(shop, "nl2")
    await old.takes_trial()
    async with terminal("server", "retire", "nl2", home=tmp_path, **settings(shop)) as seen:
        await seen.sees("(1)", "--undo")
        assert await seen.ends() == 0

    await new.takes_trial()
    await shop.passes(minutes=2)
    without = await servers_of(shop, new)
    async with terminal("server", "retire", "nl2", "--undo", home=tmp_path, **settings(shop)) as seen:
        await seen.sees("в течение минуты")
        assert await seen.ends() == 0
    await shop.passes(minutes=2)

    assert await servers_of(shop, old) == ["main", "nl2"]
    assert without == ["main"]
    assert await servers_of(shop, new) == ["main", "nl2"]
