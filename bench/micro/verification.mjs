import { generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { load } from '../support/build.mjs';
import { cpuOf } from '../support/fake-transport.mjs';
import { interleave } from '../support/rounds.mjs';
import { KEY, makeTokens, SECRET } from '../support/tokens.mjs';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const pem = (key) => key.export({ type: 'spki', format: 'pem' });
/** What the application configures, what signs, and what the reference is given. */
const CASES = [
  { algorithm: 'HS256', secret: SECRET, privateKey: KEY, publicKey: KEY },
  { algorithm: 'RS256', secret: pem(rsa.publicKey), ...rsa },
  { algorithm: 'PS256', secret: pem(rsa.publicKey), ...rsa },
  { algorithm: 'ES256', secret: pem(ec.publicKey), ...ec },
];

/** Everything that the library does to judge a token, against the bare verification with a ready key. */
export async function measure({ rounds, verifications }) {
  const samples = {};
  const rows = [];
  for (const one of CASES) {
    const { algorithm } = one;
    const count = algorithm === 'HS256' ? verifications * 25 : verifications;
    const [bare, again, ours, classic] = await interleave(contendersOf(one, count), {
      warmups: 5,
      rounds,
    });
    const id = algorithm.toLowerCase();
    Object.assign(samples, { [id]: bare, [`${id}-noise`]: again, [`${id}-ours`]: ours });
    samples[`${id}-string`] = classic;
    rows.push(
      { id, name: `${algorithm}: \`jsonwebtoken.verify\`, \`KeyObject\``, reference: id },
      { id: `${id}-noise`, name: `${algorithm}: A/A`, reference: id },
      {
        id: `${id}-ours`,
        name: `${algorithm}: socketio-authorize`,
        reference: id,
        noiseRow: `${id}-noise`,
        target: 1.15,
      },
      { id: `${id}-string`, name: `${algorithm}: \`jsonwebtoken.verify\`, string or PEM`, reference: id },
    );
  }
  return {
    id: 'verification',
    title: 'One verification',
    note: 'socketio-authorize is given the string or the PEM; limits, claims, subject and revocation are in it.',
    unit: 'µs',
    samples,
    rows,
  };
}

function contendersOf({ algorithm, secret, privateKey, publicKey }, count) {
  const tokens = makeTokens(count, privateKey, algorithm);
  const options = { algorithms: [algorithm] };
  const timed = (prepare) => ({
    async measure() {
      const verify = prepare();
      const cpu = await cpuOf(() => {
        for (const token of tokens) verify(token);
      });
      return cpu / count;
    },
  });
  const bare = () => (token) => jwt.verify(token, publicKey, options);
  return [
    timed(bare),
    timed(bare),
    timed(() => judgeOf(secret)),
    timed(() => (token) => jwt.verify(token, secret, options)),
  ];
}

/** Put together as `authorize()` does it. */
function judgeOf(secret) {
  const { Admission } = load('token/admission');
  const { Deadlines } = load('runtime/deadlines');
  const { Revocations } = load('revocation/revocations');
  const settings = load('authorizer/settings').toSettings({ secret });
  const deadlines = new Deadlines();
  const { keyTimeout: storeTimeout, recheckInterval } = settings;
  const revocations = new Revocations({ deadlines, storeTimeout, recheckInterval, publish: () => {} });
  const admission = new Admission(settings, deadlines, revocations);
  const socket = {};
  return (token) => {
    const outcome = admission.judge(token, socket);
    if (outcome instanceof Error) throw outcome;
  };
}
