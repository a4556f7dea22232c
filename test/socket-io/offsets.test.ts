import { expect } from 'chai';
import { array, assert, bigInt, constantFrom, integer, nat, property, string, tuple } from 'fast-check';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
// The module that the adapter in memory makes its offsets with.
import { yeast } from 'socket.io-adapter/dist/contrib/yeast';
import type { AnyNamespace } from '../../lib';
import { adapterOf } from '../../lib/socket-io/inside';
import type { Adapter } from '../../lib/socket-io/inside';
import { comesAfter, firstOffset, lastOffset, watchOffsets } from '../../lib/socket-io/offsets';
import { BareWorld, REDIS_ADAPTERS, withRedis } from '../internals/kit';
import type { TestClient } from '../support/world';

const isAfter = (one: unknown, other: string): boolean =>
  comesAfter([one], { offset: other, isBehind: true });
const isAtOrAfter = (one: unknown, other: string): boolean =>
  comesAfter([one], { offset: other, isBehind: false });

/** That offsets follow each other in this order. */
function expectOrder(offsets: readonly string[]): void {
  const wrong: string[] = [];
  for (const [index, later] of offsets.entries()) {
    if (isAfter(later, later) || !isAtOrAfter(later, later)) wrong.push(later);
    for (const earlier of offsets.slice(Math.max(0, index - 2), index)) {
      if (!isAfter(later, earlier) || isAfter(earlier, later)) wrong.push(`${later} after ${earlier}`);
      if (!isAtOrAfter(later, earlier) || isAtOrAfter(earlier, later))
        wrong.push(`${earlier} before ${later}`);
    }
  }
  expect(wrong).to.deep.equal([]);
}

describe('the order of offsets', () => {
  describe('of the in-memory adapter', () => {
    let clock: SinonFakeTimers;

    beforeEach(() => {
      clock = useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date'] });
    });

    afterEach(() => clock.restore());

    it('is the order in which they were made', () => {
      const pauses = array(tuple(nat(130), constantFrom(0, 1, 63, 64, 65, 4096, 1e6, 1e9)), {
        minLength: 1,
        maxLength: 8,
      });
      assert(
        property(pauses, (steps) => {
          const offsets: string[] = [];
          for (const [count, pause] of steps) {
            for (let given = 0; given <= count; given += 1) offsets.push(yeast());
            clock.setSystemTime(Date.now() + pause);
          }
          expectOrder(offsets);
        }),
        { numRuns: 50 },
      );
    });

    it('holds when the time gets another digit', () => {
      clock.setSystemTime(64 ** 7 - 2);
      const offsets = Array.from({ length: 4 }, () => {
        const offset = yeast();
        clock.setSystemTime(Date.now() + 1);
        return offset;
      });
      expect(offsets.map(({ length }) => length)).to.deep.equal([7, 7, 8, 8]);
      expectOrder(offsets);
    });
  });

  it('of a Redis stream is that of its numbers', () => {
    const id = tuple(bigInt({ min: 0n, max: 2n ** 64n - 1n }), bigInt({ min: 0n, max: 2n ** 64n - 1n }));
    assert(
      property(id, id, ([ms, counter], [otherMs, otherCounter]) => {
        const isLater = ms === otherMs ? counter > otherCounter : ms > otherMs;
        const [one, other] = [`${ms}-${counter}`, `${otherMs}-${otherCounter}`];
        expect(isAfter(one, other)).to.equal(isLater);
        expect(isAtOrAfter(one, other)).to.equal(isLater || one === other);
      }),
    );
    expectOrder(['1-0', '1-1', '1-9', '1-10', '2-0', '10-0', '1800000000000-0', '18446744073709551615-0']);
  });

  const foreign: [what: string, value: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { offset: '1-1' }],
    ['a list with an offset', ['1-1']],
    ['an empty text', ''],
    ['a text with a space', 'PXJ2zg0 x'],
    ['a text with two points', 'PXJ2zg0.1.2'],
    ['a point', '.'],
    ['a point in front', '.1'],
    ['other letters', 'é'],
    ['a text that is longer than any offset', 'x'.repeat(33)],
    ['a counter that is longer than any', `PXJ2zg0.${'x'.repeat(17)}`],
    ['an offset and a line break', 'PXJ2zg0\n'],
  ];
  for (const [what, value] of foreign) {
    it(`does not contain ${what}: it is after nothing, and nothing is after it`, () => {
      for (const offset of ['PXJ2zg0', '0', '1800000000000-0', '0-0']) {
        for (const isBehind of [true, false]) {
          expect(comesAfter([value], { offset, isBehind })).to.equal(false);
          expect(comesAfter([offset], { offset: value as string, isBehind })).to.equal(false);
        }
      }
    });
  }

  it('is read from the last element of a packet’s data only', () => {
    expect(comesAfter(['1-5', 'news', '1-1'], { offset: '1-3', isBehind: true })).to.equal(false);
    expect(comesAfter([], { offset: '0', isBehind: false })).to.equal(false);
  });

  it('never throws, and never puts two texts both before and after each other', () => {
    assert(
      property(string(), string(), (one, other) => {
        expect(isAfter(one, other) && isAfter(other, one)).to.equal(false);
      }),
    );
  });
});

describe('the offsets that a node has seen', () => {
  let world: BareWorld;
  let adapter: Adapter;

  async function start(create?: () => Promise<object>): Promise<void> {
    world = await BareWorld.start('socket.io', {
      connectionStateRecovery: {},
      ...(create !== undefined && { adapter: (await create()) as never }),
    });
    adapter = adapterOf(world.io.of('/') as AnyNamespace);
  }

  afterEach(() => world.close());

  const lastOf = (client: TestClient, event: string): unknown => client.received(event).at(-1)?.at(-1);

  it('are none before the first packet', async () => {
    await start();
    watchOffsets(adapter);
    expect([firstOffset(adapter), lastOffset(adapter)]).to.deep.equal([undefined, undefined]);
  });

  it('are none if nobody watches, and if the adapter has no recovery', async () => {
    await start();
    world.io.emit('news');
    expect([firstOffset(adapter), lastOffset(adapter)]).to.deep.equal([undefined, undefined]);
    await world.close();
    world = await BareWorld.start('socket.io-4-0');
    adapter = adapterOf(world.io.of('/') as AnyNamespace);
    watchOffsets(adapter);
    world.io.emit('news');
    expect([firstOffset(adapter), lastOffset(adapter)]).to.deep.equal([undefined, undefined]);
  });

  it('are the first and the last one that the adapter made, even if it is watched twice', async () => {
    await start();
    watchOffsets(adapter);
    const encode = adapter._encode;
    watchOffsets(adapter);
    expect(adapter._encode).to.equal(encode);
    const { client } = await world.pair();
    for (const event of ['one', 'two', 'three']) world.io.emit(event, 'x');
    await client.until('three');
    expect(firstOffset(adapter)).to.equal(lastOf(client, 'one'));
    expect(lastOffset(adapter)).to.equal(lastOf(client, 'three'));
  });

  it("end with the newest one, though another node's packets may arrive out of order or without one", async () => {
    await start();
    watchOffsets(adapter);
    for (const offset of ['1-5', '1-9', '1-3', 'no offset!', 7]) {
      adapter._encode?.({ type: 2, data: ['news', offset] }, {});
    }
    expect([firstOffset(adapter), lastOffset(adapter)]).to.deep.equal(['1-5', '1-9']);
  });

  it('do not include the last argument of a packet without an offset: a volatile one, or one with an acknowledgement', async () => {
    await start();
    watchOffsets(adapter);
    world.io.volatile.emit('volatile', 'zzzzzzz');
    world.io.timeout(1000).emit('asking', 'zzzzzzz', () => undefined);
    expect([firstOffset(adapter), lastOffset(adapter)]).to.deep.equal([undefined, undefined]);
  });

  describe('on Redis streams', () => {
    const redis = withRedis();
    const [, create] = REDIS_ADAPTERS.find(
      ([name]) => name === 'redis-streams',
    ) as (typeof REDIS_ADAPTERS)[0];

    it('do not include the last argument of a broadcast to this node alone, which has no offset', async () => {
      await start(() => create(redis()));
      watchOffsets(adapter);
      const { client } = await world.pair();
      world.io.local.emit('local', '0');
      world.io.local.emit('local', 'z'.repeat(32));
      world.io.local.emit('local', '99999999999999999999-0');
      expect([firstOffset(adapter), lastOffset(adapter)]).to.deep.equal([undefined, undefined]);
      world.io.emit('news', 'x');
      await client.until('news');
      expect(lastOf(client, 'news')).to.match(/^\d+-\d+$/);
      expect(firstOffset(adapter)).to.equal(lastOf(client, 'news'));
      expect(lastOffset(adapter)).to.equal(lastOf(client, 'news'));
    });
  });
});

describe('an offset of a client', () => {
  it('may be any text of any length, and costs almost no CPU time', () => {
    assert(
      property(integer({ min: 0, max: 100_000 }), (length) => {
        for (const one of ['-', '1', 'z.']) expect(isAfter(one.repeat(length), '1-1')).to.be.a('boolean');
      }),
      { numRuns: 20 },
    );
  });
});
