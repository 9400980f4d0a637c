# Бот: общие кнопки, главный экран, настройки, меню команд.

button-back = ◀️ Назад
button-home = 🏠 Главное меню
button-subscription = 🎫 Моя подписка
button-settings = ⚙️ Настройки
button-help = ❓ Помощь
button-connect = 🚀 Подключиться
button-how = ❓ Как подключиться
button-plans = 💎 Тарифы
button-extend = ⏩ Продлить

-nbsp = { "\u00A0" }
days-count =
    { $days ->
        [one] { $days }{ -nbsp }день
        [few] { $days }{ -nbsp }дня
       *[many] { $days }{ -nbsp }дней
    }
days-left =
    { $days ->
        [one] остался { $days }{ -nbsp }день
        [few] осталось { $days }{ -nbsp }дня
       *[many] осталось { $days }{ -nbsp }дней
    }

home-hello = 👋 Здравствуйте, { $name }!
home-hello-nameless = 👋 Здравствуйте!
home-nothing = Это <b>{ $shop }</b> — защищённое соединение для телефона и компьютера. Ключ приходит прямо в этот чат, а подключение занимает минуту.
home-nothing-trial = { home-nothing } Первые { days-count } — бесплатно, карта не нужна.
home-active =
    ✅ <b>Подписка активна</b>
    До { $moment } — { days-left }.
home-active-trial =
    🎁 <b>Идёт пробный период</b>
    До { $moment } — { days-left }.
home-ending =
    ⏳ <b>Подписка скоро закончится</b>
    { $moment } — { days-left }.
home-ending-trial =
    ⏳ <b>Пробный период скоро закончится</b>
    { $moment } — { days-left }.
home-ended =
    ⌛️ <b>Подписка закончилась</b>
    { $moment }. Продлите её — ключ и ссылка останутся прежними, настраивать заново ничего не нужно.
home-ended-trial =
    ⌛️ <b>Пробный период закончился</b>
    { $moment }. Выберите тариф — ключ и ссылка останутся прежними, настраивать заново ничего не нужно.
home-extend = Продлевать можно заранее: новые дни добавятся к оставшимся.
home-blocked = 🚫 <b>Доступ приостановлен</b>
    Напишите нам, и мы разберёмся: { $support }

button-trial =
    { $days ->
        [one] 🎁 Попробовать { $days } день бесплатно
        [few] 🎁 Попробовать { $days } дня бесплатно
       *[many] 🎁 Попробовать { $days } дней бесплатно
    }
trial-started =
    🎁 <b>Пробный период до { $moment }</b>

    🔑 Ключ уже готовится — пришлю его следующим сообщением.
trial-added = 🎁 <b>Пробные дни добавлены</b>
trial-running =
    🎁 <b>Пробный период до { $moment }</b>

    🔑 Ключ и ссылка — в разделе «Моя подписка».

plans-title = 💎 <b>Тарифы</b>
plans-none = Сейчас ничего не продаётся. Загляните чуть позже.
plan-line = { $plan } — <b>{ $price }</b>
plan-line-saving = { $plan } — <b>{ $price }</b> · { $monthly }/мес · −{ $saving }%
button-plan = 📅 { $plan } · { $price }
button-plan-saving = 📅 { $plan } · { $price } · −{ $saving }%

settings-title = ⚙️ <b>Настройки</b>
settings-language = На каком языке вам удобнее?
settings-chosen = Теперь говорим по-русски
button-language-chosen = ✅ { $language }
language-name = 🇷🇺 Русский

fallback-text = Я понимаю только кнопки и команды. Вот главное меню:
fallback-old-button = Эта кнопка устарела. Вот свежее меню.
group-only-private = Я отвечаю только в личных сообщениях: { $url }
throttled = Слишком быстро. Подождите пару секунд и нажмите ещё раз.

command-start = Главное меню
command-subscription = Моя подписка: ключ, срок, трафик
command-plans = Тарифы
command-settings = Язык
command-help = Как подключиться
command-terms = Условия и возврат денег
command-paysupport = Вопросы об оплате

bot-description =
    { $shop } — защищённое соединение для телефона и компьютера.

    Ключ приходит прямо в чат, а подключение занимает минуту. Нажмите «Начать».
bot-about = { $shop } — для телефона и компьютера. Ключ приходит прямо в чат.
