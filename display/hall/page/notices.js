// Shows the site's notices one after the other at the foot of the screen. One that fits stands
// still; a longer one rests at its beginning and at its end, and runs between at a pace that can
// be read. Where motion is not wanted it is turned over line by line.
"use strict";

const REST_MS = 3000;
const READ_MS_PER_LETTER = 80;
const EM_PER_S = 3.5; // about seven letters

class Notices {
  constructor(box) {
    this.box = box;
    this.text = box.firstElementChild;
    this.notices = [];
    this.place = 0;
    this.running = false;
  }

  show(notices) {
    if (JSON.stringify(notices) === JSON.stringify(this.notices)) return;
    this.notices = notices;
    this.place = 0;
    if (!this.running) this.run();
  }

  async run() {
    this.running = true;
    await document.fonts.ready;
    while (this.notices.length > 0) {
      const shown = this.notices;
      this.box.hidden = false;
      this.box.scrollTop = 0;
      this.text.textContent = shown[this.place % shown.length];
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      await (still ? this.turnOver() : this.pass());
      if (this.notices === shown) this.place += 1;
    }
    this.box.hidden = true;
    this.running = false;
  }

  async pass() {
    const style = getComputedStyle(this.box);
    const room = this.box.clientWidth - 2 * parseFloat(style.paddingLeft);
    const hidden = this.text.offsetWidth - room;
    if (hidden <= 0) return rest(READ_MS_PER_LETTER * this.text.textContent.length);
    const travel = (1000 * hidden) / (EM_PER_S * parseFloat(style.fontSize));
    const [begin, end] = ["translateX(0)", `translateX(${-hidden}px)`];
    const offset = REST_MS / (travel + 2 * REST_MS);
    const ways = [
      { transform: begin }, { transform: begin, offset },
      { transform: end, offset: 1 - offset }, { transform: end },
    ];
    return this.text.animate(ways, travel + 2 * REST_MS).finished;
  }

  async turnOver() {
    const line = this.box.clientHeight;
    const lines = Math.round(this.text.offsetHeight / line);
    for (let turned = 0; turned < lines; turned += 1) {
      this.box.scrollTop = turned * line;
      await rest((READ_MS_PER_LETTER * this.text.textContent.length) / lines);
    }
  }
}

function rest(ms) {
  return new Promise((over) => setTimeout(over, Math.max(2 * REST_MS, ms)));
}
