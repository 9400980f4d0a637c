// The people one can be: the list beside the chat and the form that adds or changes one.

import { $, arrange, make, paintAvatar } from "./dom.js";
import { LANGUAGES, shortMoment, starCount, word } from "./words.js";

const drawn = new Map(); // rows by person, so that only changed ones are made anew

export const fullName = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ");

export function drawPeople(people, currentId, now, choose) {
  const ordered = [...people].sort((a, b) => moment(b) - moment(a) || a.id - b.id);
  arrange(
    $("people"),
    ordered.map((person) => drawnRow(person, person.id === currentId, now, choose)),
  );
  const elsewhere = people.filter((person) => person.id !== currentId).reduce((sum, person) => sum + person.unread, 0);
  $("elsewhere").hidden = !elsewhere;
  $("elsewhere").textContent = elsewhere;
}

function drawnRow(person, current, now, choose) {
  const state = JSON.stringify([person, current, now.toDateString(), document.documentElement.lang]);
  const known = drawn.get(person.id);
  if (known && known.state === state) return known.element;
  const element = make("li", {}, row(person, current, now, choose));
  drawn.set(person.id, { state, element });
  return element;
}

const moment = (person) => (person.last_message ? person.last_message.date : 0);

function row(person, current, now, choose) {
  const avatar = make("span.avatar", { "aria-hidden": "true" });
  paintAvatar(avatar, person);
  const last = person.last_message;
  const head = make(
    "span.person-head",
    {},
    make("b", {}, fullName(person)),
    make("i.language", {}, (person.language_code || "").toUpperCase()),
    last ? make("time", {}, shortMoment(last.date, now)) : null,
  );
  const below = make("span.person-below", {}, make("span.preview", {}, preview(person)));
  if (person.unread && !current) {
    const label = `${person.unread} ${word("unread")}`;
    below.append(make("span.badge", { testid: "unread", "aria-label": label }, String(person.unread)));
  }
  return make(
    "button.person",
    {
      type: "button",
      testid: "person",
      "data-user-id": person.id,
      "aria-current": current ? "true" : null,
      onclick: () => choose(person.id),
    },
    avatar,
    make("span.person-text", {}, head, below),
  );
}

function preview(person) {
  if (person.blocked) return word("blocked");
  const last = person.last_message;
  if (!last) return word("nothingYet");
  if (last.paid || last.refunded) return `${word(last.paid ? "paid" : "refund")} ${starCount((last.paid || last.refunded).total_amount)}`;
  if (last.invoice) return `${word("invoice")}: ${last.invoice.title}`;
  const media = last.photo ? `${word("photo")}. ` : last.document ? `${word("file")}. ` : "";
  return (last.outgoing ? word("you") : "") + media + last.text.slice(0, 120);
}

export function drawMe(person) {
  paintAvatar($("me-avatar"), person);
  $("me-name").textContent = person.first_name;
  $("me-language").textContent = (person.language_code || "").toUpperCase();
}

/** Ask for a person's name and language; answers the fields, or null when it was cancelled. */
export function askPerson(person) {
  const form = $("person-form").querySelector("form");
  $("person-title").textContent = word(person ? "editPerson" : "newPerson");
  $("person-save").textContent = word(person ? "save" : "create");
  $("person-language").replaceChildren(...languageOptions(person));
  $("person-name").value = person ? person.first_name : "";
  $("person-username").value = (person && person.username) || "";
  $("person-form").returnValue = "";
  $("person-form").showModal();
  $("person-name").focus();
  return new Promise((resolve) => {
    $("person-form").addEventListener(
      "close",
      () => {
        const saved = $("person-form").returnValue === "save";
        const fields = Object.fromEntries(new FormData(form));
        resolve(saved && fields.first_name.trim() ? { ...fields, ...(person ? { id: person.id } : {}) } : null);
      },
      { once: true },
    );
  });
}

/** Ask for one of `people` to forward an invoice to; answers the person, or null when it was cancelled. */
export function askWhom(people) {
  let chosen = null;
  const choose = (person) => () => {
    chosen = person;
    $("forward").close();
  };
  $("forward-people").replaceChildren(
    ...people.map((person) => {
      const avatar = make("span.avatar.small", { "aria-hidden": "true" });
      paintAvatar(avatar, person);
      const attributes = { type: "button", testid: "forward-to", "data-user-id": person.id, onclick: choose(person) };
      return make("li", {}, make("button.person", attributes, avatar, make("span", {}, fullName(person))));
    }),
  );
  $("forward").showModal();
  return new Promise((resolve) => $("forward").addEventListener("close", () => resolve(chosen), { once: true }));
}

function languageOptions(person) {
  const chosen = (person && person.language_code) || document.documentElement.lang;
  const known = LANGUAGES.some(([code]) => code === chosen) ? LANGUAGES : [...LANGUAGES, [chosen, chosen]];
  return known.map(([code, name]) => make("option", { value: code, selected: code === chosen }, name));
}
