/** Under `exactOptionalPropertyTypes`, `undefined` counts as left out in every optional option. */
import { createClient } from 'redis';
import type { Socket } from 'socket.io-client';
import { authorize, UnauthorizedError } from 'socketio-authorize';
import type {
  AuthorizeOptions,
  Revocation,
  UnauthorizedErrorOptions,
  VerifierOptions,
} from 'socketio-authorize';
import { authenticate } from 'socketio-authorize/client';
import type { AuthenticateOptions } from 'socketio-authorize/client';
import { jwksVerifier } from 'socketio-authorize/jwks';
import type { JwksVerifierOptions } from 'socketio-authorize/jwks';
import type { BackchannelLogoutOptions } from 'socketio-authorize/oidc';
import { redisRevocationStore } from 'socketio-authorize/redis';
import type { RedisRevocationOptions } from 'socketio-authorize/redis';

declare const socket: Socket;

type Optional<T> = { [Name in keyof T as {} extends Pick<T, Name> ? Name : never]: T[Name] };
/** The names of the options that may be left out, and may not be `undefined`: none. */
type Refusing<T> = {
  [Name in keyof Required<Optional<T>>]: { [_ in Name]: undefined } extends Pick<Optional<T>, Name>
    ? never
    : Name;
}[keyof Optional<T>];
type None<T extends never> = T;

export type All = [
  None<Refusing<AuthorizeOptions>>,
  None<Refusing<VerifierOptions>>,
  None<Refusing<UnauthorizedErrorOptions>>,
  None<Refusing<Extract<Revocation, { jti: string }>>>,
  None<Refusing<Extract<Revocation, { sid: string }>>>,
  None<Refusing<Extract<Revocation, { sub: string }>>>,
  None<Refusing<JwksVerifierOptions>>,
  None<Refusing<BackchannelLogoutOptions>>,
  None<Refusing<RedisRevocationOptions>>,
  None<Refusing<AuthenticateOptions>>,
  // @ts-expect-error -- so the question finds one
  None<Refusing<{ timeout?: number }>>,
];

const auth = authorize({ secret: 'x', timeout: undefined, permissions: undefined, maxAge: undefined });
authorize({ verify: () => ({}), timeout: undefined });
authenticate(socket, { token: 'x', timeout: undefined });
redisRevocationStore(createClient(), { prefix: undefined });
jwksVerifier({ issuer: 'https://login.example.com', audience: undefined });
console.log(new UnauthorizedError('mine', { message: undefined, retryAfter: undefined }));
void auth.revoke({ sub: 'bob', grace: undefined, issuedBefore: undefined, exp: undefined, iss: undefined });
