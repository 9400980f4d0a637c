// Who can be broken, and where: payers' pages and the bot's polling are left alone by counted faults.

export const COMPANIES = [
  { name: "telegram", title: "Telegram", forGood: "*", counted: "/bot*/[!g]*", note: "telegramNote" },
  { name: "yookassa", title: "ЮKassa", english: "YooKassa", forGood: "*/v3/*", counted: "*/v3/*", note: "providerNote" },
  { name: "coingate", title: "CoinGate", forGood: "*/v2/*", counted: "*/v2/*", note: "providerNote" },
  { name: "mynalog", title: "Мой налог", english: "Moy Nalog", forGood: "*/api/v1/*", counted: "*/api/v1/*" },
  { name: "xui", title: "3X-UI", forGood: "*", counted: "*" },
];

export const MODES = [
  { mode: "lost_before" },
  { mode: "status", status: 500 },
  { mode: "lost_after" },
  { mode: "latency", ms: 3000 },
  { mode: "garbage" },
  { mode: "http_429", retry_after: 1 },
];

export const WEBHOOKS = [
  { name: "drop", on: { drop: 1 }, off: { drop: 0 }, is: (policy) => policy.drop > 0 },
  { name: "dup", on: { dup: 1, copies: 2 }, off: { dup: 0, copies: 2 }, is: (policy) => policy.dup > 0 },
  { name: "delay", on: { delay: [60, 60] }, off: { delay: [0, 0] }, is: (policy) => policy.delay[1] > 0 },
];

export function titleOf(name, language) {
  const company = COMPANIES.find((known) => known.name === name);
  return !company ? name : language === "en" ? company.english || company.title : company.title;
}
