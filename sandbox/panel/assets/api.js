// The control API of the sandbox: the only thing the page speaks to.

const ROOT = "/sandbox";
const NEWEST = 200; // entries of the log at once: a page that comes late does not need them all

async function call(path, method = "GET", body = undefined) {
  const answer = await fetch(ROOT + path, { method, body: body && JSON.stringify(body), cache: "no-store" });
  if (!answer.ok) throw new Error((await answer.text()) || answer.statusText);
  return answer.json();
}

export const clock = () => call("/_ctl/clock");
export const advance = (seconds) => call("/_ctl/clock/advance", "POST", { seconds });
export const log = (after) => call(`/_ctl/log?after=${after}&last=${NEWEST}`);

export const faults = () => call("/_ctl/faults");
export const arm = (fault) => call("/_ctl/faults", "POST", fault);
export const disarm = (id) => call(`/_ctl/faults?id=${id}`, "DELETE");
export const disarmAll = () => call("/_ctl/faults", "DELETE");

const POLICIES = { yookassa: "/yookassa/_ctl/webhooks/policy", coingate: "/coingate/_ctl/callbacks/policy" };
export const PROVIDERS = Object.keys(POLICIES);
export const policy = (provider) => call(POLICIES[provider]);
export const setPolicy = (provider, knobs) => call(POLICIES[provider], "POST", knobs);

export const payments = () => call("/yookassa/_ctl/payments");
export const orders = () => call("/coingate/_ctl/orders");
export const clients = () => call("/xui/_ctl/clients");
export const deliveries = (provider) => call(`/${provider}/_ctl/deliveries`);
export const updates = () => call("/telegram/_ctl/updates");
