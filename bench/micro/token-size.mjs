import { makeTokens } from '../support/tokens.mjs';

const COUNT = 20_000;

/** What a token and its claims take on the heap by themselves: a server of any kind that keeps them pays that. */
export function measure() {
  // As bytes, as they come from the network: strings would share their memory with those that they are made of.
  const packets = makeTokens(COUNT).map((token) => Buffer.from(`{"token":"${token}"}`));
  const [token, tokens] = bytesPer(() => packets.map((packet) => JSON.parse(packet.toString()).token));
  const bodies = tokens.map((one) => Buffer.from(one.split('.')[1], 'base64url'));
  const [claims] = bytesPer(() => bodies.map((body) => JSON.parse(body.toString())));
  return { token, claims };
}

function bytesPer(make) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const made = make();
  globalThis.gc();
  // Less the array's own slot.
  return [Math.round((process.memoryUsage().heapUsed - before) / COUNT - 8), made];
}
