/** Why a figure may fall short, by table, or by table and row. Shown only where it does. */
const VERIFIED =
  "Above plain Socket.IO stand the verification, one packet more (`authenticated`), and the library's own code; the profile below says how much each. The verification by `jsonwebtoken` with a ready key, and nothing else, is the row `io.use` with a `KeyObject`: what is promised leaves less than that on this machine.";
const ASKED =
  "Besides what the CONNECT packet pays, there is one more packet of the client to be read, a write of the server's, and one more turn of the event loop. The hand-written handler with a `KeyObject`, in the same table, shows what that costs alone.";
const COLD =
  'Code that has run a few hundred times is still interpreted, the verification and the library as much as Socket.IO: what there is more of it costs as much more.';
const USABLE =
  'One connection at a time finds nothing in the caches of the processor, so the same work takes several times as long as under load. The client counts as usable when it has heard `authenticated`, one packet later than `connect`.';

export const REASONS = {
  'connections/connect': VERIFIED,
  'connections/event': ASKED,
  'connections/eventAgain': ASKED,
  start: COLD,
  'storm/connect': "What is left is the `authenticated` packet, and the library's own code.",
  'storm/event':
    'As with a single connection, there is one more packet of each client; compare the hand-written handler with a `KeyObject`.',
  'latency/connect': USABLE,
  'latency/connectAgain': USABLE,
};
