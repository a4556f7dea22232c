import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';

/** A real Redis on a port of its own that keeps nothing on disk; it ends with this process. */
export async function startRedis() {
  // Redis takes no free port by itself.
  const port = 20_000 + (process.pid % 20_000);
  const settings = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--port', String(port)];
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => server.kill('SIGKILL'));
  const failure = once(server, 'error').then(([error]) => Promise.reject(error));
  failure.catch(() => {});
  await Promise.race([isReady(server), failure]);
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', (error) => console.error('Redis:', error.message));
  await client.connect();
  return client;
}

async function isReady(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  // Redis stops when nobody reads what it prints.
  server.stdout.resume();
}
