// What the page says, in the language of the person whose Telegram it shows.

const WORDS = {
  ru: {
    people: "Люди",
    peopleHint: "У каждого свой Telegram и свой язык. Выберите, чьими глазами смотреть.",
    newPerson: "Новый человек",
    editPerson: "Имя и язык",
    name: "Имя",
    username: "Имя пользователя, если есть",
    language: "Язык Telegram",
    languageHint: "Бот узнаёт этот язык от Telegram.",
    create: "Добавить",
    save: "Сохранить",
    cancel: "Отмена",
    ok: "ОК",
    close: "Закрыть",
    theme: "Сменить тему",
    faultPanel: "Пульт поломок",
    more: "Ещё",
    block: "Заблокировать бота",
    unblock: "Разблокировать бота",
    bot: "бот",
    typing: "печатает",
    uploading: "отправляет файл",
    connecting: "соединение",
    history: "Сообщения",
    message: "Сообщение",
    menu: "Меню",
    commands: "Команды бота",
    keyboard: "Клавиатура бота",
    send: "Отправить",
    start: "Начать",
    restart: "Перезапустить",
    blocked: "Вы заблокировали бота",
    whatCan: "Что умеет этот бот?",
    scrollDown: "К последним сообщениям",
    today: "Сегодня",
    yesterday: "Вчера",
    photo: "Фото",
    openPhoto: "Открыть фото",
    file: "Файл",
    you: "Вы: ",
    copied: "Текст скопирован",
    copy: "Скопировать",
    reveal: "Показать скрытый текст",
    expand: "Показать полностью",
    noReply: "Бот не ответил",
    noBot: (name) => `В Telegram открылся бы чат с @${name}. В демо есть только бот магазина.`,
    failed: "Не получилось. Попробуйте ещё раз.",
    opensOutside: "откроется в новой вкладке",
    nextHour: "+1 час",
    nextDay: "+1 день",
    nothingYet: "Ещё не писал боту",
    unread: "непрочитанных",
    stars: "Звёзды",
    balance: "Баланс",
    topUpHint: "Здесь звёзды ничего не стоят.",
    topUp: "Пополнить",
    operations: "Операции",
    subscriptions: "Подписки",
    invoice: "Счёт",
    pay: "Заплатить",
    payAgain: "Попробовать ещё раз",
    paid: "Оплачено",
    receipt: "Чек",
    refund: "Возврат",
    refunded: "Звёзды вернулись",
    confirmPayment: "Подтвердите оплату",
    waitsForBot: "Ждём ответа бота",
    tooLate: "Бот не ответил за 10 секунд. Звёзды не списаны.",
    starsGone: "Звёзд уже не хватает. Ничего не списано.",
    missing: "Не хватает",
    everyMonth: "Подписка: списывается каждые 30 дней, пока вы её не отмените.",
    aMonth: "за 30 дней",
    until_active: "продлится",
    until_failed: "не продлена, до",
    until_canceled: "отменена, до",
    subscription_renew: "Продлить сейчас",
    subscription_cancel: "Отменить",
    subscription_resume: "Возобновить",
    noInvoice: "Такого счёта здесь нет",
    forward: "Переслать счёт",
    forwardTo: "Кому переслать счёт?",
    forwardHint: "Откроется Telegram этого человека.",
    forwardedFrom: "Переслано:",
    youPaid: (stars, bot, title) => `Вы успешно перевели ${stars} боту «${bot}»${title ? ` за «${title}»` : ""}.`,
    youRenewed: (stars, bot, title) => `Подписка${title ? ` «${title}»` : ""} продлена: вы перевели ${stars} боту «${bot}».`,
    youGotBack: (stars, bot, title) => `Бот «${bot}» вернул вам ${stars}${title ? ` за «${title}»` : ""}.`,
    bytes: ["Б", "КБ", "МБ"],
  },
  en: {
    people: "People",
    peopleHint: "Each has a Telegram and a language of their own. Choose whose eyes to look through.",
    newPerson: "New person",
    editPerson: "Name and language",
    name: "Name",
    username: "Username, if any",
    language: "Telegram language",
    languageHint: "The bot learns this language from Telegram.",
    create: "Add",
    save: "Save",
    cancel: "Cancel",
    ok: "OK",
    close: "Close",
    theme: "Switch theme",
    faultPanel: "Fault panel",
    more: "More",
    block: "Block the bot",
    unblock: "Unblock the bot",
    bot: "bot",
    typing: "typing",
    uploading: "sending a file",
    connecting: "connecting",
    history: "Messages",
    message: "Message",
    menu: "Menu",
    commands: "Bot commands",
    keyboard: "Bot keyboard",
    send: "Send",
    start: "Start",
    restart: "Restart",
    blocked: "You blocked the bot",
    whatCan: "What can this bot do?",
    scrollDown: "To the latest messages",
    today: "Today",
    yesterday: "Yesterday",
    photo: "Photo",
    openPhoto: "Open photo",
    file: "File",
    you: "You: ",
    copied: "Text copied",
    copy: "Copy",
    reveal: "Reveal hidden text",
    expand: "Show in full",
    noReply: "The bot did not answer",
    noBot: (name) => `Telegram would open the chat with @${name}. The demo has only the shop’s bot.`,
    failed: "That did not work. Try again.",
    opensOutside: "opens in a new tab",
    nextHour: "+1 hour",
    nextDay: "+1 day",
    nothingYet: "Has not written to the bot yet",
    unread: "unread",
    stars: "Stars",
    balance: "Balance",
    topUpHint: "Stars cost nothing here.",
    topUp: "Top up",
    operations: "Operations",
    subscriptions: "Subscriptions",
    invoice: "Invoice",
    pay: "Pay",
    payAgain: "Try again",
    paid: "Paid",
    receipt: "Receipt",
    refund: "Refund",
    refunded: "The Stars came back",
    confirmPayment: "Confirm the payment",
    waitsForBot: "Waiting for the bot",
    tooLate: "The bot did not answer within 10 seconds. No Stars were taken.",
    starsGone: "There are too few Stars by now. Nothing was taken.",
    missing: "You need another",
    everyMonth: "A subscription: paid every 30 days until you cancel it.",
    aMonth: "per 30 days",
    until_active: "renews",
    until_failed: "not renewed, until",
    until_canceled: "canceled, until",
    subscription_renew: "Renew now",
    subscription_cancel: "Cancel",
    subscription_resume: "Resume",
    noInvoice: "There is no such invoice here",
    forward: "Forward the invoice",
    forwardTo: "Forward the invoice to",
    forwardHint: "The Telegram of this person opens.",
    forwardedFrom: "Forwarded from",
    youPaid: (stars, bot, title) => `You successfully transferred ${stars} to ${bot}${title ? ` for ${title}` : ""}.`,
    youRenewed: (stars, bot, title) => `The subscription${title ? ` to ${title}` : ""} was renewed: you transferred ${stars} to ${bot}.`,
    youGotBack: (stars, bot, title) => `${bot} refunded you ${stars}${title ? ` for ${title}` : ""}.`,
    bytes: ["B", "KB", "MB"],
  },
};

export const LANGUAGES = [
  ["ru", "Русский"],
  ["en", "English"],
  ["uk", "Українська"],
  ["kk", "Қазақша"],
  ["de", "Deutsch"],
  ["es", "Español"],
  ["tr", "Türkçe"],
  ["fa", "فارسی"],
];

let language = "ru";

export function speak(code) {
  language = (code || "en").startsWith("ru") ? "ru" : "en";
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", word(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = word(node.dataset.label);
  }
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = word(node.dataset.placeholder);
}

export function word(name) {
  return WORDS[language][name];
}

const format = (date, options) => new Intl.DateTimeFormat(language === "ru" ? "ru-RU" : "en-GB", options).format(date);

export const clockTime = (seconds) => format(new Date(seconds * 1000), { hour: "2-digit", minute: "2-digit" });

export const dateAndTime = (date) =>
  format(date, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const dayOf = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** "Today", "Yesterday", "5 January", "5 January 2024": as the pill between two days says it. */
export function dayName(seconds, now) {
  const date = new Date(seconds * 1000);
  const days = Math.round((dayOf(now) - dayOf(date)) / 86400000);
  if (days === 0) return word("today");
  if (days === 1) return word("yesterday");
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return format(date, { day: "numeric", month: "long", ...year });
}

/** The time today, the date before: as the list of people says it. */
export function shortMoment(seconds, now) {
  const date = new Date(seconds * 1000);
  if (dayOf(now) === dayOf(date)) return clockTime(seconds);
  return format(date, { day: "2-digit", month: "2-digit" });
}

export const dayKey = (seconds) => dayOf(new Date(seconds * 1000));

export const starCount = (stars) => `⭐ ${new Intl.NumberFormat(language === "ru" ? "ru-RU" : "en-GB").format(stars)}`;

export function fileSize(bytes) {
  const units = word("bytes");
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit ? size.toFixed(1) : size} ${units[unit]}`;
}
