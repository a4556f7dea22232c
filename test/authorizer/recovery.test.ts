import { expect } from 'chai';
import type { AnyNamespace, Authorizer } from '../../lib';
import { adapterOf } from '../../lib/socket-io/inside';
import type { Adapter } from '../../lib/socket-io/inside';
import { freshWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { cutOff, giveOffset, recoveryIdOf, returning } from '../support/recovery';
import type { RecoveryId } from '../support/recovery';
import { refusal, show } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import type { TestOptions } from '../support/world';
import { TestClient } from '../support/world';

describe("the adapter's copy of a session", () => {
  const { world } = freshWorld({ connectionStateRecovery: {} });
  let auth: Authorizer;
  let adapter: Required<Adapter>;

  beforeEach(() => {
    adapter = adapterOf(world.io.of('/') as AnyNamespace) as Required<Adapter>;
  });

  /** A client that comes back, to a server whose adapter does as the test says. */
  async function comeBack(): Promise<TestClient> {
    auth = world.authorize({ rooms: () => ['user:bob'] });
    auth.attach(world.io);
    const client = await world.connected();
    await show(client, createToken({ sub: 'bob' }));
    await giveOffset(client, world.io);
    await cutOff(client, world);
    world.io.emit('missed');
    const back = returning(world, recoveryIdOf(client));
    await back.until('connect');
    return back;
  }

  type Kept = { kept?: Record<string, unknown>; since?: unknown };
  const damages: [what: string, damage: (stored: Kept) => Kept | undefined][] = [
    ['nothing of the library', () => undefined],
    ['no session', ({ since }) => ({ since })],
    ['no place among the packets', ({ kept }) => ({ kept: kept ?? {} })],
    ['an empty session', (stored) => ({ ...stored, kept: {} })],
    ['a session without rooms', ({ since, kept }) => ({ since, kept: { session: kept?.session } })],
    ['a text as rooms', ({ since, kept }) => ({ since, kept: { ...kept, rooms: 'user:bob' } })],
    ['rooms without a session', ({ since, kept }) => ({ since, kept: { rooms: kept?.rooms } })],
    ['null as session', ({ since, kept }) => ({ since, kept: { ...kept, session: null } })],
    [
      'a session that is something else',
      ({ since, kept }) => ({ since, kept: { ...kept, session: { sub: 'bob' } } }),
    ],
  ];
  for (const [what, damage] of damages) {
    it(`restores nothing if another version wrote it: ${what}`, async () => {
      const { persistSession } = adapter;
      adapter.persistSession = (session) => {
        const { 'socketio-authorize': stored, ...data } = session.data as Record<string, Kept>;
        persistSession.call(adapter, {
          ...session,
          data: { ...data, 'socketio-authorize': damage(stored as Kept) },
        });
      };
      const back = await comeBack();
      expect(back.socket.recovered).to.equal(false);
      expect(auth.stats()).to.include({ authenticated: 0, pending: 1 });
      const [socket] = world.io.of('/').sockets.values();
      expect([...(socket?.rooms ?? [])]).to.deep.equal([back.socket.id]);
      expect(back.received('missed')).to.deep.equal([]);
      expect(await show(back, createToken({ sub: 'bob' }))).to.include({ ok: true });
    });
  }

  it('restores the session without missed packets, if the adapter does not return them', async () => {
    const { restoreSession } = adapter;
    adapter.restoreSession = async (pid, offset) => {
      const session = await restoreSession.call(adapter, pid, offset);
      if (session === null) return null;
      const { missedPackets: _, ...rest } = session;
      return rest;
    };
    const back = await comeBack();
    await back.until('authenticated');
    expect(back.socket.recovered).to.equal(true);
    expect(back.received('missed')).to.deep.equal([]);
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
  });
});

describe("a recovery id for one namespace of a connection, under scope: 'connection',", () => {
  const { world } = freshWorld({ connectionStateRecovery: {} });
  let auth: Authorizer;
  let check: SlowCheck;
  let toldInChat: NamespaceInbox;
  let id: RecoveryId;

  const alice = createToken({ sub: 'alice' });

  beforeEach(async () => {
    check = new SlowCheck();
    check.isSlow = false;
    const options: TestOptions = { scope: 'connection', validate: check.check };
    auth = world.authorize(options);
    auth.attach(world.io);
    auth.attach(world.io.of('/chat'));
    const client = world.client('/chat', { auth: { token: alice } });
    await client.until('authenticated');
    await giveOffset(client, world.io.of('/chat'));
    await cutOff(client, world, '/chat');
    world.io.of('/chat').emit('missed');
    toldInChat = new NamespaceInbox(world.io.of('/chat'));
    id = recoveryIdOf(client);
    check.asked = 0;
  });

  /** A client that has shown a token to the main namespace. */
  function connect(token: string): TestClient {
    const client = world.client('/', { auth: { token }, autoConnect: false });
    client.socket.connect();
    return client;
  }

  /** The namespace of the recovery id, on the connection of that client. */
  function resume(client: TestClient, token?: string): TestClient {
    // Else a socket of an open manager connects at once, without the recovery id.
    (client.socket.io as unknown as { _autoConnect: boolean })._autoConnect = false;
    const chat = new TestClient(
      client.socket.io.socket('/chat', token === undefined ? {} : { auth: { token } }),
    );
    Object.assign(chat.socket, { _pid: id.pid, _lastOffset: id.offset });
    chat.socket.connect();
    (client.socket.io as unknown as { _autoConnect: boolean })._autoConnect = true;
    return chat;
  }

  it('restores nothing while a token is being verified, because its user is not known yet', async () => {
    check.isSlow = true;
    const client = connect(alice);
    await check.untilAsked();
    const chat = resume(client);
    await chat.until('connect');
    expect(chat.socket.recovered).to.equal(false);
    check.open();
    for (const one of [client, chat]) await one.until('authenticated');
    expect(chat.received('missed')).to.deep.equal([]);
    expect(auth.stats()).to.include({ authenticated: 2, pending: 0 });
  });

  for (const [what, token] of [
    ['without a token', undefined],
    ["with the session's own token", alice],
  ] as const) {
    it(`restores the session of the user who is logged in, ${what}, without another verification`, async () => {
      const client = connect(alice);
      await client.until('authenticated');
      const chat = resume(client, token);
      await chat.until('authenticated');
      expect(chat.socket.recovered).to.equal(true);
      expect(check.asked).to.equal(1);
      expect(toldInChat.events).to.deep.equal(['authenticated']);
      expect(client.received('authenticated')).to.have.length(1);
    });
  }

  it('restores the session of the user who is logged in, and takes another token of the same user as a renewal', async () => {
    const client = connect(alice);
    await client.until('authenticated');
    const chat = resume(client, createToken({ sub: 'alice', jti: 'second' }));
    for (let times = 0; times < 2; times += 1) await chat.until('authenticated');
    expect(chat.socket.recovered).to.equal(true);
    expect(check.asked).to.equal(2);
    expect(toldInChat.events).to.deep.equal(['authenticated', 'reauthenticated']);
  });

  it('restores nothing with the token of another user, which is refused, and nobody is logged out', async () => {
    const client = connect(alice);
    await client.until('authenticated');
    const chat = resume(client, createToken({ sub: 'eve' }));
    expect(await refusal(chat)).to.include({ code: 'identity_mismatch' });
    expect(chat.socket.recovered).to.equal(false);
    expect(chat.received('missed')).to.deep.equal([]);
    expect(toldInChat.events).to.not.include('deauthenticated');
  });

  it('restores nothing if another user is logged in', async () => {
    const client = connect(createToken({ sub: 'eve' }));
    await client.until('authenticated');
    const chat = resume(client);
    await chat.until('authenticated');
    expect(chat.socket.recovered).to.equal(false);
    expect(chat.received('missed')).to.deep.equal([]);
    const [socket] = world.io.of('/chat').sockets.values();
    expect(socket).to.have.nested.property('decoded_token.sub', 'eve');
  });

  describe('while the adapter looks up the session,', () => {
    let found: () => void;
    let asked: Promise<void>;
    let open: TestClient;
    let chat: TestClient;

    beforeEach(async () => {
      world.io.of('/open');
      const adapter = adapterOf(world.io.of('/chat') as AnyNamespace) as Required<Adapter>;
      const { restoreSession } = adapter;
      const search = new Promise<void>((resolve) => {
        found = resolve;
      });
      asked = new Promise((resolve) => {
        adapter.restoreSession = async (pid, offset) => {
          resolve();
          await search;
          return restoreSession.call(adapter, pid, offset);
        };
      });
      open = await world.connected('/open');
      chat = resume(open);
      await asked;
    });

    const join = (token: string): TestClient =>
      new TestClient(open.socket.io.socket('/', { auth: { token } }));

    it('restores nothing if a verification has begun meanwhile', async () => {
      check.isSlow = true;
      const client = join(alice);
      await check.untilAsked();
      found();
      await chat.until('connect');
      expect(chat.socket.recovered).to.equal(false);
      check.open();
      for (const one of [client, chat]) await one.until('authenticated');
      expect(chat.received('missed')).to.deep.equal([]);
    });

    for (const [sub, isHers] of [
      ['alice', true],
      ['eve', false],
    ] as const) {
      it(`restores ${isHers ? 'it' : 'nothing'} if ${isHers ? 'the same' : 'another'} user has logged in meanwhile`, async () => {
        await join(createToken({ sub })).until('authenticated');
        found();
        await chat.until('authenticated');
        expect(chat.socket.recovered).to.equal(isHers);
        expect(chat.received('missed')).to.have.length(isHers ? 1 : 0);
        const [socket] = world.io.of('/chat').sockets.values();
        expect(socket).to.have.nested.property('decoded_token.sub', sub);
      });
    }
  });
});
