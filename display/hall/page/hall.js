// Draws the scenes that the display's own server sends. It keeps nothing: every scene is whole.
"use strict";

const SILENT_AFTER_MS = 5000;
const LISTEN_ANEW_AFTER_MS = 10000;
const SAY_PAINTED_EVERY_MS = 10000;
const TURN_SERVICES_MS = 6000;
const SITE_IS_AHEAD_OF_UTC_MS = 7 * 3600 * 1000;

const byId = (id) => document.getElementById(id);
const notices = new Notices(byId("notice"));
let events = null;
let listeningSince = 0;
let heardAt = -Infinity;
let known = false;
let siteClock = null;
let called = null;

function follow() {
  events?.close();
  events = new EventSource("/events");
  listeningSince = performance.now();
  events.addEventListener("page", (event) => {
    if (event.data !== document.body.dataset.version) location.reload();
  });
  events.addEventListener("scene", (event) => { heard(true); draw(JSON.parse(event.data)); });
  events.addEventListener("silence", () => heard(false));
  events.addEventListener("alive", () => heard(known));
}

function heard(sceneIsKnown) {
  heardAt = performance.now();
  known = sceneIsKnown;
  tick();
}

function tick() {
  const now = performance.now();
  document.body.classList.toggle("offline", !known || now - heardAt > SILENT_AFTER_MS);
  byId("clock").textContent = siteClock === null ? "--:--" : siteTime();
  const quietMs = now - Math.max(heardAt, listeningSince);
  if (quietMs > LISTEN_ANEW_AFTER_MS || events?.readyState === EventSource.CLOSED) follow();
  turnServices(Math.floor(now / TURN_SERVICES_MS));
}

function siteTime() {
  const now = siteClock.nowMs + performance.now() - siteClock.readAt + SITE_IS_AHEAD_OF_UTC_MS;
  return new Date(now).toISOString().slice(11, 16);
}

function draw(scene) {
  byId("site").textContent = scene.site_name;
  siteClock = scene.now_ms === null ? null : { nowMs: scene.now_ms, readAt: performance.now() };
  redraw(byId("calling"), scene.calling.map((call) => drawCall(call, called?.has(call.seq) === false)));
  redraw(byId("recent"), scene.recent.map((call) => drawCall(call, false)));
  redraw(byId("waiting"), scene.waiting.map(drawService));
  called = new Set(scene.calling.map((call) => call.seq));
  notices.show(scene.notices);
  tick();
}

// Rows that stay the same stay in place, so that a flash runs to its end.
function redraw(list, rows) {
  const old = new Map([...list.children].map((row) => [row.dataset.key, row]));
  list.replaceChildren(...rows.map((row) => old.get(row.dataset.key) ?? row));
}

function drawCall(call, isNew) {
  const row = copyOf("call", call.seq);
  row.classList.toggle("new", isNew);
  row.querySelector(".number").textContent = call.number;
  row.querySelector(".counter").textContent = call.counter;
  return row;
}

function drawService(service) {
  const row = copyOf("service", JSON.stringify(service));
  row.querySelector(".service").textContent = service.service;
  row.querySelector(".count").textContent = waitWords(service);
  row.querySelector(".next").textContent = service.next.join("  ");
  return row;
}

function waitWords({ waiting, expected_wait_min: wait }) {
  const { people, minutes, noWait } = byId("waiting").dataset;
  if (wait === 0) return noWait;
  const count = people.replace("{count}", waiting);
  return wait === null ? count : `${count} · ${minutes.replace("{minutes}", wait)}`;
}

function copyOf(template, key) {
  const row = byId(template).content.firstElementChild.cloneNode(true);
  row.dataset.key = `${key}`;
  return row;
}

// A few services at a time, large enough to be read from afar.
function turnServices(turn) {
  const rows = [...byId("waiting").children];
  const atOnce = Number(getComputedStyle(document.documentElement).getPropertyValue("--services"));
  const page = turn % Math.max(1, Math.ceil(rows.length / atOnce));
  rows.forEach((row, place) => { row.hidden = Math.floor(place / atOnce) !== page; });
}

// Heard by `thutu-hall-screen`, which starts a browser anew that paints no more.
function sayPainted() {
  requestAnimationFrame(() => fetch("/painted", { method: "POST" }).catch(() => {}));
}

follow();
sayPainted();
setInterval(tick, 1000);
setInterval(sayPainted, SAY_PAINTED_EVERY_MS);
