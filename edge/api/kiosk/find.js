// Finding a procedure or an appointment by what people type or scan: pure functions.

const CODE = /\d\.\d{6}/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const APPOINTMENT = /^(?=.*\d)[A-Za-z0-9][A-Za-z0-9._:-]{2,63}$/;

/** `text` in small letters without tone marks: "Đăng ký" becomes "dang ky". */
export function fold(text) {
  const bare = text.normalize("NFD").replace(/\p{M}/gu, "");
  return bare.replace(/[đĐ]/g, "d").toLowerCase();
}

/** The procedures that `typed` may mean: by code, or by the beginnings of words of a name. */
export function matching(procedures, typed) {
  const parts = fold(codeIn(typed) ?? typed).split(/\s+/).filter(Boolean);
  return procedures.filter((procedure) => {
    const words = fold(Object.values(procedure.name).join(" ")).split(/[^\p{L}\p{N}]+/u);
    return parts.every(
      (part) => procedure.code.startsWith(part) || words.some((word) => word.startsWith(part)),
    );
  });
}

/** The one procedure that `typed` names beyond doubt, or undefined. */
export function meant(procedures, typed) {
  const code = codeIn(typed);
  const found = code
    ? procedures.filter((procedure) => procedure.code.startsWith(code))
    : matching(procedures, typed.trim() || "?");
  return found.length === 1 ? found[0] : undefined;
}

/** The appointment that `typed` may name: one word with a digit that is like no procedure. */
export function appointmentIn(procedures, typed) {
  const word = typed.trim();
  const isCode = APPOINTMENT.test(word) && !CODE.test(word);
  return isCode && !matching(procedures, word).length ? word : undefined;
}

/** Whether `code` has the form of an appointment's code: what a hub takes for a name. */
export function mayBeAppointment(code) {
  return NAME.test(code);
}

// A scanned QR code may hold a whole address with the code somewhere in it.
function codeIn(typed) {
  return typed.match(CODE)?.[0];
}
