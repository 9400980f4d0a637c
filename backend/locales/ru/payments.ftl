# Оплата: способы, заказ, что из него вышло.

provider-yookassa = ЮKassa

method-bank_card = банковская карта
method-sbp = СБП
method-yoo_money = кошелёк ЮMoney
button-method-bank_card = 💳 Банковская карта
button-method-sbp = ⚡️ СБП
button-method-yoo_money = 👛 Кошелёк ЮMoney
button-method-price = { $method } · { $price }

methods-title = 🧾 <b>{ $plan }</b> — { days-count }, <b>{ $price }</b>
methods-choose = Как удобнее оплатить?
methods-none = Оплата сейчас недоступна. Напишите нам: { $support }
methods-test = 🧪 Тестовый магазин: деньги не списываются.
methods-test-some = 🧪 — тестовые способы: деньги по ним не списываются.

consent-offer = оферту
consent-privacy = политику обработки персональных данных
consent-methods = Нажимая на способ оплаты, вы принимаете { $offer } и { $privacy }.
consent-trial = Нажимая «Попробовать», вы принимаете { $offer } и { $privacy }.
consent-plan = Выбирая тариф, вы принимаете { $offer } и { $privacy }.
consent-trial-plan = Нажимая «Попробовать» или выбирая тариф, вы принимаете { $offer } и { $privacy }.
consent-pay = Нажимая «Оплатить», вы принимаете { $offer } и { $privacy }.
consent-service = Услуга: доступ к сервису на { days-count }, стоимость { $price }.
consent-seller = Исполнитель: { $seller }.
consent-terms = Коротко об условиях: /terms

checkout-title = 🧾 <b>Заказ № { $order }</b>
checkout-plan = { $plan } — { days-count }, <b>{ $price }</b>
checkout-method = Способ оплаты: { $method }
checkout-until = Ссылка на оплату действует до { $moment }.
checkout-preparing = ⏳ Готовлю страницу оплаты. Обычно это занимает несколько секунд — сообщение обновится само.
button-pay = 💳 Оплатить { $price }
button-check = ✅ Я оплатил(а)
button-refresh = 🔄 Обновить
button-other-method = 🔀 Другой способ
button-try-again = 🔄 Попробовать ещё раз

check-waiting = Оплата пока не пришла. Если вы уже заплатили, подождите немного: сообщение обновится само.
check-confirming = Платёж получен, провайдер его подтверждает. Сообщение обновится само.
check-paid = ✅ Оплата получена!
check-review = Платёж получен, мы сверяем его вручную. Деньги не потеряются.
refresh-not-yet = Страница оплаты ещё готовится.

paid-title = ✅ <b>Оплачено: { $price }</b>
paid-for = { $plan } · заказ №{ -nbsp }{ $order }
paid-late = Платёж пришёл с опозданием, но мы его учли.
paid-until = Подписка действует до { $moment }.
paid-key-coming = 🔑 Ключ уже готовится — пришлю его сюда, как только он заработает.
paid-extended = 📅 Добавлено: { days-count }. Подписка действует до { $moment }.
paid-same-key = Ключ и ссылка прежние, в приложении ничего менять не нужно.
paid-closed = 🚫 Доступ приостановлен, поэтому ключ не работает. Дни записаны, а вернуть ли деньги, решит продавец. Напишите ему: { $support }

review-title = 🔎 <b>Платёж получен, мы его сверяем</b>
review-wait = Он отличается от заказа, поэтому его посмотрит человек. Деньги не потеряются, ответ придёт сюда. Если он задержится, напишите: { $support }

seen-title = ⏳ <b>Перевод найден в сети</b>
seen-wait = Ждём подтверждений, обычно это занимает от нескольких минут до часа. Ничего делать не нужно: как только перевод подтвердится, пришлём ключ.

failed-title = ❌ <b>Оплата не прошла</b>
failed-expired-title = ⌛️ <b>Время на оплату вышло</b>
failed-safe = Деньги не списаны. Попробуйте ещё раз или выберите другой способ.

failure-unknown = Платёж отклонён.
failure-3d_secure_failed = Банк не подтвердил платёж: код не введён или введён с ошибкой.
failure-call_issuer = Банк отклонил платёж. Почему — подскажет его служба поддержки.
failure-canceled_by_merchant = Платёж отменён магазином.
failure-card_expired = Срок действия карты истёк.
failure-country_forbidden = Картой этой страны здесь заплатить нельзя.
failure-email_refused = Адрес для чека не приняли. Проверьте его: «Настройки» → «E-mail для чеков».
failure-expired_on_confirmation = Ссылка на оплату больше не действует.
failure-expired_on_capture = Платёж не успели подтвердить, и банк разблокировал эту сумму.
failure-fraud_suspected = Платёж остановила защита от мошенничества.
failure-general_decline = Платёж отклонён, а почему — не сообщили.
failure-identification_required = Для такого платежа нужно пройти идентификацию в кошельке ЮMoney.
failure-insufficient_funds = На счёте не хватает денег.
failure-internal_timeout = Платёжная система не успела обработать платёж.
failure-invalid_card_number = Номер карты введён с ошибкой.
failure-invalid_csc = Код с обратной стороны карты введён с ошибкой.
failure-issuer_unavailable = Банк, выпустивший карту, сейчас не отвечает.
failure-payment_method_limit_exceeded = Превышен лимит платежей для этой карты, кошелька или магазина.
failure-payment_method_restricted = Операции по этой карте или кошельку запрещены.
failure-permission_revoked = Разрешение на списания отозвано.
failure-rejected_by_timeout = Платёж занял слишком много времени.
failure-unsupported_mobile_operator = Этот мобильный оператор не поддерживается.
failure-never_answered = Платёжная система так и не ответила.

ending-soon =
    { $days ->
        [one] ⏳ <b>Подписка закончится меньше чем через сутки</b>
        [few] ⏳ <b>Подписка закончится через { $days } дня</b>
       *[many] ⏳ <b>Подписка закончится через { $days } дней</b>
    }
ending-moment = { $moment }. Продлите её заранее: новые дни добавятся к оставшимся, ключ и ссылка не изменятся.
ending-soon-trial =
    { $days ->
        [one] ⏳ <b>Пробный период закончится меньше чем через сутки</b>
        [few] ⏳ <b>Пробный период закончится через { $days } дня</b>
       *[many] ⏳ <b>Пробный период закончится через { $days } дней</b>
    }
ending-moment-trial = { $moment }. Понравилось? Выберите тариф уже сейчас: оставшиеся дни не пропадут, ключ и ссылка не изменятся.
ended-title = ⌛️ <b>Подписка закончилась</b>
ended-moment = { $moment }. Продлите её — ключ и ссылка останутся прежними, настраивать заново ничего не нужно.
ended-title-trial = ⌛️ <b>Пробный период закончился</b>
ended-moment-trial = { $moment }. Чтобы остаться на связи, выберите тариф — ключ и ссылка останутся прежними.

provider-coingate = CoinGate

method-btc = Bitcoin
method-eth = Ethereum
method-ltc = Litecoin
button-method-btc = 🟠 BTC
button-method-eth = 🔷 ETH
button-method-ltc = ⚪️ LTC
methods-hint-coingate = 🪙 Криптовалютой — { $price }. Курс фиксируется на 20 минут: отправьте точную сумму в указанной сети. Опоздавший платёж учтём в течение суток.

failure-expired = Счёт не оплачен вовремя. Если вы уже отправили монеты, ничего делать не нужно: учтём их, когда придут.
failure-canceled = Оплату отменили на странице счёта.
failure-invalid = Сеть отклонила перевод, или он не прошёл проверку платёжной системы.

provider-stars = Telegram Stars

method-stars = Telegram Stars
button-method-stars = ⭐️ Telegram Stars

precheckout-busy = Не получилось проверить заказ. Звёзды не списаны — попробуйте ещё раз через минуту.
precheckout-foreign = Этот счёт выставлен другому человеку. Откройте бот и оформите свой заказ.
precheckout-gone = Этот счёт больше не действует. Откройте бот и выберите тариф ещё раз.
precheckout-paid = Этот заказ уже оплачен, платить второй раз не нужно.
precheckout-held = Оплата звёздами временно приостановлена. Звёзды не списаны — выберите другой способ или попробуйте позже.
precheckout-blocked = Оплата недоступна. Напишите в поддержку: команда /paysupport.

refunded-title = ↩️ <b>Возвращено: { $amount }</b>
refunded-until = Дни, купленные на эти деньги, сняты. Подписка действует до { $moment }.
refunded-ended = Дни, купленные на эти деньги, сняты, подписка закончилась. Ключ снова заработает, если её продлить.
refunded-foreign = Этот платёж не подошёл ни к одному вашему заказу, поэтому мы его вернули. Чтобы купить подписку, выберите тариф в боте.
