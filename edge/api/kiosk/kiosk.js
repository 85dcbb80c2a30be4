// The page's one state, what is shown for it, and what happens when people touch it.

import * as hub from "/kiosk/hub.js";
import { matching, meant } from "/kiosk/find.js";

const LANGUAGES = ["vi", "en"];
const IDLE_S = 60;
const READ_S = { slip: 12, noSlip: 30, refused: 20 };
const LETTERS = { vi: "abcdeghiklmnopqrstuvxy", en: "abcdefghijklmnopqrstuvwxyz" };
const DIGITS = "1234567890.";
const SPACE = " ";
const ERASE = "erase";

const state = {
  words: {}, // by language
  catalogue: null,
  snapshot: null, // what is shown
  newest: null, // what was heard last
  link: "starting", // "up", "lost" or "unknown"
  language: LANGUAGES[0],
  page: "start", // or "search" or "priority"
  priority: null,
  issuing: false,
  ticket: null, // { number, ahead, expected_wait_min, what, onPaper, slip }
  refused: null, // { title, text }
  leaveAt: 0, // when the page goes back to its start, by performance.now()
};

const $ = (id) => document.getElementById(id);

// --- what is shown ----------------------------------------------------------------------------

/** Which section is up: what happened to the person in front goes before the state of the site. */
function view() {
  if (state.link === "starting") return "starting";
  if (state.ticket) return "ticket";
  if (state.issuing) return "issuing";
  if (state.refused || state.link !== "up" || state.snapshot.issuing !== "open") return "message";
  return state.page;
}

function message() {
  if (state.refused) return { ...state.refused, more: "" };
  if (state.link === "unknown") {
    return { title: say("unknown_title"), text: say("unknown"), more: "" };
  }
  if (state.link === "lost") {
    return {
      title: say("unreachable_title"),
      text: say("unreachable"),
      more: say("unreachable_trying"),
    };
  }
  const { hours } = state.catalogue;
  const today = hours === "–" ? say("closed_today") : say("closed_hours", { hours });
  if (state.snapshot.issuing === "closed") {
    return { title: say("closed_title"), text: today, more: "" };
  }
  return { title: say("after_last_title"), text: say("after_last"), more: today };
}

function say(key, values = {}) {
  const words = state.words[state.language][key];
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function named(thing) {
  return thing.name[state.language] ?? thing.name[LANGUAGES[0]];
}

/** Whether a slip can come out now, as far as the printer's own reports tell. */
function canPrint() {
  const { printer } = state.catalogue;
  const device = state.snapshot.devices.find((known) => known.device === printer);
  return device !== undefined && ["ready", "paper-low"].includes(device.state);
}

function render() {
  const now = view();
  const changed = document.body.dataset.view !== now;
  document.body.dataset.view = now;
  if (now === "starting") return;
  document.documentElement.lang = state.language;
  document.title = say("page");
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = say(element.dataset.word);
  }
  for (const section of document.querySelectorAll("[data-shown-in]")) {
    section.hidden = section.dataset.shownIn !== now;
  }
  if (state.catalogue && state.snapshot) renderSite();
  if (now === "ticket") renderTicket();
  if (now === "message") renderMessage();
  renderFooter(now);
  if (changed) arrive(now);
}

function renderSite() {
  $("unit").textContent = state.catalogue.unit;
  for (const notice of document.querySelectorAll(".no-slip")) notice.hidden = canPrint();
  fill($("services"), state.catalogue.services, serviceButton);
  for (const { service, waiting } of state.snapshot.services) {
    const place = document.querySelector(`#services [data-id="${service}"] .waiting`);
    const words = say("waiting", { count: waiting });
    if (place && place.textContent !== words) place.textContent = words;
  }
  fill($("priorities"), [...state.catalogue.priorities, null], priorityButton);
  fill($("keys"), [...LETTERS[state.language], ...DIGITS, SPACE, ERASE], keyButton);
  if (view() === "search") renderProcedures();
}

function renderProcedures() {
  const typed = $("typed").value;
  const found = matching(state.catalogue.procedures, typed);
  const told = typed ? (found.length ? "found" : "nothing_found") : "search_example";
  const words = say(told, { count: found.length });
  if ($("found").textContent !== words) $("found").textContent = words;
  fill($("procedures"), found, procedureButton);
}

function renderTicket() {
  const { number, ahead, expected_wait_min: minutes, what, onPaper } = state.ticket;
  const slip = onPaper && canPrint();
  if (!slip && state.ticket.slip) leaveIn(READ_S.noSlip);
  state.ticket.slip = slip;
  $("number").textContent = number;
  $("number").classList.toggle("long", number.length > 4);
  $("ticket-service").textContent = named(what);
  $("ahead").textContent = say("ahead", { ahead });
  $("expected-wait").textContent = minutes === undefined ? "" : say("expected_wait", { minutes });
  $("slip").textContent = say(slip ? "take_slip" : "no_slip_after");
  $("slip").classList.toggle("notice", !slip);
}

function renderMessage() {
  const { title, text, more } = message();
  $("message-title").textContent = title;
  $("message-text").textContent = text;
  $("message-more").textContent = more;
}

function renderFooter(now) {
  const leaving = now === "ticket" || Boolean(state.refused);
  const asking = now === "search" || now === "priority";
  $("language").hidden = now === "issuing";
  $("to-search").hidden = now !== "start" || !state.catalogue.procedures.length;
  $("to-priority").hidden = now !== "start" || !state.catalogue.priorities.length;
  $("to-priority").textContent = state.priority
    ? say("priority_chosen", { name: named(state.priority) })
    : say("priority");
  $("to-priority").classList.toggle("chosen", Boolean(state.priority));
  $("back").hidden = !(leaving || asking);
  $("back").textContent = say(leaving ? "done" : "back");
  $("returning").hidden = !leaving;
  renderCountdown();
}

function renderCountdown() {
  const seconds = Math.max(0, Math.ceil((state.leaveAt - performance.now()) / 1000));
  if (!$("returning").hidden) $("returning").textContent = say("returning", { seconds });
}

/** Say aloud what a person must not miss, and put the keyboard where it is wanted next. */
function arrive(now) {
  const spoken = $("spoken");
  spoken.textContent = "";
  if (now === "ticket") {
    const number = [...state.ticket.number].join(" ");
    spoken.textContent = [
      say("number_spoken", { number }),
      $("ahead").textContent,
      $("slip").textContent,
    ].join(" ");
  }
  if (now === "search") $("typed").focus();
  else if (!$("back").hidden) $("back").focus();
}

/** Make one child per item; leave everything alone while items and language stay the same. */
function fill(parent, items, make) {
  const content = JSON.stringify([state.language, items]);
  if (parent.dataset.content === content) return;
  parent.dataset.content = content;
  parent.replaceChildren(...items.map(make));
}

function serviceButton(service) {
  const [head, ...rest] = named(service).split(" – ");
  const unbroken = rest.map((part) => (part.length < 20 ? part.replaceAll(" ", "\u00a0") : part));
  const button = make("button", "service", [
    make("span", "series", [service.series]),
    make("span", "name", [make("strong", "", [head]), make("span", "", [unbroken.join(" – ")])]),
    make("span", "waiting"),
  ]);
  button.dataset.id = service.id;
  button.addEventListener("click", () => take(service, service));
  return button;
}

function procedureButton(procedure) {
  const service = state.catalogue.services.find((known) => known.id === procedure.service);
  const button = make("button", "procedure", [
    make("strong", "", [named(procedure)]),
    make("span", "", [`${procedure.code} · ${named(service)}`]),
  ]);
  button.addEventListener("click", () => take(service, procedure));
  return make("li", "", [button]);
}

function priorityButton(priority) {
  const words = priority ? named(priority) : say("priority_none");
  const button = make("button", priority ? "choice" : "choice none", [words]);
  button.addEventListener("click", () => {
    state.priority = priority;
    state.page = "start";
    render();
  });
  return button;
}

function keyButton(key) {
  const words = { [SPACE]: say("space"), [ERASE]: say("erase") }[key];
  const button = make("button", words ? "key wide-key" : "key", [words ?? key.toUpperCase()]);
  button.addEventListener("click", () => type(key));
  return button;
}

function make(tag, className, children = []) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (tag === "button") element.type = "button";
  element.append(...children);
  return element;
}

// --- what happens -----------------------------------------------------------------------------

/** One press, one number: nothing else can be pressed until the hub has answered. */
async function take(service, what) {
  if (view() !== "start" && view() !== "search") return;
  const onPaper = canPrint();
  state.issuing = true;
  render();
  const { answer, refused } = await hub.issue(
    {
      services: [service.id],
      priority: state.priority?.id,
      language: state.language,
      on_paper: onPaper,
    },
    state.language,
  );
  state.issuing = false;
  if (answer) {
    state.ticket = { ahead: 0, ...answer, what, onPaper, slip: onPaper };
    leaveIn(onPaper ? READ_S.slip : READ_S.noSlip);
  } else {
    state.refused = refused
      ? { title: say("refused_title"), text: refused }
      : { title: say("unreachable_title"), text: say("unreachable") };
    leaveIn(READ_S.refused);
  }
  render();
}

function goToStart() {
  state.ticket = null;
  state.refused = null;
  state.page = "start";
  state.priority = null;
  state.language = LANGUAGES[0];
  $("typed").value = "";
  leaveIn(IDLE_S);
  render();
}

function goBack() {
  if (state.ticket || state.refused) return goToStart();
  state.page = "start";
  $("typed").value = "";
  render();
}

function go(page) {
  state.page = page;
  render();
}

function leaveIn(seconds) {
  state.leaveAt = performance.now() + seconds * 1000;
}

function stayWhileTouched() {
  if (!state.ticket && !state.refused) leaveIn(IDLE_S);
}

function type(key) {
  const field = $("typed");
  field.value = key === ERASE ? field.value.slice(0, -1) : field.value + key;
  renderProcedures();
}

function enter() {
  const procedure = meant(state.catalogue.procedures, $("typed").value);
  if (!procedure) return renderProcedures();
  const service = state.catalogue.services.find((known) => known.id === procedure.service);
  $("typed").value = "";
  take(service, procedure);
}

function pressed(event) {
  stayWhileTouched();
  if (event.key === "Escape" && !$("back").hidden) return goBack();
  if (event.key === "Enter" && event.target === $("typed")) return enter();
  // A scanner is a keyboard: whatever it types on the first page is the beginning of a code.
  const typing = event.key.length === 1 && event.key !== SPACE && !event.ctrlKey && !event.altKey;
  if (typing && view() === "start" && state.catalogue.procedures.length) {
    event.preventDefault();
    go("search");
    type(event.key);
  }
}

function listenToPeople() {
  $("typed").addEventListener("input", renderProcedures);
  $("to-search").addEventListener("click", () => go("search"));
  $("to-priority").addEventListener("click", () => go("priority"));
  $("back").addEventListener("click", goBack);
  $("language").addEventListener("click", () => {
    state.language = LANGUAGES[(LANGUAGES.indexOf(state.language) + 1) % LANGUAGES.length];
    render();
  });
  document.addEventListener("keydown", pressed);
  document.addEventListener("pointerdown", stayWhileTouched);
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  setInterval(() => {
    if (performance.now() >= state.leaveAt) goToStart();
    else renderCountdown();
  }, 250);
}

/** What is offered may have changed with a restart of the hub, today's hours with the day. */
async function heard(snapshot, anew) {
  const before = state.newest;
  state.newest = snapshot;
  const sameTime = before?.day === snapshot.day && before?.issuing === snapshot.issuing;
  if (anew || !sameTime || !state.catalogue) {
    try {
      state.catalogue = await hub.catalogue();
    } catch {
      if (!state.catalogue) return;
    }
  }
  state.snapshot = state.newest;
  state.link = "up";
  render();
}

function away(link) {
  state.link = link;
  render();
}

await Promise.all(LANGUAGES.map(async (known) => (state.words[known] = await hub.words(known))));
await hub.pair();
listenToPeople();
leaveIn(IDLE_S);
hub.follow({ heard, lost: () => away("lost"), unknown: () => away("unknown") });
