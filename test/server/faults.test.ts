import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { Authorizer } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { connectError, refusal, settled, show } from '../support/refusals';
import type { StoppedTime } from '../support/stopped-time';
import { createToken } from '../support/tokens';
import { Warnings } from '../support/warnings';
import { World } from '../support/world';

describe('an authorizer that is installed in the wrong way', () => {
  let world: World;
  let warnings: Warnings;

  beforeEach(async () => {
    world = await new World().listen();
    warnings = new Warnings();
  });

  afterEach(async () => {
    await world.close();
    warnings.close();
  });

  it('refuses every connection and warns once: io.use without handshake: true', async () => {
    world.io.use(world.authorize());
    for (let times = 0; times < 2; times += 1) {
      const data = await connectError(world.client('/', { auth: { token: createToken() } }));
      expect(data).to.include({ code: 'server_misconfigured', retryable: false });
    }
    expect((await warnings.next()).message).to.match(/connection listener/);
  });

  it("refuses every connection and warns once: io.on('connection') with handshake: true", async () => {
    world.io.on('connection', world.authorize({ handshake: true }));
    for (let times = 0; times < 2; times += 1) {
      const client = world.client('/', { auth: { token: createToken() } });
      expect(await refusal(client)).to.include({ code: 'server_misconfigured' });
      await client.until('disconnect');
    }
    expect((await warnings.next()).message).to.match(/middleware/);
  });

  it('refuses every connection and warns once: two authorizers on one namespace', async () => {
    world.authorize().attach(world.io);
    world.authorize().attach(world.io);
    for (let times = 0; times < 2; times += 1) {
      const client = world.client('/', { auth: { token: createToken() } });
      expect(await refusal(client)).to.include({ code: 'server_misconfigured' });
      await client.until('disconnect');
      expect(client.received('authenticated')).to.deep.equal([]);
    }
    expect((await warnings.next()).message).to.equal(
      'two authorizers guard the namespace "/". Its connections are refused.',
    );
  });

  it('names one namespace of a dynamic one, and little of the name that a client has made up', async () => {
    const rooms = world.io.of(/^\/room/);
    for (const auth of [world.authorize(), world.authorize()]) auth.attach(rooms);
    const client = world.client(`/room${'x'.repeat(1_000)}`);
    expect(await refusal(client)).to.include({ code: 'server_misconfigured' });
    const { message } = await warnings.next();
    expect(message).to.include('the namespace "/roomxxx').and.have.length.below(300);
  });

  it('works normally if it is the same one twice', async () => {
    const auth = world.authorize();
    auth.attach(world.io);
    world.io.on('connection', auth);
    expect(await show(await world.connected(), createToken())).to.include({ ok: true });
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
  });
});

describe('a closed authorizer', () => {
  const { world } = freshWorld();
  let time: StoppedTime;
  let auth: Authorizer;

  beforeEach(() => {
    time = world.stopTime();
    auth = world.authorize({ timeout: 20 });
  });

  it('leaves its sockets as they are', async () => {
    auth.attach(world.io);
    const [pending, bob] = [await world.connected(), await world.connected()];
    await show(bob, createToken());
    auth.close();
    time.pass(40);
    world.io.emit('news');
    await bob.until('news');
    await settled(pending);
    expect(pending.inbox.events).to.deep.equal(['connect']);
  });

  it('refuses later connections', async () => {
    auth.attach(world.io);
    auth.close();
    const client = await world.connected();
    expect(await refusal(client)).to.include({ code: 'server_busy', retryable: true });
    await client.until('disconnect');
  });

  it('refuses later connections at the handshake too', async () => {
    const handshake = world.authorize({ handshake: true });
    handshake.attach(world.io);
    handshake.close();
    expect(await connectError(world.client('/', { auth: { token: createToken() } }))).to.include({
      code: 'server_busy',
    });
  });

  it('can be replaced by another one', async () => {
    auth.attach(world.io);
    auth.close();
    world.authorize().attach(world.io);
    expect(await show(await world.connected(), createToken())).to.include({ ok: true });
  });
});

describe('faults of the application', () => {
  let world: World;
  let warnings: Warnings;
  let told: NamespaceInbox;

  beforeEach(async () => {
    world = await new World().listen();
    warnings = new Warnings();
    told = new NamespaceInbox(world.io.of('/'));
  });

  afterEach(async () => {
    await world.close();
    warnings.close();
  });

  const faults: [how: string, listener: () => unknown, detail: RegExp][] = [
    [
      'that throw',
      () => {
        throw new Error('oops');
      },
      /oops/,
    ],
    ['that reject', () => Promise.reject(new Error('oops')), /oops/],
    [
      'that throw what is no Error',
      () => {
        throw { token: 'secret' };
      },
      /^threw a value of type object$/,
    ],
  ];
  for (const [how, listener, detail] of faults) {
    it(`in listeners ${how} are reported, and the session continues`, async () => {
      const auth = world.authorize();
      auth.attach(world.io).prependListener('authenticated', listener);
      const client = await world.connected();
      expect(await show(client, createToken())).to.include({ ok: true });
      const warning = await warnings.next();
      expect(warning.message).to.equal("a listener of 'authenticated' failed");
      expect(warning.detail).to.match(detail).and.not.to.include('secret');
      expect(told.events).to.deep.equal(['authenticated']);
      expect(auth.stats()).to.include({ authenticated: 1 });
    });
  }

  it('an Error without a stack is reported by its message', async () => {
    const error = new Error('oops');
    delete (error as { stack?: string }).stack;
    world
      .authorize()
      .attach(world.io)
      .on('authenticated', () => {
        throw error;
      });
    await show(await world.connected(), createToken());
    expect((await warnings.next()).detail).to.equal('oops');
  });

  it('listeners that are added by `once` are called once', async () => {
    let calls = 0;
    world
      .authorize()
      .attach(world.io)
      .once('authenticated', () => (calls += 1));
    for (let times = 0; times < 2; times += 1) await show(await world.connected(), createToken());
    expect(calls).to.equal(1);
  });

  it('a listener that ends the session at once: the client gets the true outcome', async () => {
    const auth = world.authorize();
    auth.attach(world.io).on('authenticated', (socket: Socket) => auth.deauthenticate(socket));
    const client = await world.connected();
    const reply = await show(client, createToken());
    expect(reply.error).to.include({ code: 'not_authenticated' });
    expect(client.received('authenticated')).to.deep.equal([]);
    expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
  });

  it('a frozen socket.data is reported, and the session continues', async () => {
    world.io.on('connection', (socket) => {
      socket.data = Object.freeze({});
    });
    world.authorize().attach(world.io);
    expect(await show(await world.connected(), createToken())).to.include({ ok: true });
    expect((await warnings.next()).message).to.match(/socket\.data\.auth/);
  });

  it('socket.data may have any value', async () => {
    world.io.on('connection', (socket) => {
      socket.data = null;
    });
    world.authorize().attach(world.io);
    const client = await world.connected();
    expect(await show(client, createToken())).to.include({ ok: true });
    await settled(client);
  });
});
