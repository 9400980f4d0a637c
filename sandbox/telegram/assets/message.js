// One message: the bubble with its text, picture or file, and the keyboard under it.

import { icon, make } from "./dom.js";
import { copy, showPhoto } from "./overlay.js";
import { invoiceBody, payMessage, payWord, receiptOf, serviceLine } from "./stars.js";
import { formatted, opened } from "./text.js";
import { clockTime, fileSize, word } from "./words.js";

const ALONE = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D|\p{Emoji_Modifier})*){1,3}$/u;

const PAY = [[{ pay: true }]]; // what an invoice without a keyboard has

/** `place` says how the message stands among others: {tail, first, seen}; `acts` are {tap, forward}. */
export function messageElement(message, place, acts, bot) {
  if (message.paid || message.refunded) return serviceLine(message, bot);
  const side = message.outgoing ? "out" : "in";
  const element = make(`article.message.${side}`, {
    testid: "message",
    "data-message-id": message.message_id,
    "data-from": message.outgoing ? "user" : "bot",
    "data-edited": message.edited,
  });
  element.classList.toggle("tail", place.tail);
  element.classList.toggle("first", place.first);
  element.append(bubble(message, place));
  if (message.invoice && !message.protected) element.append(forwardButton(message, acts.forward));
  const rows = message.invoice && !message.keyboard.length ? PAY : message.keyboard;
  if (rows.length) element.append(keyboard(message, rows, acts.tap));
  return element;
}

function bubble(message, place) {
  const element = make("div.bubble");
  if (message.photo) element.append(picture(message));
  if (message.document) element.append(file(message.document));
  if (message.invoice) element.append(invoiceBody(message));
  if (message.text) {
    element.append(make("div.text", { testid: "text", dir: "auto" }, formatted(message.text, message.entities)));
  }
  const big = ALONE.test(message.text) && !message.photo && !message.document && !message.entities.length;
  element.classList.toggle("big-emoji", big && message.outgoing);
  element.classList.toggle("bare", Boolean(message.photo) && !message.text);
  element.append(meta(message, place));
  return element;
}

function meta(message, place) {
  const moment = new Date(message.date * 1000).toISOString();
  const time = make("time", { datetime: moment }, clockTime(message.date));
  return make("span.meta", {}, time, message.outgoing ? icon(place.seen ? "read" : "sent") : null);
}

function picture(message) {
  const { url, width, height } = message.photo;
  const image = make("img", { src: url, width, height, alt: message.text || word("photo"), loading: "lazy" });
  const open = () => showPhoto(message.photo, message.text);
  return make("button.photo", { type: "button", testid: "photo", "aria-label": word("openPhoto"), onclick: open }, image);
}

function file(document) {
  const name = make("b", {}, document.name);
  const size = make("i", {}, fileSize(document.size));
  return make(
    "a.file",
    { href: document.url, download: document.name, testid: "document" },
    make("span.file-icon", {}, icon("file")),
    make("span.file-text", {}, name, size),
  );
}

function forwardButton(message, forward) {
  const label = word("forward");
  const common = { type: "button", testid: "forward", "aria-label": label, title: label };
  return make("button.forward", { ...common, onclick: () => forward(message) }, icon("forward"));
}

function keyboard(message, buttons, onTap) {
  const rows = buttons.map((row, rowIndex) =>
    make("div.keys-row", {}, ...row.map((button, column) => key(message, button, rowIndex, column, onTap))),
  );
  return make("div.keyboard", { role: "group", "aria-label": word("keyboard"), testid: "keyboard" }, ...rows);
}

/** The text may be the bot's, the action is what became of the invoice. */
function payKey(message, button, common) {
  const text = receiptOf(message) ? word("receipt") : (button.text || payWord(message.invoice.total_amount)).replaceAll("XTR", "⭐");
  const attributes = { ...common, testid: "pay", type: "button", onclick: () => payMessage(message) };
  return make("button.key", attributes, make("span", {}, text));
}

function key(message, button, row, column, onTap) {
  const label = make("span", {}, button.text);
  const common = { testid: "keyboard-button", "data-row": row, "data-column": column };
  if (button.pay) return payKey(message, button, common);
  const look = button.style ? `.${button.style}` : "";
  const address = button.url || (button.web_app && button.web_app.url) || (button.login_url && button.login_url.url);
  if (address) {
    const follow = (event) => button.url && opened(address) && event.preventDefault();
    const outside = { href: address, target: "_blank", rel: "noopener", title: word("opensOutside"), onclick: follow };
    return make(`a.key${look}`, { ...common, ...outside }, label, icon(button.url ? "link" : "app"));
  }
  const element = make(`button.key${look}`, { ...common, type: "button", disabled: "disabled" in button }, label);
  if (button.copy_text) {
    element.append(icon("copy"));
    element.addEventListener("click", () => copy(button.copy_text.text));
  } else {
    element.addEventListener("click", () => onTap(message, row, column, element));
  }
  return element;
}
