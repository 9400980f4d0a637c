# Покупка: что видит плательщик у провайдера и на странице возврата.

payment-description =
    { $days ->
        [one] Подписка, { $days } день, заказ { $order }
        [few] Подписка, { $days } дня, заказ { $order }
       *[many] Подписка, { $days } дней, заказ { $order }
    }

invoice-title =
    { $days ->
        [one] Подписка на { $days } день
        [few] Подписка на { $days } дня
       *[many] Подписка на { $days } дней
    }

return-title = Оплата заказа № { $order }
return-order = Заказ № { $order }
return-waiting = Ждём оплату
return-waiting-hint = Как только деньги дойдут, страница обновится сама. Обычно это занимает несколько секунд.
return-confirming = Платёж получен
return-confirming-hint = Провайдер подтверждает перевод. Ничего делать не нужно — мы напишем в Telegram.
return-paid = Оплачено
return-paid-hint = Подписка действует до { $until }.
return-checking = Платёж получен, проверяем
return-checking-hint = Данные платежа нужно сверить вручную. Деньги не потеряются — ответим в Telegram.
return-failed = Оплата не прошла
return-failed-hint = Деньги не списаны. Вернитесь в бот и попробуйте ещё раз или выберите другой способ.
return-pay = Вернуться к оплате
return-bot = Открыть бот
return-connect = Подключить VPN
