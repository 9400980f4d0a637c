// The right side: every request between the shop and the world, newest first.

import * as api from "./api.js";
import { pretty, wasCut } from "./bodies.js";
import { COMPANIES, titleOf } from "./companies.js";
import { $, make } from "./dom.js";
import { hide } from "./secrets.js";
import { rawPath, sides, tell } from "./tell.js";
import { faultName, language, timeOf, word } from "./words.js";

const KEPT = 400; // entries on the page
const HEADERS = ["content-type", "idempotence-key"];

const state = { after: 0, waiting: [], paused: false, filter: "" };

export function build() {
  $("filters").append(...["", ...COMPANIES.map((company) => company.name)].map(filterChoice));
  $("pause").addEventListener("click", () => {
    state.paused = !state.paused;
    draw();
  });
  $("clear").addEventListener("click", () => {
    state.waiting = [];
    $("entries").replaceChildren();
    draw();
  });
  draw();
}

/** Fetch what is new; answers how many entries that were. */
export async function refresh() {
  const fresh = await api.log(state.after);
  if (!fresh.length) return 0;
  state.after = fresh.at(-1).id;
  state.waiting = [...state.waiting, ...fresh].slice(-KEPT);
  draw();
  return fresh.length;
}

/** The sandbox was away: a new one counts its entries from the beginning. */
export function startOver() {
  if (!state.after) return;
  state.after = 0;
  state.waiting = [];
  if (!state.paused) $("entries").replaceChildren();
}

function filterChoice(name) {
  const radio = make("input", { type: "radio", name: "filter", value: name, testid: `filter-${name || "all"}` });
  radio.checked = name === state.filter;
  radio.addEventListener("change", () => {
    state.filter = name;
    draw();
  });
  return make("label.chip", {}, radio, name ? titleOf(name, language) : word("everybody"));
}

function draw() {
  const list = $("entries");
  if (!state.paused && state.waiting.length) {
    list.prepend(...state.waiting.map(row).reverse());
    state.waiting = [];
    while (list.childElementCount > KEPT) list.lastElementChild.remove();
  }
  for (const entry of list.children) entry.hidden = Boolean(state.filter) && entry.dataset.service !== state.filter;
  $("empty").hidden = [...list.children].some((entry) => !entry.hidden);
  const news = state.waiting.length;
  $("pause").textContent = !state.paused ? word("pause") : news ? `${word("resume")} (${news})` : word("resume");
  $("pause").setAttribute("aria-pressed", state.paused);
}

// ------------------------------------------------------------------ one entry

function kindOf(entry) {
  if (entry.status === null || entry.status >= 500) return "bad";
  if (entry.status >= 400) return "poor";
  return entry.faults.length ? "poor" : "good";
}

function row(entry) {
  const { from, to } = sides(entry);
  const { what, detail } = tell(entry);
  const id = `bodies-${entry.id}`;
  const head = make(
    "button.line",
    { type: "button", "aria-expanded": "false", "aria-controls": id },
    make("time", { datetime: entry.at }, timeOf(new Date(entry.at))),
    make("span.sides", {}, `${from} → ${to}`),
    make("span.what", {}, what, what && detail ? ": " : "", detail ? make("i", {}, detail) : null),
    make("code", {}, `${entry.method} ${rawPath(entry)}`),
    make("span.marks", {}, ...entry.faults.map((mode) => make("b.fault", { testid: "entry-fault" }, faultName(mode)))),
    make("span.outcome", { testid: "entry-status" }, entry.status === null ? word("noAnswer") : String(entry.status)),
    make("span.ms", {}, `${Math.round(entry.ms)} ${word("ms")}`),
  );
  const bodies = make("div.bodies", { id, testid: "bodies", hidden: "" });
  head.addEventListener("click", () => {
    if (!bodies.childElementCount) bodies.append(...contents(entry));
    bodies.hidden = !bodies.hidden;
    head.setAttribute("aria-expanded", !bodies.hidden);
  });
  const item = make("li.entry", { testid: "entry" }, head, bodies);
  Object.assign(item.dataset, {
    service: entry.service,
    kind: kindOf(entry),
    direction: entry.direction,
    status: entry.status === null ? "none" : entry.status,
    faults: entry.faults.join(" "),
  });
  return item;
}

function contents(entry) {
  const headers = Object.entries(entry.headers).filter(([name]) => HEADERS.includes(name.toLowerCase()));
  const type = entry.headers["content-type"] || entry.headers["Content-Type"];
  return [
    ...body("request", entry.request, type, headers.map(([name, value]) => `${name}: ${value}`).join("\n")),
    ...body("response", entry.response),
  ];
}

function body(name, text, type = "", above = "") {
  const shown = text ? hide(pretty(text, type)) : word("nothing");
  const note = wasCut(text) ? ` (${word("cut")})` : "";
  return [
    make("h3", {}, word(name) + note),
    above ? make("pre.headers", {}, hide(above)) : null,
    make("pre", { tabindex: "0", testid: name, class: text ? null : "none", "aria-label": word(name) }, shown),
  ].filter(Boolean);
}
