import { Admission } from '../token/admission';
import { ClusterChannel } from '../revocation/cluster-channel';
import { Deadlines } from '../runtime/deadlines';
import { unauthorized, UnauthorizedError } from '../errors';
import { callGuarded, warnOnce } from '../runtime/warnings';
import { Handshake } from './handshake';
import type { Next } from './handshake';
import {
  childrenOf,
  disconnect,
  gatekeeperOf,
  guardRecovery,
  isNamespace,
  isRestored,
  isServer,
  leaveRooms,
  Lobby,
  localListeners,
  onceTransportClosed,
  olderOf,
  onNewAdapter,
  replace,
  siblingsOf,
} from '../socket-io/internals';
import { describe } from '../token/keys';
import { log } from '../runtime/log';
import type { Permit } from '../token/permit';
import { CODES } from '../protocol';
import { countRefusal } from '../session/refusals';
import type { Revocation } from '../types';
import { Revocations } from '../revocation/revocations';
import { Session } from '../session/session';
import type { SessionContext } from '../session/context';
import type { Settings } from './settings';
import { emptyStats } from '../session/statistics';
import type { AuthorizerStats } from '../session/statistics';
import { tellRefusal } from '../session/notifications';
import type { Shown } from '../token/token-text';
import type { AnyNamespace, AnyServer, AnySocket } from '../types';

/** Namespaces, per connection, in which sessions without a socket are remembered. */
const MAX_ABANDONED = 16;

/** Brings sockets and sessions together, on every namespace that it guards. */
export class AuthorizerCore {
  readonly #settings: Settings;
  readonly #context: SessionContext;
  readonly #deadlines = new Deadlines();
  readonly #revocations: Revocations;
  readonly #cluster: ClusterChannel;
  readonly #handshake: Handshake;
  readonly #stats = emptyStats();
  readonly #lobbies = new WeakMap<AnyNamespace, Lobby>();
  readonly #attached = new Set<AnyNamespace>();
  /** Sessions without a socket, by connection; and by namespace too unless one login serves them all. */
  readonly #abandoned = new WeakMap<object, Map<AnyNamespace | undefined, Session>>();
  /** Under `scope: 'connection'`, the session of each connection. */
  readonly #current = new WeakMap<object, Session>();
  #isClosed = false;
  readonly #warnWrongWay: () => void;
  readonly #warnTwice = warnOnce('two authorizers guard one namespace. Its connections are refused.');

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
      publish: (rule) => this.#cluster.publish(rule),
    });
    this.#context = {
      settings,
      deadlines: this.#deadlines,
      revocations: this.#revocations,
      admission: new Admission(settings, this.#deadlines, this.#revocations),
      stats: this.#stats,
      announce,
      lobbyOf: (namespace) => this.#guard(namespace),
    };
    this.#handshake = new Handshake(this.#context);
  }

  /** Called as `io.on('connection', …)` or `io.use(…)` would. */
  call(socket: AnySocket, next: Next | undefined): void {
    const isRightWay = this.#settings.handshake === (next !== undefined);
    if (!isRightWay || this.#isClosed || this.#isForeign(socket)) this.#turnAway(socket, next, isRightWay);
    else if (next === undefined) this.#arrive(socket);
    else {
      this.#guard(socket.nsp);
      this.#handshake.judge(socket, this.#connectionSession(socket)?.isOpen ?? false, next);
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
      namespace.prependListener('connect', this.#onConnect);
      namespace.server.of('/').on('new_namespace', this.#onNewNamespace);
      for (const child of children) this.#guard(child);
    }
    if (this.#settings.handshake) {
      const middleware = (socket: AnySocket, next: Next): void => this.call(socket, next);
      for (const one of [namespace, ...(children ?? [])]) one.use(middleware);
    }
    return namespace;
  }

  revoke(revocation: Revocation): Promise<void> {
    return this.#revocations.revoke(revocation);
  }

  deauthenticate(socket: AnySocket): void {
    this.#sessionOf(socket)?.logout(unauthorized(CODES.notAuthenticated));
  }

  stats(): AuthorizerStats {
    return { ...this.#stats };
  }

  close(): void {
    this.#isClosed = true;
    this.#deadlines.close();
    this.#cluster.close();
  }

  /** Makes a namespace ready, once: before its first connection if `attach` was called, else at that. */
  #guard(namespace: AnyNamespace): Lobby {
    const known = this.#lobbies.get(namespace);
    if (known !== undefined) return known;
    const lobby = this.#guardAdapter(namespace);
    onNewAdapter(namespace, () => this.#guardAdapter(namespace));
    this.#joinCluster(namespace);
    // `connect` comes before `connection`: no listener can broadcast to, or hear of, a socket that is not gated yet.
    namespace.prependListener('connect', this.#onConnect);
    return lobby;
  }

  #guardAdapter(namespace: AnyNamespace): Lobby {
    const lobby = new Lobby(namespace);
    this.#lobbies.set(namespace, lobby);
    guardRecovery(namespace, {
      keep: (socket) => this.#sessionOf(socket)?.kept,
      mayRestore: (kept) => this.#context.admission.mayRestore(kept),
    });
    return lobby;
  }

  #joinCluster(namespace: AnyNamespace): void {
    if (this.#cluster.join(namespace)) this.#revocations.recheckEarlySessions();
  }

  /** Stays after `close()`, since a namespace that loses its guard must not stand open. */
  readonly #onConnect = (socket: AnySocket): void => {
    if (this.#isClosed) {
      // Unless another authorizer has taken over.
      process.nextTick(() => {
        if (gatekeeperOf(socket) === undefined) this.#turnAway(socket, undefined, true);
      });
    } else if (this.#isForeign(socket)) this.#turnAway(socket, undefined, true);
    else this.#arrive(socket);
  };

  readonly #onNewNamespace = (namespace: AnyNamespace): void => {
    for (const parent of this.#attached) if (childrenOf(parent)?.has(namespace)) this.#guard(namespace);
  };

  /** A socket has connected: gives it a session, and the session its token. */
  #arrive(socket: AnySocket): void {
    if (gatekeeperOf(socket) !== undefined) return;
    this.#guard(socket.nsp);
    const older = olderOf(socket);
    if (older !== undefined) replace(older, socket);
    const permit = this.#handshake.permitOf(socket) ?? this.#restoredPermit(socket);
    if (socket.recovered)
      log.recovery('%s: %s', socket.id, permit === undefined ? 'not restored' : 'restored');
    const token = this.#takeToken(socket);
    if (socket.recovered && permit === undefined) leaveRooms(socket);
    const session = this.#findSession(socket) ?? this.#newSession(socket);
    session.join(socket);
    if (permit !== undefined) session.admit(permit, socket);
    if (token === undefined) this.#turnAwayIfFull(socket, session);
    // A tick later, so that the application's `connection` listeners have run before its `authenticated` ones.
    else process.nextTick(() => this.#offer(token, socket, session));
  }

  #offer(token: string | UnauthorizedError, socket: AnySocket, session: Session): void {
    if (!socket.connected) return;
    if (token instanceof UnauthorizedError) session.refuse(token, socket);
    else session.offer(token, socket);
    this.#turnAwayIfFull(socket, session);
  }

  /** Under a flood, a client that shows a good token with its CONNECT packet still comes in. */
  #turnAwayIfFull(socket: AnySocket, session: Session): void {
    if (session.isOpen || this.#stats.pending <= this.#settings.maxPending) return;
    session.refuse(unauthorized(CODES.serverBusy), socket);
    disconnect(socket);
  }

  #restoredPermit(socket: AnySocket): Permit | undefined {
    if (!isRestored(socket)) return undefined;
    return this.#context.admission.restore((socket.data as { auth: unknown }).auth);
  }

  /** A session that this connection has already, or had, where the socket belongs. */
  #findSession(socket: AnySocket): Session | undefined {
    const session =
      this.#settings.scope === 'connection' ? this.#connectionSession(socket) : this.#abandonedBy(socket);
    return session?.isClosed ? undefined : session;
  }

  #connectionSession(socket: AnySocket): Session | undefined {
    if (this.#settings.scope !== 'connection') return undefined;
    for (const sibling of siblingsOf(socket)) {
      const session = this.#sessionOf(sibling);
      if (session !== undefined) return session;
    }
    return this.#abandonedBy(socket);
  }

  #newSession(socket: AnySocket): Session {
    const session = new Session(this.#context, this.#abandon, this.#abandonedBy(socket));
    // A namespace's session ends with its socket; one of a whole connection outlives them.
    if (this.#settings.scope === 'connection') this.#closeWithTransport(session, socket);
    return session;
  }

  /** One listener a connection, however many sessions follow each other on it. */
  #closeWithTransport(session: Session, socket: AnySocket): void {
    const { client } = socket;
    if (!this.#current.has(client)) onceTransportClosed(socket, () => this.#current.get(client)?.close());
    this.#current.set(client, session);
  }

  readonly #abandon = (session: Session, last: AnySocket): void => {
    const key = this.#keyOf(last);
    const known = this.#abandoned.get(last.client);
    if (known === undefined) {
      this.#abandoned.set(last.client, new Map([[key, session]]));
      return;
    }
    // The one that was left last stands last; a client that walks through endless namespaces is not remembered in all.
    known.delete(key);
    known.set(key, session);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_ABANDONED) break;
      known.delete(oldest);
    }
  };

  #abandonedBy(socket: AnySocket): Session | undefined {
    return this.#abandoned.get(socket.client)?.get(this.#keyOf(socket));
  }

  #keyOf(socket: AnySocket): AnyNamespace | undefined {
    return this.#settings.scope === 'connection' ? undefined : socket.nsp;
  }

  #sessionOf(socket: AnySocket): Session | undefined {
    const gatekeeper = gatekeeperOf(socket);
    return gatekeeper instanceof Session && gatekeeper.belongsTo(this.#context) ? gatekeeper : undefined;
  }

  /** Whether another authorizer guards the socket: two would each undo what the other does. */
  #isForeign(socket: AnySocket): boolean {
    return gatekeeperOf(socket) !== undefined && this.#sessionOf(socket) === undefined;
  }

  /** Used as it cannot work: refuses, and says once why. */
  #turnAway(socket: AnySocket, next: Next | undefined, isRightWay: boolean): void {
    if (!isRightWay) this.#warnWrongWay();
    else if (!this.#isClosed) this.#warnTwice();
    const error = unauthorized(this.#isClosed ? CODES.serverBusy : CODES.serverMisconfigured);
    countRefusal(socket, error, this.#context);
    if (next !== undefined) {
      next(error);
      return;
    }
    tellRefusal(socket, error);
    disconnect(socket);
  }

  /** The token of the CONNECT packet, unless handshake mode has judged it. */
  #takeToken(socket: AnySocket): Shown {
    return this.#handshake.hasAdmitted(socket) ? undefined : this.#settings.tokens.atConnect(socket);
  }
}

/** Calls the local listeners; an event emitted on a namespace would go to its clients. */
function announce(event: string, socket: AnySocket, detail?: unknown): void {
  for (const listener of localListeners(socket.nsp, event)) {
    callGuarded(`a listener of '${event}'`, () =>
      detail === undefined ? listener.call(socket.nsp, socket) : listener.call(socket.nsp, socket, detail),
    );
  }
}

function toNamespace(target: unknown): AnyNamespace {
  if (typeof target === 'object' && target !== null) {
    if (isServer(target)) return target.of('/');
    if (isNamespace(target)) return target;
  }
  throw new TypeError(`attach() takes a Socket.IO server or namespace, got ${describe(target)}`);
}
