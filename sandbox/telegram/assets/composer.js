// The foot of the chat: writing, the menu of commands, the bot's own keyboard, Start and Restart.

import { $, make } from "./dom.js";
import { word } from "./words.js";

const LINES = 6;
const view = { commands: [], keys: false };
let send = () => {};

export function listenComposer(onSend) {
  send = onSend;
  const input = $("input");
  input.addEventListener("input", written);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      showCommands([]);
    }
  });
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".dock")) showCommands([]);
  });
}

/** Show what fits the state of the chat: writing, Start, or Restart. */
export function drawComposer(chat) {
  const { started, blocked } = chat.user;
  $("start").hidden = started || blocked;
  $("restart").hidden = !blocked;
  $("composer").hidden = !started || blocked;
  view.commands = chat.bot.commands;
  $("menu").hidden = !view.commands.length;
  drawKeys(chat.reply_keyboard, started && !blocked);
}

export function toggleCommands() {
  showCommands($("commands").hidden ? view.commands : []);
}

export function toggleKeys() {
  view.keys = !view.keys;
  $("reply-keys").hidden = !view.keys;
}

function submit() {
  const text = $("input").value.trim();
  if (!text) return;
  $("input").value = "";
  written();
  send(text);
}

function written() {
  const input = $("input");
  input.style.height = "auto";
  const line = parseFloat(getComputedStyle(input).lineHeight);
  input.style.height = `${Math.min(input.scrollHeight, line * LINES + 24)}px`;
  $("send").disabled = !input.value.trim();
  const typed = /^\/(\w*)$/.exec(input.value);
  showCommands(typed ? view.commands.filter(({ command }) => command.startsWith(typed[1])) : []);
}

function showCommands(commands) {
  $("commands").replaceChildren(
    ...commands.map(({ command, description }) =>
      make("li", {}, make("button", { type: "button", testid: "command", "data-command": command, onclick: () => choose(command) }, make("b", {}, description), make("i", {}, `/${command}`))),
    ),
  );
  $("commands").hidden = !commands.length;
  $("menu").setAttribute("aria-expanded", String(commands.length > 0));
}

function choose(command) {
  showCommands([]);
  $("input").value = "";
  written();
  send(`/${command}`);
}

function drawKeys(markup, possible) {
  const had = !$("keys-button").hidden;
  const rows = possible && markup ? markup.keyboard : [];
  if (rows.length && !had) view.keys = true;
  $("keys-button").hidden = !rows.length;
  $("reply-keys").hidden = !rows.length || !view.keys;
  $("input").placeholder = (markup && markup.input_field_placeholder) || word("message");
  $("reply-keys").replaceChildren(
    ...rows.map((row) => make("div.keys-row", {}, ...row.map((key) => replyKey(key, markup.one_time_keyboard)))),
  );
}

function replyKey(key, once) {
  const press = () => {
    if (once) toggleKeys();
    send(key.text);
  };
  return make("button.reply-key", { type: "button", testid: "reply-key", onclick: press }, key.text);
}
