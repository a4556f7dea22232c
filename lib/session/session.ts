import type { Outcome } from '../token/admission';
import { Deadline } from '../runtime/deadlines';
import type { DeadlineOwner } from '../runtime/deadlines';
import { unauthorized, UnauthorizedError } from '../errors';
import { showIdentity } from './identity';
import { closeIdleTransport, disconnect, guardEvents, isTransportOpen } from '../socket-io/internals';
import type { Gatekeeper, Reply } from '../socket-io/internals';
import { log } from '../runtime/log';
import { keepWaiting, letIn, letInAtOnce, putOut } from './membership';
import { toKeptSession } from '../token/permit';
import type { KeptSession, Permit } from '../token/permit';
import { CODES, EVENTS, NAMESPACE_EVENTS } from '../protocol';
import type { AuthenticatedPayload, DeauthenticationReason } from '../protocol';
import { isFailure, tellDropped, tellRefused } from './refusals';
import type { RevocableSession } from '../revocation/revocations';
import type { SessionContext } from './context';
import { CLOSED, isBusy, isOpen, PENDING, transition } from './state';
import type { SessionEvent, SessionState } from './state';
import { tellAuthenticated, tellExpiring, tellRefusal, toPayload } from './notifications';
import type { Shown } from '../token/token-text';
import type { AnySocket, TokenIdentity } from '../types';
import { expired, malformed, revokedToken } from '../token/refusals';

/** Dropped events that a client is told of, each time that it has to log in; a flood is dropped in silence. */
const MAX_REPORTED_EVENTS = 16;

/** Told when a session has no socket left while its transport is still open. */
export type OnAbandoned = (session: Session, last: AnySocket) => void;

/**
 * The permission of one socket, or of all that a connection has under `scope: 'connection'`: runs the state machine,
 * and does what each step asks for.
 */
export class Session implements Gatekeeper, DeadlineOwner, RevocableSession {
  readonly #context: SessionContext;
  readonly #onAbandoned: OnAbandoned;
  readonly #deadline = new Deadline(this);
  #sockets: readonly AnySocket[] = [];
  /** Through which the transport is found when no socket is left. */
  #last: AnySocket | undefined;
  #state: SessionState = PENDING;
  #permit: Permit | undefined;
  #attempts = 0;
  /** The token that is being verified. */
  #verifying: string | undefined;
  /** The verification that runs: one at a time, though a logout may have made it pointless. */
  #running: Promise<Outcome> | undefined;
  /** When the time to show a token is over, in ms since the epoch. */
  #timeoutAt: number;
  /** Refused tokens since the last good one. */
  #failures: number;
  #reportedEvents = 0;
  /** Logins so far, renewals not counted. */
  #logins = 0;

  /** @param former the session that this one follows on the same connection */
  constructor(context: SessionContext, onAbandoned: OnAbandoned, former?: Session) {
    this.#context = context;
    this.#onAbandoned = onAbandoned;
    this.#failures = former === undefined ? 0 : former.#failures;
    this.#timeoutAt = context.deadlines.now() + context.settings.timeout;
    if (former !== undefined && former.#running !== undefined) this.#occupy(former.#running);
  }

  get isClosed(): boolean {
    return this.#state.status === 'closed';
  }

  get isOpen(): boolean {
    return isOpen(this.#state);
  }

  get identity(): TokenIdentity {
    return this.#permit?.identity ?? {};
  }

  get endsAt(): number {
    return this.#permit?.endsAt ?? Infinity;
  }

  /** What recovery keeps of the session; `undefined` unless it is authenticated. */
  get kept(): KeptSession | undefined {
    return this.#permit && toKeptSession(this.#permit);
  }

  belongsTo(context: SessionContext): boolean {
    return this.#context === context;
  }

  // Sockets come and go.

  /** Takes in a socket that has just connected. */
  join(socket: AnySocket): void {
    guardEvents(socket, this);
    this.#sockets = [...this.#sockets, socket];
    if (this.#permit !== undefined) {
      letInAtOnce(socket, this.#permit, this.#context);
      process.nextTick(() => this.#welcome(socket));
      return;
    }
    keepWaiting(socket, this.#context);
    if (!this.#deadline.isSet) this.#context.deadlines.set(this.#deadline, this.#timeoutAt);
  }

  left(socket: AnySocket): void {
    this.#sockets = this.#sockets.filter((one) => one !== socket);
    this.#context.stats[this.isOpen ? 'authenticated' : 'pending'] -= 1;
    if (this.#sockets.length > 0) return;
    if (!isTransportOpen(socket)) {
      this.close();
      return;
    }
    const { scope } = this.#context.settings;
    if (scope === 'namespace' && this.isOpen) this.close();
    else {
      // A token that is being verified was shown by the socket that is gone.
      this.#step({ type: 'leave' }, scope === 'namespace');
      this.#last = socket;
    }
    this.#onAbandoned(this, socket);
  }

  /** Ends the session without a word. */
  close(): void {
    this.#dropPermit();
    this.#context.deadlines.clear(this.#deadline);
    this.#state = CLOSED;
  }

  // Tokens are shown and judged.

  /** Lets in what was verified before its socket connected: at the handshake, or before a drop. */
  admit(permit: Permit, socket: AnySocket): void {
    // Another namespace of the connection was first, and `join` let this one in.
    if (this.#permit !== undefined) return;
    const refusal = this.#secondLook(permit);
    if (refusal !== undefined) {
      this.#tellRefused(socket, refusal);
      disconnect(socket);
      return;
    }
    this.#step({ type: 'leave' });
    this.#step({ type: 'accept', attempt: this.#begin(permit.token) });
    this.#enter(permit);
    process.nextTick(() => this.#welcome(socket));
  }

  /** Takes the token that came with a socket's CONNECT packet; one that is known already needs no second look. */
  offer(token: string, socket: AnySocket): void {
    const known = isBusy(this.#state) ? this.#verifying : this.#permit?.token;
    if (token !== known) this.submit(token, socket);
  }

  /** Has a token verified. */
  submit(token: string, socket: AnySocket, reply?: Reply): void {
    if (isBusy(this.#state)) {
      this.#tellRefused(socket, unauthorized(CODES.authenticationInProgress), reply);
      return;
    }
    const attempt = this.#begin(token);
    if (this.#running === undefined) this.#judge(attempt, token, socket, reply);
    else {
      // A client that logs out, or leaves and comes back, does not make two run at once.
      void this.#running.then(() => {
        if (this.#isCurrent(attempt)) this.#judge(attempt, token, socket, reply);
        else this.#tellRefused(socket, unauthorized(CODES.notAuthenticated), reply);
      });
    }
  }

  #judge(attempt: number, token: string, socket: AnySocket, reply: Reply | undefined): void {
    const outcome = this.#context.admission.judge(token, socket, this.#permit);
    if (!(outcome instanceof Promise)) {
      this.#settle(attempt, outcome, socket, reply);
      return;
    }
    this.#occupy(outcome);
    void outcome.then((late) => this.#settle(attempt, late, socket, reply));
  }

  #occupy(running: Promise<Outcome>): void {
    this.#running = running;
    void running.then(() => {
      if (this.#running === running) this.#running = undefined;
    });
  }

  /** Refuses what cannot even be judged. */
  refuse(error: UnauthorizedError, socket: AnySocket, reply?: Reply): void {
    this.#tellRefused(socket, error, reply);
    this.#afterRefusal(error, socket, false);
  }

  // The client speaks.

  takes(socket: AnySocket, event: unknown, payload: unknown, reply: Reply | undefined): boolean {
    if (event !== EVENTS.authenticate && event !== EVENTS.deauthenticate) return false;
    // A tick later, as Socket.IO delivers what came before it: a message sent ahead of a logout still counts.
    process.nextTick(() => {
      if (!socket.connected) return;
      if (event === EVENTS.authenticate) this.#onAuthenticate(socket, payload, reply);
      else this.#onDeauthenticate(reply);
    });
    return true;
  }

  get login(): number {
    return this.#logins;
  }

  /** A message that a middleware held back while another user logged in is not that user's. */
  lets(event: unknown, login: number): boolean {
    return (this.isOpen && login === this.#logins) || this.#context.settings.allow.has(event);
  }

  dropped(socket: AnySocket, event: unknown): void {
    if (this.#reportedEvents >= MAX_REPORTED_EVENTS) return;
    this.#reportedEvents += 1;
    tellDropped(socket, event, this.#context);
  }

  #onAuthenticate(socket: AnySocket, payload: unknown, reply: Reply | undefined): void {
    if (isBusy(this.#state)) {
      // Unread: a flood of these must not cost more than its answers.
      this.refuse(unauthorized(CODES.authenticationInProgress), socket, reply);
      return;
    }
    const shown = this.#tokenOf(payload, socket);
    if (typeof shown === 'string') this.submit(shown, socket, reply);
    else this.refuse(shown, socket, reply);
  }

  #tokenOf(payload: unknown, socket: AnySocket): string | UnauthorizedError {
    const { tokens } = this.#context.settings;
    // What came with the HTTP request is as old as the connection: good for a first login, not for a renewal.
    const older = this.#logins === 0 ? (): Shown => tokens.ofRequest(socket) : (): Shown => undefined;
    return tokens.ofEvent(payload) ?? older() ?? malformed('invalid token datatype');
  }

  #onDeauthenticate(reply: Reply | undefined): void {
    this.logout();
    reply?.({ ok: true });
  }

  // The session changes.

  /**
   * Back to pending.
   *
   * @param notice what the client is told, if the server wants it so
   */
  logout(notice?: UnauthorizedError): void {
    const isOverdue = this.#state.status === 'verifying' && this.#state.overdue;
    const hadPermit = this.#permit !== undefined;
    this.#step({ type: 'leave' });
    if (hadPermit) this.#end('logout', notice, false);
    // A verification that the timeout was waiting for counts no longer.
    else if (isOverdue) this.#timeOut();
  }

  revoke(): void {
    if (this.#permit === undefined) return;
    this.#context.stats.revoked += this.#sockets.length;
    this.#step({ type: 'leave' });
    this.#end('revoked', revokedToken(), true);
  }

  onDeadline(): void {
    const { deadlines } = this.#context;
    if (!this.isOpen) this.#timeOut();
    else if (this.endsAt <= deadlines.now()) this.#expire();
    else {
      deadlines.set(this.#deadline, this.endsAt);
      for (const socket of this.#sockets) tellExpiring(socket, this.#payload());
    }
  }

  #expire(): void {
    const isEnd = this.#context.settings.onExpired === 'disconnect';
    this.#context.stats.expired += this.#sockets.length;
    this.#step({ type: isEnd ? 'leave' : 'expire' });
    this.#end('expired', expired(), isEnd);
  }

  #timeOut(): void {
    this.#step({ type: 'timeout' });
    if (!this.isClosed) return;
    if (this.#last !== undefined) closeIdleTransport(this.#last);
    this.#context.stats.timedOut += this.#sockets.length;
    this.#throwOut(unauthorized(CODES.authenticationTimeout));
  }

  #throwOut(error: UnauthorizedError): void {
    for (const socket of this.#sockets) {
      this.#tellRefused(socket, error);
      disconnect(socket);
    }
  }

  #begin(token: string | undefined): number {
    this.#attempts += 1;
    this.#verifying = token;
    this.#step({ type: 'submit', attempt: this.#attempts });
    return this.#attempts;
  }

  #settle(attempt: number, outcome: Outcome, socket: AnySocket, reply: Reply | undefined): void {
    const isOverdue = this.#state.status === 'verifying' && this.#state.overdue;
    if (!this.#isCurrent(attempt)) {
      // Logged out meanwhile.
      this.#tellRefused(socket, unauthorized(CODES.notAuthenticated), reply);
      // Or a logout would make attempts free.
      if (outcome instanceof UnauthorizedError) this.#countFailure(outcome);
      return;
    }
    this.#verifying = undefined;
    const refusal = outcome instanceof UnauthorizedError ? outcome : this.#secondLook(outcome);
    if (refusal !== undefined) {
      this.#step({ type: 'refuse', attempt });
      this.#tellRefused(socket, refusal, reply);
      this.#afterRefusal(refusal, socket, isOverdue);
      return;
    }
    this.#step({ type: 'accept', attempt });
    this.#context.stats.verified += 1;
    this.#accept(outcome as Permit);
    // A listener may have ended it again.
    if (this.#permit === outcome) reply?.({ ok: true, ...this.#payload() });
    else reply?.({ ok: false, error: unauthorized(CODES.notAuthenticated).data });
  }

  #isCurrent(attempt: number): boolean {
    return isBusy(this.#state) && this.#state.attempt === attempt;
  }

  /** Rules that arrived, and time that passed, since the token was judged. */
  #secondLook(permit: Permit): UnauthorizedError | undefined {
    if (this.#context.revocations.refuses(permit.identity)) return revokedToken();
    return permit.endsAt <= this.#context.deadlines.now() ? expired() : undefined;
  }

  #accept(permit: Permit): void {
    const isRenewal = this.#permit !== undefined;
    this.#enter(permit);
    for (const socket of this.#sockets) {
      if (isRenewal) this.#welcome(socket, NAMESPACE_EVENTS.reauthenticated);
      else this.#welcome(socket);
    }
  }

  #enter(permit: Permit): void {
    const isRenewal = this.#permit !== undefined;
    this.#dropPermit();
    this.#permit = permit;
    this.#context.revocations.register(this);
    this.#failures = 0;
    this.#reportedEvents = 0;
    if (!isRenewal) this.#logins += 1;
    this.#schedule(permit);
    for (const socket of this.#sockets) {
      if (isRenewal) showIdentity(socket, permit, this.#context.settings);
      else letIn(socket, permit, this.#context);
    }
  }

  /** One deadline for both: the notice first, then the end. */
  #schedule({ endsAt }: Permit): void {
    const { settings, deadlines } = this.#context;
    const notice = Math.min(settings.renewNotice, (endsAt - deadlines.now()) / 5);
    deadlines.set(this.#deadline, settings.onExpired === 'ignore' ? Infinity : endsAt - notice);
  }

  /** Tells the server's listeners, then the client; a listener may end the session, or the socket. */
  #welcome(socket: AnySocket, event: string = NAMESPACE_EVENTS.authenticated): void {
    const permit = this.#permit;
    if (permit === undefined || !socket.connected) return;
    this.#context.announce(event, socket);
    if (this.#permit === permit) tellAuthenticated(socket, this.#payload());
  }

  #dropPermit(): void {
    if (this.#permit === undefined) return;
    this.#context.revocations.unregister(this);
    this.#permit = undefined;
  }

  #end(
    reason: DeauthenticationReason,
    notice: UnauthorizedError | undefined,
    isDisconnecting: boolean,
  ): void {
    const { deadlines, settings } = this.#context;
    const sockets = this.#sockets;
    this.#dropPermit();
    this.#timeoutAt = deadlines.now() + settings.timeout;
    deadlines.set(this.#deadline, this.#timeoutAt);
    for (const socket of sockets) putOut(socket, isDisconnecting, this.#context);
    for (const socket of sockets) {
      this.#context.announce(NAMESPACE_EVENTS.deauthenticated, socket, reason);
      if (notice !== undefined) tellRefusal(socket, notice);
      if (isDisconnecting) disconnect(socket);
    }
  }

  // Refusals.

  #tellRefused(socket: AnySocket, error: UnauthorizedError, reply?: Reply): void {
    tellRefused(socket, error, this.#context, reply);
  }

  #afterRefusal(error: UnauthorizedError, socket: AnySocket, isOverdue: boolean): void {
    const { disconnectAfter } = this.#context.settings;
    if (this.#countFailure(error)) return;
    if (isOverdue) this.#timeOut();
    else if (disconnectAfter !== undefined && !this.isOpen) this.#disconnectLater(socket, disconnectAfter);
  }

  /** @returns whether it was one too many */
  #countFailure(error: UnauthorizedError): boolean {
    if (!isFailure(error) || (this.#failures += 1) < this.#context.settings.maxAttempts) return false;
    this.#throwOut(unauthorized(CODES.tooManyAttempts));
    return true;
  }

  #disconnectLater(socket: AnySocket, delay: number): void {
    if (delay === 0) disconnect(socket);
    else
      this.#context.deadlines.after(delay, () => {
        if (!this.isOpen) disconnect(socket);
      });
  }

  #step(event: SessionEvent, isWanted = true): void {
    if (!isWanted) return;
    const next = transition(this.#state, event);
    if (next.status !== this.#state.status) log.session('%s: %s', this.#sockets[0]?.id, next.status);
    this.#state = next;
  }

  #payload(): AuthenticatedPayload {
    return toPayload(this.endsAt, this.#context.deadlines.now());
  }
}
