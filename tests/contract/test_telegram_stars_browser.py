"""Stars in the chat page on a phone: invoices, the sheet that pays, the wallet; two languages and two looks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.contract.stars import Seller
from tests.contract.telegram_world import TelegramWorld, telegram_world

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


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def seller(telegram: TelegramWorld) -> Seller:
    return Seller(telegram)


@asynccontextmanager
async def phone(
    browser: Browser, telegram: TelegramWorld, user: int, *, look: str = "light", path: str = "/chat"
) -> AsyncIterator[Page]:
    """The chat page of one person, which is watched for errors until it is closed."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark" if look == "dark" else "light"
    )
    page, troubles = await context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    await page.goto(f"{telegram.world.public_url}{path}?user={user}")
    yield page
    await fits(page)
    await context.close()
    assert troubles == []


async def fits(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def balance(page: Page) -> str:
    """What the menu of the chat says."""
    await page.get_by_test_id("chat-menu").click()
    text = await page.get_by_test_id("stars-balance").inner_text()
    await page.keyboard.press("Escape")
    return text


@pytest.mark.parametrize(
    ("language", "look", "before", "pay", "receipt", "thanks"),
    [
        (
            "ru",
            "light",
            "⭐ 1 000",
            "Заплатить ⭐ 200",
            "Чек",
            "Вы успешно перевели ⭐ 200 боту «Tested VPN» за «VPN».",
        ),
        (
            "en",
            "dark",
            "⭐ 1,000",
            "Pay ⭐ 200",
            "Receipt",
            "You successfully transferred ⭐ 200 to Tested VPN for VPN.",
        ),
    ],
)
async def test_an_invoice_is_paid_in_its_sheet_and_turns_into_a_receipt(
    browser: Browser,
    telegram: TelegramWorld,
    seller: Seller,
    language: str,
    look: str,
    before: str,
    pay: str,
    receipt: str,
    thanks: str,
) -> None:
    user = await telegram.person(language_code=language)
    await seller.invoice(user)
    async with phone(browser, telegram, user, look=look) as page:
        await expect(page.get_by_test_id("invoice")).to_contain_text("30 дней")
        await page.get_by_test_id("pay").get_by_text(pay, exact=True).click()
        await expect(page.get_by_test_id("pay-balance")).to_have_text(before)
        await page.get_by_test_id("pay-confirm").click()
        await expect(page.get_by_test_id("pay-confirm")).to_contain_text("⏳")
        await expect(page.get_by_test_id("pay-confirm")).to_be_disabled()
        await fits(page)

        query = await seller.asked()
        await telegram.bot.answer_pre_checkout_query(query.id, ok=True)

        await expect(page.get_by_test_id("pay-sheet")).to_be_hidden()
        await expect(page.get_by_test_id("successful-payment")).to_have_text(thanks)
        await expect(page.get_by_test_id("pay")).to_have_text(receipt)
        assert await balance(page) == "⭐ 800"
        await page.get_by_test_id("pay").click()
        await expect(page.get_by_test_id("alert")).to_contain_text("stx")
        await page.get_by_test_id("alert-ok").click()


async def test_a_refusal_shows_the_words_of_the_bot_and_lets_try_again(
    browser: Browser, telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    await seller.invoice(user)
    async with phone(browser, telegram, user) as page:
        await page.get_by_test_id("pay").click()
        await page.get_by_test_id("pay-confirm").click()
        query = await seller.asked()
        await telegram.bot.answer_pre_checkout_query(
            query.id, ok=False, error_message="Этот тариф больше не продаётся."
        )

        await expect(page.get_by_test_id("pay-error")).to_have_text("Этот тариф больше не продаётся.")
        await page.get_by_test_id("pay-confirm").get_by_text("Попробовать ещё раз").click()
        await telegram.bot.answer_pre_checkout_query((await seller.asked()).id, ok=True)

        await expect(page.get_by_test_id("successful-payment")).to_be_visible()


async def test_a_bot_that_says_nothing_costs_nothing(
    browser: Browser, telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    await seller.invoice(user)
    async with phone(browser, telegram, user, look="dark") as page:
        await page.get_by_test_id("pay").click()
        await page.get_by_test_id("pay-confirm").click()
        await expect(page.get_by_test_id("pay-confirm")).to_contain_text("Ждём ответа бота")
        telegram.world.clock.advance(11)

        await expect(page.get_by_test_id("pay-error")).to_have_text("Бот не ответил за 10 секунд. Звёзды не списаны.")
        await page.get_by_test_id("pay-close").click()
        await expect(page.get_by_test_id("pay-sheet")).to_be_hidden()


async def test_who_has_too_few_stars_tops_up_and_pays(
    browser: Browser, telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    await telegram.do(f"/users/{user}/stars", balance=150)
    await seller.invoice(user)
    async with phone(browser, telegram, user) as page:
        await page.get_by_test_id("pay").click()
        await expect(page.get_by_test_id("pay-missing")).to_have_text("Не хватает ⭐ 50")
        await expect(page.get_by_test_id("pay-confirm")).to_be_hidden()

        await page.get_by_test_id("pay-short").get_by_test_id("top-up").first.click()

        await expect(page.get_by_test_id("pay-balance")).to_have_text("⭐ 250")
        await page.get_by_test_id("pay-confirm").click()
        await telegram.bot.answer_pre_checkout_query((await seller.asked()).id, ok=True)
        await expect(page.get_by_test_id("successful-payment")).to_be_visible()


async def test_a_refund_is_a_line_in_the_chat_and_two_in_the_wallet(
    browser: Browser, telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    charge = await seller.sell(user, message_id=await seller.invoice(user))
    async with phone(browser, telegram, user) as page:
        await telegram.bot.refund_star_payment(user, charge)

        refund = page.get_by_test_id("refunded-payment")
        await expect(refund).to_have_text("Бот «Tested VPN» вернул вам ⭐ 200 за «VPN».")
        await page.get_by_test_id("chat-menu").click()
        await page.get_by_test_id("stars").click()
        await expect(page.get_by_test_id("wallet-balance")).to_have_text("⭐ 1 000")
        await expect(page.get_by_test_id("star-move")).to_have_count(2)
        await fits(page)
        await page.get_by_test_id("wallet").get_by_test_id("top-up").nth(1).click()
        await expect(page.get_by_test_id("wallet-balance")).to_have_text("⭐ 1 500")


@pytest.mark.parametrize("way", ["address", "text", "button"])
async def test_an_invoice_link_opens_its_sheet_in_the_page(
    browser: Browser, telegram: TelegramWorld, seller: Seller, way: str
) -> None:
    user = await telegram.person()
    link = await seller.link(monthly=True)
    path = link.removeprefix(telegram.world.public_url) if way == "address" else "/chat"
    row = [{"text": "Подписаться", "url": link}]
    markup = {"inline_keyboard": [row]} if way == "button" else {}
    text = f"Счёт: https://t.me/${link.partition('$')[2]}" if way == "text" else "…"
    await telegram.call("sendMessage", chat_id=user, text=text, reply_markup=markup)
    async with phone(browser, telegram, user, path=path) as page:
        if way == "text":
            await page.get_by_test_id("text").get_by_role("link").click()
        elif way == "button":
            await page.get_by_test_id("keyboard-button").click()
        await expect(page.get_by_test_id("pay-title")).to_have_text("VPN")
        await expect(page.get_by_test_id("pay-terms")).to_contain_text("каждые 30 дней")
        await page.get_by_test_id("pay-confirm").click()
        await telegram.bot.answer_pre_checkout_query((await seller.asked()).id, ok=True)
        await expect(page.get_by_test_id("successful-payment")).to_be_visible()
        await page.get_by_test_id("chat-menu").click()
        await page.get_by_test_id("stars").click()
        subscription = page.get_by_test_id("subscription")
        await expect(subscription).to_have_attribute("data-state", "active")
        await page.get_by_test_id("subscription-renew").click()
        await expect(page.get_by_test_id("wallet-balance")).to_have_text("⭐ 600")
        await page.get_by_test_id("subscription-cancel").click()
        await expect(subscription).to_have_attribute("data-state", "canceled")
        await page.get_by_test_id("subscription-resume").click()
        await expect(subscription).to_have_attribute("data-state", "active")


async def test_an_unknown_invoice_is_said_to_be_unknown(browser: Browser, telegram: TelegramWorld) -> None:
    user = await telegram.person()
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()

    await page.goto(f"{telegram.world.public_url}/chat/$nothing?user={user}")

    await expect(page.get_by_test_id("toast")).to_have_text("Такого счёта здесь нет")
    await context.close()


async def test_an_invoice_is_forwarded_and_paid_by_somebody_else(
    browser: Browser, telegram: TelegramWorld, seller: Seller
) -> None:
    anna, boris = await telegram.person("Анна"), await telegram.person("Борис")
    await seller.invoice(anna)
    async with phone(browser, telegram, anna) as page:
        await page.get_by_test_id("forward").click()
        await page.get_by_test_id("forward-to").get_by_text("Борис").click()
        await expect(page.get_by_test_id("pay-from")).to_have_text("Переслано: Анна")
        await page.get_by_test_id("pay-confirm").click()
        query = await seller.asked()
        await telegram.bot.answer_pre_checkout_query(query.id, ok=True)

        await expect(page.get_by_test_id("successful-payment")).to_contain_text("⭐ 200")
        assert query.from_user.id == boris
        assert await balance(page) == "⭐ 800"


async def test_a_button_that_pays_says_what_the_bot_wrote_on_it(
    browser: Browser, telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    pay, back = {"text": "Оплатить XTR 200", "pay": True}, {"text": "Назад", "callback_data": "back"}
    await seller.invoice(user, reply_markup={"inline_keyboard": [[pay], [back]]})
    async with phone(browser, telegram, user) as page:
        await expect(page.get_by_test_id("pay")).to_have_text("Оплатить ⭐ 200")
        await page.get_by_test_id("keyboard-button").click()
        [update] = await seller.updates()

        assert update.callback_query is not None
        assert update.callback_query.data == "back"
        await telegram.bot.answer_callback_query(update.callback_query.id)
