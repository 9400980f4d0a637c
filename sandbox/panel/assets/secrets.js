// What must not stand on a screen: tokens, passwords, keys, links that let somebody in.

const HIDDEN = "•••";
const NAMES = "token|secret_token|provider_token|password|secret|secret_key|api_key|apiKey|privateKey|auth|subId|twoFactorCode|hash|cvc|cvv";
const RULES = [
  [/(\/bot\d+:)[\w-]+/g, `$1${HIDDEN}`],
  [/(\/webhooks\/[\w-]+\/)[\w-]+/g, `$1${HIDDEN}`],
  [/(\/sub\/)[\w-]+/g, `$1${HIDDEN}`],
  [/\b(vless|vmess|trojan|ss):\/\/[^\s"'<\\]+/g, `$1://${HIDDEN}`],
  [/(\bnumber"?\s*[:=]\s*"?)[\d ]+(\d{4})/g, `$1${HIDDEN}$2`],
  [/([0-9a-f]{8})-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, `$1-${HIDDEN}`],
  [new RegExp(`(\\\\*"(?:${NAMES})\\\\*"\\s*:\\s*\\\\*")[^"\\\\]+`, "g"), `$1${HIDDEN}`],
  [new RegExp(`((?:^|[&?])(?:${NAMES})=)[^&\\s]+`, "g"), `$1${HIDDEN}`],
];

export function hide(text) {
  return RULES.reduce((safe, [pattern, instead]) => safe.replace(pattern, instead), text);
}
