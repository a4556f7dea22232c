/**
 * Simulates the renewals and expiries of ten million sessions: how many a cluster gets each second, on a normal day and
 * after a restart of the whole cluster. Nothing is connected. The script draws the times as the client draws them, and
 * counts. The seed is always the same, and so are the figures.
 *
 *   npm run simulate
 *   npm run simulate -- --sessions 1000000 --life 900 --lost 0.05
 */
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    /** How many sessions. */
    sessions: { type: 'string', default: '10000000' },
    /** A token's life, in s. */
    life: { type: 'string', default: '3600' },
    /** Part of the tokens whose client does not renew in time: the session expires, and the client logs in anew. */
    lost: { type: 'string', default: '0.01' },
    /** How long a restarted cluster takes to get its clients back, in s. */
    return: { type: 'string', default: '60' },
  },
});
const SESSIONS = Number(flags.sessions);
const LIFE = Number(flags.life);
const LOST = Number(flags.lost);
const RETURN = Number(flags.return);
/** Virtual time that is looked at, in lives, and of which ones is told. */
const LIVES = 12;
const SHOWN = [1, 2, 4, 12];
const SECONDS = LIFE * LIVES;

/** As in `lib/client/pace.ts`: after 80 % of the remaining life, or up to 10 % of that earlier. */
const RENEW_AT = 0.8;
const RENEW_SPREAD = 0.1;

const random = generator(20_260_101);
const fullLife = () => LIFE;

/** When a session begins, the life that its first token has left then, and the life of those that follow. */
const CASES = [
  {
    name: 'any day',
    begin: () => [-6 * LIFE * random(), LIFE],
    life: fullLife,
    spread: RENEW_SPREAD,
  },
  {
    name: `restart, back in ${RETURN} s, clients show the tokens that they have`,
    begin: () => [RETURN * random(), LIFE * (0.2 + 0.8 * random())],
    life: fullLife,
    spread: RENEW_SPREAD,
  },
  {
    name: `restart, back in ${RETURN} s, every token newly issued`,
    begin: () => [RETURN * random(), LIFE],
    life: fullLife,
    spread: RENEW_SPREAD,
  },
  {
    name: 'the same, but renewals without a spread',
    begin: () => [RETURN * random(), LIFE],
    life: fullLife,
    spread: 0,
  },
  {
    name: "the same, but an issuer that draws each token's life between a half and all of it",
    begin: () => [RETURN * random(), LIFE * (0.5 + 0.5 * random())],
    life: () => LIFE * (0.5 + 0.5 * random()),
    spread: RENEW_SPREAD,
  },
];

console.log(
  `${SESSIONS.toLocaleString('en')} sessions, tokens of ${LIFE} s, ${LOST * 100} % not renewed in time. ` +
    'The mean of all seconds, and the busiest second of a life in multiples of it.\n',
);
const heads = SHOWN.map((life) => `life ${life}`).join(' | ');
console.log(`| | a second | ${heads} |\n| --- | --: | ${SHOWN.map(() => '--:').join(' | ')} |`);
for (const one of CASES) {
  const { renewals, expiries } = simulate(one);
  console.log(`| ${one.name}: renewals | ${describe(renewals)} |`);
  console.log(`| expiries | ${describe(expiries)} |`);
}

/** Renewals and expiries of each second. */
function simulate({ begin, life, spread }) {
  const renewals = new Uint32Array(SECONDS);
  const expiries = new Uint32Array(SECONDS);
  for (let session = 0; session < SESSIONS; session += 1) {
    let [now, left] = begin();
    while (now < SECONDS) {
      const isLost = random() < LOST;
      now += isLost ? left : left * RENEW_AT * (1 - spread * random());
      if (now >= 0 && now < SECONDS) (isLost ? expiries : renewals)[Math.floor(now)] += 1;
      left = life();
    }
  }
  return { renewals, expiries };
}

function describe(perSecond) {
  const mean = perSecond.reduce((sum, count) => sum + count, 0) / SECONDS;
  const peaks = SHOWN.map((life) => {
    const peak = perSecond
      .subarray((life - 1) * LIFE, life * LIFE)
      .reduce((most, count) => Math.max(most, count), 0);
    return `${(peak / mean).toFixed(1)} ×`;
  });
  return [Math.round(mean).toLocaleString('en'), ...peaks].join(' | ');
}

/** Mulberry32: quick, and good enough to draw moments with. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
