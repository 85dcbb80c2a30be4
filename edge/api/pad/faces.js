// Faces drawn from a level: the mouth says it, the words below say it, the colour only agrees.

const SVG = "http://www.w3.org/2000/svg";
const NAMES = { 3: "three", 4: "four", 5: "five" };

/** The word's key for `level` of `levels`, 1 being the worst. */
export function wordOf(level, levels) {
  return `${NAMES[levels]}_${level}`;
}

/** The colour's name for `level` of `levels`. */
export function toneOf(level, levels) {
  const place = (level - 1) / (levels - 1);
  return place > 0.9 ? "best" : place > 0.6 ? "good" : place > 0.3 ? "middle" : "poor";
}

/** A face whose mouth goes from a deep frown at level 1 to a broad smile at the top. */
export function face(level, levels) {
  const place = (level - 1) / (levels - 1);
  const corner = 68 - 10 * place;
  const middle = 52 + 36 * place;
  return draw("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" }, [
    draw("circle", { class: "skin", cx: 50, cy: 50, r: 46 }),
    draw("circle", { class: "eye", cx: 34, cy: 38, r: 6 }),
    draw("circle", { class: "eye", cx: 66, cy: 38, r: 6 }),
    draw("path", { class: "mouth", d: `M27 ${corner} Q50 ${middle} 73 ${corner}` }),
  ]);
}

function draw(tag, attributes, children = []) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
