/** As much of `oidc-provider` as the tests use: it brings no types of its own. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface ResourceServer {
    scope: string;
    audience: string;
    accessTokenFormat: 'jwt' | 'opaque';
    jwt?: { sign: { alg: string } };
  }

  interface Configuration {
    clients: object[];
    jwks: { keys: object[] };
    cookies: object;
    features: {
      devInteractions: { enabled: boolean };
      clientCredentials: { enabled: boolean };
      introspection?: { enabled: boolean };
      revocation?: { enabled: boolean };
      resourceIndicators: {
        enabled: boolean;
        getResourceServerInfo(context: unknown, resource: string): ResourceServer;
      };
    };
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
  }
}
