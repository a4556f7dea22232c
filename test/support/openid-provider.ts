/** A real OpenID provider with users who log in and out there, each in a browser of its own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { Inbox } from './inbox';
import { SigningKey } from './jwks-endpoint';

/** What access tokens are for. */
export const AUDIENCE = 'https://chat.example';
/** The clients: what they differ in is what their logout tokens name. */
export type ClientId = 'by-session' | 'by-user';
const REDIRECT = 'https://chat.example/callback';

export class OpenIdProvider {
  readonly #http = createServer();
  /** What the endpoint for logouts answered: `success` or `error`. */
  readonly logouts = new Inbox();

  /** Listens, so that the issuer is known; it serves once it was opened. */
  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /**
   * @param logoutUris where the clients hear of logouts. Access tokens of `by-session` carry `sid`, and its logout
   *   tokens do; those of `by-user` carry none.
   */
  async open(logoutUris: Readonly<Record<ClientId, string>>): Promise<void> {
    const { Provider } = await import('oidc-provider');
    const provider: InstanceType<typeof Provider> = new Provider(this.issuer, {
      clients: Object.entries(logoutUris).map(([client_id, backchannel_logout_uri]) => ({
        client_id,
        client_secret: 'a secret',
        redirect_uris: [REDIRECT],
        backchannel_logout_uri,
        backchannel_logout_session_required: true,
      })),
      jwks: { keys: [new SigningKey('rsa').privateJwk] },
      cookies: { keys: ['a key of the cookies'] },
      findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
      // Every user has agreed before.
      loadExistingGrant: async ({ oidc: { client, session } }) => {
        const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
        grant.addOIDCScope('openid');
        grant.addResourceScope(AUDIENCE, 'chat');
        await grant.save();
        return grant;
      },
      extraTokenClaims: ({ oidc: { client } }, { sid }) => (client.clientId === 'by-session' ? { sid } : {}),
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      // The provider itself would not call what is on its own machine.
      fetch: (url, options) => {
        delete options.dispatcher;
        return fetch(url, options);
      },
      features: {
        devInteractions: { enabled: false },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { logoutSource: (context, form) => (context.body = form) },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({ scope: 'chat', audience: AUDIENCE, accessTokenFormat: 'jwt' }),
        },
      },
    });
    for (const outcome of ['success', 'error'])
      provider.on(`backchannel.${outcome}`, () => this.logouts.push(outcome, []));
    const serve = provider.callback();
    this.#http.on('request', (request, response) => {
      const user = /(?:^|; )user=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
      if (request.url?.startsWith('/interaction/') && user !== undefined)
        void provider.interactionFinished(request, response, { login: { accountId: user } });
      else serve(request, response);
    });
  }

  /** A browser in which a user can log in. */
  browser(user: string): Browser {
    return new Browser(this.issuer, user);
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

/** As much of a browser as logins need: it keeps cookies, and follows redirects of the provider. */
export class Browser {
  readonly #issuer: string;
  readonly #cookies: Map<string, string>;

  /** The cookie `user` stands for a person at the keyboard. */
  constructor(issuer: string, user: string) {
    this.#issuer = issuer;
    this.#cookies = new Map([['user', user]]);
  }

  /** Logs in, or finds to be logged in, and gets an access token. */
  async accessToken(clientId: ClientId): Promise<string> {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      scope: 'openid chat',
      resource: AUDIENCE,
      redirect_uri: REDIRECT,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    let url = `${this.#issuer}/auth?${query.toString()}`;
    while (url.startsWith(this.#issuer)) {
      const { headers } = await this.#request(url);
      url = new URL(headers.get('location') ?? 'nowhere:', this.#issuer).href;
    }
    const response = await fetch(`${this.#issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:a%20secret`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(url).searchParams.get('code') ?? '',
        redirect_uri: REDIRECT,
        code_verifier: verifier,
        resource: AUDIENCE,
      }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    return access_token;
  }

  /** Logs out at the provider, which tells its clients before it answers. */
  async logOut(): Promise<void> {
    const page = await (await this.#request(`${this.#issuer}/session/end`)).text();
    const xsrf = /name="xsrf" value="([^"]*)"/.exec(page)?.[1] ?? '';
    const form = new URLSearchParams({ xsrf, logout: 'yes' });
    await this.#request(`${this.#issuer}/session/end/confirm`, { method: 'POST', body: form });
  }

  async #request(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}
