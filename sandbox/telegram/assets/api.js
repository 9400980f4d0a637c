// The control API of the emulator: the page does nothing that a test could not do.

const CONTROL = "/sandbox/telegram/_ctl";
const SHARED = "/sandbox/_ctl";

export class Refused extends Error {}

async function call(path, options) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  const body = await answer.json();
  if (!answer.ok) throw new Refused(body.error || answer.statusText);
  return body;
}

const post = (path, body = {}) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const people = () => call(`${CONTROL}/users`);
export const savePerson = (fields) => post(`${CONTROL}/users`, fields);
export const botFor = (language) => call(`${CONTROL}/bot?language=${encodeURIComponent(language)}`);
export const chatOf = (id) => call(`${CONTROL}/users/${id}/messages`);
export const send = (id, text) => post(`${CONTROL}/users/${id}/send`, { text });
export const tap = (id, messageId, row, column) =>
  post(`${CONTROL}/users/${id}/tap`, { message_id: messageId, row, column });
export const block = (id) => post(`${CONTROL}/users/${id}/block`);
export const unblock = (id) => post(`${CONTROL}/users/${id}/unblock`);
export const markRead = (id) => post(`${CONTROL}/users/${id}/read`);
export const pay = (id, what) => post(`${CONTROL}/users/${id}/pay`, what);
export const topUp = (id, stars) => post(`${CONTROL}/users/${id}/stars`, { add: stars });
export const invoice = (key) => call(`${CONTROL}/invoices/${encodeURIComponent(key)}`);
export const changeSubscription = (id, charge, change) =>
  post(`${CONTROL}/users/${id}/subscriptions/${charge}/${change}`);
export const events = (after) => call(`${CONTROL}/events?${after === null ? "" : `after=${after}&`}seconds=25`);
export const clock = () => call(`${SHARED}/clock`);
export const advance = (seconds) => post(`${SHARED}/clock/advance`, { seconds });
