// Draws the scenes that the display's own server sends. It keeps nothing: every scene is whole.
"use strict";

const SILENT_AFTER_MS = 5000;
const SITE_IS_AHEAD_OF_UTC_MS = 7 * 3600 * 1000;

const byId = (id) => document.getElementById(id);
let heardAt = -Infinity;
let known = false;
let siteClock = null;
let lastSeq = null;

function follow() {
  const events = new EventSource("/events");
  events.addEventListener("scene", (event) => { heard(true); draw(JSON.parse(event.data)); });
  events.addEventListener("silence", () => heard(false));
  events.addEventListener("alive", () => heard(known));
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 1000);
  });
}

function heard(sceneIsKnown) {
  heardAt = performance.now();
  known = sceneIsKnown;
  tick();
}

function tick() {
  const offline = !known || performance.now() - heardAt > SILENT_AFTER_MS;
  document.body.classList.toggle("offline", offline);
  byId("clock").textContent = siteClock === null ? "--:--" : siteTime();
}

function siteTime() {
  const now = siteClock.nowMs + performance.now() - siteClock.readAt + SITE_IS_AHEAD_OF_UTC_MS;
  return new Date(now).toISOString().slice(11, 16);
}

function draw(scene) {
  byId("site").textContent = scene.site_name;
  siteClock = scene.now_ms === null ? null : { nowMs: scene.now_ms, readAt: performance.now() };
  const newest = Math.max(0, ...scene.calling.map((call) => call.seq));
  redraw(byId("calling"), scene.calling.map((call) => drawCall(call, lastSeq !== null && call.seq > lastSeq)));
  redraw(byId("recent"), scene.recent.map((call) => drawCall(call, false)));
  redraw(byId("waiting"), scene.waiting.map(drawWaiting));
  lastSeq = Math.max(lastSeq ?? 0, newest);
  tick();
}

// Rows that stay the same stay in place, so that a flash runs to its end.
function redraw(list, rows) {
  const old = new Map([...list.children].map((row) => [row.dataset.key, row]));
  list.replaceChildren(...rows.map((row) => old.get(row.dataset.key) ?? row));
}

function drawCall(call, isNew) {
  const row = byId("call").content.firstElementChild.cloneNode(true);
  row.dataset.key = `${call.seq}`;
  row.classList.toggle("new", isNew);
  row.querySelector(".number").textContent = call.number;
  row.querySelector(".counter").textContent = call.counter;
  return row;
}

function drawWaiting(service) {
  const { people, minutes } = byId("waiting").dataset;
  const count = people.replace("{count}", service.waiting);
  const wait = service.expected_wait_min;
  const row = document.createElement("li");
  row.dataset.key = JSON.stringify(service);
  row.append(span("service", service.service));
  row.append(span("count", wait === null ? count : `${count} · ${minutes.replace("{minutes}", wait)}`));
  return row;
}

function span(kind, text) {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  return element;
}

follow();
setInterval(tick, 1000);
