# Автопродление: согласие, напоминания, списания, отказ.

autopay-description =
    { $days ->
        [one] Автопродление, { $days } день, заказ { $order }
        [few] Автопродление, { $days } дня, заказ { $order }
       *[many] Автопродление, { $days } дней, заказ { $order }
    }

method-from-bank_card = банковской карты
method-from-yoo_money = кошелька ЮMoney
autopay-or = { $one } или { $other }

autopay-offer = 🔁 <b>Автопродление:</b> будем списывать { $price } каждые { days-count } с { $from }. Напомним за 3 дня и за сутки. Отключить можно в любой момент: «Моя подписка» → «Автопродление» или /autopay_off. Условия: /terms
autopay-chosen = С чего списывать? Выбирая, вы разрешаете сохранить этот способ оплаты и списывать указанную сумму.
autopay-hint-stars = 🔁 Звёзды можно платить и подпиской: тогда Telegram сам спишет { $price } каждые { days-count }. Отменить её можно в настройках Telegram или здесь: «Моя подписка» → «Автопродление», либо командой /autopay_off.
button-autopay-tick = ☐ Подключить автопродление
button-autopay-untick = ☑️ Подключить автопродление
button-method-renewed = 🔁 { $method } · { $price } каждые { days-count }
checkout-renews = 🔁 После оплаты включится автопродление: { $price } каждые { days-count }.
checkout-renews-not = 🔁 Автопродление сейчас недоступно, поэтому этот платёж — разовый.

button-autopay = 🔁 Автопродление
profile-autopay = 🔁 Автопродление: { $price }, { $day }
command-autopay_off = Отключить автопродление

autopay-title = 🔁 <b>Автопродление</b>
autopay-none = Автопродление выключено, ничего не списывается. Подключить его можно при следующей оплате — отметьте «Подключить автопродление».
autopay-active = ✅ Включено: { $plan } — <b>{ $price }</b> каждые { days-count }.
autopay-next = Следующее списание — { $moment }, с { $from } { $title }.
autopay-next-provider = Следующее списание — { $moment }: звёзды спишет сам Telegram.
autopay-paused = ⏸ Приостановлено: { $plan } — { $price } каждые { days-count }. Ничего не списываем.
button-autopay-off = 🚫 Отключить автопродление
button-autopay-agree = ✅ Продлевать за { $price }
button-autopay-pay = 💳 Продлить сейчас

autopay-off = 🚫 <b>Автопродление отключено, сохранённый способ оплаты удалён.</b>
autopay-off-provider = 🚫 <b>Автопродление отключено: Telegram больше не будет списывать звёзды.</b>
autopay-off-until = Доступ действует до { $moment }. Списаний больше не будет.
autopay-off-ended = Списаний больше не будет.
autopay-off-already = Автопродление и так выключено, ничего не списывается.
autopay-off-late = Последнее списание, { $amount }, началось раньше, чем вы отключили автопродление, поэтому остаётся в силе: дни за него добавятся. Если они не нужны, деньги можно вернуть.
button-autopay-refund = ↩️ Вернуть деньги

autopay-on = 🔁 <b>Автопродление включено</b>
autopay-on-shop = { $price } каждые { days-count } с { $from } { $title }. Первое списание — { $moment }; напомним о нём за 3 дня и за сутки.
autopay-on-provider = { $price } каждые { days-count }. Первое списание — { $moment }: звёзды спишет сам Telegram.

autopay-notice = 🔁 <b>Скоро продлим подписку</b>
autopay-notice-charge = { $moment } спишем { $amount } с { $from } { $title } за продление на { days-count }.
autopay-notice-manual = Если до этого продлите подписку сами, списания не будет.

autopay-failed = ⚠️ <b>Продлить подписку пока не получилось</b>
autopay-failed-again = Попробуем ещё раз: { $moment }. Можно не ждать и продлить самостоятельно — тогда второй раз деньги не спишутся.

autopay-stopped = ⏸ <b>Автопродление приостановлено</b>
autopay-ended = 🚫 <b>Автопродление отключено</b>
autopay-why-price = Тариф теперь стоит { $price } — больше, чем вы разрешили списывать. Без вашего согласия мы ничего не спишем.
autopay-why-price-provider = Цена тарифа изменилась: теперь { $price }. Подписку за звёзды по старой цене мы отменили, Telegram больше ничего не спишет.
autopay-why-plan_gone = Этот тариф больше не продаётся. Выберите другой — ключ и ссылка останутся прежними.
autopay-why-exhausted = Ни одна попытка списания не прошла.
autopay-why-lapsed = Продлить подписку вовремя мы не успели, а задним числом деньги не списываем.
autopay-why-email = Для чека за продление нужен e-mail, а адреса у нас больше нет. Укажите его: «Настройки» → «E-mail для чеков». Автопродление включится само.
autopay-why-refunded = Деньги за подписку возвращены, поэтому продлевать её мы больше не будем.
autopay-why-method_gone = Сохранённого способа оплаты больше нет.
autopay-why-canceled = Вы отменили подписку за звёзды в настройках Telegram. Там же её можно вернуть, пока не кончился оплаченный срок.
autopay-why-failed = Telegram не смог списать звёзды: скорее всего, их не хватило.
autopay-pay-again = Чтобы доступ не прервался, продлите подписку сами. Автопродление можно будет подключить заново при оплате.
autopay-agreed = ✅ <b>Договорились</b>
autopay-price-changed = Цена за это время изменилась, посмотрите ещё раз.

error-mandate-not-found = Такого автопродления нет. Откройте «Моя подписка» → «Автопродление».
