import { expect } from 'chai';
import type { AnySocket, Authorizer, AuthorizedSocket } from '../../lib';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import type { TestOptions } from '../support/world';

const PLACES = ['/', '/chat'] as const;
const aTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const checks: [what: string, options: TestOptions][] = [
  ['a static secret', {}],
  ['an asynchronous check', { validate: aTurn }],
];

describe("connectionStateRecovery, under scope: 'connection'", () => {
  let world: World;
  let auth: Authorizer;
  let told: string[];

  afterEach(() => world.close());

  async function guard(skipMiddlewares: boolean, options: TestOptions): Promise<void> {
    world = await new World({ connectionStateRecovery: { skipMiddlewares } }).listen();
    told = [];
    auth = world.authorize({ scope: 'connection', ...options });
    for (const name of PLACES) {
      const namespace = auth.attach(world.io.of(name));
      namespace.on('connection', (socket: AnySocket) => void socket.join('room'));
      for (const event of ['authenticated', 'reauthenticated', 'unauthorized'])
        namespace.on(event, () => told.push(`${event} at ${name}`));
    }
  }

  /** Connects both namespaces in one chunk, and gives what a client then returns with: `pid` and offset of each. */
  async function dropped(tokens: readonly (string | undefined)[]): Promise<object[]> {
    const raw = await RawClient.open(world.url, 'polling');
    raw.send(...PLACES.map((name, index) => RawClient.connect({ token: tokens[index] }, name)));
    const ids: { pid: string }[] = [];
    for (const _ of PLACES) ids.push((await raw.next('CONNECT')) as { pid: string });
    for (const _ of PLACES) await raw.next('EVENT');
    const offsets: unknown[] = [];
    for (const name of PLACES) {
      world.io.of(name).emit('offset');
      offsets.push(((await raw.next('EVENT')) as unknown[]).at(-1));
    }
    const gone = Promise.all(
      PLACES.map(
        (name) =>
          new Promise((resolve) => {
            for (const socket of world.io.of(name).sockets.values()) socket.once('disconnect', resolve);
          }),
      ),
    );
    raw.close();
    await gone;
    for (const name of PLACES) world.io.of(name).to('room').emit('missed', name);
    told.length = 0;
    return ids.map(({ pid }, index) => ({ pid, offset: offsets[index] }));
  }

  /** What a client that returns with these packets hears, until both namespaces have an answer and a login. */
  async function back(shown: readonly object[]): Promise<string[]> {
    const raw = await RawClient.open(world.url, 'polling');
    raw.send(...PLACES.map((name, index) => RawClient.connect(shown[index], name)));
    for (const _ of PLACES) await raw.next('CONNECT');
    while (world.io.of('/').sockets.size + world.io.of('/chat').sockets.size > auth.stats().authenticated)
      await aTurn();
    const heard = raw.inbox.all('EVENT').map(([data]) => (data as string[]).slice(0, 2).join(' '));
    raw.close();
    return heard.filter((event) => event.startsWith('missed'));
  }

  for (const handshake of [false, true]) {
    for (const skipMiddlewares of [true, false]) {
      for (const [what, options] of checks) {
        const where = `${handshake ? 'handshake' : 'event'} mode, skipMiddlewares: ${skipMiddlewares}, ${what}`;

        it(`restores the sessions of both namespaces for one token, which is no renewal: ${where}`, async () => {
          await guard(skipMiddlewares, { handshake, ...options });
          const token = createToken({ sub: 'alice' });
          const ids = await dropped([token, token]);
          expect(await back(ids.map((id) => Object.assign(id, { token })))).to.have.members([
            'missed /',
            'missed /chat',
          ]);
          expect(told).to.include.members(['authenticated at /', 'authenticated at /chat']);
          expect(told.filter((event) => event.startsWith('un'))).to.deep.equal([]);
          expect(auth.stats()).to.include({ authenticated: 2, pending: 0, refused: 0 });
        });

        it(`restores a namespace without a token, once the token of the other is verified: ${where}`, async () => {
          await guard(skipMiddlewares, { handshake, ...options });
          const token = createToken({ sub: 'alice' });
          const [first, second] = await dropped([token, undefined]);
          const fresh = createToken({ sub: 'alice', jti: 'fresh' });
          const shown = [{ ...first, token: fresh }, { ...second }];
          expect(await back(shown)).to.have.members(['missed /', 'missed /chat']);
          expect(auth.stats()).to.include({ authenticated: 2, pending: 0, refused: 0 });
        });

        it(`logs a namespace without a token in with the other's, if nothing is left to restore: ${where}`, async () => {
          await guard(skipMiddlewares, { handshake, ...options });
          const token = createToken({ sub: 'alice' });
          const [first, second] = await dropped([token, undefined]);
          for (const id of [first, second] as { pid: string }[]) id.pid = `${id.pid.slice(0, -5)}other`;
          expect(await back([{ ...first, token }, { ...second }])).to.deep.equal([]);
          expect(auth.stats()).to.include({ authenticated: 2, pending: 0, refused: 0 });
        });

        it(`gives no namespace without a token the session of a user that the other's token does not name: ${where}`, async () => {
          await guard(skipMiddlewares, { handshake, ...options });
          const [first, second] = await dropped([createToken({ sub: 'alice' }), undefined]);
          const bob = createToken({ sub: 'bob' });
          expect(await back([{ ...first, token: bob }, { ...second }])).to.deep.equal([]);
          expect(auth.stats()).to.include({ authenticated: 2, pending: 0 });
        });
      }
    }
  }

  it('at the handshake, shows a session to the listeners that is not restored next to that of another user', async () => {
    await guard(true, { handshake: true });
    const [alice] = await dropped([createToken({ sub: 'alice' })]);
    const [, bob] = await dropped([createToken({ sub: 'bob' })]);
    const seen: unknown[] = [];
    for (const name of PLACES)
      world.io.of(name).on('connection', (socket) => {
        seen.push([(socket as object as Partial<AuthorizedSocket>).decoded_token?.sub, socket.connected]);
      });
    const raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect(alice), RawClient.connect(bob, '/chat'));
    for (const _ of PLACES) await raw.next('CONNECT');
    expect(seen).to.deep.equal([
      ['alice', true],
      ['bob', false],
    ]);
    raw.close();
  });
});

describe("connectionStateRecovery, under scope: 'connection', for a namespace that returns later", () => {
  let world: World;
  let auth: Authorizer;

  afterEach(() => world.close());

  async function guard(options: TestOptions, skipMiddlewares = true): Promise<void> {
    world = await new World({ connectionStateRecovery: { skipMiddlewares } }).listen();
    auth = world.authorize({ scope: 'connection', ...options });
    for (const name of PLACES) auth.attach(world.io.of(name));
  }

  const socketAt = (name: string): AnySocket | undefined => [...world.io.of(name).sockets.values()][0];

  /** Alice logs in at both namespaces, and her connection drops: what she returns with to the second one. */
  async function dropped(claims: object = {}): Promise<{ pid: string; offset: unknown }> {
    const raw = await RawClient.open(world.url, 'websocket');
    const token = createToken({ sub: 'alice', ...claims });
    for (const name of PLACES) {
      raw.send(RawClient.connect({ token }, name));
      await raw.next('EVENT');
    }
    await raw.next('CONNECT');
    const { pid } = (await raw.next('CONNECT')) as { pid: string };
    const socket = socketAt('/chat') as AnySocket;
    await socket.join('room of alice');
    world.io.of('/chat').emit('offset');
    const offset = ((await raw.next('EVENT')) as unknown[]).at(-1);
    const gone = new Promise((resolve) => void socket.once('disconnect', resolve));
    raw.close();
    await gone;
    return { pid, offset };
  }

  for (const handshake of [false, true]) {
    for (const showsToken of [false, true]) {
      const where = `${handshake ? 'handshake' : 'event'} mode, with${showsToken ? '' : 'out'} the token`;
      it(`gives it the rooms of the token that the session was renewed with: ${where}`, async () => {
        await guard({ handshake, rooms: ({ rooms }) => rooms as string[] });
        const back = await dropped({ rooms: ['both', 'secret'] });
        const token = createToken({ sub: 'alice', rooms: ['both', 'new'] });
        const raw = await RawClient.open(world.url, 'websocket');
        raw.send(RawClient.connect({ token }));
        await raw.next('EVENT');
        raw.send(RawClient.connect({ ...back, token: showsToken ? token : undefined }, '/chat'));
        await raw.next('EVENT');
        const { id, rooms, recovered } = socketAt('/chat') as AnySocket;
        expect(recovered).to.equal(true);
        expect([...rooms]).to.have.members([id, 'room of alice', 'both', 'new']);
        raw.close();
      });
    }
  }

  /** Holds up the next CONNECT packet of the second namespace, and none after it. */
  function slowMiddleware(): { readonly reached: Promise<void>; letPass(): void } {
    const held: (() => void)[] = [];
    const reached = new Promise<void>((resolve) => {
      world.io.of('/chat').use((_socket, next) => {
        if (held.push(next) > 1) next();
        else resolve();
      });
    });
    return { reached, letPass: () => held[0]?.() };
  }

  for (const handshake of [false, true]) {
    it(`refuses it if another user has logged in while a middleware ran: ${handshake ? 'handshake' : 'event'} mode`, async () => {
      await guard({ handshake }, false);
      const back = await dropped();
      const middleware = slowMiddleware();
      const raw = await RawClient.open(world.url, 'websocket');
      const alice = handshake ? createToken({ sub: 'alice' }) : undefined;
      raw.send(RawClient.connect({ ...back, token: alice }, '/chat'));
      await middleware.reached;
      raw.send(RawClient.connect({ token: createToken({ sub: 'bob' }) }));
      await raw.next('EVENT');
      middleware.letPass();
      expect(await raw.next('EVENT')).to.have.nested.property('[1].data.code', 'identity_mismatch');
      await raw.next('DISCONNECT');
      expect(socketAt('/chat')).to.equal(undefined);
      expect(socketAt('/')).to.have.nested.property('data.auth.claims.sub', 'bob');
      expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
      raw.close();
    });
  }

  it('leaves nothing of it behind: after a logout, a namespace is restored by its recovery id alone', async () => {
    await guard({}, false);
    const [ofAlice, ofCarol] = [await dropped(), await dropped({ sub: 'carol' })];
    const middleware = slowMiddleware();
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(RawClient.connect({ ...ofAlice, token: createToken({ sub: 'alice' }) }, '/chat'));
    await middleware.reached;
    raw.send(RawClient.connect({ token: createToken({ sub: 'bob' }) }));
    await raw.next('EVENT');
    middleware.letPass();
    await raw.next('DISCONNECT');
    raw.send(RawClient.event('deauthenticate'));
    while (auth.stats().authenticated > 0) await aTurn();
    raw.send(RawClient.connect(ofCarol, '/chat'));
    while (auth.stats().authenticated < 2) await aTurn();
    expect(socketAt('/chat'))
      .to.include({ recovered: true })
      .and.to.have.nested.property('data.auth.claims.sub', 'carol');
    raw.close();
  });

  it('refuses it if the token of another user is verified by then, and lets that user in', async () => {
    const verifying: (() => void)[] = [];
    const validate = ({ sub }: { sub?: string }): Promise<void> | undefined =>
      sub === 'bob' ? new Promise((resolve) => void verifying.push(resolve)) : undefined;
    await guard({ validate }, false);
    const back = await dropped();
    const middleware = slowMiddleware();
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(RawClient.connect(back, '/chat'));
    await middleware.reached;
    raw.send(RawClient.connect({ token: createToken({ sub: 'bob' }) }));
    while (verifying.length === 0) await aTurn();
    middleware.letPass();
    expect(await raw.next('EVENT')).to.have.nested.property('[1].data.code', 'authentication_in_progress');
    await raw.next('DISCONNECT');
    verifying[0]?.();
    await raw.next('EVENT');
    expect(socketAt('/')).to.have.nested.property('data.auth.claims.sub', 'bob');
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
    raw.close();
  });
});

describe('connectionStateRecovery, in handshake mode with skipMiddlewares: false', () => {
  it('keeps the session of a client that shows its recovery id without a token, and sends it nothing', async () => {
    const world = await new World({ connectionStateRecovery: { skipMiddlewares: false } }).listen();
    const auth = world.authorize({ handshake: true });
    auth.attach(world.io);
    const token = createToken({ sub: 'alice' });
    let raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect({ token }));
    const { pid } = (await raw.next('CONNECT')) as { pid: string };
    world.io.emit('offset');
    let offset: unknown;
    while (typeof offset !== 'string') {
      const event = (await raw.next('EVENT')) as unknown[];
      if (event[0] === 'offset') offset = event.at(-1);
    }
    raw.close();
    while (auth.stats().authenticated > 0) await aTurn();
    world.io.emit('missed');
    raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect({ pid, offset }));
    expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'credentials_required');
    expect(raw.inbox.all('EVENT')).to.deep.equal([]);
    raw.send(RawClient.connect({ pid, offset, token }));
    expect(await raw.next('EVENT')).to.include('missed');
    raw.close();
    await world.close();
  });
});
