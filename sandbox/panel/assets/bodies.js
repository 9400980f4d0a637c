// Bodies of requests and answers as a person reads them.

const LIMIT = 8192; // bytes the sandbox keeps of a body

/** The fields of a body: of JSON, a form or a form with files; null when it has none. */
export function fieldsOf(text, type = "") {
  if (!text) return null;
  if (type.startsWith("multipart/")) return parts(text);
  if (type.startsWith("application/x-www-form-urlencoded")) return decoded(Object.fromEntries(new URLSearchParams(text)));
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const wasCut = (text) => new TextEncoder().encode(text).length >= LIMIT;

export function pretty(text, type) {
  const fields = fieldsOf(text, type);
  return fields === null ? text : JSON.stringify(fields, null, 2);
}

/** A form says everything in text, even what is JSON. */
function decoded(fields) {
  for (const [name, value] of Object.entries(fields)) {
    if (!/^[[{]/.test(value)) continue;
    try {
      fields[name] = JSON.parse(value);
    } catch {
      // it only looked like JSON
    }
  }
  return fields;
}

function parts(text) {
  const fields = {};
  for (const part of text.split(/\r?\n?--[\w-]+(?:\r\n|--)/)) {
    const found = part.match(/name="([^"]+)"(; filename=)?[\s\S]*?\r\n\r\n([\s\S]*)/);
    if (found) fields[found[1]] = found[2] ? "…" : found[3];
  }
  return decoded(fields);
}
