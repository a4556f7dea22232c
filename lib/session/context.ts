import type { Answers } from './answers';
import type { Deadlines } from '../runtime/deadlines';
import type { Admission } from '../token/admission';
import type { TokenSource } from '../token/token-source';
import type { Revocations } from '../revocation/revocations';
import type { AnySocket, JwtClaims } from '../types';
import type { Permissions } from './permissions';
import type { PropertyNames } from './socket-properties';
import type { TermSettings } from './term';
import type { AuthorizerStats } from './statistics';

/** The settings that sessions use. */
export interface SessionSettings extends PropertyNames, TermSettings {
  /** Finds tokens in events and handshakes. */
  readonly tokens: TokenSource;
  /** Whether a socket must log in, or may stay as a guest. */
  readonly required: boolean;
  /** Ms that a connection has to log in; `Infinity` if guests may stay. */
  readonly timeout: number;
  readonly isolate: boolean;
  readonly holdEvents: number;
  readonly permissions: Permissions;
  readonly rooms: ((claims: JwtClaims, socket: AnySocket) => unknown) | undefined;
  readonly sameSubject: boolean;
  readonly scope: 'namespace' | 'connection';
  readonly maxAttempts: number;
  readonly maxPending: number;
  /** Ms from a refusal to the disconnect, if classic `callback` asks for one. */
  readonly disconnectAfter: number | undefined;
}

/** What all sessions of an authorizer share. */
export interface SessionContext {
  readonly settings: SessionSettings;
  readonly deadlines: Deadlines;
  readonly admission: Admission;
  readonly revocations: Revocations;
  readonly stats: AuthorizerStats;
  readonly answers: Answers;
  /** Calls the listeners on the socket's namespace, with the socket and the event's details. */
  readonly announce: (event: string, socket: AnySocket, ...details: unknown[]) => void;
}
