// Refreshes the figures in place, and says so when the server cannot be reached.
"use strict";

const EVERY_MS = 60_000;
const AT_MOST_EVERY_MS = 10_000;
const SPREAD_MS = 2_000; // or all who look would ask in the instant of a change

// What the keyboard may stand on without a name of its own is found again by its place among such.
const NAMELESS = ":is(a, summary, [tabindex]):not([id])";

async function refresh() {
  const live = document.querySelector("[data-live]");
  if (!live || document.hidden || live.contains(document.activeElement.closest("form"))) return;
  const stale = document.querySelector("[data-stale]");
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.redirected) return location.assign(answer.url);
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    const focused = document.activeElement.id;
    const place = [...live.querySelectorAll(NAMELESS)].indexOf(document.activeElement);
    const filled = [...live.querySelectorAll("input[id]")].filter(isFilled);
    const open = [...live.querySelectorAll("details[open]")].map((details) => details.id);
    live.replaceWith(fresh);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const { id, value, checked } of filled) {
      const same = document.getElementById(id);
      if (same) Object.assign(same, { value, checked });
    }
    const again = focused ? document.getElementById(focused) : fresh.querySelectorAll(NAMELESS)[place];
    again?.focus({ preventScroll: true });
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
}

// Whether somebody has chosen or written what a fresh page would not know of.
function isFilled(input) {
  return input.checked !== input.defaultChecked || input.value !== input.defaultValue;
}

// How many alerts are open, beside their link; while nobody can say, the last number stays.
async function countAlerts() {
  const badge = document.querySelector("[data-alerts]");
  if (!badge || document.hidden) return;
  try {
    const answer = await fetch("/api/v1/alerts?limit=1");
    if (!answer.ok) throw new Error(answer.statusText);
    const { total } = await answer.json();
    badge.textContent = total ? ` (${total})` : "";
  } catch {
    badge.textContent ||= " (?)";
  }
}

// The stream says when something has changed; the first message only says how things are.
function follow() {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  let waiting = null;
  let known = false;
  let lastMs = performance.now();
  const changed = (message) => {
    const first = JSON.parse(message.data).whole ?? !known;
    known = true;
    if (first || waiting) return;
    const restMs = Math.max(0, lastMs + AT_MOST_EVERY_MS - performance.now());
    waiting = setTimeout(() => {
      waiting = null;
      lastMs = performance.now();
      refresh();
      countAlerts();
    }, restMs + Math.random() * SPREAD_MS);
  };
  const stream = new EventSource(live.dataset.live || "/api/v1/live");
  stream.addEventListener("change", changed);
  stream.addEventListener("alerts", changed);
}

follow();
countAlerts();
setInterval(() => { refresh(); countAlerts(); }, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
