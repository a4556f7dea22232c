import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions, UnauthorizedData } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { RawClient } from '../support/raw-client';
import { connectError, refusal, settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { Warnings } from '../support/warnings';
import type { ClientOptions } from '../support/world';

const TOKEN = createToken({ sub: 'bob' });

describe('a token', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  const wrapped = [
    TOKEN,
    `${TOKEN}\n`,
    ` Bearer ${TOKEN}`,
    `"${TOKEN}"`,
    `'bearer ${TOKEN}'`,
    `BEARER "${TOKEN}" `,
  ];

  for (const shown of wrapped) {
    const what = JSON.stringify(shown.replace(TOKEN, 'x'));

    it(`is read from ${what} in every place`, async () => {
      guard({ cookie: 'jwt', handshake: true, required: false });
      const cookie = `jwt=${encodeURIComponent(shown)}`;
      const places: ClientOptions[] = [
        { auth: { token: shown } },
        { query: { token: shown } },
        { extraHeaders: { cookie } },
      ];
      // Headers have no line feeds.
      if (/bearer/i.test(shown)) places.push({ extraHeaders: { authorization: shown } });
      for (const place of places) {
        await world.client('/', place).until('authenticated');
        const socket = await told.socket('authenticated');
        expect(socket).to.have.property('encoded_token', TOKEN);
        expect(JSON.stringify(socket.handshake)).not.to.include(TOKEN);
      }
    });

    it(`is read from ${what} by event, as a member and as the argument itself`, async () => {
      guard();
      const client = await world.connected();
      expect(await show(client, shown)).to.include({ ok: true });
      expect(await client.socket.emitWithAck('authenticate', shown)).to.include({ ok: true });
      expect(await told.socket('authenticated')).to.have.property('encoded_token', TOKEN);
    });
  }

  it('is measured together with the text around it, before that is removed', async () => {
    guard({ maxTokenBytes: TOKEN.length + 10 });
    const client = await world.connected();
    expect(await show(client, TOKEN + ' '.repeat(10))).to.include({ ok: true });
    expect((await show(client, TOKEN + ' '.repeat(11))).error).to.include({ reason: 'too_large' });
    expect((await show(client, `Bearer ${' '.repeat(900_000)}${TOKEN}`)).error).to.include({
      reason: 'too_large',
    });
  });

  it('with another scheme than Bearer in Authorization does not count', async () => {
    guard({ handshake: true });
    for (const authorization of [TOKEN, `"${TOKEN}"`, `Token ${TOKEN}`, `Bearer ${TOKEN} x`])
      expect(await connectError(world.client('/', { extraHeaders: { authorization } }))).to.include({
        code: 'credentials_bad_format',
      });
  });

  it('of the HTTP request is not searched while another one is being verified', async () => {
    let open = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      open = resolve;
    });
    guard({ validate: () => wait, cookie: 'jwt' });
    const client = await world.connected();
    const first = show(client, TOKEN);
    const headers = world.io.of('/').sockets.get(String(client.socket.id))?.request.headers;
    let read = 0;
    Object.defineProperty(headers, 'cookie', {
      get: () => {
        read += 1;
      },
    });
    for (let times = 0; times < 10; times += 1) {
      const answer = (await client.socket.emitWithAck('authenticate')) as { error: UnauthorizedData };
      expect(answer.error).to.include({ code: 'authentication_in_progress' });
    }
    expect(read).to.equal(0);
    open();
    expect(await first).to.include({ ok: true });
  });

  describe('from getToken', () => {
    const places: [what: string, getToken: AuthorizeOptions['getToken'], options: ClientOptions][] = [
      [
        "a proxy's header",
        ({ handshake }) => handshake.headers['x-amzn-oidc-data'] as string,
        { extraHeaders: { 'x-amzn-oidc-data': TOKEN } },
      ],
      [
        'a subprotocol',
        ({ handshake }) => String(handshake.headers['sec-websocket-protocol']).split(/, */)[1],
        { protocols: ['bearer', TOKEN] },
      ],
      [
        'a subprotocol in base64url',
        ({ handshake }) => {
          const [, encoded = ''] = String(handshake.headers['sec-websocket-protocol']).split('bearer.');
          return Buffer.from(encoded, 'base64url').toString();
        },
        { protocols: [`bearer.${Buffer.from(TOKEN).toString('base64url')}`] },
      ],
      [
        'another member of auth, however deep',
        ({ handshake }) => (handshake.auth as { user: { jwt: string } }).user.jwt,
        { auth: { user: { jwt: TOKEN }, copies: [TOKEN], theme: 'dark' } },
      ],
      [
        'another parameter of the query',
        ({ handshake }) => handshake.query['access_token'] as string,
        { query: { access_token: TOKEN } },
      ],
      [
        'another cookie',
        ({ handshake }) => /sid=([^;]*)/.exec(String(handshake.headers.cookie))?.[1],
        { extraHeaders: { cookie: `theme=dark; sid=${TOKEN}` } },
      ],
    ];
    for (const [what, getToken, options] of places) {
      it(`logs in at the handshake, and is not visible to other nodes: ${what}`, async () => {
        guard({ handshake: true, getToken: getToken as NonNullable<typeof getToken> });
        await world.client('/', options).until('authenticated');
        const socket = await told.socket('authenticated');
        expect(socket).to.have.property('encoded_token', TOKEN);
        expect(JSON.stringify(socket.handshake))
          .not.to.include(TOKEN)
          .and.not.to.include(Buffer.from(TOKEN).toString('base64url'));
      });

      it(`logs in by a first authenticate without a token: ${what}`, async () => {
        guard({ getToken: getToken as NonNullable<typeof getToken> });
        const client = await world.connected('/', options);
        const [socket] = world.io.of('/').sockets.values();
        expect(JSON.stringify(socket?.handshake)).not.to.include(TOKEN);
        expect(told.events).to.deep.equal([]);
        expect(await client.socket.emitWithAck('authenticate')).to.include({ ok: true });
      });
    }

    it('is used instead of the built-in places at the handshake, which are still emptied', async () => {
      guard({ handshake: true, getToken: () => undefined, fail: (_error, _socket, accept) => accept() });
      await world.connected('/', {
        auth: { token: TOKEN },
        query: { token: TOKEN },
        extraHeaders: { authorization: `Bearer ${TOKEN}` },
      });
      expect(told.codes).to.deep.equal(['credentials_required']);
      const [socket] = world.io.of('/').sockets.values();
      expect(JSON.stringify(socket?.handshake)).not.to.include(TOKEN);
    });

    it('does not replace auth.token in event mode', async () => {
      guard({ getToken: () => createToken({ sub: 'eve' }) });
      await world.client('/', { auth: { token: TOKEN } }).until('authenticated');
      expect(await told.socket('authenticated')).to.have.nested.property('decoded_token.sub', 'bob');
    });

    it('can be used for a first login, and for no renewal', async () => {
      guard({ getToken: () => TOKEN });
      const client = await world.connected();
      expect(await client.socket.emitWithAck('authenticate')).to.include({ ok: true });
      const again = (await client.socket.emitWithAck('authenticate')) as { error: UnauthorizedData };
      expect(again.error).to.include({ code: 'invalid_token', reason: 'malformed' });
    });

    it('that has logged in at the handshake is confirmed to a first authenticate without a token', async () => {
      guard({ handshake: true, getToken: () => TOKEN, maxAttempts: 2 });
      const client = world.client();
      await client.until('authenticated');
      const answer = (await client.socket.emitWithAck('authenticate')) as object;
      expect(answer).to.include({ ok: true });
      expect(answer).to.have.all.keys('ok', 'expiresAt', 'expiresIn');
      expect(told.events).to.deep.equal(['authenticated']);
      const again = (await client.socket.emitWithAck('authenticate')) as { error: UnauthorizedData };
      expect(again.error).to.include({ code: 'invalid_token', reason: 'malformed' });
      expect(client.received('authenticated')).to.have.length(1);
      // One failed attempt, not two.
      expect(client.socket.connected).to.equal(true);
    });

    it('is not confirmed if the session has another token meanwhile', async () => {
      guard({ handshake: true, getToken: () => TOKEN });
      const client = world.client();
      await client.until('authenticated');
      expect(
        await client.socket.emitWithAck('authenticate', { token: createToken({ sub: 'bob', jti: 'fresh' }) }),
      ).to.include({
        ok: true,
      });
      const answer = (await client.socket.emitWithAck('authenticate')) as { error: UnauthorizedData };
      expect(answer.error).to.include({ code: 'invalid_token', reason: 'malformed' });
    });

    it('is refused with unknown if getToken throws, with one warning', async () => {
      const warnings = new Warnings();
      const getToken = (): never => {
        throw new Error('hunter2');
      };
      guard({ getToken });
      world.authorize({ getToken, handshake: true }).attach(world.io.of('/handshake'));
      for (let times = 0; times < 2; times += 1) {
        const data = await connectError(world.client('/handshake'));
        expect(data).to.include({ code: 'unknown', message: 'unauthorized' });
      }
      const client = await world.connected();
      client.socket.emit('authenticate');
      expect(await refusal(client)).to.include({ code: 'unknown', message: 'unauthorized' });
      for (let times = 0; times < 2; times += 1)
        expect((await warnings.next()).message).to.equal('options.getToken failed');
      warnings.close();
    });
  });

  it('in a packet with 150,000 levels is found, and does no harm', async () => {
    guard({ getToken: ({ handshake }) => (handshake.auth as { jwt?: string }).jwt });
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(`0{"jwt":"${TOKEN}","deep":${'[{"a":'.repeat(75_000)}"${TOKEN}"${'}]'.repeat(75_000)}}`);
    await raw.next('CONNECT');
    raw.send(RawClient.event('authenticate'));
    expect(await raw.next('EVENT')).to.include('authenticated');
    raw.close();
  });

  it('that is no token leaves the socket pending', async () => {
    guard();
    const client = await world.connected('/', { auth: { token: 'Bearer ' } });
    await settled(client);
    expect(told.events).to.deep.equal([]);
    expect(auth.stats()).to.include({ pending: 1 });
  });
});
