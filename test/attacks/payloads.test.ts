import { expect } from 'chai';
import { sign } from 'jsonwebtoken';
import { anything, asyncProperty, assert, jsonValue } from 'fast-check';
import type { AuthorizeOptions, UnauthorizedData } from '../../lib';
import { CODES, REASONS } from '../../lib/protocol';
import { unharmedWorld } from '../support/fresh-world';
import { RawClient } from '../support/raw-client';
import { connectError, refusal, settled, show } from '../support/refusals';
import { createToken, rsaKeys, SECRET } from '../support/tokens';

const CODE_SET: ReadonlySet<string> = new Set(Object.values(CODES));
const REASON_SET: ReadonlySet<unknown> = new Set([undefined, ...Object.values(REASONS)]);
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** What no client should send as its token. */
const TOKENS: [what: string, token: unknown][] = [
  ['null', null],
  ['a number', 123],
  ['NaN', NaN],
  ['true', true],
  ['a list', ['a.b.c']],
  ['an empty object', {}],
  ['an object that would be a string', { toString: 'a.b.c', length: 5, split: [] }],
  ['nested lists', [[[[[[]]]]]]],
  ['a Buffer', Buffer.from(createToken())],
  ['an empty Buffer', Buffer.alloc(0)],
  ['an empty string', ''],
  ['dots', '..'],
  ['many dots', '.'.repeat(8000)],
  ['not Base64url', '!.!.!'],
  ['no ASCII', 'é.ü.☃'],
  ['zeros', '\0.\0.\0'],
  ['500 KB', 'a'.repeat(500_000)],
  ['500 KB with dots', `${'a'.repeat(250_000)}.${'b'.repeat(250_000)}.c`],
  ['alg none', `${encode({ alg: 'none' })}.${encode({ sub: 'bob' })}.`],
  ['an HMAC with a public key', createToken({}, { algorithm: 'HS256' }, 'public')],
  ['another key', createToken({}, {}, 'another')],
  ['RS256 of another', createToken({}, { algorithm: 'RS256' }, rsaKeys().privateKey)],
];

/** What no client should send as the payload of `authenticate`. */
const PAYLOADS: [what: string, ...args: unknown[]][] = [
  ['nothing'],
  ['null', null],
  ['a number', 7],
  ['a string', 'a.b.c'],
  ['a list', [{ token: 'a.b.c' }]],
  ['a Buffer', Buffer.from('a.b.c')],
  ['an object without a token', { jwt: createToken() }],
  ['an inherited token', JSON.parse(`{"__proto__":{"token":"${createToken()}"}}`)],
  ['many arguments', null, { token: createToken() }, createToken()],
];

describe('a hostile client', () => {
  const { world } = unharmedWorld();

  function expectSane(data: UnauthorizedData | undefined, secretText?: string): void {
    expect(CODE_SET.has(String(data?.code)), JSON.stringify(data)).to.equal(true);
    expect(REASON_SET.has(data?.reason)).to.equal(true);
    expect(data?.message.length).to.be.below(200);
    if (secretText) expect(JSON.stringify(data)).not.to.include(secretText);
  }

  describe('gets a code, and does no harm, with a token of', () => {
    for (const [what, token] of TOKENS) {
      it(`${what}, by event`, async () => {
        world.authorize().attach(world.io);
        const client = await world.connected();
        const { ok, error } = await show(client, token);
        expect(ok).to.equal(false);
        expect(error?.code).to.equal('invalid_token');
        expectSane(error);
        expect(await show(client, createToken())).to.include({ ok: true });
      });

      it(`${what}, with the CONNECT packet`, async () => {
        world.authorize().attach(world.io);
        const client = world.client('/', { auth: { token } });
        await client.until('connect');
        if (token === null || token === '' || Number.isNaN(token)) await settled(client);
        else expectSane(await refusal(client));
        expect(await show(client, createToken())).to.include({ ok: true });
      });

      it(`${what}, at the handshake`, async () => {
        world.authorize({ handshake: true }).attach(world.io);
        expectSane(await connectError(world.client('/', { auth: { token } })));
        await world.client('/', { auth: { token: createToken() } }).until('authenticated');
      });
    }
  });

  for (const [what, ...args] of PAYLOADS) {
    it(`gets a code for ${what} instead of a payload, with and without an acknowledgement`, async () => {
      world.authorize().attach(world.io);
      const client = await world.connected();
      client.socket.emit('authenticate', ...args);
      expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'malformed' });
      const reply = (await client.socket.emitWithAck('authenticate', ...args)) as { error: UnauthorizedData };
      expectSane(reply.error);
      client.socket.emit('deauthenticate', ...args);
      expect(await show(client, createToken())).to.include({ ok: true });
    });
  }

  const headers: [what: string, extraHeaders: Record<string, string>][] = [
    ['Bearer alone', { authorization: 'Bearer' }],
    ['two tokens', { authorization: 'Bearer a.b.c d.e.f' }],
    ['another scheme', { authorization: `Token ${createToken()}` }],
    ['no token after Bearer', { authorization: 'Bearer    ' }],
    ['a cookie without =', { cookie: 'jwt' }],
    ['a cookie that cannot be decoded', { cookie: 'jwt=%' }],
    ['4 KB of cookies', { cookie: `${'a=b;'.repeat(1000)}jwt=x` }],
  ];
  for (const [what, extraHeaders] of headers) {
    it(`gets a code for a header with ${what}`, async () => {
      world.authorize({ handshake: true, cookie: 'jwt' }).attach(world.io);
      expectSane(await connectError(world.client('/', { extraHeaders })));
      world.authorize({ cookie: 'jwt' }).attach(world.io.of('/event'));
      const client = await world.connected('/event', { extraHeaders });
      client.socket.emit('authenticate');
      expectSane(await refusal(client));
    });
  }

  it('with claims named __proto__ in a signed token pollutes no prototype', async () => {
    world.authorize().attach(world.io);
    // As text, since who signs would stumble over such an object.
    const claims = '{"sub":"bob","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}';
    expect(await show(await world.connected(), sign(claims, SECRET))).to.include({ ok: true });
    expect(({} as { admin?: boolean }).admin).to.equal(undefined);
  });

  const keyFunctions: [what: string, secret: AuthorizeOptions['secret']][] = [
    [
      'throws',
      () => {
        throw new Error('the password is hunter2');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the password is hunter2'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
    ['gives nothing', () => undefined],
    ['gives an empty string', () => ''],
    ['gives an object', () => ({ secret: 'hunter2' })],
    ['gives an empty list', () => []],
    ['gives a broken PEM', () => '-----BEGIN PUBLIC KEY-----\nhunter2\n-----END PUBLIC KEY-----'],
    [
      'calls back with an error',
      (_request, _payload, callback: (error: unknown) => void) => callback({ code: 'x', message: 'hunter2' }),
    ],
    ['calls back with nothing', (_request, _header, _payload, callback) => callback(null)],
    [
      'calls back and throws',
      (_request, _payload, callback: (error: unknown) => void) => {
        callback(new Error('hunter2'));
        throw new Error('hunter2');
      },
    ],
    [
      'is async with a callback, and rejects',
      async (_request, _payload, _callback) => {
        await Promise.resolve();
        throw new Error('hunter2');
      },
    ],
    ['never answers', () => new Promise(() => undefined)],
    ['never calls back', (_request, _payload, _callback) => undefined],
  ];
  for (const [what, secret] of keyFunctions) {
    it(`gets invalid_secret, and not the reason, from a key function that ${what}`, async () => {
      world.authorize({ secret, keyTimeout: 50 }).attach(world.io);
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.deep.include({
        code: 'invalid_secret',
        reason: 'key_unavailable',
        message: 'no key for this token',
      });
    });
  }

  it('is refused if the key function returns a public key, and the token is signed with that key as a secret', async () => {
    const { publicKey } = rsaKeys();
    world.authorize({ secret: () => publicKey }).attach(world.io);
    const { error } = await show(await world.connected(), createToken({}, { algorithm: 'HS256' }, 'x'));
    expect(error).to.include({ code: 'invalid_token', reason: 'algorithm' });
  });

  const additional: [
    what: string,
    hook: NonNullable<AuthorizeOptions['additional_auth']>,
    code: string,
    message: string,
  ][] = [
    [
      'throws',
      () => {
        throw new Error('hunter2');
      },
      'unknown',
      'unauthorized',
    ],
    ['rejects', () => Promise.reject(new Error('hunter2')), 'unknown', 'unauthorized'],
    ['never answers', () => undefined, 'unknown', 'unauthorized'],
    ['refuses with a text and a code', (_decoded, _ok, no) => no('go away', 'banned'), 'banned', 'go away'],
    ['refuses with an object', (_decoded, _ok, no) => no({ message: 'go away' }), 'unknown', 'go away'],
    ['refuses with an Error', (_decoded, _ok, no) => no(new Error('go away'), 'banned'), 'banned', 'go away'],
    ['refuses with nothing', (_decoded, _ok, no) => no(undefined), 'unknown', 'unauthorized'],
    [
      'refuses with a code that is none',
      (_decoded, _ok, no) => no({ message: 7 }, 7 as never),
      'unknown',
      'unauthorized',
    ],
    [
      'refuses, then accepts',
      (_decoded, ok, no) => {
        no('go away');
        ok();
      },
      'unknown',
      'go away',
    ],
  ];
  for (const [what, additional_auth, code, message] of additional) {
    it(`is refused by an additional_auth that ${what}`, async () => {
      world.authorize({ additional_auth, keyTimeout: 50 }).attach(world.io);
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.include({ code, message });
    });
  }

  it('gets the UnauthorizedError that additional_auth passes on, or is accepted by it', async () => {
    const { UnauthorizedError } = await import('../../lib/index.js');
    let hook: NonNullable<AuthorizeOptions['additional_auth']> = (_decoded, _ok, no) =>
      no(new UnauthorizedError('mine'));
    world.authorize({ additional_auth: (...args) => hook(...args) }).attach(world.io);
    expect((await show(await world.connected(), createToken())).error).to.include({ code: 'mine' });
    hook = (_decoded, ok) => ok();
    expect(await show(await world.connected(), createToken())).to.include({ ok: true });
  });

  it('is refused by a customDecoded that throws', async () => {
    world
      .authorize({
        customDecoded: () => {
          throw new Error('hunter2');
        },
      })
      .attach(world.io);
    const { error } = await show(await world.connected(), createToken());
    expect(error).to.include({ code: 'unknown', message: 'unauthorized' });
  });

  for (const handshake of [false, true]) {
    it(`gets a code for any JSON value as its token, handshake: ${handshake}`, async () => {
      world.authorize({ handshake, maxAttempts: Infinity, required: false }).attach(world.io);
      const raw = await RawClient.open(world.url, 'websocket');
      if (!handshake) {
        raw.send(RawClient.connect());
        await raw.next('CONNECT');
      }
      await assert(
        asyncProperty(jsonValue(), async (token) => {
          raw.send(handshake ? RawClient.connect({ token }) : RawClient.event('authenticate', { token }));
          const packet = await raw.next(handshake ? 'CONNECT_ERROR' : 'EVENT');
          expectSane((handshake ? packet : ((packet as object[])[1] as object)) ? dataOf(packet) : undefined);
        }),
        { numRuns: 150 },
      );
      raw.close();
    });
  }

  it('gets a code for any value as its payload', async () => {
    world.authorize({ maxAttempts: Infinity, required: false }).attach(world.io);
    const client = await world.connected();
    await assert(
      asyncProperty(anything({ withNullPrototype: false }), async (payload) => {
        client.socket.emit('authenticate', toSendable(payload));
        expectSane(await refusal(client));
      }),
      { numRuns: 150 },
    );
    expect(await show(client, createToken({}, {}, SECRET))).to.include({ ok: true });
  });

  it('is sent only the beginning of a huge event name', async () => {
    world.authorize({ holdEvents: 0 }).attach(world.io);
    const client = await world.connected();
    client.socket.emit('x'.repeat(100_000));
    expect((await refusal(client)).event).to.equal('x'.repeat(128));
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    raw.send(RawClient.event(7, 'a number as its name'));
    expect(dataOf(await raw.next('EVENT'))).to.include({ code: 'not_authenticated', event: '7' });
    raw.close();
  });

  it('cannot acknowledge after its logout what the server sent before', async () => {
    const auth = world.authorize();
    const answers: unknown[] = [];
    auth.attach(world.io).on('authenticated', (socket: import('socket.io').Socket) => {
      socket.emit('question', (answer: unknown) => answers.push(answer));
    });
    const client = await world.connected();
    const question = new Promise<(answer: string) => void>((resolve) => {
      client.socket.on('question', resolve);
    });
    await show(client, createToken());
    const answer = await question;
    await settled(client);
    answer('too late');
    await settled(client);
    expect(answers).to.deep.equal([]);
  });
});

function dataOf(packet: unknown): UnauthorizedData {
  const payload = Array.isArray(packet)
    ? (packet[1] as { data: UnauthorizedData })
    : (packet as { data: UnauthorizedData });
  return payload.data;
}

/** What JSON can carry of a value: Socket.IO's client itself stumbles over the rest. */
function toSendable(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null');
  } catch {
    return null;
  }
}
