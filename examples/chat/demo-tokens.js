'use strict';

/**
 * Demo only: tokens that the server must refuse, for two buttons of the panel "What happens". An application has no such
 * routes. Neither token opens anything.
 */
const { randomBytes } = require('node:crypto');
const { sign } = require('jsonwebtoken');

const HOUR = 3_600;
/** Not the server's secret. */
const FORGERS_SECRET = randomBytes(32);

/** @param {string | Buffer} secret the server's */
function createDemoTokens(secret) {
  return {
    /** It claims to be of an administrator, and somebody else has signed it. */
    forged: () =>
      sign({ sub: 'mallory', name: 'Mallory', scope: 'chat:write chat:moderate' }, FORGERS_SECRET, {
        expiresIn: HOUR,
      }),
    /** It ended an hour ago. The signature is the server's: else that would be what is wrong with it. */
    expired: () =>
      sign(
        { sub: 'yesterday', name: 'Yesterday', scope: '', iat: Math.floor(Date.now() / 1_000) - 2 * HOUR },
        secret,
        { expiresIn: HOUR },
      ),
  };
}

module.exports = { createDemoTokens };
