// Verifies ID tokens of Firebase Authentication. Google shows the keys as a map from `kid` to certificate, not as a JWKS:
// https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library
const { verify } = require('jsonwebtoken');
const { UnauthorizedError } = require('socketio-authorize');

const CERTIFICATES =
  'https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com';
/** Seconds between two requests, whatever the answer says: the token names its key, and a client writes the token. */
const MIN_AGE = 10;

/**
 * @param projectId the Firebase project
 * @param url where the certificates are
 * @param timeout ms for the answer; below the authorizer's `keyTimeout`
 */
function firebaseVerifier({ projectId, url = CERTIFICATES, timeout = 5000 }) {
  let certificates = {};
  let askAgainAt = 0;
  let asking;

  async function ask() {
    askAgainAt = Date.now() + MIN_AGE * 1000;
    certificates = {};
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`the certificates' endpoint answered ${response.status}`);
    certificates = await response.json();
    const [, age = MIN_AGE] = /max-age=(\d+)/.exec(response.headers.get('cache-control')) ?? [];
    askAgainAt = Date.now() + Math.max(MIN_AGE, Number(age)) * 1000;
  }

  async function certificateOf(kid) {
    if (Date.now() >= askAgainAt) asking = ask();
    await asking;
    if (typeof kid === 'string' && Object.hasOwn(certificates, kid)) return certificates[kid];
    throw new Error('an unknown kid');
  }

  return async (token) => {
    const { kid } = headerOf(token);
    let certificate;
    try {
      certificate = await certificateOf(kid);
    } catch (cause) {
      // Not the client's fault: it may try again.
      throw new UnauthorizedError('invalid_secret', {
        reason: 'key_unavailable',
        message: 'no key for this token',
        cause,
      });
    }
    const claims = verify(token, certificate, {
      algorithms: ['RS256'],
      audience: projectId,
      issuer: `https://securetoken.google.com/${projectId}`,
      // The authorizer judges time, by its own clockTolerance.
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
    if (typeof claims.sub !== 'string' || claims.sub === '') throw new Error('no user');
    return claims;
  };
}

function headerOf(token) {
  try {
    return JSON.parse(Buffer.from(token.split('.', 1)[0], 'base64url')) ?? {};
  } catch {
    throw new UnauthorizedError('invalid_token', { reason: 'malformed', message: 'jwt malformed' });
  }
}

module.exports = { firebaseVerifier };
