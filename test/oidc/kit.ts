import { expect } from 'chai';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorizer } from '../../lib';
import { backchannelLogout } from '../../lib/oidc';
import type { BackchannelLogoutOptions } from '../../lib/oidc';
import { JwksEndpoint, SigningKey } from '../support/jwks-endpoint';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import type { TestClient, TestOptions } from '../support/world';

export const ISSUER = 'https://login.example';
export const CLIENT_ID = 'chat';
export const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
export const PATH = '/backchannel-logout';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;
export type Options = Partial<BackchannelLogoutOptions>;

/** Whole seconds. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** A provider's keys at a real endpoint, and what it signs with them. */
export class Keys {
  readonly key = new SigningKey('one');
  readonly endpoint = new JwksEndpoint();

  async listen(): Promise<this> {
    this.endpoint.keys = [this.key];
    await this.endpoint.listen();
    return this;
  }

  get options(): BackchannelLogoutOptions {
    return { issuer: ISSUER, audience: CLIENT_ID, jwksUri: this.endpoint.uri };
  }

  /** A logout token that is good but for what is given; `undefined` leaves a claim or parameter out. */
  async logoutToken(claims: object = {}, header: object = {}, key = this.key): Promise<string> {
    const { importJWK, SignJWT } = await import('jose');
    const payload = {
      iss: ISSUER,
      aud: CLIENT_ID,
      iat: now(),
      exp: now() + 120,
      jti: 'a logout',
      events: { [EVENT]: {} },
      sub: 'bob',
      sid: 'session',
      ...claims,
    };
    // As it would stand in the token: members that are undefined are none.
    const parts = JSON.parse(
      JSON.stringify({ payload, header: { alg: key.jwk.alg, kid: key.kid, typ: 'logout+jwt', ...header } }),
    ) as { payload: object; header: { alg: string } };
    return new SignJWT({ ...parts.payload })
      .setProtectedHeader(parts.header)
      .sign(await importJWK(key.privateJwk, parts.header.alg));
  }
}

/** A server with an endpoint for logouts. */
export class LogoutWorld extends World {
  readonly auth: Authorizer;

  constructor(keys: Keys, options: Options = {}, authorizer: TestOptions = {}) {
    super();
    this.auth = this.authorize(authorizer);
    this.auth.attach(this.io);
    const listener: Listener = backchannelLogout(this.auth, { ...keys.options, ...options });
    this.http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === PATH) listener(request, response);
    });
  }

  /** What the endpoint answers to a form. */
  logOut(token: string | Record<string, string>): Promise<LogoutAnswer> {
    return post(`${this.url}${PATH}`, typeof token === 'string' ? { logout_token: token } : token);
  }

  /** A client that is in, with a token of the provider. */
  async loggedIn(claims: object = {}): Promise<TestClient> {
    const token = createToken({ iss: ISSUER, sub: 'bob', sid: 'session', ...claims });
    const client = this.client('/', { auth: { token } });
    await client.until('authenticated');
    return client;
  }
}

export interface LogoutAnswer {
  status: number;
  cache: string | null;
  text: string;
}

export async function post(url: string, form: Record<string, string>): Promise<LogoutAnswer> {
  return toAnswer(await fetch(url, { method: 'POST', body: new URLSearchParams(form) }));
}

export async function toAnswer(response: Response): Promise<LogoutAnswer> {
  const { status, headers } = response;
  if (status === 400 || status === 503) expect(headers.get('content-type')).to.equal('application/json');
  return { status, cache: headers.get('cache-control'), text: await response.text() };
}

/** What is answered once the rule is kept. */
export const DONE: LogoutAnswer = { status: 200, cache: 'no-store', text: '' };

/** What is answered to a bad request. */
export function bad(error_description: string): LogoutAnswer {
  return {
    status: 400,
    cache: 'no-store',
    text: JSON.stringify({ error: 'invalid_request', error_description }),
  };
}

/** What is answered if the provider should try again. */
export const LATER: LogoutAnswer = {
  status: 503,
  cache: 'no-store',
  text: JSON.stringify({ error: 'temporarily_unavailable' }),
};
