/** Where the server's time goes while clients log in: a CPU profile of its process, summed by package. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropAll, openAll, WAYS } from './support/clients.mjs';
import { BUILD } from './support/build.mjs';
import { ServerProcess } from './support/server.mjs';
import { makeTokens } from './support/tokens.mjs';

const CASES = {
  plain: ['plain', WAYS.guest],
  connect: ['authorized', WAYS.connect],
  event: ['authorized', WAYS.event],
};
const WARMUPS = 3;
const ROUNDS = 5;

/** µs of CPU a connection, by what spends it, for plain Socket.IO and for both ways of logging in. */
export async function profile({ profiled }) {
  const shares = {};
  for (const [name, [kind, way]] of Object.entries(CASES)) {
    const folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-bench-'));
    try {
      // Started by hand, so that neither the start of the process nor the warm-up is in it.
      const server = await ServerProcess.start(kind);
      const tokens = makeTokens(profiled);
      for (let round = -WARMUPS; round < ROUNDS; round += 1) {
        if (round === 0) await server.ask('startProfile');
        await dropAll(server, await openAll(server.port, way, tokens));
      }
      await server.ask('stopProfile', join(folder, 'server.cpuprofile'));
      await server.close();
      shares[name] = sumUp(JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]))), profiled * ROUNDS);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return shares;
}

function sumUp({ nodes, samples, timeDeltas }, connections) {
  const spenders = new Map(nodes.map(({ id, callFrame }) => [id, spenderOf(callFrame)]));
  const total = {};
  for (const [index, sample] of samples.entries()) {
    const spender = spenders.get(sample);
    if (spender !== undefined) total[spender] = (total[spender] ?? 0) + timeDeltas[index] / connections;
  }
  return total;
}

function spenderOf({ functionName, url }) {
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (url.includes(BUILD)) return 'socketio-authorize';
  if (/node_modules\/(jsonwebtoken|jws|jwa|safe-buffer|ecdsa-sig-formatter)\//.test(url))
    return 'jsonwebtoken';
  if (/node_modules\/(socket\.io|@socket\.io|engine\.io|ws)/.test(url)) return 'Socket.IO and ws';
  if (url.startsWith('node:internal/crypto')) return "Node's crypto";
  if (url.startsWith('node:') || url === '') return 'Node, kernel calls included';
  return 'other';
}
