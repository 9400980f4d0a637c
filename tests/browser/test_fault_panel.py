"""Somebody breaks the world from the fault panel, and watches the shop get over it."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import NewShopper, NewUser
from tests.browser.shopper import DESKTOP, Shopper

LOOKS = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
RECOVERS = 120_000  # ms; the shop waits longer after each failure


@pytest.fixture(autouse=True)
def repaired(demo: str) -> Iterator[None]:
    """Whatever a test breaks is whole again for the next one."""
    yield
    httpx2.delete(f"{demo}/sandbox/_ctl/faults", trust_env=False)
    httpx2.post(f"{demo}/sandbox/yookassa/_ctl/webhooks/policy", json={}, trust_env=False)


def _opens_the_panel(person: Shopper, user: int) -> tuple[Page, FrameLocator]:
    """The panel with this person's chat in it, and that chat."""
    person.chat.goto(f"{person.url}/sandbox?with=chat&user={user}")
    return person.chat, person.chat.frame_locator("[data-testid=chat-frame]")


def _taps(chat: FrameLocator, label: str) -> None:
    words = re.compile(re.escape(label))  # unlike a string, this minds capitals
    chat.get_by_test_id("keyboard-button").filter(has_text=words).last.click()


def _message(chat: FrameLocator, words: str) -> Locator:
    return chat.get_by_test_id("message").filter(has_text=words).last


@LOOKS
def test_a_key_waits_for_a_broken_panel_and_comes_when_it_is_repaired(
    new_shopper: NewShopper, new_user: NewUser, dark: bool
) -> None:
    oleg = new_shopper(screen=DESKTOP, dark=dark)
    page, chat = _opens_the_panel(oleg, new_user("Олег", "ru"))
    page.get_by_test_id("fault-xui-lost_before").click()
    chat.get_by_test_id("start").click()
    _taps(chat, "Попробовать")
    failed = page.locator("[data-testid=entry][data-service=xui][data-faults=lost_before]").first
    expect(failed).to_contain_text("нет ответа")
    expect(_message(chat, "Ключ уже готовится")).to_be_visible()
    oleg.looks("broken")

    page.get_by_test_id("repair-all").click()
    expect(page.get_by_test_id("broken")).to_be_hidden()
    expect(_message(chat, "Ваш ключ готов")).to_be_visible(timeout=RECOVERS)
    added = page.locator("[data-testid=entry][data-service=xui][data-kind=good]").filter(has_text="завести ключ")
    expect(added.first).to_be_visible()
    added.first.get_by_role("button").click()
    expect(added.first.get_by_test_id("response")).to_contain_text('"success": true')
    oleg.looks("recovered")


def test_a_sale_ends_though_its_webhook_was_lost(new_shopper: NewShopper, new_user: NewUser) -> None:
    anna = new_shopper(screen=DESKTOP)
    page, chat = _opens_the_panel(anna, new_user("Анна", "ru"))
    lost = page.get_by_test_id("webhook-yookassa-drop")
    lost.click()
    expect(lost).to_have_attribute("aria-checked", "true")
    chat.get_by_test_id("start").click()
    for label in ("Месяц", "СБП"):
        _taps(chat, label)
    with anna.context.expect_page() as opened:
        _taps(chat, "Оплатить")
    expect(page.get_by_test_id("open-payments")).not_to_have_text("0")
    opened.value.get_by_test_id("pay").click()
    opened.value.get_by_test_id("bank-pay").click()

    expect(_message(chat, "Ваш ключ готов")).to_be_visible(timeout=RECOVERS)
    expect(page.get_by_test_id("undelivered-more")).to_contain_text("не дошло")
    expect(page.get_by_test_id("entry").filter(has_text="покупатель → ЮKassa").first).to_be_visible()
    anna.looks("sold")


@LOOKS
def test_on_a_phone_chat_faults_and_log_take_turns(new_shopper: NewShopper, new_user: NewUser, dark: bool) -> None:
    emma = new_shopper(dark=dark, language="en-GB")
    page, chat = _opens_the_panel(emma, new_user("Emma", "en"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Fault panel")
    page.get_by_test_id("fault-telegram-latency").click()
    expect(page.get_by_test_id("fault-telegram-latency")).to_have_attribute("aria-checked", "true")
    emma.looks("faults")
    page.get_by_test_id("tab-chat").click()
    expect(page.get_by_test_id("panel")).to_be_hidden()
    chat.get_by_test_id("start").click()
    expect(_message(chat, "The first 7 days are free")).to_be_visible()
    emma.looks("chat")

    page.get_by_test_id("tab-log").click()
    expect(page.get_by_test_id("faults-pane")).to_be_hidden()
    slow = page.locator("[data-testid=entry][data-faults=latency]").filter(has_text="send a message").first
    expect(slow.get_by_test_id("entry-fault")).to_have_text("slow")
    slow.get_by_role("button").click()
    expect(slow.get_by_test_id("request")).to_be_visible()
    emma.looks("log")
    page.get_by_test_id("repair-all").click()
    expect(page.get_by_test_id("broken")).to_be_hidden()


def test_the_panel_is_found_from_the_first_page_and_from_the_chat(new_shopper: NewShopper, new_user: NewUser) -> None:
    anna = new_shopper()
    anna.chat.goto(anna.url)
    anna.chat.get_by_test_id("open-panel").click()
    expect(anna.chat.get_by_test_id("repair-all")).to_be_visible()

    anna.chat.goto(f"{anna.url}/chat?user={new_user('Анна', 'ru')}")
    anna.chat.get_by_test_id("chat-menu").click()
    anna.looks("menu")
    anna.chat.get_by_test_id("fault-panel").click()
    expect(anna.chat.get_by_test_id("tab-chat")).to_be_visible()
    anna.chat.get_by_test_id("language").click()
    expect(anna.chat.get_by_role("heading", level=1)).to_have_text("Fault panel")
