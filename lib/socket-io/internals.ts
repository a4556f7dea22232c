/**
 * Everything that leans on what Socket.IO does not document, and nothing else. Read in Socket.IO 4.8.4 and tried on
 * 4.0 and newer; `test/internals` fails when a release changes what is used here.
 *
 * - `socket.onevent(packet)` gets every EVENT packet, before `onAny` listeners; `socket.dispatch(event)` runs the
 *   `socket.use` middlewares, then emits to the `on` listeners.
 * - `socket.packet(packet)` writes to the client directly. `socket.emit` does not, with connection state recovery: it
 *   goes through the adapter and, on redis-streams, waits for the broker.
 * - A broadcast goes to the ids in `adapter.sids`, or to those of a room in `adapter.rooms`; a socket's own id is a room.
 *   Whoever is not in `sids` and in no room but its own hears what is sent to its id, and nothing else.
 * - With connection state recovery, `adapter.persistSession` keeps a dropped socket, and a Socket that
 *   `adapter.restoreSession` gives back writes its missed packets in its constructor, before any listener could object.
 * - `client.sockets` and `client.nsps` hold the sockets of one connection, by id and by namespace.
 */
import { EventEmitter } from 'node:events';
import type { AnyNamespace, AnyServer, AnySocket } from '../types';

/** Packet types of the Socket.IO protocol, version 5. */
const EVENT = 2;
const ACK = 3;

interface EventPacket {
  data?: unknown[];
  id?: number;
}

interface Client {
  readonly sockets: Map<string, AnySocket>;
  readonly nsps: Map<string, AnySocket>;
  readonly conn: Connection;
}

interface Connection {
  readonly readyState: string;
  readonly protocol: number;
  close(): void;
  once(event: 'close', listener: () => void): void;
}

interface SocketInside {
  readonly nsp: AnyNamespace & { _ids: number };
  readonly client: Client;
  readonly adapter: AdapterInside;
  readonly acks: Map<number, (this: AnySocket) => void>;
  connected: boolean;
  onevent(packet: EventPacket): void;
  dispatch(event: unknown[]): void;
  run(event: unknown[], done: (error?: Error) => void): void;
  packet(packet: { type: number; data: unknown[]; id?: number }): void;
  _onclose(reason: string): void;
  _onerror(error: Error): void;
  _cleanup?(): void;
  _error(error: { message: string; data: unknown }): void;
}

interface PersistedSession {
  sid: string;
  pid: string;
  data?: unknown;
  rooms: string[];
}

interface AdapterInside {
  readonly rooms: Map<string, Set<string>>;
  readonly sids: Map<string, Set<string>>;
  addAll: (id: string, rooms: Set<string>) => Promise<void> | void;
  del: (id: string, room: string) => Promise<void> | void;
  delAll: (id: string) => void;
  socketRooms: (id: string) => Set<string> | undefined;
  serverSideEmit?: unknown;
  persistSession?: (session: PersistedSession) => void;
  restoreSession?: (pid: string, offset: string) => PromiseLike<PersistedSession | null> | null;
}

const inside = (socket: AnySocket): SocketInside => socket as unknown as SocketInside;
const adapterOf = (namespace: AnyNamespace): AdapterInside => namespace.adapter as unknown as AdapterInside;

/** Sends back what the client asked for with an acknowledgement. */
export type Reply = (answer: unknown) => void;

/** Who decides what a socket's client may say. */
export interface Gatekeeper {
  /** Takes an event that is its own; `false` if it is not. */
  takes(socket: AnySocket, event: unknown, payload: unknown, reply: Reply | undefined): boolean;
  /** Which login the socket is at; another number after each. */
  readonly login: number;
  /** Whether the application may hear, now, an event that came in at some login. */
  lets(event: unknown, login: number): boolean;
  /** Told of every event that is dropped. */
  dropped(socket: AnySocket, event: unknown): void;
  /** Told when the socket has closed, after the application. */
  left(socket: AnySocket): void;
}

const GATEKEEPER = Symbol('socketio-authorize');
type Guarded = AnySocket & { [GATEKEEPER]?: Gatekeeper };

/** The gatekeeper of a socket, if it has one. */
export function gatekeeperOf(socket: AnySocket): Gatekeeper | undefined {
  return (socket as Guarded)[GATEKEEPER];
}

/** Puts a gatekeeper before everything that the application registers on the socket, `onAny` included. */
export function guardEvents(socket: AnySocket, gatekeeper: Gatekeeper): void {
  Object.defineProperty(socket, GATEKEEPER, { value: gatekeeper });
  // The same functions for all sockets: no closure each.
  inside(socket).onevent = guardedOnevent;
  inside(socket).dispatch = guardedDispatch;
  inside(socket)._onclose = guardedOnclose;
}

function guardedOnevent(this: SocketInside, packet: EventPacket): void {
  const socket = this as unknown as Guarded;
  const gatekeeper = socket[GATEKEEPER] as Gatekeeper;
  const event: unknown = packet.data?.[0];
  // Older parsers take any JSON for an event's name (CVE-2023-32695), and not all of it can be made a string.
  if (typeof event !== 'string' && typeof event !== 'number') return;
  if (gatekeeper.takes(socket, event, packet.data?.[1], replyTo(this, packet))) return;
  if (gatekeeper.lets(event, gatekeeper.login)) protoOf(this).onevent.call(this, packet);
  else gatekeeper.dropped(socket, event);
}

/**
 * As Socket.IO's own, but asks once more when the listeners' turn has come: the session may have ended since the event
 * came in, and a listener that reads `socket.decoded_token` would throw.
 */
function guardedDispatch(this: SocketInside, event: unknown[]): void {
  const gatekeeper = (this as unknown as Guarded)[GATEKEEPER] as Gatekeeper;
  const { login } = gatekeeper;
  this.run(event, (error) => {
    process.nextTick(() => {
      if (error) this._onerror(error);
      else if (this.connected && gatekeeper.lets(event[0], login) && !isUnheardError(this, event[0])) {
        EventEmitter.prototype.emit.apply(this as unknown as EventEmitter, event as [string]);
      }
    });
  });
}

/** Node throws where nobody listens to `error`, and Socket.IO before 4.6.2 does not (CVE-2024-38355). */
function isUnheardError(socket: SocketInside, event: unknown): boolean {
  return event === 'error' && (socket as unknown as EventEmitter).listenerCount(event) === 0;
}

/** Not a `disconnect` listener: the application may call `removeAllListeners()`. */
function guardedOnclose(this: SocketInside, ...args: [reason: string]): void {
  const wasConnected = this.connected;
  try {
    protoOf(this)._onclose.apply(this, args);
  } finally {
    const socket = this as unknown as Guarded;
    if (wasConnected) socket[GATEKEEPER]?.left(socket);
  }
}

const protoOf = (socket: SocketInside): SocketInside => Object.getPrototypeOf(socket) as SocketInside;

function replyTo(socket: SocketInside, { id }: EventPacket): Reply | undefined {
  if (id === undefined) return undefined;
  return (answer) => {
    if (socket.connected) socket.packet({ type: ACK, data: [answer], id });
  };
}

/** Sends an event to one client, past the adapter. */
export function sendEvent(socket: AnySocket, event: string, payload: unknown): void {
  inside(socket).packet({ type: EVENT, data: [event, payload] });
}

const disconnectIds = new WeakMap<AnyNamespace, number>();

/** Sends an event; a client that acknowledges it is disconnected. One id a namespace, so a flood of them holds nothing. */
export function sendEventOrDisconnect(socket: AnySocket, event: string, payload: unknown): void {
  const { nsp, acks } = inside(socket);
  let id = disconnectIds.get(nsp);
  if (id === undefined) disconnectIds.set(nsp, (id = nsp._ids++));
  acks.set(id, disconnectThis);
  inside(socket).packet({ type: EVENT, data: [event, payload], id });
}

function disconnectThis(this: AnySocket): void {
  disconnect(this);
}

/** Forgets the questions that the application asked a socket: what it answers now is not the user's answer. */
export function forgetQuestions(socket: AnySocket): void {
  inside(socket).acks.clear();
}

/** Whether the transport below a socket is open. */
export function isTransportOpen(socket: AnySocket): boolean {
  return inside(socket).client.conn.readyState === 'open';
}

/** Disconnects a socket, and closes the transport unless another namespace still uses it. */
export function disconnect(socket: AnySocket): void {
  socket.disconnect(inside(socket).client.sockets.size <= 1);
}

/** Closes the transport below a socket unless a namespace uses it; what was sent before still arrives. */
export function closeIdleTransport(socket: AnySocket): void {
  const { client } = inside(socket);
  if (client.sockets.size === 0) client.conn.close();
}

/** Calls back when the transport below a socket has closed. */
export function onceTransportClosed(socket: AnySocket, listener: () => void): void {
  inside(socket).client.conn.once('close', listener);
}

/** Another live socket of the same connection and namespace. */
export function olderOf(socket: AnySocket): AnySocket | undefined {
  if (inside(socket).client.conn.protocol === 3) return rememberedBefore(socket);
  // A plain loop, since every connection passes here, and nearly none finds anything.
  for (const sibling of inside(socket).client.sockets.values()) {
    if (sibling !== socket && sibling.nsp === socket.nsp) return sibling;
  }
  return undefined;
}

/** The other live sockets of the same connection. */
export function* siblingsOf(socket: AnySocket): Generator<AnySocket> {
  for (const sibling of inside(socket).client.sockets.values()) if (sibling !== socket) yield sibling;
}

/**
 * Lets a socket take the place of an older one of the same connection and namespace, which is closed without a packet:
 * packets name the namespace, not the socket, so a DISCONNECT would throw the newer one out.
 */
export function replace(older: AnySocket, newer: AnySocket): void {
  const { client, nsp, adapter } = inside(newer);
  inside(older)._onclose('server namespace disconnect');
  client.nsps.set(nsp.name, newer);
  if (older.id !== newer.id) return;
  // What was taken from the older one by its id was the newer one's.
  client.sockets.set(newer.id, newer);
  nsp.sockets.set(newer.id, newer);
  void adapter.addAll(newer.id, new Set([newer.id]));
}

const eio3Sockets = new WeakMap<object, Map<AnyNamespace, AnySocket>>();

/** With `allowEIO3`, all sockets of a connection and namespace have one id, and Socket.IO's books hold only the last. */
function rememberedBefore(socket: AnySocket): AnySocket | undefined {
  const { client } = inside(socket);
  let byNamespace = eio3Sockets.get(client);
  if (byNamespace === undefined) eio3Sockets.set(client, (byNamespace = new Map<AnyNamespace, AnySocket>()));
  const before = byNamespace.get(socket.nsp);
  byNamespace.set(socket.nsp, socket);
  return before?.connected ? before : undefined;
}

/** Forgets a socket that has not connected, and tells the client nothing. */
export function discard(socket: AnySocket): void {
  inside(socket)._cleanup?.();
}

/** Sends a CONNECT_ERROR, and closes the transport unless a namespace uses it. */
export function refuseForGood(socket: AnySocket, error: Error & { data: unknown }): void {
  inside(socket)._error({ message: error.message, data: error.data });
  closeIdleTransport(socket);
}

/** The listeners of an event on a namespace and on the dynamic namespace that it is a child of. */
export function localListeners(namespace: AnyNamespace, event: string): ((...args: unknown[]) => unknown)[] {
  const own = EventEmitter.prototype.rawListeners.call(namespace, event);
  const parent = parentOf(namespace);
  const inherited = parent && EventEmitter.prototype.rawListeners.call(parent, event);
  return (inherited ? [...own, ...inherited] : own) as ((...args: unknown[]) => unknown)[];
}

interface ParentNamespace extends AnyNamespace {
  readonly children: Set<AnyNamespace>;
}
const parents = new WeakMap<AnyNamespace, ParentNamespace | null>();

/** The dynamic namespace that a namespace is a child of. */
function parentOf(namespace: AnyNamespace): AnyNamespace | undefined {
  let parent = parents.get(namespace);
  if (parent === undefined) {
    const { parentNsps } = namespace.server as unknown as { parentNsps: Map<unknown, ParentNamespace> };
    parent = [...parentNsps.values()].find(({ children }) => children.has(namespace)) ?? null;
    parents.set(namespace, parent);
  }
  return parent ?? undefined;
}

/**
 * Which of the server's dynamic namespaces this is, or is a child of. Their names come from a counter that other
 * servers of the process move on; their order is the same on every node that runs the same code.
 */
export function dynamicIndexOf(namespace: AnyNamespace): number | undefined {
  const parent = childrenOf(namespace) === undefined ? parentOf(namespace) : namespace;
  const { parentNsps } = namespace.server as unknown as { parentNsps: Map<unknown, AnyNamespace> };
  const index = parent === undefined ? -1 : [...parentNsps.values()].indexOf(parent);
  return index < 0 ? undefined : index;
}

/** The children of a dynamic namespace; `undefined` for any other. */
export function childrenOf(namespace: AnyNamespace): ReadonlySet<AnyNamespace> | undefined {
  return (namespace as unknown as Partial<ParentNamespace>).children;
}

/** Whether an adapter reaches other processes: the one in memory only warns when it is asked to. */
export function reachesOthers(namespace: AnyNamespace): boolean {
  const { serverSideEmit } = adapterOf(namespace);
  if (typeof serverSideEmit !== 'function') return false;
  let proto: object = adapterOf(namespace);
  while (Object.getPrototypeOf(proto) !== EventEmitter.prototype)
    proto = Object.getPrototypeOf(proto) as object;
  return serverSideEmit !== (proto as AdapterInside).serverSideEmit;
}

/** Where the sockets of a namespace wait, outside every broadcast and room, until they are authenticated. */
export class Lobby {
  readonly #adapter: AdapterInside;
  /** The rooms that each waiting socket will be in. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly #addAll: AdapterInside['addAll'];

  constructor(namespace: AnyNamespace) {
    const adapter = adapterOf(namespace);
    const { addAll, del, delAll, socketRooms } = adapter;
    const waiting = this.#waiting;
    this.#adapter = adapter;
    this.#addAll = addAll;
    adapter.addAll = (id, rooms) => {
      const later = waiting.get(id);
      if (later === undefined) return addAll.call(adapter, id, rooms);
      for (const room of rooms) later.add(room);
    };
    adapter.del = (id, room) => {
      waiting.get(id)?.delete(room);
      return del.call(adapter, id, room);
    };
    adapter.delAll = (id) => {
      // Back into the adapter's books, or its own-id room would be left over.
      if (waiting.delete(id)) adapter.sids.set(id, new Set([id]));
      delAll.call(adapter, id);
    };
    adapter.socketRooms = (id) => waiting.get(id) ?? socketRooms.call(adapter, id);
  }

  /** Takes a socket out of every broadcast; the rooms that it is in, or joins, wait for {@link release}. */
  hold(id: string): void {
    const rooms = this.#adapter.sids.get(id) ?? new Set([id]);
    // A socket that has just connected is in no other room: its set is taken as it is.
    const later = isLone(rooms, id) ? rooms : new Set(rooms).add(id);
    for (const room of later) if (room !== id) void this.#adapter.del(id, room);
    this.#adapter.sids.delete(id);
    this.#waiting.set(id, later);
  }

  /** Lets a socket into broadcasts, and into its rooms. */
  release(id: string): void {
    const rooms = this.#waiting.get(id);
    if (rooms === undefined) return;
    this.#waiting.delete(id);
    // Its own room it has never left.
    if (isLone(rooms, id)) this.#adapter.sids.set(id, rooms);
    else void this.#addAll.call(this.#adapter, id, rooms);
  }
}

function isLone(rooms: ReadonlySet<string>, id: string): boolean {
  return rooms.size === 1 && rooms.has(id);
}

/** Calls back whenever `io.adapter(…)` has given a namespace another adapter, to which nothing done before applies. */
export function onNewAdapter(namespace: AnyNamespace, listener: () => void): void {
  const inner = namespace as unknown as { _initAdapter: () => void };
  const init = inner._initAdapter;
  inner._initAdapter = () => {
    init.call(namespace);
    listener();
  };
}

/** Who decides what a drop of the connection keeps, and what a reconnection brings back. */
export interface RecoveryRules {
  /** What to keep of a live socket; `undefined` keeps nothing. */
  keep(socket: AnySocket): object | undefined;
  /** Whether what was kept still holds. */
  mayRestore(kept: object): boolean | PromiseLike<boolean>;
}

const restoredData = new WeakSet<object>();

/**
 * Asks before Socket.IO keeps a socket for recovery, and before it restores one. By default it restores past every
 * middleware (socketio/socket.io#5491).
 */
export function guardRecovery(namespace: AnyNamespace, rules: RecoveryRules): void {
  const adapter = adapterOf(namespace);
  const { persistSession, restoreSession } = adapter;
  if (persistSession === undefined || restoreSession === undefined) return;
  adapter.persistSession = (session) => {
    const socket = namespace.sockets.get(session.sid);
    const auth = socket && rules.keep(socket);
    // A copy of the moment: the application may have replaced `socket.data`, or put a client's words into it.
    if (auth)
      persistSession.call(adapter, { ...session, data: { ...(session.data as object | undefined), auth } });
  };
  adapter.restoreSession = async (pid, offset) => {
    const session = await restoreSession.call(adapter, pid, offset);
    const data = session?.data as { auth?: unknown } | undefined;
    const auth = data?.auth;
    if (!session || !data || typeof auth !== 'object' || auth === null) return null;
    // Once each: the adapter in memory would give the same session again, even after a logout.
    if (restoredData.has(data) || !(await rules.mayRestore(auth))) return null;
    if (restoredData.has(data)) return null;
    restoredData.add(data);
    return session;
  };
}

/** Whether a socket was restored with the consent of {@link RecoveryRules}. */
export function isRestored(socket: AnySocket): boolean {
  return socket.recovered && restoredData.has(socket.data as object);
}

/** Takes a socket out of every room but its own. */
export function leaveRooms(socket: AnySocket): void {
  for (const room of socket.rooms) if (room !== socket.id) void socket.leave(room);
}

/** Whether a value is a Socket.IO server. */
export function isServer(value: object): value is AnyServer {
  return 'sockets' in value && 'of' in value && typeof value.of === 'function';
}

/** Whether a value is a namespace, dynamic ones included. */
export function isNamespace(value: object): value is AnyNamespace {
  return 'adapter' in value && 'server' in value && 'use' in value;
}
