// The page's one state, what is shown for it, and what happens when people touch it.

import * as hub from "/page/hub.js";
import { $, fill, LANGUAGES, make, named as namedIn, show, tell, worded } from "/page/show.js";
import { appointmentIn, matching, mayBeAppointment, meant } from "/kiosk/find.js";
import { CODE_KEYS, searchKeys, typedOn, wordOn } from "/kiosk/keys.js";
import { canPrint, isNoSlip, onRoll, SLIP_WORDS, slipNow } from "/kiosk/slips.js";

const IDLE_S = 60;
const READ_S = { pending: 12, sent: 15, unknown: 20, roll: 20, none: 30, refused: 20 };

const state = {
  words: {}, // by language
  catalogue: null,
  snapshot: null, // what is shown
  newest: null, // what was heard last
  link: "starting", // "up", "lost" or "unknown"
  language: LANGUAGES[0],
  page: "start", // or "search", "priority" or "checkin"
  priority: null,
  unread: false, // whether the last scan meant nothing
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
  renderSlipNotices();
  fill($("services"), state.language, state.catalogue.services, serviceButton);
  for (const { service, waiting } of state.snapshot.services) {
    const place = document.querySelector(`#services [data-id="${service}"] .waiting`);
    if (place) tell(place, say("waiting", { count: waiting }));
  }
  fill($("priorities"), state.language, [...state.catalogue.priorities, null], priorityButton);
  fill($("keys"), state.language, searchKeys(state.language), (key) => keyButton(key, $("typed")));
  fill($("code-keys"), state.language, CODE_KEYS, (key) => keyButton(key, $("code")));
  if (view() === "search") renderProcedures();
}

/** Before a number is taken: which services have no slip, or one from the roll. */
function renderSlipNotices() {
  const { services, printer } = state.catalogue;
  const rolled = onRoll(services, state.snapshot);
  const all = rolled.length === services.length;
  const silent = all || canPrint(state.snapshot, printer);
  for (const notice of document.querySelectorAll(".no-slip")) notice.hidden = silent;
  const names = rolled.map((service) => named(service).split(" – ")[0]).join(", ");
  $("from-roll").hidden = !rolled.length;
  tell($("from-roll"), all ? say("roll_before") : say("roll_some", { services: names }));
}

function renderProcedures() {
  const typed = $("typed").value;
  const found = matching(state.catalogue.procedures, typed);
  const nothing = state.unread ? "scan_unknown" : "search_example";
  const told = typed ? (found.length ? "found" : "nothing_found") : nothing;
  tell($("found"), say(told, { count: found.length }));
  fill($("procedures"), state.language, found, procedureButton);
}

function renderTicket() {
  const { number, ahead, expected_wait_min: minutes, what, told } = state.ticket;
  const slip = slipNow(state.ticket, state.snapshot, state.catalogue.printer);
  if (slip !== told) leaveIn(READ_S[slip]);
  state.ticket.told = slip;
  $("number").textContent = number;
  $("number").classList.toggle("long", number.length > 4);
  $("ticket-service").textContent = named(what);
  $("ahead").textContent = say("ahead", { ahead });
  $("expected-wait").textContent = expectedWait(minutes);
  $("slip").textContent = say(SLIP_WORDS[slip], { number });
  $("slip").classList.toggle("notice", !["pending", "sent"].includes(slip));
  renderPicture(isNoSlip(slip) ? number : null);
  if (slip !== told && (isNoSlip(slip) || isNoSlip(told))) speakTicket();
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
  tell($("message-title"), title);
  tell($("message-text"), text);
  tell($("message-more"), more);
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
  $("spoken").textContent = "";
  if (now === "ticket") speakTicket();
  if (now === "search") $("typed").focus();
  else if (now === "checkin") $("code").focus();
  else if (!$("back").hidden) $("back").focus();
}

/** All of it anew when the slip fails, or comes after all: what was being said is cut short. */
function speakTicket() {
  const number = [...state.ticket.number].join(" ");
  const told = [say("number_spoken", { number }), $("ahead").textContent, $("slip").textContent];
  $("spoken").textContent = told.join(" ");
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
  const onPaper = canPrint(state.snapshot, state.catalogue.printer);
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
  state.unread = false;
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
  state.unread = false;
  if (field === $("typed")) renderProcedures();
}

/** What was typed or scanned names a procedure, an appointment, or nothing yet. */
function enter() {
  const typed = $("typed").value;
  const procedure = meant(state.catalogue.procedures, typed);
  const appointment = appointmentIn(state.catalogue.procedures, typed);
  if (!procedure && !appointment) return notMeant(typed);
  $("typed").value = "";
  if (appointment) return checkIn(appointment);
  take(state.catalogue.services.find((known) => known.id === procedure.service), procedure);
}

/** Leave nothing that the next scan would be added to, and no identity card to be read. */
function notMeant(typed) {
  state.unread = Boolean(typed) && !matching(state.catalogue.procedures, typed).length;
  if (state.unread) $("typed").value = "";
  $("typed").select();
  renderProcedures();
}

function enterCode() {
  const code = $("code").value.trim();
  if (!code) return $("code").focus();
  $("code").value = "";
  if (mayBeAppointment(code)) return checkIn(code);
  state.refused = { title: say("checkin_refused"), text: say("checkin_no_code") };
  leaveIn(READ_S.refused);
  render();
}

function pressed(event) {
  stayWhileTouched();
  if (event.key === "Escape" && !$("back").hidden) return goBack();
  const entered = { typed: enter, code: enterCode }[event.target.id];
  if (event.key === "Enter" && entered) {
    event.preventDefault(); // or it would press the button that has the focus by then
    return entered();
  }
  // A scanner is a keyboard: whatever it types on the first page is the beginning of a code.
  const typing = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey;
  if (typing && view() === "start") {
    event.preventDefault();
    go("search");
    type(event.key, $("typed"));
  }
  // A button touched last would keep the code, and take the Enter at its end for another press.
  if (typing && view() === "search") $("typed").focus();
  if (typing && view() === "checkin") $("code").focus();
}

function listenToPeople() {
  $("typed").addEventListener("input", () => {
    state.unread = false;
    renderProcedures();
  });
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
