"""Every screen in every language: markup that parses, limits that hold, words that fit."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.kit.brand import Brand
from backend.kit.i18n import Translate, languages, translator
from backend.kit.money import Currency, Money
from backend.links.formats.base import Status
from backend.notifications.kinds import Ended, EndingSoon, Paid
from backend.orders.checkout import MethodOffer
from backend.orders.queries import HistoryLine
from backend.payments.providers.base import PaymentState
from backend.settings import Settings
from backend.subscriptions.models import Subscription
from backend.subscriptions.rules import Standing
from bot.callbacks import ChooseMethod, ChoosePlan, StartTrial
from bot.screens.checkout import checkout_view
from bot.screens.email import ask_view, email_view, saved_view
from bot.screens.help import help_view, paysupport_view
from bot.screens.home import home_view, trial_view
from bot.screens.keys import choose_key_view, key_qr_view, key_views
from bot.screens.methods import methods_view
from bot.screens.outcomes import checked_view, closed_view, failed_view, paid_view, renewed_view
from bot.screens.plans import plans_view
from bot.screens.profile import choice_view, ended_view, ending_view, history_view, profile_view, reissue_view
from bot.screens.settings import settings_view
from bot.screens.terms import terms_view, text_view
from bot.view import View, visible_length
from sandbox.telegram.markup import parse_html
from tests.unit.bot.scenes import (
    BRAND,
    HOSTILE,
    ID,
    METHODS,
    NOW,
    OFFERS,
    SMALL_BRAND,
    SMALL_TEXTS,
    TEXTS,
    UNTIL,
    checkout,
    holding,
    node,
    plan,
    rub,
    situation,
)

PAID = Paid(ID, ID, 30, UNTIL, "299 ₽", key_ready=False, shown_in=None, late=True)
SECRETS: dict[str, Any] = {"telegram_bot_token": "1:A", "secret_key": "x" * 32}
DARK = "👤👥➕➖➗✖✔"  # icons that are hard to see on the dark buttons of a chat
KEYED = holding(node(), node(HOSTILE, host="de1.vpn.example.net"))


def every_view(t: Translate) -> Iterator[tuple[str, View]]:
    for standing in Standing:
        for fields in ({}, {"on_trial": True}, {"trial_days": 7}, {"blocked": True}):
            shop = situation(standing, **fields)
            yield f"home {standing} {fields}", home_view(t, HOSTILE, shop, brand=BRAND, now=NOW)
    yield "home nameless", home_view(t, "", situation(offers=[]), brand=SMALL_BRAND, now=NOW)
    yield "trial", trial_view(t, UNTIL, NOW, fresh=True)
    yield "trial again", trial_view(t, UNTIL, NOW, fresh=False)
    yield "plans", plans_view(t, OFFERS)
    yield "no plans", plans_view(t, [], note=t("error-plan-not-on-sale"))
    yield "methods", methods_view(t, plan(), METHODS, BRAND)
    yield "no methods", methods_view(t, plan(), [], SMALL_BRAND)
    yield "two prices", methods_view(t, plan(), [METHODS[0], replace(METHODS[1], price=rub(30000))], SMALL_BRAND)
    yield "checkout", checkout_view(t, checkout(), brand=BRAND, now=NOW, other_methods=True)
    yield "preparing", checkout_view(t, checkout(url=None), brand=BRAND, now=NOW, other_methods=False)
    for reason in (None, "insufficient_funds", "expired_on_confirmation", "email_refused", HOSTILE):
        yield f"failed {reason}", failed_view(t, None if reason is None else 2, reason)
    yield "paid", paid_view(t, PAID, checkout(), NOW)
    yield "checked", checked_view(t, SMALL_BRAND)
    yield "closed", closed_view(t, PAID, checkout(), BRAND)
    yield "renewed", renewed_view(t, PAID, checkout(), KEYED, NOW)
    for number, view in enumerate([*key_views(t, KEYED, NOW), *key_views(t, holding(node()), NOW)]):
        yield f"key {number}", view
    for status in Status:
        yield f"key {status}", key_views(t, holding(status=status), NOW)[0]
        yield f"profile {status}", profile_view(t, holding(status=status), NOW)
    yield "key without link", key_views(t, holding(node(), brand=SMALL_BRAND), NOW)[0]
    yield "key qr", key_qr_view(t, node(HOSTILE), named=True)
    yield "choose key", choose_key_view(t, ID, KEYED.nodes)
    yield "profile", profile_view(t, KEYED, NOW)
    yield "ended profile", profile_view(t, holding(status=Status.EXPIRED, until=NOW - timedelta(days=2)), NOW)
    yield "choice", choice_view(t, [Subscription(id=ID, paid_until=at) for at in (UNTIL, NOW)], NOW)
    for step in (0, 1):
        yield f"reissue {step}", reissue_view(t, KEYED.subscription, step=step)
    yield (
        "history",
        history_view(t, [line(refunded_minor=10000), line(state=PaymentState.REVIEW), RECEIPTED], NOW),
    )
    yield "no history", history_view(t, [], NOW)
    for trial in (False, True):
        yield f"ending, trial {trial}", ending_view(t, EndingSoon(ID, UNTIL, 1), OFFERS, NOW, trial=trial)
        yield f"ended, trial {trial}", ended_view(t, Ended(ID, NOW - timedelta(days=400)), [], NOW, trial=trial)
    yield "settings", settings_view(t)
    yield "settings with e-mail", settings_view(t, email=True)
    for wrong in (False, True):
        yield f"ask e-mail, wrong {wrong}", ask_view(t, BRAND, wrong=wrong)
        yield f"ask e-mail of a small shop, wrong {wrong}", ask_view(t, SMALL_BRAND, wrong=wrong)
    yield "e-mail saved", saved_view(t, HOSTILE, ChooseMethod(plan_id=2, provider="yookassa", method="bank_card"))
    yield "e-mail saved, settings", saved_view(t, HOSTILE, None)
    yield "e-mail", email_view(t, HOSTILE)
    yield "no e-mail", email_view(t, None)
    yield "terms", terms_view(t, BRAND, TEXTS)
    yield "terms of a small shop", terms_view(t, SMALL_BRAND, SMALL_TEXTS)
    for document in SMALL_TEXTS:
        for page in range(4):
            yield f"{document.name} {document.language} {page}", text_view(t, document, page)
    for name, made in (("help", help_view), ("paysupport", paysupport_view)):
        yield name, made(t, BRAND)
        yield f"{name} of a small shop", made(t, SMALL_BRAND)


def line(**fields: Any) -> HistoryLine:
    made = HistoryLine(
        1001, NOW, {"ru": HOSTILE}, 30, rub(29900), "bank_card", PaymentState.SUCCEEDED, refunded_minor=0
    )
    return replace(made, **fields)


RECEIPTED = line(receipt_url="https://lknpd.nalog.ru/api/v1/receipt/1/2/print?a=1&b=2")
VIEWS = [
    pytest.param(view, id=f"{language}: {name}")
    for language in languages()
    for name, view in every_view(translator(language))
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_html_that_telegram_takes_and_within_its_limits(view: View) -> None:
    text, _ = parse_html(view.text, strict=True)

    assert text.strip()
    assert len(text.encode("utf-16-le")) // 2 == visible_length(view.text) <= (1024 if view.photo else 4096)
    assert "{" not in text
    assert "None" not in text
    assert not text.startswith("\n")
    assert "\n\n\n" not in text


@pytest.mark.parametrize("view", VIEWS)
def test_every_button_starts_with_an_icon_and_is_carried_by_telegram(view: View) -> None:
    keyboard = view.keyboard
    buttons = [button for row in keyboard.inline_keyboard for button in row] if keyboard else []

    for button in buttons:
        assert not button.text[0].isalnum()
        assert button.text[0] not in DARK
        assert len(button.text) <= 48 or HOSTILE in button.text
        assert button.url or 1 <= len((button.callback_data or "").encode()) <= 64


@pytest.mark.parametrize("view", VIEWS)
def test_no_screen_is_a_dead_end(view: View) -> None:
    carries_keys = "<code>vless://" in view.text

    assert view.rows or carries_keys


@pytest.mark.parametrize("language", languages())
def test_what_people_call_themselves_is_shown_as_they_wrote_it(language: str) -> None:
    view = home_view(translator(language), HOSTILE, situation(), brand=BRAND, now=NOW)

    assert HOSTILE in parse_html(view.text, strict=True)[0].splitlines()[0]


def test_the_trial_is_offered_only_to_those_who_may_take_it() -> None:
    t = translator("ru")
    fresh = home_view(t, "Анна", situation(trial_days=7), brand=BRAND, now=NOW)
    known = home_view(t, "Анна", situation(Standing.ENDED), brand=BRAND, now=NOW)

    assert fresh.rows[0][0].text == "🎁 Попробовать 7 дней бесплатно"
    assert not [button for row in known.rows for button in row if isinstance(button.opens, StartTrial)]


def test_plans_show_price_per_month_and_saving() -> None:
    text = plans_view(translator("ru"), [OFFERS[0], OFFERS[2]]).text

    assert text.splitlines()[2:] == [
        "Месяц — <b>299\xa0₽</b>",
        "Год — <b>2\xa0999\xa0₽</b> · 250\xa0₽/мес · −16%",
    ]


def test_the_consent_stands_on_the_methods_and_above_pay_with_links_and_seller() -> None:
    t = translator("ru")
    methods = methods_view(t, plan(), METHODS, BRAND).text
    paying = checkout_view(t, checkout(), brand=BRAND, now=NOW, other_methods=True).text

    for text, tap in ((methods, "Нажимая на способ оплаты"), (paying, "Нажимая «Оплатить»")):
        said, entities = parse_html(text, strict=True)
        assert f"{tap}, вы принимаете оферту и политику обработки персональных данных." in said
        links = [entity["url"] for entity in entities if entity["type"] == "text_link"]
        assert links == [BRAND.offer_url, BRAND.privacy_url]
    assert "Услуга: доступ к сервису на 30\xa0дней, стоимость 299\xa0₽. Исполнитель: ИП" in paying


def test_without_addresses_the_consent_names_the_command_that_shows_the_texts() -> None:
    t = translator("ru")

    for view in (
        methods_view(t, plan(), METHODS, SMALL_BRAND),
        checkout_view(t, checkout(), brand=SMALL_BRAND, now=NOW, other_methods=True),
    ):
        assert "политику обработки персональных данных. Коротко об условиях: /terms" in view.text


def test_coins_share_a_row_and_their_price_stands_with_what_is_to_be_known_of_them() -> None:
    coins = [MethodOffer("coingate", coin, Money(350, Currency.EUR), test=False) for coin in ("btc", "eth", "ltc")]
    view = methods_view(translator("ru"), plan(), [*METHODS, *coins], BRAND)

    assert [button.text for button in view.rows[3]] == ["🟠 BTC", "🔷 ETH", "⚪️ LTC"]
    assert [len(row) for row in view.rows] == [1, 1, 1, 3, 0, 1]
    assert view.rows[0][0].text == "💳 Банковская карта · 299\u00a0₽ 🧪"
    text, entities = parse_html(view.text, strict=True)
    (quote,) = [entity for entity in entities if entity["type"] == "expandable_blockquote"]
    (hint,) = [line for line in text.splitlines() if line.startswith("🪙 Криптовалютой — 3,50\u00a0€")]
    assert quote["length"] == len(hint.encode("utf-16-le")) // 2


def test_without_a_page_nothing_asks_for_money_yet() -> None:
    view = checkout_view(translator("ru"), checkout(url=None), brand=BRAND, now=NOW, other_methods=True)

    assert "Оплатить" not in view.text
    assert [button.text for row in view.rows for button in row] == ["🔄 Обновить", "🔀 Другой способ", "◀️ Назад"]


def test_a_reason_unknown_to_us_is_a_declined_payment() -> None:
    view = failed_view(translator("ru"), 2, "some_new_reason")

    assert "Платёж отклонён." in view.text
    assert view.rows[0][0].opens == ChoosePlan(plan_id=2)


def test_a_time_over_is_not_called_a_decline() -> None:
    view = failed_view(translator("en"), 2, "expired_on_confirmation")

    assert view.text.startswith("⌛️ <b>The time to pay has run out</b>")


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("ru", "✅ Оплачено: 299 ₽\nМесяц · заказ №\u00a01001"),
        ("en", "✅ Paid: 299 ₽\nМесяц · order No.\u00a01001"),
    ],
)
def test_a_payment_is_told_with_its_plan_and_the_order_support_asks_for(language: str, heading: str) -> None:
    t, bought = translator(language), checkout(plan_names={"ru": "Месяц"})

    for view in (paid_view(t, PAID, bought, NOW), renewed_view(t, PAID, bought, KEYED, NOW)):
        assert parse_html(view.text, strict=True)[0].startswith(f"{heading}\n\n")


def test_a_receipt_stays_within_reach_in_the_history() -> None:
    _, entities = parse_html(history_view(translator("ru"), [RECEIPTED, line()], NOW).text, strict=True)

    assert [entity["url"] for entity in entities if entity["type"] == "text_link"] == [RECEIPTED.receipt_url]


def test_consents_stand_on_the_screen_whose_buttons_give_them() -> None:
    t = translator("ru")

    def said(**fields: Any) -> str:
        return home_view(t, "Анна", situation(**fields), brand=BRAND, now=NOW).text.splitlines()[-1]

    assert said(trial_days=7).startswith("Нажимая «Попробовать», вы принимаете")
    assert said(trial_days=7, at_once=True).startswith("Нажимая «Попробовать» или выбирая тариф, вы принимаете")
    assert said(at_once=True).startswith("Выбирая тариф, вы принимаете")
    assert "вы принимаете" not in said()
    assert "вы принимаете" not in said(at_once=True, offers=[])


def test_the_last_day_is_not_called_one_day() -> None:
    last, third = (
        ending_view(translator("ru"), EndingSoon(ID, UNTIL, days), OFFERS, NOW, trial=False).text for days in (1, 3)
    )

    assert "Подписка закончится меньше чем через сутки" in last
    assert "Подписка закончится через 3 дня" in third


def test_only_a_running_subscription_gets_a_new_link() -> None:
    t = translator("ru")
    running = profile_view(t, holding(node()), NOW)
    over = profile_view(t, holding(status=Status.EXPIRED, until=NOW - timedelta(days=1)), NOW)

    offered = [["Перевыпустить" in b.text for row in view.rows for b in row] for view in (running, over)]
    assert [any(view) for view in offered] == [True, False]
    assert "/sub/" not in over.text


def test_the_price_above_the_methods_is_the_one_that_was_tapped() -> None:
    euro = MethodOffer("coins", "btc", Money(350, Currency.EUR), test=False)
    stars = MethodOffer("stars", "stars", Money(200, Currency.XTR), test=False)

    for offers in ([METHODS[0], euro, stars], [stars, euro, METHODS[0]]):
        text = methods_view(translator("ru"), plan(), offers, BRAND).text
        assert "<b>299\u00a0₽</b>" in text.splitlines()[0]
        assert "3,50" not in text


def test_a_method_that_takes_no_money_is_marked_where_others_do() -> None:
    t = translator("ru")
    live = MethodOffer("stars", "stars", rub(29900), test=False, renewed_by="provider")
    mixed, all_test, all_live = (
        methods_view(t, plan(), offers, BRAND)
        for offers in ([METHODS[0], live], METHODS[:2], [replace(METHODS[0], test=False), live])
    )

    assert "Тестовый магазин" not in mixed.text
    assert "🧪 — тестовые способы: деньги по ним не списываются." in mixed.text
    labels = [button.text for row in mixed.rows for button in row]
    assert [label for label in labels if label.endswith("🧪")] == ["💳 Банковская карта 🧪"]
    assert "🧪 Тестовый магазин: деньги не списываются." in all_test.text
    assert "🧪" not in str(all_test.rows) + all_live.text + str(all_live.rows)


@pytest.mark.parametrize("made", [help_view, paysupport_view])
@pytest.mark.parametrize(
    ("support", "button"),
    [
        ("@shop_help", ["https://t.me/shop_help"]),
        ("https://t.me/shop_help", ["https://t.me/shop_help"]),
        ("help@example.com", []),
    ],
)
def test_support_is_named_and_has_a_button_where_telegram_can_open_it(
    made: Callable[[Translate, Brand], View], support: str, button: list[str]
) -> None:
    address = Settings(_env_file=None, **SECRETS, support=support).support_url
    view = made(translator("ru"), replace(BRAND, support=support, support_url=address))

    assert support in view.text
    assert [b.opens for row in view.rows for b in row if isinstance(b.opens, str)] == button


@pytest.mark.parametrize("language", languages())
def test_money_that_was_only_held_is_not_said_to_be_taken_and_given_back(language: str) -> None:
    text = failed_view(translator(language), 2, "expired_on_capture").text

    assert ("Деньги не списаны." if language == "ru" else "No money was taken.") in text
    assert "вернулись" not in text
    assert "went back" not in text
