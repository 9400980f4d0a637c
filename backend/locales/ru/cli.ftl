# Командная строка: doctor, server.

doctor-title = Проверка магазина
doctor-well = Всё в порядке: можно продавать.
doctor-ill = Есть что исправить: { $count }.

doctor-database = База данных
doctor-database-away = Проверьте DATABASE_URL и что PostgreSQL запущен и принимает соединения с этой машины.
doctor-database-old = Нужен PostgreSQL 15 или новее.
doctor-database-behind = Таблицы отстают от программы: выполните vpn-service migrate.
doctor-database-ok = { $version }, схема { $revision }

doctor-clock = Часы
doctor-clock-skew = Расхождение { $seconds } с.
doctor-clock-mend = Включите синхронизацию времени (NTP) здесь и на сервере базы данных.
doctor-clock-moved = Часы сдвинуты через CLOCK_FILE.
doctor-clock-moved-mend = Для настоящего магазина уберите CLOCK_FILE.
doctor-clock-ok = Расхождение { $seconds } с.

doctor-telegram-token = Telegram не принимает TELEGRAM_BOT_TOKEN.
doctor-telegram-token-mend = Возьмите токен у @BotFather: /mybots → бот → API Token.
doctor-telegram-away = Telegram не отвечает. Если он закрыт для этого сервера, укажите TELEGRAM_PROXY.
doctor-telegram-other = Токен принадлежит боту { $name }, а в TELEGRAM_BOT_USERNAME стоит { $wanted }.
doctor-telegram-other-mend = Исправьте то, что неверно, или уберите TELEGRAM_BOT_USERNAME.
doctor-telegram-hook = Telegram не смог доставить обновление. Если бот работает опросом, это в прошлом; иначе проверьте PUBLIC_URL и сертификат.

doctor-address-none = Не задан.
doctor-address-none-mend = Бот и оплата работают опросом, но ссылкам подписки нужен адрес: укажите PUBLIC_URL=https://…
doctor-address-plain = Приложениям и провайдерам нужен https.
doctor-address-away = По этому адресу магазин не отвечает: проверьте DNS, прокси и что запущен vpn-service serve.

doctor-providers = Оплата
doctor-providers-none = Ни один способ не настроен.
doctor-providers-none-mend = Укажите данные хотя бы одного провайдера: vpn-service init спросит о них.
doctor-provider-away = Провайдер не отвечает. Попробуйте позже; если так всё время, проверьте сеть и адрес API.
doctor-provider-refused = Провайдер не принимает ключи: проверьте идентификатор магазина и секретный ключ.
doctor-provider-account = Ключ принадлежит магазину { $there }, а настроен { $here }.
doctor-provider-account-mend = Возьмите идентификатор и ключ из одного кабинета.
doctor-provider-mode = Там режим { $mode }, здесь настроен другой.
doctor-provider-mode-mend = Тестовый ключ подходит тестовому магазину, боевой — настоящему.
doctor-provider-off = Магазин у провайдера выключен.
doctor-provider-off-mend = Напишите в поддержку провайдера.
doctor-provider-ok = { $account }: { $methods }
doctor-provider-missing = Не подключено: { $methods }.
doctor-provider-missing-mend = Подключите в кабинете провайдера; до этого оплата этим способом не пройдёт.
doctor-provider-hook = Адрес для уведомлений: { $url }

doctor-servers = Серверы
doctor-servers-none = Нет ни одного.
doctor-servers-none-mend = Укажите X3UI_API_URL и X3UI_API_TOKEN или выполните vpn-service server add.
doctor-server = Сервер { $name }
doctor-server-auth = Сделайте в панели новый API-токен (Settings → Security → API tokens) и впишите его.
doctor-server-away = Панель не отвечает: проверьте адрес, порт и что она запущена.
doctor-server-strange = По этому адресу не панель или не тот базовый путь: скопируйте адрес из браузера целиком.
doctor-server-inbound = Нет подходящего входа.
doctor-server-inbound-mend = Создайте в панели включённый VLESS + TCP + REALITY (inbound).
doctor-server-ok = { $panel }, адрес для людей: { $hosts }

server-unknown-panel = Панели { $panel } здесь не знают. Есть: { $known }.
server-no-secret = Нужен API-токен панели или логин вместе с паролем (--username, --password).
server-added = Сервер { $name } готов. Люди подключаются к { $hosts }.
server-not-read = Сервер записан, но панель не прочитана: { $reason } Исправьте и выполните команду ещё раз.
server-bad-address = «{ $address }» — не адрес. Пример: nl1.example.com или nl1.example.com:443.
server-unknown = Сервера { $name } нет: vpn-service server list покажет, какие есть.
server-column-name = Сервер
server-column-address = Адрес для людей
server-column-panel = Панель
server-column-state = Состояние
server-retired = не принимает новых
server-well = работает
