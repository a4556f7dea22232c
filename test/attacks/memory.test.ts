import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { heldBytes } from '../support/cost';
import { NamespaceInbox } from '../support/namespace-inbox';
import { PollingSession } from '../support/polling-session';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';

const MIB = 2 ** 20;
/** Nearly as much as Socket.IO takes in one packet, which is 1 MB. */
const SIZE = 800_000;
const CLIENTS = 6;
/** What so many clients take by themselves, both ends being in this process. */
const ALLOWED = 3.5 * MIB;

/** Far deeper than a recursion reaches. */
const DEPTH = 100_000;
const nested = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;

const text = (token: string): string => JSON.stringify(token);

/** A good token in much that is none. */
const PADDED: [how: string, pad: (token: string) => string][] = [
  ['Bearer and spaces ahead of it', (token) => `Bearer${' '.repeat(SIZE)}${token}`],
  ['spaces ahead of it', (token) => `${' '.repeat(SIZE)}${token}`],
  ['newlines behind it', (token) => `${token}${'\n'.repeat(SIZE / 2)}`],
  ['quotes around it and spaces ahead', (token) => `${' '.repeat(SIZE)}"${token}"`],
];

/** Where a client shows it. */
const WAYS: [where: string, options: Partial<AuthorizeOptions>, packets: (shown: string) => string[]][] = [
  ['in an event', {}, (shown) => ['0', `2["authenticate",{"token":${text(shown)}}]`]],
  ["as an event's argument", {}, (shown) => ['0', `2["authenticate",${text(shown)}]`]],
  ['in the CONNECT packet', {}, (shown) => [`0{"token":${text(shown)}}`]],
  ['in the CONNECT packet, handshake mode', { handshake: true }, (shown) => [`0{"token":${text(shown)}}`]],
];

describe('what a client makes the server keep in memory', function () {
  let world: World;
  let auth: Authorizer;
  let unharmed: Unharmed;

  beforeEach(() => {
    unharmed = new Unharmed();
  });

  afterEach(async () => {
    await world.close();
    unharmed.close();
  });

  async function guard(options: Partial<AuthorizeOptions> = {}): Promise<void> {
    world = await new World({ allowEIO3: true }).listen();
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  /** Connects clients, has each send packets, and says how much more is held then. */
  async function heldBy(packets: (index: number) => string[], isOver: () => boolean): Promise<number> {
    const raws: RawClient[] = [];
    const before = await heldBytes();
    for (let index = 0; index < CLIENTS; index += 1) {
      const raw = await RawClient.open(world.url, 'websocket');
      raws.push(raw);
      const [first, ...others] = packets(index) as [string, ...string[]];
      raw.send(first);
      if (others.length > 0) await raw.next('CONNECT');
      raw.send(...others);
    }
    await until('the server has dealt with all', isOver);
    const held = (await heldBytes()) - before;
    for (const raw of raws) raw.close();
    return held;
  }

  for (const [where, options, packets] of WAYS) {
    for (const [how, pad] of PADDED) {
      it(`is only the token of a packet, with ${how}, ${where}`, async () => {
        await guard({ ...options, maxTokenBytes: 1_000_000 });
        const held = await heldBy(
          () => packets(pad(createToken())),
          () => auth.stats().verified + auth.stats().refused === CLIENTS,
        );
        expect(auth.stats()).to.include({ authenticated: CLIENTS, refused: 0 });
        expect(held).to.be.below(ALLOWED);
      });
    }

    it(`is nothing of a token that is too large together with the text around it, ${where}`, async () => {
      await guard(options);
      const told = new NamespaceInbox(world.io.of('/'));
      const shown = `Bearer${' '.repeat(9000)}${createToken()}`;
      await heldBy(
        () => packets(shown),
        () => auth.stats().verified + auth.stats().refused === CLIENTS,
      );
      for (const [, error] of told.all('unauthorized')) {
        expect(error).to.have.property('data').that.includes({ code: 'invalid_token', reason: 'too_large' });
      }
      expect(auth.stats()).to.include({ verified: 0, refused: CLIENTS });
    });
  }

  it('is only the token of a packet, with spaces before it in the query of Engine.IO 3', async () => {
    await guard({ maxTokenBytes: 1_000_000 });
    auth.attach(world.io.of('/x'));
    const packet = `0/x?token=Bearer${'+'.repeat(SIZE)}${createToken()}`;
    // The first one loads what carries it.
    const sessions = [await PollingSession.open(world.url, 3)];
    await sessions[0]?.send(packet);
    const before = await heldBytes();
    for (let index = 1; index <= CLIENTS; index += 1) {
      const session = await PollingSession.open(world.url, 3);
      sessions.push(session);
      await session.send(packet);
    }
    expect(auth.stats()).to.include({ authenticated: CLIENTS + 1 });
    expect((await heldBytes()) - before).to.be.below(ALLOWED);
    for (const session of sessions) await session.close();
  });

  it("is nothing of the other members of the token's packet", async () => {
    await guard();
    const padding = 'x'.repeat(SIZE);
    const held = await heldBy(
      () => [
        '0',
        `2["authenticate",{"padding":"${padding}","token":"${createToken()}"},"${padding.slice(0, 9e4)}"]`,
      ],
      () => auth.stats().authenticated === CLIENTS,
    );
    expect(held).to.be.below(ALLOWED);
  });

  it("is only the part of a dropped event's name that an error shows, even if the application keeps the error", async () => {
    await guard();
    const kept: unknown[] = [];
    world.io
      .of('/')
      .on('unauthorized' as never, ((_socket: unknown, error: unknown) => kept.push(error)) as never);
    const held = await heldBy(
      (index) => ['0', `2["${index}${'x'.repeat(SIZE)}"]`],
      () => kept.length === CLIENTS,
    );
    expect(held).to.be.below(ALLOWED);
  });

  it('is only the part of a name that an error shows, if permissions refuse the event', async () => {
    await guard({ permissions: { '*': false } });
    const kept: unknown[] = [];
    const keep = (_socket: unknown, error: unknown): void => void kept.push(error);
    world.io.of('/').on('unauthorized' as never, keep as never);
    const held = await heldBy(
      (index) => [`0{"token":"${createToken()}"}`, `2["${index}${'x'.repeat(SIZE)}"]`],
      () => kept.length === CLIENTS,
    );
    expect(held).to.be.below(ALLOWED);
  });

  describe('of events before a login', () => {
    const EVENTS: [what: string, event: string][] = [
      ['one that nests 100,000 deep', `2["message",${nested}]`],
      ['one that nests in objects', `2["message",${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}]`],
      ['one of endless small objects', `2["message",[${'{},'.repeat(60_000)}{}]]`],
      ['one of endless small lists', `2["message",[${'[],'.repeat(60_000)}[]]]`],
      ['one of endless numbers', `2["message",[${'1.5,'.repeat(60_000)}1]]`],
      [
        'one with endless names',
        `2["message",{${Array.from({ length: 60_000 }, (_, name) => `"${name}x":0`).join(',')}}]`,
      ],
      ['one that is a long text', `2["message","${'x'.repeat(SIZE)}"]`],
      ['one whose name is a long text', `2["${'x'.repeat(SIZE)}"]`],
      ['one with 100,000 arguments', `2["message"${',0'.repeat(100_000)}]`],
    ];
    for (const [what, event] of EVENTS) {
      it(`is at most 64 KiB a socket for ${what}, and the client can still log in`, async () => {
        await guard({ timeout: 60_000 });
        const heard: unknown[] = [];
        world.io.on('connection', (socket) => socket.onAny((name: string) => heard.push(name)));
        const raws: RawClient[] = [];
        const before = await heldBytes();
        for (let index = 0; index < CLIENTS; index += 1) {
          const raw = await RawClient.open(world.url, 'websocket');
          raws.push(raw);
          raw.send(RawClient.connect());
          await raw.next('CONNECT');
          raw.send(event);
          raw.send('21["deauthenticate"]');
          await raw.next('ACK');
        }
        expect((await heldBytes()) - before).to.be.below(ALLOWED);
        for (const raw of raws) raw.send(RawClient.event('authenticate', { token: createToken() }));
        await until('all are in', () => auth.stats().authenticated === raws.length);
        expect(heard).to.deep.equal([]);
        for (const raw of raws) raw.close();
      });
    }

    it('is nothing of the space in their packets, of which the namespace is a part', async () => {
      await guard();
      const name = '/a-long-namespace';
      world.authorize({ allow: ['ping'] }).attach(world.io.of(name));
      world.io.of(name).on('connection', (socket) => socket.on('ping', (reply: () => void) => reply()));
      const raws: RawClient[] = [];
      const before = await heldBytes();
      for (let index = 0; index < CLIENTS; index += 1) {
        const raw = await RawClient.open(world.url, 'websocket');
        raws.push(raw);
        raw.send(RawClient.connect(undefined, name));
        await raw.next('CONNECT');
        for (let count = 0; count < 4; count += 1) raw.send(`2${name},["message"${' '.repeat(SIZE)}]`);
        raw.send(`2${name},1["ping"]`);
        await raw.next('ACK');
      }
      expect((await heldBytes()) - before).to.be.below(ALLOWED);
      for (const raw of raws) raw.close();
    });

    it('is at most 16 MiB a process for any number of sockets, and nothing once they have left', async () => {
      await guard({ timeout: 60_000 });
      const rooms = world.io.of(/^\/room-\d+$/);
      auth.attach(rooms);
      const session = await PollingSession.open(world.url);
      const count = 900;
      const names = Array.from({ length: count }, (_, index) => `/room-${index}`);
      const before = await heldBytes();
      await session.send(...names.map((name) => `0${name},`));
      // 60 KB each by the library's own estimate, half as much on V8's heap.
      for (let from = 0; from < count; from += 30) {
        const some = names.slice(from, from + 30);
        await session.send(...some.map((name) => `2${name},["message","${'x'.repeat(30_000)}"]`));
      }
      expect(auth.stats()).to.include({ pending: count });
      expect((await heldBytes()) - before).to.be.below(18 * MIB);
      world.io.of('/open');
      await session.send('0/open,');
      await session.send(...names.map((name) => `1${name},`));
      expect(auth.stats()).to.include({ pending: 0 });
      // Socket.IO itself keeps the namespaces.
      expect((await heldBytes()) - before).to.be.below(8 * MIB);
      await session.close();
    });
  });

  it('of an authenticated client is nothing of its events, however deep, and they are delivered', async () => {
    await guard();
    let heard = 0;
    world.io.on('connection', (socket) => socket.on('message', () => (heard += 1)));
    const held = await heldBy(
      () => ['0', `2["authenticate",{"token":"${createToken()}"}]`, `2["message",${nested}]`],
      () => heard === CLIENTS,
    );
    expect(held).to.be.below(ALLOWED);
  });
});
