// The strip: what the companies know of how the shop is doing.

import * as api from "./api.js";
import { $ } from "./dom.js";
import { word } from "./words.js";

const OPEN = new Set(["pending", "waiting_for_capture", "new", "confirming"]);
const LOST = new Set(["dropped", "stopped", "given_up"]);

const count = (list, condition) => list.filter(condition).length;

export async function refresh() {
  const [payments, orders, clients, updates, ...deliveries] = await Promise.all([
    api.payments(),
    api.orders(),
    api.clients(),
    api.updates(),
    ...api.PROVIDERS.map(api.deliveries),
  ]);
  const sent = deliveries.flat();
  const lost = count(sent, (delivery) => LOST.has(delivery.state));
  const enabled = count(clients, (client) => client.enable);
  show("open-payments", count([...payments, ...orders], (payment) => OPEN.has(payment.status)));
  show("clients", clients.length, clients.length ? word("clientsOn", enabled) : "");
  show("undelivered", count(sent, (delivery) => delivery.state === "waiting"), lost ? word("undeliveredLost", lost) : "");
  show("updates", updates.length);
}

function show(id, number, more = "") {
  $(id).textContent = number;
  const line = $(`${id}-more`);
  if (line) line.textContent = more;
}
