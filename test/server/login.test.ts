import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { AuthorizedSocket } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { refusal, show } from '../support/refusals';
import { createToken, rsaKeys, SECRET } from '../support/tokens';
import { World } from '../support/world';

for (const transport of ['websocket', 'polling']) {
  describe(`login by event, over ${transport}`, () => {
    let world: World;
    const options = { transports: [transport] };

    beforeEach(async () => {
      world = await new World().listen();
    });

    afterEach(() => world.close());

    it('fires `authenticated` on the server, then on the client, and acknowledges', async () => {
      const server = new Inbox();
      world.io.on('connection', world.authorize()).on('authenticated', (socket: AuthorizedSocket) => {
        socket.emit('greeting', socket.decoded_token.name);
        server.push('authenticated', [socket]);
      });
      const client = await world.connected('/', options);
      const exp = Math.floor(Date.now() / 1000) + 60;
      const reply = await show(client, createToken({ name: 'Bob', exp }));
      expect(reply).to.include({ ok: true, expiresAt: exp * 1000 });
      expect(reply.expiresIn).to.be.within(1, 60_000);
      expect(client.inbox.events).to.deep.equal(['connect', 'greeting', 'authenticated']);
      expect(await client.until('greeting')).to.deep.equal(['Bob']);
      expect((await client.until('authenticated'))[0]).to.include({ expiresAt: exp * 1000 });
      expect(server.all('authenticated')).to.have.length(1);
    });

    it('sets the claims on the socket', async () => {
      const server = new Inbox();
      world
        .authorize()
        .attach(world.io)
        .on('authenticated', (socket: Socket) => server.push('socket', [socket]));
      const client = await world.connected('/', options);
      const token = createToken({ sub: 'bob', name: 'Bob' });
      await show(client, token);
      const [socket] = (await server.take('socket')) as [AuthorizedSocket];
      expect(socket.decoded_token).to.include({ sub: 'bob', name: 'Bob' });
      expect(socket.encoded_token).to.equal(token);
      expect(Object.keys(socket)).to.include('decoded_token').and.not.include('encoded_token');
      expect(socket)
        .to.have.nested.property('data.auth')
        .that.deep.equals({ claims: socket.decoded_token, expiresAt: null });
      const [remote] = await world.io.fetchSockets();
      expect(remote?.data).to.have.nested.property('auth.claims.sub', 'bob');
    });

    it('uses a token of the CONNECT packet at once, with or without Bearer', async () => {
      world.authorize().attach(world.io);
      for (const token of [createToken(), `Bearer ${createToken()}`]) {
        const client = world.client('/', { ...options, auth: { token } });
        await client.until('authenticated');
        expect(client.inbox.events).to.deep.equal(['connect', 'authenticated']);
      }
    });

    it('refuses a bad token of the CONNECT packet, and lets the client try again', async () => {
      world.authorize().attach(world.io);
      const client = world.client('/', { ...options, auth: { token: 123 } });
      expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'malformed' });
      expect(await show(client, createToken())).to.include({ ok: true });
    });

    it('sends the client null as the end of a token without exp', async () => {
      world.authorize().attach(world.io);
      const client = await world.connected('/', options);
      expect(await show(client, createToken())).to.deep.equal({ ok: true, expiresAt: null, expiresIn: null });
    });

    it('needs no acknowledgement', async () => {
      world.authorize().attach(world.io);
      const client = await world.connected('/', options);
      client.socket.emit('authenticate', { token: 'none' });
      expect(await refusal(client)).to.include({ code: 'invalid_token' });
      client.socket.emit('authenticate', { token: createToken() });
      await client.until('authenticated');
    });
  });
}

describe('the token of a first authenticate that has none itself', () => {
  const { world } = freshWorld();

  beforeEach(() => {
    world.authorize({ cookie: 'jwt' }).attach(world.io);
  });

  const good = createToken();
  const sources: [name: string, options: object][] = [
    ['Authorization: Bearer', { extraHeaders: { authorization: `Bearer ${good}` } }],
    ['the query', { query: { token: good } }],
    ['the cookie', { extraHeaders: { cookie: `theme=dark; jwt="${good}"` } }],
  ];
  for (const [name, options] of sources) {
    it(`is found in ${name}, and not used before`, async () => {
      const client = await world.connected('/', options);
      client.socket.emit('authenticate');
      await client.until('authenticated');
      expect(client.inbox.events).to.deep.equal(['connect', 'authenticated']);
    });

    it(`is not visible to other nodes when it came with ${name}`, async () => {
      const server = new Inbox();
      world.io.on('connection', (socket) => server.push('socket', [socket]));
      const client = await world.connected('/', { ...options, auth: { token: good } });
      await client.until('authenticated');
      const [socket] = (await server.take('socket')) as [Socket];
      expect(JSON.stringify(socket.handshake)).not.to.include(good);
    });
  }

  const hidden: [what: string, extraHeaders: Record<string, string>][] = [
    ['after a tab', { authorization: `Bearer\t${good}` }],
    ['in a second cookie, behind one that cannot be decoded', { cookie: `jwt=%; theme=dark; jwt=${good}` }],
  ];
  for (const [what, extraHeaders] of hidden) {
    it(`is not visible to other nodes ${what}`, async () => {
      const server = new Inbox();
      world.io.on('connection', (socket) => server.push('socket', [socket]));
      await world.connected('/', { extraHeaders });
      const [socket] = (await server.take('socket')) as [Socket];
      expect(JSON.stringify(socket.handshake)).not.to.include(good);
      if (extraHeaders['cookie']) expect(socket.handshake.headers.cookie).to.include('theme=dark');
    });
  }

  it('is refused as malformed if the HTTP request has none', async () => {
    const client = await world.connected();
    client.socket.emit('authenticate');
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'malformed' });
  });

  it('is refused if Authorization is not Bearer', async () => {
    const client = await world.connected('/', { extraHeaders: { authorization: 'Basic Ym9i' } });
    client.socket.emit('authenticate');
    expect(await refusal(client)).to.include({ code: 'credentials_bad_format', retryable: false });
  });

  it('cannot be used for a renewal', async () => {
    const client = await world.connected('/', { query: { token: good } });
    client.socket.emit('authenticate');
    await client.until('authenticated');
    client.socket.emit('authenticate');
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'malformed' });
  });
});

describe('keys', () => {
  const { world } = freshWorld();

  it('can be rotated: a list accepts tokens of each key', async () => {
    world.authorize({ secret: ['the newest secret, of 32 bytes or more', SECRET] }).attach(world.io);
    for (const secret of ['the newest secret, of 32 bytes or more', SECRET]) {
      expect(await show(await world.connected(), createToken({}, {}, secret))).to.include({ ok: true });
    }
    expect((await show(await world.connected(), createToken({}, {}, 'another'))).error).to.include({
      reason: 'signature',
    });
  });

  it('may be public: RS256 by a PEM', async () => {
    const { publicKey, privateKey } = rsaKeys();
    world.authorize({ secret: publicKey }).attach(world.io);
    const client = await world.connected();
    expect(await show(client, createToken({}, { algorithm: 'RS256' }, privateKey))).to.include({ ok: true });
  });

  it('are found by a function of the token and the socket', async () => {
    const seen = new Inbox();
    const secret = ({ header, payload }: { header: object; payload: object }, socket: Socket): string => {
      seen.push('asked', [header, payload, socket.id]);
      return SECRET;
    };
    world.authorize({ secret }).attach(world.io);
    const client = await world.connected();
    expect(await show(client, createToken({ sub: 'bob' }, { keyid: 'one' }))).to.include({ ok: true });
    const [header, payload, id] = await seen.take('asked');
    expect(header).to.include({ kid: 'one' });
    expect(payload).to.include({ sub: 'bob' });
    expect(id).to.equal(client.socket.id);
  });
});
