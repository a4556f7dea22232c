/**
 * The event gate: it runs before everything that the application registers on a socket.
 *
 * Relies on (read in Socket.IO 4.0.2 and 4.8.4):
 * - `socket._onpacket(packet)` gets every packet of a connected socket. It hands EVENT and BINARY_EVENT packets to
 *   `socket.onevent`, which other libraries assign. (Newer parsers give no BINARY_EVENT.)
 * - `packet.data` is the event's name and its arguments; `packet.id` is a number if the client wants an answer.
 * - `onevent` calls the `onAny` listeners, then `socket.dispatch(event)`; `event` is `packet.data`, and behind it the
 *   function that answers.
 * - `dispatch` runs the `socket.use` middlewares by `socket.run(event, done)`. A tick later it emits to the `on`
 *   listeners, which are those of Node's EventEmitter, if the socket is still connected.
 * - A middleware's error goes to `socket._onerror(error)`.
 * - `socket._onclose(reason)` is called when the socket closes, for whatever reason; again if a `disconnecting` listener
 *   closes it. It runs the `disconnecting` and `disconnect` listeners, and sets `connected` to false between them.
 * - All of these are methods of the class: a socket's own property of that name hides them.
 */
import { EventEmitter } from 'node:events';
import type { AnySocket } from '../types';
import { isTransportOpen } from './connections';
import { inside, protoOf } from './inside';
import type { EventPacket } from './event-packet';
import type { SocketInside } from './inside';
import { ACK, BINARY_ACK, BINARY_EVENT, DISCONNECT, EVENT } from './packet-types';

/**
 * Arguments of an event or an acknowledgement. Socket.IO calls listeners with `apply`, and Node throws a RangeError from
 * some 40,000 arguments on: one packet would end the process.
 */
const MAX_ARGUMENTS = 1_000;

/**
 * Events of Socket.IO and of Node's EventEmitter. Its own parser refuses a packet that names one; others do not look, and
 * the client would call the application's `disconnect` listeners.
 */
const RESERVED: ReadonlySet<unknown> = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

/** Decides which events of a client the application hears. */
export interface Gatekeeper {
  /**
   * Whether the application hears an event now. If not, the gatekeeper handles it: as an event of its own, as one that
   * waits (see {@link deliver}), or by dropping it.
   */
  hears(packet: EventPacket): boolean;
  /** Whether an answer that arrives now is that of the user who was asked. */
  readonly hearsAnswers: boolean;
  /** The number of the socket's current login; it changes with each login. */
  readonly login: number;
  /** The number of what the socket's session was granted last; it changes with each login and each renewal. */
  readonly grant: number;
  /**
   * Whether an event that arrived during a certain login, and under a certain grant, may still reach the listeners.
   *
   * @param event its name, its arguments, and the function that answers if there is one: see {@link dataOf}
   */
  mayReach(event: readonly unknown[], login: number, grant: number): boolean;
  /** Whether nobody looks after its sessions any more: another gatekeeper may take its place. */
  readonly isRetired: boolean;
  /** Gives up the socket. */
  retire(): void;
  /** Called when the socket has closed, after the application's `disconnect` listeners. */
  left(): void;
}

const GATEKEEPER = Symbol('socketio-authorize');
type Guarded = AnySocket & { [GATEKEEPER]?: Gatekeeper };

/** The gatekeeper of a socket, if it has one. */
export function gatekeeperOf(socket: AnySocket): Gatekeeper | undefined {
  return (socket as Guarded)[GATEKEEPER];
}

/** Puts a gatekeeper in front of a socket's listeners, `onAny` and other libraries' `onevent` included. */
export function guardEvents(socket: AnySocket, gatekeeper: Gatekeeper): void {
  Object.defineProperty(socket, GATEKEEPER, { value: gatekeeper, configurable: true });
  // The same functions for all sockets: no closure each.
  inside(socket)._onpacket = guardedOnpacket;
  inside(socket).dispatch = guardedDispatch;
  inside(socket)._onclose = guardedOnclose;
}

/**
 * Delivers an event that the gatekeeper has held back. An exception of the application's code stays what it is in
 * Socket.IO, an uncaught one, and does not take the next event's turn.
 */
export function deliver(socket: AnySocket, packet: EventPacket): void {
  try {
    protoOf(inside(socket))._onpacket.call(inside(socket), packet);
  } catch (fault) {
    process.nextTick(() => {
      throw fault;
    });
  }
}

const keeperOf = (socket: SocketInside): Gatekeeper =>
  (socket as unknown as Guarded)[GATEKEEPER] as Gatekeeper;

function guardedOnpacket(this: SocketInside, packet: EventPacket): void {
  if (isHeard(this, packet) && (packet.data?.length ?? 0) <= MAX_ARGUMENTS)
    protoOf(this)._onpacket.call(this, packet);
}

function isHeard(socket: SocketInside, packet: EventPacket): boolean {
  switch (packet.type) {
    case EVENT:
    case BINARY_EVENT:
      // The rest of a chunk comes even if the socket has left in it.
      return socket.connected && isEvent(packet.data?.[0]) && keeperOf(socket).hears(packet);
    case ACK:
    case BINARY_ACK:
      return keeperOf(socket).hearsAnswers;
    default:
      // Socket.IO 4.0 would hand a CONNECT_ERROR of a client to the application's `error` listeners.
      return packet.type === DISCONNECT;
  }
}

/** Older parsers accept any JSON as an event's name (CVE-2023-32695), and not all of it converts to a string. */
function isEvent(name: unknown): boolean {
  return (typeof name === 'string' || typeof name === 'number') && !RESERVED.has(name);
}

/**
 * Does the same as Socket.IO's method, but asks the gatekeeper again before the listeners run: the session may have
 * ended since the event arrived, and a listener that reads `socket.decoded_token` would throw.
 */
function guardedDispatch(this: SocketInside, event: unknown[]): void {
  const gatekeeper = keeperOf(this);
  const { login, grant } = gatekeeper;
  this.run(event, (error) => {
    process.nextTick(() => {
      if (error) this._onerror(error);
      else if (
        this.connected &&
        gatekeeper.mayReach(event, login, grant) &&
        !isUnheardError(this, event[0])
      ) {
        EventEmitter.prototype.emit.apply(this as unknown as EventEmitter, event as [string]);
      }
    });
  });
}

/** The name of an event and its arguments, without the function that answers. */
export function dataOf(event: readonly unknown[]): readonly unknown[] {
  return typeof event.at(-1) === 'function' ? event.slice(0, -1) : event;
}

/** Node throws if `error` has no listener, and Socket.IO before 4.6.2 adds none (CVE-2024-38355). */
function isUnheardError(socket: SocketInside, event: unknown): boolean {
  return event === 'error' && (socket as unknown as EventEmitter).listenerCount(event) === 0;
}

/** Sockets that are closing, or have closed. */
const closing = new WeakSet<SocketInside>();

/** Not a `disconnect` listener: the application may call `removeAllListeners()`. */
function guardedOnclose(this: SocketInside, ...args: [reason: string]): void {
  // A `disconnecting` listener may close the socket, too: it is still connected then.
  if (!this.connected || closing.has(this)) {
    protoOf(this)._onclose.apply(this, args);
    return;
  }
  closing.add(this);
  const faults: unknown[] = [];
  attempt(faults, () => protoOf(this)._onclose.apply(this, args));
  if (this.connected) attempt(faults, () => closeWithoutListeners(this, args));
  keeperOf(this).left();
  if (faults.length === 0) return;
  const raise = (): never => {
    throw faults[0];
  };
  // Whoever disconnects a socket gets the exception. If the transport has closed, it would keep Socket.IO from the other
  // sockets of the connection.
  if (isTransportOpen(this as unknown as AnySocket)) raise();
  else process.nextTick(raise);
}

function attempt(faults: unknown[], act: () => void): void {
  try {
    act();
  } catch (fault) {
    faults.push(fault);
  }
}

/** A `disconnecting` listener has thrown: Socket.IO would keep the socket, connected, for as long as its client likes. */
function closeWithoutListeners(socket: SocketInside, args: [reason: string]): void {
  (socket as unknown as EventEmitter).removeAllListeners('disconnecting');
  protoOf(socket)._onclose.apply(socket, args);
}
