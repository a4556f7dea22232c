import { expect } from 'chai';
import {
  anything,
  array,
  assert,
  constant,
  dictionary,
  letrec,
  nat,
  oneof,
  property,
  string,
  uint8Array,
} from 'fast-check';
import { sizeOf } from '../../lib/session/event-size';
import { cpuOf } from '../support/cost';
import { execute } from '../support/project';
import { ROOT } from '../support/repository';
import { SHAPES } from './event-shapes';
import type { Measured } from './event-memory';

/**
 * The design's estimate, as simple as can be: 64 bytes a container, 16 a member, 2 a character, and binary as it is. No
 * names here are integers.
 */
function modelOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 2;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return 64 + value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [name, member]) => sum + 16 + (Array.isArray(value) ? 0 : name.length * 2) + modelOf(member),
    64,
  );
}

/** What a parser hands over: JSON, with binary anywhere. */
const { value: anyValue } = letrec<{ value: unknown }>((tie) => ({
  value: oneof(
    { depthSize: 'small' },
    anything({ maxDepth: 0 }),
    string({ unit: 'binary' }),
    uint8Array().map((bytes) => Buffer.from(bytes)),
    uint8Array().map((bytes) => bytes.buffer),
    array(tie('value')),
    dictionary(
      oneof(
        string().filter((name) => !/^\d/.test(name)),
        constant('__proto__'),
      ),
      tie('value'),
    ),
  ),
}));

/** The argument of a packet that nests so deep. */
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

describe('the size of an event', () => {
  it('is that of all its containers, members, characters and bytes', () => {
    assert(
      property(array(anyValue), (event) => {
        expect(sizeOf(event, Infinity)).to.equal(modelOf(event));
      }),
      { numRuns: 200 },
    );
  });

  const known: [what: string, event: unknown[], size: number][] = [
    ['nothing', [], 64],
    ['a name', ['news'], 64 + 16 + 8],
    ['numbers, true, false and null', ['news', 1, true, false, null], 64 + 5 * 16 + 8],
    ['an object', ['news', { name: 'Bob' }], 64 + 2 * 16 + 8 + 64 + 16 + 8 + 6],
    ['bytes', [7, Buffer.alloc(100)], 64 + 2 * 16 + 64 + 100],
    ['an ArrayBuffer', [7, new ArrayBuffer(100)], 64 + 2 * 16 + 64 + 100],
    ['a list with holes', [7, Object.assign([], { length: 10 })], 64 + 2 * 16 + 64 + 10 * 16],
    ['undefined', ['news', undefined], 64 + 2 * 16 + 8],
    ['a date', ['news', new Date()], 64 + 2 * 16 + 8 + 64],
    ['part of a block of numbers', [7, new Float64Array(100).subarray(5, 6)], 64 + 2 * 16 + 64 + 800],
    ['a view of a block', [7, new DataView(new ArrayBuffer(100), 5, 1)], 64 + 2 * 16 + 64 + 100],
  ];
  for (const [what, event, size] of known) {
    it(`that holds ${what} is ${size} bytes`, () => expect(sizeOf(event, Infinity)).to.equal(size));
  }

  it('is over the limit exactly if the estimate is', () => {
    assert(
      property(array(anyValue), nat(2000), (event, limit) => {
        const [size, model] = [sizeOf(event, limit), modelOf(event)];
        if (model <= limit) expect(size).to.equal(model);
        else expect(size).to.be.greaterThan(limit);
      }),
      { numRuns: 200 },
    );
  });

  it('can be computed for a packet that is nested deeper than the stack', () => {
    expect(sizeOf(['news', nested(400_000)], Infinity)).to.equal(64 + 16 + 8 + 400_000 * 80);
  });

  /** Notes which members are looked at. */
  function watched<Container extends object>(container: Container, looked: Set<string>): Container {
    return new Proxy(container, {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^\+?\d+$/.test(name)) looked.add(name);
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
  }

  it('is computed only up to the limit: not at all for a list that is too long', () => {
    const looked = new Set<string>();
    const list = watched(
      Array.from({ length: 1000 }, (_, index) => index),
      looked,
    );
    expect(sizeOf(list, 64 + 16 * 10)).to.be.above(64 + 16 * 10);
    expect(looked.size).to.equal(0);
  });

  it('is computed only up to the limit: for an object as many members as fit, and one more', () => {
    const looked = new Set<string>();
    const object = watched(
      Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`+${index}`, 0])),
      looked,
    );
    const limit = 64 + 16 + 64 + 20 * 5;
    expect(sizeOf([object], limit)).to.equal(limit + 20);
    expect(looked.size).to.equal(6);
  });

  /** What `value['__proto__'] = prototype` makes. */
  const withPrototype = (prototype: object): object => Object.create(prototype) as object;

  const prototypes: [what: string, prototype: object, size: number][] = [
    ['an object', { inherited: 'x'.repeat(100) }, 64 + 16 + 18 + 200],
    ['an object with a member named constructor', { constructor: 'x' }, 64 + 16 + 22 + 2],
    ['a list', [1, 2], 64 + 32],
    ['bytes', Buffer.from('the whole block').subarray(4, 9), 64 + Buffer.from('x').buffer.byteLength],
    ['an ArrayBuffer', new ArrayBuffer(100), 64 + 100],
    ['a date', new Date(), 64],
    ['one that has one too', withPrototype({ deep: true }), 64 + 16 + 64 + 16 + 8],
  ];
  for (const [what, prototype, size] of prototypes) {
    it(`includes a prototype that came with the packet: ${what}`, () => {
      expect(sizeOf([withPrototype(prototype)], Infinity)).to.equal(64 + 16 + 64 + 16 + size);
    });
  }

  it('does not include the prototypes of classes, nor that there is none', () => {
    class Message {
      text = 'x';
    }
    const bare = Object.assign(Object.create(null) as object, { text: 'x' });
    expect(sizeOf([new Message(), bare], Infinity)).to.equal(64 + 2 * (16 + 64 + 16 + 8 + 2));
  });

  it('is computed in linear time for a prototype of a prototype, and so on', async () => {
    let chain: object = {};
    for (let depth = 0; depth < 100_000; depth += 1) chain = withPrototype(chain);
    const cost = await cpuOf(() => {
      expect(sizeOf([chain], 64 * 1024)).to.be.above(64 * 1024);
    });
    expect(cost).to.be.below(1000);
  });
});

describe('the members of an object whose names are integers', () => {
  /** The size of an object's names and members, without what V8 sets aside for them. */
  const plain = (indices: number[]): number =>
    64 + 16 + 64 + indices.reduce((sum, index) => sum + 16 + String(index).length * 2, 0);

  /** V8's list, as it grows for one more. */
  const listOf = (last: number): number => 8 * (1.5 * (last + 1) + 16);
  const range = (count: number, step: number): number[] =>
    Array.from({ length: count }, (_, index) => index * step);

  const kept: [what: string, indices: number[], bytes: number][] = [
    ['a list up to the last one', [7], listOf(7)],
    ['a list with gaps', [0, 900], listOf(900)],
    ['a list with gaps that are just small enough', [1023, 1552 + 1023], listOf(1552 + 1023)],
    ['a table after a first gap', [1024], 8 * 27],
    ['a table after a later gap', [1023, 1552 + 1024], 8 * 27 * 2],
    ['a table if the list would be long and thin', [1000, 2500, 3400], 8 * 27 * 3],
    ['a list, however long, if most of it is used', range(5000, 1), listOf(4999)],
    ['as much as a table for a list that is long and half empty', range(1000, 100), 8 * 27 * 1000],
    ['a table for the greatest index', [4_294_967_294], 8 * 27],
  ];
  for (const [what, indices, bytes] of kept) {
    it(`counts ${what}: ${indices.slice(0, 3).join(', ')}`, () => {
      const object = Object.fromEntries(indices.map((index) => [index, 0]));
      expect(sizeOf([object], Infinity)).to.equal(plain(indices) + bytes);
    });
  }

  it('counts nothing more for names that only look like integers', () => {
    for (const name of ['01', '-1', '1.5', '1e3', '+7', ' 7', '4294967296', '']) {
      expect(sizeOf([{ [name]: 0 }], Infinity), name).to.equal(64 + 16 + 64 + 16 + name.length * 2);
    }
  });
});

describe('the size of an event, beside what V8 takes for it', () => {
  let measured: Record<string, Measured>;
  before(async () => {
    const { code, stdout, stderr } = await execute(
      process.execPath,
      [require.resolve('./event-memory')],
      ROOT,
    );
    expect(code, stderr).to.equal(0);
    measured = JSON.parse(stdout) as Record<string, Measured>;
  });

  for (const [what] of SHAPES) {
    it(`is at least a third of it for ${what}`, () => {
      const { taken, size } = measured[what] as Measured;
      // Besides, what the measurement itself leaves.
      expect(taken)
        .to.be.above(0)
        .and.below(3 * size + 100_000);
    });
  }
});

describe('the bytes of an event', () => {
  const block = Buffer.from('the whole block that the transport has read');

  it('are copied out of a larger block, at any depth', () => {
    const [first, second] = [block.subarray(4, 9), block.subarray(10, 15)];
    const event = ['news', first, { deep: [{ down: second }] }] as const;
    sizeOf(event as unknown as unknown[], Infinity);
    const copies = [event[1], event[2].deep[0]?.down] as Buffer[];
    expect(copies.map(String)).to.deep.equal(['whole', 'block']);
    for (const copy of copies) {
      expect(Buffer.isBuffer(copy)).to.equal(true);
      expect(copy.buffer.byteLength).to.equal(5);
    }
  });

  it('are not copied if they fill their whole block', () => {
    const own = Buffer.alloc(5, 'x');
    const event = ['news', own];
    sizeOf(event, Infinity);
    expect(event[1]).to.equal(own);
  });

  it('are copied as what they are', () => {
    const event: unknown[] = [new Uint8Array(block.buffer, block.byteOffset, 3)];
    sizeOf(event, Infinity);
    expect(event).to.deep.equal([new Uint8Array(Buffer.from('the'))]);
    expect((event[0] as Uint8Array).buffer.byteLength).to.equal(3);
  });

  it('are not copied once the limit is passed', () => {
    const part = block.subarray(0, 20);
    const event = ['news', part];
    expect(sizeOf(event, 64 + 16 + 8 + 16)).to.be.greaterThan(64 + 16 + 8 + 16);
    expect(event[1]).to.equal(part);
  });
});
