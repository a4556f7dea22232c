/**
 * Connection state recovery: which client gets a dropped session back, and which part of it.
 *
 * Relies on (read in Socket.IO 4.6.0 and 4.8.4; older ones have no recovery):
 * - Without `connectionStateRecovery` in `server.opts`, nothing is kept at a drop and `auth.pid` is not looked at.
 * - `namespace._createSocket(client, auth)` makes the Socket of a CONNECT packet, before any middleware. With
 *   `auth.pid` and `auth.offset`, both strings, it asks `adapter.restoreSession(pid, offset)`.
 * - If the socket is `recovered` by then, no middleware runs, unless `skipMiddlewares` is false
 *   (socketio/socket.io#5491). Only afterwards is the socket stored under its `id`, and the client told `id` and
 *   `pid`.
 * - `adapter.persistSession(session)` gets the `sid`, `pid`, `rooms` and `data` of a socket whose connection is lost,
 *   while it is still in `namespace.sockets`. `restoreSession` returns what was kept, with `missedPackets`.
 * - If there is no such session, `restoreSession` returns null (in memory) or rejects (Redis streams). The in-memory
 *   adapter returns one session repeatedly, with the same object as `data`.
 * - The constructor of a restored Socket takes `id`, `pid` and `data`, joins the rooms, writes the missed packets, and
 *   sets `recovered`. {@link resume} does the same to a socket that exists.
 */
import { createHash } from 'node:crypto';
import type { AnyNamespace, AnySocket } from '../types';
import { isTransportOpen } from './connections';
import { adapterOf, inside } from './inside';
import type { Adapter, Client, PersistedSession } from './inside';
import { record, watchBroadcasts } from './late-packets';
import type { Recording } from './late-packets';
import { onNewAdapter } from './namespaces';
import { comesAfter, firstOffset, lastOffset, watchOffsets } from './offsets';
import type { Place } from './offsets';
import { EVENT } from './packet-types';
import { joinRoom } from './rooms';

/** The key of a kept session in the data that adapters keep; removed when the session is restored. */
const KEPT = 'socketio-authorize';

/** Decides what is kept at a drop, and what a reconnection restores. `Kept` must survive JSON and MessagePack. */
export interface RecoveryRules<Kept extends object> {
  /** What to keep of a live socket's session; `undefined`: nothing. */
  keep(socket: AnySocket): Kept | undefined;
  /**
   * Judges a socket that asks for a session, before it is restored.
   *
   * @returns whose session it may get; `undefined` for none
   */
  mayAsk(socket: AnySocket): Whose | PromiseLike<Whose>;
  /** Whether a kept session still holds. */
  stillHolds(kept: Kept): PromiseLike<boolean>;
  /** Whether the socket may get a kept session now: another user may have logged in since {@link mayAsk}. */
  isMeant(kept: Kept, whose: NonNullable<Whose>, socket: AnySocket): boolean;
}

/** A user by `userKey`, or any user if the client shows only the recovery id. */
export type Whose = { readonly userKey: string | undefined } | undefined;

type Data = Record<string, unknown> | undefined;
interface Stored {
  readonly kept: object;
  readonly since: Place;
}

/** The place from which on a logged-in socket may be sent packets. */
const loginPlaces = new WeakMap<AnySocket, Place>();
/** Data of sessions that were restored: the in-memory adapter would return the same one again, even after a logout. */
const used = new WeakSet<object>();
const restored = new WeakMap<AnySocket, object>();

/** Records that a socket has logged in: earlier packets are not for it. */
export function markLogin(socket: AnySocket): void {
  const offset = lastOffset(inside(socket).adapter);
  if (offset === undefined) loginPlaces.delete(socket);
  else loginPlaces.set(socket, { offset, isBehind: true });
}

/** What was kept of the session that a socket was restored with; `undefined` if it was not restored. */
export function keptOf(socket: AnySocket): object | undefined {
  return restored.get(socket);
}

type Rules = RecoveryRules<object>;
const rulesByAdapter = new WeakMap<Adapter, Rules>();

/**
 * Guards Socket.IO's recovery on one namespace, with its adapter and every one that it is given later. The latest
 * authorizer's rules count.
 */
export function guardRecovery<Kept extends object>(
  namespace: AnyNamespace,
  rules: RecoveryRules<Kept>,
): void {
  if (!hasRecovery(namespace)) return;
  guardCurrentAdapter(namespace, rules);
  onNewAdapter(namespace, () => guardCurrentAdapter(namespace, rules));
}

function guardCurrentAdapter(namespace: AnyNamespace, rules: Rules): void {
  const adapter = adapterOf(namespace);
  if (adapter.persistSession === undefined || adapter.restoreSession === undefined) return;
  if (!rulesByAdapter.has(adapter)) {
    watchOffsets(adapter);
    watchBroadcasts(adapter);
    guardAdapter(adapter);
    guardCreation(namespace);
  }
  rulesByAdapter.set(adapter, rules);
}

/** Whether the server's option is set. Every adapter of Socket.IO 4.6 has the methods, even where it is not. */
function hasRecovery({ server }: AnyNamespace): boolean {
  const { opts } = server as unknown as { opts: { connectionStateRecovery?: unknown } };
  return Boolean(opts.connectionStateRecovery);
}

/** Whether a namespace's middlewares run for restored sockets, too. */
export function runsMiddlewares({ server }: AnyNamespace): boolean {
  const { opts } = server as unknown as {
    opts: { connectionStateRecovery?: { skipMiddlewares?: boolean } };
  };
  return opts.connectionStateRecovery?.skipMiddlewares === false;
}

const rulesOf = (adapter: Adapter): Rules => rulesByAdapter.get(adapter) as Rules;

function guardAdapter(adapter: Adapter): void {
  const { persistSession, restoreSession } = adapter as Required<Adapter>;
  adapter.persistSession = (session) => {
    const socket = adapter.nsp.sockets.get(session.sid);
    const isOwn = session.pid.startsWith(prefixOf(adapter.nsp));
    const kept = socket && isOwn ? rulesOf(adapter).keep(socket) : undefined;
    const since = socket && (loginPlaces.get(socket) ?? placeOfFirst(adapter));
    if (kept === undefined || since === undefined) return;
    // Copied now: the application may have replaced `socket.data`, or stored a client's input in it.
    const data = { ...(session.data as Data), [KEPT]: { kept, since } };
    persistSession.call(adapter, { ...session, data });
  };
  adapter.restoreSession = async (pid, offset) => {
    const session = await restoreSession.call(adapter, pid, offset);
    const stored = storedIn(session);
    const data = session?.data as object;
    if (stored === undefined || used.has(data)) return null;
    const stillHolds = await rulesOf(adapter).stillHolds(stored.kept);
    // Checked again, because another CONNECT packet may have asked for the same session meanwhile.
    if (!stillHolds || used.has(data)) return null;
    used.add(data);
    return session;
  };
}

/**
 * The prefix of a guarded namespace's private ids. Adapters keep the sessions of all namespaces under their private
 * ids alone, with the application's `socket.data`. Without the prefix, a session of another namespace, or one that a
 * client has forged in an unguarded namespace, could be restored here. Socket.IO's own ids contain no point.
 */
function prefixOf(namespace: AnyNamespace): string {
  return `${createHash('sha256').update(namespace.name).digest('base64url').slice(0, 22)}.`;
}

const guarded = new WeakSet<AnyNamespace>();

function guardCreation(namespace: AnyNamespace): void {
  const inner = namespace as unknown as {
    _createSocket?: (client: Client, auth: Record<string, unknown>) => Promise<AnySocket>;
  };
  const create = inner._createSocket;
  // Without it no token can be judged in time, so nothing is restored.
  if (create === undefined || guarded.has(namespace)) return;
  guarded.add(namespace);
  const prefix = prefixOf(namespace);
  inner._createSocket = async (client, auth) => {
    const { pid, offset, ...shown } = auth;
    // Never with `pid`: Socket.IO then restores nothing by itself, and `fetchSockets()` shows no `pid`.
    const socket = await create.call(namespace, client, shown);
    // There is none without connection state recovery.
    if (inside(socket).pid !== undefined) inside(socket).pid = prefix + inside(socket).pid;
    if (typeof pid === 'string' && pid.startsWith(prefix) && typeof offset === 'string') {
      await restore(socket, pid, offset);
    }
    return socket;
  };
}

/** What the library kept with a session; `undefined` if nothing. */
function storedIn(session: PersistedSession | null): Stored | undefined {
  const stored = (session?.data as Data)?.[KEPT] as Partial<Stored> | undefined;
  return stored?.kept && stored.since ? (stored as Stored) : undefined;
}

async function restore(socket: AnySocket, pid: string, offset: string): Promise<void> {
  const { adapter } = inside(socket);
  const rules = rulesOf(adapter);
  const whose = await rules.mayAsk(socket);
  if (whose === undefined || !isTransportOpen(socket)) return;
  // The answer may take a while: what is sent meanwhile is missed, too.
  const meanwhile = record(adapter);
  try {
    const session = await askAdapter(adapter, pid, offset);
    const stored = storedIn(session);
    if (!session || !stored || !rules.isMeant(stored.kept, whose, socket)) return;
    // Meanwhile somebody has joined a room of this name, and would get the socket's private messages.
    if (adapter.rooms.has(session.sid)) return;
    loginPlaces.set(socket, stored.since);
    restored.set(socket, stored.kept);
    resume(socket, session, stored.since, meanwhile);
  } finally {
    meanwhile.stop();
  }
}

/** Adapters reject if there is no such session, and if they fail. */
async function askAdapter(adapter: Adapter, pid: string, offset: string): Promise<PersistedSession | null> {
  try {
    return (await adapter.restoreSession?.(pid, offset)) ?? null;
  } catch {
    return null;
  }
}

/** Does what the constructor does with a former session. */
function resume(socket: AnySocket, session: PersistedSession, since: Place, meanwhile: Recording): void {
  const own = inside(socket);
  own.id = session.sid;
  own.pid = session.pid;
  for (const room of session.rooms) joinRoom(socket, room);
  const { [KEPT]: _, ...data } = session.data as Record<string, unknown>;
  // A value that a hook has set for the new connection wins.
  own.data = { ...data, ...(own.data as Data) };
  const missed = session.missedPackets ?? [];
  const known = new Set(missed.map((packet) => packet.at(-1)));
  const late = meanwhile.packetsFor(session.rooms).filter((packet) => !known.has(packet.at(-1)));
  for (const packet of [...missed, ...late]) {
    if (comesAfter(packet, since)) own.packet({ type: EVENT, data: packet });
  }
  own.recovered = true;
}

/** A socket that logged in before this node had seen any packet may be sent the first one, but no older one. */
function placeOfFirst(adapter: Adapter): Place | undefined {
  const offset = firstOffset(adapter);
  return offset === undefined ? undefined : { offset, isBehind: false };
}
