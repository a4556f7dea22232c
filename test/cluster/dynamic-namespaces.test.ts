import { expect } from 'chai';
import type { Namespace } from 'socket.io';
import { Adapter } from 'socket.io-adapter';
import { show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { World } from '../support/world';

/** What Socket.IO calls on the namespace of the other node. */
type Receiver = Pick<Namespace, 'name'> & { _onServerSideEmit(args: unknown[]): void };

/** Adapters that hand a message between nodes over within the process, as those of Redis do over the network. */
function bus(): typeof Adapter {
  const all = new Set<Receiver>();
  return class BusAdapter extends Adapter {
    constructor(nsp: Namespace) {
      super(nsp);
      all.add(nsp);
    }

    override serverSideEmit(args: unknown[]): void {
      const copy = JSON.stringify(args);
      const own = this.nsp as unknown as Receiver;
      for (const nsp of all) {
        if (nsp !== own && nsp.name === own.name) nsp._onServerSideEmit(JSON.parse(copy) as unknown[]);
      }
    }
  };
}

describe('revocation of a dynamic namespace', () => {
  const worlds: World[] = [];

  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });

  /** Two nodes whose children come from the same pattern; the second one guards it before the first does. */
  async function cluster() {
    const adapter = bus();
    const nodes = [];
    for (let count = 0; count < 2; count += 1) {
      const world = await new World({ adapter: adapter as never }).listen();
      worlds.push(world);
      const auth = world.authorize();
      auth.attach(world.io.of(/^\/room-\d+$/));
      nodes.push({ world, auth });
    }
    return nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  }

  it('reaches a node on which the namespace has no child yet', async () => {
    const [here, there] = await cluster();
    await here.auth.revoke({ jti: 'stolen' });
    const client = await there.world.connected('/room-1');
    const { error } = await show(client, createToken({ sub: 'bob', jti: 'stolen' }));
    expect(error).to.include({ code: 'invalid_token', reason: 'revoked' });
  });

  it('ends a session in a child that the revoking node does not have', async () => {
    const [here, there] = await cluster();
    const client = await there.world.connected('/room-7');
    expect(await show(client, createToken({ sub: 'bob' }))).to.include({ ok: true });
    await here.auth.revoke({ sub: 'bob' });
    await client.until('disconnect');
    expect(there.auth.stats()).to.include({ revoked: 1, authenticated: 0 });
  });

  it('does not concern an authorizer of another dynamic namespace', async () => {
    const [here, there] = await cluster();
    const other = there.world.authorize({ handshake: true });
    other.attach(there.world.io.of(/^\/staff-\d+$/));
    await here.auth.revoke({ jti: 'stolen' });
    const token = createToken({ sub: 'bob', jti: 'stolen' });
    await there.world.client('/staff-1', { auth: { token } }).until('authenticated');
  });
});
