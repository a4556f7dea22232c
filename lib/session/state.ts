/**
 * The life of one permission, as one value and one pure function. No socket, no timer, no key: {@link Session} calls
 * {@link transition} and does what the new state asks for.
 */
export type SessionState =
  /** No valid token. */
  | { readonly status: 'pending' }
  /** A token is being verified. `overdue`: the timeout has passed meanwhile, so a refusal ends the session. */
  | { readonly status: 'verifying'; readonly attempt: number; readonly overdue: boolean }
  | { readonly status: 'authenticated' }
  /** Authenticated, and a newer token is being verified. */
  | { readonly status: 'renewing'; readonly attempt: number }
  | { readonly status: 'closed' };

export type SessionEvent =
  /** A token was shown. */
  | { readonly type: 'submit'; readonly attempt: number }
  | { readonly type: 'accept'; readonly attempt: number }
  | { readonly type: 'refuse'; readonly attempt: number }
  /** The time to show a token is over. */
  | { readonly type: 'timeout' }
  /** The token has expired, and the socket stays connected. A renewal that is being verified becomes a login. */
  | { readonly type: 'expire' }
  /** Logout, revocation, or an expiry that disconnects. The outcome of a running verification no longer counts. */
  | { readonly type: 'leave' }
  | { readonly type: 'close' };

export const PENDING: SessionState = { status: 'pending' };
export const AUTHENTICATED: SessionState = { status: 'authenticated' };
export const CLOSED: SessionState = { status: 'closed' };

/**
 * The next state, or the same object if the event does not apply: a second token while one is being verified, an
 * outcome of an attempt that no longer counts, anything after the close.
 */
export function transition(state: SessionState, event: SessionEvent): SessionState {
  switch (event.type) {
    case 'submit':
      return submit(state, event.attempt);
    case 'accept':
      return isAttempt(state, event.attempt) ? AUTHENTICATED : state;
    case 'refuse':
      return isAttempt(state, event.attempt) ? fallBack(state) : state;
    case 'timeout':
      return timeOut(state);
    case 'expire':
      return expire(state);
    case 'leave':
      return state.status === 'closed' ? state : PENDING;
    case 'close':
      return CLOSED;
  }
}

/** Whether the session's sockets may send and receive events. */
export function isOpen(state: SessionState): boolean {
  return state.status === 'authenticated' || state.status === 'renewing';
}

/** Whether a token is being verified. */
export function isBusy(state: SessionState): state is SessionState & { readonly attempt: number } {
  return state.status === 'verifying' || state.status === 'renewing';
}

function submit(state: SessionState, attempt: number): SessionState {
  if (state.status === 'pending') return { status: 'verifying', attempt, overdue: false };
  return state.status === 'authenticated' ? { status: 'renewing', attempt } : state;
}

function fallBack(state: SessionState): SessionState {
  return state.status === 'renewing' ? AUTHENTICATED : PENDING;
}

function timeOut(state: SessionState): SessionState {
  if (state.status === 'pending') return CLOSED;
  return state.status === 'verifying' ? { ...state, overdue: true } : state;
}

function expire(state: SessionState): SessionState {
  if (state.status === 'authenticated') return PENDING;
  return state.status === 'renewing'
    ? { status: 'verifying', attempt: state.attempt, overdue: false }
    : state;
}

function isAttempt(state: SessionState, attempt: number): boolean {
  return isBusy(state) && state.attempt === attempt;
}
