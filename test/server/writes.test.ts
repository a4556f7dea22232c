import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { request } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { World } from '../support/world';

/** What Node calls to hand bytes to the kernel: a system call each. */
interface Writing {
  _write: (...args: unknown[]) => void;
  _writev: (...args: unknown[]) => void;
}

describe('what a server says while a client comes in', () => {
  let world: World;
  let writes: number;

  beforeEach(async () => {
    writes = 0;
    world = await new World().listen();
    world.http.on('connection', (socket) => {
      const writing = socket as unknown as Writing;
      for (const method of ['_write', '_writev'] as const) {
        const original = writing[method];
        writing[method] = (...args) => {
          writes += 1;
          original.apply(socket, args);
        };
      }
    });
  });

  afterEach(() => world.close());

  /** Keeps upgrades back until so many are there, and lets them in within one turn of the event loop. */
  function crowd(size: number): void {
    const waiting: unknown[][] = [];
    const emit = world.http.emit.bind(world.http) as (event: string, ...args: unknown[]) => boolean;
    world.http.emit = (event: string, ...args: unknown[]): boolean => {
      if (event !== 'upgrade') return emit(event, ...args);
      if (waiting.push(args) === size) for (const one of waiting) emit('upgrade', ...one);
      return true;
    };
  }

  it('is three writes to one who comes alone: upgrade, open packet, CONNECT with authenticated', async () => {
    world.authorize().attach(world.io);
    const client = world.client('/', { auth: { token: createToken() } });
    await client.until('authenticated');
    expect(writes).to.equal(3);
  });

  it('is three writes in handshake mode as well', async () => {
    world.authorize({ handshake: true }).attach(world.io);
    const client = world.client('/', { auth: { token: createToken() } });
    await client.until('authenticated');
    expect(writes).to.equal(3);
  });

  it('is three writes with what connection listeners emit, and in the order in which it was said', async () => {
    world.authorize({ allow: [] }).attach(world.io);
    world.io.on('connection', (socket) => {
      socket.emit('greeting', 1);
      socket.emit('greeting', 2);
    });
    const client = world.client('/', { auth: { token: createToken() } });
    await client.until('authenticated');
    expect(writes).to.equal(3);
    expect(client.received('greeting')).to.deep.equal([[1], [2]]);
  });

  it('is one write more by event', async () => {
    world.authorize().attach(world.io);
    const client = await world.connected();
    expect(writes).to.equal(3);
    client.socket.emit('authenticate', { token: createToken() });
    await client.until('authenticated');
    expect(writes).to.equal(4);
  });

  it('does not wait for a key that has to be fetched: CONNECT goes ahead', async () => {
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

  it('is one response over polling: CONNECT and authenticated', async () => {
    world.authorize().attach(world.io);
    const base = `${world.url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string };
    const poll = fetch(`${base}&sid=${sid}`);
    await fetch(`${base}&sid=${sid}`, {
      method: 'POST',
      body: `40${JSON.stringify({ token: createToken() })}`,
    });
    const packets = (await (await poll).text()).split('\u001e');
    expect(packets.map((packet) => packet.slice(0, 18))).to.deep.equal([
      packets[0]?.slice(0, 18),
      '42["authenticated"',
    ]);
    expect(packets[0]).to.match(/^40\{"sid"/);
  });

  it('comes in order where a client joins two namespaces in one breath', async () => {
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

  it('reaches a client that is thrown out at once', async () => {
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

  it('is sent though a connection listener throws', async () => {
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

  it('is two writes to those who come in a crowd, save the first of them', async () => {
    world.authorize().attach(world.io);
    crowd(4);
    const clients = Array.from({ length: 4 }, () => world.client('/', { auth: { token: createToken() } }));
    for (const client of clients) await client.until('authenticated');
    expect(writes).to.equal(3 + 2 + 2 + 2);
  });

  it('is two writes in a crowd on a server that was given its HTTP server only later', async () => {
    const io = new Server();
    world.authorize().attach(io);
    io.attach(world.http, { path: '/later' });
    // With the first one the library gets to know the server below.
    const arrived = once(io.engine as EventEmitter, 'connection') as Promise<[EventEmitter]>;
    const first = await world.connected('/', { path: '/later' });
    const closed = once((await arrived)[0], 'close');
    first.socket.disconnect();
    await closed;
    writes = 0;
    crowd(2);
    const auth = { token: createToken() };
    const clients = [1, 2].map(() => world.client('/', { path: '/later', auth }));
    for (const client of clients) await client.until('authenticated');
    expect(writes).to.equal(3 + 2);
    io.disconnectSockets(true);
  });

  it('does not wait for ids that take their time: upgrades are answered, in a crowd too', async () => {
    world.authorize().attach(world.io);
    crowd(2);
    let decide: (id: string) => void = () => {};
    const slow = new Promise<string>((resolve) => {
      decide = resolve;
    });
    let asked = 0;
    world.io.engine.generateId = () => {
      asked += 1;
      const name = `id-${asked}`;
      return slow.then(() => name);
    };
    const upgrade = (): Promise<NetSocket> =>
      new Promise((resolve) => {
        request(`${world.url}/socket.io/?EIO=4&transport=websocket`, {
          headers: {
            Connection: 'Upgrade',
            Upgrade: 'websocket',
            'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
            'Sec-WebSocket-Version': '13',
          },
        })
          .on('upgrade', (_response, upgraded) => resolve(upgraded))
          .end();
      });
    const sockets = await Promise.all([upgrade(), upgrade()]);
    const opened = sockets.map((one) => new Promise<Buffer>((resolve) => one.once('data', resolve)));
    decide('now');
    for (const data of await Promise.all(opened)) expect(data.toString('latin1')).to.include('"sid":"id-');
    for (const socket of sockets) socket.destroy();
  });

  it('is left alone where no socket of Node is below, as with uWebSockets.js', async () => {
    world.authorize().attach(world.io);
    world.io.engine.emit('initial_headers', {}, {});
    world.io.engine.emit('initial_headers', {}, {});
    await (await world.connected()).authenticate(createToken());
  });
});
