/** What the head of `lib/socket-io/late-packets.ts` says of adapters, line by line, on servers that nobody guards. */
import { expect } from 'chai';
import type { AnyNamespace } from '../../lib';
import { adapterOf } from '../../lib/socket-io/inside';
import type { BroadcastOptions } from '../../lib/socket-io/inside';
import type { EventPacket } from '../../lib/socket-io/event-packet';
import { BareWorld, REDIS_ADAPTERS, spyOn, withRedis } from './kit';

interface Seen {
  readonly packet: EventPacket;
  readonly rooms: unknown[];
  readonly except: unknown[];
  readonly isVolatile: boolean;
}

/** What a method of a server's adapter gets. */
function watch(world: BareWorld, method: string): Seen[] {
  const seen: Seen[] = [];
  const adapter = adapterOf(world.io.of('/') as AnyNamespace);
  spyOn(adapter, method, (packet: EventPacket, { rooms, except, flags }: BroadcastOptions) =>
    seen.push({
      packet,
      rooms: [...rooms],
      except: [...(except ?? [])],
      isVolatile: flags?.volatile !== undefined,
    }),
  );
  return seen;
}

const nameOf = ({ packet }: Seen): unknown => packet.data?.[0];

describe('late packets rely on the adapter in memory, with connectionStateRecovery:', () => {
  let world: BareWorld;

  beforeEach(async () => {
    world = await BareWorld.start('socket.io', { connectionStateRecovery: {} });
  });

  afterEach(() => world.close());

  it('broadcast gets every broadcast and what a socket emits, with rooms and flags; the offset is last afterwards', async () => {
    const seen = watch(world, 'broadcast');
    const { client, socket } = await world.pair();
    world.io.emit('all', 'x');
    world.io.to('a').except('b').emit('room', 'x');
    world.io.volatile.emit('volatile', 'x');
    socket.emit('one', 'x');
    await client.until('one');
    expect(seen.map((one) => [nameOf(one), one.rooms, one.except, one.isVolatile])).to.deep.equal([
      ['all', [], [], false],
      ['room', ['a'], ['b'], false],
      ['volatile', [], [], true],
      ['one', [socket.id], [], false],
    ]);
    const [offset] = client.received('all').map((args) => args.at(-1));
    expect(offset).to.be.a('string').and.not.equal('x');
    expect(seen[0]?.packet.data).to.deep.equal(['all', 'x', offset]);
    expect(seen[2]?.packet.data).to.deep.equal(['volatile', 'x']);
  });
});

describe('late packets rely on the adapter for Redis streams:', () => {
  const redis = withRedis();
  const [, create] = REDIS_ADAPTERS.find(([name]) => name === 'redis-streams') as (typeof REDIS_ADAPTERS)[0];

  it('addOffsetIfNecessary gets the broadcasts with rooms and flags; afterwards, the offset is last', async () => {
    const world = await BareWorld.start('socket.io', {
      connectionStateRecovery: {},
      adapter: await create(redis()),
    });
    const seen = watch(world, 'addOffsetIfNecessary');
    const { client } = await world.pair();
    world.io.to('a').except('b').emit('room', 'x');
    world.io.volatile.emit('volatile', 'x');
    world.io.emit('all', 'x');
    await client.until('all');
    const of = (name: string): Seen | undefined => seen.find((one) => nameOf(one) === name);
    expect(of('room')).to.deep.include({ rooms: ['a'], except: ['b'], isVolatile: false });
    expect(of('volatile')).to.deep.include({ rooms: [], isVolatile: true });
    expect(of('all')?.packet.data).to.deep.equal(['all', 'x', client.received('all')[0]?.at(-1)]);
    expect(of('volatile')?.packet.data).to.deep.equal(['volatile', 'x']);
    await world.close();
  });
});
