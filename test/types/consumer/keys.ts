/** Keys of every form, and where they and the revocations may come from; no parameter has to be annotated. */
import { createSecretKey } from 'node:crypto';
import { createServer } from 'node:http';
import { createClient } from 'redis';
import { authorize } from 'socketio-authorize';
import type { AuthorizeOptions, VerifierOptions } from 'socketio-authorize';
import { jwksVerifier } from 'socketio-authorize/jwks';
import { backchannelLogout } from 'socketio-authorize/oidc';
import { redisRevocationStore } from 'socketio-authorize/redis';

// The forms of a key function share one signature, so some parameters are `any`.
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access */

authorize({ secret: [createSecretKey(Buffer.alloc(32, 1)), Buffer.alloc(32, 2), 'three'] });

authorize({ secret: (token) => (token.header.kid === 'a' ? 'one' : Promise.resolve('two')) });
authorize({ secret: async (token, socket) => `${token.payload.iss} ${socket.id}` });

// As in socketio-jwt.
authorize({
  secret: (request, payload, callback) => {
    console.log(request.headers.host, payload.sub);
    callback(null, 'key');
  },
});
authorize({
  secret: (request, header, payload, callback) => {
    console.log(request.url, header.kid, payload.sub);
    callback(new Error('no such key'));
  },
});
authorize({
  secret: (_request, _header, _payload, callback) => {
    // @ts-expect-error -- not a key
    callback(null, 5);
  },
});
// @ts-expect-error -- not a key
authorize({ secret: 5 });

authorize({
  secret: 'a shared secret of 32 bytes or more',
  revocation: redisRevocationStore(createClient()),
});

// JWKs, as objects; what `export` of Node gives is one.
const jwk = createSecretKey(Buffer.alloc(32, 1)).export({ format: 'jwk' });
authorize({ secret: jwk });
authorize({ secret: { keys: [jwk, { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', alg: 'ES256', kid: 'one' }] } });
authorize({ secret: () => Promise.resolve({ keys: [jwk] }) });
authorize({ secret: [new ArrayBuffer(32), new Uint8Array(32)] });
// @ts-expect-error -- not a JWK set
authorize({ secret: { keys: 'none' } });

interface Claims {
  sub: string;
  tid: string;
}
const verify = jwksVerifier<Claims>({
  jwksUri: 'https://example.com/.well-known/jwks.json',
  issuer: ({ tid }) => `https://login.example.com/${tid}/v2.0`,
  audience: ['chat'],
  algorithms: ['RS256', 'EdDSA'],
  requiredClaims: ['sub'],
  fetch: (url, init) => fetch(url, init),
  timeout: undefined,
});
void verify('token').then(({ tid }) => tid.toUpperCase());
void verify('token', {}).then(({ sub }) => sub.toUpperCase());
jwksVerifier({ issuer: 'https://example.com', fetch });
// @ts-expect-error -- an algorithm for shared secrets
jwksVerifier({ issuer: 'https://example.com', algorithms: ['HS256'] });
// @ts-expect-error -- not an option
jwksVerifier({ issuer: 'https://example.com', ttl: 5 });

authorize({
  verify: (token, socket) => ({ sub: token.trim() + socket.id }),
  clockTolerance: 5,
  maxAge: '1h',
});
authorize({
  verify: (token) => Promise.resolve({ sub: token, tid: 'x' }),
  validate: (claims) => claims.tid.toUpperCase(),
  userClaim: ({ tid, sub }) => `${tid}/${sub}`,
  getToken: ({ handshake }) => handshake.headers['sec-websocket-protocol'],
  cookie: 'session',
  origins: ['https://app.example.com'],
});
const own: VerifierOptions<Claims> = { verify };
authorize(own);
const named: AuthorizeOptions<Claims> = { secret: 'x', validate: ({ tid }) => tid !== '' };
authorize(named);
// @ts-expect-error -- a verifier verifies alone
authorize({ secret: 'x', verify: () => ({ sub: 'bob' }) });
// @ts-expect-error -- what the library would check
authorize({ verify: () => ({ sub: 'bob' }), issuer: 'https://example.com' });
// @ts-expect-error -- other claims
authorize<Claims>({ verify: () => ({ sub: 'bob' }) });
// @ts-expect-error -- at once, or not at all
authorize({ secret: 'x', getToken: () => Promise.resolve('token') });
const auth = authorize({ verify });
createServer(backchannelLogout(auth, { issuer: 'https://example.com', audience: 'chat', endBy: 'sub' }));
createServer((request, response) => {
  const logout = backchannelLogout(auth, { issuer: 'https://example.com', audience: ['chat'], fetch });
  logout(Object.assign(request, { body: 'logout_token=x' }), response);
});
// @ts-expect-error -- no audience
backchannelLogout(auth, { issuer: 'https://example.com' });
// @ts-expect-error -- not what sessions end by
backchannelLogout(auth, { issuer: 'https://example.com', audience: 'chat', endBy: 'jti' });
// @ts-expect-error -- not an authorizer
backchannelLogout({}, { issuer: 'https://example.com', audience: 'chat' });
