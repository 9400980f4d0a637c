"""Money back on the screen, in every language and for every way in which money goes back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.kit.i18n import Translate, languages, translator
from backend.notifications.kinds import Paid, PaidAgain, RefundAsked, RefundDecided, RefundFailed, RefundUnread
from backend.orders.asking import BLOCKED, BY_BUYER, TWICE
from backend.orders.returns import Decision, Refundable
from backend.payments.providers.base import GivesBack
from bot.notices import refunds as notices
from bot.screens import refunds as screens
from bot.view import View
from sandbox.telegram.markup import parse_html
from tests.unit.bot.scenes import BRAND, HOSTILE, ID, NOW, SMALL_BRAND, UNTIL, checkout, rub

OFFER = Refundable(
    payment_id=ID,
    order_number=1001,
    paid_at=NOW - timedelta(days=10),
    plan_names={"ru": HOSTILE},
    paid=rub(29900),
    amount=rub(19934),
    days=20,
    by_days=True,
    gives_back=GivesBack.ANY_PART,
)
ASKED = RefundAsked(ID, HOSTILE, "yookassa", 1001, "199,34 ₽", "299 ₽", BY_BUYER, HOSTILE, "anya", 7)
DECISION = Decision(1001, rub(19934), False, BY_BUYER, HOSTILE, "coingate")
FAILED = RefundFailed(ID, HOSTILE, "yookassa", 1001, "299 ₽", "insufficient_funds")


def every_view(t: Translate) -> Iterator[tuple[str, View]]:
    yield "nothing", screens.list_view(t, [], SMALL_BRAND)
    yield "list", screens.list_view(t, [OFFER, OFFER], BRAND)
    for way in GivesBack:
        yield f"confirm {way}", screens.confirm_view(t, replace(OFFER, gives_back=way), NOW)
    yield "asked", screens.asked_view(t, OFFER)
    yield "asked, all", screens.asked_view(t, replace(OFFER, by_days=False))
    for granted in (True, False):
        yield f"decided {granted}", screens.decided_view(t, RefundDecided(ID, 1001, "199 ₽", granted), BRAND)
        for why in (BY_BUYER, BLOCKED):
            yield f"answer {granted} {why}", screens.answer_view(t, replace(DECISION, why=why), granted=granted)
    by_hand = RefundDecided(ID, 1001, "199 ₽", True, by_hand=True)
    yield "decided, by hand", screens.decided_view(t, by_hand, BRAND)
    yield "answer, by hand", screens.answer_view(t, replace(DECISION, by_hand=True), granted=True)
    for times in (2, 3, 5):
        paid = Paid(ID, ID, 30 * times, UNTIL, "299 ₽", key_ready=False, shown_in=None, times=times)
        yield f"paid {times} times", screens.paid_again_view(t, paid, checkout(), NOW)
        yield f"notice {times}", notices.paid_again(PaidAgain(1001, "299 ₽", "yookassa", times), t, NOW)
    yield "second", screens.second_view(t, rub(29900), by_hand=False)
    yield "second, by hand", screens.second_view(t, rub(29900), by_hand=True)
    for why in (BY_BUYER, BLOCKED, TWICE):
        yield f"question {why}", notices.asked(replace(ASKED, why=why, username=None), t, NOW)
    for reason in ("insufficient_funds", HOSTILE, None):
        yield f"failed {reason}", notices.failed(replace(FAILED, reason=reason), t, NOW)
    yield "failed, in their words", notices.failed(replace(FAILED, reason="odd", words=HOSTILE), t, NOW)
    yield "unread", notices.unread(RefundUnread(ID, HOSTILE, "coingate", 1001), t, NOW)
    yield "failed, stray", notices.failed(replace(FAILED, order_number=None), t, NOW)


VIEWS = [
    pytest.param(view, id=f"{language}: {name}")
    for language in languages()
    for name, view in every_view(translator(language))
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_html_that_telegram_takes(view: View) -> None:
    text, _ = parse_html(view.text, strict=True)

    assert text.strip()
    assert "{" not in text
    assert "None" not in text
    assert "\n\n\n" not in text
    buttons = [button for row in (view.keyboard.inline_keyboard if view.keyboard else []) for button in row]
    assert not [button.text for button in buttons if button.text[0].isalnum()]
    assert all(len((button.callback_data or "").encode()) <= 64 for button in buttons)


def test_only_a_sum_for_days_shrinks_until_it_is_granted() -> None:
    t = translator("ru")
    assert "из суммы вычтутся" in screens.asked_view(t, OFFER).text
    assert "из суммы вычтутся" not in screens.asked_view(t, replace(OFFER, by_days=False)).text


def test_why_money_did_not_go_back_is_said_in_words_and_with_what_to_do() -> None:
    t = translator("ru")
    known, other, nobody = (
        notices.failed(replace(FAILED, reason=reason), t, NOW).text for reason in ("insufficient_funds", "odd", None)
    )
    assert "не хватает денег" in known
    assert "провайдер ответил «odd»" in other
    assert (
        "провайдер ответил «No refunds»"
        in notices.failed(replace(FAILED, reason="odd", words="No refunds"), t, NOW).text
    )
    assert "Неизвестно, прошёл ли возврат" in nobody
    assert all(f"vpn-service refund {ID}" in text for text in (known, other, nobody))


def test_an_operator_sees_who_asks() -> None:
    text = parse_html(notices.asked(ASKED, translator("ru"), NOW).text, strict=True)[0]
    assert f"Покупатель: {HOSTILE}, @anya, id 7" in text
