import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { resolve } from 'node:path';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { authorize } from '../../lib';
import type { AuthorizeOptions } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { connectError, refusal, show } from '../support/refusals';
import { readText, ROOT, tableRows } from '../support/repository';
import { createToken, SECRET, tokenEndingIn } from '../support/tokens';

describe('a user of socketio-jwt', () => {
  const { world, told } = freshWorld();

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    const auth = world.authorize({ holdEvents: 0, ...options });
    if (options.handshake) world.io.use(auth);
    else world.io.on('connection', auth);
  }

  /** For each row of the migration table, what shows it. */
  const ROWS: Record<string, () => Promise<void> | void> = {
    '`timeout` after a failed `authenticate`': async () => {
      const time = world.stopTime();
      guard({ timeout: 60 });
      const client = await world.connected();
      await show(client, 'none');
      time.pass(60);
      await client.until('disconnect');
    },
    '`timeout: 0`': () => {
      expect(() => authorize({ secret: SECRET, timeout: 0 })).to.throw(TypeError, 'timeout');
    },
    'a disconnect at the timeout': async () => {
      const time = world.stopTime();
      guard({ timeout: 30 });
      const client = await world.connected();
      time.pass(30);
      expect(await refusal(client)).to.include({ code: 'authentication_timeout' });
      await client.until('disconnect');
    },
    'a second `authenticate`': async () => {
      guard();
      const client = await world.connected();
      for (let times = 0; times < 2; times += 1) await show(client, createToken());
      expect(told.events).to.deep.equal(['authenticated', 'reauthenticated']);
      expect(client.received('authenticated')).to.have.length(2);
    },
    "another user's token on the same socket": async () => {
      guard();
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob' }));
      expect((await show(client, createToken({ sub: 'eve' }))).error).to.include({
        code: 'identity_mismatch',
      });
    },
    '`exp` during the session': async () => {
      const time = world.stopTime();
      guard();
      const client = await world.connected();
      await show(client, tokenEndingIn(400));
      time.pass(401);
      await client.until('disconnect');
    },
    'events before the login': async () => {
      guard();
      const heard: string[] = [];
      world.io.on('connection', (socket) => socket.on('news', () => heard.push('news')));
      const client = await world.connected();
      client.socket.emit('news');
      expect(await refusal(client)).to.include({ code: 'not_authenticated' });
      expect(heard).to.deep.equal([]);
    },
    'broadcasts before the login': async () => {
      guard();
      const client = await world.connected();
      world.io.emit('news');
      await show(client, createToken());
      expect(client.received('news')).to.deep.equal([]);
    },
    'any number of failed tokens': async () => {
      guard();
      const client = await world.connected();
      for (let times = 0; times < 5; times += 1) client.socket.emit('authenticate', { token: 'none' });
      await client.until('disconnect');
      expect(told.codes.at(-1)).to.equal('too_many_attempts');
    },
    'the `authenticated` event on a client': async () => {
      guard();
      const client = await world.connected();
      client.socket.emit('authenticate', { token: createToken() });
      expect(await client.until('authenticated')).to.deep.equal([{ expiresAt: null, expiresIn: null }]);
    },
    'the order of `authenticated`': async () => {
      guard();
      world.io.on('authenticated', (socket: Socket) => socket.emit('from the listener'));
      const client = await world.connected();
      await show(client, createToken());
      expect(client.inbox.events).to.deep.equal(['connect', 'from the listener', 'authenticated']);
    },
    'an error of the `secret` callback': async () => {
      guard({
        secret: (_request, _payload, callback: (error: object) => void) =>
          callback({ code: 'mine', message: 'not for you' }),
      });
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.include({ code: 'invalid_secret', message: 'no key for this token' });
    },
    'what `additional_auth` throws': async () => {
      guard({
        additional_auth: () => {
          throw new Error('not for you');
        },
      });
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.include({ code: 'unknown', message: 'unauthorized' });
    },
    '`additional_auth` at the handshake': async () => {
      guard({ handshake: true, additional_auth: (_decoded, _ok, no) => no('go away', 'banned') });
      expect(await connectError(world.client('/', { auth: { token: createToken() } }))).to.include({
        code: 'banned',
      });
    },
    '`cookie`': async () => {
      guard({ cookie: 'jwt' });
      const client = await world.connected('/', {
        extraHeaders: { cookie: `jwt=${createToken({ sub: 'cookie' })}` },
      });
      await show(client, createToken({ sub: 'event' }));
      expect(await told.socket('authenticated')).to.have.nested.property('decoded_token.sub', 'event');
    },
    '`Authorization` that is not `Bearer` at the handshake': async () => {
      guard({ handshake: true });
      const options = { extraHeaders: { authorization: 'Basic Ym9i' }, query: { token: createToken() } };
      expect(await connectError(world.client('/', options))).to.include({ code: 'credentials_bad_format' });
    },
    'header and query token together': async () => {
      guard({ handshake: true });
      const token = (sub: string): string => createToken({ sub });
      world.client('/', {
        extraHeaders: { authorization: `Bearer ${token('header')}` },
        query: { token: token('query') },
      });
      expect(await told.socket('authenticated')).to.have.nested.property('decoded_token.sub', 'header');
    },
    '`handshake.auth.token`': async () => {
      guard();
      await world.client('/', { auth: { token: createToken() } }).until('authenticated');
    },
    'tokens in `socket.handshake`': async () => {
      guard();
      const token = createToken();
      world.client('/', { auth: { token }, query: { token } });
      const socket = await told.socket('authenticated');
      expect(JSON.stringify(socket.handshake)).not.to.include(token);
      expect(socket.request.url).to.include(token);
    },
    'a `fail` hook that accepts': async () => {
      guard({ handshake: true, fail: (_error, _socket, accept) => accept() });
      const client = await world.connected();
      client.socket.emit('news');
      expect(await refusal(client)).to.include({ code: 'not_authenticated' });
    },
    '`encoded_token`': async () => {
      guard();
      const client = await world.connected();
      await show(client, 'none');
      const [socket] = world.io.of('/').sockets.values();
      expect(socket).not.to.have.property('encoded_token');
      await show(client, createToken());
      expect(socket).to.have.property('encoded_token');
      expect(Object.keys(socket as object)).not.to.include('encoded_token');
    },
    'an RSA key under 2048 bits': () => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      expect(() => authorize({ secret: publicKey })).to.throw(TypeError, '2048');
    },
    'an option that there is not': () => {
      expect(() => authorize({ secret: SECRET, requird: false } as never)).to.throw(TypeError, 'requird');
    },
    '`secret` as a `Buffer`, `KeyObject` or list': async () => {
      guard({ secret: [Buffer.from('the newest secret, of 32 bytes or more'), Buffer.from(SECRET)] });
      expect(await show(await world.connected(), createToken())).to.include({ ok: true });
    },
  };

  for (const [row, shows] of Object.entries(ROWS)) it(`finds what differs as documented: ${row}`, shows);

  it('finds a test for every documented difference', () => {
    const rows = tableRows(readText('docs/migration-from-socketio-jwt.md'), 'what').map(([what]) => what);
    expect(rows).to.have.members(Object.keys(ROWS));
  });

  it('had a server that ended at its first connection on Socket.IO 4', async () => {
    const script = `
      const { Server } = require('socket.io');
      const { io: connect } = require('socket.io-client');
      const io = new Server(0);
      io.on('connection', require('socketio-jwt').authorize({ secret: 'x' }));
      connect('http://127.0.0.1:' + io.httpServer.address().port);
    `;
    const output = await new Promise<string>((done) => {
      const options = { cwd: resolve(ROOT), timeout: 100_000 };
      execFile(process.execPath, ['-e', script], options, (_error, _stdout, stderr) => done(stderr));
    });
    expect(output).to.match(/TypeError: Cannot read properties of undefined \(reading 'indexOf'\)/);
  });

  it('finds the classic options that stay: the payload of a refusal', async () => {
    guard();
    const client = await world.connected();
    client.socket.emit('authenticate', { token: 7 });
    const [payload] = await client.until('unauthorized');
    expect(payload).to.deep.include({
      message: 'invalid token datatype',
      inner: { message: 'invalid token datatype' },
    });
    expect(payload).to.have.nested.property('data.type', 'UnauthorizedError');
  });

  it('finds the classic options that stay: four parameters of a key function', async () => {
    const seen: unknown[] = [];
    guard({
      secret: (request, header, payload, callback) => {
        seen.push(request.headers.host, header, payload);
        callback(null, SECRET);
      },
    });
    expect(await show(await world.connected(), createToken({ sub: 'bob' }))).to.include({ ok: true });
    expect(seen[0]).to.match(/^127\.0\.0\.1/);
    expect(seen[1]).to.include({ alg: 'HS256' });
    expect(seen[2]).to.include({ sub: 'bob' });
  });
});
