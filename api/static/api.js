// One way to change something: JSON to the API, with the version that was seen and a key that makes repeating safe.
import { text } from "./texts.js";

export class Refused extends Error {
  constructor(status, told) {
    super(told.message);
    this.status = status;
    this.type = told.type;
    this.hint = told.hint ?? "";
    this.field = told.field ?? null;
  }
}

export const newKey = () => {
  // crypto.randomUUID exists only where the address is trusted (https or this machine).
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");

async function refusal(answer) {
  try {
    return new Refused(answer.status, (await answer.json()).error);
  } catch {
    return new Refused(answer.status, { type: "Unread", message: text("unread"), hint: text("again") });
  }
}

/** Send a request; the answer's document, or null when it has none. Throws Refused, also when nobody answers (status 0). */
export async function send(method, address, body, { etag, key, form } = {}) {
  const url = new URL(address, location.href);
  url.searchParams.set("lang", language());
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (etag) headers["if-match"] = `"${etag}"`;
  if (key) headers["idempotency-key"] = key;
  let answer;
  try {
    answer = await fetch(url, { method, headers, body: form ?? (body === undefined ? undefined : JSON.stringify(body)) });
  } catch {
    throw new Refused(0, { type: "Offline", message: text("offline"), hint: text("kept") });
  }
  if (!answer.ok) throw await refusal(answer);
  return answer.status === 204 ? null : answer.json();
}
