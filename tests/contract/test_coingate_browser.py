"""The CoinGate emulator's invoice on a phone: its script, its width, its two languages and two looks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.contract.coingate_fixture import coingate

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 15_000  # ms

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"skipped: there is no {CHROMIUM}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@asynccontextmanager
async def phone(browser: Browser, look: str, language: str) -> AsyncIterator[Page]:
    """A page on a phone, which is watched for errors until it is closed."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if look == "dark" else "light",
        locale=language,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page, troubles = await context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield page
    await context.close()
    assert troubles == []


async def fits(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("look", "language"), [("light", "ru"), ("dark", "en")])
async def test_a_shopper_pays_in_two_parts_and_the_open_page_follows(
    browser: Browser, look: str, language: str
) -> None:
    async with coingate() as gate, phone(browser, look, language) as page:
        opened = await gate.open()
        await page.goto(opened["payment_url"])
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await fits(page)
        await page.get_by_test_id("coin-ETH").click()
        await fits(page)
        await page.get_by_test_id("network-ethereum").click()
        await fits(page)
        await page.locator("button.copy").first.click()
        shown = await gate.now(opened)
        assert await page.evaluate("navigator.clipboard.readText()") == shown["pay_amount"]

        await gate.act(opened, "pay", amount="under")  # from a wallet, not on the page
        await expect(page.get_by_test_id("partly")).to_be_visible(timeout=PATIENCE)
        await fits(page)
        await page.get_by_test_id("exact").click()
        await expect(page.get_by_test_id("invoice")).to_have_attribute("data-status", "confirming")
        await fits(page)
        await gate.act(opened, "confirm")
        await expect(page.get_by_test_id("invoice")).to_have_attribute("data-status", "paid", timeout=PATIENCE)
        await fits(page)


async def test_the_countdown_runs_on_the_moved_clock_and_ends(browser: Browser) -> None:
    async with coingate() as gate, phone(browser, "dark", "ru") as page:
        opened = await gate.open()
        await gate.act(opened, "choose", coin="LTC")
        await page.goto(opened["payment_url"])
        countdown = page.get_by_test_id("countdown")
        first = await countdown.inner_text()
        await expect(countdown).not_to_have_text(first)
        await gate.advance(18 * 60)
        await expect(page.locator("[data-hurry]")).to_be_visible(timeout=PATIENCE)
        assert (await countdown.inner_text()).startswith("1:")
        await gate.advance(3 * 60)
        await expect(page.get_by_test_id("invoice")).to_have_attribute("data-status", "expired", timeout=PATIENCE)
        await fits(page)
