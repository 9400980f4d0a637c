// What the page says.

const WORDS = {
  ru: {
    title: "Пульт поломок",
    pages: "Страницы",
    home: "На главную",
    beside: "Рядом с чатом",
    alone: "Без чата",
    other: "English",
    repair: "Починить всё",
    repaired: "Всё снова работает",
    strip: "Как дела у магазина",
    openPayments: "Ждут оплаты",
    clients: "Ключи на панели",
    clientsOn: "включено {n}",
    undelivered: "Уведомления в пути",
    undeliveredLost: "не дошло {n}",
    updates: "Ждут ответа бота",
    chat: "Чат",
    faults: "Поломки",
    journal: "Журнал",
    tabs: "Разделы",
    time: "Время",
    timeHint: "Часы переводятся сразу у всех и только вперёд.",
    plus60: "+1 мин",
    plus3600: "+1 час",
    plus86400: "+1 день",
    plus2592000: "+30 дней",
    howLong: "Сколько запросов ломать",
    times0: "все, пока не починю",
    times1: "1",
    times3: "3",
    times10: "10",
    left: "ещё {n}",
    met: "задето {n}",
    lost_before: "не отвечает",
    lost_beforeHint: "Соединение обрывается, ничего не сделано",
    status: "отвечает 500",
    statusHint: "Внутренняя ошибка, ничего не сделано",
    lost_after: "ответ теряется",
    lost_afterHint: "Всё сделано, но ответ до магазина не дошёл",
    latency: "медленно",
    latencyHint: "Каждый ответ приходит на 3 секунды позже",
    garbage: "мусор вместо ответа",
    garbageHint: "Страница HTML с кодом 502",
    http_429: "429",
    http_429Hint: "«Слишком много запросов»: просит подождать секунду",
    reset: "сброс соединения",
    slow_body: "ответ по частям",
    http_202: "ещё думает (202)",
    corrupt: "повреждено",
    wrong_ip: "чужой адрес",
    wrong_token: "чужой токен",
    stale: "устарело",
    webhooks: "Уведомления магазину",
    drop: "теряются",
    dropHint: "Новые уведомления не отправляются вовсе",
    dup: "приходят дважды",
    dupHint: "Каждое новое уведомление отправляется два раза подряд",
    delay: "опаздывают на минуту",
    delayHint: "По часам магазина: можно не ждать, а перевести время",
    telegramNote: "Опрос новых сообщений в счёт запросов не идёт.",
    providerNote: "Ломается связь магазина с провайдером; страница оплаты у покупателя открывается.",
    foreign: "Поломка, заданная не здесь",
    remove: "Убрать",
    filter: "Чьи запросы показывать",
    everybody: "Все",
    pause: "Пауза",
    resume: "Продолжить",
    clear: "Очистить",
    empty: "Пока тихо. Нажмите что-нибудь в чате — здесь появятся запросы.",
    lost: "Песочница не отвечает. Жду, когда она вернётся…",
    failed: "Не получилось. Попробуйте ещё раз.",
    shop: "магазин",
    shopper: "покупатель",
    noAnswer: "нет ответа",
    ms: "мс",
    request: "Запрос",
    response: "Ответ",
    nothing: "пусто",
    cut: "показано только начало",
    binary: "файл",
  },
  en: {
    title: "Fault panel",
    pages: "Pages",
    home: "Home",
    beside: "Beside the chat",
    alone: "Without the chat",
    other: "Русский",
    repair: "Repair everything",
    repaired: "Everything works again",
    strip: "How the shop is doing",
    openPayments: "Waiting to be paid",
    clients: "Keys on the panel",
    clientsOn: "{n} enabled",
    undelivered: "Webhooks on their way",
    undeliveredLost: "{n} never arrived",
    updates: "Waiting for the bot",
    chat: "Chat",
    faults: "Faults",
    journal: "Log",
    tabs: "Sections",
    time: "Time",
    timeHint: "The clock moves for everybody at once, and only forward.",
    plus60: "+1 min",
    plus3600: "+1 hour",
    plus86400: "+1 day",
    plus2592000: "+30 days",
    howLong: "How many requests to break",
    times0: "all, until repaired",
    times1: "1",
    times3: "3",
    times10: "10",
    left: "{n} left",
    met: "{n} hit",
    lost_before: "no answer",
    lost_beforeHint: "The connection closes, and nothing was done",
    status: "answers 500",
    statusHint: "An internal error, and nothing was done",
    lost_after: "answer is lost",
    lost_afterHint: "All was done, but the shop never hears of it",
    latency: "slow",
    latencyHint: "Each answer comes 3 seconds late",
    garbage: "garbage",
    garbageHint: "A page of HTML with status 502",
    http_429: "429",
    http_429Hint: "“Too many requests”: asks to wait for a second",
    reset: "connection reset",
    slow_body: "answer in parts",
    http_202: "still processing (202)",
    corrupt: "damaged",
    wrong_ip: "wrong address",
    wrong_token: "wrong token",
    stale: "outdated",
    webhooks: "Webhooks to the shop",
    drop: "are lost",
    dropHint: "New webhooks are not sent at all",
    dup: "come twice",
    dupHint: "Each new webhook is sent two times in a row",
    delay: "come a minute late",
    delayHint: "By the shop's clock: move it instead of waiting",
    telegramNote: "Polling for new messages does not count as a request.",
    providerNote: "This breaks what goes between shop and provider; the buyer's payment page stays up.",
    foreign: "A fault armed elsewhere",
    remove: "Remove",
    filter: "Whose requests to show",
    everybody: "All",
    pause: "Pause",
    resume: "Resume",
    clear: "Clear",
    empty: "All quiet. Press something in the chat, and its requests appear here.",
    lost: "The sandbox does not answer. Waiting for it to come back…",
    failed: "That did not work. Please try again.",
    shop: "shop",
    shopper: "buyer",
    noAnswer: "no answer",
    ms: "ms",
    request: "Request",
    response: "Response",
    nothing: "empty",
    cut: "only the beginning is shown",
    binary: "file",
  },
};

const CHOICE = "sandbox.language";
const asked = new URLSearchParams(location.search).get("lang");
const wanted = asked || localStorage.getItem(CHOICE) || navigator.language.slice(0, 2);

export const language = wanted === "en" || wanted === "ru" ? wanted : navigator.language.startsWith("ru") ? "ru" : "en";

export function word(name, n = 0) {
  return WORDS[language][name].replace("{n}", n);
}

/** The name of a fault or a flaw; one that is not known is called what the API calls it. */
export const faultName = (mode) => WORDS[language][mode] || mode;

/** Fill in everything that has words in the page. */
export function speak() {
  document.documentElement.lang = language;
  document.title = word("title");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(element.dataset.label));
}

export function switchLanguage() {
  localStorage.setItem(CHOICE, language === "ru" ? "en" : "ru");
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  location.replace(address);
}

const format = (options) => new Intl.DateTimeFormat(language === "ru" ? "ru-RU" : "en-GB", options);
const moment = format({ day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const time = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const dateAndTime = (date) => moment.format(date);
export const timeOf = (date) => time.format(date);
