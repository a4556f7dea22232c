import { expect } from 'chai';
import { createClient } from 'redis';
import { authorize } from '../../lib';
import type { Authorizer, RevocationStore } from '../../lib';
import { redisRevocationStore } from '../../lib/redis';
import { SECRET } from '../support/tokens';

describe('a store on a client and prefix that another one has', () => {
  const guard = (revocation: RevocationStore): Authorizer => authorize({ secret: SECRET, revocation });

  it('is a TypeError, since users and administrators would share their rules', () => {
    const client = createClient();
    redisRevocationStore(client);
    expect(() => redisRevocationStore(client)).to.throw(TypeError, /the prefix '\{socketio-authorize\}:'/);
    expect(() => redisRevocationStore(client, { prefix: '{socketio-authorize}:' })).to.throw(TypeError);
    // Another prefix, or another client, is another store.
    redisRevocationStore(client, { prefix: '{administrators}:' });
    redisRevocationStore(createClient());
  });

  it('is taken once every authorizer of the first is closed', () => {
    const client = createClient();
    const store = redisRevocationStore(client);
    const [users, others] = [guard(store), guard(store)];
    users.close();
    users.close();
    expect(() => redisRevocationStore(client)).to.throw(TypeError);
    others.close();
    const next = redisRevocationStore(client);
    // The first one has lost its place.
    expect(() => guard(store)).to.throw(TypeError, /another revocation store/);
    const auth = guard(next);
    auth.close();
    guard(store).close();
  });

  it('is no matter for other kinds of stores, which may be shared as one likes', () => {
    const store = { add: () => undefined, isRevoked: () => false };
    const auths = [guard(store), guard(store)];
    for (const auth of auths) auth.close();
    guard(store).close();
  });
});
