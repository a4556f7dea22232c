/** As much of `oidc-provider` as the tests use: it brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

  interface ResourceServer {
    scope: string;
    audience: string;
    accessTokenFormat: 'jwt' | 'opaque';
    jwt?: { sign: { alg: string } };
  }

  interface Context {
    body: unknown;
    oidc: { client: { clientId: string }; session: { accountId: string } };
  }

  interface Configuration {
    clients: object[];
    jwks: { keys: object[] };
    cookies: object;
    findAccount?(context: Context, sub: string): { accountId: string; claims(): object };
    loadExistingGrant?(context: Context): Promise<Grant>;
    extraTokenClaims?(context: Context, token: { sid?: string }): object;
    interactions?: { url(context: Context, interaction: { uid: string }): string };
    fetch?(url: string, options: RequestInit): Promise<Response>;
    features: {
      devInteractions: { enabled: boolean };
      clientCredentials?: { enabled: boolean };
      introspection?: { enabled: boolean };
      revocation?: { enabled: boolean };
      backchannelLogout?: { enabled: boolean };
      rpInitiatedLogout?: { logoutSource(context: Context, form: string): void };
      resourceIndicators: {
        enabled: boolean;
        getResourceServerInfo(context: unknown, resource: string): ResourceServer;
      };
    };
  }

  class Grant {
    constructor(properties: { clientId: string; accountId: string });
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  export class Provider {
    readonly Grant: typeof Grant;
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
    on(event: string, listener: (...args: unknown[]) => void): void;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: { login: { accountId: string } },
    ): Promise<void>;
  }
}
