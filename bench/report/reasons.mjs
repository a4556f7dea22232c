/** What would have to change where a figure misses its goal, by table, or by table and row. Shown only where it does. */
const OWN_CODE =
  'The profile below has both. The library adds its own code and, to `io.use`, one packet more, `authenticated`. Its code is spread over many small steps (finding the token, the session, its deadline, the gate, the lobby, the indexes of revocation), none of which is above 3 % of a login. To come lower, a session would have to be fewer objects, or a login would have to skip the packet.';
const PEERS =
  'Most of a connection is the upgrade and the network, which all pay alike: the factor that is left depends on what the machine spends there.';
const COLD =
  'Code that has run a few hundred times is still interpreted, the verification and the library as much as Socket.IO. Less code on the way of a login is the only remedy.';
const USABLE =
  'One connection at a time finds nothing in the caches of the processor, so the same work takes several times as long as under load. The client counts as usable when it has heard `authenticated`, one packet later than `connect`. To come lower, the server would have to send `authenticated` together with the answer to the CONNECT packet, which an earlier version did by holding the transport.';
const STEPS =
  "What stands between a row of `jsonwebtoken` and the library's own are the steps around the verification: length of the token, choice of the key, `crit`, claims, subject, limits, revocation. The faster a machine verifies, the larger a share of it they are. To come lower, there would have to be fewer of them.";
const HEAP =
  'A heap snapshot of 1,000 sessions says what a session holds: some 420 bytes of hash tables (the namespaces of the connection, the sockets of the session, its share of the indexes by `jti`, `sid` and `sub`), 300 of plain objects (permit, identity, `socket.data.auth`), 600 of the objects that each do one thing (session, member, connection, term, deadline, token intake, verification, attempts), 100 of numbers, 64 of properties of the socket. Fewer objects would hold less, and would be harder to review.';

const BY_CHANCE =
  "What misses here is not the library's code. For a delivery none of it runs: pending sockets are not among those that the adapter sends to. What it spends on an event is in the table of events without the network. Two processes of the same code differ by as much.";
const CACHES =
  'At 100,000 sessions the same measurement gives 1.20 for a login, 1.14 for a renewal and 1.12 for a revocation: what grows is the tables that the processor must reach, not a search.';

export const REASONS = {
  'connections/connect-by-hand': OWN_CODE,
  'connections/event-by-hand': OWN_CODE,
  connections: PEERS,
  start: COLD,
  verification: STEPS,
  broadcasts: BY_CHANCE,
  events: BY_CHANCE,
  growth: CACHES,
  'storm/connect':
    "Above plain Socket.IO stand the verification, the `authenticated` packet, and the library's own code.",
  'storm/event':
    'As with a single connection, there is one more packet of each client; compare the hand-written handler with a `KeyObject`.',
  'latency/connect': USABLE,
  heap: HEAP,
};
