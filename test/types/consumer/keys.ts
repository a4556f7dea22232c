/** Keys of every form, and where they and the revocations may come from; no parameter has to be annotated. */
import { createSecretKey } from 'node:crypto';
import { createClient } from 'redis';
import { authorize } from 'socketio-authorize';
import { jwksSecret } from 'socketio-authorize/jwks';
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
  secret: jwksSecret({ jwksUri: 'https://example.com/.well-known/jwks.json' }),
  revocation: redisRevocationStore(createClient()),
});
// @ts-expect-error -- where the keys are is required
jwksSecret({});
