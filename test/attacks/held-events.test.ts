import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AnySocket, Authorizer, UnauthorizedData } from '../../lib';
import { unharmedWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { RawClient } from '../support/raw-client';
import { refusal, settled, show } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import type { TestClient, TestOptions } from '../support/world';

const PER_SOCKET = 64 * 1024;
const PER_PROCESS = 16 * 1024 * 1024;
/** What an event costs besides its arguments: its list, the name, the first argument's place. */
const SLACK = 512;

const text = (bytes: number): string => 'x'.repeat(bytes / 2);
const repeated = (count: number, one: () => unknown): unknown[] => Array.from({ length: count }, one);
/** Names of four characters that are no integers, for which V8 sets more aside. */
const members = (count: number, one: unknown): object =>
  Object.fromEntries(
    repeated(count, () => one).map((value, index) => [index.toString(16).padStart(4, 'x'), value]),
  );

/** Arguments of a given weight by the estimate: 64 bytes a container, 16 a member, 2 a character, binary as it is. */
const shapes: [what: string, make: (bytes: number) => unknown][] = [
  ['a text', text],
  ['a text beyond ASCII', (bytes) => 'ü☃'.repeat(bytes / 4)],
  ['a list of numbers', (bytes) => repeated(bytes / 16, () => 0)],
  ['a list of nothing', (bytes) => repeated(bytes / 16, () => null)],
  ['a list of empty lists', (bytes) => repeated(bytes / 80, () => [])],
  ['a list of empty objects', (bytes) => repeated(bytes / 80, () => ({}))],
  ['a list of short texts', (bytes) => repeated(bytes / 24, () => 'abcd')],
  ['an object of many members', (bytes) => members(bytes / 24, true)],
  ['an object with a long key', (bytes) => ({ [text(bytes)]: 1 })],
  ['binary', (bytes) => Buffer.alloc(bytes)],
  ['a list of pieces of binary', (bytes) => repeated(4, () => Buffer.alloc(bytes / 4))],
  ['nested lists', (bytes) => nest(bytes / 80)],
  [
    'an object that lies about its length',
    (bytes) => ({ length: -1e12, byteLength: -1e12, size: -1, a: text(bytes) }),
  ],
];

function nest(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

describe('events that wait for a login, under attack', () => {
  const { world } = unharmedWorld({ maxHttpBufferSize: 4e6 });
  let auth: Authorizer;
  let heard: Inbox;

  beforeEach(() => {
    heard = new Inbox();
  });

  function guard(options: TestOptions = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io);
    world.io.on('connection', (socket) => {
      socket.onAny((event: string, ...args: unknown[]) => heard.push(event, args));
    });
  }

  async function dropped(client: TestClient, event = 'msg'): Promise<void> {
    expect(await refusal(client)).to.include({ code: 'not_authenticated', event });
  }

  function reports(client: TestClient): number {
    return client
      .received('unauthorized')
      .map(([payload]) => (payload as { data: UnauthorizedData }).data)
      .filter(({ code }) => code === 'not_authenticated').length;
  }

  /** Sends events, then logs in; gives how many of them were heard. */
  async function heardOf(args: readonly unknown[], client?: TestClient): Promise<number> {
    const one = client ?? (await world.connected());
    for (const arg of args) one.socket.emit('msg', arg);
    expect(await show(one, createToken())).to.include({ ok: true });
    one.socket.emit('last');
    await heard.take('last');
    expect(reports(one)).to.equal(Math.min(16, args.length - heard.all('msg').length));
    return heard.all('msg').length;
  }

  describe('a socket holds no more than 64 KiB', () => {
    for (const [what, make] of shapes) {
      it(`of ${what}`, async () => {
        guard();
        expect(await heardOf([make(PER_SOCKET - 2 * SLACK)])).to.equal(1);
        heard = new Inbox();
        expect(await heardOf([make(PER_SOCKET + SLACK)])).to.equal(0);
      });

      it(`of ${what}, in several events`, async () => {
        guard();
        const third = PER_SOCKET / 3 - 2 * SLACK;
        expect(await heardOf([1, 2, 3].map(() => make(third)))).to.equal(3);
        heard = new Inbox();
        // Of two halves, each a little more than one, the second is too much.
        expect(await heardOf([1, 2].map(() => make(PER_SOCKET / 2 + SLACK)))).to.equal(1);
      });
    }

    it('of an event with many arguments', async () => {
      guard();
      const client = await world.connected();
      client.socket.emit('msg', ...repeated(5_000, () => 0));
      await dropped(client);
    });

    it("of an event's name", async () => {
      guard();
      const client = await world.connected();
      client.socket.emit('x'.repeat(40_000));
      await dropped(client, 'x'.repeat(128));
    });

    it('and a smaller event behind one that is too large is still delivered in order', async () => {
      guard();
      const client = await world.connected();
      for (const arg of [1, text(PER_SOCKET + SLACK), 2]) client.socket.emit('msg', arg);
      await dropped(client);
      expect(await show(client, createToken())).to.include({ ok: true });
      client.socket.emit('last');
      await heard.take('last');
      const numbers = heard.all('msg').map(([arg]) => arg);
      expect(numbers.length + reports(client)).to.equal(3);
      expect(numbers).to.deep.equal([1, 2].slice(0, numbers.length));
    });
  });

  describe('deep nesting', () => {
    const DEPTH = 400_000;
    const deep: [what: string, json: string][] = [
      ['lists', `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`],
      ['objects', `${'{"a":'.repeat(DEPTH / 2)}1${'}'.repeat(DEPTH / 2)}`],
      ['lists and objects by turns', `${'[{"a":'.repeat(DEPTH / 4)}1${'}]'.repeat(DEPTH / 4)}`],
      ['lists beside a long one', `[${'0,'.repeat(1000)}${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}]`],
    ];
    for (const [what, json] of deep) {
      for (const isVerifying of [false, true]) {
        it(`of ${what}, in 800 KB and more, is dropped, token being verified: ${isVerifying}`, async () => {
          const slow = new SlowCheck();
          slow.isSlow = isVerifying;
          guard({ validate: slow.check });
          const raw = await RawClient.open(world.url, 'websocket');
          raw.send(RawClient.connect());
          await raw.next('CONNECT');
          if (isVerifying) {
            raw.send(RawClient.event('authenticate', { token: createToken() }));
            await slow.untilAsked();
          }
          raw.send(`2["msg",${json}]`);
          expect(eventOf(await raw.next('EVENT'))).to.equal('unauthorized: not_authenticated msg');
          slow.open();
          raw.send(RawClient.event('authenticate', { token: createToken() }));
          expect(eventOf(await raw.next('EVENT'))).to.equal('authenticated');
          raw.send(RawClient.event('last'));
          await heard.take('last');
          expect(heard.events).to.deep.equal(['last']);
          raw.close();
        });
      }
    }

    it('around binary data ends at most that connection', async () => {
      guard();
      const raw = await RawClient.open(world.url, 'websocket');
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      const placeholder = '{"_placeholder":true,"num":0}';
      raw.send(`51-["msg",${'['.repeat(DEPTH)}${placeholder}${']'.repeat(DEPTH)}]`);
      raw.send(RawClient.event('deauthenticate'));
      raw.close();
      const client = await world.connected();
      expect(await show(client, createToken())).to.include({ ok: true });
    });

    it('within the bounds is held, and delivered as it was sent', async () => {
      guard();
      expect(await heardOf([nest(700)])).to.equal(1);
      expect(heard.all('msg')[0]).to.deep.equal([nest(700)]);
    });
  });

  const odd: [what: string, json: string][] = [
    ['__proto__ as a key', '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'],
    ['names of functions as keys', '{"toString":1,"valueOf":2,"toJSON":3,"then":4,"hasOwnProperty":5}'],
    ['a placeholder for binary that never comes', '{"_placeholder":true,"num":0}'],
    ['numbers at the edge', '[1e308,-0,0.1,9007199254740993]'],
  ];
  for (const [what, json] of odd) {
    it(`with ${what} do no harm, and are delivered as they were sent`, async () => {
      guard();
      const raw = await RawClient.open(world.url, 'websocket');
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send(`2["msg",${json}]`, RawClient.event('authenticate', { token: createToken() }));
      const [argument] = await heard.take('msg');
      expect(JSON.stringify(argument)).to.equal(JSON.stringify(JSON.parse(json)));
      expect(({} as { admin?: boolean }).admin).to.equal(undefined);
      raw.close();
    });
  }

  it('in any number are reported 16 times, and all after the first 16 are dropped', async () => {
    guard();
    const raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    raw.send(...Array.from({ length: 1_000 }, (_one, index) => RawClient.event('msg', index)));
    raw.send('21["deauthenticate"]');
    await raw.next('ACK');
    raw.send(RawClient.event('authenticate', { token: createToken() }), RawClient.event('last'));
    await heard.take('last');
    expect(raw.inbox.all('EVENT').length).to.be.at.most(17);
    expect(heard.all('msg')).to.deep.equal([]);
    raw.close();
  });

  it('made of many small containers leave nothing in memory', async function () {
    guard();
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    const packets = ['{}', '[]', '""'].map((one) => `2["msg",[${`${one},`.repeat(80_000)}0]]`);
    const send = async (times: number): Promise<void> => {
      for (let count = 0; count < times; count += 1) raw.send(...packets);
      world.io.of('/elsewhere');
      await world.connected('/elsewhere');
    };
    // Once for what every first time costs.
    await send(1);
    const before = heapUsed();
    await send(8);
    expect(heapUsed() - before).to.be.below(1024 * 1024);
    raw.close();
  });

  describe('a process holds no more than 16 MiB', () => {
    const COUNT = 300;
    const SIZE = 62_000;
    /** Sockets whose event fits. */
    const MOST = Math.floor(PER_PROCESS / SIZE);
    let hostile: RawClient[];

    beforeEach(() => {
      hostile = [];
      world.io.of('/open').on('connection', (socket) => socket.on('ping', (reply: () => void) => reply()));
    });

    afterEach(() => {
      for (const raw of hostile) raw.close();
    });

    function guardAll(options: TestOptions = {}): void {
      for (const parent of [/^\/a\d+$/, /^\/b\d+$/]) {
        auth = world.authorize({ timeout: 60_000, ...options });
        auth.attach(world.io.of(parent)).on('connection', (socket: AnySocket) => {
          socket.on('msg', () => heard.push('msg', []));
        });
      }
    }

    const nameOf = (index: number): string => `/${index % 2 ? 'a' : 'b'}${index}`;

    /** One connection with many sockets, each of which sends an event; gives how many of them were dropped. */
    async function fill(): Promise<{ raw: RawClient; drops: number }> {
      const raw = await RawClient.open(world.url, 'websocket');
      hostile.push(raw);
      const names = Array.from({ length: COUNT }, (_one, index) => nameOf(index));
      raw.send(
        RawClient.connect(undefined, '/open'),
        ...names.map((name) => RawClient.connect(undefined, name)),
      );
      for (let count = 0; count <= COUNT; count += 1) await raw.next('CONNECT');
      const event = JSON.stringify(['msg', text(SIZE)]);
      raw.send(...names.map((name) => `2${name},${event}`));
      await answered(raw);
      const events = raw.inbox.all('EVENT').map(([packet]) => eventOf(packet));
      return { raw, drops: events.filter((one) => one === 'unauthorized: not_authenticated msg').length };
    }

    /** Comes back when the server has dealt with everything that was sent before. */
    async function answered(raw: RawClient): Promise<void> {
      raw.send('2/open,1["ping"]');
      await raw.next('ACK');
    }

    async function expectFull(): Promise<RawClient> {
      const { raw, drops } = await fill();
      expect(COUNT - drops).to.be.within(MOST - 3, MOST + 1);
      return raw;
    }

    async function noSocketsLeft(): Promise<void> {
      const isAny = (): boolean =>
        [...world.io._nsps].some(([name, { sockets }]) => name !== '/open' && sockets.size > 0);
      while (isAny()) await new Promise(setImmediate);
    }

    /** Has every socket of a connection send one more packet. */
    function everywhere(raw: RawClient, packet: (name: string) => string): void {
      raw.send(...Array.from({ length: COUNT }, (_one, index) => packet(nameOf(index))));
    }

    it('however many authorizers its sockets belong to', async () => {
      guardAll();
      await expectFull();
      // Nobody else may hold anything now.
      const client = await world.connected('/a1000');
      client.socket.emit('msg', text(SIZE));
      await dropped(client);
    });

    const frees: [how: string, free: (raw: RawClient) => unknown, options?: TestOptions][] = [
      [
        'the connection closes',
        async (raw) => {
          raw.close();
          await noSocketsLeft();
        },
      ],
      ['the namespaces are left', (raw) => everywhere(raw, (name) => `1${name},`)],
      [
        'the sockets log in',
        (raw) =>
          everywhere(raw, (name) => `2${name},${JSON.stringify(['authenticate', { token: createToken() }])}`),
      ],
      [
        'their tokens are refused',
        (raw) => everywhere(raw, (name) => `2${name},${JSON.stringify(['authenticate', { token: 'x' }])}`),
      ],
      ['they log out', (raw) => everywhere(raw, (name) => `2${name},["deauthenticate"]`)],
      ['the server disconnects them', () => disconnectAll()],
      [
        'their time is over',
        async () => {
          world.stopTime().pass(1_000);
          await noSocketsLeft();
        },
        { timeout: 1_000 },
      ],
    ];
    for (const [how, free, options] of frees) {
      it(`and the memory is free again when ${how}`, async () => {
        // A machine that is busy needs more than their time to fill the memory.
        if (how === 'their time is over') world.stopTime();
        guardAll(options);
        const raw = await expectFull();
        await free(raw);
        if (raw.isOpen) await answered(raw);
        if (how === 'the sockets log in') expect(heard.all('msg').length).to.be.within(MOST - 3, MOST + 1);
        else expect(heard.all('msg')).to.deep.equal([]);
        await expectFull();
      });
    }

    function disconnectAll(): void {
      for (const [name, { sockets }] of world.io._nsps)
        if (name !== '/open') for (const socket of sockets.values()) socket.disconnect();
    }

    it('and events that wait for a verification are freed when their client is gone', async () => {
      const slow = new SlowCheck();
      guardAll({ validate: slow.check });
      const raw = await expectFull();
      everywhere(raw, (name) => `2${name},${JSON.stringify(['authenticate', { token: createToken() }])}`);
      await slow.untilAsked(COUNT);
      raw.close();
      await noSocketsLeft();
      await expectFull();
      slow.open();
    });
  });

  it('of a client that is finally refused are delivered to nobody', async () => {
    guard({ maxAttempts: 2 });
    const client = await world.connected();
    for (let times = 0; times < 2; times += 1) {
      client.socket.emit('msg', times);
      client.socket.emit('authenticate', { token: 'garbage' });
    }
    await client.until('disconnect');
    const other = await world.connected();
    await settled(other);
    expect(heard.events).to.deep.equal([]);
  });
});

/** What a packet says, in short. */
function eventOf(packet: unknown): string {
  const [event, payload] = packet as [string, { data?: UnauthorizedData }?];
  return payload?.data === undefined ? event : `${event}: ${payload.data.code} ${payload.data.event}`;
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
