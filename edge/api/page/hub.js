// The hub as its pages see it: words, catalogue, the stream of snapshots, and commands.

const RETRY_FIRST_MS = 400;
const RETRY_CAP_MS = 4000;
const QUIET_MS = 25000; // the hub says something at least every ten seconds
const GRACE_MS = 3000;
const UNKNOWN_RETRY_MS = 10000;
const ANSWER_MS = 4000;
const GIVE_UP_MS = 15000;

export class Unknown extends Error {}

/** Trade the token in the address, if there is one, for a cookie that scripts cannot read. */
export async function pair() {
  const token = location.hash.slice(1);
  if (!token) return;
  await insist(() => post("/api/browser", { token }, {}));
  history.replaceState(null, "", location.pathname);
}

/** The words of `page` in `language`; tried until they come. */
export async function words(page, language) {
  return insist(async () => (await answered(`/api/words/${language}?page=${page}`)).json());
}

/** Whose screen this is. Throws Unknown when the hub does not know this device. */
export async function me() {
  return (await answered("/api/me")).json();
}

/** What the site offers. Throws Unknown when the hub does not know this device. */
export async function catalogue() {
  return (await answered("/api/catalogue")).json();
}

/**
 * Follow the site for ever. `heard(snapshot, anew)` at once and at every change, `anew` with the
 * first of each connection; `lost()` when the hub was away for longer than a restart takes;
 * `unknown()` when it does not know this device.
 */
export async function follow({ heard, lost, unknown }) {
  let failures = 0;
  let absence = setTimeout(lost, GRACE_MS);
  const present = () => {
    clearTimeout(absence);
    absence = null;
  };
  for (;;) {
    let anew = true;
    try {
      await listen((snapshot) => {
        present();
        failures = 0;
        heard(snapshot, anew);
        anew = false;
      });
    } catch (error) {
      if (error instanceof Unknown) {
        present();
        unknown();
        await sleep(UNKNOWN_RETRY_MS);
        continue;
      }
    }
    absence ??= setTimeout(lost, GRACE_MS);
    await sleep(backoff(failures++));
  }
}

/**
 * Give one command: `{ answer }`, `{ refused: words, reason }`, or `{ lost: true }` when no answer
 * came. One press has one key, so that however often it is sent it is carried out once.
 */
export async function give(command, language) {
  const headers = { "Idempotency-Key": uuid(), "Accept-Language": language };
  const until = performance.now() + GIVE_UP_MS;
  for (let failures = 0; performance.now() < until; failures++) {
    try {
      const response = await post("/api/commands", command, headers);
      if (response.ok) return { answer: await response.json() };
      if (response.status !== 500) {
        const { detail, reason } = await response.json();
        return { refused: detail, reason };
      }
    } catch {
      // No answer: it may have been carried out or not. The same key asks again.
    }
    await sleep(backoff(failures));
  }
  return { lost: true };
}

async function listen(heard) {
  const line = new AbortController();
  let watch = setTimeout(() => line.abort(), QUIET_MS);
  try {
    const response = checked(await fetch("/api/stream", { signal: line.signal }));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(() => line.abort(), QUIET_MS);
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((part) => part.startsWith("data: "));
        if (data) heard(JSON.parse(data.slice("data: ".length)));
      }
    }
  } finally {
    clearTimeout(watch);
    line.abort();
  }
}

async function answered(path) {
  return checked(await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS) }));
}

async function post(path, body, headers) {
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
}

function checked(response) {
  if (response.status === 401) throw new Unknown();
  if (!response.ok) throw new Error(`the hub answered ${response.status}`);
  return response;
}

async function insist(ask) {
  for (let failures = 0; ; failures++) {
    try {
      return await ask();
    } catch {
      await sleep(backoff(failures));
    }
  }
}

function backoff(failures) {
  const longest = Math.min(RETRY_CAP_MS, RETRY_FIRST_MS * 2 ** failures);
  return longest / 2 + (Math.random() * longest) / 2;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// crypto.randomUUID() exists only behind TLS or on localhost; a site's screen has neither.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
