/**
 * What a hostile client can send without end. Each flood is the same bytes to a server with the library and to one
 * without it.
 *
 * A flood has
 * - `kind`: what it is made of, and so which goals it has, see `GOALS`;
 * - `options` of the server, see `flooded` in `support/kinds.mjs`;
 * - `attackers`: how many clients, each of class `Attacker` and opened with `request`;
 * - `enter(attacker)`: what each does before anything is measured; nothing if left out;
 * - `attack(attacker, size, names)`: what is measured, `size` packets as a rule, or as many of something else;
 * - `sockets`: how many it leaves open for each packet of its size, and `mayHold`: bytes that the library holds on purpose;
 * - `isFresh`: a process of its own for each round, since a server keeps what the flood makes.
 */
import { PollingAttacker, WebSocketAttacker } from './support/attackers.mjs';
import { makeToken } from './support/tokens.mjs';

/** CPU as a ratio to the server without the library. A service is work that the client may ask for. */
export const GOALS = { event: { cpu: 1.2 }, connect: { cpu: 2 }, service: {} };
/** Bytes above the server without the library, besides those of each socket that is open; see `bench/suites/memory.mjs`. */
export const MAX_HELD = 2 ** 20;
export const MAX_SESSION = 900;
/** Bytes sent for each one received. */
export const MAX_SENT = 1;

const TOKEN = makeToken({ sub: 'mallory' });
/** Nearly as long as a token may be. */
const LONG_TOKEN = makeToken({ sub: 'mallory', padding: 'x'.repeat(5800) });
/** Nearly as much as Socket.IO takes in one packet. */
const PADDED_TOKEN = `Bearer${' '.repeat(900_000)}${TOKEN}`;
/** 800 KB. */
const DEPTH = 400_000;

const authenticate = (token) => `2["authenticate",{"token":"${token}"}]`;
const AUTHENTICATE = '2["authenticate"]';
const LOGOUT = '2["deauthenticate"]';
const EVENT = '2["message","a message of forty characters or thereabouts"]';
const NESTED = `2["message",${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}]`;
const SMALL_OBJECTS = `2["message",[${'{},'.repeat(266_000)}{}]]`;
/** More would end the server without the library: Socket.IO has room for some 40,000 on Node's stack. */
const MANY_ARGUMENTS = `2["message"${',0'.repeat(20_000)}]`;
const MANY_NAMES = `2["message",{${Array.from({ length: 80_000 }, (_, index) => `"x${index}":0`).join(',')}}]`;
const LONG_EVENT = `2["message","${'x'.repeat(2000)}"]`;
const BINARY_EVENT = ['51-["message",{"_placeholder":true,"num":0}]', Buffer.alloc(1000)];

const times = (count, ...packets) => Array.from({ length: count }, () => packets).flat();
const cookies = (bytes) => ({ cookie: `${'a=b; '.repeat(bytes / 5)}jwt=${TOKEN}` });
const joins = (names, auth = '') => names.map((name) => `0/${name},${auth}`);

const join = (attacker) => attacker.join();
const joinAndShow =
  (packet = authenticate(TOKEN)) =>
  async (attacker) => {
    await attacker.join();
    await attacker.send([packet]);
    await attacker.done();
  };
/** Sends so many times the same, and waits until the server has dealt with it. */
const repeat =
  (...packets) =>
  async (attacker, size) => {
    await attacker.send(times(size, ...packets));
    await attacker.done();
  };
const joinAll = (auth) => (attacker, size, names) => attacker.send(joins(names(size), auth));
/** Joins 500 namespaces at a time, and leaves them. */
const walk = async (attacker, size, names) => {
  for (let done = 0; done < size; done += 500) {
    const some = names(Math.min(500, size - done));
    await attacker.send(joins(some));
    await attacker.send(some.map((name) => `1/${name},`));
  }
};

const BY_WEBSOCKET = { kind: 'event', Attacker: WebSocketAttacker, attackers: 20, enter: join };
const IN_ONE_REQUEST = {
  kind: 'connect',
  Attacker: PollingAttacker,
  attackers: 1,
  size: 10_000,
  sockets: 1,
  attack: joinAll(),
};
const EIO3 = { engine: { allowEIO3: true } };

const withCookies = (size) => ({
  ...BY_WEBSOCKET,
  id: `cookies-${size}`,
  name: `\`authenticate\` without a token, with ${size} KB of cookies, while one is verified`,
  options: { cookie: 'jwt', isSlow: true },
  request: { headers: cookies(size * 1000) },
  size: 500,
  enter: joinAndShow(AUTHENTICATE),
  attack: repeat(AUTHENTICATE),
});

export const FLOODS = [
  {
    ...BY_WEBSOCKET,
    id: 'padded-event',
    attackers: 8,
    name: 'tokens padded with 900 KB of spaces, by event',
    size: 4,
    attack: repeat(authenticate(PADDED_TOKEN)),
  },
  {
    ...BY_WEBSOCKET,
    id: 'padded-connect',
    attackers: 8,
    name: 'the same in CONNECT packets',
    kind: 'connect',
    size: 1,
    enter: undefined,
    attack: (attacker) => attacker.join(`0{"token":"${PADDED_TOKEN}"}`),
  },
  {
    ...BY_WEBSOCKET,
    id: 'padded-handshake',
    attackers: 8,
    name: 'the same in handshake mode',
    kind: 'connect',
    options: { handshake: true, isGuestAllowed: true },
    size: 1,
    enter: undefined,
    attack: (attacker) => attacker.join(`0{"token":"${PADDED_TOKEN}"}`),
  },
  {
    ...BY_WEBSOCKET,
    id: 'padded-query',
    attackers: 8,
    name: 'the same in the query of CONNECT packets of Engine.IO 3',
    kind: 'connect',
    options: EIO3,
    request: { protocol: 3 },
    size: 1,
    enter: undefined,
    attack: async (attacker) => {
      await attacker.send([`0/pads?token=${PADDED_TOKEN.replaceAll(' ', '+')}`]);
      await attacker.done();
    },
  },
  {
    ...IN_ONE_REQUEST,
    id: 'rooms',
    name: 'CONNECT packets for 10,000 namespaces in one request',
  },
  {
    ...IN_ONE_REQUEST,
    id: 'rooms-connection',
    name: "the same under `scope: 'connection'`",
    options: { scope: 'connection' },
  },
  {
    ...IN_ONE_REQUEST,
    id: 'rooms-cleanup',
    name: 'the same with `cleanupEmptyChildNamespaces`',
    options: { engine: { cleanupEmptyChildNamespaces: true } },
  },
  {
    ...IN_ONE_REQUEST,
    id: 'many-rooms',
    name: 'CONNECT packets for 80,000 namespaces in one request',
    size: 80_000,
    isFresh: true,
  },
  {
    ...IN_ONE_REQUEST,
    id: 'many-rooms-connection',
    name: "the same under `scope: 'connection'`",
    options: { scope: 'connection' },
    size: 80_000,
    isFresh: true,
  },
  {
    ...IN_ONE_REQUEST,
    id: 'rooms-handshake',
    name: 'CONNECT packets without a token for 10,000 namespaces, handshake mode',
    options: { handshake: true },
    sockets: 0,
  },
  {
    ...IN_ONE_REQUEST,
    id: 'rooms-bad-token',
    name: 'CONNECT packets with a bad token for 10,000 namespaces',
    attack: joinAll('{"token":"x"}'),
  },
  {
    ...IN_ONE_REQUEST,
    id: 'rooms-cookies',
    name: 'CONNECT packets for 2,000 namespaces, with 64 KB of cookies',
    options: { cookie: 'jwt' },
    request: { headers: cookies(64_000) },
    size: 2000,
  },
  {
    ...IN_ONE_REQUEST,
    id: 'walk',
    name: '10,000 namespaces joined and left, one after the other',
    sockets: 0,
    attack: walk,
  },
  {
    ...IN_ONE_REQUEST,
    id: 'walk-eio3',
    name: 'the same over Engine.IO 3',
    options: EIO3,
    request: { protocol: 3 },
    sockets: 0,
    attack: walk,
  },
  {
    ...IN_ONE_REQUEST,
    id: 'repeated-connect',
    name: '5,000 CONNECT packets for one namespace',
    size: 5000,
    sockets: 0,
    attack: (attacker, size) => attacker.send(times(size, '0')),
  },
  {
    ...IN_ONE_REQUEST,
    id: 'repeated-handshake',
    name: '5,000 CONNECT packets for one namespace, handshake mode, while a token is verified',
    options: { handshake: true, isSlow: true, isSlowMiddleware: true },
    size: 5000,
    sockets: 0,
    attack: (attacker, size) => attacker.send([`0{"token":"${TOKEN}"}`, ...times(size, '0')]),
  },
  {
    ...BY_WEBSOCKET,
    id: 'busy',
    name: '`authenticate` without a token, while one is verified',
    options: { isSlow: true },
    size: 1000,
    enter: joinAndShow(),
    attack: repeat(AUTHENTICATE),
  },
  {
    ...BY_WEBSOCKET,
    id: 'busy-acknowledged',
    name: '`authenticate` that asks for an acknowledgement, while one is verified',
    options: { isSlow: true },
    size: 1000,
    enter: joinAndShow(),
    attack: repeat(`27${authenticate(TOKEN).slice(1)}`),
  },
  {
    ...BY_WEBSOCKET,
    id: 'turns',
    name: '`deauthenticate` and `authenticate` with tokens of 8 KB in turns, behind a slow verification',
    options: { isSlow: true },
    attackers: 5,
    size: 200,
    enter: joinAndShow(),
    attack: repeat(LOGOUT, authenticate(LONG_TOKEN)),
  },
  withCookies(8),
  withCookies(64),
  {
    ...BY_WEBSOCKET,
    id: 'dropped',
    name: 'events of pending sockets',
    size: 2000,
    attack: repeat(EVENT),
  },
  {
    ...BY_WEBSOCKET,
    id: 'dropped-binary',
    name: 'binary events of pending sockets',
    size: 500,
    attack: repeat(...BINARY_EVENT),
  },
  {
    ...BY_WEBSOCKET,
    id: 'held-nested',
    attackers: 8,
    name: 'an event of a pending socket that nests 400,000 deep',
    size: 1,
    attack: repeat(NESTED),
  },
  {
    ...BY_WEBSOCKET,
    id: 'held-small',
    attackers: 8,
    name: 'an event of a pending socket with 266,000 empty objects',
    size: 1,
    attack: repeat(SMALL_OBJECTS),
  },
  {
    ...BY_WEBSOCKET,
    id: 'held-arguments',
    attackers: 8,
    name: 'events of pending sockets with 20,000 arguments',
    size: 5,
    attack: repeat(MANY_ARGUMENTS),
  },
  {
    ...BY_WEBSOCKET,
    id: 'held-names',
    attackers: 8,
    name: 'an event of a pending socket with 80,000 names',
    size: 1,
    attack: repeat(MANY_NAMES),
  },
  {
    ...BY_WEBSOCKET,
    id: 'held-many',
    name: 'events of 2 KB of 400 pending sockets, 16 each',
    attackers: 400,
    size: 16,
    mayHold: 2 ** 24,
    attack: repeat(LONG_EVENT),
  },
  {
    ...BY_WEBSOCKET,
    id: 'deep',
    attackers: 8,
    name: 'an event of an authenticated socket that nests 400,000 deep',
    size: 1,
    enter: (attacker) => attacker.login(TOKEN),
    attack: repeat(NESTED),
  },
  {
    ...BY_WEBSOCKET,
    id: 'logouts',
    name: '`deauthenticate` that asks for an acknowledgement',
    kind: 'service',
    size: 1000,
    attack: repeat('27["deauthenticate"]'),
  },
  {
    ...BY_WEBSOCKET,
    id: 'renewals',
    name: 'good tokens, one after the other',
    kind: 'service',
    size: 200,
    enter: (attacker) => attacker.login(TOKEN),
    attack: repeat(authenticate(TOKEN)),
  },
  {
    ...IN_ONE_REQUEST,
    id: 'renewals-rooms',
    name: "the same for 100 namespaces under `scope: 'connection'`",
    kind: 'service',
    options: { scope: 'connection' },
    size: 100,
    sockets: 0,
    enter: async (attacker, names) => {
      await attacker.send([`0{"token":"${TOKEN}"}`]);
      await attacker.send(joins(names(100)));
    },
    attack: (attacker, size) => attacker.send(times(size, authenticate(TOKEN))),
  },
  {
    ...BY_WEBSOCKET,
    id: 'logins',
    name: 'a good token, a logout, and 16 events that are dropped, in turns',
    kind: 'service',
    size: 50,
    attack: repeat(authenticate(TOKEN), LOGOUT, ...times(16, '2["x"]')),
  },
  {
    ...BY_WEBSOCKET,
    id: 'limited',
    name: 'tokens past the limit of the limiter',
    kind: 'service',
    options: { isLimited: true },
    size: 500,
    attack: repeat(authenticate('x')),
  },
];
