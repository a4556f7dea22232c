/**
 * What the library promises, in short, on another runtime than Node: `smoke.mjs [socket.io | bun-engine]`, in a project
 * that has the package. `scripts/runtimes.mjs` runs it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import jsonwebtoken from 'jsonwebtoken';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { authorize } from 'socketio-authorize';
import { authenticate } from 'socketio-authorize/client';

const SECRET = 'a shared secret of 32 bytes or more';
const [engineName = 'socket.io'] = process.argv.slice(2);
/** Ms until what does not come is a failure. */
const PATIENCE = 15_000;

let tokens = 0;
/** A token that differs from all others. */
function token(claims = {}, seconds = 600) {
  tokens += 1;
  return jsonwebtoken.sign({ sub: 'bob', jti: `${tokens}`, ...claims }, SECRET, { expiresIn: seconds });
}

/** A server with an authorizer, and clients of it. */
class World {
  clients = [];

  static async start(options = {}, serverOptions = {}) {
    const world = new World();
    world.io = new Server(serverOptions);
    world.auth = authorize({ secret: SECRET, ...options });
    world.main = world.auth.attach(world.io);
    const port = engineName === 'bun-engine' ? await world.#bindBun() : await world.#listen();
    world.url = `http://127.0.0.1:${port}`;
    return world;
  }

  async #bindBun() {
    const { Server: Engine } = await import('@socket.io/bun-engine');
    const engine = new Engine({ path: '/socket.io/' });
    this.io.bind(engine);
    this.bun = globalThis.Bun.serve({ port: 0, hostname: '127.0.0.1', ...engine.handler() });
    return this.bun.port;
  }

  async #listen() {
    this.http = createServer();
    this.io.attach(this.http);
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    return this.http.address().port;
  }

  /** A client whose events are kept in the order in which they come. */
  client(auth = {}) {
    const socket = connect(this.url, { auth, forceNew: true, reconnectionDelay: 10 });
    this.clients.push(socket);
    return socket;
  }

  async loggedIn(claims, seconds) {
    const socket = this.client({ token: token(claims, seconds) });
    await heard(socket, 'authenticated');
    return socket;
  }

  async stop() {
    for (const socket of this.clients) socket.disconnect();
    this.auth.close();
    this.io.disconnectSockets(true);
    if (this.bun) await this.bun.stop(true);
    else await this.io.close();
  }
}

/** The arguments of the next such event. */
function heard(emitter, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${PATIENCE} ms`)), PATIENCE);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

const CHECKS = {
  async 'login by event'(world) {
    const socket = world.client();
    await heard(socket, 'connect');
    const told = heard(world.main, 'authenticated');
    const reply = await socket.emitWithAck('authenticate', { token: token({ name: 'Bob' }) });
    assert.equal(reply.ok, true);
    assert.equal((await told)[0].decoded_token.name, 'Bob');
  },

  async 'login by CONNECT'(world) {
    const told = heard(world.main, 'authenticated');
    const socket = world.client({ token: token() });
    const [{ expiresIn }] = await heard(socket, 'authenticated');
    assert.ok(expiresIn > 0);
    assert.equal((await told)[0].data.auth.claims.sub, 'bob');
  },

  'handshake mode': {
    options: { handshake: true },
    async run(world) {
      const [error] = await heard(world.client(), 'connect_error');
      assert.equal(error.data.code, 'credentials_required');
      await heard(world.client({ token: token() }), 'authenticated');
    },
  },

  'the gate': {
    options: { holdEvents: 0 },
    async run(world) {
      const events = [];
      world.main.on('connection', (socket) => socket.onAny((event, text) => events.push(text)));
      const socket = world.client();
      await heard(socket, 'connect');
      socket.emit('message', 'too early');
      const [{ data }] = await heard(socket, 'unauthorized');
      assert.deepEqual([data.code, data.event], ['not_authenticated', 'message']);
      await socket.emitWithAck('authenticate', { token: token() });
      const [serverSocket] = [...world.main.sockets.values()];
      const arrived = heard(serverSocket, 'message');
      socket.emit('message', 'in time');
      await arrived;
      assert.deepEqual(events, ['in time']);
    },
  },

  async isolation(world) {
    const guest = world.client();
    await heard(guest, 'connect');
    const news = [];
    guest.on('news', (text) => news.push(text));
    const member = await world.loggedIn();
    const delivered = heard(member, 'news');
    world.io.emit('news', 'for members');
    await delivered;
    await guest.emitWithAck('authenticate', { token: token() });
    const next = heard(guest, 'news');
    world.io.emit('news', 'for both');
    await next;
    assert.deepEqual(news, ['for both']);
  },

  async expiry(world) {
    const socket = world.client({ token: token({}, 2) });
    const refused = heard(socket, 'unauthorized');
    const gone = heard(socket, 'disconnect');
    const ended = heard(world.main, 'deauthenticated');
    const [{ data }] = await refused;
    assert.deepEqual([data.code, data.reason], ['invalid_token', 'expired']);
    await gone;
    assert.equal((await ended)[1], 'expired');
  },

  async renewal(world) {
    const socket = world.client({ token: token({}, 2) });
    await heard(socket, 'token_expiring');
    const renewed = heard(world.main, 'reauthenticated');
    const reply = await socket.emitWithAck('authenticate', { token: token() });
    assert.ok(reply.expiresIn > 60_000);
    await renewed;
  },

  async revocation(world) {
    const socket = await world.loggedIn({ sub: 'eve' });
    const refused = heard(socket, 'unauthorized');
    const gone = heard(socket, 'disconnect');
    await world.auth.revoke({ sub: 'eve' });
    assert.equal((await refused)[0].data.reason, 'revoked');
    await gone;
  },

  recovery: {
    server: { connectionStateRecovery: {} },
    async run(world) {
      const socket = await world.loggedIn();
      const { id } = socket;
      const arrived = heard(socket, 'news');
      world.io.emit('news', 'gives an offset');
      await arrived;
      const gone = heard(world.main.sockets.get(id), 'disconnect');
      const missed = heard(socket, 'news');
      const again = heard(socket, 'authenticated');
      socket.io.engine.close();
      await gone;
      world.io.emit('news', 'while it was away');
      await again;
      assert.equal(socket.recovered, true);
      assert.equal(socket.id, id);
      assert.equal((await missed)[0], 'while it was away');
    },
  },

  async 'the client helper'(world) {
    const socket = connect(world.url, { forceNew: true, reconnectionDelay: 10 });
    world.clients.push(socket);
    const helper = authenticate(socket, { token: () => token({}, 3) });
    await helper.ready;
    assert.equal(helper.state, 'authenticated');
    const renewed = heard(world.main, 'reauthenticated');
    await renewed;
    await helper.logout();
    assert.equal(helper.state, 'unauthorized');
    helper.close();
  },

  'the limiter': {
    make() {
      const keys = [];
      return { keys, limiter: { consume: (key) => void keys.push(key) } };
    },
    async run(world, { keys }) {
      const socket = world.client();
      await heard(socket, 'connect');
      const warned = engineName === 'bun-engine' ? heard(process, 'warning') : undefined;
      const [serverSocket] = [...world.main.sockets.values()];
      const { address } = serverSocket.handshake;
      const reply = await socket.emitWithAck('authenticate', { token: token() });
      if (typeof address === 'string' && address !== '') {
        assert.equal(reply.ok, true);
        assert.deepEqual(keys, [address]);
        return 'asked with the address';
      }
      assert.equal(reply.error?.code, 'rate_limited');
      assert.deepEqual(keys, []);
      assert.match((await warned)[0].message, /options\.limiter needs the client's address/);
      return 'no address: refused with rate_limited, one warning';
    },
  },
};

let failures = 0;
for (const [title, check] of Object.entries(CHECKS)) {
  const { options = {}, server, make, run } = typeof check === 'function' ? { run: check } : check;
  const made = make?.();
  const world = await World.start({ ...options, ...(made && { limiter: made.limiter }) }, server);
  try {
    const remark = await run(world, made);
    console.log(`  ok   ${title}${remark === undefined ? '' : ` (${remark})`}`);
  } catch (error) {
    failures += 1;
    console.log(`  FAIL ${title}: ${error.stack ?? error}`);
  }
  await world.stop();
}
process.exit(failures === 0 ? 0 : 1);
