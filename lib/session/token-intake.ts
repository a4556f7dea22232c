import { UnauthorizedError, unauthorized } from '../errors';
import { CODES } from '../protocol';
import type { Reply } from '../socket-io/packets';
import type { Outcome } from '../token/admission';
import type { Permit } from '../token/permit';
import { malformed } from '../token/refusals';
import type { AnySocket } from '../types';
import type { SessionContext } from './context';
import type { LoginAttempts } from './login-attempts';
import { tellRefused } from './refusals';
import type { Job } from './verification';

/** Who showed a token, and how the answer reaches the client. */
export interface Shown {
  readonly socket: AnySocket;
  readonly reply?: Reply | undefined;
  /** The socket connects in this tick: its `connection` listeners run before it is welcomed. */
  readonly isConnecting?: boolean;
}

/** The session that tokens are shown to. */
export interface IntakeSession {
  /** Whether a token is being verified, or waits for that. */
  readonly isBusy: boolean;
  readonly logins: number;
  readonly permit: Permit | undefined;
  /** Enters the state in which a token is verified. */
  begin(): number;
  /** Tells a client that shows the session's own token that it is logged in. */
  confirm(shown: Shown): void;
  /** A token has gone with its socket: events of other sockets may have waited for it. */
  dropStranded(): void;
  /** Takes the outcome of an attempt. */
  settle(attempt: number, outcome: Outcome, shown: Shown): void;
}

/** The token itself, if it was not refused already. */
function textOf(token: string | Outcome): string | undefined {
  if (typeof token === 'string') return token;
  return token instanceof UnauthorizedError ? undefined : token.token;
}

/** Reads a session's tokens, and has them verified one at a time. */
export class TokenIntake {
  readonly #session: IntakeSession;
  readonly #attempts: LoginAttempts;
  readonly #context: SessionContext;
  #verifying: { readonly token: string; readonly job: Job; readonly shown: Shown } | undefined;
  /** Tokens that have arrived, and are read later in this tick. */
  #arriving = 0;
  /** Whether a client has sent `authenticate` without a token. */
  #hasComeWithout = false;

  constructor(session: IntakeSession, attempts: LoginAttempts, context: SessionContext) {
    this.#session = session;
    this.#attempts = attempts;
    this.#context = context;
  }

  /** Whether a token has arrived that is not read yet. */
  get isExpecting(): boolean {
    return this.#arriving > 0;
  }

  /** A token has arrived; {@link onAuthenticate} or {@link offer} follows in this tick. */
  expect(): void {
    this.#arriving += 1;
  }

  /** Takes an `authenticate` event. */
  onAuthenticate(socket: AnySocket, payload: unknown, reply: Reply | undefined): void {
    this.#arriving -= 1;
    if (!socket.connected) return this.#session.dropStranded();
    const shown: Shown = { socket, reply };
    // The authorizer is closed: nobody would end the session.
    if (this.#context.deadlines.isClosed) this.#tellBusy(CODES.serverBusy, shown);
    // Before the token is read: a flood during a slow verification must cost almost nothing.
    else if (this.#session.isBusy) this.#tellBusy(CODES.authenticationInProgress, shown);
    else this.#showEvent(payload, shown);
  }

  /**
   * Takes the token of a socket's CONNECT packet, or its outcome if it was judged already. Ignores the session's own
   * token.
   */
  offer(token: string | Outcome, socket: AnySocket): void {
    this.#arriving -= 1;
    if (!socket.connected) return this.#session.dropStranded();
    const known = this.#session.isBusy ? this.#verifying?.token : this.#session.permit?.token;
    const text = textOf(token);
    if (text !== undefined && text === known) return;
    if (this.#session.isBusy) this.#tellBusy(CODES.authenticationInProgress, { socket });
    else this.#show(token, { socket });
  }

  /** Forgets the token that is being verified: its outcome no longer counts. */
  withdraw(): void {
    const verifying = this.#verifying;
    this.#verifying = undefined;
    if (verifying === undefined || !this.#attempts.verification.withdraw(verifying.job)) return;
    this.#tellBusy(CODES.notAuthenticated, verifying.shown);
  }

  #show(token: string | Outcome, shown: Shown): void {
    const attempt = this.#session.begin();
    if (typeof token === 'string') this.#verify(attempt, token, shown);
    else this.#session.settle(attempt, token, shown);
  }

  #verify(attempt: number, token: string, shown: Shown): void {
    const { admission, stats } = this.#context;
    const { verification } = this.#attempts;
    const job: Job = {
      judge: () => admission.judge(token, shown.socket, this.#session.permit),
      settle: (outcome) => {
        const isWanted = this.#verifying?.job === job;
        if (isWanted) this.#verifying = undefined;
        if (isWanted && !(outcome instanceof UnauthorizedError)) stats.verified += 1;
        this.#session.settle(attempt, outcome, shown);
      },
    };
    this.#verifying = { token, job, shown };
    verification.submit(job);
  }

  /**
   * The token of an event, or else that of the HTTP request. The latter is as old as the connection: it can log in, but
   * not renew. A client cannot know whether the server took it at the handshake: the first such event is no mistake.
   */
  #showEvent(payload: unknown, shown: Shown): void {
    const { tokens } = this.#context.settings;
    const { logins, permit } = this.#session;
    const token = tokens.ofEvent(payload);
    const former = token === undefined ? tokens.ofRequest(shown.socket) : undefined;
    const isFirst = token === undefined && !this.#hasComeWithout;
    if (token === undefined) this.#hasComeWithout = true;
    if (isFirst && typeof former === 'string' && former === permit?.token) this.#session.confirm(shown);
    else
      this.#show(token ?? (logins === 0 ? former : undefined) ?? malformed('invalid token datatype'), shown);
  }

  /** Answers a token that arrives during a verification, within bounds. */
  #tellBusy(code: string, { socket, reply }: Shown): void {
    if (!this.#attempts.verification.mayAnswer()) return;
    tellRefused(socket, unauthorized(code), this.#context, reply);
  }
}
