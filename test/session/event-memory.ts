/**
 * Measures, in a process of its own, what V8 takes for events of every shape. Its heap is small, so that collecting it
 * costs little, and nothing else allocates meanwhile.
 */
import { sizeOf } from '../../lib/session/event-size';
import { heldBytes } from '../support/cost';
import { decodePacket, encode, encodeList, eventPacket } from '../support/msgpack';
import { SHAPES } from './event-shapes';

const EVENTS = 20;

/** Bytes that events of one shape take, and the sum of their sizes as the library estimates them. */
export interface Measured {
  taken: number;
  size: number;
}

async function measure(bytes: Buffer): Promise<Measured> {
  const make = (): unknown[] => decodePacket(eventPacket(encodeList([encode('news'), bytes]))).data;
  // The first ones also load what they need.
  for (let index = 0; index < 3; index += 1) sizeOf(make(), Infinity);
  const before = await heldBytes();
  const events = Array.from({ length: EVENTS }, make);
  const size = events.reduce((sum, event) => sum + sizeOf(event, Infinity), 0);
  const taken = (await heldBytes()) - before;
  if (events.length !== EVENTS) throw new Error('The events are held until here.');
  return { taken, size };
}

/** The least of a few attempts, if the first takes much: what else V8 sets aside in that moment only adds. */
async function leastOf(bytes: Buffer): Promise<Measured> {
  let least = await measure(bytes);
  for (let attempt = 0; attempt < 4 && least.taken > 2.5 * least.size; attempt += 1) {
    const next = await measure(bytes);
    if (next.taken < least.taken) least = next;
  }
  return least;
}

async function main(): Promise<void> {
  // What the start of the process leaves goes with the first measurement.
  await measure(encode('warm-up'));
  const measured: Record<string, Measured> = {};
  for (const [what, bytes] of SHAPES) measured[what] = await leastOf(bytes);
  process.stdout.write(JSON.stringify(measured));
}

void main();
