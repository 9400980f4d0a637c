# Чеки: что в них написано, e-mail покупателя, «Мой налог» и сообщения владельцу магазина.

registrar-mynalog = «Мой налог»

receipt-item =
    { $days ->
        [one] Доступ к сервису, { $days } день, заказ { $order }
        [few] Доступ к сервису, { $days } дня, заказ { $order }
       *[many] Доступ к сервису, { $days } дней, заказ { $order }
    }
receipt-item-unnamed = Доступ к сервису
receipt-ready = 🧾 <b>Чек на { $amount }</b>
button-receipt = 🧾 Открыть чек

email-ask = 📧 <b>E-mail для чека</b>
email-why = На него придёт кассовый чек. Напишите адрес сообщением, например <code>anna@example.com</code>.
email-consent = Отправляя адрес, вы соглашаетесь с тем, что мы передадим его платёжной системе и оператору фискальных данных для отправки чека. Подробнее — в { $privacy }.
email-privacy = политике обработки персональных данных
email-once = Спросим один раз. Изменить или удалить адрес можно в настройках.
email-wrong = Это не похоже на e-mail. Проверьте адрес и отправьте его ещё раз, например <code>anna@example.com</code>.
email-saved = ✅ Чеки будут приходить на <code>{ $email }</code>.
email-now = Сейчас чеки приходят на <code>{ $email }</code>.
email-none = Адрес не указан.
email-removed = Адрес удалён
button-email = 📧 E-mail для чеков
button-email-change = ✏️ Указать адрес
button-email-remove = 🗑 Удалить адрес
button-email-continue = ➡️ Продолжить оплату
error-email-needed = Для этого способа оплаты нужен e-mail: на него придёт кассовый чек. Указать его можно в боте: «Настройки» → «E-mail для чеков».
error-receipt-address-unknown = К частичному возврату нужен чек, а e-mail покупателя неизвестен. Пусть укажет его в боте: «Настройки» → «E-mail для чеков». Вернуть сразу всё можно и без адреса.
error-receipt-not-found = Такого чека нет, или он не ждёт вашего решения.

operator-receipt-refused =
    ⚠️ <b>Чек на { $amount } не принят: { $registrar }</b>
    Причина: { $reason }
    Платёж: <code>{ $payment }</code>

    Продажа состоялась, покупатель получил доступ. Устраните причину и повторите:
    <code>vpn-service receipts retry { $receipt }</code>
    Если внесли или аннулировали чек сами:
    <code>vpn-service receipts done { $receipt }</code>
operator-registrar-refuses =
    ⚠️ <b>{ $registrar } не пускает магазин</b>
    Причина: { $reason }

    Чеки копятся и будут отправлены, когда вход заработает. Проверьте MYNALOG_INN и MYNALOG_PASSWORD: <code>vpn-service doctor</code>
operator-books-differ = ⚠️ <b>{ $registrar }: чеки расходятся с продажами</b>
operator-books-missing = <b>Нет в сервисе:</b>
operator-books-annulled = <b>Аннулированы не магазином:</b>
operator-books-twice = <b>Зарегистрированы дважды:</b>
operator-books-mend = Откройте список чеков в сервисе: лишние аннулируйте, недостающие внесите.
operator-books-unread =
    ⚠️ <b>{ $registrar }: чеки не сверены с продажами</b>
    Сверка откладывается с { $since }: сервис не отдаёт список чеков. Причина: { $reason }
    Продажи идут, но пропавший или лишний чек останется незамеченным. Магазин пробует каждый час и потом наверстает всё пропущенное время.

    Проверьте, входите ли вы в сервис сами, потом <code>vpn-service doctor</code>. За границей он может не отвечать: MYNALOG_PROXY.
operator-fiscal-failed =
    ⚠️ <b>{ $provider }: чек { $of ->
        [refund] возврата
       *[sale] продажи
    } не зарегистрирован</b>
    Платёж: <code>{ $payment }</code>

    { $of ->
        [refund] Деньги возвращены, дни сняты.
       *[sale] Деньги получены, доступ выдан.
    } Откройте платёж в кабинете, посмотрите причину и создайте чек заново; проверьте кассу и ставку НДС.
operator-fiscal-late =
    ⚠️ <b>{ $provider }: чек { $of ->
        [refund] возврата
       *[sale] продажи
    } не зарегистрирован больше суток</b>
    Платёж: <code>{ $payment }</code>

    Проверьте в кабинете, работает ли касса.
operator-fiscal-refused =
    🛑 <b>{ $provider } отклоняет платежи из-за чека</b>
    Ответ: { $reason }

    Проверьте чеки в кабинете и настройки YOOKASSA_VAT_CODE и YOOKASSA_TAX_SYSTEM_CODE. Пока они не совпадут, заплатить этим способом нельзя.

cli-receipts-title = Чеки, которые ещё не приняты
cli-receipts-none = Все чеки приняты.
cli-receipts-sold = Продажа
cli-receipts-amount = Сумма
cli-receipts-state = Состояние
cli-receipts-error = Последний ответ
cli-receipts-again = Отправим снова.
cli-receipts-done = Отмечено.
doctor-registrar-ok = ИНН { $account }
doctor-registrar-away = Чеки подождут. Если так надолго, проверьте сеть: за границей сервис может не отвечать (MYNALOG_PROXY).
doctor-registrar-refused = Проверьте MYNALOG_INN и MYNALOG_PASSWORD: это пароль от личного кабинета на nalog.ru.
