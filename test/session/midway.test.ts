import { expect } from 'chai';
import { freshWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';

describe('a client that leaves in the middle', () => {
  const { world } = freshWorld();

  it('right after its token is neither verified nor refused', async () => {
    const told = new NamespaceInbox(world.io.of('/'));
    let verifications = 0;
    const auth = world.authorize({ validate: () => void (verifications += 1) });
    auth.attach(world.io);
    const gone = new Promise((resolve) => {
      world.io.on('connection', (socket) => socket.on('disconnect', resolve));
    });
    // In one request, which the server takes in at one go.
    const raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    raw.send(RawClient.event('authenticate', { token: createToken() }), '1');
    await gone;
    await new Promise(setImmediate);
    expect(told.events).to.deep.equal([]);
    expect(verifications).to.equal(0);
    expect(auth.stats()).to.include({ pending: 0, authenticated: 0, verified: 0, refused: 0 });
    raw.close();
  });

  it('because of one of its held events has no more of them delivered', async () => {
    world.authorize().attach(world.io);
    const heard: string[] = [];
    world.io.on('connection', (socket) => {
      socket.onAny((event: string) => {
        heard.push(event);
        if (event === 'two') socket.disconnect();
      });
    });
    const client = await world.connected();
    for (const event of ['one', 'two', 'three']) client.socket.emit(event);
    client.socket.emit('authenticate', { token: createToken() });
    await client.until('disconnect');
    expect(heard).to.deep.equal(['one', 'two']);
  });
});
