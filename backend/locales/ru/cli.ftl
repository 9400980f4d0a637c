# Командная строка: doctor, init, plans, server.

cli-called-here = Команда vpn-service здесь запускается так: { $program }

doctor-title = Проверка магазина
doctor-well = Всё в порядке: можно продавать.
doctor-ill = Есть что исправить: { $count }.

doctor-database = База данных
doctor-database-away = Проверьте DATABASE_URL и что PostgreSQL запущен и принимает соединения с этой машины.
doctor-database-old = Нужен PostgreSQL 15 или новее.
doctor-database-behind = Таблицы отстают от программы: выполните vpn-service migrate.
doctor-database-ok = { $version }, схема { $revision }

doctor-database-pooled = Между магазином и PostgreSQL стоит пулер, например PgBouncer.
doctor-database-pooled-mend = Укажите в DATABASE_URL адрес самой PostgreSQL. С пулером магазин работает только в режиме session: блокировки живут столько же, сколько соединение.

doctor-start = Запуск

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
doctor-telegram-elsewhere = Telegram приносит обновления не сюда.
doctor-telegram-elsewhere-mend = Адрес сообщает vpn-service serve при запуске. Если он запущен, тем же токеном пользуется другая программа.
doctor-telegram-hook = Telegram не смог доставить обновление: проверьте PUBLIC_URL, сертификат и что запущен vpn-service serve.
doctor-telegram-hook-past = Это осталось от прежнего вебхука: бот работает опросом.

doctor-operators-none = Никто не указан.
doctor-operators-none-mend = О сбоях, возвратах на решение и продажах никто не узнаёт: укажите в ADMIN_IDS Telegram id операторов. О том, что случилось до этого, они услышат тогда, в пределах 30 дней.
doctor-address-none = Не задан.
doctor-address-none-mend = Бот и оплата работают опросом, но ссылкам подписки нужен адрес: укажите PUBLIC_URL=https://…
doctor-address-plain = Приложениям и провайдерам нужен https.
doctor-proxies-none = Не задан, а HOST={ $host } открыт не только этой машине.
doctor-proxies-none-mend = Если перед магазином стоит прокси, укажите его адрес: иначе уведомления об оплате придут будто бы от него и получат отказ.
doctor-address-away = По этому адресу магазин не отвечает: проверьте DNS, прокси и что запущен vpn-service serve.

doctor-providers = Оплата
doctor-providers-none = Ни один способ не настроен.
doctor-providers-none-mend = Укажите данные хотя бы одного провайдера: vpn-service init спросит о них.
doctor-provider-away = Провайдер не отвечает. Попробуйте позже; если так всё время, проверьте сеть и адрес API.
doctor-provider-refused = Провайдер не принимает ключи: проверьте идентификатор магазина и секретный ключ.
doctor-provider-account = Ключ принадлежит магазину { $there }, а настроен { $here }.
doctor-provider-account-mend = Возьмите идентификатор и ключ из одного кабинета.
doctor-provider-mode = { $mode ->
    [test] Ключ от тестового магазина, а в настройках — настоящий.
   *[live] Ключ от настоящего магазина, а в настройках — тестовый.
}
doctor-provider-mode-mend = Тестовый ключ подходит тестовому магазину, боевой — настоящему.
doctor-provider-off = Магазин у провайдера выключен.
doctor-provider-off-mend = Напишите в поддержку провайдера.
doctor-provider-ok = { $account }: { $methods }
doctor-provider-missing = Не подключено: { $methods }.
doctor-provider-missing-mend = Подключите в кабинете провайдера; до этого оплата этим способом не пройдёт.

provider-column-name = Провайдер
provider-column-account = Кабинет
provider-column-sells = Продажа
provider-column-works = Связь
provider-column-webhook = Последнее уведомление
provider-test-mode = тестовый
provider-is-on = продаёт
provider-is-off = Выключен с { $since }: { $reason }
provider-is-held = Остановлен проверкой книг с { $since }: { $reason }
provider-differs = Не продаёт с { $since }: настройки не те, что у провайдера ({ $reason })
provider-still-held = { $name } остановлен проверкой книг и не продаёт. Когда причина устранена: vpn-service audit --release { $name }
provider-works = работает
provider-in-trouble = Не работает с { $since }: { $reason }
provider-unknown = Провайдер { $name } не настроен. Настроены: { $known }
provider-sells-nothing = { $name } сейчас ничего не продаёт: он выключен в настройках.
provider-test-nobody = Некому платить: никто из ADMIN_IDS не нажимал /start в боте. Нажмите или укажите --for с Telegram id того, кто нажал.
provider-test-link = Заказ № { $order }, { $amount }. Ссылка на оплату (она же придёт в чат):
provider-test-later = Провайдер пока не ответил. Заказ создан, ссылка придёт в чат, как только появится.
provider-test-refused = Провайдер отказал: { $reason }
report-bad-day = { $text }: такого дня нет. Укажите его как 2026-11-24.

doctor-provider-on-mend = Включить снова: vpn-service provider on { $name }
doctor-provider-held-mend = Посмотрите, что не сходится: vpn-service audit. Когда причина устранена: vpn-service audit --release { $name }
doctor-provider-differs-mend = Исправьте настройки и перезапустите магазин: продажа вернётся сама.
doctor-provider-trouble-mend = Кнопки этого провайдера скрыты. Он проверяется сам и вернётся, как только ответит.
doctor-provider-heard = Последнее уведомление: { $last }
doctor-provider-hook = Адрес для уведомлений: { $url }
doctor-provider-plain = Уведомления об оплате приходят только по https, а в PUBLIC_URL указан http.
doctor-provider-plain-mend = Поставьте перед магазином прокси с сертификатом (пример — deploy/Caddyfile) и укажите PUBLIC_URL=https://… До тех пор об оплатах магазин узнаёт только опросом.

doctor-servers = Серверы
doctor-servers-none = Нет ни одного.
doctor-servers-none-mend = Укажите X3UI_API_URL и X3UI_API_TOKEN или выполните vpn-service server add.
doctor-server = Сервер { $name }
doctor-server-auth = Сделайте в панели новый API-токен (Settings → Security → API tokens) и впишите его.
doctor-server-away = Панель не отвечает: проверьте адрес, порт и что она запущена.
doctor-server-strange = По этому адресу не панель или не тот базовый путь: скопируйте адрес из браузера целиком.
doctor-server-inbound = Нет подходящего инбаунда.
doctor-server-inbound-mend = Создайте в панели включённый инбаунд VLESS + TCP + REALITY.
doctor-server-wanted = Инбаунда { $inbound }, на котором надо продавать, на панели нет, или это не включённый местный VLESS.
doctor-server-wanted-mend = Включите его или исправьте X3UI_INBOUND_ID (у добавленного сервера: vpn-service server add … --inbound).
doctor-server-ok = { $panel }, адрес для подключения: { $hosts }

server-unknown-panel = Панели { $panel } здесь не знают. Есть: { $known }.
server-bad-country = «{ $country }» — не страна. Нужны две буквы, например NL.
server-from-settings = Сервер { $name } описан в .env: исправьте там X3UI_* и перезапустите магазин.
server-ask-token = API-токен (в панели: Settings → Security → API tokens; при вводе не виден; Enter — войти по паролю)
server-fills = Действующие подписки получат ключи на нём в течение минуты, если магазин запущен.
server-retires = На сервере { $name } новых ключей больше не будет. Те, что есть ({ $keys }), работают, продлеваются и остаются в ссылках. Вернуть: vpn-service server retire { $name } --undo
server-added = Сервер { $name } готов. Люди подключаются к { $hosts }.
server-not-read = Сервер записан, но панель не прочитана: { $reason }. Исправьте и выполните команду ещё раз.
server-bad-address = «{ $address }» — не адрес. Пример: nl1.example.com или nl1.example.com:443.
server-unknown = Сервера { $name } нет: vpn-service server list покажет, какие есть.
server-column-name = Сервер
server-column-address = Адрес для подключения
server-column-panel = Панель
server-column-state = Состояние
server-retired = не принимает новых
server-well = работает

init-begin =
    Настроим магазин. Вопросов немного, каждый ответ проверяется сразу.
    Ответы попадут в { $file }. Ctrl-C — выйти, ничего не записав.
init-exists =
    Файл { $file } уже есть. Всё, о чём здесь не спросят, останется в нём как было.
    Enter оставляет то, что в скобках. Ctrl-C — выйти, ничего не записав.
init-trying = Проверяю…
init-not-good = Так работать не будет. Что делаем?
init-again = Ответить ещё раз
init-keep = Оставить как есть, исправлю потом
init-later = Настрою позже

init-ask-telegram-bot-token = Токен бота от @BotFather (при вводе не виден)
init-ask-telegram-proxy = Прокси до Telegram: socks5://логин:пароль@адрес:порт или http://адрес:порт (при вводе не виден; Enter — без прокси)
init-ask-public-url = Адрес магазина, например https://vpn.example.com (Enter — пока без адреса)
init-ask-yookassa-shop-id = shopId (кабинет ЮKassa: Настройки → Магазин)
init-ask-yookassa-secret-key = Секретный ключ (кабинет ЮKassa: Интеграция → Ключи API; при вводе не виден)
init-ask-coingate-api-key = Токен приложения (кабинет CoinGate: Merchant → API → Apps; при вводе не виден)
init-ask-x3ui-api-url = Адрес панели целиком, с базовым путём, например https://203.0.113.10:2053/abc/
init-ask-x3ui-api-token = API-токен (в панели: Settings → Security → API tokens; при вводе не виден)
init-ask-x3ui-username = Логин панели
init-ask-x3ui-password = Пароль панели (при вводе не виден)
init-ask-admin-ids = Telegram id операторов — числа через запятую (Enter — позже)

init-provider = Чем принимать оплату?
init-without-provider = Пока без платёжной системы. Когда будут ключи, запустите init ещё раз.
init-panel = Ключи живут в панели 3X-UI. Как в неё входить?
init-panel-token = По API-токену — надёжнее
init-panel-login = По логину и паролю
init-without-panel = Пока ни одного: оплаченные ключи будут ждать сервера.

init-address-unknown = Имя { $host } не найдено.
init-address-private = Имя ведёт на { $where }: извне туда не попасть.
init-address-dns = Добавьте у регистратора домена запись A с внешним адресом этого сервера.

init-change = В файле появится или изменится: { $names }.
init-write = Записать
init-discard = Выйти, ничего не меняя
init-nothing-new = Менять нечего: всё уже записано.
init-written = Записано в { $file }: { $names }.
init-unwritable = Не получается записать { $file }: проверьте права на папку.
init-unspeakable = Значение { $name } нельзя записать в { $file } без искажений. Передайте его переменной окружения.

init-hooks = Что вписать в кабинеты:
init-cabinet-yookassa =
    ЮKassa: Интеграция → HTTP-уведомления, URL:
    { $url }
    События: payment.succeeded, payment.canceled, refund.succeeded.
init-cabinet-coingate = CoinGate: ничего, адрес для уведомлений уходит с каждым счётом.
init-no-hooks =
    В кабинетах платёжных систем вписывать ничего не нужно: об оплате магазин узнаёт сам.
    Ссылкам подписки нужен адрес: пока PUBLIC_URL пуст, люди получают ключи текстом.
init-next =
    Дальше:
      vpn-service doctor — проверить всё вместе
      vpn-service up — открыть магазин

plans-column-code = Код
plans-column-name = Тариф
plans-column-days = Дней
plans-column-price = Цена
plans-withdrawn = снят с продажи
plans-trial = пробный
plans-unknown = Тарифа { $code } нет: vpn-service plans покажет, какие есть.
plans-off-sale = Тариф { $code } не продаётся: он снят с продажи или пробный.
plans-taken = Код { $code } уже занят — возможно, тарифом, снятым с продажи. Придумайте другой.
plans-bad-code = «{ $code }» не подходит: нужны строчные латинские буквы, цифры, дефис, всего до 32 знаков.
plans-bad-price = «{ $text }» — не цена. Пример: RUB=1599.
plans-bad-amount = «{ $text }» — не цена в { $currency }. Примеры: 349, 349.50; звёзды — целым числом.
