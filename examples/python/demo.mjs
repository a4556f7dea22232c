// The chat, with tokens from Python: an issuer in Python, and a client in Python.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const python = process.env.PYTHON || 'python3';
const modules = spawnSync(python, ['-c', 'import jwt, socketio, requests'], { encoding: 'utf8' });
if (modules.status !== 0) {
  const reason = modules.error?.message ?? modules.stderr.trim().split('\n').at(-1);
  console.error(
    `The example python did not start. ${reason}. Install pyjwt and python-socketio[client] with pip.`,
  );
  process.exit(1);
}

/** Starts a program, and resolves with the address that it prints. */
async function start(command, file, env) {
  const child = spawn(command, [`${import.meta.dirname}/${file}`], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)));
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const [url] = /http:\/\/[\w.]+:\d+/.exec(line) ?? [];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  await once(child, 'exit');
  throw new Error(`${file} did not start`);
}

if (!process.env.JWT_SECRET) console.log('JWT_SECRET is not set: this run uses a random secret.');
const JWT_SECRET = process.env.JWT_SECRET || randomBytes(32).toString('hex');
const chat = await start(process.execPath, '../chat/server.js', { JWT_SECRET });
const issuer = await start(python, 'issuer.py', { JWT_SECRET, PORT: process.env.ISSUER_PORT ?? '0' });
const client = `SERVER=${chat} ISSUER=${issuer} ${python} examples/python/client.py Guido`;
console.log(`The example python listens at ${chat}, and its issuer at ${issuer}. Ctrl+C ends it.

1. Log in from Python; every line that you type is a message in the chat:

    echo hello | ${client}

   You see:
    logged in as Guido
    Guido: hello

Open ${chat} in a browser to answer. Copy the line into another terminal, in this folder.`);
