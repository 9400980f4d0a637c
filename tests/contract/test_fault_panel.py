"""The fault panel against the emulators: what its page is made of, what its switches do, what its log shows."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.types import ASGIApp

from sandbox.companies import BOT_TOKEN, PANEL_TOKEN, SHOP_ID, SHOP_KEY, Companies, open_companies
from tests.contract.telegram_world import served

ASSETS = "/sandbox/panel/"
ASSET = re.compile(r"""(?:src|href)="(/sandbox/panel/[^"#]+)"|from "\./([\w.]+)\"""")
OUTSIDE = re.compile(r"https?://[\w.-]+\.\w+")
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 10_000  # ms
NEEDS_CHROMIUM = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"skipped: there is no {CHROMIUM}")


@dataclass
class Outside:
    """Every company behind one server, and how a shop calls them."""

    companies: Companies
    http: httpx2.AsyncClient

    async def telegram(self, method: str, **fields: Any) -> httpx2.Response:
        return await self.http.post(f"/sandbox/telegram/bot{BOT_TOKEN}/{method}", data=fields)

    async def yookassa(self, path: str) -> httpx2.Response:
        return await self.http.get(f"/sandbox/yookassa/v3/{path}", auth=(SHOP_ID, SHOP_KEY))

    async def panel(self, path: str) -> httpx2.Response:
        return await self.http.get(f"/sandbox/xui/{path}", headers={"Authorization": f"Bearer {PANEL_TOKEN}"})

    async def control(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(f"/sandbox{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def everybody() -> AsyncIterator[Outside]:
    opened: list[Companies] = []

    def make(url: str) -> ASGIApp:
        opened.append(open_companies(public_url=url, clock_file=None, data_dir=None))
        return opened[0].app()

    async with served(make) as (url, _), httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        yield Outside(opened[0], http)


@pytest_asyncio.fixture(loop_scope="session")
async def outside(everybody: Outside) -> Outside:
    """All is well, and nobody has called yet."""
    everybody.companies.world.faults.clear()
    everybody.companies.world.log.clear()
    await everybody.http.post("/sandbox/yookassa/_ctl/webhooks/policy", json={})
    await everybody.http.post("/sandbox/coingate/_ctl/callbacks/policy", json={})
    return everybody


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, outside: Outside) -> AsyncIterator[Page]:
    """The panel at a desk, watched for errors until it is closed."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="ru-RU")
    page, troubles = await context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    await page.goto(f"{outside.http.base_url}/sandbox")
    await expect(page.get_by_test_id("open-payments")).to_have_text("0")
    yield page
    await context.close()
    assert troubles == []


# what the page is made of -----------------------------------------------------------------------------------


async def test_the_page_and_all_it_needs_come_from_the_sandbox(outside: Outside) -> None:
    loaded: dict[str, str] = {}
    wanted = {"/sandbox"}
    while wanted:
        path = wanted.pop()
        answer = await outside.http.get(path)
        assert answer.status_code == 200, path
        loaded[path] = answer.text
        names = {whole or ASSETS + module for whole, module in ASSET.findall(answer.text)}
        wanted |= names - set(loaded)

    assert {ASSETS + name for name in ("main.js", "secrets.js", "panel.css", "log.css")} <= set(loaded)
    for path, text in loaded.items():
        assert not OUTSIDE.findall(text), path


async def test_the_page_may_load_nothing_from_elsewhere(outside: Outside) -> None:
    page = await outside.http.get("/sandbox", params={"with": "chat"})

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_every_word_of_the_page_exists_in_both_languages(outside: Outside) -> None:
    page = (await outside.http.get("/sandbox")).text
    words = (await outside.http.get(f"{ASSETS}words.js")).text

    russian, english = (set(re.findall(r"^    (\w+): ", part, re.MULTILINE)) for part in words.split("  en: {"))
    assert set(re.findall(r'data-(?:word|label)="(\w+)"', page)) <= russian
    assert russian == english


async def test_whoever_comes_late_reads_only_the_newest_of_the_log(outside: Outside) -> None:
    for _ in range(5):
        await outside.yookassa("me")

    everything = [entry["id"] for entry in await outside.control("/_ctl/log")]
    assert [entry["id"] for entry in await outside.control("/_ctl/log", last=2)] == everything[-2:]
    newer = await outside.control("/_ctl/log", after=everything[1], last=10)
    assert [entry["id"] for entry in newer] == everything[2:]


# what its switches do ---------------------------------------------------------------------------------------


@NEEDS_CHROMIUM
@pytest.mark.parametrize(("mode", "status"), [("status", 500), ("garbage", 502), ("http_429", 429)])
async def test_a_company_answers_badly_until_its_switch_is_off(
    page: Page, outside: Outside, mode: str, status: int
) -> None:
    switch = page.get_by_test_id(f"fault-yookassa-{mode}")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    assert [(await outside.yookassa("me")).status_code for _ in range(3)] == [status] * 3
    await expect(switch).to_contain_text("задето 3")

    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    assert (await outside.yookassa("me")).status_code == 200


@NEEDS_CHROMIUM
@pytest.mark.parametrize("mode", ["lost_before", "lost_after"])
async def test_a_company_does_not_answer(page: Page, outside: Outside, mode: str) -> None:
    await page.get_by_test_id(f"fault-xui-{mode}").click()
    await expect(page.get_by_test_id("broken")).to_have_text("1")

    with pytest.raises(httpx2.TransportError):
        await outside.panel("panel/api/server/status")

    entry = page.get_by_test_id("entry").first
    await expect(entry).to_have_attribute("data-status", "none")
    await expect(entry).to_have_attribute("data-faults", mode)
    await expect(entry).to_contain_text("магазин → 3X-UI")
    await expect(entry).to_contain_text("узнать, жив ли сервер")
    await expect(entry.get_by_test_id("entry-status")).to_have_text("нет ответа")


@NEEDS_CHROMIUM
async def test_a_slow_company_may_fail_as_well_but_only_in_one_way(page: Page, outside: Outside) -> None:
    for mode in ("latency", "status", "garbage"):
        await page.get_by_test_id(f"fault-coingate-{mode}").click()
        await expect(page.get_by_test_id(f"fault-coingate-{mode}")).to_have_attribute("aria-checked", "true")

    armed = await outside.control("/_ctl/faults")
    assert [(fault["mode"], fault["ms"]) for fault in armed] == [("latency", 3000), ("garbage", 0)]
    await expect(page.get_by_test_id("fault-coingate-status")).to_have_attribute("aria-checked", "false")


@NEEDS_CHROMIUM
async def test_a_counted_fault_ends_by_itself_and_polling_does_not_use_it_up(page: Page, outside: Outside) -> None:
    switch = page.get_by_test_id("fault-telegram-status")
    await page.get_by_test_id("times-3").check()
    await switch.click()
    await expect(switch).to_contain_text("ещё 3")

    assert (await outside.telegram("getUpdates", timeout=0)).status_code == 200
    answers = [(await outside.telegram("sendChatAction", chat_id=1, action="typing")).status_code for _ in range(4)]

    assert answers[:3] == [500] * 3
    assert answers[3] != 500
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(page.get_by_test_id("broken")).to_be_hidden()


@NEEDS_CHROMIUM
async def test_the_page_of_a_payer_opens_while_the_provider_is_broken(page: Page, outside: Outside) -> None:
    await page.get_by_test_id("fault-yookassa-status").click()
    await expect(page.get_by_test_id("broken")).to_have_text("1")

    assert (await outside.yookassa("me")).status_code == 500
    assert (await outside.http.get("/sandbox/yookassa/assets/checkout.css")).status_code == 200


@NEEDS_CHROMIUM
@pytest.mark.parametrize(("provider", "policy"), [("yookassa", "webhooks/policy"), ("coingate", "callbacks/policy")])
async def test_webhooks_travel_badly_and_well_again(page: Page, outside: Outside, provider: str, policy: str) -> None:
    for knob in ("drop", "dup", "delay"):
        await page.get_by_test_id(f"webhook-{provider}-{knob}").click()
        await expect(page.get_by_test_id(f"webhook-{provider}-{knob}")).to_have_attribute("aria-checked", "true")
    knobs = await outside.control(f"/{provider}/_ctl/{policy}")
    assert (knobs["drop"], knobs["dup"], knobs["copies"], knobs["delay"]) == (1, 1, 2, [60, 60])

    await page.get_by_test_id(f"webhook-{provider}-drop").click()
    await expect(page.get_by_test_id(f"webhook-{provider}-drop")).to_have_attribute("aria-checked", "false")
    knobs = await outside.control(f"/{provider}/_ctl/{policy}")
    assert (knobs["drop"], knobs["dup"]) == (0, 1)


@NEEDS_CHROMIUM
async def test_one_button_ends_everything(page: Page, outside: Outside) -> None:
    for testid in ("fault-telegram-latency", "fault-xui-garbage", "webhook-yookassa-drop", "webhook-coingate-dup"):
        await page.get_by_test_id(testid).click()
        await expect(page.get_by_test_id(testid)).to_have_attribute("aria-checked", "true")
    await expect(page.get_by_test_id("broken")).to_have_text("4")

    await page.get_by_test_id("repair-all").click()

    await expect(page.get_by_test_id("broken")).to_be_hidden()
    await expect(page.locator("[role=switch][aria-checked=true]")).to_have_count(0)
    assert await outside.control("/_ctl/faults") == []
    assert (await outside.control("/yookassa/_ctl/webhooks/policy"))["drop"] == 0
    assert (await outside.control("/coingate/_ctl/callbacks/policy"))["dup"] == 0


@NEEDS_CHROMIUM
async def test_a_fault_armed_elsewhere_is_shown_and_can_be_removed(page: Page, outside: Outside) -> None:
    fault = {"service": "yookassa", "mode": "http_202", "method": "POST", "path": "/v3/payments", "times": 2}
    await outside.http.post("/sandbox/_ctl/faults", json=fault)

    company = page.get_by_test_id("company-yookassa")
    await expect(company).to_contain_text("ещё думает (202) · POST · /v3/payments · ещё 2")
    await company.get_by_role("button", name="Убрать").click()

    await expect(page.get_by_test_id("broken")).to_be_hidden()
    assert await outside.control("/_ctl/faults") == []


@NEEDS_CHROMIUM
@pytest.mark.parametrize("seconds", [60, 3600, 86_400, 2_592_000])
async def test_the_clock_moves(page: Page, outside: Outside, seconds: int) -> None:
    before = (await outside.control("/_ctl/clock"))["offset_seconds"]
    async with page.expect_response("**/_ctl/clock/advance"):
        await page.get_by_test_id(f"advance-{seconds}").click()

    assert (await outside.control("/_ctl/clock"))["offset_seconds"] == before + seconds


# what its log shows -----------------------------------------------------------------------------------------


@NEEDS_CHROMIUM
async def test_an_entry_opens_its_bodies_and_shows_no_secret(page: Page, outside: Outside) -> None:
    link = "https://vpn.example.net/sub/9fQw7cXk2mVb"
    key = "vless://2f5b9a34-7c1d-4e8f-9a0b-1c2d3e4f5a6b@nl1.example.net:443"
    secret = "webhook-secret-of-the-shop"
    await outside.telegram("sendMessage", chat_id=1, text=f"<b>Ваш ключ готов</b>\n{link}\n{key}")
    await outside.telegram("setWebhook", url="https://127.0.0.1/webhooks/telegram/abcdef", secret_token=secret)

    entry = page.get_by_test_id("entry").filter(has_text="написать сообщение: Ваш ключ готов")
    await expect(entry.get_by_test_id("bodies")).to_be_hidden()
    await entry.get_by_role("button").click()
    await expect(entry.get_by_test_id("request")).to_contain_text('"chat_id": "1"')
    await expect(entry.get_by_test_id("response")).to_contain_text('"ok": false')
    hook = page.get_by_test_id("entry").filter(has_text="setWebhook")
    await hook.get_by_role("button").click()
    await expect(hook.get_by_test_id("request")).to_contain_text('"secret_token": "•••"')

    shown = await page.content()
    for hidden in (BOT_TOKEN.split(":")[1], "9fQw7cXk2mVb", "2f5b9a34-7c1d", secret, "abcdef", PANEL_TOKEN, SHOP_KEY):
        assert hidden not in shown


@NEEDS_CHROMIUM
async def test_the_log_is_filtered_paused_and_cleared(page: Page, outside: Outside) -> None:
    await outside.yookassa("me")
    await outside.panel("panel/api/server/status")
    entries = page.get_by_test_id("entry").locator("visible=true")
    await expect(entries).to_have_count(2)

    await page.get_by_test_id("filter-xui").check()
    await expect(entries).to_have_count(1)
    await expect(entries).to_have_attribute("data-service", "xui")

    await page.get_by_test_id("filter-all").check()
    await page.get_by_test_id("pause").click()
    await outside.yookassa("me")
    await expect(page.get_by_test_id("pause")).to_have_text("Продолжить (1)")
    await expect(entries).to_have_count(2)
    await page.get_by_test_id("pause").click()
    await expect(entries).to_have_count(3)

    await page.get_by_test_id("clear").click()
    await expect(page.get_by_test_id("empty")).to_be_visible()


@NEEDS_CHROMIUM
async def test_what_a_company_says_is_shown_as_text(page: Page, outside: Outside) -> None:
    await outside.telegram("sendMessage", chat_id=1, text="<img src=x onerror='document.title=1'> 5 < 6")

    entry = page.get_by_test_id("entry").first
    await entry.get_by_role("button").click()
    await expect(entry.get_by_test_id("request")).to_contain_text("<img src=x")
    assert await page.locator("img").count() == 0
