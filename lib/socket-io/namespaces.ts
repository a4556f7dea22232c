/**
 * Servers, namespaces and their adapters.
 *
 * Relies on (read in Socket.IO 4.0.2 and 4.8.4):
 * - `server.parentNsps` holds the dynamic (parent) namespaces in the order of their registration; `parent.children`
 *   their namespaces, which have no `children`.
 * - A child takes over the middlewares and the `connect` and `connection` listeners that its parent has when it is
 *   made. From 4.1, the main namespace emits `new_namespace` for it before its first socket.
 * - `connect` comes before `connection`, in the tick in which the socket enters the adapter.
 * - `namespace.emit` goes to clients. A namespace is an EventEmitter of Node, whose `rawListeners` are the local ones.
 * - `namespace._initAdapter()` is called when `io.adapter(…)` gives a namespace another adapter.
 * - All adapters extend one class. An adapter that reaches other processes overrides its `serverSideEmit`, which only
 *   warns.
 * - With `cleanupEmptyChildNamespaces` (from 4.6), a child has a `_remove(socket)` of its own, which closes and forgets the
 *   child unless a connected socket is left there. Below it is that of the class, which only forgets the socket. Refused
 *   sockets are removed by it, too (from 4.7.2). `_preConnectSockets` holds those whose middlewares run (newer versions).
 * - `namespace.run(socket, done)` runs the middlewares for a socket that is connecting, also if there are none.
 * - A server has `sockets` and `of`; a namespace has `adapter`, `sockets` and `use`, and a socket has no `sockets`.
 */
import { EventEmitter } from 'node:events';
import type { AnyNamespace, AnyServer, AnySocket } from '../types';
import { adapterOf } from './inside';
import type { Adapter } from './inside';

interface ParentNamespace extends AnyNamespace {
  readonly children: Set<AnyNamespace>;
}

/** The listeners of an event on a namespace and on the dynamic namespace that it is a child of. */
export function localListeners(namespace: AnyNamespace, event: string): ((...args: unknown[]) => unknown)[] {
  const own = EventEmitter.prototype.rawListeners.call(namespace, event);
  const parent = parentOf(namespace);
  const inherited = parent && EventEmitter.prototype.rawListeners.call(parent, event);
  return (inherited ? [...own, ...inherited] : own) as ((...args: unknown[]) => unknown)[];
}

/** Makes a listener the first one of its event, unless it is: a child may have taken it over from its parent. */
export function listenFirst(
  namespace: AnyNamespace,
  event: 'connect',
  listener: (socket: AnySocket) => void,
): void {
  const [first] = EventEmitter.prototype.rawListeners.call(namespace, event);
  if (first !== listener) namespace.prependListener(event, listener);
}

const parents = new WeakMap<AnyNamespace, ParentNamespace | null>();

const parentsOf = (server: AnyServer): Map<unknown, ParentNamespace> =>
  (server as unknown as { parentNsps: Map<unknown, ParentNamespace> }).parentNsps;

/** The dynamic namespace that a namespace is a child of. */
function parentOf(namespace: AnyNamespace): AnyNamespace | undefined {
  let parent = parents.get(namespace);
  if (parent === undefined) {
    parent =
      [...parentsOf(namespace.server).values()].find(({ children }) => children.has(namespace)) ?? null;
    parents.set(namespace, parent);
  }
  return parent ?? undefined;
}

/**
 * The position, among the server's dynamic namespaces, of this one or of its parent. Their names come from a counter
 * that all servers of the process share, so names differ between nodes. The order is the same on every node that runs
 * the same code.
 */
export function dynamicIndexOf(namespace: AnyNamespace): number | undefined {
  const parent = childrenOf(namespace) === undefined ? parentOf(namespace) : namespace;
  const index = [...parentsOf(namespace.server).values()].findIndex((one) => one === parent);
  return index < 0 ? undefined : index;
}

/** The children of a dynamic namespace; `undefined` for any other. */
export function childrenOf(namespace: AnyNamespace): ReadonlySet<AnyNamespace> | undefined {
  return (namespace as unknown as Partial<ParentNamespace>).children;
}

/** Whether an adapter reaches other processes. The in-memory adapter only warns when it is asked to. */
export function reachesOthers(namespace: AnyNamespace): boolean {
  const { serverSideEmit } = adapterOf(namespace);
  return (
    typeof serverSideEmit === 'function' && serverSideEmit !== baseOf(adapterOf(namespace)).serverSideEmit
  );
}

/** The methods of the class that all adapters extend. */
export function baseOf(adapter: Adapter): Adapter {
  let base: object = adapter;
  let next: unknown = Object.getPrototypeOf(base);
  while (next !== EventEmitter.prototype && next !== Object.prototype) {
    base = next as object;
    next = Object.getPrototypeOf(base);
  }
  return base as Adapter;
}

/**
 * Calls back whenever `io.adapter(…)` has given a namespace another adapter. Nothing done to the old one applies to
 * it.
 */
export function onNewAdapter(namespace: AnyNamespace, listener: () => void): void {
  const inner = namespace as unknown as { _initAdapter: () => void };
  const init = inner._initAdapter;
  inner._initAdapter = () => {
    init.call(namespace);
    listener();
  };
}

/**
 * Keeps a child namespace while a socket is connecting to it. Else `cleanupEmptyChildNamespaces` forgets it as soon as
 * another client leaves or is refused: who is connecting meanwhile would be in a namespace that no broadcast reaches. The
 * last of them to be refused removes it.
 */
export function keepForConnecting(namespace: AnyNamespace): void {
  const inner = namespace as unknown as RemovingNamespace;
  const { _preConnectSockets: connecting, _remove: removeAndClose } = inner;
  if (connecting === undefined || !Object.hasOwn(inner, '_remove')) return;
  const { _remove: remove } = Object.getPrototypeOf(inner) as RemovingNamespace;
  inner._remove = (socket) => {
    const others = connecting.size - (connecting.has(socket.id) ? 1 : 0);
    (others > 0 ? remove : removeAndClose).call(namespace, socket);
  };
}

/** Calls back with each socket that is connecting, before any middleware of the namespace runs. */
export function onConnecting(namespace: AnyNamespace, listener: (socket: AnySocket) => void): void {
  const inner = namespace as unknown as { run: (socket: AnySocket, done: unknown) => void };
  const { run } = inner;
  inner.run = (socket, done) => {
    listener(socket);
    run.call(namespace, socket, done);
  };
}

interface RemovingNamespace {
  readonly _preConnectSockets?: ReadonlyMap<string, AnySocket>;
  _remove: (socket: AnySocket) => void;
}

/** Whether a value is a Socket.IO server. */
export function isServer(value: object): value is AnyServer {
  return 'sockets' in value && 'of' in value && typeof value.of === 'function';
}

/** Whether a value is a namespace, dynamic ones included. */
export function isNamespace(value: object): value is AnyNamespace {
  return 'adapter' in value && 'sockets' in value && 'use' in value;
}
