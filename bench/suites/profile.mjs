/** Where the server's time goes while clients log in: a CPU profile of its process, summed by package. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { BUILD } from '../support/build.mjs';
import { ServerProcess } from '../support/processes.mjs';
import { progress } from '../support/progress.mjs';
import { makeTokens } from '../support/tokens.mjs';

const CASES = {
  plain: ['plain', WAYS.guest],
  middlewareWithKey: ['middlewareWithKey', WAYS.handshake],
  connect: ['authorized', WAYS.connect],
  postConnectWithKey: ['postConnectWithKey', WAYS.event],
  event: ['authorized', WAYS.event],
};
const WARMUPS = 5;
const ROUNDS = 10;
const NODE = 'Node and the kernel, but for writes';
/** Native functions by name: what V8 knows of them. */
const CRYPTO = new Set(['init', 'update', 'digest', 'Hmac', 'timingSafeEqual']);
const WRITES = new Set(['writev', 'writeUtf8String', 'writeLatin1String', 'writeBuffer']);

/** CPU of a connection, in µs, by what spends it, for plain Socket.IO, and for both ways of logging in, by hand and by the library. */
export async function profile({ profiled, residents }) {
  const servers = await Promise.all(
    Object.entries(CASES).map(async ([name, [kind, way]]) => {
      const server = await ServerProcess.start(kind);
      await openAll(server.port, way, makeTokens(residents));
      return { name, server, way };
    }),
  );
  progress.rounds(WARMUPS + ROUNDS);
  for (let round = -WARMUPS; round < ROUNDS; round += 1) {
    for (const { server, way } of servers) {
      // Not from the start: neither the start of the process nor the warm-up is what is asked for.
      if (round === 0) await server.ask('startProfile');
      await dropAll(server, await openAll(server.port, way, makeTokens(profiled)), residents);
    }
    progress.round();
  }
  const folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-bench-'));
  try {
    const shares = {};
    for (const { name, server } of servers) {
      const file = join(folder, `${name}.cpuprofile`);
      await server.ask('stopProfile', file);
      await server.close();
      shares[name] = sumUp(JSON.parse(readFileSync(file, 'utf8')), profiled * ROUNDS);
    }
    return { id: 'profile', title: 'Where the time goes, in µs a connection', shares };
  } finally {
    rmSync(folder, { recursive: true });
  }
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
  return url === '' ? nativeSpender(functionName) : packageOf(url);
}

function nativeSpender(functionName) {
  if (CRYPTO.has(functionName)) return "Node's crypto";
  return WRITES.has(functionName) ? 'writes to the network' : NODE;
}

function packageOf(url) {
  if (url.includes(BUILD)) return 'socketio-authorize';
  if (/node_modules\/(jsonwebtoken|jws|jwa|safe-buffer|ecdsa-sig-formatter)\//.test(url))
    return 'jsonwebtoken';
  if (/node_modules\/(socket\.io|@socket\.io|engine\.io|ws)/.test(url)) return 'Socket.IO and ws';
  if (url.startsWith('node:internal/crypto')) return "Node's crypto";
  return url.startsWith('node:') ? NODE : 'other';
}
