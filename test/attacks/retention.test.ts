import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect } from 'chai';
import type { MemoryQuestion } from '../support/memory-server';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';

const SCRIPT = resolve(__dirname, '../support/memory-server.js');
const encode = (part: string): string => Buffer.from(part).toString('base64url');

/** Of a packet; Socket.IO takes up to 1 MB. */
const PACKET = 900_000;
/** Of a header or URL; Node takes up to 16 KB of them. */
const HEADER = 12_000;

/** Sends one token among so much padding, and says how to hang up. */
type Attack = (url: string, token: string) => Promise<() => void>;

async function packets(url: string, ...sent: string[]): Promise<() => void> {
  const client = await RawClient.open(url, 'websocket');
  client.send(...sent);
  return () => client.close();
}

/** By hand, since no client of today speaks Engine.IO 3. */
async function packetsOfVersion3(url: string, ...sent: string[]): Promise<() => void> {
  const base = `${url}/socket.io/?EIO=3&transport=polling`;
  const greeting = await (await fetch(base)).text();
  const { sid } = JSON.parse(/\{.*?\}/.exec(greeting)?.[0] ?? '{}') as { sid: string };
  const body = sent.map((packet) => `${packet.length + 1}:4${packet}`).join('');
  const post = (text: string): Promise<Response> =>
    fetch(`${base}&sid=${sid}`, { method: 'POST', body: text });
  await post(body);
  return () => void post('1:1').catch(() => undefined);
}

async function request(url: string, query: string, headers: Record<string, string>): Promise<() => void> {
  const base = `${url}/socket.io/?EIO=4&transport=polling`;
  const greeting = await (await fetch(base + query, { headers })).text();
  const { sid } = JSON.parse(greeting.slice(1)) as { sid: string };
  const post = (text: string): Promise<Response> =>
    fetch(`${base}&sid=${sid}`, { method: 'POST', body: text });
  await post('40/handshake,');
  return () => void post('1').catch(() => undefined);
}

const spaces = (size: number): string => ' '.repeat(size);
const connect = (namespace: string, auth: object): string => `0${namespace},${JSON.stringify(auth)}`;
const event = (...args: unknown[]): string => `2/event,${JSON.stringify(args)}`;

/** The padding stands before the token, behind it, or within the quotes. */
const IN_PACKETS: [where: string, attack: Attack][] = [
  [
    'an event',
    (url, token) =>
      packets(
        url,
        connect('/event', {}),
        event('authenticate', { token: `Bearer ${spaces(PACKET)}${token}` }),
      ),
  ],
  [
    'an event whose argument it is',
    (url, token) => packets(url, connect('/event', {}), event('authenticate', `"${token}${spaces(PACKET)}"`)),
  ],
  [
    'an event beside other data',
    (url, token) =>
      packets(url, connect('/event', {}), event('authenticate', { token, padding: 'x'.repeat(PACKET) })),
  ],
  [
    'a CONNECT packet',
    (url, token) => packets(url, connect('/event', { token: `${spaces(PACKET)}${token}` })),
  ],
  [
    'a CONNECT packet, at the handshake',
    (url, token) => packets(url, connect('/handshake', { token: `bearer ${token}${spaces(PACKET)}` })),
  ],
  [
    'a CONNECT packet of Engine.IO 3, whose query it is',
    (url, token) => packetsOfVersion3(url, `0/event?token=Bearer${'+'.repeat(PACKET)}${token}`),
  ],
  [
    'a CONNECT packet, by getToken',
    (url, token) => packets(url, connect('/get-token', { jwt: `jwt=${spaces(PACKET)}${token}` })),
  ],
];

/** Node and Engine.IO keep these as long as the connection: what outlives it is measured. */
const IN_REQUESTS: [where: string, attack: Attack][] = [
  ['the header', (url, token) => request(url, '', { authorization: `Bearer ${spaces(HEADER)}${token}` })],
  ['the query', (url, token) => request(url, `&token=${'+'.repeat(HEADER)}${token}`, {})],
  ['a query among others', (url, token) => request(url, `&a=${'x'.repeat(HEADER)}&token=${token}`, {})],
  ['the cookie', (url, token) => request(url, '', { cookie: `a=${'x'.repeat(HEADER)}; jwt="${token}"` })],
];

const REFUSED: [what: string, attack: Attack][] = [
  [
    'a token whose payload is no JSON',
    (url) =>
      packets(
        url,
        connect('/event', {}),
        event(
          'authenticate',
          `${encode('{"alg":"HS256","typ":"JWT"}')}.${encode(`{"a":${'x'.repeat(PACKET / 2)}`)}.c`,
        ),
      ),
  ],
  [
    'no token at all',
    (url) => packets(url, connect('/event', {}), event('authenticate', 'x'.repeat(PACKET))),
  ],
  ['an event with a long name', (url) => packets(url, connect('/event', {}), event('x'.repeat(PACKET)))],
];

describe('what the server keeps of a packet', function () {
  let server: ChildProcess;
  let url: string;

  async function ask(question: MemoryQuestion): Promise<number> {
    server.send(question);
    const [answer] = (await once(server, 'message')) as [number];
    return answer;
  }

  async function until(question: MemoryQuestion, count: number): Promise<void> {
    while ((await ask(question)) !== count) await new Promise(setImmediate);
  }

  before(async () => {
    server = fork(SCRIPT, { execArgv: ['--expose-gc'] });
    const [port] = (await once(server, 'message')) as [number];
    url = `http://127.0.0.1:${port}`;
  });

  after(async () => {
    server.disconnect();
    await once(server, 'exit');
  });

  afterEach(async () => {
    await until('sockets', 0);
    await ask('forget');
  });

  /** Runs an attack so many times, and tells what each has left, on an average. */
  async function leftBy(
    attack: Attack,
    count: number,
    outcome: MemoryQuestion,
    hangsUp: boolean,
  ): Promise<number> {
    const run = async (times: number): Promise<(() => void)[]> => {
      const done = await ask(outcome);
      const running: (() => void)[] = [];
      for (let index = 0; index < times; index += 1) {
        const hangUp = await attack(url, createToken({ sub: `bob-${index}`, name: 'Bob of the padding' }));
        if (hangsUp) {
          await until(outcome, done + index + 1);
          hangUp();
        } else running.push(hangUp);
      }
      await until(outcome, done + times);
      if (hangsUp) await until('sockets', 0);
      return running;
    };
    // What is made at the first time stays.
    for (const hangUp of await run(3)) hangUp();
    await until('sockets', 0);
    const before = await ask('heap');
    const running = await run(count);
    const left = (await ask('heap')) - before;
    for (const hangUp of running) hangUp();
    return left / count;
  }

  for (const [where, attack] of IN_PACKETS) {
    it(`is only the token's characters, of 900 KB in ${where}`, async () => {
      // V8 keeps the last packet or two: what a regular expression looked at, say.
      expect(await leftBy(attack, 8, 'logins', false)).to.be.below(PACKET / 4);
    });
  }

  for (const [where, attack] of IN_REQUESTS) {
    it(`is only the token's characters, of 12 KB in ${where}`, async () => {
      expect(await leftBy(attack, 100, 'logins', true)).to.be.below(HEADER / 2);
    });
  }

  for (const [what, attack] of REFUSED) {
    it(`is nothing of 900 KB in the refusal of ${what}`, async () => {
      expect(await leftBy(attack, 8, 'refusals', true)).to.be.below(PACKET / 4);
    });
  }
});
