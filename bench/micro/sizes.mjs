import { load } from '../support/build.mjs';
import { interleave } from '../support/rounds.mjs';
import { makeTokens } from '../support/tokens.mjs';

const TOKENS = 20_000;
const RULES = 200_000;

/** What things take on the heap. */
export function measure({ what, rounds }) {
  if (what === 'token') return tokenSize();
  const rule = { measure: ruleSize };
  return interleave([rule, rule], { warmups: 1, rounds });
}

/** A token and its claims by themselves: a server of any kind that keeps them pays that. */
function tokenSize() {
  // As bytes, as they come from the network: strings would share their memory with those that they are made of.
  const packets = makeTokens(TOKENS).map((token) => Buffer.from(`{"token":"${token}"}`));
  const kept = Array.from({ length: TOKENS }, () => '');
  const token = bytesOf(TOKENS, (index) => {
    kept[index] = JSON.parse(packets[index].toString()).token;
  });
  const bodies = kept.map((one) => Buffer.from(one.split('.')[1], 'base64url'));
  kept.fill('');
  const claims = bytesOf(TOKENS, (index) => {
    kept[index] = JSON.parse(bodies[index].toString());
  });
  if (kept.length !== TOKENS) throw new Error('the claims are gone');
  return { token: Math.round(token), claims: Math.round(claims) };
}

/** What a process keeps for a revocation rule, a `jti` of the length of a UUID. */
function ruleSize() {
  const deadlines = new (load('runtime/deadlines').Deadlines)();
  const rules = new (load('revocation/rules').RevocationRules)(deadlines);
  const bytes = bytesOf(RULES, (index) => {
    // By way of bytes, or all would share one text.
    const jti = Buffer.from(`1b9d6bcd-bbfd-4b2d-9b5d-${String(index).padStart(12, '0')}`).toString();
    rules.add({ jti, expiresAt: Date.now() + 3_600_000 });
  });
  // Or the collector would have taken them before they were measured.
  if (rules.size !== RULES) throw new Error(`${rules.size} rules, not ${RULES}`);
  return bytes;
}

function bytesOf(count, make) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index += 1) make(index);
  globalThis.gc();
  return (process.memoryUsage().heapUsed - before) / count;
}
