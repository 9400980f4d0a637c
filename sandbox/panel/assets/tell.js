// Who asked whom for what, in human words.

import { fieldsOf } from "./bodies.js";
import { titleOf } from "./companies.js";
import { hide } from "./secrets.js";
import { language, word } from "./words.js";

const PAYER_PAGES = { yookassa: /^\/checkout/, coingate: /^\/invoice/ };

// [company, method, path, Russian, English]; the first that fits
const CALLS = [
  ["yookassa", "POST", /^\/v3\/payments$/, "создать платёж", "create a payment"],
  ["yookassa", "GET", /^\/v3\/payments(\?|$)/, "прочитать список платежей", "list payments"],
  ["yookassa", "GET", /^\/v3\/payments\//, "узнать, что с платежом", "ask about a payment"],
  ["yookassa", "POST", /\/capture$/, "списать оплату", "capture a payment"],
  ["yookassa", "POST", /\/cancel$/, "отменить платёж", "cancel a payment"],
  ["yookassa", "POST", /^\/v3\/refunds$/, "вернуть деньги", "refund"],
  ["yookassa", "GET", /^\/v3\/refunds/, "узнать про возвраты", "ask about refunds"],
  ["yookassa", "GET", /^\/v3\/me/, "проверить ключ магазина", "check the shop's key"],
  ["yookassa", "GET", /^\/checkout/, "открыть страницу оплаты", "open the payment page"],
  ["yookassa", "POST", /^\/checkout/, "нажать на странице оплаты", "press a button of the payment page"],
  ["coingate", "POST", /\/orders$/, "создать счёт в криптовалюте", "create a crypto invoice"],
  ["coingate", "POST", /\/checkout$/, "выбрать монету", "choose the coin"],
  ["coingate", "GET", /\/orders(\?|$)/, "прочитать список счетов", "list invoices"],
  ["coingate", "GET", /\/orders\//, "узнать, что со счётом", "ask about an invoice"],
  ["coingate", "GET", /\/auth\/test/, "проверить ключ", "check the key"],
  ["coingate", "GET", /\/currencies/, "узнать, какие есть монеты", "ask which coins there are"],
  ["coingate", "GET", /\/ips-v4/, "узнать адреса для уведомлений", "ask where webhooks come from"],
  ["coingate", "GET", /\/countries/, "узнать, из каких стран можно платить", "ask who may pay"],
  ["coingate", "GET", /^\/invoice/, "открыть страницу счёта", "open the invoice page"],
  ["coingate", "POST", /^\/invoice/, "нажать на странице счёта", "press a button of the invoice page"],
  ["mynalog", "POST", /\/auth\//, "войти в «Мой налог»", "sign in to the tax service"],
  ["mynalog", "POST", /\/income$/, "зарегистрировать доход", "register income"],
  ["mynalog", "POST", /\/cancel$/, "аннулировать чек", "annul a receipt"],
  ["mynalog", "GET", /\/incomes/, "прочитать список чеков", "list receipts"],
  ["mynalog", "GET", /\/receipt\//, "открыть чек", "open a receipt"],
  ["xui", "POST", /clients\/add/, "завести ключ", "add a key"],
  ["xui", "POST", /clients\/update/, "изменить ключ", "change a key"],
  ["xui", "POST", /clients\/(bulk)?del/i, "удалить ключ", "delete a key"],
  ["xui", "POST", /attach$/, "подключить ключ к серверу", "attach a key"],
  ["xui", "POST", /detach$/, "отключить ключ от сервера", "detach a key"],
  ["xui", "POST", /reset/i, "обнулить трафик", "reset traffic"],
  ["xui", "GET", /clients\/get/, "прочитать ключ", "read a key"],
  ["xui", "GET", /clients\/list/, "прочитать все ключи", "list keys"],
  ["xui", "GET", /inbounds/, "прочитать подключения сервера", "read the inbounds"],
  ["xui", "GET", /server\/status/, "узнать, жив ли сервер", "ask whether the server is alive"],
  ["xui", "POST", /login$/, "войти в панель", "log in"],
  ["xui", "", /getTwoFactorEnable/, "узнать про второй фактор", "ask about the second factor"],
  ["telegram", "", /\/sendMessage$/, "написать сообщение", "send a message"],
  ["telegram", "", /\/sendPhoto$/, "прислать картинку", "send a picture"],
  ["telegram", "", /\/sendDocument$/, "прислать файл", "send a file"],
  ["telegram", "", /\/sendInvoice$/, "выставить счёт в звёздах", "send an invoice in Stars"],
  ["telegram", "", /\/createInvoiceLink$/, "сделать ссылку на счёт в звёздах", "make a link to an invoice in Stars"],
  ["telegram", "", /\/editMessage\w+$/, "изменить сообщение", "edit a message"],
  ["telegram", "", /\/deleteMessages?$/, "удалить сообщение", "delete a message"],
  ["telegram", "", /\/answerCallbackQuery$/, "ответить на нажатие кнопки", "answer a tap"],
  ["telegram", "", /\/answerPreCheckoutQuery$/, "подтвердить оплату звёздами", "agree to a payment in Stars"],
  ["telegram", "", /\/refundStarPayment$/, "вернуть звёзды", "give Stars back"],
  ["telegram", "", /\/sendChatAction$/, "показать «печатает»", "show “typing”"],
  ["telegram", "", /\/getMe$/, "узнать, кто этот бот", "ask who the bot is"],
  ["telegram", "", /\/setMyCommands$/, "обновить список команд", "set the commands"],
  ["telegram", "", /\/setMy\w+$/, "обновить описание бота", "set the bot's description"],
  ["telegram", "", /\/setWebhook$/, "просить сообщения по вебхуку", "ask for a webhook"],
  ["telegram", "", /\/deleteWebhook$/, "отказаться от вебхука", "give up the webhook"],
  ["telegram", "", /\/getStarTransactions$/, "прочитать историю звёзд", "read the history of Stars"],
];

const NEWS = {
  "payment.succeeded": ["платёж прошёл", "the payment succeeded"],
  "payment.canceled": ["платёж отменён", "the payment was cancelled"],
  "payment.waiting_for_capture": ["платёж ждёт списания", "the payment waits to be captured"],
  "refund.succeeded": ["деньги возвращены", "the refund succeeded"],
  pending: ["счёт ждёт оплаты", "the invoice waits to be paid"],
  confirming: ["оплата подтверждается сетью", "the network confirms the payment"],
  paid: ["счёт оплачен", "the invoice is paid"],
  invalid: ["оплата не принята", "the payment is invalid"],
  expired: ["счёт просрочен", "the invoice expired"],
  canceled: ["счёт отменён", "the invoice was cancelled"],
  refunded: ["деньги возвращены", "the money was given back"],
  message: ["сообщение от покупателя", "a message from a buyer"],
  callback_query: ["нажатие кнопки", "a tap on a button"],
  pre_checkout_query: ["покупатель платит звёздами", "a buyer pays in Stars"],
};

const ours = ([russian, english]) => (language === "ru" ? russian : english);

/** {from, to}: names of the two sides. */
export function sides(entry) {
  const company = titleOf(entry.service, language);
  if (entry.direction === "out") return { from: company, to: word("shop") };
  const payer = PAYER_PAGES[entry.service];
  return { from: word(payer && payer.test(entry.path) ? "shopper" : "shop"), to: company };
}

/** {what, detail}: what was wanted, and what makes this request different from others of its kind. */
export function tell(entry) {
  const fields = fieldsOf(entry.request, entry.headers["content-type"] || entry.headers["Content-Type"]) || {};
  if (entry.direction === "out") {
    const news = fields.event || fields.status || Object.keys(fields).find((name) => NEWS[name]);
    return { what: NEWS[news] ? ours(NEWS[news]) : news || "", detail: "" };
  }
  const found = CALLS.find(([service, method, path]) => entry.service === service && (!method || method === entry.method) && path.test(entry.path));
  return { what: found ? ours(found.slice(3)) : "", detail: hide(detailOf(entry, fields)) };
}

function detailOf(entry, fields) {
  const text = fields.text || fields.caption;
  if (entry.service === "telegram" && typeof text === "string") return shorten(text.replace(/<[^>]+>/g, ""));
  if (entry.service === "yookassa" && fields.amount) return `${fields.amount.value} ${fields.amount.currency}`;
  if (entry.service === "coingate" && fields.price_amount) return `${fields.price_amount} ${fields.price_currency}`;
  return "";
}

function shorten(text) {
  const line = text.split("\n").find((part) => part.trim()) || "";
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** The path as it was asked for, without what must not be seen. */
export function rawPath(entry) {
  const path = entry.direction === "out" && URL.canParse(entry.path) ? new URL(entry.path).pathname : entry.path;
  return hide(decodeURI(path));
}
