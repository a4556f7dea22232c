import { expect } from 'chai';
import { isDer } from '../../lib/token/key-der';

/** An element with a length of one byte (ITU-T X.690 §8.1). */
const element = (tag: number, ...content: number[]): number[] => [tag, content.length, ...content];
const sequence = (...elements: number[][]): Buffer => Buffer.from(element(0x30, ...elements.flat()));

const ONE = element(0x02, 1);

describe('bytes are taken as DER', () => {
  const forms: [what: string, bytes: Buffer, is: boolean][] = [
    ['two integers, as of an RSA key', sequence(ONE, ONE), true],
    ['one integer', sequence(ONE), false],
    ['nothing', sequence(), false],
    ['one object identifier', sequence(element(0x06, 0x2a, 0x03)), false],
    ['an object identifier and an integer', sequence(element(0x06, 0x2a, 0x03), ONE), true],
    ['texts alone', sequence(element(0x0c, 0x41), element(0x0c, 0x41)), false],
    ['an integer without content', sequence(element(0x02), ONE), false],
    ['an integer with a zero too many', sequence(element(0x02, 0, 0x7f), ONE), false],
    ['an integer with a zero that it needs', sequence(element(0x02, 0, 0x80), ONE), true],
    ['a negative integer that is too long', sequence(element(0x02, 0xff, 0x80), ONE), false],
    ['a negative integer that is as short as it can be', sequence(element(0x02, 0xff, 0x7f), ONE), true],
    ['a length of 127 in one byte', sequence(element(0x04, ...Array<number>(119).fill(1)), ONE, ONE), false],
    ['another tag outside', Buffer.from(element(0x31, ...ONE, ...ONE)), false],
    ['one byte behind it', Buffer.concat([sequence(ONE, ONE), Buffer.of(0)]), false],
    ['one byte too few', sequence(ONE, ONE).subarray(0, -1), false],
  ];
  for (const [what, bytes, is] of forms) {
    it(`${is ? '' : 'not '}if they are ${what}`, () => {
      expect(isDer(bytes)).to.equal(is);
    });
  }

  /** A sequence with its length in so many more bytes: an object identifier, and an octet string that fills it. */
  function long(total: number, lengthBytes: number[]): Buffer {
    const oid = element(0x06, 0x2a, 0x03);
    const rest = total - oid.length;
    const head = rest - 2 < 0x80 ? [0x04, rest - 2] : [0x04, 0x81, rest - 3];
    const filling = Array<number>(rest - head.length).fill(0);
    return Buffer.from([0x30, ...lengthBytes, ...oid, ...head, ...filling]);
  }

  for (const [length, bytes, is] of [
    [127, [127], true],
    [127, [0x81, 127], false],
    [128, [0x81, 128], true],
    [129, [0x81, 129], true],
    [128, [0x82, 0, 128], false],
  ] as const) {
    it(`${is ? '' : 'not '}if a length of ${length} is written as ${bytes.join(' ')}`, () => {
      expect(isDer(long(length, [...bytes]))).to.equal(is);
    });
  }
});
