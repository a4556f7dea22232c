'use strict';

/** Who has logged in, and tokens for them. Any name will do here; yours asks for a password, too. */
const { createHmac, randomBytes, randomUUID, timingSafeEqual } = require('node:crypto');
const { sign } = require('jsonwebtoken');

const MAX_LOGINS = 10_000;

/**
 * @param {object} options
 * @param {string | Buffer} options.secret
 * @param {number} options.tokenSeconds
 * @param {(rule: object) => Promise<{ issuedBefore?: number } | void>} options.revoke ends sessions and refuses tokens
 */
function createLogins({ secret, tokenSeconds, revoke }) {
  /** By id. While a login is here, the browser that has its key gets new tokens. */
  const logins = new Map();
  /** By user: the earliest `iat`, in seconds, that counts after everything was revoked. */
  const countsFrom = new Map();

  /** @param {string} browser a random secret of the browser: nobody else becomes its users by giving their names */
  function begin({ name, admin, browser }) {
    const user = createHmac('sha256', browser).update(name.normalize('NFC')).digest('base64url').slice(0, 22);
    const id = randomUUID();
    logins.set(id, { id, user, name, admin, key: newKey() });
    if (logins.size > MAX_LOGINS) logins.delete(logins.keys().next().value);
    return logins.get(id);
  }

  function find(id, key) {
    const login = logins.get(id);
    return login && isSame(key, login.key) ? login : undefined;
  }

  function newToken({ id, user, name, admin }) {
    const scope = admin ? 'chat:write chat:moderate' : 'chat:write';
    // A rule for a user refuses all tokens of its second: one that is made later in that second gets the next as `iat`.
    const iat = Math.max(Math.floor(Date.now() / 1_000), countsFrom.get(user) ?? 0);
    // Each has an id of its own: two tokens of one second would be equal, and a renewal by an equal token is none.
    return sign({ name, scope, sid: id, iat }, secret, {
      subject: user,
      jwtid: randomUUID(),
      expiresIn: tokenSeconds,
    });
  }

  /** Ends one login: no token of it counts any more, and its sockets are disconnected. */
  async function end({ id }) {
    logins.delete(id);
    // By then its last token has ended, so the rule need not be remembered for longer.
    const exp = Math.floor(Date.now() / 1_000) + tokenSeconds + 1;
    await revoke({ sid: id, exp });
  }

  /** Ends every login of a user. */
  async function endAll(user) {
    for (const [id, login] of logins) if (login.user === user) logins.delete(id);
    const { issuedBefore } = await revoke({ sub: user });
    countsFrom.set(user, issuedBefore);
    if (countsFrom.size > MAX_LOGINS) countsFrom.delete(countsFrom.keys().next().value);
  }

  return { begin, find, newToken, end, endAll };
}

/** A random key that nobody guesses: 256 bits. */
function newKey() {
  return randomBytes(32).toString('base64url');
}

function isSame(a, b) {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

module.exports = { createLogins, newKey };
