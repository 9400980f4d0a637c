// One message: the bubble with its text, picture or file, and the keyboard under it.

import { icon, make } from "./dom.js";
import { copy, showPhoto } from "./overlay.js";
import { formatted } from "./text.js";
import { clockTime, fileSize, word } from "./words.js";

const ALONE = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D|\p{Emoji_Modifier})*){1,3}$/u;

/** `place` says how the message stands among others: {tail, first, seen}. `onTap(message, row, column, element)`. */
export function messageElement(message, place, onTap) {
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
  if (message.keyboard.length) element.append(keyboard(message, onTap));
  return element;
}

function bubble(message, place) {
  const element = make("div.bubble");
  if (message.photo) element.append(picture(message));
  if (message.document) element.append(file(message.document));
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

function keyboard(message, onTap) {
  const rows = message.keyboard.map((row, rowIndex) =>
    make("div.keys-row", {}, ...row.map((button, column) => key(message, button, rowIndex, column, onTap))),
  );
  return make("div.keyboard", { role: "group", "aria-label": word("keyboard"), testid: "keyboard" }, ...rows);
}

function key(message, button, row, column, onTap) {
  const label = make("span", {}, button.text);
  const common = { testid: "keyboard-button", "data-row": row, "data-column": column };
  const look = button.style ? `.${button.style}` : "";
  const address = button.url || (button.web_app && button.web_app.url) || (button.login_url && button.login_url.url);
  if (address) {
    const outside = { href: address, target: "_blank", rel: "noopener", title: word("opensOutside") };
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
