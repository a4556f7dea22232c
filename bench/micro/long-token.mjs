import jwt from 'jsonwebtoken';
import { Decoder } from 'socket.io-parser';
import { load } from '../support/build.mjs';
import { cpuOf, FakeNetwork, settle } from '../support/fake-transport.mjs';
import { interleave } from '../support/rounds.mjs';
import { KEY, makeToken, SECRET } from '../support/tokens.mjs';

const SIZE = 900_000;

/** Point 12: a token of 900 KB, from the packet that Socket.IO has read until the refusal is on its way. */
export async function measure({ rounds }) {
  const token = makeToken({ padding: 'x'.repeat(SIZE * 0.75) });
  const verifications = 5;
  const verifying = {
    measure: async () =>
      (await cpuOf(() => {
        for (let index = 0; index < verifications; index += 1) {
          jwt.verify(token, KEY, { algorithms: ['HS256'] });
        }
      })) / verifications,
  };
  const refusing = { measure: () => refusalsOf(token) };
  const contenders = [verifying, verifying, refusing];
  const [verify, noise, refuse] = await interleave(contenders, { warmups: 3, rounds });
  return {
    id: 'long-token',
    title: 'A token of 900 KB',
    note: 'From the packet, read by Socket.IO, until the refusal is on its way; without a network.',
    unit: 'µs',
    reference: 'verify',
    samples: { verify, noise, refuse },
    rows: [
      { id: 'verify', name: '`jsonwebtoken.verify` of it, `KeyObject`' },
      { id: 'noise', name: 'A/A: verified once more' },
      { id: 'refuse', name: 'refused by socketio-authorize', target: 0.01, digits: 4 },
    ],
  };
}

async function refusalsOf(token) {
  const packet = parse(`2["authenticate",{"token":"${token}"}]`);
  const network = new FakeNetwork();
  const authorizer = load('index').authorize({ secret: SECRET, maxAttempts: Infinity });
  authorizer.attach(network.io);
  const count = 400;
  const transports = Array.from({ length: count }, () => network.connect());
  await settle();
  const sockets = [...network.io.sockets.sockets.values()];
  const cpu = await cpuOf(async () => {
    for (const socket of sockets) socket._onpacket(packet);
    await settle();
  });
  if (authorizer.stats().refused !== count) throw new Error('not refused');
  for (const transport of transports) transport.close();
  authorizer.close();
  return cpu / count;
}

function parse(text) {
  let packet;
  const decoder = new Decoder();
  decoder.on('decoded', (decoded) => {
    packet = decoded;
  });
  decoder.add(text);
  return packet;
}
