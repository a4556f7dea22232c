import { unauthorized, UnauthorizedError } from '../errors';
import type { AuthorizeOptions } from '../options';
import { CODES } from '../protocol';
import type { SessionContext } from '../session/context';
import type { LoginAttempts } from '../session/login-attempts';
import { countRefusal, mayTellRefusal } from '../session/refusals';
import { roomsOf } from '../session/rooms';
import { hideIdentity, showIdentity } from '../session/socket-properties';
import { closeIfIdle, discard, refuseAndClose } from '../socket-io/connections';
import type { Outcome } from '../token/admission';
import type { Permit } from '../token/permit';
import type { Shown } from '../token/token-text';
import type { AnyNamespace, AnySocket } from '../types';
import { ClassicHooks } from './classic-hooks';
import type { Connections } from './connections';
import type { Recovery } from './recovery';

/** Socket.IO's `next`. */
export type Next = (error?: Error) => void;
/** Takes what becomes of a CONNECT packet: a refusal, of which the client may have to hear nothing, or no error. */
type Answer = (error?: UnauthorizedError, isTold?: boolean) => void;

const NO_TOKEN: ReadonlySet<string> = new Set([CODES.credentialsRequired, CODES.missingAuthorizationHeader]);

/** The settings of handshake mode. */
export interface HandshakeSettings {
  readonly headerOnly: boolean;
  readonly success: AuthorizeOptions['success'];
  readonly fail: AuthorizeOptions['fail'];
  readonly keyTimeout: number;
}

/**
 * Handshake mode: judges the token of a CONNECT packet before the socket exists for the application. A permit waits
 * here until Socket.IO connects the socket.
 */
export class Handshake {
  readonly #context: SessionContext;
  readonly #settings: HandshakeSettings;
  readonly #connections: Connections;
  readonly #recovery: Recovery;
  /**
   * Connections whose CONNECT packet is not answered yet, or was answered in this turn, by namespace: further ones are
   * duplicates.
   */
  readonly #busy = new WeakMap<AnyNamespace, Set<object>>();
  /** Sockets that were admitted; without a permit, those that a `fail` hook accepted. */
  readonly #admitted = new WeakMap<AnySocket, Permit | undefined>();
  /** The users, by `userKey`, whose identity the middlewares and listeners of a socket have seen. */
  readonly #shown = new WeakMap<AnySocket, string>();
  readonly #hooks: ClassicHooks;
  /** CONNECT packets whose token is being verified. */
  #waiting = 0;

  constructor(
    context: SessionContext,
    settings: HandshakeSettings,
    connections: Connections,
    recovery: Recovery,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#connections = connections;
    this.#recovery = recovery;
    this.#hooks = new ClassicHooks(context.deadlines, settings.keyTimeout);
  }

  /** The permit that a socket was admitted with. */
  permitOf(socket: AnySocket): Permit | undefined {
    return this.#admitted.get(socket);
  }

  /** Whether handshake mode has admitted a socket. */
  hasAdmitted(socket: AnySocket): boolean {
    return this.#admitted.has(socket);
  }

  /** As whom a socket was admitted, by `userKey`: its own user, or that of the session that it takes part in. */
  shownTo(socket: AnySocket): string | undefined {
    return this.#shown.get(socket);
  }

  /** Judges a socket that asks to connect. */
  judge(socket: AnySocket, next: Next): void {
    if (this.#admitted.has(socket)) {
      // Installed twice, by `attach` and by `io.use`.
      next();
      return;
    }
    const { client } = socket;
    const busy = this.#busyAt(socket.nsp);
    const connection = this.#connections.of(socket);
    const attempts = connection.attemptsAt(socket.nsp);
    if (busy.has(client)) {
      // The client gets one answer, to the first packet: packets name the namespace, so a refusal would apply to the
      // first.
      if (attempts.verification.mayAnswer()) {
        countRefusal(socket, unauthorized(CODES.authenticationInProgress), this.#context);
      }
      discard(socket);
      return;
    }
    busy.add(client);
    this.#connections.note(socket);
    const answer: Answer = (error, isTold = true) => {
      // Kept until the socket has connected: before that, all CONNECT packets of one chunk are judged.
      setImmediate(() => {
        busy.delete(client);
        connection.endLogin(socket);
      });
      if (isTold) next(error);
      else discard(socket);
    };
    this.#outcome(socket, attempts, (outcome) => {
      if (outcome instanceof UnauthorizedError) this.#refuse(socket, outcome, answer);
      else this.#admit(socket, outcome, answer);
    });
  }

  /** @param take called with the outcome, now or later; with `undefined` if the connection is logged in already */
  #outcome(socket: AnySocket, attempts: LoginAttempts, take: (outcome: Outcome | undefined) => void): void {
    const token = this.#context.settings.tokens.atConnect(socket);
    const permit = this.#connections.of(socket).sharedSession?.permit;
    if (permit !== undefined && (token === undefined || token === permit.token)) {
      take(undefined);
      return;
    }
    const known = this.#knownOutcome(socket, token, attempts);
    if (known instanceof Promise) void known.then((outcome) => take(outcome));
    else if (known !== undefined) take(known);
    else this.#verify(socket, token as string, permit, attempts, take);
  }

  /** The outcome, if it needs no verification; checked in the order in which it counts. */
  #knownOutcome(
    socket: AnySocket,
    token: Shown,
    attempts: LoginAttempts,
  ): Outcome | Promise<Outcome> | undefined {
    if (attempts.isExhausted) return unauthorized(CODES.tooManyAttempts);
    const judged = this.#recovery.takeOutcome(socket);
    if (judged !== undefined) return judged;
    if (token instanceof UnauthorizedError) return token;
    if (token === undefined) return this.#connections.of(socket).login?.outcome ?? this.#missing();
    // The token of an earlier CONNECT packet, which was refused or whose client has left the namespace, is still being
    // verified.
    return attempts.verification.isRunning ? unauthorized(CODES.serverBusy) : undefined;
  }

  #verify(
    socket: AnySocket,
    token: string,
    renews: Permit | undefined,
    { verification }: LoginAttempts,
    done: (outcome: Outcome) => void,
  ): void {
    const { admission, settings, stats } = this.#context;
    let take: ((outcome: Outcome) => void) | undefined = done;
    this.#waiting += 1;
    const finish = (outcome: Outcome): void => {
      if (take === undefined) return;
      this.#waiting -= 1;
      take(outcome);
      take = undefined;
    };
    const early = { isRefused: false };
    let tell: ((outcome: Outcome) => void) | undefined;
    const outcome = new Promise<Outcome>((resolve) => (tell = resolve));
    // Not within the promise's function, which would hide what a middleware behind throws.
    verification.submit({
      judge: () => admission.judge(token, socket, renews),
      settle: (judged) => {
        early.isRefused = judged instanceof UnauthorizedError;
        (tell as (outcome: Outcome) => void)(judged);
        finish(judged);
      },
    });
    const connection = this.#connections.of(socket);
    // One that is refused already takes the place of no other, for which namespaces may wait.
    if (connection.login === undefined || !early.isRefused) connection.beginLogin({ token, outcome, socket });
    // A token that is verified at once is admitted even if the server is full.
    if (stats.pending + this.#waiting > settings.maxPending) finish(unauthorized(CODES.serverBusy));
  }

  #missing(): UnauthorizedError {
    return unauthorized(
      this.#settings.headerOnly ? CODES.missingAuthorizationHeader : CODES.credentialsRequired,
    );
  }

  /** Asks for the login's rooms here too, so that a refusal comes before the socket exists. */
  #admit(socket: AnySocket, permit: Permit | undefined, answer: Answer): void {
    const { rooms } = this.#context.settings;
    const own = permit && roomsOf(rooms, permit.claims, socket);
    if (own instanceof UnauthorizedError) this.#refuse(socket, own, answer);
    else this.#accept(socket, permit, answer);
  }

  #accept(socket: AnySocket, permit: Permit | undefined, answer: Answer): void {
    const { settings, stats } = this.#context;
    if (permit !== undefined) {
      stats.verified += 1;
      this.#connections.of(socket).attemptsAt(socket.nsp).succeed();
    }
    // The application's middlewares come next. Without a permit of its own the socket takes part in the session.
    const shown = permit ?? this.#connections.of(socket).sharedSession?.permit;
    if (shown !== undefined) showIdentity(socket, shown, settings);
    const { success } = this.#settings;
    const admit = (): void => {
      this.#admitted.set(socket, permit);
      if (shown !== undefined) this.#shown.set(socket, shown.userKey);
      answer();
    };
    if (success === undefined || permit === undefined) {
      admit();
      return;
    }
    this.#hooks.ask(
      'success',
      (accept) => success(socket, accept),
      (error, isAccepted) => {
        if (isAccepted) admit();
        else this.#refuse(socket, error ?? unauthorized(CODES.unknown), answer);
      },
    );
  }

  #refuse(socket: AnySocket, error: UnauthorizedError, answer: Answer): void {
    hideIdentity(socket, this.#context.settings);
    // In endless namespaces a client would get a long answer for each short packet.
    const isTold = mayTellRefusal(socket, error, this.#context);
    const attempts = this.#connections.of(socket).attemptsAt(socket.nsp);
    const { fail } = this.#settings;
    if (fail === undefined) {
      this.#close(socket, error, answer, isTold);
      return;
    }
    this.#hooks.ask(
      'fail',
      (accept) => fail(error, socket, accept),
      (told, isAccepted) => {
        // The token was refused all the same, if there was one.
        if (isAccepted && !NO_TOKEN.has(error.code)) attempts.fail(error);
        if (isAccepted && !attempts.isExhausted) {
          this.#admitted.set(socket, undefined);
          answer();
        } else if (isAccepted) this.#close(socket, unauthorized(CODES.tooManyAttempts), answer, isTold);
        else this.#close(socket, told ?? error, answer, isTold);
      },
    );
  }

  /** Refuses. After too many refusals it closes the transport, which Socket.IO would leave open. */
  #close(socket: AnySocket, error: UnauthorizedError, answer: Answer, isTold: boolean): void {
    const attempts = this.#connections.of(socket).attemptsAt(socket.nsp);
    attempts.fail(error);
    answer(error, isTold);
    const isFinal = attempts.isExhausted;
    if (!isFinal && error.code !== CODES.serverBusy) return;
    // After Socket.IO has sent the error.
    setImmediate(() => {
      if (!isFinal || !isTold) {
        closeIfIdle(socket.client);
        return;
      }
      const last = unauthorized(CODES.tooManyAttempts);
      if (error.code !== last.code) countRefusal(socket, last, this.#context);
      refuseAndClose(socket, last);
    });
  }

  #busyAt(namespace: AnyNamespace): Set<object> {
    let busy = this.#busy.get(namespace);
    if (busy === undefined) this.#busy.set(namespace, (busy = new Set()));
    return busy;
  }
}
