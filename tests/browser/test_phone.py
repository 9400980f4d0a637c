"""A person with a phone: the trial, a purchase by every method, the connect page."""

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewShopper, NewUser
from tests.browser.shopper import Shopper

LOOKS = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@LOOKS
def test_a_trial_from_the_first_page_to_the_connect_page(
    new_shopper: NewShopper, new_user: NewUser, dark: bool
) -> None:
    anna = new_shopper(dark=dark)
    anna.chat.goto(anna.url)
    anna.looks("index", whole=True)
    new = new_user("Анна", "ru")
    expect(anna.chat.get_by_text("нажмите «Заплатить»")).to_be_visible()
    anna.chat.get_by_test_id("open-chat").click()
    anna.chat.goto(f"{anna.url}/chat?user={new}")
    anna.looks("before-start")

    anna.chat.get_by_test_id("start").click()
    anna.reads("Первые 7 дней — бесплатно")
    anna.looks("home")
    anna.taps("Попробовать 7 дней бесплатно")
    anna.reads("Ваш ключ готов")
    expect(anna.chat.get_by_test_id("photo").last).to_be_visible()
    anna.looks("key")

    link = anna.chat.get_by_test_id("copy").first
    link.click()
    assert anna.chat.evaluate("navigator.clipboard.readText()") == link.inner_text()
    anna.looks("copied")
    anna.chat.get_by_test_id("photo").last.click()
    expect(anna.chat.get_by_test_id("lightbox")).to_be_visible()
    anna.looks("qr")
    anna.chat.get_by_test_id("lightbox-close").click()

    connect = anna.follows("Подключиться")
    expect(connect.get_by_test_id("status")).to_have_attribute("data-status", "active")
    expect(connect.get_by_test_id("time-left")).to_contain_text("Осталось 7 дней")
    anna.looks("connect", connect, whole=True)
    _tries_everything_on_the_connect_page(anna, connect)


def _tries_everything_on_the_connect_page(anna: Shopper, page: Page) -> None:
    page.get_by_test_id("copy-link").click()
    assert page.evaluate("navigator.clipboard.readText()") == page.get_by_test_id("link").inner_text()
    expect(page.get_by_test_id("qr")).to_be_visible()
    page.get_by_test_id("keys").locator("summary").first.click()
    anna.looks("connect-keys", page, whole=True)
    page.get_by_test_id("language-en").click()
    expect(page.get_by_test_id("time-left")).to_contain_text("7 days left")
    anna.looks("connect-english", page, whole=True)


@LOOKS
def test_a_purchase_by_card(new_shopper: NewShopper, new_user: NewUser, dark: bool) -> None:
    oleg = new_shopper(dark=dark)
    oleg.arrives(new_user("Олег", "ru"))
    oleg.taps("Месяц")
    oleg.reads("Как удобнее оплатить?")
    oleg.looks("methods")
    oleg.taps("Банковская карта")
    oleg.reads("Заказ №")
    oleg.looks("order")
    page = oleg.follows("Оплатить")
    expect(page.get_by_test_id("amount")).to_contain_text("299")
    oleg.looks("checkout", page, whole=True)

    expect(page.get_by_test_id("pay")).to_contain_text("Заплатить")  # as the first page calls it
    page.get_by_test_id("pay").click()
    _types_the_code_if_asked(oleg, page)
    oleg.looks("paid-at-provider", page, whole=True)
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("return")).to_have_attribute("data-state", "paid")
    oleg.looks("return", page, whole=True)

    oleg.reads("Оплачено: 299")
    oleg.reads("Ваш ключ готов")
    oleg.looks("key")
    page.get_by_test_id("connect").click()
    expect(page.get_by_test_id("status")).to_have_attribute("data-status", "active")
    oleg.looks("connect", page, whole=True)


def _types_the_code_if_asked(oleg: Shopper, page: Page) -> None:
    expect(page.get_by_test_id("code").or_(page.get_by_test_id("result"))).to_be_visible()
    if page.get_by_test_id("code").count():
        oleg.looks("3-d-secure", page, whole=True)
        page.get_by_test_id("code-confirm").click()
    expect(page.get_by_test_id("result")).to_have_attribute("data-status", "succeeded")


def test_a_purchase_by_sbp_that_ends_in_another_browser(new_shopper: NewShopper, new_user: NewUser) -> None:
    oleg = new_shopper()
    oleg.arrives(new_user("Олег", "ru"))
    page = oleg.orders("3 месяца", "СБП", "Оплатить")
    oleg.looks("checkout", page, whole=True)
    back = str(page.get_by_test_id("close").get_attribute("href"))

    bank = new_shopper(album="bank")
    bank.chat.goto(back)
    expect(bank.chat.get_by_test_id("return")).to_have_attribute("data-state", "waiting")
    bank.looks("return-waiting", whole=True)

    page.get_by_test_id("banks").get_by_role("button").first.click()
    oleg.looks("bank", page, whole=True)
    page.get_by_test_id("bank-pay").click()
    expect(page.get_by_test_id("result")).to_have_attribute("data-status", "succeeded")

    expect(bank.chat.get_by_test_id("return")).to_have_attribute("data-state", "paid")
    bank.looks("return-paid", whole=True)
    oleg.reads("Ваш ключ готов")
    oleg.looks("key")


@LOOKS
def test_a_purchase_by_wallet_in_english(new_shopper: NewShopper, new_user: NewUser, dark: bool) -> None:
    emma = new_shopper(dark=dark, language="en-GB")
    emma.arrives(new_user("Emma", "en"))
    emma.reads("The first 7 days are free")
    emma.looks("home")
    emma.taps("Year")
    emma.looks("methods")
    emma.taps("YooMoney")
    emma.reads("Order No.")
    emma.looks("order")
    page = emma.follows("Pay")
    emma.looks("checkout", page, whole=True)
    page.get_by_test_id("pay").click()
    expect(page.get_by_test_id("result")).to_have_attribute("data-status", "succeeded")
    emma.looks("paid-at-provider", page, whole=True)
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("return")).to_have_attribute("data-state", "paid")
    emma.looks("return", page, whole=True)
    emma.reads("Your key is ready")
    emma.looks("key")
    connect = emma.follows("Connect")
    expect(connect.get_by_test_id("time-left")).to_contain_text("365 days left")
    emma.looks("connect", connect, whole=True)


def test_a_declined_payment_and_another_try(new_shopper: NewShopper, new_user: NewUser) -> None:
    yana = new_shopper()
    yana.arrives(new_user("Яна", "ru"))
    page = yana.orders("Месяц", "ЮMoney", "Оплатить")
    page.get_by_test_id("decline-reason").select_option("insufficient_funds")
    page.get_by_test_id("decline").click()
    expect(page.get_by_test_id("result")).to_have_attribute("data-status", "canceled")
    yana.looks("declined-at-provider", page, whole=True)
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("return")).to_have_attribute("data-state", "failed")
    yana.looks("return-failed", page, whole=True)
    yana.reads("На счёте не хватает денег")
    yana.looks("failed")
    yana.taps("Попробовать ещё раз")
    yana.reads("Как удобнее оплатить?")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", ("QR-код ключа", "Перевыпустить ссылку", "История платежей")),
        ("en", ("QR of the key", "New link", "Payment history")),
    ],
    ids=["ru", "en"],
)
def test_every_screen_of_somebody_who_has_a_key(
    new_shopper: NewShopper, new_user: NewUser, language: str, words: tuple[str, str, str]
) -> None:
    key_qr, reissue, history = words
    lena = new_shopper(language=language, dark=language == "en")
    lena.arrives(new_user("Лена" if language == "ru" else "Helen", language))
    lena.taps("Попробовать" if language == "ru" else "Try 7 days")
    expect(lena.chat.get_by_test_id("photo").last).to_be_visible()
    lena.taps(key_qr)
    expect(lena.chat.get_by_test_id("photo")).to_have_count(2)
    lena.looks("key-qr")
    lena.says("/subscription")
    expect(lena.button(reissue)).to_be_visible()
    lena.looks("subscription")
    lena.taps(reissue)
    lena.looks("reissue")
    lena.says("/subscription")
    lena.taps(history)
    lena.looks("history")
    for command in ("/start", "/plans", "/settings", "/help", "/terms", "/paysupport"):
        answers = lena.chat.get_by_test_id("message").count() + 2
        lena.says(command)
        expect(lena.chat.get_by_test_id("message")).to_have_count(answers)
        lena.looks(command.strip("/"))


def test_the_way_to_support_says_where_it_would_lead(new_shopper: NewShopper, new_user: NewUser) -> None:
    lena = new_shopper()
    lena.arrives(new_user("Лена", "ru"))
    lena.taps("Помощь")
    lena.taps("Написать в поддержку")

    expect(lena.chat.get_by_test_id("toast")).to_contain_text("открылся бы чат с @demo_support")
    assert len(lena.context.pages) == 1
    lena.looks("support")


@LOOKS
def test_a_link_whose_time_is_over(new_shopper: NewShopper, new_user: NewUser, dark: bool) -> None:
    vera = new_shopper(dark=dark)
    vera.arrives(new_user("Вера", "ru"))
    vera.taps("Попробовать")
    link = str(vera.button("Подключиться").get_attribute("href"))
    httpx2.post(f"{vera.url}/sandbox/_ctl/clock/advance", json={"seconds": 7 * 86400 + 60}, trust_env=False)
    vera.reads("Пробный период закончился")
    vera.looks("ended")
    vera.chat.goto(link)
    expect(vera.chat.get_by_test_id("status")).to_have_attribute("data-status", "expired")
    vera.looks("connect", whole=True)
