/** The figures of one authorizer, in this process. */
export interface AuthorizerStats {
  /** Sockets here that are connected and not authenticated; a gauge. */
  pending: number;
  /** Sockets here that are authenticated; a gauge. */
  authenticated: number;
  /** Tokens that were verified: logins and renewals. */
  verified: number;
  /** Refusals: one for each `unauthorized` on the namespace that refuses a token. Dropped events do not count. */
  refused: number;
  /** Sockets whose session ended because its token expired. */
  expired: number;
  /** Sockets whose session was revoked. */
  revoked: number;
  /** Sockets that showed no valid token in time. */
  timedOut: number;
}

/** All figures at zero. */
export function emptyStats(): AuthorizerStats {
  return { pending: 0, authenticated: 0, verified: 0, refused: 0, expired: 0, revoked: 0, timedOut: 0 };
}
