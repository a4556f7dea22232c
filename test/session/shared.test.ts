import { expect } from 'chai';
import type { Authorizer } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { refusal, show } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken, tokenEndingIn } from '../support/tokens';
import { until } from '../support/until';
import type { TestOptions } from '../support/world';
import { TestClient } from '../support/world';

describe("a session of several namespaces, under scope: 'connection',", () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;
  let toldInChat: NamespaceInbox;

  beforeEach(() => {
    toldInChat = new NamespaceInbox(world.io.of('/chat'));
  });

  function guard(options: TestOptions = {}): void {
    auth = world.authorize({ scope: 'connection', ...options });
    auth.attach(world.io);
    auth.attach(world.io.of('/chat'));
  }

  /** Another namespace on the connection of a client. */
  const join = (client: TestClient, namespace: string, token?: string): TestClient =>
    new TestClient(client.socket.io.socket(namespace, token === undefined ? {} : { auth: { token } }));

  it('refuses a socket whose rooms are refused, and continues for the others', async () => {
    guard({ rooms: (_claims, { nsp }) => (nsp.name === '/chat' ? (undefined as never) : ['user:bob']) });
    world.io.on('connection', (socket) =>
      socket.on('ask', (reply: (text: string) => void) => reply('heard')),
    );
    const client = await world.connected();
    await show(client, createToken());
    const chat = join(client, '/chat');
    expect(await refusal(chat)).to.include({ code: 'unknown' });
    await chat.until('disconnect');
    expect(toldInChat.events).to.deep.equal(['unauthorized']);
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0, refused: 1 });
    expect(await client.socket.emitWithAck('ask')).to.equal('heard');
  });

  it('does not report a socket that a listener disconnects while it connects', async () => {
    guard();
    world.io.of('/chat').on('connection', (socket) => socket.disconnect());
    const client = await world.connected();
    await show(client, createToken());
    const chat = join(client, '/chat');
    await chat.until('disconnect');
    expect(chat.inbox.events).to.deep.equal(['connect', 'disconnect']);
    expect(toldInChat.events).to.deep.equal([]);
    expect(told.events).to.deep.equal(['authenticated']);
  });

  it('reports a login no further once a listener has ended it', async () => {
    guard();
    const client = await world.connected();
    const chat = join(client, '/chat');
    await chat.until('connect');
    (world.io.of('/') as NodeJS.EventEmitter).on('authenticated', (socket) =>
      auth.deauthenticate(socket as never),
    );
    expect(await show(client, createToken())).to.have.nested.property('error.code', 'not_authenticated');
    expect(told.events).to.deep.equal(['authenticated', 'deauthenticated']);
    expect(toldInChat.events).to.deep.equal(['deauthenticated']);
    expect([client, chat].flatMap((one) => one.received('authenticated'))).to.deep.equal([]);
    expect(auth.stats()).to.include({ authenticated: 0, pending: 2 });
  });

  it('ends with its token while it has no socket: a client that returns must log in', async () => {
    const time = world.stopTime();
    guard({ onExpired: 'deauthenticate' });
    world.io.of('/open');
    const open = await world.connected('/open');
    const client = join(open, '/');
    await client.until('connect');
    await show(client, tokenEndingIn(10_000));
    client.socket.disconnect();
    await until('the socket has left', () => auth.stats().authenticated === 0);
    time.pass(10_001);
    client.socket.connect();
    await client.until('connect');
    expect(auth.stats()).to.include({ authenticated: 0, pending: 1, expired: 0 });
    const [socket] = world.io.of('/').sockets.values();
    expect(socket).to.not.have.property('decoded_token');
    expect(await show(client, createToken())).to.include({ ok: true });
  });

  it('continues while it has no socket: a client that returns in time is logged in', async () => {
    guard();
    world.io.of('/open');
    const open = await world.connected('/open');
    const client = join(open, '/');
    await client.until('connect');
    await show(client, createToken());
    client.socket.disconnect();
    await until('the socket has left', () => auth.stats().authenticated === 0);
    await client.until('authenticated');
    client.socket.connect();
    await client.until('authenticated');
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0, verified: 1 });
  });

  for (const [what, tokenOf, code] of [
    ['another token', (): string => createToken({ sub: 'bob', jti: 'second' }), 'authentication_in_progress'],
    ['the same token', (token: string): string => token, undefined],
  ] as const) {
    it(`is being logged in, and ${what} arrives with a CONNECT packet: ${code ?? 'nothing new'}`, async () => {
      const check = new SlowCheck();
      guard({ validate: check.check });
      const client = await world.connected();
      const token = createToken({ sub: 'bob' });
      client.socket.emit('authenticate', { token });
      await check.untilAsked();
      const chat = join(client, '/chat', tokenOf(token));
      if (code === undefined) await chat.until('connect');
      else expect(await refusal(chat)).to.include({ code });
      await new Promise(setImmediate);
      check.open();
      for (const one of [client, chat]) await one.until('authenticated');
      expect(toldInChat.codes).to.deep.equal(code === undefined ? [] : [code]);
      expect(check.asked).to.equal(1);
      expect(auth.stats()).to.include({ authenticated: 2, pending: 0, verified: 1 });
    });
  }
});
