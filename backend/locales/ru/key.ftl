# Ключ и подписка: сообщение с ключом, «Моя подписка», перевыпуск, история.

key-ready = 🔑 <b>Ваш ключ готов</b>
key-until = Доступ открыт до { $moment }.
key-link = <b>Ссылка подписки</b> — нажмите, чтобы скопировать, или отсканируйте QR-код в приложении:
key-link-only-page = Ключи отдельных серверов — на странице «Подключиться».
key-no-link = Ссылка подписки пока недоступна — подключитесь по ключу.
key-raw = <b>Ключ</b> для ручной настройки:
key-raw-named = <b>Ключ «{ $server }»</b>:
key-private = Не передавайте ссылку и ключ другим: с ними можно пользоваться вашей подпиской.
key-coming = 🔑 Ключ уже готовится — пришлю его сюда, как только он заработает.
key-disabled = 🚫 Доступ приостановлен. Напишите нам: { $support }
key-limited = 📊 Трафик по тарифу израсходован. Продлите подписку — ссылка останется прежней.
key-ended = ⌛️ Подписка закончилась — сначала продлите её.
button-key-qr = 📷 QR-код ключа
key-qr = 📷 <b>QR-код ключа</b>
key-qr-server = { $server }
key-qr-hint = Отсканируйте его в приложении на другом устройстве. Такой ключ сам не обновляется — лучше добавить ссылку подписки.
key-qr-choose = 📷 <b>QR-код ключа</b>
    Какой сервер показать?
button-key-server = 🌍 { $server }
key-qr-too-long = Ключ слишком длинный для QR-кода — скопируйте его текстом.

profile-title = 🎫 <b>Моя подписка</b>
profile-active = ✅ Активна до { $moment } — { days-left }
profile-ending = ⏳ Закончится { $moment } — { days-left }
profile-ended = ⌛️ Закончилась { $moment }
profile-traffic = 📊 Трафик: { $traffic }
profile-servers =
    { $count ->
        [one] 🌍 Сервер: { $servers }
        [few] 🌍 Серверы: { $servers }
       *[many] 🌍 Серверы: { $servers }
    }
profile-link = 🔗 Ссылка подписки:
profile-several =
    🎫 <b>Мои подписки</b>
    Какую показать?
button-subscription-active = ✅ № { $number } · до { $day }
button-subscription-ended = ⌛️ № { $number } · закончилась { $day }
button-subscription-empty = ▫️ № { $number } · не оплачена
button-key = 🔑 Ключ и QR-код
button-reissue = ♻️ Перевыпустить ссылку
button-history = 🧾 История платежей

reissue-first =
    ♻️ <b>Перевыпустить ссылку?</b>

    Это нужно, если она попала в чужие руки. Старые ссылка и ключ сразу перестанут работать на всех ваших устройствах, новые я пришлю сюда.
reissue-second =
    ⚠️ <b>Точно перевыпустить?</b>

    Новую ссылку придётся добавить в приложение на каждом устройстве.
reissue-done =
    ♻️ <b>Ссылка перевыпущена</b>

    Старая больше не работает. 🔑 Новый ключ уже готовится — пришлю его следующим сообщением.
reissue-changed = Ссылка уже перевыпущена.
button-reissue-continue = ♻️ Да, перевыпустить
button-reissue-confirm = ⚠️ Перевыпустить сейчас
button-keep = ◀️ Нет, оставить

history-title = 🧾 <b>История платежей</b>
history-empty = Платежей пока не было.
history-line = { $day } · № { $order } · { $plan } · <b>{ $price }</b> · { $method }
history-receipt = { $line } · <a href="{ $url }">чек</a>
history-refunded = { $line } · возвращено { $refunded }
history-review = { $line } · сверяем вручную
