import { expect } from 'chai';
import { createClient } from 'redis';
import { authorize } from '../../lib';
import type { Authorizer, RevocationStore } from '../../lib';
import { redisRevocationStore } from '../../lib/redis';
import { SECRET } from '../support/tokens';

describe('a second store on the same client and prefix', () => {
  const guard = (revocation: RevocationStore): Authorizer => authorize({ secret: SECRET, revocation });

  it('throws a TypeError, because users and administrators would share their rules', () => {
    const client = createClient();
    redisRevocationStore(client);
    expect(() => redisRevocationStore(client)).to.throw(TypeError, /the prefix '\{socketio-authorize\}:'/);
    expect(() => redisRevocationStore(client, { prefix: '{socketio-authorize}:' })).to.throw(TypeError);
    // Another prefix, or another client, is another store.
    redisRevocationStore(client, { prefix: '{administrators}:' });
    redisRevocationStore(createClient());
  });

  it('is accepted once every authorizer of the first store is closed', () => {
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

  it('is allowed for other kinds of stores', () => {
    const store = { add: () => undefined, isRevoked: () => false };
    const auths = [guard(store), guard(store)];
    for (const auth of auths) auth.close();
    guard(store).close();
  });
});
