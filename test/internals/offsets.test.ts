/** What the head of `lib/socket-io/offsets.ts` says of adapters, line by line, on servers that nobody guards. */
import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { AnyNamespace } from '../../lib';
import { adapterOf } from '../../lib/socket-io/inside';
import type { EventPacket } from '../../lib/socket-io/event-packet';
import { comesAfter } from '../../lib/socket-io/offsets';
import { BareWorld, REDIS_ADAPTERS, spyOn, withRedis } from './kit';

/** What `_encode` of a server's adapter gets: of each packet the last of its data, and what else is looked at. */
interface Encoded {
  readonly event: unknown;
  readonly last: unknown;
  readonly type: number;
  readonly id: number | undefined;
  readonly volatile: boolean | undefined;
}

function watch(world: BareWorld): Encoded[] {
  const seen: Encoded[] = [];
  const adapter = adapterOf(world.io.of('/') as AnyNamespace);
  spyOn(adapter, '_encode', ({ type, id, data }: EventPacket, { volatile }: { volatile?: boolean }) =>
    seen.push({ event: data?.[0], last: data?.at(-1), type, id, volatile }),
  );
  return seen;
}

const inOrder = (offsets: readonly unknown[]): boolean =>
  offsets.every(
    (offset, index) =>
      index === 0 || comesAfter([offset], { offset: String(offsets[index - 1]), isBehind: true }),
  );

describe('offsets rely on the adapter in memory, with connectionStateRecovery:', () => {
  let world: BareWorld;

  beforeEach(async () => {
    world = await BareWorld.start('socket.io', { connectionStateRecovery: {} });
  });

  afterEach(() => world.close());

  it('the adapter has no addOffsetIfNecessary', () => {
    expect(adapterOf(world.io.of('/') as AnyNamespace).addOffsetIfNecessary).to.equal(undefined);
  });

  it('_encode gets every broadcast, and every packet that a socket emits, with the offset that the client gets', async () => {
    const seen = watch(world);
    const { client, socket } = await world.pair();
    world.io.emit('all', 'x');
    world.io.to(socket.id).emit('room', 'x');
    world.io.local.emit('here', 'x');
    socket.emit('one', 'x');
    await client.until('one');
    const sent = ['all', 'room', 'here', 'one'].map((event) => client.received(event)[0]?.at(-1));
    expect(seen.map(({ event }) => event)).to.deep.equal(['all', 'room', 'here', 'one']);
    expect(seen.map(({ last }) => last)).to.deep.equal(sent);
    expect(new Set(sent).size).to.equal(4);
  });

  it('the offset is the id by which a client names the last packet that it got', async () => {
    const seen = watch(world);
    const { client } = await world.pair();
    world.io.emit('all', 'x');
    await client.until('all');
    const { _lastOffset } = client.socket as unknown as { _lastOffset: unknown };
    expect(_lastOffset).to.equal(seen[0]?.last);
  });

  it('a packet that is volatile, or expects an acknowledgement, has no offset, and is marked so', async () => {
    const seen = watch(world);
    const { client, socket } = await world.pair();
    world.io.volatile.emit('volatile', 'x');
    world.io.timeout(1000).emit('asking', 'x', () => undefined);
    socket.emit('asking one', 'x', () => undefined);
    await client.until('asking one');
    expect(seen).to.have.length(3);
    for (const { type, last } of seen) expect([type, last]).to.deep.equal([2, 'x']);
    expect(seen.map(({ volatile }) => volatile)).to.deep.equal([true, undefined, undefined]);
    expect(seen.map(({ id }) => typeof id)).to.deep.equal(['undefined', 'number', 'number']);
  });

  it('offsets are yeast ids, and grow', () => {
    const seen = watch(world);
    const clock = useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date'] });
    for (const pause of [0, 0, 1, 0, 61, 1, 0, 4096]) {
      clock.setSystemTime(Date.now() + pause);
      world.io.emit('all', 'x');
    }
    clock.restore();
    const offsets = seen.map(({ last }) => String(last));
    expect(offsets).to.deep.equal([
      'QCON500',
      'QCON500.0',
      'QCON501',
      'QCON501.0',
      'QCON50-',
      'QCON50_',
      'QCON50_.0',
      'QCON60_',
    ]);
    expect(inOrder(offsets)).to.equal(true);
  });
});

describe('offsets rely on the adapter for Redis streams:', () => {
  const redis = withRedis();
  const [, create] = REDIS_ADAPTERS.find(([name]) => name === 'redis-streams') as (typeof REDIS_ADAPTERS)[0];

  /** What `addOffsetIfNecessary` of a server's adapter gets: the event, and its offset. */
  function watchOffsetsOf(world: BareWorld): [event: unknown, offset: unknown][] {
    const seen: [event: unknown, offset: unknown][] = [];
    const adapter = adapterOf(world.io.of('/') as AnyNamespace);
    spyOn(adapter, 'addOffsetIfNecessary', ({ data }: EventPacket, _options: unknown, offset: unknown) =>
      seen.push([data?.[0], offset]),
    );
    return seen;
  }

  it('addOffsetIfNecessary gets the broadcasts of all nodes, with offsets that are ids of the stream, and grow', async () => {
    const worlds: BareWorld[] = [];
    for (let count = 0; count < 2; count += 1)
      worlds.push(
        await BareWorld.start('socket.io', { connectionStateRecovery: {}, adapter: await create(redis()) }),
      );
    const [here, there] = worlds as [BareWorld, BareWorld];
    const [seen, seenThere] = [watchOffsetsOf(here), watchOffsetsOf(there)];
    const { client } = await here.pair();
    // The first one may come before the other node has begun to listen.
    const timer = setInterval(() => there.io.emit('hello'), 20);
    await client.until('hello');
    clearInterval(timer);
    for (let count = 0; count < 5; count += 1) there.io.emit('from there', 'x');
    here.io.emit('from here', 'x');
    for (let count = 0; count < 5; count += 1) await client.until('from there');
    await client.until('from here');
    const offsetsOf = (list: typeof seen, name: string): string[] =>
      list.flatMap(([event, offset]) => (event === name ? [String(offset)] : []));
    const offsets = offsetsOf(seen, 'from there');
    expect(offsets).to.have.length(5);
    for (const offset of [...offsets, ...offsetsOf(seen, 'from here')]) expect(offset).to.match(/^\d+-\d+$/);
    expect(inOrder(offsets)).to.equal(true);
    expect(offsetsOf(seenThere, 'from there')).to.deep.equal(offsets);
    expect(client.received('from there').map((args) => args.at(-1))).to.deep.equal(offsets);
    expect(client.received('from here').map((args) => args.at(-1))).to.deep.equal(
      offsetsOf(seen, 'from here'),
    );
    await Promise.all(worlds.map((world) => world.close()));
  });

  it("a broadcast to this node alone has no offset: its last argument is the application's", async () => {
    const world = await BareWorld.start('socket.io', {
      connectionStateRecovery: {},
      adapter: await create(redis()),
    });
    const [encoded, offsets] = [watch(world), watchOffsetsOf(world)];
    world.io.local.emit('here', 'zzzz');
    expect(encoded.map(({ last }) => last)).to.deep.equal(['zzzz']);
    expect(offsets).to.deep.equal([]);
    await world.close();
  });
});
