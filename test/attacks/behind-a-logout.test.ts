/** What was asked or granted before a logout ends with it. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { Authorizer, AuthorizedSocket } from '../../lib';
import { RawClient } from '../support/raw-client';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';

type Next = () => void;
const connect = (namespace: string, auth: object = {}): string => RawClient.connect(auth, namespace);
const token = (sub: string): string => createToken({ sub });

describe('behind a logout', () => {
  let world: World;
  let unharmed: Unharmed;
  let raw: RawClient;

  beforeEach(async () => {
    unharmed = new Unharmed();
    world = await new World({ connectionStateRecovery: { skipMiddlewares: false } }).listen();
  });

  afterEach(async () => {
    raw.close();
    await world.close();
    unharmed.close();
  });

  /** The next packet with an event of that name: its acknowledgement's id. */
  async function idOf(name: string): Promise<string> {
    for (;;) {
      const [data, id] = (await raw.inbox.take('EVENT')) as [unknown[], string];
      if (data[0] === name) return id;
    }
  }

  it('an answer to a question is not that of the user who was asked', async () => {
    const answers: unknown[] = [];
    const auth = world.authorize();
    auth.attach(world.io).on('authenticated', (socket: Socket) => {
      socket.emit('pay?', (answer: unknown) => answers.push(answer));
      socket.emit('sure?', (answer: unknown) => answers.push(answer));
    });
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/', { token: token('alice') }));
    const [pay, sure] = [await idOf('pay?'), await idOf('sure?')];
    raw.send(`3${sure}["sure"]`, RawClient.event('deauthenticate'), `3${pay}["behind"]`);
    await until('alice is logged out', () => auth.stats().authenticated === 0);
    expect(answers).to.deep.equal(['sure']);
  });

  it('a broadcast gets no answer of the next user', async () => {
    const auth = world.authorize({ scope: 'connection' });
    for (const name of ['/a', '/b']) auth.attach(world.io.of(name));
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/a', { token: token('alice') }), connect('/b'));
    await until('alice is in both', () => auth.stats().authenticated === 2);
    const votes = new Promise<unknown[]>((resolve) => {
      world.io
        .of('/b')
        .timeout(300)
        .emit('vote', (_error: unknown, answers: unknown[]) => resolve(answers));
    });
    const id = await idOf('vote');
    raw.send(
      '2/a,["deauthenticate"]',
      `2/a,["authenticate",{"token":"${token('bob')}"}]`,
      `3/b,${id}["bob votes as alice"]`,
    );
    expect(await votes).to.deep.equal([]);
  });

  /** Whether the slow middleware of `/b` is asked, and what lets it go on. */
  function slowly(): { go: () => void; isAsked: () => boolean } {
    const waiting: Next[] = [];
    world.io.of('/b').use((_socket, next) => void waiting.push(next));
    return { go: () => waiting.shift()?.(), isAsked: () => waiting.length > 0 };
  }

  for (const by of ['the client', 'the server'] as const) {
    it(`of ${by}, a namespace that was admitted at the handshake before logs nobody in`, async () => {
      const auth = world.authorize({ scope: 'connection', handshake: true });
      const told: unknown[] = [];
      let first: Socket | undefined;
      const late: Socket[] = [];
      for (const name of ['/a', '/b']) {
        auth.attach(world.io.of(name));
        world.io.of(name).on('authenticated', () => told.push(`in ${name}`));
        world.io.of(name).on('deauthenticated', () => told.push(`out ${name}`));
      }
      world.io.of('/a').on('connection', (socket: Socket) => (first = socket));
      world.io.of('/b').on('connection', (socket: Socket) => late.push(socket));
      const b = slowly();
      raw = await RawClient.open(world.url, 'polling');
      raw.send(connect('/a', { token: token('alice') }), connect('/b'));
      await until('alice is in /a', () => told.includes('in /a') && b.isAsked());
      if (by === 'the client') raw.send('2/a,["deauthenticate"]');
      else auth.deauthenticate(first as never);
      await until('alice is out', () => told.includes('out /a'));
      b.go();
      await until('/b is told', () => auth.stats().refused === 1);
      await until('/b is disconnected', () => late[0]?.connected === false);
      expect(told).to.deep.equal(['in /a', 'out /a']);
      expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
      // It may come back.
      raw.send(`2/a,["authenticate",{"token":"${token('bob')}"}]`);
      await until('bob is in /a', () => auth.stats().authenticated === 1);
      raw.send(connect('/b'));
      await until('bob is asked for in /b', b.isAsked);
      b.go();
      await until('bob is in both', () => auth.stats().authenticated === 2);
    });
  }

  /** An authorizer of `/a` and `/b` with Alice logged in in `/a`; her token for `/b` is being verified. */
  async function aliceInAandSoonInB(handshake: boolean, pid?: string): Promise<[Authorizer, SlowCheck]> {
    const slow = new SlowCheck();
    const auth = world.authorize({
      scope: 'connection',
      handshake,
      validate: (claims) => (claims.slowly ? slow.check() : undefined),
    });
    for (const name of ['/a', '/b']) auth.attach(world.io.of(name));
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/a', { token: token('alice') }));
    await until('alice is in /a', () => auth.stats().authenticated === 1);
    const later = createToken({ sub: 'alice', slowly: true });
    raw.send(connect('/b', { token: later, ...(pid !== undefined && { pid, offset: 'any' }) }));
    await slow.untilAsked();
    return [auth, slow];
  }

  it('and the next login, a namespace whose token was shown before has the identity of the latter', async () => {
    const [auth, slow] = await aliceInAandSoonInB(true);
    const names: unknown[] = [];
    world.io.of('/b').on('connection', (socket) => {
      socket.on('who', () => names.push((socket as AuthorizedSocket).decoded_token.sub));
    });
    raw.send('2/a,["deauthenticate"]', `2/a,["authenticate",{"token":"${token('bob')}"}]`);
    await until('bob is in /a', () => auth.stats().verified === 2);
    slow.answer();
    await until('bob is in both', () => auth.stats().authenticated === 2);
    raw.send('2/b,["who"]');
    await until('he is asked', () => names.length > 0);
    expect(names).to.deep.equal(['bob']);
    expect(auth.stats()).to.include({ refused: 1 });
  });

  for (const handshake of [false, true]) {
    const mode = handshake ? 'at the handshake' : 'while it connects';

    it(`a token that was shown before ${mode}, in front of a slow middleware, logs nobody in`, async () => {
      const b = slowly();
      const auth = world.authorize({ scope: 'connection', handshake });
      for (const name of ['/a', '/b']) auth.attach(world.io.of(name));
      raw = await RawClient.open(world.url, 'polling');
      raw.send(connect('/a', { token: token('alice') }), connect('/b', { token: token('alice') }));
      await until('alice is in /a, and /b asks', () => auth.stats().authenticated === 1 && b.isAsked());
      raw.send('2/a,1["deauthenticate"]');
      await raw.next('ACK');
      b.go();
      await until('/b is told', () => auth.stats().refused === 1);
      expect(auth.stats()).to.include({ pending: handshake ? 1 : 2, authenticated: 0 });
    });
  }

  it('and the next login, a namespace is in no room of the user whom its middlewares saw', async () => {
    const auth = world.authorize({ scope: 'connection', handshake: true });
    for (const name of ['/a', '/b']) auth.attach(world.io.of(name));
    world.io.of('/b').use((socket, next) => {
      void socket.join(`user:${(socket as AuthorizedSocket).decoded_token.sub}`);
      next();
    });
    const b = slowly();
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/a', { token: token('alice') }));
    await until('alice is in /a', () => auth.stats().authenticated === 1);
    raw.send(connect('/b'));
    await until('/b asks', b.isAsked);
    raw.send('2/a,["deauthenticate"]', `2/a,["authenticate",{"token":"${token('bob')}"}]`);
    await until('bob is in /a', () => auth.stats().verified === 2);
    b.go();
    await until('bob is in both', () => auth.stats().authenticated === 2);
    const [late] = world.io.of('/b').sockets.values();
    expect([...(late as Socket).rooms]).to.deep.equal([late?.id]);
  });

  it('a token that was shown before with a recovery id logs nobody in', async () => {
    const pid = `${createHash('sha256').update('/b').digest('base64url').slice(0, 22)}.guessed`;
    const [auth, slow] = await aliceInAandSoonInB(false, pid);
    raw.send('2/a,1["deauthenticate"]');
    await raw.next('ACK');
    slow.answer();
    await until('/b is told', () => auth.stats().refused === 1);
    expect(auth.stats()).to.include({ pending: 2, authenticated: 0 });
  });

  it('a login that another namespace has shown before logs nobody in without a token', async () => {
    const slow = new SlowCheck();
    const auth = world.authorize({
      scope: 'connection',
      handshake: true,
      validate: (claims) => (claims.slowly ? slow.check() : undefined),
    });
    for (const name of ['/a', '/b', '/c']) auth.attach(world.io.of(name));
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/a', { token: token('alice') }));
    await until('alice is in /a', () => auth.stats().authenticated === 1);
    raw.send(connect('/b', { token: createToken({ sub: 'alice', slowly: true }) }));
    await slow.untilAsked();
    raw.send('2/a,1["deauthenticate"]');
    await raw.next('ACK');
    raw.send(connect('/c'));
    expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'credentials_required');
    slow.answer();
    await until('/b is told', () => auth.stats().refused === 2);
    expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
  });

  it('a login that was shown with a recovery id, in a namespace that the application closes, logs nobody in', async () => {
    const auth = world.authorize({ scope: 'connection', handshake: true });
    for (const name of ['/a', '/c']) auth.attach(world.io.of(name));
    world.io.of('/b').use((_socket, next) => next(new Error('not today')));
    auth.attach(world.io.of('/b'));
    const pid = `${createHash('sha256').update('/b').digest('base64url').slice(0, 22)}.guessed`;
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/b', { token: token('alice'), pid, offset: 'any' }));
    expect(await raw.next('CONNECT_ERROR')).to.deep.equal({ message: 'not today' });
    raw.send(connect('/c'));
    expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'credentials_required');
    expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
  });

  it('a namespace that came back before it, by its recovery id, logs nobody in', async () => {
    const auth = world.authorize({ scope: 'connection' });
    const told: unknown[] = [];
    for (const name of ['/a', '/b']) {
      auth.attach(world.io.of(name));
      world.io.of(name).on('authenticated', () => told.push(`in ${name}`));
      world.io.of(name).on('deauthenticated', () => told.push(`out ${name}`));
    }
    const b = slowly();
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/a', { token: token('alice') }), connect('/b'));
    await until('/b asks', b.isAsked);
    b.go();
    await until('alice is in both', () => auth.stats().authenticated === 2);
    await raw.next('CONNECT');
    const { pid } = (await raw.next('CONNECT')) as { pid: string };
    world.io.of('/b').emit('offset');
    let offset: unknown;
    while (offset === undefined) {
      const [name, value] = (await raw.next('EVENT')) as unknown[];
      if (name === 'offset') offset = value;
    }
    // The network is lost: a client that leaves is not kept.
    for (const socket of world.io.of('/b').sockets.values())
      (socket.conn as never as { onClose(reason: string): void }).onClose('transport error');
    await until('all are gone', () => world.io.of('/a').sockets.size + world.io.of('/b').sockets.size === 0);
    told.splice(0);
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/a', { token: token('alice') }), connect('/b', { pid, offset }));
    await until('alice is in /a, and /b asks', () => told.includes('in /a') && b.isAsked());
    raw.send('2/a,["deauthenticate"]');
    await until('alice is out', () => told.includes('out /a'));
    b.go();
    await until('/b is refused', () => auth.stats().refused === 1);
    await until('/b is gone', () => world.io.of('/b').sockets.size === 0);
    expect(told).to.deep.equal(['in /a', 'out /a']);
    expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
  });

  it('by the option rooms, a socket that is admitted just then has no identity', async () => {
    let asked = 0;
    const auth = world.authorize({
      handshake: true,
      rooms: (_claims, socket) => {
        asked += 1;
        // The first question is that of the handshake.
        if (asked === 2) auth.deauthenticate(socket);
        return [];
      },
    });
    const refused: Socket[] = [];
    auth.attach(world.io).on('unauthorized', (socket: Socket) => refused.push(socket));
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/', { token: token('alice') }));
    await until('it is told', () => refused.length === 1);
    expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
    expect(refused[0]).not.to.have.property('decoded_token');
    expect(refused[0]?.data).to.deep.equal({});
  });

  it('or without one, an event that waited for a token whose socket has left is dropped', async () => {
    const auth = world.authorize({ scope: 'connection' });
    const heard: unknown[] = [];
    for (const name of ['/a', '/b']) {
      auth.attach(world.io.of(name));
      world.io.of(name).on('connection', (socket: Socket) => socket.on('say', (text) => heard.push(text)));
    }
    raw = await RawClient.open(world.url, 'polling');
    raw.send(connect('/a'), connect('/b'));
    await raw.next('CONNECT');
    await raw.next('CONNECT');
    raw.send('2/b,["authenticate",{"token":"bad"}]');
    await raw.next('EVENT');
    raw.send(`2/a,["authenticate",{"token":"${token('alice')}"}]`, '2/b,["say","as alice"]', '1/a,');
    const [, dropped] = (await raw.next('EVENT')) as [string, { data: object }];
    expect(dropped.data).to.include({ code: 'not_authenticated', event: 'say' });
    raw.send(`2/b,["authenticate",{"token":"${token('bob')}"}]`, '2/b,["say","as bob"]');
    await until('bob is heard', () => heard.length > 0);
    expect(heard).to.deep.equal(['as bob']);
  });
});
