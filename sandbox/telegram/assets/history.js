// The messages of the chat, drawn anew only where something changed.

import { $, arrange, make } from "./dom.js";
import { messageElement } from "./message.js";
import { receiptOf } from "./stars.js";
import { formatted } from "./text.js";
import { dayKey, dayName, word } from "./words.js";

const GROUP_SECONDS = 600; // messages of one side that follow each other within this stand together
const NEAR_BOTTOM = 120; // pixels

const view = { owner: null, drawn: new Map() };

export const nearBottom = () => {
  const history = $("history");
  return history.scrollHeight - history.scrollTop - history.clientHeight < NEAR_BOTTOM;
};

export function toBottom(smooth) {
  $("history").scrollTo({ top: $("history").scrollHeight, behavior: smooth ? "smooth" : "instant" });
}

/** Draw `chat`; `now` is the moved time, for the names of days. */
export function drawHistory(chat, now, acts) {
  const fresh = view.owner !== chat.user.id;
  if (fresh) Object.assign(view, { owner: chat.user.id, drawn: new Map() });
  const follow = fresh || nearBottom();
  const nodes = chat.messages.length ? messageNodes(chat, now, acts, fresh) : [welcome(chat)];
  arrange($("messages"), nodes);
  if (follow) toBottom(!fresh);
  $("down").hidden = follow || nearBottom();
}

function messageNodes(chat, now, acts, fresh) {
  const before = view.drawn;
  const shown = chat.messages.map((message) => withMoney(message, chat));
  view.drawn = new Map();
  const nodes = [];
  shown.forEach((message, index) => {
    const previous = shown[index - 1];
    if (!previous || dayKey(previous.date) !== dayKey(message.date)) nodes.push(datePill(before, message.date, now));
    nodes.push(drawnMessage(before, message, placeOf(shown, index), { acts, fresh, bot: chat.bot }));
  });
  return nodes;
}

/** A message together with what its chat knows of the payment in it. */
function withMoney(message, chat) {
  if (message.invoice) return { ...message, receipt: Boolean(receiptOf(message)) };
  const payment = message.paid || message.refunded;
  const charge = payment && chat.stars.charges.find(({ id }) => id === payment.telegram_payment_charge_id);
  return charge ? { ...message, chargeTitle: charge.title } : message;
}

function drawnMessage(before, message, place, { acts, fresh, bot }) {
  const known = before.get(message.message_id);
  const state = JSON.stringify([message, place, bot.name, document.documentElement.lang]);
  let element = known && known.element;
  if (!known || known.state !== state) {
    element = messageElement(message, place, acts, bot);
    if (!known && !fresh) element.classList.add("arrived");
    if (known && known.content !== message.text) element.classList.add("changed");
  }
  view.drawn.set(message.message_id, { element, state, content: message.text });
  return element;
}

function placeOf(messages, index) {
  const message = messages[index];
  return {
    first: !together(messages[index - 1], message),
    tail: !together(message, messages[index + 1]),
    seen: messages.slice(index + 1).some((later) => !later.outgoing),
  };
}

function together(earlier, later) {
  if (!earlier || !later || earlier.outgoing !== later.outgoing) return false;
  if ([earlier, later].some((message) => message.paid || message.refunded)) return false;
  return later.date - earlier.date < GROUP_SECONDS && dayKey(earlier.date) === dayKey(later.date);
}

function datePill(before, date, now) {
  const key = `day ${dayKey(date)}`;
  const name = dayName(date, now);
  const known = before.get(key);
  const element = known && known.state === name ? known.element : make("div.date", { testid: "date" }, make("span", {}, name));
  view.drawn.set(key, { element, state: name });
  return element;
}

function welcome(chat) {
  const about = chat.bot.description || chat.bot.short_description;
  const card = make("div.welcome", { testid: "welcome" }, make("b", {}, about ? word("whatCan") : chat.bot.name));
  if (about) card.append(make("p", {}, formatted(about, [])));
  return card;
}
