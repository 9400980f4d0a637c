# Проверка книг: что должно быть верно всегда (audit-<правило>), сообщение владельцу и команда vpn-service audit.

audit-one-effect = У прошедшего платежа ровно одно начисление дней, у остальных — ни одного
audit-paid-effect = Дни начислены только за платежи, которые есть в книгах
audit-promised-effect = Начислено столько дней и в ту подписку, как обещал заказ
audit-paid-until = Срок подписки в точности складывается из её начислений
audit-refunded-within = Возвращено не больше, чем заплачено
audit-days-taken = За возврат снято столько дней, сколько положено по доле возвращённых денег
audit-refund-of-taken = Дни сняты только за состоявшиеся возвраты
audit-one-row = Один платёж провайдера — один платёж у нас
audit-one-object = За одну попытку оплаты у провайдера один платёж
audit-one-charge = За один период автопродления списано один раз
audit-as-asked = Заплачено ровно то, что в заказе, и его покупателем
audit-allowed-charge = Автосписания не выходят за рамки согласия покупателя
audit-key-version = Ни один ключ не опережает свою подписку
audit-key-identity = Обновлённый ключ работает с UUID своей подписки
audit-announced-once = О прошедшем платеже покупателю сообщено ровно один раз

operator-audit-failed =
    🔴 <b>Проверка книг нашла ошибку</b>
    Должно быть так: { $rule }.
    На деле: { $details }
operator-audit-more = и ещё { $count }
operator-audit-held =
    { $provider }: новые платежи остановлены, начатые дойдут до конца.

    Что делать с этим правилом, сказано в docs/operations.md, раздел «The books». Когда причина устранена, верните оплату: <code>vpn-service audit --release { $name }</code>
operator-audit-look = Что делать с этим правилом, сказано в docs/operations.md, раздел «The books». Подробности: <code>vpn-service audit</code>

cli-audit-title = Проверка книг
cli-audit-well = Всё сходится.
cli-audit-ill = { $count ->
    [one] Не сходится { $count } запись.
    [few] Не сходятся { $count } записи.
   *[many] Не сходятся { $count } записей.
}
cli-audit-held = { $provider }: новые платежи остановлены. Когда причина устранена: vpn-service audit --release { $provider }
cli-audit-not-released = { $provider }: книги ещё не сходятся, поэтому оплата остаётся выключенной. Включить всё равно: добавьте --force.
cli-audit-not-held = { $provider }: проверка его не останавливала.
cli-audit-released = { $provider }: новые платежи снова принимаются.
cli-audit-forced = То, что не сходится сейчас, больше ничего не остановит, но останется в этом списке, пока не исправлено. Новое расхождение остановит оплату снова.
