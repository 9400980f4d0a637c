// Text with entities into elements. Offsets are UTF-16 units, as JavaScript counts.

import { copy } from "./overlay.js";
import { word } from "./words.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

/** What the person does with a link or a command inside the text. */
let onLink = () => false;
let onCommand = () => {};

export function listen({ link, command }) {
  onLink = link;
  onCommand = command;
}

export function formatted(text, entities) {
  const fragment = document.createDocumentFragment();
  const ordered = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  fill(fragment, text, ordered, 0, text.length);
  return fragment;
}

function fill(parent, text, entities, start, end) {
  let at = start;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const from = Math.max(first.offset, at);
    const to = Math.min(first.offset + first.length, end);
    if (from >= end) break;
    if (to <= from) {
      rest = others;
      continue;
    }
    const block = BLOCKS.has(first.type);
    plain(parent, block ? text.slice(at, from).replace(/\n$/, "") : text.slice(at, from));
    const inside = others.filter((entity) => entity.offset < to);
    const element = elementFor(first, text.slice(from, to));
    fill(element.querySelector("[data-inside]") || element, text, inside, from, to);
    parent.append(element);
    at = block && text[to] === "\n" ? to + 1 : to;
    rest = others.filter((entity) => entity.offset + entity.length > at && entity.offset >= to);
  }
  plain(parent, text.slice(at, end));
}

/** Let the page open an address itself, as a link in a text does. Answers whether it did. */
export const opened = (address) => onLink(address);

function plain(parent, text) {
  if (text) parent.append(text);
}

function elementFor(entity, covered) {
  if (entity.type in TAGS) return document.createElement(TAGS[entity.type]);
  const make = MAKERS[entity.type];
  return make ? make(entity, covered) : document.createElement("span");
}

const MAKERS = {
  url: (entity, covered) => link(/^[a-z]+:\/\//i.test(covered) ? covered : `https://${covered}`),
  text_link: (entity) => link(entity.url),
  email: (entity, covered) => link(`mailto:${covered}`),
  mention: () => marked("mention"),
  hashtag: () => marked("hashtag"),
  bot_command: (entity, covered) => button("command", () => onCommand(covered)),
  code: (entity, covered) => copyable("code", covered),
  pre: (entity, covered) => block(entity, covered),
  blockquote: () => document.createElement("blockquote"),
  expandable_blockquote: expandable,
  spoiler,
};

function link(address) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener";
  anchor.addEventListener("click", (event) => {
    if (onLink(address)) event.preventDefault();
  });
  return anchor;
}

function marked(kind) {
  const span = document.createElement("span");
  span.className = kind;
  return span;
}

function button(kind, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = kind;
  element.addEventListener("click", act);
  return element;
}

function copyable(tag, text) {
  const element = document.createElement(tag);
  element.tabIndex = 0;
  element.role = "button";
  element.dataset.testid = "copy";
  element.title = word("copy");
  element.addEventListener("click", () => copy(text));
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      copy(text);
    }
  });
  return element;
}

function block(entity, covered) {
  const element = copyable("pre", covered);
  if (entity.language) {
    const head = document.createElement("span");
    head.className = "pre-language";
    head.textContent = entity.language;
    element.append(head);
  }
  const body = document.createElement("span");
  body.dataset.inside = "";
  element.append(body);
  return element;
}

function expandable() {
  const quote = document.createElement("blockquote");
  quote.className = "expandable";
  quote.tabIndex = 0;
  quote.title = word("expand");
  quote.addEventListener("click", () => quote.classList.toggle("open"));
  return quote;
}

function spoiler() {
  const hidden = button("spoiler", () => hidden.classList.add("open"));
  hidden.setAttribute("aria-label", word("reveal"));
  hidden.addEventListener("click", () => hidden.removeAttribute("aria-label"));
  return hidden;
}
