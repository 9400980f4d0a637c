// The left side: the clock, the switches of each company, and the button that ends it all.

import * as api from "./api.js";
import { COMPANIES, MODES, WEBHOOKS, titleOf } from "./companies.js";
import { $, make, toast } from "./dom.js";
import { dateAndTime, faultName, language, word } from "./words.js";

const STEPS = [60, 3600, 86400, 2592000]; // seconds
const TIMES = [0, 1, 3, 10]; // 0: until repaired

const state = { faults: [], policies: {}, offset: null, times: 0 };
const switches = new Map(); // buttons by test id

/** Build everything once; `refresh` says what is on. */
export function build() {
  $("advance").append(...STEPS.map(stepButton));
  $("times").append(...TIMES.map(timesChoice));
  $("companies").append(...COMPANIES.map(card));
  $("repair").addEventListener("click", () => act(repairAll));
  setInterval(drawClock, 250);
}

/** Ask what is broken and what time it is; `policies` change by this page as a rule, and are asked for less often. */
export async function refresh({ policies = true } = {}) {
  const [clock, faults] = await Promise.all([api.clock(), api.faults()]);
  state.offset = Date.parse(clock.now) - Date.now();
  state.faults = faults.filter((fault) => fault.times === null || fault.hits < fault.times);
  if (policies) {
    const found = await Promise.all(api.PROVIDERS.map(api.policy));
    state.policies = Object.fromEntries(api.PROVIDERS.map((name, index) => [name, found[index]]));
  }
  draw();
}

async function act(change) {
  try {
    await change();
    await refresh();
  } catch (error) {
    console.info(error);
    toast(word("failed"));
  }
}

async function repairAll() {
  await Promise.all([api.disarmAll(), ...api.PROVIDERS.map((provider) => api.setPolicy(provider, {}))]);
  toast(word("repaired"));
}

// ------------------------------------------------------------------ building

function stepButton(seconds) {
  const move = () => act(() => api.advance(seconds));
  return make("button.chip", { type: "button", testid: `advance-${seconds}`, onclick: move }, word(`plus${seconds}`));
}

function timesChoice(times) {
  const radio = make("input", { type: "radio", name: "times", value: times, testid: `times-${times}` });
  radio.checked = times === state.times;
  radio.addEventListener("change", () => (state.times = times));
  return make("label.chip", {}, radio, word(`times${times}`));
}

function card(company) {
  const title = titleOf(company.name, language);
  const note = company.note ? make("p.hint", {}, word(company.note)) : null;
  const chips = MODES.map((options) => faultSwitch(company, title, options));
  const webhooks = api.PROVIDERS.includes(company.name)
    ? [
        make("h3", { id: `webhooks-${company.name}` }, word("webhooks")),
        make("div.chips", { role: "group", "aria-labelledby": `webhooks-${company.name}` }, ...WEBHOOKS.map((knob) => webhookSwitch(company, knob))),
      ]
    : [];
  return make(
    "section.block.company",
    { testid: `company-${company.name}`, "aria-label": title, id: `company-${company.name}` },
    make("h2", {}, make("span.dot", { "aria-hidden": "true" }), title),
    make("div.chips", {}, ...chips),
    make("ul.foreign", { id: `foreign-${company.name}` }),
    ...webhooks,
    note,
  );
}

function toggle(testid, name, hint, flip) {
  const attributes = { type: "button", role: "switch", "aria-checked": "false", testid, title: hint, onclick: () => act(flip) };
  const button = make("button.chip.switch", attributes, make("span", {}, name), make("i.count"));
  switches.set(testid, button);
  return button;
}

function faultSwitch(company, title, options) {
  const { mode } = options;
  const flip = async () => {
    const met = armed(company.name).filter((fault) => isOurs(company, fault));
    const same = met.filter((fault) => fault.mode === mode);
    // of two that are not mere delays only the first would ever be met, so the new one replaces the old
    const gone = same.length || mode === "latency" ? same : met.filter((fault) => fault.mode !== "latency");
    await Promise.all(gone.map((fault) => api.disarm(fault.id)));
    if (same.length) return;
    const path = state.times ? company.counted : company.forGood;
    await api.arm({ service: company.name, path, times: state.times || null, ...options });
  };
  return toggle(`fault-${company.name}-${mode}`, word(mode), word(`${mode}Hint`), flip);
}

function webhookSwitch(company, knob) {
  const flip = async () => {
    const policy = await api.policy(company.name);
    await api.setPolicy(company.name, { ...policy, ...(knob.is(policy) ? knob.off : knob.on) });
  };
  return toggle(`webhook-${company.name}-${knob.name}`, word(knob.name), word(`${knob.name}Hint`), flip);
}

// ------------------------------------------------------------------ drawing

const armed = (service) => state.faults.filter((fault) => fault.service === service);

function isOurs(company, fault) {
  const known = MODES.find((options) => options.mode === fault.mode);
  const same = known && Object.entries(known).every(([name, value]) => fault[name] === value);
  return same && fault.method === null && [company.forGood, company.counted].includes(fault.path);
}

function draw() {
  let broken = 0;
  for (const company of COMPANIES) {
    const faults = armed(company.name);
    const ours = faults.filter((fault) => isOurs(company, fault));
    for (const { mode } of MODES) {
      const fault = ours.find((candidate) => candidate.mode === mode);
      drawSwitch(`fault-${company.name}-${mode}`, Boolean(fault), fault && countOf(fault));
    }
    const policy = state.policies[company.name];
    const knobs = policy ? WEBHOOKS.filter((knob) => knob.is(policy)) : [];
    if (policy) for (const knob of WEBHOOKS) drawSwitch(`webhook-${company.name}-${knob.name}`, knobs.includes(knob));
    drawForeign(company, faults.filter((fault) => !ours.includes(fault)));
    $(`company-${company.name}`).classList.toggle("broken", faults.length + knobs.length > 0);
    broken += faults.length + knobs.length;
  }
  $("broken").hidden = !broken;
  $("broken").textContent = broken;
  $("repair").classList.toggle("needed", broken > 0);
  drawClock();
}

function countOf(fault) {
  if (fault.times !== null) return word("left", fault.times - fault.hits);
  return fault.hits ? word("met", fault.hits) : "";
}

function drawSwitch(testid, on, count = "") {
  const button = switches.get(testid);
  button.setAttribute("aria-checked", on);
  button.querySelector(".count").textContent = count;
}

function drawForeign(company, faults) {
  const list = $(`foreign-${company.name}`);
  const key = JSON.stringify(faults);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...faults.map((fault) => {
      const about = [faultName(fault.mode), fault.method, fault.path, countOf(fault)].filter(Boolean).join(" · ");
      const remove = () => act(() => api.disarm(fault.id));
      return make("li", { title: word("foreign") }, make("span", {}, about), make("button.link", { type: "button", onclick: remove }, word("remove")));
    }),
  );
}

function drawClock() {
  if (state.offset !== null) $("now").textContent = dateAndTime(new Date(Date.now() + state.offset));
}
