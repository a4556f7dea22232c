import type { Admission } from '../token/admission';
import type { Deadlines } from '../runtime/deadlines';
import type { Lobby } from '../socket-io/internals';
import type { Revocations } from '../revocation/revocations';
import type { Settings } from '../authorizer/settings';
import type { AuthorizerStats } from './statistics';
import type { AnyNamespace, AnySocket } from '../types';

/** What all sessions of an authorizer share. */
export interface SessionContext {
  readonly settings: Settings;
  readonly deadlines: Deadlines;
  readonly admission: Admission;
  readonly revocations: Revocations;
  readonly stats: AuthorizerStats;
  /** Tells the listeners on the socket's namespace: of the socket, and of what befell it. */
  readonly announce: (event: string, socket: AnySocket, detail?: unknown) => void;
  /** Where the namespace's sockets wait until they are authenticated. */
  readonly lobbyOf: (namespace: AnyNamespace) => Lobby;
}
