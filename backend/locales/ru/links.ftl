# Ссылка подписки: страница подключения и строки, которые показывает приложение VPN.

link-title = { $title } — подключение
link-language = Язык

link-status-active = Подписка активна
link-status-ending = Подписка скоро закончится
link-status-expired = Подписка закончилась
link-status-limited = Трафик израсходован
link-status-disabled = Доступ приостановлен
link-status-none = Готовим ключ

link-days-left =
    { $days ->
        [one] Остался { $days } день
        [few] Осталось { $days } дня
       *[many] Осталось { $days } дней
    }
link-hours-left =
    { $hours ->
        [one] Остался { $hours } час
        [few] Осталось { $hours } часа
       *[many] Осталось { $hours } часов
    }
link-minutes-left = Осталось меньше часа
link-no-end = Без ограничения по времени
link-until = до { $moment }
link-paid-until = Доступ открыт до { $moment }

link-headline-expired = VPN отключён
link-headline-limited = VPN отключён
link-headline-disabled = VPN отключён
link-headline-none = Почти готово
link-explain-expired = Доступ закончился { $moment }. Продлите подписку — ссылка и настройки в приложении останутся прежними, заново ничего добавлять не нужно.
link-explain-limited = Продлите подписку в боте — ссылка и настройки в приложении останутся прежними.
link-explain-disabled = Напишите в поддержку — разберёмся, что случилось.
link-explain-none = Обычно это занимает меньше минуты. Страница обновится сама.

link-traffic = Трафик
link-traffic-limited = { $used } из { $total }
link-traffic-unlimited = { $used }, без ограничений
link-size-mb = { $number } МБ
link-size-gb = { $number } ГБ
link-size-tb = { $number } ТБ

link-renew = Продлить подписку
link-back = Вернуться в бот
link-support = Поддержка

link-guide = Как подключиться
link-system-choice = Ваше устройство
link-system-ios = iPhone
link-system-android = Android
link-system-windows = Windows
link-system-macos = macOS
link-system-linux = Linux
link-recommended = Рекомендуем
link-step-install = Установите { $app }
link-step-add = Добавьте подписку
link-step-add-manually = Скопируйте ссылку и добавьте её в { $app } из буфера обмена
link-step-connect = Включите VPN
link-step-connect-hint = Выберите сервер и нажмите кнопку включения. В первый раз система попросит разрешение на VPN — согласитесь.
link-add = Добавить в { $app }
link-other-apps = Другие приложения
link-store-app-store = App Store
link-store-app-store-ru = App Store (Россия)
link-store-google-play = Google Play
link-store-microsoft-store = Microsoft Store
link-store-github = Скачать с GitHub

link-link = Ваша ссылка
link-link-hint = Приложение получает по ней серверы и само обновляет их список.
link-private = Ссылка личная: кто её получит, сможет пользоваться вашей подпиской.
link-copy = Скопировать ссылку
link-copy-key = Скопировать ключ
link-copied = Скопировано
link-qr = QR-код ссылки
link-qr-hint = Чтобы подключить другое устройство, отсканируйте код в приложении на нём.
link-keys = Ключи для ручной настройки
link-keys-hint = Если приложение не понимает ссылку-подписку, добавьте ключ отдельного сервера. Такие ключи сами не обновляются.
link-key-qr = QR-код ключа
link-key-too-long = Ключ слишком длинный для QR-кода — скопируйте его.

link-open-title = Открываем { $app }
link-open-hint = Сейчас появится вопрос, открыть ли { $app }, — согласитесь, и подписка добавится сама.
link-open = Открыть { $app }
link-open-missing = Ничего не произошло?
link-open-install = Если { $app } ещё не установлен, установите его и вернитесь на эту страницу:
link-open-telegram = Если страница открылась внутри Telegram, выберите в его меню «Открыть в браузере» — оттуда переход сработает.
link-open-manually = Или скопируйте ссылку и добавьте её в приложении из буфера обмена:
link-open-manual-title = Добавьте подписку в { $app }
link-open-page = Все способы подключения

link-gone-title = Ссылка не работает
link-gone-why = Её перевыпустили или скопировали не полностью.
link-gone-what = Откройте бот, в котором вы её получили: новая ссылка — в разделе «Моя подписка».

link-preview-title = Подключение к VPN
link-preview-text = Откройте ссылку в браузере или добавьте её в приложение VPN.

link-notice-expired = Подписка закончилась { $day } — продлите её в боте
link-notice-limited = Трафик израсходован — продлите подписку в боте
link-notice-disabled = Доступ приостановлен — напишите в поддержку
link-notice-none = Ключ готовится — обновите подписку через минуту
link-announce-ending = Подписка закончится { $day }. Продлить: { $url }
link-announce-expired = Подписка закончилась { $day }. Продлить: { $url }
link-announce-limited = Трафик израсходован. Продлить: { $url }
link-announce-disabled = Доступ приостановлен. Напишите нам: { $url }

error-unknown-format = У ссылки нет такого формата. Доступны: { $known }.
error-unknown-app = Такого приложения нет в нашем списке.
