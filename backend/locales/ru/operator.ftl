# Что стоит поправить: подсказки владельцу магазина, id — note-<что>.

note-password-login = Магазин входит в панель по логину и паролю. Надёжнее API-токен: он не истекает и не попадает под блокировку входа. Создайте его в панели (Settings → Security → API tokens) и укажите в X3UI_API_TOKEN.
note-plain-http = Панель доступна по http: пароль и токен идут по сети открытым текстом. Поставьте на неё сертификат.
note-clock-skew = Часы панели и этого сервера расходятся больше чем на 30 секунд, а подписки отключает панель. Включите синхронизацию времени (NTP) там и здесь.
note-panel-just-started = Панель только что запустилась и ещё не знает своего состояния. Проверьте снова через минуту.
note-panel-outdated = В этой версии панели есть ошибки в работе с клиентами. Обновите 3X-UI до 3.3.1 или новее.
note-core-not-running = Xray на сервере не запущен: подключиться не может никто. Запустите его в панели и посмотрите его журнал.
note-inbound-unreadable = Один из входов (inbound) панели прочитать не удалось, он пропущен. Его номер — в журнале магазина, событие panel.note.
note-inbound-on-node = Один из входов (inbound) находится на узле. Добавьте панель этого узла как отдельный сервер.
note-inbound-network-raw = У входа (inbound) указан транспорт «raw», и панель отключает у его клиентов Vision. Замените на «tcp».
note-inbound-without-vision = Один из входов (inbound) не поддерживает Vision. Нужен VLESS + TCP + REALITY.
note-inbound-incomplete = У входа (inbound) нет открытого ключа REALITY или списка serverNames: ключи на нём работать не будут.
note-inbound-address-missing = Панель не говорит, по какому адресу подключаться, поэтому в ключах будет адрес самой панели. Если люди подключаются по другому, задайте его: vpn-service server set-address или shareAddr у входа (inbound).
note-min-client-version-missing = У входа (inbound) пустой minClientVer: с Xray 26.7 и новее многие приложения не смогут подключиться. Укажите 1.8.0 — подействует сразу, открытые соединения не оборвутся.
note-no-inbound-to-sell = На панели нет включённого местного входа (inbound) VLESS + TCP + REALITY: ключи создавать негде.

note-vat-code-missing = В магазине ЮKassa включены чеки, а ставка НДС не указана: платежи без чека ЮKassa отклоняет. Задайте YOOKASSA_VAT_CODE (1 — без НДС).

note-no-roubles = CoinGate не принимает цены в рублях: его способы оплаты видны только у тарифов с ценой в евро. Добавьте её.
note-no-shoppers-from-russia = По данным CoinGate, покупатели из России заплатить через него не могут. Предложите им другой способ.
note-checkout-off = CoinGate не разрешает выбирать монету кнопкой, поэтому её выбирают на странице счёта. Включить это может только поддержка CoinGate; если оно не нужно, задайте COINGATE_MODE=hosted.

## Сообщения владельцу магазина в Telegram

operator-payment-in-review =
    ⚠️ <b>Платёж ждёт вашего решения</b>
    { $provider }: пришло не то, что мы просили, поэтому дни не начислены.
    Причина: { $reason }

    Проверьте платёж в кабинете и решите:
    <code>vpn-service review { $payment } accept</code> — засчитать
    <code>vpn-service review { $payment } cancel</code> — отклонить

operator-charge-unanswered =
    ⚠️ <b>Списание осталось без ответа</b>
    { $provider } больше 23 часов не говорит, прошло ли автосписание { $amount }. Повторять его нельзя: деньги могли уже уйти.

    Найдите платёж в кабинете: в его данных pid <code>{ $payment }</code>. Затем решите:
    <code>vpn-service review { $payment } accept</code> — деньги пришли. Магазин сам спросит провайдера и начислит дни, только если тот покажет оплату
    <code>vpn-service review { $payment } cancel</code> — списания не было

operator-key-used =
    ⚠️ <b>{ $provider }: такой платёж уже был, но с другими данными</b>
    Платёж <code>{ $payment }</code> больше не отправляем. { $found ->
        [yes] Он нашёлся в списке провайдера и продолжается.
       *[no] В списке провайдера его нет, поэтому он закрыт.
    }

    Так бывает, если базу восстановили из копии или с теми же ключами работает второй магазин. Убедитесь, что магазин один. Если он и так один — это ошибка программы, сообщите о ней.

operator-provider-misconfigured =
    🔴 <b>{ $provider } не принимает наши ключи</b>
    Ответ: { $reason }
    Кнопки этого способа скрыты, начатые платежи ждут.

    Сверьте ключи в .env с кабинетом, перезапустите магазин и проверьте: <code>vpn-service doctor</code>. Дальше всё продолжится само, об этом придёт сообщение.

operator-provider-trouble =
    🔴 <b>{ $provider } не отвечает</b>
    Так с { $since }. Причина: { $reason }
    Кнопки этого способа скрываются, начатые платежи ждут и дойдут сами.

    Загляните на страницу состояния провайдера. Если у него всё в порядке, проверьте сеть сервера: <code>vpn-service doctor</code>

operator-provider-works =
    🟢 <b>{ $provider } снова работает</b>
    Простой с { $since } занял { $lasted }. Ничего делать не нужно: отложенное продолжается само.

operator-panel-trouble =
    🔴 <b>Сервер { $server }: панель не принимает изменения</b>
    Так с { $since }. Причина: { $reason }
    Ключей в очереди: { $keys }. Дни начислены, ключи людям придут сами, когда панель ответит.

    Проверьте, что сервер и панель запущены, потом <code>vpn-service doctor</code>

operator-panel-works =
    🟢 <b>Сервер { $server }: панель снова работает</b>
    Не работала { $lasted }, с { $since }. Ничего делать не нужно: ключи создаются сами.

operator-payments-refused =
    🔴 <b>{ $provider } отказывается открывать платежи</b>
    Ответ: { $answer }
    Покупатель прочитал, что заплатить так не получилось. Об одном и том же отказе пишем раз в сутки.

    Проверьте в кабинете, подключён ли этот способ оплаты и не ограничен ли магазин, и попробуйте сами: <code>vpn-service provider test { $id }</code>
    Чтобы пока убрать кнопки: <code>vpn-service provider off { $id }</code>

operator-sweeps-fail =
    🔴 <b>{ $provider }: сверка не доходит до конца</b>
    Последняя полная: { $since }. Продажи идут, но платёж, о котором не пришло уведомление, или возврат из кабинета может остаться незамеченным.

    Причина — в журнале, в событиях sweep.broken_off и sweep.object_failed. Устраните её или сообщите об ошибке программы. Потом магазин сам наверстает всё пропущенное время.

operator-renewal-not-stopped =
    ⚠️ <b>Telegram не отменяет подписку за звёзды</b>
    Ответ: { $answer }
    Её первый платёж: <code>{ $payment }</code>
    Покупатель уже прочитал, что списаний больше не будет. { $again ->
        [yes] Пробуем отменить дальше.
       *[no] Telegram не знает такой подписки, поэтому больше не пробуем.
    }

    Попросите покупателя отменить её в настройках Telegram. Если звёзды всё же спишутся, верните их: <code>vpn-service refund</code> с номером этого платежа.

operator-never = ещё не было

operator-no-callbacks =
    ⚠️ <b>{ $provider } больше часа не присылает уведомления</b>
    Последнее: { $last }. Оплат, найденных опросом: { $payments }. Ничего не потеряно, но ключи люди ждут дольше.

    Сверьте адрес уведомлений в кабинете с тем, что показывает <code>vpn-service doctor</code>, и проверьте, что PUBLIC_URL открывается из интернета.

operator-callbacks-refused =
    ⚠️ <b>Отклонено уведомление от { $provider }</b>
    Оно пришло с адреса <code>{ $address }</code>, а это не адрес провайдера. Оплаты пока находим опросом, это медленнее.

    Если это ваш прокси, добавьте его в TRUSTED_PROXIES. Если у провайдера новые адреса, впишите их в настройки (у ЮKassa — YOOKASSA_WEBHOOK_NETS). Если адрес чужой, делать ничего не нужно.

operator-unproven-callbacks =
    ⚠️ <b>Уведомления без нашей подписи: { $count }</b>
    Они пришли на адрес для { $provider } и ничего не изменили.

    Если тем же кабинетом пользуется другая программа, так и должно быть. Если нет, адрес уведомлений знает посторонний: смените SECRET_KEY и впишите в кабинет новый адрес из <code>vpn-service doctor</code>

operator-sold =
    💰 <b>{ $amount }</b> · { $plan }
    { $method } · { $buyer }

operator-totals-differ =
    ⚠️ <b>Суммы не сошлись: { $provider }, { $day }</b>
    Оплачено: у провайдера { $there }, у нас { $here }
    Возвращено: у провайдера { $refunded_there }, у нас { $refunded_here }

    Сравните платежи этого дня в кабинете с историей в магазине. Сверить ещё раз: <code>vpn-service report --day { $date }</code>

lasted-minutes = { $minutes } мин
lasted-hours =
    { $minutes ->
        [0] { $hours } ч
       *[other] { $hours } ч { $minutes } мин
    }
lasted-days = { $days } сут { $hours } ч

report-title = 📊 <b>Отчёт за { $day }</b>
report-sales = 💰 <b>Продажи</b>
report-no-sales = Продаж не было.
report-refunds = ↩️ <b>Возвраты</b>
report-sale =
    { $count ->
        [one] { $provider }: { $amount }, { $count } платёж
        [few] { $provider }: { $amount }, { $count } платежа
       *[many] { $provider }: { $amount }, { $count } платежей
    }
report-refund =
    { $count ->
        [one] { $provider }: { $amount }, { $count } возврат
        [few] { $provider }: { $amount }, { $count } возврата
       *[many] { $provider }: { $amount }, { $count } возвратов
    }
report-people = Новых людей: { $count }
report-trials = Пробных периодов: { $count }
report-difference =
    ⚠️ Не сошлось: { $provider }
    оплачено у провайдера { $there }, у нас { $here }
    возвращено у провайдера { $refunded_there }, у нас { $refunded_here }
report-unread = ⚠️ Не удалось сверить, список не отвечает: { $providers }
report-agrees = ✅ Книги сходятся с провайдерами.
report-in-review = ⚠️ Платежей ждут вашего решения: { $count }
report-keys-waiting = ⚠️ Ключей ждут панель: { $count }

test-plan = Проверка оплаты
