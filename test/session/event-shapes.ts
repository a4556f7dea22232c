import { encode, encodeList, encodeMap } from '../support/msgpack';

const ZERO = encode(0);
const times = (count: number, item: Buffer): Buffer => encodeList(Array.from({ length: count }, () => item));
const named = (...names: (number | string)[]): Buffer =>
  encodeMap(...names.map((name): [string, Buffer] => [String(name), ZERO]));

/** Arguments of an event, as MessagePack, whose memory is mostly what V8 adds to them. */
export const SHAPES: readonly [what: string, bytes: Buffer][] = [
  ['numbers', times(3000, ZERO)],
  ['fractions', times(3000, encode(1.5))],
  ['empty objects', times(700, encodeMap())],
  ['empty lists', times(700, encodeList([]))],
  ['short texts', times(2000, encode('ab'))],
  ['many members', named(...Array.from({ length: 1500 }, (_, index) => `k${index}`))],
  ['empty bytes', times(3000, Buffer.from([0xc4, 0]))],
  ['single bytes', times(3000, Buffer.from([0xc4, 1, 7]))],
  ['empty ArrayBuffers', times(3000, Buffer.from([0xc7, 0, 0]))],
  ['empty extensions', times(500, Buffer.from([0xc7, 0, 5]))],
  ['dates', times(700, Buffer.from([0xd6, 0xff, 0, 0, 0, 9]))],
  ['undefined', times(3000, Buffer.from([0xd4, 0, 0]))],
  ['prototypes', times(300, encodeMap(['__proto__', named('a', 'b', 'c')]))],
  [
    'long texts as prototypes',
    times(3, encodeMap(['__proto__', encodeMap(['a', encode('y'.repeat(20_000))])])),
  ],
  ['bytes as prototypes', times(3, encodeMap(['__proto__', encode(Buffer.alloc(20_000))]))],
  ...[[7], [900], [1022], [1e6], [1000, 2500], [1000, 2530, 3300], [1000, 2500, 5000], [0, 2024, 2025]].map(
    (names): [string, Buffer] => [`objects with the names ${names.join(', ')}`, times(300, named(...names))],
  ),
  ...[12, 40, 60, 100].map((step): [string, Buffer] => [
    `an object whose names are ${step} apart`,
    named(...Array.from({ length: 1000 }, (_, index) => index * step)),
  ]),
];
