// The rating tablet of one counter: live only while a rating is due, one rating per press.

import * as hub from "/page/hub.js";
import { $, fill, LANGUAGES, make, named, show, tell, worded } from "/page/show.js";
import { face, toneOf, wordOf } from "/pad/faces.js";

const CHOOSE_MS = 8000; // to give a reason or change one's mind
const SPARE_MS = 1500; // what a rating needs to arrive before its time is over
const THANKS_MS = 5000;
const REFUSED_MS = 8000;

const state = {
  words: {}, // by language
  me: null, // { id, role, counter }
  catalogue: null,
  counter: null, // the counter's part of the newest snapshot
  link: "starting", // "up", "lost" or "unknown"
  language: LANGUAGES[0],
  dueUntil: 0, // when the rating's time is over, by performance.now(); 0 when none is due
  chosen: null, // a level
  chosenFor: null, // the row that ended the service which it is about
  sendAt: 0,
  sending: false,
  said: null, // "thanks" or { title, text }
  saidUntil: 0,
};

// --- what is shown ----------------------------------------------------------------------------

function view() {
  if (state.link === "starting") return "starting";
  if (state.link !== "up" || typeof state.said === "object" && state.said) return "message";
  if (state.said === "thanks") return "thanks";
  return state.dueUntil ? "due" : "idle";
}

function say(key, values) {
  return worded(state.words[state.language], key, values);
}

function render() {
  const now = view();
  const changed = document.body.dataset.view !== now;
  show(now, state.language, say);
  if (now === "starting") return;
  if (state.me && state.catalogue) {
    $("unit").textContent = state.catalogue.unit;
    $("counter").textContent = say("counter", { counter: state.me.counter });
  }
  if (now === "idle") renderIdle();
  if (now === "due") renderDue();
  if (now === "message") renderMessage();
  if (changed) arrive(now);
}

function renderIdle() {
  const { counter } = state.me;
  const closed = state.counter.phase !== "open" && !state.counter.ticket;
  $("counter-number").textContent = counter;
  $("idle-title").textContent = closed ? say("closed") : say("counter", { counter });
  $("idle-text").textContent = closed ? "" : say("idle");
}

function renderDue() {
  const { rating_levels: levels, rating_reasons: reasons } = state.catalogue;
  const best = Array.from({ length: levels }, (_, index) => levels - index);
  fill($("faces"), state.language, best, (level) => faceButton(level, levels));
  for (const button of $("faces").children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.level) === state.chosen));
  }
  fill($("reasons"), state.language, reasons, reasonButton);
  $("more").hidden = state.chosen === null;
  renderCountdown();
}

function renderCountdown() {
  const seconds = Math.max(0, Math.ceil((state.sendAt - performance.now()) / 1000));
  tell($("countdown"), say("sending", { seconds }));
}

function renderMessage() {
  const { title, text } = state.link === "up"
    ? state.said
    : { title: say(`${state.link}_title`), text: say(state.link) };
  tell($("message-title"), title);
  tell($("message-text"), text);
}

function faceButton(level, levels) {
  const words = make("span", "", [say(wordOf(level, levels))]);
  const button = make("button", `face ${toneOf(level, levels)}`, [face(level, levels), words]);
  button.dataset.level = level;
  button.addEventListener("click", () => choose(level));
  return button;
}

function reasonButton(reason) {
  const button = make("button", "reason", [named(reason, state.language)]);
  button.addEventListener("click", () => send(reason.id));
  return button;
}

/** Say aloud that a rating may be given, and put the keyboard at the question. */
function arrive(now) {
  $("spoken").textContent = now === "due" ? say("question") : "";
  if (now === "due") $("question").focus();
}

// --- what happens -----------------------------------------------------------------------------

/** Without reasons to choose from, a press is sent at once. */
function choose(level) {
  if (state.sending || view() !== "due") return;
  state.chosen = level;
  state.chosenFor = state.counter.finished_seq ?? null;
  const now = performance.now();
  state.sendAt = Math.min(now + CHOOSE_MS, Math.max(now, state.dueUntil - SPARE_MS));
  if (!state.catalogue.rating_reasons.length) return send(null);
  render();
}

async function send(reason) {
  if (state.sending || state.chosen === null) return;
  state.sending = true;
  const { chosen: level, chosenFor } = state;
  const command = { type: "Rate", counter: state.me.counter, level, reason };
  if (chosenFor !== null) command.finished_seq = chosenFor;
  const { answer, refused } = await hub.give(command, state.language);
  state.sending = false;
  state.chosen = null;
  if (answer) {
    announce("thanks", THANKS_MS);
  } else if (chosenFor !== (state.counter.finished_seq ?? null)) {
    render(); // the next citizen is asked, and need not read of the last one's press
  } else {
    announce({ title: say("refused"), text: refused ?? say("lost") }, REFUSED_MS);
  }
}

function announce(said, ms) {
  state.said = said;
  state.saidUntil = performance.now() + ms;
  render();
}

/** A choice that nobody sent is sent, what was said goes, and what nobody rated is over. */
function look() {
  const now = performance.now();
  if (state.chosen !== null && now >= state.sendAt) return send(null);
  if (state.said && now >= state.saidUntil) {
    state.said = null;
    state.language = LANGUAGES[0];
    render();
  }
  if (state.dueUntil && now >= state.dueUntil && !state.sending) {
    state.dueUntil = 0;
    state.language = LANGUAGES[0];
    render();
  }
  if (state.chosen !== null) renderCountdown();
}

/** The pad's own counter in a snapshot; a choice lasts as long as its rating is due.

    One that is open when another service is finished is sent: the hub keeps it, uncounted. */
async function heard(snapshot, anew) {
  if (anew || !state.me) {
    try {
      state.me = await hub.me();
      state.catalogue = await hub.catalogue();
    } catch {
      if (!state.me || !state.catalogue) return;
    }
  }
  const counter = snapshot.counters.find((known) => known.counter === state.me.counter);
  if (state.me.role !== "pad" || !counter) return away("unknown");
  state.counter = counter;
  state.link = "up";
  const due = counter.rating_due_ms ?? null;
  state.dueUntil = due === null ? 0 : performance.now() + due - snapshot.now_ms;
  if (!state.dueUntil && !state.sending) state.chosen = null;
  if (state.chosen !== null && (counter.finished_seq ?? null) !== state.chosenFor) send(null);
  render();
}

function away(link) {
  state.link = link;
  render();
}

await Promise.all(LANGUAGES.map(async (known) => (state.words[known] = await hub.words("pad", known))));
await hub.pair();
$("send").addEventListener("click", () => send(null));
$("language").addEventListener("click", () => {
  state.language = LANGUAGES[(LANGUAGES.indexOf(state.language) + 1) % LANGUAGES.length];
  render();
});
document.addEventListener("contextmenu", (event) => event.preventDefault());
setInterval(look, 250);
hub.follow({ heard, lost: () => away("lost"), unknown: () => away("unknown") });
