import createDebug from 'debug';

/**
 * What `DEBUG=socketio-authorize:*` shows: ids, names of events and codes. Never a token, a claim, or the text of an
 * exception.
 */
export const log = {
  /** States of sessions. */
  session: createDebug('socketio-authorize:session'),
  /** Refusals and dropped events. */
  refusal: createDebug('socketio-authorize:refusal'),
  /** Revocations, here and from other nodes. */
  revocation: createDebug('socketio-authorize:revocation'),
  /** Keys from a JWKS endpoint. */
  jwks: createDebug('socketio-authorize:jwks'),
  /** Logouts at an OpenID provider. */
  oidc: createDebug('socketio-authorize:oidc'),
  /** Sessions that are restored after a drop, or not. */
  recovery: createDebug('socketio-authorize:recovery'),
} as const;
