import type { ServerResponse } from 'node:http';
import { log } from '../runtime/log';
import { reportFault } from '../runtime/warnings';
import { answerDone, answerFault, answerWrongMethod } from './answers';
import { logoutVerifier } from './logout-token';
import { LogoutRefusal } from './refusal';
import { readLogoutToken } from './request-body';
import { revocationOf } from './revocation';
import { toLogoutSettings } from './settings';
import type { BackchannelLogoutOptions, LogoutAuthorizer, LogoutRequest } from './settings';

/**
 * Makes the endpoint that an OpenID provider calls when a user logs out there (OpenID Connect Back-Channel Logout 1.0).
 * It needs the package `jose`. The result is a Node request listener: for plain `http`, for Express with or without a
 * body parser, and for Fastify with `reply.raw`. If a parser of Fastify runs before it, set `request.raw.body` to the
 * parser's result.
 *
 * The endpoint answers 200 once the sessions of this process are ended and the store has the rule; 400 for a bad token;
 * 503 if the store failed or the provider's keys are not available; and 405 for every method but POST.
 *
 * @param auth the authorizer whose sessions end; it finds them by `iss` and `sid` or `sub` of their access tokens
 * @throws TypeError if an option is wrong
 * @example app.post('/backchannel-logout', backchannelLogout(auth, { issuer: 'https://login.example.com', audience: 'my-client-id' }));
 */
export function backchannelLogout(
  auth: LogoutAuthorizer,
  options: BackchannelLogoutOptions,
): (request: LogoutRequest, response: ServerResponse) => void {
  const settings = toLogoutSettings(auth, options);
  const verify = logoutVerifier(settings.jwks);

  async function logOut(request: LogoutRequest): Promise<void> {
    const rule = revocationOf(await verify(await readLogoutToken(request)), settings.endBy);
    try {
      await settings.auth.revoke(rule);
    } catch (fault) {
      // The provider may not try again, so the operator must know.
      reportFault('backchannelLogout(): revoke()', fault);
      // Not `fault` itself: it may be anything, even a value that throws when it is looked at.
      throw new Error('revoke() failed', { cause: fault });
    }
  }

  return (request, response) => {
    if (request.method !== 'POST') {
      answerWrongMethod(response);
      return;
    }
    logOut(request).then(
      () => answerDone(response),
      (fault: unknown) => {
        log.oidc('a logout was refused: %s', fault instanceof LogoutRefusal ? fault.message : 'no answer');
        answerFault(response, fault);
      },
    );
  };
}
