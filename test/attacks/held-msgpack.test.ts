import { Socket as Engine } from 'engine.io-client';
import { expect } from 'chai';
import * as parser from 'socket.io-msgpack-parser';
import { heldBytes } from '../support/cost';
import { unharmedWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { decodePacket, encode, eventPacket, encodeList, encodeMap } from '../support/msgpack';
import { createToken } from '../support/tokens';

const CLIENTS = 6;
const EVENTS = 8;
/** Nearly as much as Socket.IO takes in one packet, which is 1 MB. */
const SIZE = 900_000;
/** What so many clients may have held, and what they take by themselves, both ends being in this process. */
const ALLOWED = CLIENTS * 64 * 1024 + 3.5 * 2 ** 20;

const TEXT = encode('y'.repeat(SIZE));
const BYTES = encode(Buffer.alloc(SIZE, 7));
const FEW_BYTES = encode(Buffer.alloc(10));
const event = (argument: Buffer): Buffer => encodeList([encode('msg'), argument]);
const repeated = (one: unknown, count: number): Buffer => encode(Array.from({ length: count }, () => one));

/** Packets, and whether they are small enough to be heard after the login. */
const PACKETS: [what: string, packet: Buffer, isHeard: boolean][] = [
  ['a text beside their event', eventPacket(event(encode('hi')), ['junk', TEXT]), true],
  ['bytes beside their event', eventPacket(event(encode('hi')), ['junk', BYTES]), true],
  ['a text as attachments', eventPacket(event(encode('hi')), ['attachments', TEXT]), true],
  ['a large prototype', eventPacket(event(encode('hi')), ['__proto__', encodeMap(['junk', TEXT])]), true],
  ['a few bytes of a large packet', eventPacket(event(FEW_BYTES), ['junk', TEXT]), true],
  [
    'an argument with a large prototype',
    eventPacket(event(encodeMap(['__proto__', encodeMap(['a', TEXT])]))),
    false,
  ],
  ['an argument whose prototype is bytes', eventPacket(event(encodeMap(['__proto__', BYTES]))), false],
  [
    'an argument whose prototype is a few bytes of a large packet',
    eventPacket(event(encodeMap(['__proto__', FEW_BYTES])), ['junk', TEXT]),
    false,
  ],
  [
    'an argument whose prototype is an ArrayBuffer',
    eventPacket(event(encodeMap(['__proto__', Buffer.from([0xc7, 1, 0, 7])]))),
    true,
  ],
  ['names for which V8 sets memory aside', eventPacket(event(repeated({ 900: 0 }, 639))), false],
  ['many empty pieces of binary', eventPacket(event(repeated(Buffer.alloc(0), 3000))), false],
];

/** A client that sends packets as they are, and notes the answers by their id. */
async function open(url: string): Promise<{ engine: Engine; answers: Inbox }> {
  const engine = new Engine(url, { path: '/socket.io', transports: ['websocket'] });
  const answers = new Inbox();
  engine.on('message', (bytes: unknown) => {
    const { type, id, data } = decodePacket(bytes as Buffer);
    answers.push(type === 3 ? `answer ${id}` : `type ${type}`, [data]);
  });
  await new Promise<void>((resolve) => {
    engine.on('open', () => resolve());
  });
  engine.send(encode({ type: 0, nsp: '/' }));
  await answers.take('type 0');
  return { engine, answers };
}

const question = (id: number, ...data: unknown[]): Buffer => encode({ type: 2, nsp: '/', data, id });

describe('events that wait for a login, with socket.io-msgpack-parser', () => {
  const { world } = unharmedWorld({ parser });

  for (const [what, packet, isHeard] of PACKETS) {
    it(`take no more memory than they may, if they come with ${what}`, async () => {
      world.authorize({ allow: ['ping'] }).attach(world.io);
      let heard = 0;
      world.io.on('connection', (socket) => {
        socket.on('ping', (reply: () => void) => reply());
        socket.on('msg', () => (heard += 1));
      });
      const clients = [await open(world.url)];
      const before = await heldBytes();
      for (let index = 0; index < CLIENTS; index += 1) {
        const client = await open(world.url);
        clients.push(client);
        for (let count = 0; count < EVENTS; count += 1) client.engine.send(packet);
        client.engine.send(question(1, 'ping'));
        await client.answers.take('answer 1');
      }
      expect((await heldBytes()) - before).to.be.below(ALLOWED);
      for (const { engine, answers } of clients) {
        engine.send(question(2, 'authenticate', { token: createToken() }));
        engine.send(question(3, 'ping'));
        await answers.take('answer 3');
        engine.close();
      }
      expect(heard).to.equal(isHeard ? CLIENTS * EVENTS : 0);
    });
  }
});

describe('an event with a name of Socket.IO, with socket.io-msgpack-parser', () => {
  const { world } = unharmedWorld({ parser });

  for (const isIn of [true, false]) {
    it(`calls no listener, ${isIn ? 'from an authenticated client' : 'also behind the login'}`, async () => {
      world.authorize().attach(world.io);
      const heard: string[] = [];
      world.io.on('connection', (socket) => {
        socket.on('ping', (reply: () => void) => reply());
        for (const name of ['disconnect', 'disconnecting'] as const) socket.on(name, () => heard.push(name));
      });
      const { engine, answers } = await open(world.url);
      const login = question(1, 'authenticate', { token: createToken() });
      if (isIn) engine.send(login);
      for (const name of [
        'connect',
        'connect_error',
        'disconnect',
        'disconnecting',
        'newListener',
        'removeListener',
      ])
        engine.send(eventPacket(encodeList([encode(name), encode('sent')])));
      if (!isIn) engine.send(login);
      engine.send(question(2, 'ping'));
      await answers.take('answer 2');
      expect(heard).to.deep.equal([]);
      engine.close();
    });
  }
});
