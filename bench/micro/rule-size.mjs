import { load } from '../support/build.mjs';
import { interleave } from '../support/rounds.mjs';

const COUNT = 200_000;

/** What a process keeps for a revocation rule, a `jti` of the length of a UUID; measured twice. */
export function measure({ rounds }) {
  return interleave([{ measure: bytesPerRule }, { measure: bytesPerRule }], { warmups: 1, rounds });
}

function bytesPerRule() {
  const rules = new (load('revocation/rules').RevocationRules)(Date.now);
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < COUNT; index += 1) {
    // By way of bytes, or all would share one text.
    const jti = Buffer.from(`1b9d6bcd-bbfd-4b2d-9b5d-${String(index).padStart(12, '0')}`).toString();
    rules.add({ jti, expiresAt: Date.now() + 3_600_000 });
  }
  globalThis.gc();
  return (process.memoryUsage().heapUsed - before) / rules.size;
}
