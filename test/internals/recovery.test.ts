/** What the head of `lib/socket-io/recovery.ts` says of Socket.IO, line by line; and that `resume` does what Socket.IO does. */
import { expect } from 'chai';
import type { ServerOptions, Socket } from 'socket.io';
import type { AnyNamespace, AnySocket } from '../../lib';
import { adapterOf, inside } from '../../lib/socket-io/inside';
import type { Adapter, Client, PersistedSession } from '../../lib/socket-io/inside';
import { guardRecovery } from '../../lib/socket-io/recovery';
import { RawClient } from '../support/raw-client';
import { BareWorld, next, REDIS_ADAPTERS, spyOn, withRedis } from './kit';

/** What Socket.IO sends with CONNECT to a client that may come back. */
interface Connected {
  sid: string;
  pid: string;
}

interface Dropped extends Connected {
  readonly offset: string;
}

type Create = (client: Client, auth: Record<string, unknown>) => Promise<AnySocket>;
type Creator = { _createSocket: Create };

describe('recovery relies on socket.io:', () => {
  let world: BareWorld;
  let adapter: Required<Adapter>;

  async function start(options: Partial<ServerOptions> = {}): Promise<void> {
    world = await BareWorld.start('socket.io', { connectionStateRecovery: {}, ...options });
    adapter = adapterOf(world.io.of('/') as AnyNamespace) as Required<Adapter>;
  }

  afterEach(() => world.close());

  /** A client that had a packet, was in rooms, and dropped. */
  async function dropped(): Promise<Dropped> {
    const raw = await world.raw();
    const connection = next<[Socket]>(world.io, 'connection');
    raw.send(RawClient.connect());
    const { sid, pid } = (await raw.next('CONNECT')) as Connected;
    const [socket] = await connection;
    await socket.join(['one', 'two']);
    socket.data = { from: 'the test' };
    world.io.emit('offset');
    const [, offset] = (await raw.next('EVENT')) as [string, string];
    const gone = next(socket, 'disconnect');
    raw.close();
    await gone;
    return { sid, pid, offset };
  }

  async function comeBack(auth: object): Promise<{ raw: RawClient; socket: Socket; told: Connected }> {
    const raw = await world.raw();
    const connection = next<[Socket]>(world.io, 'connection');
    raw.send(RawClient.connect(auth));
    const told = (await raw.next('CONNECT')) as Connected;
    const [socket] = await connection;
    return { raw, socket, told };
  }

  it('_createSocket makes the socket of each CONNECT packet, with its payload, before any middleware', async () => {
    await start();
    const order: unknown[] = [];
    const creator = world.io.of('/') as unknown as Creator;
    const create = creator._createSocket;
    let made: unknown;
    creator._createSocket = async function spy(this: unknown, ...args) {
      order.push('begins', args[1]);
      made = await create.apply(this as never, args);
      order.push('ends');
      return made as AnySocket;
    };
    world.io.use((socket, proceed) => {
      order.push('use', socket === made);
      proceed();
    });
    const { raw, socket } = await comeBack({ token: 'x' });
    expect(order).to.deep.equal(['begins', { token: 'x' }, 'ends', 'use', true]);
    expect(socket.handshake.auth).to.deep.equal({ token: 'x' });
    raw.close();
  });

  it('_createSocket asks restoreSession for pid and offset if both are strings, and does not if one is missing', async () => {
    await start();
    const asked: unknown[] = [];
    spyOn(adapter, 'restoreSession', (...args) => asked.push(args));
    const { pid, offset } = await dropped();
    for (const auth of [{}, { pid }, { offset }, { pid, offset: 1 }, { pid: 1, offset }]) {
      const { raw, socket } = await comeBack(auth);
      expect(socket.recovered).to.equal(false);
      raw.close();
    }
    expect(asked).to.deep.equal([]);
    const { raw, socket } = await comeBack({ pid, offset });
    expect(socket.recovered).to.equal(true);
    expect(asked).to.deep.equal([[pid, offset]]);
    raw.close();
  });

  it('a recovered socket passes every middleware, unless skipMiddlewares is false', async () => {
    for (const [skipMiddlewares, expected] of [
      [true, 1],
      [false, 2],
    ] as const) {
      await start({ connectionStateRecovery: { skipMiddlewares } });
      let calls = 0;
      world.io.use((_socket, proceed) => {
        calls += 1;
        proceed();
      });
      const former = await dropped();
      const { raw, socket } = await comeBack(former);
      expect([socket.recovered, calls]).to.deep.equal([true, expected]);
      raw.close();
      if (skipMiddlewares) await world.close();
    }
  });

  it('the socket that _createSocket returns is used as it is: its id, its pid, and whether it is recovered', async () => {
    await start();
    const creator = world.io.of('/') as unknown as Creator;
    const create = creator._createSocket;
    creator._createSocket = async function restore(this: unknown, ...args) {
      const made = inside(await create.apply(this as never, args));
      made.id = 'the former id';
      made.pid = 'the former pid';
      made.recovered = true;
      return made as unknown as AnySocket;
    };
    world.io.use((_socket, proceed) => proceed(new Error('no')));
    const { raw, socket, told } = await comeBack({});
    expect(told).to.deep.equal({ sid: 'the former id', pid: 'the former pid' });
    expect(world.io.of('/').sockets.get('the former id')).to.equal(socket);
    expect(adapter.rooms.get('the former id')).to.deep.equal(new Set(['the former id']));
    raw.close();
  });

  it('persistSession keeps the sid, pid, rooms and data of a dropped socket, which is still among the sockets', async () => {
    await start();
    const kept: PersistedSession[] = [];
    const wasThere: boolean[] = [];
    spyOn(adapter, 'persistSession', (session: PersistedSession) => {
      kept.push({ ...session });
      wasThere.push(world.io.of('/').sockets.has(session.sid));
    });
    const { sid, pid } = await dropped();
    expect(kept).to.deep.equal([{ sid, pid, rooms: [sid, 'one', 'two'], data: { from: 'the test' } }]);
    expect(wasThere).to.deep.equal([true]);
  });

  it('the session of a socket that the client or the server has disconnected is not kept', async () => {
    await start();
    let calls = 0;
    spyOn(adapter, 'persistSession', () => (calls += 1));
    for (const end of ['client', 'server', 'connection']) {
      const { client, socket } = await world.pair();
      const gone = next(socket, 'disconnect');
      if (end === 'client') client.socket.disconnect();
      else socket.disconnect(end === 'connection');
      await gone;
    }
    expect(calls).to.equal(0);
  });

  it('restoreSession returns the session that persistSession was given, even a changed one', async () => {
    await start();
    const { persistSession, restoreSession } = adapter;
    adapter.persistSession = (session) => persistSession.call(adapter, { ...session, data: { by: 'us' } });
    const restored: (PersistedSession | null)[] = [];
    adapter.restoreSession = async (pid, offset) => {
      const session = await restoreSession.call(adapter, pid, offset);
      restored.push(session);
      return session;
    };
    const former = await dropped();
    const { raw, socket } = await comeBack(former);
    expect(socket.data).to.equal(restored[0]?.data);
    expect(socket.data).to.deep.equal({ by: 'us' });
    raw.close();
  });

  it('the in-memory adapter returns one session any number of times, with the same object as data', async () => {
    await start();
    const { pid, offset } = await dropped();
    const first = await adapter.restoreSession(pid, offset);
    const second = await adapter.restoreSession(pid, offset);
    expect(first?.data).to.be.an('object');
    expect(second?.data).to.equal(first?.data);
  });

  it('the in-memory adapter returns null if there is no such session or offset', async () => {
    await start();
    const { pid, offset } = await dropped();
    expect(await adapter.restoreSession('no pid', offset)).to.equal(null);
    expect(await adapter.restoreSession(pid, 'no offset')).to.equal(null);
  });

  /** Everything that a client and its server see of a reconnection, with names instead of ids. */
  async function recover(isByResume: boolean): Promise<Record<string, unknown>> {
    await start();
    if (isByResume) {
      guardRecovery(world.io.of('/') as AnyNamespace, {
        keep: () => ({ by: 'us' }),
        mayAsk: () => ({ userKey: undefined }),
        stillHolds: () => Promise.resolve(true),
        isMeant: () => true,
      });
    }
    let middlewares = 0;
    world.io.use((_socket, proceed) => {
      middlewares += 1;
      proceed();
    });
    const former = await dropped();
    const { pid, offset } = former;
    const sent: string[] = [];
    spyOn(adapter, '_encode', ({ data }: { data: unknown[] }) => sent.push(String(data.at(-1))));
    world.io.emit('missed', 'by all');
    world.io.to('one').emit('missed', 'by a room', { and: 'more' });
    world.io.to('three').emit('missed', 'by others');
    world.io.to(former.sid).emit('missed', { by: 'itself' });
    world.io.except('two').emit('missed', 'but for a room');
    const { raw, socket, told } = await comeBack({ pid, offset });
    const nameOf = (value: unknown): unknown => {
      const names = new Map<unknown, string>([
        [former.sid, 'the former id'],
        [former.pid, 'the former pid'],
        ...sent.map((one, index): [string, string] => [one, `offset ${index}`]),
      ]);
      return names.get(value) ?? value;
    };
    const own = inside(socket as AnySocket);
    const seen = {
      id: nameOf(own.id),
      pid: nameOf(own.pid),
      data: own.data,
      recovered: own.recovered,
      connected: own.connected,
      rooms: Array.from(socket.rooms, nameOf),
      inRooms: [...adapter.rooms].filter(([, ids]) => ids.has(own.id)).map(([room]) => nameOf(room)),
      isListed: world.io.of('/').sockets.get(own.id) === socket,
      isOfConnection: own.client.sockets.get(own.id) === socket && own.client.nsps.get('/') === socket,
      told: { sid: nameOf(told.sid), pid: nameOf(told.pid) },
      packets: raw.inbox.events,
      missed: raw.inbox.all('EVENT').map(([data]) => (data as unknown[]).map(nameOf)),
      members: Object.keys(socket),
      middlewares,
    };
    raw.close();
    await world.close();
    return seen;
  }

  it('a socket that Socket.IO restores, and one that `resume` restores, are alike in every field and packet', async () => {
    const [bySocketIo, byResume] = [await recover(false), await recover(true)];
    expect(bySocketIo).to.deep.include({
      id: 'the former id',
      pid: 'the former pid',
      data: { from: 'the test' },
      recovered: true,
      connected: true,
      rooms: ['the former id', 'one', 'two'],
      told: { sid: 'the former id', pid: 'the former pid' },
      middlewares: 1,
      missed: [
        ['missed', 'by all', 'offset 0'],
        ['missed', 'by a room', { and: 'more' }, 'offset 1'],
        ['missed', { by: 'itself' }, 'offset 3'],
      ],
    });
    for (const [field, value] of Object.entries(bySocketIo))
      expect(byResume[field], field).to.deep.equal(value);
    expect(byResume).to.have.all.keys(Object.keys(bySocketIo));
  });
});

describe('an adapter that knows nothing of recovery, as those from before Socket.IO 4.6', () => {
  it('is left as it is', async () => {
    const world = await BareWorld.start('socket.io', { connectionStateRecovery: {} });
    const namespace = world.io.of('/') as AnyNamespace;
    const adapter = adapterOf(namespace);
    Object.assign(adapter, { persistSession: undefined, restoreSession: undefined });
    const encode = adapter._encode;
    guardRecovery(namespace, undefined as never);
    expect(adapter.persistSession).to.equal(undefined);
    expect(adapter._encode).to.equal(encode);
    await world.close();
  });
});

describe('recovery relies on the adapter for Redis streams:', () => {
  const redis = withRedis();
  const [, create] = REDIS_ADAPTERS.find(([name]) => name === 'redis-streams') as (typeof REDIS_ADAPTERS)[0];

  it('restoreSession rejects if there is no such session or offset', async () => {
    const world = await BareWorld.start('socket.io', {
      connectionStateRecovery: {},
      adapter: await create(redis()),
    });
    const adapter = adapterOf(world.io.of('/') as AnyNamespace) as Required<Adapter>;
    for (const offset of ['1-1', 'no offset']) {
      const outcome = Promise.resolve(adapter.restoreSession('no pid', offset)).then(
        () => 'restored',
        () => 'rejected',
      );
      expect(await outcome).to.equal('rejected');
    }
    await world.close();
  });
});
