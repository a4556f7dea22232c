/** Why a figure may miss its goal, by table, or by table and row. Shown only where it does. */
const VERIFIED =
  "Above plain Socket.IO stand the verification, one packet more (`authenticated`), and the library's own code; the profile below says how much each. The row `io.use` with a `KeyObject` shows what the verification by `jsonwebtoken` costs alone: the goal leaves less than that on this machine.";
const ASKED =
  'Besides what a login by the CONNECT packet pays, the server reads one more packet, writes once more, and takes one more turn of the event loop. The hand-written handler with a `KeyObject`, in the same table, shows what that costs alone.';
const COLD =
  'Code that has run a few hundred times is still interpreted, the verification and the library as much as Socket.IO: what there is more of it costs as much more.';
const USABLE =
  'One connection at a time finds nothing in the caches of the processor, so the same work takes several times as long as under load. The client counts as usable when it has heard `authenticated`, one packet later than `connect`.';

export const REASONS = {
  'connections/connect': VERIFIED,
  'connections/event': ASKED,
  start: COLD,
  'storm/connect':
    "Above plain Socket.IO stand the verification, the `authenticated` packet, and the library's own code.",
  'storm/event':
    'As with a single connection, there is one more packet of each client; compare the hand-written handler with a `KeyObject`.',
  'latency/connect': USABLE,
};
