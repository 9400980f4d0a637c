"""What the payer reads, in Russian and English."""

LANGUAGES = ("ru", "en")
NBSP = "\N{NO-BREAK SPACE}"

RU = {
    "title": "Оплата {amount} — {shop}",
    "sandbox": "песочница",
    "other_language": "English",
    "safe": "Песочница: деньги не списываются",
    "left": "Ссылка действует ещё {minutes} мин",
    "choose_method": "Как вам удобно заплатить?",
    "other_method": "Выбрать другой способ",
    "bank_card": "Банковская карта",
    "bank_card_note": "Мир, Mastercard",
    "sbp": "СБП",
    "sbp_note": "Через приложение банка",
    "yoo_money": "Кошелёк ЮMoney",
    "yoo_money_note": "С баланса кошелька",
    "card_number": "Номер карты",
    "card_expiry": "ММ / ГГ",
    "card_cvc": "CVC",
    "pay": "Заплатить {amount}",
    "save": "Запомнить способ оплаты",
    "save_note": "Магазин сможет списывать деньги за продление без вашего участия",
    "saved_always": "Способ оплаты сохранится: магазин сможет списывать деньги за продление",
    "close": "Вернуться в магазин, не заплатив",
    "not_a_test_card": "Такой карты здесь нет. Возьмите тестовый номер из списка внизу страницы",
    "sbp_scan": "Наведите камеру телефона на код — откроется приложение банка",
    "sbp_choose": "Выберите банк — откроется его приложение",
    "sbp_pay": "Оплатить в банке",
    "sbp_wait": "Ждём оплату из банка",
    "wallet_balance": "На балансе {balance}",
    "bank_title": "Оплата по СБП",
    "bank_to": "Получатель",
    "bank_for": "Назначение",
    "bank_from": "Счёт списания",
    "bank_account": "Текущий\N{NO-BREAK SPACE}··4081",
    "bank_pay": "Заплатить {amount}",
    "refuse": "Отказаться",
    "code_title": "Подтвердите оплату",
    "code_text": "Банк отправил код на номер {phone}",
    "code_label": "Код из СМС",
    "code_note": "Здесь подойдёт любой код",
    "code_confirm": "Подтвердить",
    "paid": "Оплачено",
    "held": "Деньги зарезервированы",
    "held_note": "Магазин спишет их, когда подтвердит заказ",
    "canceled": "Оплата не прошла",
    "expired": "Срок оплаты истёк",
    "refunded": "Возвращено {amount}",
    "going_back": "Сейчас вы вернётесь в магазин…",
    "back": "Вернуться в магазин",
    "unknown": "Такого платежа нет",
    "unknown_note": "Проверьте ссылку или начните оплату в магазине заново",
    "tests": "Тестовые кнопки",
    "tests_note": "На настоящей странице оплаты их нет",
    "test_card": "Тестовая карта",
    "card_ok": "Оплата пройдёт",
    "card_3ds": "Оплата пройдёт, банк спросит код",
    "decline_reason": "Причина отказа",
    "decline": "Отклонить",
    "expire": "Срок вышел",
}

EN = {
    "title": "Pay {amount} — {shop}",
    "sandbox": "sandbox",
    "other_language": "Русский",
    "safe": "Sandbox: no money is taken",
    "left": "This link works for {minutes} more min",
    "choose_method": "How would you like to pay?",
    "other_method": "Choose another method",
    "bank_card": "Bank card",
    "bank_card_note": "Mir, Mastercard",
    "sbp": "SBP",
    "sbp_note": "With your bank's app",
    "yoo_money": "YooMoney wallet",
    "yoo_money_note": "From the wallet's balance",
    "card_number": "Card number",
    "card_expiry": "MM / YY",
    "card_cvc": "CVC",
    "pay": "Pay {amount}",
    "save": "Remember this payment method",
    "save_note": "The shop will be able to charge renewals without asking you",
    "saved_always": "This payment method will be saved: the shop will be able to charge renewals",
    "close": "Back to the shop without paying",
    "not_a_test_card": "There is no such card here. Take a test number from the list below",
    "sbp_scan": "Point your phone's camera at the code to open your bank's app",
    "sbp_choose": "Choose your bank to open its app",
    "sbp_pay": "Pay in the bank",
    "sbp_wait": "Waiting for your bank",
    "wallet_balance": "Balance {balance}",
    "bank_title": "SBP payment",
    "bank_to": "Payee",
    "bank_for": "Purpose",
    "bank_from": "From",
    "bank_account": "Current\N{NO-BREAK SPACE}··4081",
    "bank_pay": "Pay {amount}",
    "refuse": "Decline",
    "code_title": "Confirm the payment",
    "code_text": "Your bank sent a code to {phone}",
    "code_label": "Code from the message",
    "code_note": "Any code will do here",
    "code_confirm": "Confirm",
    "paid": "Paid",
    "held": "The money is on hold",
    "held_note": "The shop will take it once it confirms the order",
    "canceled": "The payment did not go through",
    "expired": "The time to pay is over",
    "refunded": "Refunded: {amount}",
    "going_back": "Taking you back to the shop…",
    "back": "Back to the shop",
    "unknown": "There is no such payment",
    "unknown_note": "Check the link, or start again in the shop",
    "tests": "Test buttons",
    "tests_note": "The real payment page does not have them",
    "test_card": "Test card",
    "card_ok": "Pays",
    "card_3ds": "Pays, the bank asks for a code",
    "decline_reason": "Reason",
    "decline": "Decline",
    "expire": "Let it expire",
}

# Why a payment was canceled: what a payer is told, and what the test buttons offer.
REASONS = {
    "3d_secure_failed": ("Не получилось подтвердить оплату кодом", "The code check failed"),
    "call_issuer": ("Банк отклонил оплату — позвоните в банк", "Declined: call your bank"),
    "canceled_by_merchant": ("Магазин отменил платёж", "The shop canceled the payment"),
    "card_expired": ("Срок действия карты истёк", "The card has expired"),
    "country_forbidden": ("Картой этой страны заплатить нельзя", "Cards of this country are not taken"),
    "expired_on_capture": ("Магазин не подтвердил заказ вовремя", "The shop did not confirm in time"),
    "expired_on_confirmation": ("Вы не успели заплатить", "The payment was not made in time"),
    "fraud_suspected": ("Платёж показался подозрительным", "The payment looked suspicious"),
    "general_decline": ("Банк отклонил оплату без объяснений", "Declined without a reason"),
    "insufficient_funds": ("На карте или счёте не хватает денег", "Not enough money"),
    "invalid_card_number": ("Номер карты указан неверно", "The card number is wrong"),
    "invalid_csc": ("Код CVC указан неверно", "The CVC is wrong"),
    "issuer_unavailable": ("Банк сейчас не отвечает", "The bank does not answer"),
    "payment_method_limit_exceeded": ("Превышен лимит платежей", "The payment limit is reached"),
    "payment_method_restricted": ("Оплата этим способом запрещена", "This method is blocked"),
    "permission_revoked": ("Автоплатежи отключены", "Autopayments were switched off"),
}
FALLBACK = "general_decline"


def text_of(language: str) -> dict[str, str]:
    return EN if language == "en" else RU


def reason_text(reason: str, language: str) -> str:
    russian, english = REASONS.get(reason, REASONS[FALLBACK])
    return english if language == "en" else russian


def money(kopecks: int) -> str:
    """299 ₽, 2 999 ₽, 299,50 ₽, with no-break spaces."""
    rubles, rest = divmod(kopecks, 100)
    whole = f"{rubles:,}".replace(",", NBSP)
    return f"{whole},{rest:02d}{NBSP}₽" if rest else f"{whole}{NBSP}₽"


def pick_language(asked: str | None, locale: str | None, accepted: str) -> str:
    """By `?lang`, else by what the shop asked for, else by the browser; Russian when nothing says otherwise."""
    if asked in LANGUAGES:
        return asked
    if locale:
        return "en" if locale.startswith("en") else "ru"
    for part in accepted.split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return "ru"
