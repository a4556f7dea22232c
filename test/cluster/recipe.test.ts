import type { Server } from 'node:http';
import { resolve } from 'node:path';
import { expect } from 'chai';
import type { Server as SocketServer } from 'socket.io';
import type { Authorizer } from '../../lib';
import { needs } from '../support/debian';
import { loadExample, Running } from '../support/example';
import { Program } from '../support/program';
import { ready, RedisServer } from '../support/redis';
import type { RedisConnection } from '../support/redis';
import { readText, ROOT } from '../support/repository';
import { createToken, SECRET } from '../support/tokens';
import type { TestClient } from '../support/world';

interface ExampleNode {
  server: Server;
  io: SocketServer;
  auth: Authorizer;
  clients: RedisConnection[];
}
type Start = (port: number, url: string) => Promise<ExampleNode>;

/** Loads the recipe as a process with a secret would. */
function loadRecipe(): Start {
  const { JWT_SECRET } = process.env;
  process.env.JWT_SECRET = SECRET;
  try {
    return (loadExample('cluster/server.js') as { start: Start }).start;
  } finally {
    if (JWT_SECRET === undefined) delete process.env.JWT_SECRET;
    else process.env.JWT_SECRET = JWT_SECRET;
  }
}

describe('the recipe for a cluster', () => {
  let redis: RedisServer;
  const nodes: ExampleNode[] = [];
  const runnings: Running[] = [];
  const { error } = console;
  const start = loadRecipe();

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start({ persistent: true });
    // It says what its Redis clients say.
    console.error = () => undefined;
  });

  after(async () => {
    for (const [index, { io, auth, clients }] of nodes.entries()) {
      auth.close();
      await runnings[index]?.close();
      await io.close();
      for (const client of clients) client.destroy();
    }
    await redis?.close();
    console.error = error;
  });

  it('is what docs/deployment.md shows, word for word', () => {
    expect(readText('docs/deployment.md')).to.include(readText('examples/cluster/server.js'));
  });

  it('throws without JWT_SECRET, because each node would have another one', async () => {
    for (const JWT_SECRET of [undefined, '']) {
      const program = new Program('node server.js', resolve(ROOT, 'examples/cluster'), { JWT_SECRET });
      expect(await program.ends()).to.equal(1);
      expect(program.output).to.include('Set JWT_SECRET to the secret that your tokens are signed with.');
    }
  });

  it('carries messages and revocations to every node, to later ones too, and survives an outage of Redis', async () => {
    const [here, there] = [await addNode(), await addNode()];
    const token = createToken({ sub: 'bob' }, {}, SECRET);
    const bobs = await Promise.all([here, there].map((node) => loggedIn(node, token)));
    const carol = await loggedIn(there, createToken({ sub: 'carol' }, {}, SECRET));
    bobs[0]?.socket.emit('message', 'hello');
    expect(await carol.until('message')).to.deep.equal(['bob', 'hello']);

    bobs[0]?.socket.emit('log out everywhere');
    for (const bob of bobs) {
      expect((await bob.until('unauthorized'))[0]).to.have.nested.property('data.reason', 'revoked');
    }
    const later = await addNode();
    for (const node of [here, there, later]) expect(await refusalOf(node, token)).to.equal('revoked');

    await redis.kill();
    expect(await refusalOf(later, createToken({ sub: 'dora' }, {}, SECRET))).to.equal(
      'revocation_unavailable',
    );
    // To nobody but this node, and at no cost to the process.
    carol.socket.emit('message', 'anybody?');
    expect(await carol.until('message')).to.deep.equal(['carol', 'anybody?']);
    await redis.start();
    for (const { clients } of nodes) for (const client of clients) await ready(client);
    expect(await refusalOf(later, createToken({ sub: 'dora' }, {}, SECRET))).to.equal(undefined);
    expect(await refusalOf(later, token)).to.equal('revoked');
  });

  async function addNode(): Promise<Running> {
    const node = await start(0, redis.url);
    const running = new Running(node.server);
    nodes.push(node);
    runnings.push(running);
    return running;
  }
});

async function loggedIn(node: Running, token: string): Promise<TestClient> {
  const client = await node.connected();
  expect(await client.authenticate(token)).to.include({ ok: true });
  return client;
}

interface Reply {
  error?: { code: string; reason?: string };
}

/** The reason or else the code of a refusal. */
async function refusalOf(node: Running, token: string): Promise<string | undefined> {
  const client = await node.connected();
  const { error } = (await client.authenticate(token)) as Reply;
  client.socket.disconnect();
  return error?.reason ?? error?.code;
}
