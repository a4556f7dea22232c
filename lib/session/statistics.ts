/** What an authorizer has done, and holds. */
export interface AuthorizerStats {
  /** Sockets here that are connected and not authenticated; a gauge. */
  pending: number;
  /** Sockets here that are authenticated; a gauge. */
  authenticated: number;
  /** Tokens that were verified: logins and renewals. */
  verified: number;
  /** Refusals, each as `unauthorized` on the namespace tells it; events that were dropped do not count. */
  refused: number;
  /** Sockets whose session ended with its token's life. */
  expired: number;
  /** Sockets whose session was revoked. */
  revoked: number;
  /** Sockets that showed no good token in time. */
  timedOut: number;
}

/** Nothing yet. */
export function emptyStats(): AuthorizerStats {
  return { pending: 0, authenticated: 0, verified: 0, refused: 0, expired: 0, revoked: 0, timedOut: 0 };
}
