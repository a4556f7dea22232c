import { expect } from 'chai';
import type { Socket as ServerSocket } from 'socket.io';
import { Decoder, Encoder } from 'socket.io-parser';
import { restore, stub } from 'sinon';
import { fetcher, gate, Kit, steadyKit } from './kit';
import type { Watched } from './kit';
import { ScriptedServer } from './scripted-server';

/** JSON has no NaN and no Infinity; other parsers do. */
class OddDecoder extends Decoder {
  constructor() {
    super((_: string, value: unknown) => (value === 'NaN' ? NaN : value === 'Infinity' ? Infinity : value));
  }
}
const parser = { Encoder, Decoder: OddDecoder };

const SECONDS = 3.5;

type Act = (socket: ServerSocket, server: ScriptedServer) => void;

/** A server that never lets a client rest. */
interface Flood {
  what: string;
  /** What it does after each connection, once the token that came with it is judged. */
  onConnection?: Act;
  /** What `authenticated` carries. */
  session?: unknown;
  /** How every token is refused. */
  refusal?: object;
  /** Whether the client is asked to have its cookie refreshed, and not for a token. */
  usesCookie?: boolean;
  /** How often it is to ask at least: else there was no flood. */
  least?: number;
}

/** Every few milliseconds, as long as the connection lasts. */
function often(act: Act): Act {
  return (socket, server) => {
    const timer = setInterval(() => act(socket, server), 5);
    socket.on('disconnect', () => clearInterval(timer));
  };
}

/** As soon as a client is in. */
function atLogin(act: Act): Act {
  return (socket, server) => {
    act(socket, server);
    socket.on('authenticate', () => act(socket, server));
  };
}

const FLOODS: Flood[] = [
  ...[0, -1, 1e-9, -1e99].map((expiresIn): Flood => ({
    what: `sessions that last ${expiresIn} ms`,
    session: { expiresAt: 0, expiresIn },
  })),
  {
    what: '`token_expiring` without end',
    onConnection: often((socket) => socket.emit('token_expiring', {})),
  },
  {
    what: '`authenticated` without end, always at the end of the session',
    onConnection: often((socket, { session }) => {
      socket.emit('authenticated', session);
      socket.emit('token_expiring', session);
    }),
    session: { expiresAt: 0, expiresIn: 0 },
  },
  {
    what: 'an expiry as soon as the client is in',
    onConnection: atLogin((socket, server) =>
      server.refuse(socket, { code: 'invalid_token', reason: 'expired' }),
    ),
  },
  {
    what: 'another user as soon as the client is in',
    onConnection: atLogin((socket, server) =>
      server.refuse(socket, { code: 'identity_mismatch', retryable: false }),
    ),
  },
  ...[-1, 0, 'NaN', 'x', null, {}, -1e99].map((retryAfter): Flood => ({
    what: `refusals with retryAfter ${JSON.stringify(retryAfter)}`,
    refusal: { code: 'server_busy', retryAfter },
  })),
  {
    what: 'tokens that are too early by nothing',
    refusal: { code: 'invalid_token', reason: 'not_active', retryAfter: -1 },
    least: 1,
  },
  { what: 'connections that are closed at once', onConnection: (socket) => socket.conn.close() },
  {
    what: 'connections that are closed as soon as the client is in',
    onConnection: (socket) => void setTimeout(() => socket.conn.close(), 20),
  },
  {
    what: 'cookies that are at their end, whatever is refreshed',
    session: { expiresAt: 0, expiresIn: 0 },
    usesCookie: true,
  },
  {
    what: '`token_expiring` without end, with a cookie',
    onConnection: often((socket) => socket.emit('token_expiring', {})),
    usesCookie: true,
  },
  {
    what: 'refusals of any cookie',
    refusal: { code: 'server_busy', retryAfter: -1 },
    usesCookie: true,
    // The first was there already.
    least: 1,
  },
  {
    what: 'refusals, and disconnections after them',
    refusal: { code: 'server_busy', retryAfter: 0 },
    onConnection: (socket) => void setTimeout(() => socket.disconnect(true), 20),
  },
];

describe('whatever a server sends, the client asks for a token at most once a second', () => {
  const kits: Kit[] = [];
  const calls = new Map<string, number[]>();

  before(async function () {
    // No pause is longer than it must be.
    stub(Math, 'random').returns(0);
    await Promise.all(FLOODS.map((flood) => drown(flood)));
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  });
  after(async () => {
    restore();
    await Promise.all(kits.map((kit) => kit.close()));
  });

  /** Comes back when the client has asked as often as it must. */
  async function drown({
    what,
    onConnection,
    session,
    refusal,
    usesCookie,
    least = 2,
  }: Flood): Promise<void> {
    const kit = new Kit();
    kits.push(kit);
    const server = await new ScriptedServer().listen();
    kit.server = server;
    server.userOf = () => 'alice';
    if (session !== undefined) server.session = session;
    if (refusal !== undefined) server.refuses = () => refusal;
    if (onConnection) server.io.on('connection', (socket) => onConnection(socket, server));
    const times: number[] = [];
    calls.set(what, times);
    const enough = gate();
    const ask = (): string => {
      times.push(Date.now());
      if (times.length === least) enough.open();
      return `token${times.length}`;
    };
    const socket = kit.socket({
      parser,
      reconnectionDelay: 1,
      reconnectionDelayMax: 1,
      extraHeaders: { cookie: 'session=token' },
    });
    const client = kit.keep(socket, usesCookie ? { refresh: ask } : { token: ask });
    socket.connect();
    await client.until('connect');
    await enough.promise;
  }

  for (const { what, least = 2 } of FLOODS) {
    it(`against ${what}`, () => {
      const times = calls.get(what) ?? [];
      expect(times.length).to.be.at.least(least);
      const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
      // Timers may be early by one.
      for (const gap of gaps) expect(gap).to.be.at.least(998);
    });
  }
});

describe('whatever a server sends, the client continues', () => {
  const kit = steadyKit();
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await kit.startScripted();
  });

  function client(token: () => string = () => 'alice'): Watched {
    return kit.client(token, { parser });
  }

  for (const session of [
    undefined,
    null,
    'x',
    7,
    [],
    {},
    { expiresIn: 'NaN' },
    { expiresIn: 'Infinity' },
    { expiresIn: 'x' },
    { expiresIn: '5' },
    { expiresIn: null },
    { expiresIn: {} },
    { expiresIn: { valueOf: 1, toString: 1 } },
    { expiresIn: true },
  ]) {
    it(`a session of ${JSON.stringify(session)} counts as one without an end`, async () => {
      server.session = session;
      const clock = kit.stopTimers();
      const one = client();
      await one.auth.ready;
      expect([one.auth.state, clock.countTimers()]).to.deep.equal(['authenticated', 0]);
    });
  }

  it('a session that lasts centuries is renewed in time', async () => {
    server.session = { expiresAt: 0, expiresIn: 1e99 };
    const clock = kit.stopTimers();
    const token = fetcher(() => 'alice');
    await kit.client(token).auth.ready;
    clock.tick(100 * 24 * 3_600_000);
    expect([token.calls, clock.countTimers()]).to.deep.equal([1, 1]);
  });

  for (const retryAfter of [1e99, 3_600_001, 1e308]) {
    it(`a requested pause of ${retryAfter} ms ends after an hour`, async () => {
      server.refuses = () => ({ code: 'server_busy', retryAfter });
      const clock = kit.stopTimers();
      const one = client();
      await one.until('error');
      server.refuses = () => undefined;
      clock.tick(3_600_999);
      expect(one.count('sent authenticate')).to.equal(0);
      clock.tick(1);
      await one.auth.ready;
    });
  }

  for (const refusal of [
    undefined,
    null,
    'x',
    7,
    [],
    {},
    { data: null },
    { data: 'x' },
    { data: { type: 'x' } },
  ]) {
    it(`a refusal of ${JSON.stringify(refusal)} is ignored`, async () => {
      const one = client();
      await one.auth.ready;
      server.io.emit('unauthorized', refusal);
      await one.until('came unauthorized');
      expect([one.auth.state, one.count('error'), one.count('unauthorized')]).to.deep.equal([
        'authenticated',
        0,
        0,
      ]);
    });
  }

  for (const odd of [{ toString: 1, valueOf: 1 }, null, 7, undefined]) {
    it(`a refusal whose message and code are ${JSON.stringify(odd)} still counts`, async () => {
      server.refuses = () => ({ message: odd, code: odd, reason: odd, retryable: false });
      const one = client();
      const error = await one.until<Error>('unauthorized');
      expect(error).to.be.instanceOf(Error).with.property('message', '');
      expect(one.auth.state).to.equal('unauthorized');
    });
  }

  it('an answer for an earlier connection is not taken as an answer on this one', async () => {
    // Another namespace keeps the transport open, on which Socket.IO delivers it with the next CONNECT packet.
    server.io.of('/other');
    const other = kit.socket({ forceNew: false }, '/other').connect();
    await new Promise<void>((resolve) => other.once('connect', resolve));
    const answer = gate();
    const one = kit.watch(kit.socket({ forceNew: false }), () => 'alice');
    one.socket.connect();
    await one.auth.ready;
    const [socket] = server.io.sockets.sockets.values();
    server.door = answer.promise;
    one.socket.disconnect();
    server.refuses = () => ({ code: 'account_locked', retryable: false });
    one.socket.connect();
    socket?.emit('authenticated', {});
    answer.open();
    await one.until('unauthorized');
    expect(one.count('authenticated')).to.equal(1);
  });
});
