import { once } from 'node:events';
import { expect } from 'chai';
import { PollingSession } from '../support/polling-session';
import { refusal, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { World } from '../support/world';

describe('an unusual connection', () => {
  let world: World;
  let unharmed: Unharmed;

  beforeEach(() => {
    unharmed = new Unharmed();
  });

  afterEach(async () => {
    await world.close();
    unharmed.close();
  });

  it('without an HTTP request, as over WebTransport: a first authenticate without a token is refused', async () => {
    world = await new World().listen();
    world.io.engine.on('connection', (connection: { request: unknown }) => {
      connection.request = null;
    });
    world.authorize().attach(world.io);
    const client = await world.connected();
    client.socket.emit('authenticate');
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'malformed' });
    expect(await show(client, createToken())).to.include({ ok: true });
  });

  it('with Engine.IO 3, where all sockets of a namespace have one id: 50 CONNECT packets make one socket', async () => {
    world = await new World({ allowEIO3: true }).listen();
    const auth = world.authorize({ required: false });
    const guarded = world.io.of('/x');
    auth.attach(guarded);
    const session = await PollingSession.open(world.url, 3);
    await session.send(...Array.from({ length: 50 }, () => '0/x'));
    expect(guarded.sockets.size).to.equal(1);
    expect(auth.stats()).to.include({ pending: 1 });
    const [socket] = guarded.sockets.values();
    guarded.emit('news');
    expect([...(socket?.rooms ?? [])]).to.deep.equal([socket?.id]);
    await session.send(`2/x,["authenticate",{"token":"${createToken()}"}]`);
    expect(auth.stats()).to.include({ authenticated: 1 });
    // Whatever is sent to all, or to its id, reaches it.
    const own = [[socket?.id, new Set([socket?.id])]];
    expect([...guarded.adapter.sids]).to.deep.equal(own);
    expect([...guarded.adapter.rooms]).to.deep.equal(own);
    const gone = once(socket as never, 'disconnect');
    await session.close();
    await gone;
    expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
    expect(guarded.sockets.size).to.equal(0);
    expect(guarded.adapter.rooms.size).to.equal(0);
    expect(guarded.adapter.sids.size).to.equal(0);
  });

  it("with one session after the other, under scope: 'connection', accumulates no listeners", async () => {
    world = await new World().listen();
    const auth = world.authorize({ scope: 'connection', timeout: 20 });
    auth.attach(world.io);
    world.io.of('/open');
    const keep = await world.connected('/open');
    const socket = keep.socket.io.socket('/', {});
    for (let times = 0; times < 12; times += 1) {
      await once(socket as never, 'disconnect');
      socket.connect();
    }
    await once(socket as never, 'disconnect');
    expect(auth.stats()).to.include({ timedOut: 13, pending: 0 });
  });

  it('with a logout and a login as another user, while a middleware delays a message: the message is dropped', async () => {
    world = await new World().listen();
    const auth = world.authorize();
    const heard: unknown[] = [];
    const held: (() => void)[] = [];
    auth.attach(world.io);
    world.io.on('connection', (socket) => {
      socket.use(([event], next) => (event === 'held' ? void held.push(next) : next()));
      for (const event of ['held', 'now']) {
        socket.on(event, () =>
          heard.push([event, (socket as never as { decoded_token: { sub: string } }).decoded_token.sub]),
        );
      }
      socket.on('now', (reply: () => void) => reply());
    });
    const client = await world.connected();
    await show(client, createToken({ sub: 'bob' }));
    client.socket.emit('held');
    await client.socket.emitWithAck('deauthenticate');
    await show(client, createToken({ sub: 'eve' }));
    for (const next of held) next();
    await client.socket.emitWithAck('now');
    expect(heard).to.deep.equal([['now', 'eve']]);
    client.socket.emit('held');
    await show(client, createToken({ sub: 'eve' }));
    expect(held).to.have.length(2);
    held[1]?.();
    await client.socket.emitWithAck('now');
    expect(heard).to.deep.include(['held', 'eve']);
  });
});
