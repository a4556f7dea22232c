/**
 * Ten million sessions' renewals and expiries on virtual time: what a cluster is asked for each second, with the renewals
 * spread as the client spreads them, and without. Nothing is connected; only the moments are drawn and counted.
 *
 *   npm run simulate
 *   npm run simulate -- --sessions 1000000 --life 3600 --lost 0.01
 */
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    /** How many sessions. */
    sessions: { type: 'string', default: '10000000' },
    /** A token's life, in s. */
    life: { type: 'string', default: '3600' },
    /** Part of the sessions whose client does not renew: they expire, and log in anew. */
    lost: { type: 'string', default: '0.01' },
    /** How long a restarted cluster takes to get its clients back, in s; Socket.IO's clients wait 1 to 5 s at first. */
    return: { type: 'string', default: '60' },
    /** How much virtual time is looked at, in lives. */
    lives: { type: 'string', default: '12' },
  },
});
const SESSIONS = Number(flags.sessions);
const LIFE = Number(flags.life);
const LOST = Number(flags.lost);
const RETURN = Number(flags.return);
const SECONDS = LIFE * Number(flags.lives);

/** As in `lib/client/login.ts`: at 80 % of the life that is left, and up to 10 % of that earlier. */
const RENEW_AT = 0.8;
const RENEW_SPREAD = 0.1;

/** When the sessions begin: spread over a life, as on any day; or all within the time that a restart takes. */
const STARTS = {
  'an ordinary day': () => Math.random() * LIFE,
  [`after a restart, all back in ${RETURN} s`]: () => Math.random() * RETURN,
};
const SPREADS = { 'spread by 10 %': RENEW_SPREAD, 'without a spread': 0 };

console.log(
  `${SESSIONS.toLocaleString('en')} sessions, tokens of ${LIFE} s, ${LOST * 100} % not renewed but expiring, ${SECONDS / LIFE} lives of virtual time\n`,
);
for (const [start, startOf] of Object.entries(STARTS)) {
  for (const [name, spread] of Object.entries(SPREADS)) show(start, name, simulate(startOf, spread));
}

/** Renewals and expiries in each second. */
function simulate(startOf, spread) {
  const renewals = new Uint32Array(SECONDS + 1);
  const expiries = new Uint32Array(SECONDS + 1);
  for (let session = 0; session < SESSIONS; session += 1) {
    let now = startOf();
    while (now < SECONDS) {
      const isLost = Math.random() < LOST;
      now += isLost ? LIFE : LIFE * RENEW_AT * (1 - spread * Math.random());
      if (now < SECONDS) (isLost ? expiries : renewals)[Math.floor(now)] += 1;
    }
  }
  return { renewals, expiries };
}

function show(start, name, { renewals, expiries }) {
  console.log(`${start}, ${name}`);
  for (let life = 1; life < SECONDS / LIFE; life = life < 3 ? life + 1 : life * 2) {
    const [from, to] = [life * LIFE, (life + 1) * LIFE];
    if (to <= SECONDS)
      console.log(
        `  life ${life + 1}: ${describe(renewals.subarray(from, to), 'renewals')}; ${describe(expiries.subarray(from, to), 'expiries')}`,
      );
  }
}

function describe(perSecond, what) {
  let sum = 0;
  let peak = 0;
  for (const count of perSecond) {
    sum += count;
    if (count > peak) peak = count;
  }
  const mean = sum / perSecond.length;
  return `${Math.round(mean).toLocaleString('en')} ${what} a second, peak ${peak.toLocaleString('en')} (${(peak / mean).toFixed(2)} ×)`;
}
