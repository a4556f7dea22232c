/** What codes, reasons and packets mean, in words. */

/** Refusals, by reason or else by code. */
const REFUSALS = {
  expired: 'The token has expired.',
  revoked: 'This login was ended: by an administrator, or by you.',
  signature: 'The server refused the token: it was not signed by this server.',
  malformed: 'The server refused the token: it is not one.',
  not_authenticated: 'Not heard: you are not logged in.',
  insufficient_scope: 'Not heard: your token does not permit this.',
  authentication_timeout: 'Nobody logged in on this connection in time, so the server closes it.',
  too_many_attempts: 'The server closes the connection after too many failed logins.',
  server_busy: 'The server is too busy.',
  not_logged_in: 'Your login has ended. Please log in again.',
};

export function wordsFor({ code, reason, message }) {
  return REFUSALS[reason] ?? REFUSALS[code] ?? `The server refused: ${message}.`;
}

/** What a packet is for, by direction, type and event. */
const MEANINGS = {
  'out CONNECT': 'The page asks for a connection, without a token.',
  'out CONNECT with a token': 'The page asks for a connection, and logs in with the same packet.',
  'in CONNECT': 'The connection is open. That alone is no login.',
  'in DISCONNECT': 'The server closes the connection.',
  'out DISCONNECT': 'The page closes its side of the connection.',
  'out authenticate': 'The page shows a token to the server.',
  'out deauthenticate': 'The page asks to end the session.',
  'in authenticated': 'The server accepts the token. Its own listeners ran first.',
  'in unauthorized': 'The server refuses.',
  'in token_expiring': 'The session ends soon: the server asks for a new token.',
  'in hello': 'This chat tells how long a connection may stay without a login.',
  'in people': 'Who is here. Only sockets that are logged in get this.',
  'in message': 'A message. Only sockets that are logged in get it.',
  'out message': 'You say something.',
  'out clear': 'An event that takes the scope chat:moderate.',
  'in cleared': 'An administrator has cleared the chat.',
  'out log_out': 'An administrator ends the login of another one.',
  'in ACK': 'The server answers the event with this ack id.',
};

/** @param {import('./packets.js').Packet} packet */
export function meaningOf({ direction, type, event, args, token }) {
  if (type === 'EVENT' && event === 'unauthorized' && args[0]?.data) return wordsFor(args[0].data);
  const name = type === 'EVENT' ? event : type;
  return MEANINGS[`${direction} ${name}${type === 'CONNECT' && token ? ' with a token' : ''}`] ?? '';
}
