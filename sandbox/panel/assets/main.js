// The fault panel: what stands where, and how often the sandbox is asked.

import * as controls from "./controls.js";
import { $, make } from "./dom.js";
import * as journal from "./log.js";
import * as shop from "./shop.js";
import { speak, switchLanguage, word } from "./words.js";

const EVERY = 1000; // milliseconds
const SELDOM = 5; // rounds between looks at what rarely changes by itself

let round = 0;
let unseen = 0;

function placeChat() {
  const address = new URL(location.href);
  const withChat = address.searchParams.get("with") === "chat";
  const user = address.searchParams.get("user");
  document.body.classList.toggle("with-chat", withChat);
  $("beside").href = withChat ? "/sandbox" : "/sandbox?with=chat";
  $("beside").textContent = word(withChat ? "alone" : "beside");
  if (!withChat) return;
  const source = user ? `/chat?user=${encodeURIComponent(user)}` : "/chat";
  $("chat").append(make("iframe", { src: source, title: word("chat"), testid: "chat-frame", allow: "clipboard-write" }));
  $("chat").hidden = false;
  document.querySelector(".tabs [data-tab=chat]").hidden = false;
}

function openTab(name) {
  document.body.dataset.tab = name;
  for (const tab of document.querySelectorAll(".tabs button")) {
    if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  countUnseen(0);
}

/** How many requests came while another section was open. */
function countUnseen(more) {
  unseen = document.body.dataset.tab === "log" ? 0 : unseen + more;
  if (more === 0) unseen = 0;
  $("unseen").hidden = !unseen;
  $("unseen").textContent = unseen > 99 ? "99+" : unseen;
}

async function look() {
  if (document.hidden) return;
  const fresh = await journal.refresh();
  if (fresh && round) countUnseen(fresh);
  const seldom = round % SELDOM === 0;
  await controls.refresh({ policies: seldom });
  if (fresh || seldom) await shop.refresh();
  round += 1;
}

async function watch() {
  try {
    await look();
    $("lost").hidden = true;
  } catch (error) {
    console.info(error);
    journal.startOver();
    $("lost").hidden = false;
  }
  setTimeout(watch, EVERY);
}

speak();
$("language").textContent = word("other");
$("language").addEventListener("click", switchLanguage);
for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => openTab(tab.dataset.tab));
addEventListener("storage", ({ key, newValue }) => {
  if (key === "telegram.theme" && newValue) document.documentElement.dataset.theme = newValue;
});
placeChat();
openTab("faults");
controls.build();
journal.build();
watch();
