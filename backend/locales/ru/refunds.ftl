# Возврат денег: просьба покупателя, решение оператора, команды.

button-refund = ↩️ Вернуть деньги
refund-list-title = ↩️ <b>Вернуть деньги</b>
refund-list-hint = За какой платёж? На кнопке — сколько вернётся. Мы возвращаем деньги за целые дни, которые ещё впереди, а если ключ так и не заработал — всю сумму.
refund-list-none = Сейчас возвращать нечего: оплаченных дней впереди нет или возврат уже оформлен.
refund-list-contact = Если это не так, напишите: { $support }
button-refund-payment = 🧾 № { $order } · { $amount }

refund-confirm-title = ↩️ <b>Вернуть { $amount }?</b>
refund-confirm-order = Заказ № { $order } от { $day }, оплачено { $paid }.
refund-confirm-days = Подписка станет короче на { days-count }.
refund-confirm-whole = Такую оплату можно вернуть только целиком, поэтому каждую просьбу продавец рассматривает отдельно.
refund-confirm-by-hand = Эти деньги возвращаются вручную: мы напишем вам и спросим, куда их отправить.
refund-confirm-how = Продавец рассмотрит просьбу, ответ придёт сюда. Деньги вернутся туда, откуда были уплачены, в течение 10 дней.
refund-confirm-how-by-hand = Продавец рассмотрит просьбу, ответ придёт сюда.
button-refund-confirm = ↩️ Да, вернуть { $amount }

refund-asked-title = 📨 <b>Просьба принята</b>
refund-asked = Заказ № { $order }, к возврату { $amount }. Пока продавец не ответил, подписка работает как обычно.
refund-asked-less = Дни, которые пройдут до ответа, из суммы вычтутся.
refund-asked-all = К возврату { $amount }. Эти деньги возвращаются вручную: мы напишем вам и спросим, куда их отправить.

refund-granted-title = ✅ <b>Возврат одобрен: { $amount }</b>
refund-granted = Заказ № { $order }. Деньги вернутся туда, откуда были уплачены, — обычно за 1–3 дня, самое большее за 10. Когда они уйдут, я напишу.
refund-granted-by-hand = Заказ № { $order }. Эти деньги возвращаются вручную: мы напишем вам и спросим, куда их отправить. Когда они уйдут, я напишу.
refund-declined-title = ❌ <b>В возврате отказано</b>
refund-declined = Заказ № { $order }, { $amount }. Не согласны? Напишите нам: { $support }

paid-again-title = ✅ <b>Оплачено ещё раз: { $price }</b>
paid-again =
    { $times ->
        [2] Мы получили две оплаты одного заказа и засчитали обе
        [few] Мы получили { $times } оплаты одного заказа и засчитали все
       *[other] Мы получили { $times } оплат одного заказа и засчитали все
    }: подписка продлена на { days-count } и действует до { $moment }.
paid-again-offer = Если это вышло случайно, верните последнюю оплату, ждать решения продавца не нужно. Кнопка действует 14 дней и только пока не начались дни этой оплаты.
button-return-second = ↩️ Вернуть { $price }
second-returning-title = ↩️ <b>Возвращаем { $amount }</b>
second-returning = Деньги придут туда, откуда были уплачены, — обычно за 1–3 дня. Когда они уйдут, подписка станет короче, и я об этом напишу.

refund-description = Возврат по заказу { $order }
failure-declined_by_shop = Платёж пришёл не таким, как мы просили, и засчитать его не получилось. Если деньги списались, мы их вернём.

error-refund-not-found = Такого возврата нет.
error-refund-under-way = Возврат по этому платежу уже оформлен или рассмотрен.
error-nothing-to-give-back = По этому платежу возвращать нечего.
error-refund-too-large = Столько вернуть нельзя: от платежа осталось меньше.
error-only-all-of-it = Этот платёж можно вернуть только целиком.
error-already-decided = По этой просьбе уже решено.
error-offer-ended = Одним нажатием уже не вернуть: прошло 14 дней или начались дни этой оплаты. Попросить о возврате можно командой /paysupport
error-not-in-review = Этот платёж не ждёт решения.
error-stray-payment = Эти деньги пришли не за заказ того, кто заплатил. Засчитать их нельзя, они возвращаются сами.
error-not-paid = Провайдер не показывает этот платёж оплаченным.
error-not-disputed = Этот платёж никто не оспаривает.

## Операторам, в Telegram

operator-refund-asked-title = ↩️ <b>Вернуть { $amount }?</b>
operator-refund-why-asked = Покупатель просит вернуть деньги за дни, которые ещё впереди.
operator-refund-why-blocked = Заплатил заблокированный покупатель. Дни начислены, ключ выключен.
operator-refund-why-twice = Заказ оплачен дважды, покупатель просит вернуть вторую оплату.
operator-refund-order = Заказ № { $order }, оплачено { $paid }. { $provider }, платёж <code>{ $payment }</code>.
operator-refund-buyer = Покупатель: { $buyer }
operator-refund-again = После нажатия сумма посчитается заново.
button-refund-grant = ✅ Вернуть
button-refund-decline = ❌ Отказать
operator-refund-granted = ✅ <b>Возвращаем { $amount }</b>, заказ № { $order }. Если провайдер откажет, я напишу.
operator-refund-by-hand =
    ✋ <b>Верните { $amount } вручную</b>, заказ № { $order }
    { $provider } не возвращает деньги по нашей просьбе. Узнайте у покупателя, куда их отправить, и сделайте возврат в кабинете: платёж <code>{ $payment }</code>. Магазин увидит его сам, заберёт дни и напишет покупателю.
operator-refund-declined = ❌ <b>В возврате отказано</b>: { $amount }, заказ № { $order }. Покупатель об этом узнает.
operator-refund-dropped = ❌ <b>Не возвращаем</b>: { $amount }, заказ № { $order }.

operator-refund-failed-title = ⚠️ <b>Возврат не прошёл: { $amount }</b>
operator-refund-unknown-title = ⚠️ <b>Неизвестно, прошёл ли возврат: { $amount }</b>
operator-refund-of-order = Заказ № { $order }. { $provider }, платёж <code>{ $payment }</code>.
operator-refund-of-none = Деньги были не за заказ. { $provider }, платёж <code>{ $payment }</code>.
operator-refund-reason = Причина: { $reason }
operator-refund-retry =
    Повторить:
    <code>vpn-service refund { $id }</code>
operator-refund-look =
    Ответа так и нет, и сам магазин повторять не станет, чтобы не вернуть дважды. Проверьте платёж в кабинете. Если возврат там есть, он сам появится и здесь. Если нет, повторите:
    <code>vpn-service refund { $id }</code>
refund-reason-insufficient_funds = на счёте магазина не хватает денег — возвраты берутся из выручки. Повторите, когда пройдут новые платежи.
refund-reason-general_decline = платёжная система отказала и не объяснила почему. Попробуйте позже или вернуть в кабинете.
refund-reason-rejected_by_payee = перевод отклонил получатель или его банк. Спросите у покупателя, куда вернуть деньги.
refund-reason-yoo_money_account_closed = кошелёк покупателя закрыт. Спросите у покупателя, куда вернуть деньги.
refund-reason-rejected_by_timeout = платёжная система не уложилась в своё время. Повторите.
refund-reason-unknown = провайдер её не назвал.
refund-reason-other = провайдер ответил «{ $code }».

operator-paid-again =
    ℹ️ <b>Заказ № { $order } оплачен { $times ->
        [2] дважды
        [few] { $times } раза
       *[other] { $times } раз
    }</b>
    Последняя оплата: { $amount }, { $provider }. Засчитаны все. Покупатель может вернуть её сам в течение 14 дней.

## Команды

refund-opened = Возвращаем { $amount } по заказу № { $order }. Когда деньги уйдут, покупатель получит сообщение. Если провайдер откажет, напишем вам в Telegram.
refund-opened-stray = Возвращаем { $amount }. Если провайдер откажет, напишем вам в Telegram.
refund-called-off = Не возвращаем: { $amount }. Если просил покупатель, он получит сообщение.
refund-opened-by-hand = { $provider } не возвращает деньги по нашей просьбе. Верните { $amount } сами, в кабинете: платёж { $payment }. Магазин увидит возврат, заберёт дни и напишет покупателю.
refund-bad-amount = «{ $text }» — не сумма в { $currency }. Пример: --amount { $example }
refund-still-unknown = Пока неизвестно, прошёл ли прошлый возврат по этому платежу. Повторите через четверть часа.
payment-unknown = Платежа «{ $name }» нет. Подойдёт наш id, номер заказа или id платежа у провайдера.
payment-ambiguous = «{ $name }» — это несколько платежей. Назовите один из них по id:
payment-line =
    { $id } · { $order ->
        [none] без заказа
       *[other] заказ № { $order }
    } · { $provider } { $ref } · { $amount } · { $state } · { $day }
payment-in-doubt = «{ $name }» — это номер заказа, но так может называться и платёж у провайдера. Ничего не сделано. С этим номером нашлось:
payment-in-doubt-names = Назовите точнее: order:{ $name } — заказ, coingate:{ $name } — платёж в CoinGate, или наш id из первого столбца.
payment-bad-decision = «{ $text }» — не то. Можно: { $choices }.
review-counted = Провайдер показал этот платёж оплаченным, и он уже засчитан. Покупатель получит сообщение.
review-no-answer = Провайдер сейчас не отвечает, поэтому неизвестно, оплачен ли этот платёж. Повторите позже.
review-accepted = Платёж засчитан, подписка действует до { $moment }. Покупатель получит сообщение.
review-canceled = Платёж отклонён, дни не начислены.
review-canceled-money = Деньги остались у провайдера. Вернуть их: vpn-service refund { $id }
dispute-opened = Спор отмечен. Сохранённые карты и кошельки покупателя удалены, автопродление выключено. Ключ работает, пока спор не решён.
dispute-won = Спор выигран: отметка снята, ключ и дни остаются. Автопродление покупатель может включить заново.
dispute-lost = Спор проигран: дни этого платежа забраны, покупатель отмечен. Он получит сообщение.
