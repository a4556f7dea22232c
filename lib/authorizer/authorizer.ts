import { unauthorized } from '../errors';
import { CODES } from '../protocol';
import { ClusterChannel } from '../revocation/cluster-channel';
import { Revocations } from '../revocation/revocations';
import { Deadlines } from '../runtime/deadlines';
import { callGuarded, warnOnce } from '../runtime/warnings';
import { Answers } from '../session/answers';
import type { SessionContext } from '../session/context';
import type { Member } from '../session/member';
import { mayTellRefusal, tellRefused } from '../session/refusals';
import { emptyStats } from '../session/statistics';
import type { AuthorizerStats } from '../session/statistics';
import { disconnect, discard } from '../socket-io/connections';
import { gatekeeperOf } from '../socket-io/event-gate';
import { lobbyOf } from '../socket-io/lobby';
import {
  childrenOf,
  isNamespace,
  isServer,
  keepForConnecting,
  listenFirst,
  localListeners,
  onConnecting,
} from '../socket-io/namespaces';
import { guardRecovery } from '../socket-io/recovery';
import { Admission } from '../token/admission';
import { describe } from '../token/keys';
import type { AnyNamespace, AnyServer, AnySocket, Revocation } from '../types';
import { Arrivals } from './arrivals';
import { Connections } from './connections';
import { Handshake } from './handshake';
import type { Next } from './handshake';
import { Recovery } from './recovery';
import type { Settings } from './settings';

/** The deadlines of the authorizer that guards a namespace since last; they are closed with it. */
const guards = new WeakMap<AnyNamespace, Deadlines>();

/** Whether an authorizer that is not closed guards a namespace. */
function isGuarded(namespace: AnyNamespace): boolean {
  return guards.get(namespace)?.isClosed === false;
}

/** Guards namespaces, and gives each socket that arrives there its session. */
export class AuthorizerCore {
  readonly #settings: Settings;
  readonly #context: SessionContext;
  readonly #deadlines = new Deadlines();
  readonly #revocations: Revocations;
  readonly #cluster: ClusterChannel;
  readonly #connections: Connections;
  readonly #recovery: Recovery;
  readonly #handshake: Handshake;
  readonly #arrivals: Arrivals;
  readonly #stats = emptyStats();
  readonly #guarded = new WeakSet<AnyNamespace>();
  readonly #attached = new Set<AnyNamespace>();
  #isClosed = false;
  readonly #warnWrongWay: () => void;
  readonly #warnTwice = warnOnce(
    // A client chooses the name of a namespace that is made on request.
    ({ name }: AnyNamespace) =>
      `two authorizers guard the namespace ${JSON.stringify(name.slice(0, 200))}. Its connections are refused.`,
  );

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#warnWrongWay = warnOnce(
      settings.handshake
        ? 'authorize({ handshake: true }) is a middleware: io.use(authorize(…)). Every connection is refused.'
        : 'authorize() is a connection listener: io.on("connection", authorize(…)), unless handshake is true. ' +
            'Every connection is refused.',
    );
    this.#cluster = new ClusterChannel((rule) => this.#revocations.receive(rule));
    this.#revocations = new Revocations({
      deadlines: this.#deadlines,
      store: settings.store,
      maxTokenLife: settings.maxTokenLife,
      lifeAfterExp: settings.lifeAfterExp,
      storeTimeout: settings.keyTimeout,
      recheckInterval: settings.recheckInterval,
      publish: (rule) => this.#cluster.publish(rule),
    });
    this.#context = {
      settings,
      deadlines: this.#deadlines,
      revocations: this.#revocations,
      admission: new Admission(settings, this.#deadlines, this.#revocations),
      stats: this.#stats,
      answers: new Answers(settings.maxAttempts),
      announce,
    };
    this.#connections = new Connections(this.#context);
    this.#recovery = new Recovery(this.#context, this.#connections, settings);
    this.#handshake = new Handshake(this.#context, settings, this.#connections, this.#recovery);
    this.#arrivals = new Arrivals(this.#context, this.#connections, this.#recovery, this.#handshake);
  }

  /** Called as `io.on('connection', …)` or `io.use(…)` would. */
  call(socket: AnySocket, next: Next | undefined): void {
    const isRightWay = this.#settings.handshake === (next !== undefined);
    if (!isRightWay) this.#turnAway(socket, next, isRightWay);
    else {
      this.#guard(socket.nsp);
      if (next === undefined) this.#onConnect(socket);
      // A middleware cannot be removed: it lets the other authorizer judge.
      else if (this.#isClosed && isGuarded(socket.nsp)) next();
      else if (this.#isClosed || this.#isForeign(socket)) this.#turnAway(socket, next, true);
      else this.#handshake.judge(socket, next);
    }
  }

  attach(target: AnyServer | AnyNamespace): AnyNamespace {
    const namespace = toNamespace(target);
    if (this.#attached.has(namespace)) return namespace;
    this.#attached.add(namespace);
    const children = childrenOf(namespace);
    if (children === undefined) {
      this.#guard(namespace);
    } else {
      this.#joinCluster(namespace);
      // The parent's listeners and middlewares are copied to a child when it is made.
      listenFirst(namespace, 'connect', this.#onConnect);
      namespace.server.of('/').on('new_namespace', this.#onNewNamespace);
      for (const child of children) this.#guard(child);
    }
    const guarded = [namespace, ...(children ?? [])];
    if (this.#settings.handshake) {
      const middleware = (socket: AnySocket, next: Next): void => this.call(socket, next);
      for (const one of guarded) one.use(middleware);
    }
    // Sockets that have connected before must log in, too.
    for (const one of guarded) for (const socket of one.sockets.values()) this.#arrivals.arriveLate(socket);
    return namespace;
  }

  revoke(revocation: Revocation): Promise<{ issuedBefore?: number }> {
    return this.#revocations.revoke(revocation);
  }

  deauthenticate(socket: AnySocket): void {
    this.#connections.of(socket).sessionOf(socket)?.logout(unauthorized(CODES.notAuthenticated));
  }

  stats(): AuthorizerStats {
    return { ...this.#stats };
  }

  close(): void {
    this.#isClosed = true;
    this.#revocations.close();
    this.#deadlines.close();
    this.#cluster.close();
  }

  /** Prepares a namespace, once: in `attach`, or else at its first connection. */
  #guard(namespace: AnyNamespace): void {
    if (this.#guarded.has(namespace)) return;
    this.#guarded.add(namespace);
    // `connect` comes before `connection`: no listener sees a socket that is not gated yet, or broadcasts to it.
    listenFirst(namespace, 'connect', this.#onConnect);
    if (this.#isClosed) return;
    guards.set(namespace, this.#deadlines);
    keepForConnecting(namespace);
    if (this.#settings.scope === 'connection')
      onConnecting(namespace, (socket) => this.#connections.note(socket));
    guardRecovery(namespace, this.#recovery);
    this.#joinCluster(namespace);
  }

  #joinCluster(namespace: AnyNamespace): void {
    this.#cluster.join(namespace);
    this.#revocations.start();
  }

  /** Stays after `close()`: a namespace without its guard would be open to everyone. */
  readonly #onConnect = (socket: AnySocket): void => {
    if (this.#isClosed) {
      if (gatekeeperOf(socket) !== undefined) return;
      lobbyOf(socket).hold(socket.id);
      // Another authorizer may take over in this tick.
      process.nextTick(() => {
        if (gatekeeperOf(socket) === undefined && socket.connected) this.#turnAway(socket, undefined, true);
      });
    } else if (this.#isForeign(socket)) this.#turnAway(socket, undefined, true);
    else this.#arrive(socket);
  };

  /** A socket that cannot be taken in must not stay without a guard. */
  #arrive(socket: AnySocket): void {
    try {
      this.#arrivals.arrive(socket);
    } catch (fault) {
      disconnect(socket);
      throw fault;
    }
  }

  readonly #onNewNamespace = (namespace: AnyNamespace): void => {
    for (const parent of this.#attached) if (childrenOf(parent)?.has(namespace)) this.#guard(namespace);
  };

  /** Whether another authorizer guards the socket. Two would undo each other's work. */
  #isForeign(socket: AnySocket): boolean {
    const gatekeeper = gatekeeperOf(socket);
    return gatekeeper !== undefined && !(gatekeeper as Member).belongsTo(this.#context);
  }

  /** The authorizer cannot work as it is used: refuses the socket, and warns once why. */
  #turnAway(socket: AnySocket, next: Next | undefined, isRightWay: boolean): void {
    if (!isRightWay) this.#warnWrongWay();
    else if (!this.#isClosed) this.#warnTwice(socket.nsp);
    const error = unauthorized(this.#isClosed ? CODES.serverBusy : CODES.serverMisconfigured);
    if (next === undefined) {
      tellRefused(socket, error, this.#context);
      disconnect(socket);
    } else if (mayTellRefusal(socket, error, this.#context)) next(error);
    else discard(socket);
  }
}

/** Calls the local listeners. An event emitted on a namespace would go to its clients. */
function announce(event: string, socket: AnySocket, ...details: unknown[]): void {
  for (const listener of localListeners(socket.nsp, event)) {
    callGuarded(`a listener of '${event}'`, () => listener.call(socket.nsp, socket, ...details));
  }
}

function toNamespace(target: unknown): AnyNamespace {
  if (typeof target === 'object' && target !== null) {
    if (isServer(target)) return target.of('/');
    if (isNamespace(target)) return target;
  }
  throw new TypeError(`attach() takes a Socket.IO server or namespace, got ${describe(target)}`);
}
