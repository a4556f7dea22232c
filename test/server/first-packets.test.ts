import { expect } from 'chai';
import { freshWorld } from '../support/fresh-world';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';

describe('what a server sends while a client connects', () => {
  const { world } = freshWorld();

  it('begins with CONNECT, which does not wait until a key is fetched', async () => {
    let deliver: (key: string) => void = () => {};
    const key = new Promise<string>((resolve) => {
      deliver = resolve;
    });
    world.authorize({ secret: () => key }).attach(world.io);
    const client = world.client('/', { auth: { token: createToken() } });
    await client.until('connect');
    expect(client.received('unauthorized')).to.deep.equal([]);
    deliver('some secret that fits no token here, and long enough');
    await client.until('unauthorized');
  });

  it('arrives in order if a client joins two namespaces at the same time', async () => {
    const auth = world.authorize();
    auth.attach(world.io);
    auth.attach(world.io.of('/other'));
    const token = createToken();
    const client = await RawClient.open(world.url, 'polling');
    client.send(RawClient.connect({ token }), RawClient.connect({ token }, '/other'));
    await client.next('CONNECT');
    await client.next('CONNECT');
    for (let count = 0; count < 2; count += 1)
      expect(await client.next('EVENT')).to.have.property('0', 'authenticated');
    client.close();
  });

  it('reaches a client that is disconnected at once', async () => {
    world.authorize().attach(world.io);
    world.io.on('connection', (socket) => {
      socket.emit('goodbye');
      socket.disconnect(true);
    });
    const client = world.client();
    await client.until('connect');
    await client.until('goodbye');
    await client.until('disconnect');
  });

  it('is sent even if a connection listener throws', async () => {
    world.authorize().attach(world.io);
    world.io.on('connection', () => {
      throw new Error('of the application');
    });
    const unharmed = new Unharmed();
    const client = await world.connected();
    expect(() => unharmed.close()).to.throw('something reached the process');
    client.socket.emit('authenticate', { token: createToken() });
    await client.until('authenticated');
  });
});
