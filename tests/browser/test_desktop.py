"""The same at a desk, and the pages for operators."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewShopper, NewUser
from tests.browser.shopper import DESKTOP


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_purchase_at_a_desk(new_shopper: NewShopper, new_user: NewUser, dark: bool) -> None:
    oleg = new_shopper(screen=DESKTOP, dark=dark)
    oleg.chat.goto(oleg.url)
    oleg.looks("index", whole=True)
    oleg.arrives(new_user("Олег", "ru"))
    oleg.reads("Первые 7 дней")
    oleg.looks("home")
    page = oleg.orders("Месяц", "СБП", "Оплатить")
    expect(page.get_by_test_id("sbp-code")).to_be_visible()
    oleg.looks("checkout", page, whole=True)
    page.get_by_test_id("pay").click()
    page.get_by_test_id("bank-pay").click()
    expect(page.get_by_test_id("result")).to_have_attribute("data-status", "succeeded")
    oleg.looks("paid-at-provider", page, whole=True)
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("return")).to_have_attribute("data-state", "paid")
    oleg.looks("return", page, whole=True)
    oleg.reads("Ваш ключ готов")
    oleg.looks("key")
    connect = oleg.follows("Подключиться")
    oleg.looks("connect", connect, whole=True)


def test_the_index_is_understood_in_english(new_shopper: NewShopper) -> None:
    emma = new_shopper(screen=DESKTOP, language="en-GB")
    emma.chat.goto(emma.url)
    expect(emma.chat.get_by_role("heading", level=1)).to_have_text("A VPN shop on your own machine")
    emma.looks("index", whole=True)
    for link in emma.chat.locator("main a, section a").all():
        address = f"{emma.url}{link.get_attribute('href')}"
        assert httpx2.get(address, trust_env=False).status_code == 200, address


def test_the_api_documents_itself_without_the_internet(new_shopper: NewShopper) -> None:
    emma = new_shopper(screen=DESKTOP, language="en-GB")
    emma.chat.goto(f"{emma.url}/docs")
    expect(emma.chat.get_by_text("/readyz").first).to_be_visible(timeout=3000)
    emma.looks("docs", whole=True)


def test_two_people_share_the_page(new_shopper: NewShopper, new_user: NewUser) -> None:
    desk = new_shopper(screen=DESKTOP)
    new_user("Emma", "en")
    desk.arrives(new_user("Анна", "ru"))
    desk.taps("Попробовать")
    desk.reads("Ваш ключ готов")
    desk.chat.get_by_test_id("person").filter(has_text="Emma").first.click()
    desk.chat.get_by_test_id("start").click()
    desk.reads("The first 7 days are free")
    desk.looks("emma")
    desk.chat.get_by_test_id("person").filter(has_text="Анна").first.click()
    desk.reads("Ваш ключ готов")
    desk.looks("anna")
