/** Why a figure may fall short, by table, or by table and row. Shown only where it does. */
export const REASONS = {
  'connections/connect':
    "Above plain Socket.IO stand the verification, the write of the `authenticated` packet (plain Socket.IO writes three times a connection, so this is a fourth), and the library's own code; the profile below says how much each.",
  'connections/event':
    'Besides what the CONNECT packet pays, there is one more packet of the client to be read, and one more turn of the event loop. The hand-written handler with a `KeyObject`, in the same table, shows what that costs alone.',
  'storm/connect':
    'As with a single connection: the verification, and the write of the `authenticated` packet.',
  'storm/event':
    'As with a single connection, and one more packet of each client; compare the hand-written handler with a `KeyObject`.',
  'latency/connect':
    "The client counts as usable when it has heard `authenticated`, one packet later than `connect`: the verification, one write, and one turn of the client's event loop.",
  'forged/forged':
    'A refusal makes two errors with a stack trace each, one of `jsonwebtoken` and one that listeners are handed, and its packet is longer than `authenticated`.',
};
