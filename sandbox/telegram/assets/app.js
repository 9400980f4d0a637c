// The chat page: which person it shows, what happens to them, what they do.

import * as api from "./api.js";
import { drawComposer, listenComposer, toggleCommands, toggleKeys } from "./composer.js";
import { $ } from "./dom.js";
import { drawHistory, nearBottom, toBottom } from "./history.js";
import { alert, closeOnBackdrop, toast } from "./overlay.js";
import { askPerson, askWhom, drawMe, drawPeople, fullName } from "./people.js";
import { drawMoney, listenStars, offer, openWallet, payLink, termsOf } from "./stars.js";
import { listen } from "./text.js";
import { dateAndTime, speak, word } from "./words.js";

const CHOSEN = "telegram.person";
const ACTION_SECONDS = 5; // how long an app shows "typing…" after the bot said so
const QUERY_SECONDS = 15;
const FIRST_PEOPLE = [
  { first_name: "Анна", language_code: "ru" },
  { first_name: "Alex", language_code: "en" },
];

const state = {
  people: new Map(),
  chat: null, // {user, bot, messages, reply_keyboard, queries, stars} of the person shown
  offset: 0, // milliseconds from this machine's clock to the moved one
  online: true,
  action: null, // {name, timer} while the bot is "typing…"
  taps: new Map(), // buttons that wait for an answer, by query id
  answers: new Map(), // answers that came before their query's id, by query id
};

const now = () => new Date(Date.now() + state.offset);

// ------------------------------------------------------------------ drawing

function draw() {
  if (!state.chat) return;
  const { user, bot } = state.chat;
  $("bot-name").textContent = bot.name;
  document.title = bot.name;
  $("block-word").textContent = word(user.blocked ? "unblock" : "block");
  $("block").hidden = !user.started;
  drawMe(user);
  drawStatus();
  drawComposer(state.chat);
  drawMoney(state.chat, now());
  drawHistory(state.chat, now(), { tap, forward });
  drawList();
}

function drawList() {
  drawPeople([...state.people.values()], state.chat && state.chat.user.id, now(), open);
  $("clock-now").textContent = dateAndTime(now());
}

function drawStatus() {
  const status = $("status");
  const doing = !state.online ? "connecting" : state.action ? actionWord(state.action.name) : null;
  status.textContent = word(doing || "bot");
  status.classList.toggle("busy", Boolean(doing));
  status.dataset.action = state.action ? state.action.name : "";
}

const actionWord = (name) => (name.startsWith("upload") ? "uploading" : "typing");

function setAction(name) {
  clearTimeout(state.action && state.action.timer);
  const timer = name && setTimeout(() => setAction(null), ACTION_SECONDS * 1000);
  state.action = name ? { name, timer } : null;
  drawStatus();
}

// ------------------------------------------------------------------ what the person does

async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    toast(word("failed"));
    if (!(error instanceof api.Refused)) return null;
    console.warn(error.message);
    return null;
  }
}

const me = () => state.chat.user.id;

async function say(text) {
  await attempt(() => api.send(me(), text));
  toBottom(true);
}

async function tap(message, row, column, element) {
  if (element.classList.contains("waiting")) return;
  element.classList.add("waiting");
  const query = await attempt(() => api.tap(me(), message.message_id, row, column));
  if (!query || !query.id || state.answers.delete(query.id)) {
    element.classList.remove("waiting");
    return;
  }
  const timer = setTimeout(() => {
    if (state.taps.delete(query.id)) element.classList.remove("waiting");
    toast(word("noReply"));
  }, QUERY_SECONDS * 1000);
  state.taps.set(query.id, { element, timer });
}

function answered(query) {
  const waiting = state.taps.get(query.id);
  if (waiting) {
    clearTimeout(waiting.timer);
    waiting.element.classList.remove("waiting");
    state.taps.delete(query.id);
  } else {
    state.answers.set(query.id, true);
  }
  const { text, show_alert: asAlert, url } = query.answer;
  if (url) follow(url) || window.open(url, "_blank", "noopener");
  else if (text && asAlert) alert(state.chat.bot.name, text);
  else if (text) toast(text);
}

/** Addresses of this bot and of its invoices open in the chat, as t.me links do. Answers whether it was one. */
function follow(address) {
  const url = new URL(address, location.href);
  const [, page, bot, ...rest] = url.pathname.split("/");
  const ours = url.origin === location.origin && page === "chat" && !rest.length;
  const username = ours ? bot : url.hostname === "t.me" ? page : null;
  if (isInvoice(username)) {
    payLink(username.slice(1));
    return true;
  }
  if (!ours && (username || "").toLowerCase() !== state.chat.bot.username.toLowerCase()) return false;
  enter(username, url.searchParams.get("start"));
  return true;
}

const isInvoice = (name) => (name || "").startsWith("$");

/** Somebody else pays an invoice of this chat, or opens the bot by it where the invoice says so. */
async function forward(message) {
  const sender = state.chat.user;
  const person = await askWhom([...state.people.values()].filter(({ id }) => id !== sender.id));
  if (!person) return;
  await open(person.id);
  const start = message.invoice.start_parameter;
  if (start) enter(state.chat.bot.username, start);
  else offer(termsOf(message.invoice), { chat_id: sender.id, message_id: message.message_id }, fullName(sender));
}

/** Open the chat with a bot by its link: the payload goes to it as a press on Start would send it. */
function enter(bot, payload) {
  if (bot && bot.toLowerCase() !== state.chat.bot.username.toLowerCase()) return toast(word("noBot")(bot));
  if (payload === null) return null;
  const fits = /^[\w-]{1,64}$/.test(payload);
  return start(fits ? `/start ${payload}` : "/start");
}

async function start(text) {
  if (state.chat.user.blocked) await attempt(() => api.unblock(me()));
  await say(text);
}

async function editPerson(person) {
  const fields = await askPerson(person);
  if (!fields) return;
  const saved = await attempt(() => api.savePerson(fields));
  if (saved) await open(saved.id);
}

async function advance(seconds) {
  await attempt(() => api.advance(seconds));
  await readClock();
  draw();
}

// ------------------------------------------------------------------ what the page knows

async function readClock() {
  const clock = await api.clock();
  state.offset = clock.offset_seconds * 1000;
}

async function readPeople() {
  let people = await api.people();
  if (!people.length) {
    for (const person of FIRST_PEOPLE) await api.savePerson(person);
    people = await api.people();
  }
  state.people = new Map(people.map((person) => [person.id, person]));
}

async function open(id) {
  localStorage.setItem(CHOSEN, id);
  setAction(null);
  state.chat = await api.chatOf(id);
  speak(state.chat.user.language_code);
  $("side").classList.remove("shown");
  draw();
  await seen();
}

async function seen() {
  if (!state.chat || document.hidden) return;
  const unread = state.people.get(me());
  if (unread && unread.unread) await api.markRead(me());
}

function firstChoice() {
  const asked = new URLSearchParams(location.search).get("user") || localStorage.getItem(CHOSEN);
  if (asked && state.people.has(Number(asked))) return Number(asked);
  const people = [...state.people.values()];
  const same = people.find((person) => navigator.language.startsWith(person.language_code || "-"));
  return (same || people[0]).id;
}

// ------------------------------------------------------------------ what happens

async function happened(events) {
  const mine = events.filter((event) => event.user_id === me());
  for (const event of mine) {
    if (event.type === "action") setAction(event.action);
    else if (event.type === "answer") answered(event.query);
    else if (event.type === "edit" || (event.type === "message" && !event.message.outgoing)) setAction(null);
  }
  await refresh();
}

/** Read again what is shown: an event says that something changed, the chat says what is true. */
async function refresh() {
  const shown = me();
  const [chat] = await Promise.all([api.chatOf(shown), readPeople()]);
  if (shown !== me()) return; // another person was chosen meanwhile
  if (chat.user.language_code !== state.chat.user.language_code) speak(chat.user.language_code);
  state.chat = chat;
  draw();
  await seen();
}

/** `last` is where the feed stood before the page read what it shows, so that nothing in between is missed. */
async function listenForEvents(last) {
  for (;;) {
    try {
      const news = await api.events(last);
      if (news.reset) await reload();
      else if (news.events.length) await happened(news.events);
      last = news.last;
      setOnline(true);
    } catch {
      setOnline(false);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function setOnline(online) {
  if (state.online === online) return;
  state.online = online;
  drawStatus();
}

async function reload() {
  await Promise.all([readClock(), readPeople()]);
  await open(firstChoice());
}

// ------------------------------------------------------------------ the beginning

const ACTS = {
  theme() {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("telegram.theme", document.documentElement.dataset.theme);
  },
  people: () => $("side").classList.toggle("shown"),
  commands: toggleCommands,
  keys: toggleKeys,
  "new-person": () => editPerson(null),
  "edit-person": () => editPerson(state.chat.user),
  "close-form": () => $("person-form").close(),
  stars: openWallet,
  "next-hour": () => advance(3600),
  "next-day": () => advance(86400),
  block: () => attempt(() => (state.chat.user.blocked ? api.unblock(me()) : api.block(me()))),
};

document.addEventListener("click", (event) => {
  const actor = event.target.closest("[data-act]");
  if (!actor) return;
  if (actor.closest("[popover]")) $("more").hidePopover();
  ACTS[actor.dataset.act]();
});
$("start").addEventListener("click", () => start("/start"));
$("restart").addEventListener("click", () => start("/start"));
$("down").addEventListener("click", () => toBottom(true));
$("history").addEventListener("scroll", () => ($("down").hidden = nearBottom()), { passive: true });
document.addEventListener("visibilitychange", seen);
listenComposer(say);
listen({ link: follow, command: say });
listenStars();
closeOnBackdrop($("lightbox"), $("alert"), $("person-form"), $("pay"), $("wallet"), $("forward"));
setInterval(drawList, 30000);

speak(navigator.language);
const { last } = await api.events(null);
await reload();
listenForEvents(last);
const [, , bot] = location.pathname.split("/");
const payload = new URLSearchParams(location.search).get("start");
history.replaceState(null, "", "/chat");
if (isInvoice(bot)) payLink(bot.slice(1));
else if (bot || payload !== null) enter(bot, payload);
