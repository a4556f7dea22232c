import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '../support/build.mjs';
import { cpuOf, FakeNetwork, settle } from '../support/fake-transport.mjs';
import { startRedis } from '../support/redis.mjs';
import { interleave } from '../support/rounds.mjs';
import { makeToken, SECRET } from '../support/tokens.mjs';

/** `recheckInterval` by default, in ms: the figures are for this one. */
const DEFAULT_INTERVAL = 10_000;
/** The interval while it is measured, in ms, so that a round need not last minutes. */
const INTERVAL = 250;
const LOOKS = 12;
const AT_ONCE = 16;

/** What a node pays to ask Redis, again and again, for rules that it has not heard. */
export async function measure({ sessions, rounds }) {
  const client = await startRedis();
  const looking = (recheckInterval) => ({ measure: () => cpuOfNode(client, sessions, recheckInterval) });
  const [none, again, asking] = await interleave([looking(0), looking(0), looking(INTERVAL)], {
    warmups: 1,
    rounds,
  });
  const percent = (some) => some.map((cpu, round) => ((cpu - none[round]) / DEFAULT_INTERVAL / 1000) * 100);
  return {
    id: 'recheck',
    title: 'Asking Redis for revocation rules that were not heard: share of a core',
    note: `${sessions.toLocaleString('en')} idle sessions on one node, Redis on the same machine. Measured with \`recheckInterval: ${INTERVAL}\`, and given for the default, ${DEFAULT_INTERVAL / 1000} s. Redis's own CPU is not in it.`,
    unit: '%',
    samples: { noise: percent(again), asking: percent(asking) },
    rows: [
      { id: 'noise', name: 'A/A: no `recheckInterval`, once more', isFigure: true },
      { id: 'asking', name: '`recheckInterval`', targetFigure: 1, noiseRow: 'noise' },
    ],
  };
}

/** @returns µs of CPU for each interval, of a node whose sessions do nothing */
async function cpuOfNode(client, sessions, recheckInterval) {
  const revocation = load('redis').redisRevocationStore(client);
  const network = new FakeNetwork();
  const auth = load('index').authorize({ secret: SECRET, revocation, recheckInterval });
  auth.attach(network.io);
  const transports = [];
  for (let index = 0; index < sessions; index += 1) {
    transports.push(network.connect(makeToken({ sub: `user-${index}` })));
    if (index % AT_ONCE === AT_ONCE - 1) await settle();
  }
  while (auth.stats().authenticated < sessions) await settle();
  globalThis.gc();
  const cpu = await cpuOf(() => sleep(LOOKS * INTERVAL));
  if (auth.stats().authenticated !== sessions) throw new Error('a session has ended');
  for (const transport of transports) transport.close();
  auth.close();
  await settle();
  return cpu / LOOKS;
}
