import { expect } from 'chai';
import type { Authorizer, JwtClaims } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { connectError, refusal } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import type { TestOptions } from '../support/world';
import { TestClient } from '../support/world';

describe("a connection in handshake mode, under scope: 'connection',", () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;
  let toldInChat: NamespaceInbox;

  beforeEach(() => {
    toldInChat = new NamespaceInbox(world.io.of('/chat'));
  });

  function guard(options: TestOptions = {}): void {
    auth = world.authorize({ handshake: true, scope: 'connection', ...options });
    auth.attach(world.io);
    auth.attach(world.io.of('/chat'));
  }

  const bob = createToken({ sub: 'bob' });
  const connect = (token: string): TestClient => world.client('/', { auth: { token } });
  const join = (client: TestClient, token: string): TestClient =>
    new TestClient(client.socket.io.socket('/chat', { auth: { token } }));

  describe('that is logged in', () => {
    let check: SlowCheck;
    let client: TestClient;

    beforeEach(async () => {
      check = new SlowCheck();
      check.open();
      guard({ validate: check.check });
      client = connect(bob);
      await client.until('authenticated');
    });

    it('sends the same token to another namespace: it is not verified again', async () => {
      const chat = join(client, bob);
      await chat.until('authenticated');
      expect(check.asked).to.equal(1);
      expect([told.events, toldInChat.events]).to.deep.equal([['authenticated'], ['authenticated']]);
      expect(auth.stats()).to.include({ authenticated: 2, pending: 0, verified: 1 });
    });

    it('sends another token of the same user: both namespaces are renewed', async () => {
      const chat = join(client, createToken({ sub: 'bob', jti: 'second' }));
      for (const one of [client, chat, chat]) await one.until('authenticated');
      expect(check.asked).to.equal(2);
      for (const inbox of [told, toldInChat])
        expect(inbox.events).to.deep.equal(['authenticated', 'reauthenticated']);
      for (const namespace of ['/', '/chat']) {
        const [socket] = world.io.of(namespace).sockets.values();
        expect(socket).to.have.nested.property('decoded_token.jti', 'second');
      }
    });

    it('sends the token of another user: that is refused, and the first session stays', async () => {
      const chat = join(client, createToken({ sub: 'eve' }));
      expect(await connectError(chat)).to.include({ code: 'identity_mismatch' });
      expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
      expect(told.events).to.deep.equal(['authenticated']);
    });
  });

  it('never belongs to two users, even if their tokens are verified at the same time', async () => {
    const check = new SlowCheck();
    guard({ validate: check.check });
    const client = connect(bob);
    await check.untilAsked(1);
    const chat = join(client, createToken({ sub: 'eve' }));
    await check.untilAsked(2);
    check.open();
    await client.until('authenticated');
    expect(await refusal(chat)).to.include({ code: 'identity_mismatch' });
    await chat.until('disconnect');
    expect(toldInChat.events).to.deep.equal(['unauthorized']);
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
    const [socket] = world.io.of('/').sockets.values();
    expect(socket).to.have.nested.property('decoded_token.sub', 'bob');
  });

  it('with a guest whose token is being verified is logged in by the handshake of another namespace', async () => {
    const check = new SlowCheck();
    guard({
      validate: ({ slow }: JwtClaims) => (slow === true ? check.check() : undefined),
      fail: (_error, _socket, accept) => accept(),
    });
    const client = connect('none');
    await client.until('connect');
    client.socket.emit('authenticate', { token: createToken({ sub: 'eve', slow: true }) });
    await check.untilAsked();
    const chat = join(client, bob);
    for (const one of [client, chat]) await one.until('authenticated');
    check.open();
    expect(await refusal(client)).to.include({ code: 'not_authenticated' });
    for (const namespace of ['/', '/chat']) {
      const [socket] = world.io.of(namespace).sockets.values();
      expect(socket).to.have.nested.property('decoded_token.sub', 'bob');
    }
    expect(auth.stats()).to.include({ authenticated: 2, pending: 0 });
  });
});
