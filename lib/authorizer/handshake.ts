import type { Outcome } from '../token/admission';
import { unauthorized, UnauthorizedError } from '../errors';
import { callGuarded } from '../runtime/warnings';
import { hideIdentity, showIdentity } from '../session/identity';
import { closeIdleTransport, discard, refuseForGood } from '../socket-io/internals';
import type { Accept } from '../options';
import type { Permit } from '../token/permit';
import { CODES } from '../protocol';
import { countRefusal, isFailure } from '../session/refusals';
import type { SessionContext } from '../session/context';
import type { Shown } from '../token/token-text';
import type { AnyNamespace, AnySocket } from '../types';

/** Socket.IO's `next`. */
export type Next = (error?: Error) => void;

/** What a namespace remembers of connections that are at its door. */
interface Door {
  /** Connections whose CONNECT packet is not answered yet, or was just now: further ones are dupes. */
  readonly busy: Set<object>;
  /** Connections that were turned away, the server being full, while their token is still being verified. */
  readonly leftOver: WeakSet<object>;
  /** Refused tokens per connection since the last good one. */
  readonly failures: WeakMap<object, number>;
}

/**
 * Handshake mode: judges the token of a CONNECT packet before the socket exists for the application. What passes waits
 * here, as a permit, until Socket.IO connects the socket.
 */
export class Handshake {
  readonly #context: SessionContext;
  readonly #doors = new WeakMap<AnyNamespace, Door>();
  /** Sockets that were let through; without a permit, as guests of a `fail` hook. */
  readonly #admitted = new WeakMap<AnySocket, Permit | undefined>();
  /** Under `scope: 'connection'`: the login that another namespace of a connection is at, for those without a token. */
  readonly #logins = new WeakMap<object, Outcome | Promise<Outcome>>();
  /** CONNECT packets whose token is being verified. */
  #waiting = 0;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** The permit that a socket came through with. */
  permitOf(socket: AnySocket): Permit | undefined {
    return this.#admitted.get(socket);
  }

  /** Whether a socket came through here. */
  hasAdmitted(socket: AnySocket): boolean {
    return this.#admitted.has(socket);
  }

  /**
   * Judges a socket that asks to connect.
   *
   * @param isLoggedIn whether another namespace of the connection has logged in for this one too
   */
  judge(socket: AnySocket, isLoggedIn: boolean, next: Next): void {
    if (this.#admitted.has(socket)) {
      // Installed twice, by `attach` and by `io.use`.
      next();
      return;
    }
    const door = this.#doorOf(socket.nsp);
    const { client } = socket;
    if (door.busy.has(client)) {
      // The client hears one answer, to the first: packets name the namespace, so a refusal would hit that one.
      countRefusal(socket, unauthorized(CODES.authenticationInProgress), this.#context);
      discard(socket);
      return;
    }
    door.busy.add(client);
    const answer: Next = (error) => {
      // Kept until the socket has connected: the CONNECT packets that came in one chunk are all judged before that.
      setImmediate(() => {
        door.busy.delete(client);
        this.#logins.delete(client);
      });
      next(error);
    };
    const finish = (outcome: Outcome | undefined): void => {
      if (outcome instanceof UnauthorizedError) this.#refuse(socket, outcome, answer);
      else this.#accept(socket, outcome, answer);
    };
    const token = this.#context.settings.tokens.atConnect(socket);
    const outcome = isLoggedIn ? undefined : this.#outcomeOf(token, socket, door);
    if (outcome instanceof Promise) {
      this.#waiting += 1;
      void outcome.then((late) => {
        this.#waiting -= 1;
        finish(late);
      });
    } else finish(outcome);
  }

  #outcomeOf(token: Shown, socket: AnySocket, door: Door): Outcome | Promise<Outcome> {
    const { settings, admission, stats } = this.#context;
    const { client } = socket;
    if ((door.failures.get(client) ?? 0) >= settings.maxAttempts) {
      return unauthorized(CODES.tooManyAttempts);
    }
    if (token instanceof UnauthorizedError) return token;
    if (token === undefined) return this.#logins.get(client) ?? this.#missing();
    if (door.leftOver.has(client)) return unauthorized(CODES.serverBusy);
    const outcome = admission.judge(token, socket);
    if (outcome instanceof Promise && stats.pending + this.#waiting >= settings.maxPending) {
      door.leftOver.add(client);
      void outcome.then(() => door.leftOver.delete(client));
      return unauthorized(CODES.serverBusy);
    }
    if (settings.scope === 'connection') this.#logins.set(client, outcome);
    return outcome;
  }

  #missing(): UnauthorizedError {
    const { headerOnly } = this.#context.settings;
    return unauthorized(headerOnly ? CODES.missingAuthorizationHeader : CODES.credentialsRequired);
  }

  #accept(socket: AnySocket, permit: Permit | undefined, next: Next): void {
    const { settings, stats } = this.#context;
    if (permit !== undefined) {
      stats.verified += 1;
      this.#doorOf(socket.nsp).failures.delete(socket.client);
      showIdentity(socket, permit, settings);
    }
    const { success } = settings;
    const admit = (): void => {
      this.#admitted.set(socket, permit);
      next();
    };
    if (success === undefined || permit === undefined) {
      admit();
      return;
    }
    this.#ask(
      'success',
      (accept) => success(socket, accept),
      (error, isAccepted) => {
        if (isAccepted) admit();
        else this.#refuse(socket, error ?? unauthorized(CODES.unknown), next);
      },
    );
  }

  #refuse(socket: AnySocket, error: UnauthorizedError, next: Next): void {
    const { settings } = this.#context;
    hideIdentity(socket, settings);
    countRefusal(socket, error, this.#context);
    const { fail } = settings;
    if (fail === undefined) {
      this.#close(socket, error, next);
      return;
    }
    this.#ask(
      'fail',
      (accept) => fail(error, socket, accept),
      (told, isAccepted) => {
        if (isAccepted) {
          this.#admitted.set(socket, undefined);
          next();
        } else this.#close(socket, told ?? error, next);
      },
    );
  }

  /** Asks a classic hook, which answers once, in time, or not at all. */
  #ask(
    name: string,
    hook: (accept: Accept) => unknown,
    answer: (error: UnauthorizedError | undefined, isAccepted: boolean) => void,
  ): void {
    let isAnswered = false;
    const once = (error: unknown, isAccepted: boolean): void => {
      if (isAnswered) return;
      isAnswered = true;
      cancel();
      // What is no UnauthorizedError was not made for the client.
      answer(error instanceof UnauthorizedError ? error : undefined, isAccepted);
    };
    const cancel = this.#context.deadlines.after(this.#context.settings.keyTimeout, () =>
      once(undefined, false),
    );
    let hasFailed = true;
    callGuarded(`options.${name}`, () => {
      const result = hook((error, accepted = true) => once(error, !error && accepted));
      hasFailed = false;
      return result;
    });
    if (hasFailed) once(undefined, false);
  }

  /** Refuses; after too many refusals Socket.IO itself would leave the transport open for more. */
  #close(socket: AnySocket, error: UnauthorizedError, next: Next): void {
    const { failures } = this.#doorOf(socket.nsp);
    const count = (failures.get(socket.client) ?? 0) + (isFailure(error) ? 1 : 0);
    failures.set(socket.client, count);
    next(error);
    const isFinal = count >= this.#context.settings.maxAttempts;
    if (!isFinal && error.code !== CODES.serverBusy) return;
    // After Socket.IO has sent what `next` was given.
    setImmediate(() => {
      if (!isFinal) {
        closeIdleTransport(socket);
        return;
      }
      const last = unauthorized(CODES.tooManyAttempts);
      if (error.code !== last.code) countRefusal(socket, last, this.#context);
      refuseForGood(socket, last);
    });
  }

  #doorOf(namespace: AnyNamespace): Door {
    let door = this.#doors.get(namespace);
    if (door === undefined) this.#doors.set(namespace, (door = newDoor()));
    return door;
  }
}

function newDoor(): Door {
  return { busy: new Set(), leftOver: new WeakSet(), failures: new WeakMap() };
}
