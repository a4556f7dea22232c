/** The words of the model: what a permission is told, and what it tells. */
import type { Hook } from './deeds';
import type { Permission } from './permission';

export interface Rules {
  readonly maxAttempts: number;
  readonly mustLogIn: boolean;
  readonly holdEvents: number;
  readonly sameSubject: boolean;
  readonly onExpired: 'disconnect' | 'deauthenticate' | 'ignore';
}

export interface Token {
  readonly id: string;
  readonly sub: string;
  readonly exp: number;
  readonly scopes: readonly string[];
}

/** A token that a client shows; `question` is the number of its `authenticate`, if it has one. */
export interface Shown {
  readonly token: Token;
  readonly place: string;
  readonly socket: object;
  readonly question: number | undefined;
  readonly by: Permission;
  /** A session that recovery restores: a refusal disconnects its socket. */
  readonly isRestored?: boolean;
}

/** Why a token is refused by its own judgement; `isFailure`: it counts as an attempt. */
export type Refusal = { readonly code: string; readonly isFailure: boolean } | undefined;

export interface Message {
  readonly id: number;
  readonly event: string;
  readonly place: string;
}

/** What outlives a permission: its connection has it for each namespace. */
export interface Attempts {
  failures: number;
  judging?: Shown | undefined;
  waiting?: Shown | undefined;
}

/** What the model says must be seen outside. */
export interface Outside {
  answer(shown: Shown, code: string): void;
  /** A refusal: the application is told of it before the client. */
  refuse(shown: Shown, code: string): void;
  /**
   * The application's listeners or functions run, for each socket of the permission or for that of one place. They may
   * act on the permission.
   *
   * @returns whether one threw
   */
  during(hook: Hook, permission: Permission, place?: string): boolean;
  hear(message: Message, sub: string, by: Permission): void;
  /** It has ended; from a moment on, its sockets are disconnected. */
  end(permission: Permission, reason: string, disconnectAt?: number): void;
  /** The server disconnects every socket of the permission. */
  disconnect(permission: Permission): void;
  /** Whether the permission has a socket. */
  isPresent(permission: Permission): boolean;
}

export const INVALID: Refusal = { code: 'invalid_token', isFailure: true };
export const MISMATCH: Refusal = { code: 'identity_mismatch', isFailure: true };
export const UNKNOWN: Refusal = { code: 'unknown', isFailure: true };

/** A message that was let through, and the login that it belongs to: it is heard if that user is still logged in. */
export interface Travelling {
  readonly message: Message;
  readonly login: number;
  /** Under which token it was let through. */
  readonly token: Token;
}

export function isAllowed(event: string, { scopes }: Token): boolean {
  return event === 'talk' || scopes.includes(event);
}
