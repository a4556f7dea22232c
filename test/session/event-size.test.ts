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

/** The design's estimate, as simple as can be: 64 bytes a container, 16 a member, 2 a character, and binary as it is. */
function modelOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 2;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return value.byteLength;
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
    dictionary(oneof(string(), constant('__proto__')), tie('value')),
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
    ['bytes', [7, Buffer.alloc(100)], 64 + 2 * 16 + 100],
    ['an ArrayBuffer', [7, new ArrayBuffer(100)], 64 + 2 * 16 + 100],
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
        if (typeof name === 'string' && /^\d+$/.test(name)) looked.add(name);
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
    const object = watched(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [index, 0])), looked);
    const limit = 64 + 16 + 64 + 18 * 5;
    expect(sizeOf([object], limit)).to.equal(limit + 18);
    expect(looked.size).to.equal(6);
  });

  it("counts an object's own members, and not inherited ones", () => {
    const event = [Object.assign(Object.create({ inherited: 'x'.repeat(100) }) as object, { own: 'x' })];
    expect(sizeOf(event, Infinity)).to.equal(64 + 16 + 64 + 16 + 6 + 2);
  });
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

  it('are not copied once the limit is passed', () => {
    const part = block.subarray(0, 20);
    const event = ['news', part];
    expect(sizeOf(event, 64 + 16 + 8 + 16)).to.be.greaterThan(64 + 16 + 8 + 16);
    expect(event[1]).to.equal(part);
  });
});
