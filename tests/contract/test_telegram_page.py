"""The chat page of the Telegram emulator, as a browser would load it."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.contract.telegram_world import TOKEN, TelegramWorld, telegram_world

ASSET = re.compile(r"""(?:src|href)="(/sandbox/[^"#]+)|from "\./([\w.]+)"|url\("([\w.]+)"\)""")
OUTSIDE = re.compile(r"https?://(?!www\.w3\.org/)[\w.-]+\.\w+")
ASSETS = "/sandbox/telegram/assets/"


@pytest.fixture(scope="module")
async def telegram() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


async def test_the_page_and_all_it_needs_come_from_the_sandbox(telegram: TelegramWorld) -> None:
    loaded: dict[str, str] = {}
    wanted = {"/chat"}

    async with httpx2.AsyncClient(base_url=telegram.world.public_url) as http:
        while wanted:
            path = wanted.pop()
            answer = await http.get(path)
            assert answer.status_code == 200, path
            loaded[path] = answer.text
            names = {whole or ASSETS + (module or picture) for whole, module, picture in ASSET.findall(answer.text)}
            wanted |= names - set(loaded)

    assert {ASSETS + name for name in ("app.js", "words.js", "base.css", "icons.svg", "pattern.svg")} <= set(loaded)
    for path, text in loaded.items():
        assert not OUTSIDE.findall(text), path


async def test_a_link_to_the_bot_opens_the_page(telegram: TelegramWorld) -> None:
    async with httpx2.AsyncClient(base_url=telegram.world.public_url) as http:
        page = await http.get("/chat/tested_vpn_bot", params={"start": "ref_1"})

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_every_icon_and_word_of_the_page_exists(telegram: TelegramWorld) -> None:
    async with httpx2.AsyncClient(base_url=telegram.world.public_url) as http:
        page = (await http.get("/chat")).text
        icons = (await http.get(f"{ASSETS}icons.svg")).text
        words = (await http.get(f"{ASSETS}words.js")).text

    russian, english = (set(re.findall(r"^    (\w+): ", part, re.MULTILINE)) for part in words.split("  en: {"))
    assert set(re.findall(r"icons\.svg#(\w+)", page)) <= set(re.findall(r'id="(\w+)"', icons))
    assert set(re.findall(r'data-(?:word|label|placeholder)="(\w+)"', page)) <= russian
    assert russian == english


async def test_pages_and_bots_that_wait_do_not_hold_up_the_stop_of_the_server() -> None:
    loop = asyncio.get_running_loop()
    async with telegram_world() as telegram:
        last = (await telegram.ask("/events"))["last"]
        page = asyncio.create_task(telegram.ask("/events", after=last, seconds=40))
        poll = asyncio.create_task(telegram.http.get(f"/bot{TOKEN}/getUpdates", params={"timeout": 40}))
        await asyncio.sleep(0.2)
        started = loop.time()
        telegram.stop()
        told, polled = await page, await poll

    assert loop.time() - started < 1.5
    assert told == {"events": [], "last": last, "reset": False}
    assert polled.json() == {"ok": True, "result": []}


async def test_a_bot_that_hung_up_waits_no_longer(telegram: TelegramWorld) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        await telegram.http.get(f"/bot{TOKEN}/getUpdates", params={"timeout": 40}, timeout=0.3)
    user = await telegram.person()
    await asyncio.sleep(0.1)

    await telegram.do(f"/users/{user}/send", text="кто-нибудь?")

    assert len(await telegram.bot.get_updates()) == 1
