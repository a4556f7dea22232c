/**
 * The lobby: where pending sockets wait, outside every broadcast and room.
 *
 * Relies on (read in Socket.IO 4.0.2 and 4.8.4, with socket.io-adapter 2.2 and 2.5):
 * - A broadcast goes to the ids in `adapter.sids`, a room message to those in `adapter.rooms`, and a socket's own id
 *   is a room. So a socket that is not in `sids`, and in no room but its own, gets only what is sent to its id.
 * - Commands to all sockets also go to the ids in `sids`.
 * - `addAll`, `del`, `delAll` and `socketRooms` are called on the adapter itself whenever a socket joins, leaves,
 *   closes, or is asked for its rooms.
 * - `del` removes a socket from a room even if it is not in `sids`; `delAll` then does nothing.
 * - `socket.adapter` stays the adapter that the namespace had when the socket connected.
 * - `adapter.nsp.sockets` holds the connected sockets by id.
 * - Every adapter runs `disconnectSockets` by that method of the common base class, also for other nodes. It gets
 *   rooms as sets.
 */
import type { AnySocket } from '../types';
import { inside } from './inside';
import type { Adapter, SocketFilter } from './inside';
import { baseOf } from './namespaces';
import { changeRooms } from './rooms';

const LOBBY = Symbol('socketio-authorize lobby');
type WithLobby = Adapter & { [LOBBY]?: Lobby };

/** The lobby of a socket's adapter; all authorizers share it. */
export function lobbyOf(socket: AnySocket): Lobby {
  const adapter: WithLobby = inside(socket).adapter;
  return adapter[LOBBY] ?? new Lobby(adapter);
}

export class Lobby {
  readonly #adapter: Adapter;
  /** The rooms that each waiting socket will be in, by the socket's id. */
  readonly waiting = new Map<string, Set<string>>();
  /** The adapter's own methods. */
  readonly own: Pick<Adapter, 'addAll' | 'del' | 'delAll' | 'socketRooms'>;

  constructor(adapter: Adapter) {
    const { addAll, del, delAll, socketRooms } = adapter;
    this.#adapter = adapter;
    this.own = { addAll, del, delAll, socketRooms };
    Object.defineProperty(adapter, LOBBY, { value: this });
    // The same functions for all adapters: a server may have a namespace for each of its users.
    adapter.addAll = lobbyAddAll;
    adapter.del = lobbyDel;
    adapter.delAll = lobbyDelAll;
    adapter.socketRooms = lobbySocketRooms;
    disconnectWaitingToo(baseOf(adapter));
  }

  /** Excludes a socket from every broadcast. The rooms that it is in, or joins, take effect at {@link release}. */
  hold(id: string): void {
    if (this.waiting.has(id)) return;
    const rooms = this.#adapter.sids.get(id) ?? new Set([id]);
    // A socket that has just connected is in no other room: its set is used without a copy.
    const later = isLone(rooms, id) ? rooms : new Set(rooms).add(id);
    // First, so that a `leave-room` listener that joins the socket to a room does so for later.
    this.waiting.set(id, later);
    for (const room of later) if (room !== id) changeRooms(() => this.own.del.call(this.#adapter, id, room));
    this.#adapter.sids.delete(id);
  }

  /** The socket has closed: a `disconnect` listener may have ended its session, when it was in no room any more. */
  forget(id: string): void {
    this.waiting.delete(id);
  }

  /** Includes a socket in broadcasts, and joins its rooms. */
  release(id: string): void {
    const rooms = this.waiting.get(id);
    if (rooms === undefined) return;
    this.waiting.delete(id);
    // It has never left its own room.
    if (isLone(rooms, id)) this.#adapter.sids.set(id, rooms);
    else this.#join(id, rooms);
  }

  #join(id: string, rooms: ReadonlySet<string>): void {
    const { sids } = this.#adapter;
    const joined = new Set<string>();
    sids.set(id, joined);
    for (const room of rooms) {
      changeRooms(() => this.own.addAll.call(this.#adapter, id, new Set([room])));
      // A listener has ended the session, or closed the socket: no further room is its own.
      if (sids.get(id) !== joined) return;
    }
  }

  /** Disconnects the waiting sockets that a command is for. */
  disconnect({ rooms, except }: SocketFilter, isClosing: boolean): void {
    for (const [id, own] of this.waiting) {
      const isMeant = rooms.size === 0 || overlaps(own, rooms);
      if (isMeant && !(except && overlaps(own, except))) {
        this.#adapter.nsp.sockets.get(id)?.disconnect(isClosing);
      }
    }
  }
}

const lobbyIn = (adapter: Adapter): Lobby => (adapter as WithLobby)[LOBBY] as Lobby;

function lobbyAddAll(this: Adapter, id: string, rooms: Set<string>): Promise<void> | void {
  const { waiting, own } = lobbyIn(this);
  const later = waiting.get(id);
  if (later === undefined) return own.addAll.call(this, id, rooms);
  for (const room of rooms) later.add(room);
}

function lobbyDel(this: Adapter, id: string, room: string): Promise<void> | void {
  const { waiting, own } = lobbyIn(this);
  waiting.get(id)?.delete(room);
  return own.del.call(this, id, room);
}

function lobbyDelAll(this: Adapter, id: string): void {
  const { waiting, own } = lobbyIn(this);
  // Into the adapter's records again, or the room of its own id would remain.
  if (waiting.delete(id)) this.sids.set(id, new Set([id]));
  changeRooms(() => own.delAll.call(this, id));
  // A `leave-room` listener has thrown: Socket.IO would keep the socket, connected, in the other rooms. (A copy: the
  // listener may join it to one again, without end.)
  const others = new Set(this.sids.get(id));
  for (const room of others) changeRooms(() => own.del.call(this, id, room));
  this.sids.delete(id);
}

function lobbySocketRooms(this: Adapter, id: string): Set<string> | undefined {
  const { waiting, own } = lobbyIn(this);
  return waiting.get(id) ?? own.socketRooms.call(this, id);
}

const prepared = new WeakSet<Adapter>();

/**
 * `io.disconnectSockets()` must reach pending sockets too. The base class's method is the only one that all adapters
 * call, also for a command from another node. An adapter without a lobby stays as it is.
 */
function disconnectWaitingToo(base: Adapter): void {
  if (prepared.has(base)) return;
  prepared.add(base);
  const { disconnectSockets } = base;
  base.disconnectSockets = function disconnectAll(this: Adapter, filter, isClosing) {
    const result = disconnectSockets.call(this, filter, isClosing);
    (this as WithLobby)[LOBBY]?.disconnect(filter, isClosing);
    return result;
  };
}

function isLone(rooms: ReadonlySet<string>, id: string): boolean {
  return rooms.size === 1 && rooms.has(id);
}

function overlaps(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const one of others) if (some.has(one)) return true;
  return false;
}
