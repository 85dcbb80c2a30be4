// What every page of a hub does with its elements and words.

export const LANGUAGES = ["vi", "en"];

export const $ = (id) => document.getElementById(id);

/** The words for a key of `words` with its placeholders filled. */
export function worded(words, key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The name of a thing of the catalogue in `language`, Vietnamese if it has none there. */
export function named(thing, language) {
  return thing.name[language] ?? thing.name[LANGUAGES[0]];
}

/** Show the section of `view`, hide the others, and give the page's fixed words. */
export function show(view, language, say) {
  document.body.dataset.view = view;
  if (view === "starting") return;
  document.documentElement.lang = language;
  document.title = say("page");
  for (const element of document.querySelectorAll("[data-word]")) {
    tell(element, say(element.dataset.word));
  }
  for (const section of document.querySelectorAll("[data-shown-in]")) {
    section.hidden = section.dataset.shownIn !== view;
  }
}

/** Only what is new: whoever hears the page is told of every change. */
export function tell(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Make one child per item; leave everything alone while items and language stay the same. */
export function fill(parent, language, items, make) {
  const content = JSON.stringify([language, items]);
  if (parent.dataset.content === content) return;
  parent.dataset.content = content;
  parent.replaceChildren(...items.map(make));
}

export function make(tag, className, children = []) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (tag === "button") element.type = "button";
  element.append(...children);
  return element;
}
