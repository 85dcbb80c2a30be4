// What is known of slips, and the words for it: pure functions.

/** The catalogue's word for what becomes of a slip. */
export const SLIP_WORDS = {
  pending: "take_slip",
  sent: "slip_sent",
  unknown: "slip_unknown",
  roll: "take_from_roll",
  none: "no_slip_after",
};

/** Whether a slip can come out of `printer` now, as far as its own reports tell. */
export function canPrint(snapshot, printer) {
  const device = snapshot.devices.find((known) => known.device === printer);
  return device !== undefined && ["ready", "paper-low"].includes(device.state);
}

/** Those of `services` whose slips are torn off a roll. */
export function onRoll(services, snapshot) {
  const rolled = new Set(snapshot.rolls.flatMap((roll) => roll.services));
  return services.filter(({ id }) => rolled.has(id));
}

/** What becomes of a ticket's slip, as far as hub and printer tell while the number is up. */
export function slipNow({ number, slip }, snapshot, printer) {
  if (slip === "roll") return slip;
  const { waiting, counters } = snapshot;
  const tickets = [...waiting, ...counters.flatMap(({ ticket }) => ticket ?? [])];
  const known = tickets.find((ticket) => ticket.number === number)?.slip ?? slip;
  if (known === "printed") return "pending";
  if (known === "pending") return canPrint(snapshot, printer) ? known : "none";
  return known === "failed" ? "none" : known;
}

/** Whether the number itself must be remembered. */
export function isNoSlip(slip) {
  return ["none", "unknown"].includes(slip);
}
