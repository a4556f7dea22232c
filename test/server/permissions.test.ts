import { expect } from 'chai';
import type { AnySocket, Authorizer, UnauthorizedData, UnauthorizedError } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { RawClient } from '../support/raw-client';
import { cutOff, giveOffset, recoveryIdOf, returning } from '../support/recovery';
import { refusal, settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { Warnings } from '../support/warnings';
import type { TestClient, TestOptions } from '../support/world';

type Map = NonNullable<TestOptions['permissions']>;

describe('permissions', () => {
  const { world, told } = freshWorld({ connectionStateRecovery: {} });
  let auth: Authorizer;
  let heard: Inbox;

  beforeEach(() => {
    heard = new Inbox();
  });

  function guard(permissions: unknown, options: TestOptions = {}): void {
    auth = world.authorize({ permissions: permissions as Map, ...options });
    auth.attach(world.io);
    listen(world.io);
  }

  function listen(namespace: {
    on(event: 'connection', listener: (socket: AnySocket) => void): unknown;
  }): void {
    namespace.on('connection', (socket) => {
      socket.onAny((event: string, ...args: unknown[]) => {
        const reply = args.at(-1);
        if (typeof reply === 'function') (args.pop() as (answer: unknown) => void)(`heard ${event}`);
        heard.push(event, args);
      });
      socket.use(([event], next) => {
        heard.push(`use ${event}`, []);
        next();
      });
      socket.on('say', () => heard.push('on say', []));
    });
  }

  async function loggedIn(claims: object): Promise<TestClient> {
    const client = await world.connected();
    expect(await show(client, createToken({ sub: 'bob', ...claims }))).to.include({ ok: true });
    return client;
  }

  /** Whether events reach the application; a refused one must be reported. */
  async function mayEach(
    client: TestClient,
    ...events: [event: string, ...args: unknown[]][]
  ): Promise<boolean[]> {
    const answers: boolean[] = [];
    for (const [event, ...args] of events) {
      const before = client.received('unauthorized').length;
      const answer: unknown[] = [];
      void client.socket.emitWithAck(event, ...args).then((one) => answer.push(one));
      while (answer.length === 0 && client.received('unauthorized').length === before)
        await new Promise(setImmediate);
      answers.push(answer.length > 0);
      if (answer.length > 0) continue;
      const [payload] = client.received('unauthorized').at(-1) as [{ data: UnauthorizedData }];
      expect(payload.data).to.include({ code: 'insufficient_scope', event, retryable: false });
    }
    return answers;
  }

  const may = async (client: TestClient, event: string, ...args: unknown[]): Promise<boolean> =>
    (await mayEach(client, [event, ...args]))[0] as boolean;

  it('refuse an event before any listener, use or onAny gets it, and name the event', async () => {
    guard({ say: 'chat:write' });
    const client = await loggedIn({ scope: 'chat:read' });
    client.socket.emit('say', 'hello');
    const data = await refusal(client);
    expect(data).to.include({
      code: 'insufficient_scope',
      type: 'UnauthorizedError',
      event: 'say',
      retryable: false,
    });
    expect(data.message).to.be.a('string').with.length.within(1, 200);
    expect(heard.events).to.deep.equal([]);
    expect(told.codes).to.deep.equal(['insufficient_scope']);
    const [, error] = (await told.take('unauthorized')) as [AnySocket, UnauthorizedError];
    expect(error.data.event).to.equal('say');
    // The session goes on, and a dropped event is no refused token.
    expect(await may(client, 'anything else')).to.equal(true);
    expect(auth.stats()).to.include({ authenticated: 1, refused: 0 });
  });

  it('never acknowledge a refused event', async () => {
    guard({ say: false });
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(RawClient.connect({ token: createToken() }));
    expect(await raw.next('EVENT')).to.include('authenticated');
    raw.send('21["say"]', '22["other"]');
    await raw.inbox.take('ACK');
    expect(raw.inbox.all('ACK').map(([, id]) => id)).to.deep.equal(['2']);
    raw.close();
  });

  const rules: [what: string, rule: unknown, claims: object, isAllowed: boolean][] = [
    ['a scope that the token has', 'a', { scope: 'a' }, true],
    ['a scope among others', 'b', { scope: 'a b c' }, true],
    ['a scope that the token lacks', 'b', { scope: 'a c' }, false],
    ['a scope of a token without any', 'a', {}, false],
    ['a scope that begins alike', 'chat', { scope: 'chat:write' }, false],
    ['a scope that ends alike', 'write', { scope: 'chat:write' }, false],
    ['a scope in another case', 'Chat', { scope: 'chat' }, false],
    ['a scope between commas', 'a', { scope: 'a,b' }, false],
    ['all of a list', ['a', 'b'], { scope: 'b a' }, true],
    ['all of a list, of which one is missing', ['a', 'b'], { scope: 'a' }, false],
    ['scopes as a list', 'b', { scope: ['a', 'b'] }, true],
    ['scopes in scp', 'a', { scp: ['a'] }, true],
    ['scopes in scp as text', 'b', { scp: 'a b' }, true],
    ['scopes in permissions', 'a', { permissions: ['a'] }, true],
    ['scopes of the first claim only', 'b', { scope: 'a', scp: ['b'], permissions: ['b'] }, false],
    ['scopes of scp before permissions', 'b', { scp: ['a'], permissions: ['b'] }, false],
    ['a scope claim that is a number', 'a', { scope: 7 }, false],
    ['a scope claim that is an object', 'a', { scope: { a: true } }, false],
    ['a scope claim with odd entries', 'a', { scope: [null, 7, ['a'], { a: 1 }] }, false],
    ['a scope claim with odd entries and a good one', 'a', { scope: [null, 'a'] }, true],
    ['the name of what every object has', 'constructor', { scope: 'a' }, false],
    ['true', true, {}, true],
    ['false', false, { scope: 'say' }, false],
    ['a function that answers true', () => true, {}, true],
    ['a function that answers false', () => false, {}, false],
    ['a function of the claims', ({ role }: { role: string }) => role === 'admin', { role: 'admin' }, true],
    [
      'a function of the claims, to which they do not suffice',
      ({ role }: { role: string }) => role === 'admin',
      { role: 'user' },
      false,
    ],
  ];
  for (const [what, rule, claims, isAllowed] of rules) {
    it(`${isAllowed ? 'allow' : 'refuse'}, by ${what}`, async () => {
      guard({ say: rule });
      expect(await may(await loggedIn(claims), 'say')).to.equal(isAllowed);
      expect(heard.all('say')).to.have.length(isAllowed ? 1 : 0);
    });
  }

  it('refuse without a warning for a missing scope, false, and a function that returns false', async () => {
    const warnings = new Warnings();
    guard({ a: 'x', b: false, c: () => false });
    expect(await mayEach(await loggedIn({ scope: 'y' }), ['a'], ['b'], ['c'])).to.deep.equal([
      false,
      false,
      false,
    ]);
    warnings.close();
  });

  it('of `*` apply to an event of that name too', async () => {
    guard({ '*': false });
    expect(await may(await loggedIn({}), '*')).to.equal(false);
    expect(heard.events).to.deep.equal([]);
  });

  it("call a function with the claims and the event's arguments", async () => {
    const asked: unknown[][] = [];
    guard({ edit: (...args: unknown[]) => asked.push(args) > 0 });
    const client = await loggedIn({ role: 'admin' });
    client.socket.emit('edit', 7, { deep: [Buffer.from('x')] });
    client.socket.emit('edit');
    await heard.take('edit');
    await heard.take('edit');
    expect(asked.map(([, ...args]) => args)).to.deep.equal([[7, { deep: [Buffer.from('x')] }], []]);
    for (const [claims] of asked) expect(claims).to.include({ sub: 'bob', role: 'admin' });
  });

  it('use the claims, not the result of customDecoded', async () => {
    guard(
      { say: ({ role }: { role?: string }) => role === 'admin' },
      { customDecoded: () => ({ role: 'admin' }) },
    );
    expect(await may(await loggedIn({ role: 'user' }), 'say')).to.equal(false);
  });

  it('of events that are not named are those of `*`, which is true by default', async () => {
    for (const [index, [map, isAllowed]] of (
      [
        [{ say: 'x' }, true],
        [{ say: 'x', '*': true }, true],
        [{ say: 'x', '*': false }, false],
        [{ say: 'x', '*': 'a' }, true],
        [{ say: 'x', '*': ['a', 'b'] }, false],
        [{ say: 'x', '*': () => false }, false],
        [{}, true],
      ] as [object, boolean][]
    ).entries()) {
      const nsp = world.io.of(`/${index}`);
      world.authorize({ permissions: map as Map }).attach(nsp);
      listen(nsp);
      const client = await world.connected(nsp.name);
      await show(client, createToken({ scope: 'a' }));
      expect(await may(client, 'other'), JSON.stringify(map)).to.equal(isAllowed);
    }
  });

  it('of a named event are not those of `*`', async () => {
    guard({ say: 'a', '*': false });
    const client = await loggedIn({ scope: 'a' });
    expect(await mayEach(client, ['say'], ['other'])).to.deep.equal([true, false]);
  });

  it("are looked up among the map's own keys, whatever the event's name is", async () => {
    guard({ own: false });
    const client = await loggedIn({});
    for (const event of ['say', 'constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])
      expect(await may(client, event), event).to.equal(true);
    expect(await may(client, 'own')).to.equal(false);
  });

  it('apply to events named like members that every object has', async () => {
    guard(JSON.parse('{"constructor":"a","__proto__":"a","toString":"a","*":true}'));
    const client = await loggedIn({});
    for (const event of ['constructor', '__proto__', 'toString'])
      expect(await may(client, event), event).to.equal(false);
  });

  it('apply to events whose name is a number, which reach the listeners of the same text', async () => {
    guard({ 7: 'a', '*': true });
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(RawClient.connect({ token: createToken({ scope: 'b' }) }));
    expect(await raw.next('EVENT')).to.include('authenticated');
    raw.send(RawClient.event(7));
    const [, payload] = (await raw.next('EVENT')) as [string, { data: UnauthorizedData }];
    expect(payload.data).to.include({ code: 'insufficient_scope', event: '7' });
    expect(heard.events).to.deep.equal([]);
    raw.close();
  });

  it('apply to binary events too', async () => {
    guard({ say: 'a' });
    expect(await may(await loggedIn({}), 'say', Buffer.from('binary'), [Buffer.from('more')])).to.equal(
      false,
    );
    expect(heard.events).to.deep.equal([]);
  });

  const broken: [what: string, rule: () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('hunter2');
      },
    ],
    ['gives a promise of true', () => Promise.resolve(true)],
    ['gives a promise that rejects', () => Promise.reject(new Error('hunter2'))],
    ['gives 1', () => 1],
    ['gives a text', () => 'true'],
    ['gives an object', () => ({})],
    ['gives nothing', () => undefined],
  ];
  for (const [what, rule] of broken) {
    it(`refuse if a function ${what}, with one warning, and without the reason for the client`, async () => {
      const warnings = new Warnings();
      guard({ say: rule, '*': true });
      const client = await loggedIn({});
      expect(await mayEach(client, ['say'], ['say'])).to.deep.equal([false, false]);
      expect(heard.all('say')).to.deep.equal([]);
      expect((await warnings.next()).message).to.match(/permissions/);
      await settled(client);
      warnings.close();
      expect(JSON.stringify(client.received('unauthorized'))).to.not.include('hunter2');
    });
  }

  it('survive all arguments that a client sends to a function', async () => {
    const unharmed = new Unharmed();
    guard({
      edit: (_claims: unknown, ...args: never[]) => (args[0] as { id: number } | undefined)?.id === 1,
    });
    const client = await loggedIn({});
    for (const args of [[], [null], [7], ['x'], [{ id: '1' }], [[1]], [{ id: 2 }]])
      expect(await may(client, 'edit', ...args)).to.equal(false);
    expect(await may(client, 'edit', { id: 1 })).to.equal(true);
    unharmed.close();
  });

  it('send each socket at most sixteen reports a minute', async () => {
    guard({ say: false });
    const [client, other] = [await loggedIn({}), await loggedIn({})];
    for (let times = 0; times < 100; times += 1) client.socket.emit('say');
    expect(await client.socket.emitWithAck('marker')).to.equal('heard marker');
    expect(client.received('unauthorized')).to.have.length(16);
    expect(told.all('unauthorized')).to.have.length(16);
    expect(heard.all('say')).to.deep.equal([]);
    // Another socket has its own.
    expect(await may(other, 'say')).to.equal(false);
    // A renewal gives no more.
    await show(client, createToken({ sub: 'bob' }));
    client.socket.emit('say');
    expect(await client.socket.emitWithAck('marker')).to.equal('heard marker');
    expect(client.received('unauthorized')).to.have.length(16);
  });

  it("report the beginning of an event's name", async () => {
    guard({ '*': false });
    const client = await loggedIn({});
    client.socket.emit('x'.repeat(10_000));
    expect((await refusal(client)).event).to.equal('x'.repeat(128));
  });

  it('of a renewal apply at once, more or fewer', async () => {
    guard({ say: 'a' });
    const client = await loggedIn({ scope: 'a' });
    expect(await may(client, 'say')).to.equal(true);
    await show(client, createToken({ sub: 'bob', scope: 'b' }));
    expect(await may(client, 'say')).to.equal(false);
    await show(client, createToken({ sub: 'bob', scope: 'b a' }));
    expect(await may(client, 'say')).to.equal(true);
  });

  it('stay as they were after a failed renewal', async () => {
    guard({ say: 'a' });
    const client = await loggedIn({ scope: 'a' });
    expect(await show(client, createToken({ sub: 'bob', scope: 'b' }, {}, 'another secret'))).to.include({
      ok: false,
    });
    expect(await refusal(client)).to.include({ code: 'invalid_token' });
    expect(await may(client, 'say')).to.equal(true);
  });

  it('are those of the new user after a logout', async () => {
    guard({ say: 'a' });
    const client = await loggedIn({ scope: 'a' });
    await settled(client);
    await show(client, createToken({ sub: 'eve' }));
    expect(await may(client, 'say')).to.equal(false);
  });

  it('are checked for events that were held for the login', async () => {
    guard({ say: 'a' });
    const client = await world.connected();
    client.socket.emit('say', 1);
    client.socket.emit('other', 2);
    client.socket.emit('authenticate', { token: createToken({ scope: 'b' }) });
    expect(await refusal(client)).to.include({ code: 'insufficient_scope', event: 'say' });
    await heard.take('other');
    expect(heard.all('say')).to.deep.equal([]);
  });

  it('apply after the login: a pending socket gets not_authenticated', async () => {
    guard({ say: true, '*': false }, { required: false });
    const client = await world.connected();
    for (const event of ['say', 'other']) {
      client.socket.emit(event);
      expect(await refusal(client)).to.include({ code: 'not_authenticated', event });
    }
    expect(heard.events).to.deep.equal([]);
  });

  it('let the events of `allow` pass, before and after the login', async () => {
    guard({ '*': false }, { allow: ['login'], required: false });
    const client = await world.connected();
    expect(await client.socket.emitWithAck('login')).to.equal('heard login');
    await show(client, createToken());
    expect(await client.socket.emitWithAck('login')).to.equal('heard login');
    expect(await may(client, 'other')).to.equal(false);
  });

  it('apply to an event of `allow` that they name', async () => {
    guard({ login: 'a' }, { allow: ['login'] });
    expect(await may(await loggedIn({}), 'login')).to.equal(false);
    expect(await may(await loggedIn({ scope: 'a' }), 'login')).to.equal(true);
  });

  it('never block a renewal or a logout', async () => {
    guard({ '*': false });
    const client = await loggedIn({});
    expect(await show(client, createToken({ sub: 'bob' }))).to.include({ ok: true });
    expect(await client.socket.emitWithAck('deauthenticate')).to.deep.equal({ ok: true });
  });

  it('apply in handshake mode, and with the claims of a restored session', async () => {
    guard({ say: 'a', other: 'b' }, { handshake: true });
    const client = world.client('/', { auth: { token: createToken({ sub: 'bob', scope: 'a' }) } });
    await client.until('authenticated');
    expect(await mayEach(client, ['say'], ['other'])).to.deep.equal([true, false]);
    await giveOffset(client, world.io);
    const known = recoveryIdOf(client);
    await cutOff(client, world);
    const restored = returning(world, known);
    await restored.until('authenticated');
    expect(restored.socket.recovered).to.equal(true);
    expect(await mayEach(restored, ['say'], ['other'])).to.deep.equal([true, false]);
  });

  it("apply in every namespace under scope: 'connection', and in dynamic ones", async () => {
    auth = world.authorize({ permissions: { say: 'a' }, scope: 'connection' });
    for (const nsp of [world.io.of('/'), world.io.of(/^\/room-\d$/)]) {
      auth.attach(nsp);
      listen(nsp);
    }
    const client = await loggedIn({ scope: 'b' });
    const room = client.socket.io.socket('/room-1', {});
    await new Promise<void>((resolve) => {
      room.once('authenticated', () => resolve());
    });
    const refused = new Promise<UnauthorizedData>((resolve) => {
      room.once('unauthorized', ({ data }: { data: UnauthorizedData }) => resolve(data));
    });
    room.emit('say');
    expect(await refused).to.include({ code: 'insufficient_scope', event: 'say' });
    expect(await may(client, 'say')).to.equal(false);
  });

  describe('with the option scopes', () => {
    it('use its scopes, and no claim', async () => {
      guard({ say: 'a', other: 'b' }, { scopes: ({ roles }) => roles as string[] });
      const client = await loggedIn({ scope: 'b', roles: ['a'] });
      expect(await mayEach(client, ['say'], ['other'])).to.deep.equal([true, false]);
    });

    const wrong: [what: string, scopes: () => unknown][] = [
      [
        'throws',
        () => {
          throw new Error('hunter2');
        },
      ],
      ['gives a promise', () => Promise.resolve(['a'])],
      ['gives a promise that rejects', () => Promise.reject(new Error('hunter2'))],
      ['gives a text', () => 'a'],
      ['gives nothing', () => undefined],
      ['gives a list of what is no text', () => [['a'], { a: 1 }]],
    ];
    for (const [what, scopes] of wrong) {
      it(`allow nothing by a scope if the function ${what}`, async () => {
        guard({ say: 'a' }, { scopes: scopes as never });
        const client = await world.connected();
        client.socket.emit('say');
        client.socket.emit('authenticate', { token: createToken({ scope: 'a' }) });
        // Whether the login or the event is refused: it is not heard.
        await refusal(client);
        await settled(client);
        expect(heard.events).to.deep.equal([]);
        expect(JSON.stringify(client.received('unauthorized'))).to.not.include('hunter2');
      });
    }
  });

  const malformed: [what: string, permissions: unknown][] = [
    ['null', null],
    ['a text', 'say'],
    ['a list', ['say']],
    ['a function', () => true],
    ['a number as a rule', { say: 1 }],
    ['null as a rule', { say: null }],
    ['an object as a rule', { say: {} }],
    ['an empty scope', { say: '' }],
    ['a list with something else than texts', { say: ['a', 1] }],
    ['a rule for authenticate', { authenticate: true }],
    ['a rule for deauthenticate', { deauthenticate: 'a' }],
    ['a bad rule for *', { '*': 7 }],
  ];
  for (const [what, permissions] of malformed) {
    it(`throw a TypeError at start for ${what}`, () => {
      expect(() => world.authorize({ permissions: permissions as Map })).to.throw(TypeError, /permissions/);
    });
  }

  for (const scopes of ['scope', ['a'], null, {}]) {
    it(`throw a TypeError at start for scopes: ${JSON.stringify(scopes)}`, () => {
      expect(() => world.authorize({ scopes: scopes as never })).to.throw(TypeError, /scopes/);
    });
  }

  it('are asked again for an event that a middleware has delayed, once a renewal has come', async () => {
    const asked: unknown[][] = [];
    guard({
      say: ({ scope }: { scope: string }, ...args: unknown[]) => {
        asked.push(args);
        return scope === 'a';
      },
    });
    const waiting: (() => void)[] = [];
    world.io.on('connection', (socket) => void socket.use((_event, next) => void waiting.push(next)));
    const client = await loggedIn({ scope: 'a' });
    for (const scope of ['a', 'b']) {
      client.socket.emit('say', 1, () => undefined);
      while (waiting.length === 0) await new Promise(setImmediate);
      expect(await show(client, createToken({ sub: 'bob', scope }))).to.include({ ok: true });
      waiting.pop()?.();
    }
    while (client.received('unauthorized').length === 0) await new Promise(setImmediate);
    const [[error]] = client.received('unauthorized') as [[{ data: UnauthorizedData }]];
    expect(error.data).to.include({ code: 'insufficient_scope', event: 'say' });
    expect(heard.all('on say')).to.have.length(1);
    // Without the function that answers, as the first time.
    expect(asked).to.deep.equal([[1], [1], [1], [1]]);
  });

  it('are read once: changing the map later changes nothing', async () => {
    const list = ['a'];
    const map: Record<string, unknown> = { say: list };
    guard(map);
    map.say = true;
    list.length = 0;
    expect(await may(await loggedIn({}), 'say')).to.equal(false);
  });
});
