# Что человек читает вместо ошибки: по одному предложению на каждую, id — error-<имя класса>.

error = Что-то пошло не так. Мы об этом уже знаем — попробуйте ещё раз чуть позже.
error-invalid = Такой запрос выполнить нельзя.
error-unproven = Не удалось проверить, от кого пришёл запрос.
error-not-found = Здесь ничего нет.
error-conflict = Сейчас это сделать нельзя.
error-outside = Внешний сервис ответил ошибкой. Попробуйте ещё раз чуть позже.
error-unavailable = Сервис сейчас не отвечает. Попробуйте ещё раз через минуту.
error-refused = Внешний сервис отказал. Напишите в поддержку, если это повторится.
error-no-answer = Внешний сервис не ответил. Попробуйте ещё раз через минуту.
error-database-unavailable = Мы ненадолго отошли. Попробуйте ещё раз через минуту.

error-body-too-large = Слишком большой запрос.
error-no-such-link = Такой ссылки нет, или её заменили новой. Свежая — в боте, в разделе «Моя подписка».
error-no-such-return = Такого платежа нет. Вернитесь в бот.

error-user-not-found = Мы вас не узнали. Нажмите /start.
error-person-unreachable = Не получается написать вам: бот заблокирован.
error-slow-down = Слишком много сообщений сразу. Попробуйте ещё раз через минуту.

error-plan-not-on-sale = Этот тариф больше не продаётся. Вот те, что есть сейчас.
error-plan-not-found = Такого тарифа нет.
error-plan-exists = Такой тариф уже есть.
error-trial-used = Пробный период уже использован — он даётся один раз.
error-no-trial = Пробного периода сейчас нет.
error-subscription-not-found = Такой подписки у вас нет.

error-order-not-found = Такого заказа нет.
error-payment-not-found = Такого платежа нет.
error-provider-not-configured = Этот способ оплаты сейчас недоступен. Выберите другой.
error-method-unavailable = Этот способ оплаты сейчас не работает, деньги не списаны. Вернитесь к тарифу и выберите другой — или попробуйте через несколько минут.
error-no-such-address = По этому адресу ничего нет.

error-server-not-found = Такого сервера нет.
error-no-endpoint = На сервере пока не к чему подключаться.
error-panel-auth-failed = Сервер не принял наш ключ. Мы уже разбираемся.
error-panel-not-recognized = Сервер ответил непонятно. Мы уже разбираемся.
error-panel-refused = Сервер отказал. Мы уже разбираемся.

error-forbidden = Это вам недоступно.
error-too-often = Слишком часто. Подождите минуту.
error-invalid-fields = Не подходят значения: { $fields }.

error-not-from-telegram = Не удалось проверить вход через Telegram. Откройте приложение из бота ещё раз.
error-telegram-login-expired = Вход через Telegram устарел. Откройте приложение из бота ещё раз.
error-access-refused = Нужно войти заново.
error-refresh-refused = Сеанс завершён. Войдите заново.
error-out-of-scope = Этого нельзя сделать с таким ключом доступа.
error-person-blocked = Аккаунт заблокирован. Напишите в поддержку.
error-logins-too-often = Слишком много попыток входа. Подождите минуту.
error-cursor-refused = Список изменился. Откройте его заново.

problem-open-bot = Открыть бот
