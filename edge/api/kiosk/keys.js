// The keys on the screen, for procedures and for appointment codes: pure functions.

const LETTERS = { vi: "abcdeghiklmnopqrstuvxy", en: "abcdefghijklmnopqrstuvwxyz" };
const SPACE = " ";
const ERASE = "erase";

/** The keys to look for a procedure with in `language`. */
export function searchKeys(language) {
  return [...LETTERS[language], ..."1234567890.", SPACE, ERASE];
}

/** The keys of an appointment code, digits first. */
export const CODE_KEYS = [..."1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ-", ERASE];

/** The catalogue's word on a key, undefined where the key says itself what it is. */
export function wordOn(key) {
  return { [SPACE]: "space", [ERASE]: "erase" }[key];
}

/** `text` after one more key. */
export function typedOn(text, key) {
  return key === ERASE ? text.slice(0, -1) : text + key;
}
