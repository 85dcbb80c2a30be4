// The page's one state, what is shown for it, and what happens when people touch it.

import * as hub from "/page/hub.js";
import { $, fill, LANGUAGES, make, named as namedIn, show, worded } from "/page/show.js";
import { appointmentIn, matching, meant } from "/kiosk/find.js";
import { CODE_KEYS, searchKeys, typedOn, wordOn } from "/kiosk/keys.js";

const IDLE_S = 60;
const READ_S = { pending: 12, roll: 20, none: 30, refused: 20 };

const state = {
  words: {}, // by language
  catalogue: null,
  snapshot: null, // what is shown
  newest: null, // what was heard last
  link: "starting", // "up", "lost" or "unknown"
  language: LANGUAGES[0],
  page: "start", // or "search", "priority" or "checkin"
  priority: null,
  issuing: false,
  ticket: null, // the hub's answer with `what` it is for and `told`, the slip last spoken of
  refused: null, // { title, text }
  leaveAt: 0, // when the page goes back to its start, by performance.now()
};

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

function say(key, values) {
  return worded(state.words[state.language], key, values);
}

function named(thing) {
  return namedIn(thing, state.language);
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
  show(now, state.language, say);
  if (now === "starting") return;
  if (state.catalogue && state.snapshot) renderSite();
  if (now === "ticket") renderTicket();
  if (now === "message") renderMessage();
  renderFooter(now);
  if (changed) arrive(now);
}

function renderSite() {
  $("unit").textContent = state.catalogue.unit;
  const onRoll = state.snapshot.rolls.map((roll) => roll.series);
  for (const notice of document.querySelectorAll(".no-slip")) {
    notice.hidden = canPrint() || onRoll.length > 0;
  }
  for (const notice of document.querySelectorAll(".from-roll")) notice.hidden = !onRoll.length;
  fill($("services"), state.language, state.catalogue.services, serviceButton);
  for (const { service, waiting } of state.snapshot.services) {
    const place = document.querySelector(`#services [data-id="${service}"] .waiting`);
    const words = say("waiting", { count: waiting });
    if (place && place.textContent !== words) place.textContent = words;
  }
  fill($("priorities"), state.language, [...state.catalogue.priorities, null], priorityButton);
  fill($("keys"), state.language, searchKeys(state.language), (key) => keyButton(key, $("typed")));
  fill($("code-keys"), state.language, CODE_KEYS, (key) => keyButton(key, $("code")));
  if (view() === "search") renderProcedures();
}

function renderProcedures() {
  const typed = $("typed").value;
  const found = matching(state.catalogue.procedures, typed);
  const told = typed ? (found.length ? "found" : "nothing_found") : "search_example";
  const words = say(told, { count: found.length });
  if ($("found").textContent !== words) $("found").textContent = words;
  fill($("procedures"), state.language, found, procedureButton);
}

/** What becomes of the slip, as far as the hub and the printer tell while the number is up. */
function slipNow() {
  const { number, slip } = state.ticket;
  const known = state.snapshot.waiting.find((waiting) => waiting.number === number)?.slip;
  if (slip !== "pending" || known === "printed") return slip;
  return ["failed", "unknown"].includes(known) || !canPrint() ? "none" : slip;
}

function renderTicket() {
  const { number, ahead, expected_wait_min: minutes, what, told } = state.ticket;
  const slip = slipNow();
  if (slip !== told) leaveIn(READ_S[slip]);
  state.ticket.told = slip;
  $("number").textContent = number;
  $("number").classList.toggle("long", number.length > 4);
  $("ticket-service").textContent = named(what);
  $("ahead").textContent = say("ahead", { ahead });
  $("expected-wait").textContent = expectedWait(minutes);
  $("slip").textContent = { pending: say("take_slip"), roll: say("take_from_roll", { number }) }[
    slip
  ] ?? say("no_slip_after");
  $("slip").classList.toggle("notice", slip !== "pending");
  renderPicture(slip === "none" ? number : null);
}

function expectedWait(minutes) {
  if (minutes === undefined) return "";
  return minutes ? say("expected_wait", { minutes }) : say("expected_wait_none");
}

/** Without paper the ticket is shown as it would look, to be photographed with its QR code. */
function renderPicture(number) {
  const picture = $("picture");
  picture.hidden = number === null;
  if (number === null) return picture.removeAttribute("src");
  const source = `/api/ticket-preview.png?number=${number}`;
  if (picture.getAttribute("src") !== source) picture.src = source;
}

function renderMessage() {
  const { title, text, more } = message();
  $("message-title").textContent = title;
  $("message-text").textContent = text;
  $("message-more").textContent = more;
}

function renderFooter(now) {
  const leaving = now === "ticket" || Boolean(state.refused);
  const asking = ["search", "priority", "checkin"].includes(now);
  $("language").hidden = now === "issuing";
  $("to-search").hidden = now !== "start" || !state.catalogue.procedures.length;
  $("to-checkin").hidden = now !== "start" || !state.catalogue.appointments;
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
  else if (now === "checkin") $("code").focus();
  else if (!$("back").hidden) $("back").focus();
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

function keyButton(key, field) {
  const word = wordOn(key);
  const button = make("button", word ? "key wide-key" : "key", [word ? say(word) : key.toUpperCase()]);
  button.addEventListener("click", () => type(key, field));
  return button;
}

// --- what happens -----------------------------------------------------------------------------

/** One press, one number: nothing else can be pressed until the hub has answered. */
async function take(service, what) {
  const command = { type: "IssueTicket", services: [service.id], priority: state.priority?.id };
  await ask(command, () => what, "refused_title");
}

/** The citizen with this appointment is here. */
async function checkIn(code) {
  const booked = ({ services }) => state.catalogue.services.find(({ id }) => id === services[0]);
  await ask({ type: "CheckIn", code }, booked, "checkin_refused");
}

async function ask(command, what, title) {
  if (!["start", "search", "checkin"].includes(view())) return;
  const onPaper = canPrint();
  state.issuing = true;
  render();
  const { answer, refused } = await hub.give(
    { ...command, language: state.language, on_paper: onPaper },
    state.language,
  );
  state.issuing = false;
  if (answer) {
    const slip = answer.slip ?? (onPaper ? "pending" : "none");
    state.ticket = { ahead: 0, ...answer, what: what(answer), slip, told: slip };
    leaveIn(READ_S[slip]);
  } else {
    state.refused = refused
      ? { title: say(title), text: refused }
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
  clearFields();
  leaveIn(IDLE_S);
  render();
}

function clearFields() {
  $("typed").value = "";
  $("code").value = "";
}

function goBack() {
  if (state.ticket || state.refused) return goToStart();
  state.page = "start";
  clearFields();
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

function type(key, field) {
  field.value = typedOn(field.value, key);
  if (field === $("typed")) renderProcedures();
}

/** What was typed or scanned names a procedure, an appointment, or nothing yet. */
function enter() {
  const typed = $("typed").value;
  const procedure = meant(state.catalogue.procedures, typed);
  const appointment = appointmentIn(state.catalogue.procedures, typed);
  if (!procedure && !appointment) return renderProcedures();
  $("typed").value = "";
  if (appointment) return checkIn(appointment);
  take(state.catalogue.services.find((known) => known.id === procedure.service), procedure);
}

function enterCode() {
  const code = $("code").value.trim();
  if (!code) return $("code").focus();
  $("code").value = "";
  checkIn(code);
}

function pressed(event) {
  stayWhileTouched();
  if (event.key === "Escape" && !$("back").hidden) return goBack();
  if (event.key === "Enter" && event.target === $("typed")) return enter();
  if (event.key === "Enter" && event.target === $("code")) return enterCode();
  // A scanner is a keyboard: whatever it types on the first page is the beginning of a code.
  const typing = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey;
  if (typing && view() === "start") {
    event.preventDefault();
    go("search");
    type(event.key, $("typed"));
  }
}

function listenToPeople() {
  $("typed").addEventListener("input", renderProcedures);
  $("to-search").addEventListener("click", () => go("search"));
  $("to-priority").addEventListener("click", () => go("priority"));
  $("to-checkin").addEventListener("click", () => go("checkin"));
  $("check-in").addEventListener("click", enterCode);
  $("back").addEventListener("click", goBack);
  $("language").addEventListener("click", () => {
    state.language = LANGUAGES[(LANGUAGES.indexOf(state.language) + 1) % LANGUAGES.length];
    render();
  });
  document.addEventListener("keydown", pressed);
  document.addEventListener("pointerdown", stayWhileTouched);
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  setInterval(() => {
    if (performance.now() >= state.leaveAt) rest();
    else renderCountdown();
  }, 250);
}

/** Back to the start for the next person; meanwhile, ask what is offered now. */
async function rest() {
  goToStart();
  if (state.link !== "up") return;
  try {
    state.catalogue = await hub.catalogue();
  } catch {
    return; // the stream will tell
  }
  render();
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

await Promise.all(LANGUAGES.map(async (known) => (state.words[known] = await hub.words("kiosk", known))));
await hub.pair();
listenToPeople();
leaveIn(IDLE_S);
hub.follow({ heard, lost: () => away("lost"), unknown: () => away("unknown") });
