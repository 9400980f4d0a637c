"""Renewals on the screen, in every language, for every way in which they go on or stop."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.autopay.models import Mandate
from backend.autopay.queries import Renewal
from backend.autopay.rules import Reason
from backend.autopay.service import SwitchedOff
from backend.kit.i18n import Translate, languages, translator
from backend.kit.money import Currency, Money
from backend.notifications.kinds import AutopayDearer, AutopayFailed, AutopayNotice, AutopayStopped
from backend.orders.checkout import MethodOffer
from backend.payments.models import Payment, SavedMethod
from backend.payments.refusals import EMAIL_REFUSED
from bot.callbacks import AgreeToPrice, AutopayOff, ChooseMethod, ChooseRenewed, Open, Screen, TickAutopay
from bot.screens import autopay as screens
from bot.screens.checkout import checkout_view
from bot.screens.methods import methods_view
from bot.screens.profile import profile_view
from bot.view import Button, View, visible_length
from sandbox.telegram.markup import parse_html
from tests.unit.bot.scenes import BRAND, HOSTILE, ID, METHODS, NOW, UNTIL, checkout, holding, node, plan, rub

STARS = Money(200, Currency.XTR)
RENEWED = [
    replace(METHODS[0], renewed_by="shop"),
    METHODS[1],
    MethodOffer("yookassa", "yoo_money", rub(29900), test=True, renewed_by="shop"),
    MethodOffer("stars", "stars", STARS, test=False, renewed_by="provider"),
]
NOTICE = AutopayNotice(ID, "299 ₽", 29900, UNTIL, UNTIL - timedelta(hours=12))
REFUSED = AutopayFailed(ID, "299 ₽", "insufficient_funds", UNTIL)
REASONS = [*Reason, "card_expired", "permission_revoked", HOSTILE]


def renewal(*, by: str = "shop", until: Any = UNTIL, title: str = "*4477", **fields: Any) -> Renewal:
    made = {
        "id": ID,
        "plan_id": 2,
        "period_days": 30,
        "max_amount_minor": 29900 if by == "shop" else 200,
        "currency": "RUB" if by == "shop" else "XTR",
        "charged_by": by,
        "state": "active",
        "subscription_id": ID,
    }
    method = SavedMethod(method="bank_card" if by == "shop" else "stars", title=title)
    return Renewal(Mandate(**made | fields), method, until, plan())


def switched_off(**fields: Any) -> SwitchedOff:
    return replace(SwitchedOff(ended=True, by_company=False, until=UNTIL, stands=None), **fields)


def every_view(t: Translate) -> Iterator[tuple[str, View]]:
    late = Payment(amount_minor=29900, currency="RUB")
    for ticked in (False, True):
        yield f"methods, ticked {ticked}", methods_view(t, plan(), RENEWED, BRAND, ticked=ticked)
    yield "card alone", methods_view(t, plan(), RENEWED[:1], BRAND)
    for agreed, renews in ((True, True), (True, False)):
        shown = checkout(agreed_to_renew=agreed, renews=renews)
        yield f"checkout {renews}", checkout_view(t, shown, brand=BRAND, now=NOW, other_methods=True)
    yield "none", screens.autopay_view(t, [], NOW)
    for by in ("shop", "provider"):
        for until in (UNTIL, NOW - timedelta(hours=1), None):
            yield f"active {by} {until}", screens.autopay_view(t, [renewal(by=by, until=until, title=HOSTILE)], NOW)
        yield f"on {by}", screens.on_view(t, renewal(by=by), NOW)
        yield f"profile {by}", profile_view(t, holding(node()), NOW, renewal(by=by))
        for reason in REASONS:
            for state in ("suspended", "ended"):
                stopped = AutopayStopped(ID, reason, "349 ₽", 34900)
                paused = renewal(by=by, state=state, reason=reason)
                yield f"{state} {by} {reason}", screens.stopped_view(t, stopped, paused)
            paused = renewal(by=by, state="suspended", reason=reason)
            yield f"paused {by} {reason}", screens.autopay_view(t, [paused, renewal()], NOW)
    for done in (
        switched_off(),
        switched_off(until=None),
        switched_off(by_company=True),
        switched_off(stands=late),
        switched_off(ended=False, until=None),
    ):
        yield f"off {done}", screens.off_view(t, done, NOW)
    yield "notice", screens.notice_view(t, NOTICE, renewal(), NOW)
    yield "dearer", screens.dearer_view(t, AutopayDearer(ID, "349 ₽", 34900), renewal(), NOW)
    yield "refused", screens.refused_view(t, REFUSED, renewal(), NOW)


VIEWS = [
    pytest.param(view, id=f"{language}: {name}"[:80])
    for language in languages()
    for name, view in every_view(translator(language))
]


def buttons(view: View) -> list[Button]:
    return [button for row in view.rows for button in row]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_html_that_telegram_takes(view: View) -> None:
    text, _ = parse_html(view.text, strict=True)

    assert len(text.encode("utf-16-le")) // 2 == visible_length(view.text) <= 4096
    assert "{" not in text
    assert "None" not in text
    assert "\n\n\n" not in text
    assert view.rows


@pytest.mark.parametrize("view", VIEWS)
def test_every_button_is_short_and_is_carried_by_telegram(view: View) -> None:
    for row in view.keyboard.inline_keyboard if view.keyboard else []:
        for button in row:
            assert not button.text[0].isalnum()
            assert len(button.text) <= 48 or HOSTILE in button.text
            assert button.url or 1 <= len((button.callback_data or "").encode()) <= 64


def test_the_tick_is_off_until_somebody_sets_it() -> None:
    t = translator("ru")
    plain, ticked = (methods_view(t, plan(), RENEWED, BRAND, ticked=ticked) for ticked in (False, True))

    (tick,) = [button for button in buttons(plain) if isinstance(button.opens, TickAutopay)]
    assert tick.text == "☐ Подключить автопродление"
    assert [type(button.opens) for button in buttons(plain)].count(ChooseMethod) == 4
    assert not [button for button in buttons(ticked) if isinstance(button.opens, ChooseMethod)]
    chosen = [button.opens.method for button in buttons(ticked) if isinstance(button.opens, ChooseRenewed)]
    assert chosen == ["bank_card", "yoo_money", "stars"]


def test_what_is_agreed_to_stands_above_the_methods_that_agree_to_it() -> None:
    plain, text = (
        methods_view(translator("ru"), plan(), RENEWED, BRAND, ticked=ticked).text.replace("\u00a0", " ")
        for ticked in (False, True)
    )

    for said in (
        "299 ₽ каждые 30 дней с банковской карты или кошелька ЮMoney",
        "за 3 дня и за сутки",
        "/autopay_off",
        "вы разрешаете сохранить этот способ оплаты и списывать указанную сумму",
        "Условия: /terms",
    ):
        assert said in text
    assert "вы разрешаете" not in plain


def test_where_nothing_can_be_renewed_nothing_is_said_of_it() -> None:
    view = methods_view(translator("ru"), plan(), METHODS, BRAND, ticked=True)

    assert "втопродлен" not in view.text
    assert not [button for button in buttons(view) if isinstance(button.opens, TickAutopay | ChooseRenewed)]


def test_a_notice_says_when_how_much_from_what_and_carries_the_way_out() -> None:
    view = screens.notice_view(translator("ru"), NOTICE, renewal(), NOW)

    text = view.text.replace("\u00a0", " ")
    assert "25 декабря, 08:00 МСК спишем 299 ₽ с банковской карты *4477 за продление на 30 дней" in text
    assert next(button.opens for button in buttons(view)) == AutopayOff(mandate_id=ID)


def test_off_says_what_the_law_wants_to_hear() -> None:
    text = screens.off_view(translator("ru"), switched_off(), NOW).text

    assert "Автопродление отключено, сохранённый способ оплаты удалён" in text
    assert "Доступ действует до 25\u00a0декабря, 20:00\u00a0МСК. Списаний больше не будет." in text


def test_a_charge_that_stands_is_offered_back() -> None:
    late = Payment(amount_minor=29900, currency="RUB")
    view = screens.off_view(translator("ru"), switched_off(stands=late), NOW)

    assert Open(screen=Screen.REFUND) in [button.opens for button in buttons(view)]


def test_without_an_address_the_way_to_set_one_is_there_and_renewal_need_not_be_chosen_anew() -> None:
    t = translator("ru")
    view = screens.stopped_view(t, AutopayStopped(ID, Reason.EMAIL), renewal(state="suspended"))

    assert Open(screen=Screen.EMAIL) in [button.opens for button in buttons(view)]
    assert t("autopay-why-email") in view.text
    assert t("autopay-pay-again") not in view.text


def test_an_address_that_was_refused_is_to_be_changed_and_the_renewal_chosen_anew() -> None:
    t = translator("ru")
    view = screens.stopped_view(t, AutopayStopped(ID, EMAIL_REFUSED), renewal(state="suspended"))

    assert Open(screen=Screen.EMAIL) in [button.opens for button in buttons(view)]
    assert t("failure-email_refused") in view.text
    assert t("autopay-pay-again") in view.text


def test_only_a_higher_price_that_we_charge_can_be_agreed_to() -> None:
    t = translator("ru")
    offered = {}
    for by, reason in (("shop", Reason.PRICE), ("provider", Reason.PRICE), ("shop", Reason.EXHAUSTED)):
        view = screens.stopped_view(t, AutopayStopped(ID, reason, "349 ₽", 34900), renewal(by=by, state="suspended"))
        offered[by, reason] = [button.opens for button in buttons(view) if isinstance(button.opens, AgreeToPrice)]

    assert offered.pop(("shop", Reason.PRICE)) == [AgreeToPrice(mandate_id=ID, minor=34900)]
    assert not any(offered.values())


def test_a_notice_that_is_said_late_names_the_later_charge() -> None:
    t, late = translator("ru"), UNTIL - timedelta(hours=5)

    in_time = screens.notice_view(t, NOTICE, renewal(), UNTIL - timedelta(hours=24)).text
    too_late = screens.notice_view(t, NOTICE, renewal(), late).text

    assert t.moment(UNTIL - timedelta(hours=12), UNTIL - timedelta(hours=24)) in in_time
    assert t.moment(late + timedelta(hours=11), late) in too_late


def test_who_could_not_be_told_reads_why_and_can_pay_when_he_is_back() -> None:
    t, paused = translator("ru"), renewal(state="suspended", reason=Reason.UNWARNED)

    screen = screens.autopay_view(t, [paused], NOW)
    profile = profile_view(t, holding(node()), NOW, paused)

    assert "сообщение не дошло" in screen.text
    assert ["💳 Продлить сейчас"] in [[button.text for button in row] for row in screen.rows]
    assert "Автопродление приостановлено" in profile.text
    assert "🔁 Автопродление" in [button.text for row in profile.rows for button in row]
