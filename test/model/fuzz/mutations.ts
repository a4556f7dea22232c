/** Makes bad packets of good ones. */
import type { Random } from '../random';

export type Packet = string | Buffer;

/** What parsers have stumbled over. */
const PIECES = [
  '',
  '-',
  ',',
  '/',
  '"',
  '[',
  '{}',
  '[[[]]]',
  'null',
  '1e999',
  '-1',
  '0.5',
  '99999999999999999999',
  '\u0000',
  '\u001e',
  '\ud800',
  '"__proto__"',
  '"constructor"',
  '{"_placeholder":true,"num":-1}',
  '{"_placeholder":true,"num":1e9}',
  '{"toString":1,"length":-1}',
  '"connect"',
  '"error"',
  '"disconnecting"',
  '"authenticate"',
  '"deauthenticate"',
  '"token"',
  '['.repeat(3_000),
  ',1'.repeat(1_200),
] as const;

type Change = (packet: string, random: Random, others: readonly string[]) => string;

const cut = (text: string, random: Random): [head: string, tail: string] => {
  const at = random.below(text.length + 1);
  return [text.slice(0, at), text.slice(at)];
};

const changes: readonly Change[] = [
  function flip(text, random) {
    const [head, tail] = cut(text, random);
    return `${head}${String.fromCodePoint(random.below(256))}${tail.slice(1)}`;
  },
  function insert(text, random) {
    const [head, tail] = cut(text, random);
    return head + random.one(PIECES) + tail;
  },
  function replace(text, random) {
    const [head, tail] = cut(text, random);
    return head + random.one(PIECES) + tail.slice(random.below(8));
  },
  (text, random) => cut(text, random)[0],
  (text, random) => cut(text, random)[1],
  function double(text, random) {
    const [head, tail] = cut(text, random);
    return head + tail + tail;
  },
  (text, random, others) => cut(text, random)[0] + cut(random.one(others), random)[1],
  // Another type of packet.
  (text, random) => String(random.below(10)) + text.slice(1),
  // Another event's name.
  (text, random) => text.replace(/"\w+"/, () => random.one(PIECES)),
];

/** Changes a packet once or more; bytes are changed as text of one byte a character. */
export function mutate(packet: Packet, random: Random, others: readonly Packet[]): Packet {
  let text = toText(packet);
  const all = others.map(toText);
  do text = random.one(changes)(text, random, all);
  while (random.once(2));
  return typeof packet === 'string' ? text : Buffer.from(text, 'latin1');
}

function toText(packet: Packet): string {
  return typeof packet === 'string' ? packet : packet.toString('latin1');
}
