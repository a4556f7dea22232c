import { expect } from 'chai';
import { sign } from 'jsonwebtoken';
import type { AnySocket, Authorizer, JwtClaims } from '../../lib';
import { NamespaceInbox } from '../support/namespace-inbox';
import { RawClient } from '../support/raw-client';
import { cutOff, giveOffset, recoveryIdOf, returning } from '../support/recovery';
import type { RecoveryId } from '../support/recovery';
import { connectError, refusal, show } from '../support/refusals';
import { createToken, SECRET } from '../support/tokens';
import { World } from '../support/world';
import type { ClientOptions, TestClient, TestOptions } from '../support/world';

type Row = [what: string, first: object | string, second: object | string, options?: TestOptions];

const modes = [
  { handshake: false, skipMiddlewares: true },
  { handshake: true, skipMiddlewares: true },
  { handshake: true, skipMiddlewares: false },
] as const;
const byEmail = { userClaim: 'email' };
const byTenant = { userClaim: ({ tenant, id }: JwtClaims) => `${String(tenant)}/${String(id)}` };
const writing: TestOptions = {
  validate: (claims) => {
    claims.loadedAt = Math.random();
    claims.sub = 'shared';
  },
};

/** Two tokens of one user. */
const same: Row[] = [
  ['with one sub', { sub: 'a', jti: '1' }, { sub: 'a', jti: '2', role: 'admin', exp: 9e9 }],
  ['with one sub, as number and as text', { sub: 7 }, { sub: '7' }],
  ['with one sub and one issuer', { sub: 'a', iss: 'x' }, { sub: 'a', iss: 'x', jti: '2' }],
  [
    'that name nobody, and differ in exp, iat, nbf and jti',
    { id: 1, jti: '1' },
    { id: 1, jti: '2', iat: 9, exp: 9e9, nbf: 8 },
  ],
  [
    'that name nobody, with their claims in another order',
    { id: 1, user: { a: 1, b: [2] } },
    { user: { b: [2], a: 1 }, id: 1 },
  ],
  ['with one email, which names the user', { sub: 'a', email: 'a@x' }, { sub: 'b', email: 'a@x' }, byEmail],
  [
    'with one name by a function',
    { tenant: 't', id: 1, sub: 'a' },
    { tenant: 't', id: 1, sub: 'b' },
    byTenant,
  ],
  ['that name nobody, where validate writes into the claims', { id: 1 }, { id: 1, jti: '2' }, writing],
];

/** Two tokens of two users. */
const different: Row[] = [
  ['with two subs', { sub: 'a' }, { sub: 'b' }],
  ['with one sub of two issuers', { sub: 'a', iss: 'x' }, { sub: 'a', iss: 'y' }],
  ['with one sub, one without an issuer', { sub: 'a', iss: 'x' }, { sub: 'a' }],
  ['whose sub and issuer are exchanged', { sub: 'a', iss: 'b' }, { sub: 'b', iss: 'a' }],
  ['that name nobody', { id: 1 }, { id: 2 }],
  ['that name nobody, with one more claim', { id: 1 }, { id: 1, admin: true }],
  ['that name nobody, deep inside', { user: { id: [1] } }, { user: { id: [2] } }],
  ['of which one names nobody', { sub: 'a', id: 1 }, { id: 1 }],
  ['whose sub is empty', { sub: '', id: 1 }, { sub: '', id: 2 }],
  ['whose sub is no text', '{"sub":{"id":1}}', '{"sub":{"id":2}}'],
  ['that differ in what objects inherit', '{"id":1,"__proto__":{"a":1}}', '{"id":1,"__proto__":{"a":2}}'],
  [
    'with one sub, and two emails that name the user',
    { sub: 'a', email: 'a@x' },
    { sub: 'a', email: 'b@x' },
    byEmail,
  ],
  [
    'with two names by a function',
    { tenant: 't', id: 1, sub: 'a' },
    { tenant: 'u', id: 1, sub: 'a' },
    byTenant,
  ],
  ['with two subs, where validate writes one into both', { sub: 'a' }, { sub: 'b' }, writing],
  ['that name nobody, where validate writes a sub into both', { id: 1 }, { id: 2 }, writing],
];

describe('the user of a session', () => {
  let world: World;
  let auth: Authorizer;
  let told: NamespaceInbox;

  afterEach(() => world.close());

  async function guard(options: TestOptions = {}, skipMiddlewares = true): Promise<void> {
    world = await new World({ connectionStateRecovery: { skipMiddlewares } }).listen();
    told = new NamespaceInbox(world.io.of('/'));
    auth = world.authorize(options);
    auth.attach(world.io).on('authenticated', (socket: AnySocket) => {
      if (told.all('authenticated').length === 1) void socket.join('room');
    });
  }

  function serverSide(client: TestClient): AnySocket {
    return world.io.of('/').sockets.get(String(client.socket.id)) as AnySocket;
  }

  /** A client that logs in, and whose connection drops; the room is told something meanwhile. */
  async function dropped(token: string): Promise<RecoveryId & { id: string }> {
    const client = world.client('/', { auth: { token } });
    await client.until('authenticated');
    await giveOffset(client, world.io);
    const known = { ...recoveryIdOf(client), id: String(client.socket.id) };
    await cutOff(client, world);
    world.io.to('room').emit('missed');
    return known;
  }

  async function comesBack(known: RecoveryId, options: ClientOptions): Promise<TestClient> {
    const client = returning(world, known, options);
    await client.until('authenticated');
    return client;
  }

  for (const [what, first, second, options] of same) {
    it(`may renew it with a token ${what}`, async () => {
      await guard(options);
      const client = await world.connected();
      expect(await show(client, tokenOf(first))).to.include({ ok: true });
      expect(await show(client, tokenOf(second))).to.include({ ok: true });
      expect(told.events).to.deep.equal(['authenticated', 'reauthenticated']);
    });

    for (const { handshake, skipMiddlewares } of modes) {
      const how = `handshake: ${handshake}, skipMiddlewares: ${skipMiddlewares}`;
      it(`gets it back with a token ${what}, and may renew it again, ${how}`, async () => {
        await guard({ handshake, ...options }, skipMiddlewares);
        const { id, ...known } = await dropped(tokenOf(first));
        const token = tokenOf(second);
        const client = await comesBack(known, { auth: { token } });
        expect(client.socket).to.include({ recovered: true, id });
        expect(client.received('missed')).to.have.length(1);
        expect([...serverSide(client).rooms]).to.have.members([id, 'room']);
        expect(await show(client, tokenOf(first))).to.include({ ok: true });
        expect(await show(client, token)).to.include({ ok: true });
        expect(serverSide(client)).to.have.property('encoded_token', token);
        expect(told.codes).to.deep.equal([]);
        expect(told.events.slice(0, 2)).to.deep.equal(['authenticated', 'authenticated']);
      });
    }
  }

  for (const [what, first, second, options] of different) {
    it(`is not changed by a renewal with a token ${what}`, async () => {
      await guard(options);
      const client = await world.connected();
      const token = tokenOf(first);
      expect(await show(client, token)).to.include({ ok: true });
      expect((await show(client, tokenOf(second))).error).to.include({
        code: 'identity_mismatch',
        retryable: false,
      });
      expect(serverSide(client)).to.have.property('encoded_token', token);
      expect([...serverSide(client).rooms]).to.include('room');
      expect(told.all('reauthenticated')).to.deep.equal([]);
    });

    for (const { handshake, skipMiddlewares } of modes) {
      const how = `handshake: ${handshake}, skipMiddlewares: ${skipMiddlewares}`;
      it(`gets a new session instead of the old one with a token ${what}, ${how}`, async () => {
        await guard({ handshake, ...options }, skipMiddlewares);
        const { id, ...known } = await dropped(tokenOf(first));
        const token = tokenOf(second);
        const client = await comesBack(known, { auth: { token } });
        expect(client.socket.recovered).to.equal(false);
        expect(client.socket.id).to.not.equal(id);
        expect(serverSide(client)).to.have.property('encoded_token', token);
        expect([...serverSide(client).rooms]).to.deep.equal([client.socket.id]);
        expect(client.received('missed')).to.deep.equal([]);
        expect(told.codes).to.deep.equal([]);
      });
    }
  }

  it('does not get it back once another socket has joined the room of its id: private messages would go to both', async () => {
    await guard({ rooms: ({ room }) => (typeof room === 'string' ? [room] : []) });
    const { id, ...known } = await dropped(tokenOf({ sub: 'a' }));
    const thief = world.client('/', { auth: { token: tokenOf({ sub: 'eve', room: id }) } });
    await thief.until('authenticated');
    const client = await comesBack(known, { auth: { token: tokenOf({ sub: 'a' }) } });
    expect(client.socket.recovered).to.equal(false);
    expect(client.socket.id).to.not.equal(id);
    serverSide(client).emit('private');
    world.io.to(String(client.socket.id)).emit('private');
    await client.until('private');
    expect(thief.received('private')).to.deep.equal([]);
  });

  it('stays the same after a recovery without a token, and can renew', async () => {
    let verified = 0;
    await guard({ validate: () => void (verified += 1) });
    const { id, ...known } = await dropped(createToken({ id: 1 }));
    const client = await comesBack(known, {});
    expect(client.socket).to.include({ recovered: true, id });
    expect(verified).to.equal(1);
    expect((await show(client, createToken({ id: 2 }))).error).to.include({ code: 'identity_mismatch' });
    expect(await show(client, createToken({ id: 1, jti: '2' }))).to.include({ ok: true });
  });

  it('has the claims, and the end, of the token that it came back with', async () => {
    await guard();
    const { id: _, ...known } = await dropped(createToken({ sub: 'a', role: 'user' }));
    const exp = Math.floor(Date.now() / 1000) + 60;
    const client = await comesBack(known, { auth: { token: createToken({ sub: 'a', role: 'admin', exp }) } });
    expect(client.socket.recovered).to.equal(true);
    await told.take('reauthenticated');
    const { auth: shared } = serverSide(client).data as { auth: { claims: object; expiresAt: number } };
    expect(shared.claims).to.include({ sub: 'a', role: 'admin' });
    expect(shared.expiresAt).to.equal(exp * 1000);
  });

  it('gets it back with the same token as before', async () => {
    await guard();
    const token = createToken({ sub: 'a' });
    const { id, ...known } = await dropped(token);
    const client = await comesBack(known, { auth: { token } });
    expect(client.socket).to.include({ recovered: true, id });
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0, refused: 0 });
  });

  const unsure: [what: string, options: (isDown: () => boolean) => TestOptions, code: string][] = [
    [
      'the key cannot be found',
      (isDown) => ({ secret: () => (isDown() ? Promise.reject(new Error('down')) : SECRET) }),
      'invalid_secret',
    ],
    [
      'the store does not answer',
      (isDown) => ({
        revocation: {
          add: () => undefined,
          isRevoked: () => {
            if (isDown()) throw new Error('down');
            return false;
          },
        },
      }),
      'revocation_unavailable',
    ],
    [
      'the limiter refuses',
      (isDown) => ({
        limiter: { consume: () => (isDown() ? Promise.reject(new Error('limit')) : undefined) },
      }),
      'rate_limited',
    ],
    [
      'the application refuses',
      (isDown) => ({
        validate: () => {
          if (isDown()) throw new Error('no');
        },
      }),
      'unknown',
    ],
  ];
  for (const [what, options, code] of unsure) {
    for (const { handshake, skipMiddlewares } of modes) {
      it(`does not get it back if ${what}, handshake: ${handshake}, skipMiddlewares: ${skipMiddlewares}`, async () => {
        let isDown = false;
        await guard({ handshake, ...options(() => isDown) }, skipMiddlewares);
        const { id, ...known } = await dropped(createToken({ sub: 'a' }));
        isDown = true;
        const client = returning(world, known, { auth: { token: createToken({ sub: 'a', jti: '2' }) } });
        const isIn = client.until('authenticated').then(() => {
          throw new Error('the client got its session back');
        });
        const error = await Promise.race([handshake ? connectError(client) : refusal(client), isIn]);
        expect(error).to.include({ code });
        expect(client.socket.id).to.not.equal(id);
        expect(client.received('missed')).to.deep.equal([]);
        expect(auth.stats()).to.include({ authenticated: 0 });
      });
    }
  }

  describe('on two namespaces of one connection', () => {
    const names = ['/', '/chat'] as const;

    /** What each namespace's listeners are told, with the sockets' ids. */
    let events: Record<string, string[]>;

    async function dropBoth(options: TestOptions): Promise<RecoveryId[]> {
      await guard(options);
      events = { '/': [], '/chat': [] };
      auth.attach(world.io.of('/chat'));
      for (const name of names)
        for (const event of ['authenticated', 'reauthenticated'])
          world.io.of(name).on(event, () => events[name]?.push(event));
      const client = world.client('/', { auth: { token: createToken({ sub: 'a' }) } });
      const chat = client.socket.io.socket('/chat', { auth: { token: createToken({ sub: 'a', jti: '2' }) } });
      const inChat = new Promise<void>((resolve) => {
        chat.on('offset', resolve);
      });
      await Promise.all([
        client.until('authenticated'),
        new Promise<void>((resolve) => {
          chat.once('authenticated', () => resolve());
        }),
      ]);
      await giveOffset(client, world.io);
      world.io.of('/chat').emit('offset');
      await inChat;
      const known = [client, { socket: chat } as TestClient].map((one) => recoveryIdOf(one));
      await cutOff(client, world, '/chat');
      for (const name of names) (events[name] as string[]).length = 0;
      return known;
    }

    for (const scope of ['connection', 'namespace'] as const) {
      for (const [how, tokens] of [
        ['both', ['3', '4']],
        ['the first', ['3', undefined]],
        ['the second', [undefined, '4']],
      ] as const) {
        it(`is reported by authenticated before reauthenticated, scope: '${scope}', a token with ${how}`, async () => {
          const known = await dropBoth({ scope });
          const raw = await RawClient.open(world.url, 'polling');
          // In one chunk: the token of the first is judged while the second comes in.
          raw.send(
            ...names.map((name, index) => {
              const token = tokens[index] && { token: createToken({ sub: 'a', jti: tokens[index] }) };
              return RawClient.connect({ ...known[index], ...token }, name);
            }),
          );
          while (names.some((name) => !events[name]?.includes('authenticated')))
            await new Promise(setImmediate);
          const renewed = scope === 'connection' ? names : names.filter((_name, index) => tokens[index]);
          while (renewed.some((name) => !events[name]?.includes('reauthenticated')))
            await new Promise(setImmediate);
          for (const name of names) expect(events[name]?.[0], name).to.equal('authenticated');
          for (const name of names)
            expect(
              events[name]?.filter((event) => event === 'authenticated'),
              name,
            ).to.have.length(1);
          expect(auth.stats()).to.include({ authenticated: 2, pending: 0, refused: 0 });
          raw.close();
        });
      }
    }
  });
});

/** Claims as text are signed as they are: objects could not be made of them without loss. */
function tokenOf(claims: object | string): string {
  return typeof claims === 'string' ? sign(claims, SECRET) : createToken(claims);
}
