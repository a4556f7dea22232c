import { expect } from 'chai';
import type { AnySocket, Authorizer } from '../../lib';
import { NamespaceInbox } from '../support/namespace-inbox';
import { RawClient } from '../support/raw-client';
import { cutOff, giveOffset, recoveryIdOf, returning } from '../support/recovery';
import type { RecoveryId } from '../support/recovery';
import { show } from '../support/refusals';
import { createToken } from '../support/tokens';
import type { ClientOptions, TestClient, TestOptions } from '../support/world';
import { World } from '../support/world';

describe('a socket that arrives', () => {
  let world: World;
  let auth: Authorizer;
  let told: NamespaceInbox;

  async function start(options: TestOptions = {}): Promise<void> {
    world = await new World({ connectionStateRecovery: {} }).listen();
    told = new NamespaceInbox(world.io.of('/'));
    auth = world.authorize(options);
  }

  afterEach(() => world.close());

  it('stays logged in when its namespace is attached after it has arrived', async () => {
    await start();
    world.io.on('connection', auth);
    world.io.on('connection', (socket) =>
      socket.on('ask', (reply: (text: string) => void) => reply('heard')),
    );
    const client = await world.connected();
    await show(client, createToken());
    auth.attach(world.io);
    expect(await client.socket.emitWithAck('ask')).to.equal('heard');
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
    expect(told.events).to.deep.equal(['authenticated']);
  });

  it('is not logged out when the server logs out a socket that has left, or that this one replaced', async () => {
    await start();
    const sockets: AnySocket[] = [];
    world.io.on('connection', (socket) => sockets.push(socket));
    auth.attach(world.io);
    const raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect(), RawClient.connect());
    for (let count = 0; count < 2; count += 1) await raw.next('CONNECT');
    raw.send(RawClient.event('authenticate', { token: createToken() }));
    await raw.next('EVENT');
    const [older, newer] = sockets as [AnySocket, AnySocket];
    expect([older.connected, newer.connected]).to.deep.equal([false, true]);
    auth.deauthenticate(older);
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
    newer.disconnect();
    auth.deauthenticate(newer);
    expect(told.events).to.deep.equal(['authenticated']);
    raw.close();
  });

  it('cannot be passed to attach', async () => {
    await start();
    const [connected] = await Promise.all([
      new Promise<AnySocket>((resolve) => {
        world.io.on('connection', resolve);
      }),
      world.connected(),
    ]);
    expect(() => auth.attach(connected as never)).to.throw(TypeError, 'attach() takes');
  });

  describe('with a recovery id', () => {
    /** A client that was logged in, and whose connection is lost. */
    async function dropped(): Promise<RecoveryId> {
      auth.attach(world.io);
      const client = await world.connected();
      await show(client, createToken());
      await giveOffset(client, world.io);
      await cutOff(client, world);
      return recoveryIdOf(client);
    }

    /** What a client is told of a wrong token that it sends when it has come back. */
    async function codesOf(client: TestClient): Promise<string[]> {
      await client.until('connect');
      const before = told.codes.length;
      await show(client, 'wrong');
      return told.codes.slice(before);
    }

    const cookie = (token: string): ClientOptions => ({ extraHeaders: { cookie: `jwt=${token}` } });

    it('and a wrong token in the HTTP request has used one attempt', async () => {
      await start({ cookie: 'jwt', maxAttempts: 2 });
      const client = returning(world, await dropped(), cookie('wrong'));
      expect(await codesOf(client)).to.deep.equal(['invalid_token', 'too_many_attempts']);
      expect(client.socket.recovered).to.equal(false);
    });

    it("and another user's token in the HTTP request has used no attempt", async () => {
      await start({ cookie: 'jwt', maxAttempts: 2 });
      const client = returning(world, await dropped(), cookie(createToken({ sub: 'eve' })));
      expect(await codesOf(client)).to.deep.equal(['invalid_token']);
      expect(client.socket.recovered).to.equal(false);
    });
  });

  it('without a recovery id has used no attempt, whatever token the HTTP request has', async () => {
    await start({ cookie: 'jwt', maxAttempts: 2 });
    auth.attach(world.io);
    const client = await world.connected('/', { extraHeaders: { cookie: 'jwt=wrong' } });
    await show(client, 'wrong');
    expect(told.codes).to.deep.equal(['invalid_token']);
  });
});
