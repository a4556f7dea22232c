import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Server } from 'socket.io';
import { authorize, UnauthorizedError } from '../../lib';
import type { AuthorizeOptions, UnauthorizedData } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { connectError, show } from '../support/refusals';
import { createToken, SECRET } from '../support/tokens';
import { Rejections } from '../support/rejections';
import { Unharmed } from '../support/unharmed';
import { Warnings } from '../support/warnings';
import { World } from '../support/world';

/** As in a test runner that gives each file globals of its own. */
const foreignError = (): unknown => runInNewContext("new Error('hunter2')");

describe('the application', () => {
  const { world } = freshWorld();

  function guard(options: Partial<AuthorizeOptions>): void {
    world.authorize(options).attach(world.io);
    world.authorize({ ...options, handshake: true }).attach(world.io.of('/handshake'));
  }

  /** What a good token meets, in both modes. */
  async function outcomes(): Promise<(UnauthorizedData | undefined)[]> {
    const { error } = await show(await world.connected(), createToken());
    const client = world.client('/handshake', { auth: { token: createToken() } });
    const refused = connectError(client);
    return [error, await Promise.race([refused, client.until('connect').then(() => undefined)])];
  }

  const unknown = { code: 'unknown', message: 'unauthorized', retryable: false };
  const mine = { code: 'account_locked', message: 'ask Alice', retryable: false };
  const locked = (): UnauthorizedError => new UnauthorizedError('account_locked', { message: 'ask Alice' });

  describe('by validate', () => {
    let unharmed: Unharmed;
    beforeEach(() => (unharmed = new Unharmed()));
    afterEach(() => unharmed.close());

    const refusals: [how: string, validate: () => unknown, error: object][] = [
      ['gives back false', () => false, unknown],
      ['gives back a promise of false', () => Promise.resolve(false), unknown],
      ['is asynchronous, and gives back false', async () => (await Promise.resolve(false)) && true, unknown],
      ['gives back an Error', () => new Error('hunter2'), unknown],
      ['gives back a promise of an Error', () => Promise.resolve(new TypeError('hunter2')), unknown],
      ['gives back an UnauthorizedError', locked, mine],
      ['gives back a promise of an UnauthorizedError', () => Promise.resolve(locked()), mine],
      ['gives back an Error of another realm', () => foreignError(), unknown],
      ['gives back a promise of an Error of another realm', () => Promise.resolve(foreignError()), unknown],
      [
        'gives back a promise that is a function',
        () =>
          Object.assign(() => undefined, { then: (resolve: (answer: boolean) => void) => resolve(false) }),
        unknown,
      ],
      [
        'gives back a promise that is not Node’s',
        () => ({ then: (resolve: (answer: boolean) => void) => resolve(false) }),
        unknown,
      ],
    ];
    for (const [how, validate, error] of refusals) {
      it(`refuses if it ${how}`, async () => {
        guard({ validate });
        for (const outcome of await outcomes()) {
          expect(outcome).to.include(error);
          expect(JSON.stringify(outcome)).not.to.include('hunter2');
        }
      });
    }

    for (const answer of [undefined, true, null, 0, '', {}, []]) {
      it(`accepts if it returns ${JSON.stringify(answer)}, at once or later`, async () => {
        guard({ validate: () => answer });
        expect(await outcomes()).to.deep.equal([undefined, undefined]);
      });

      it(`accepts if it returns a promise of ${JSON.stringify(answer)}`, async () => {
        guard({ validate: () => Promise.resolve(answer) });
        expect(await outcomes()).to.deep.equal([undefined, undefined]);
      });
    }
  });

  describe('by additional_auth', () => {
    type Hook = NonNullable<AuthorizeOptions['additional_auth']>;
    /** As a promise calls it: with what it resolves to. */
    const loose = (onSuccess: () => void): ((answer: unknown) => void) => onSuccess;

    const refusals: [how: string, hook: Hook, error: object][] = [
      ['hands false to onSuccess', (_claims, onSuccess) => loose(onSuccess)(false), unknown],
      [
        'hands an Error to onSuccess',
        (_claims, onSuccess) => loose(onSuccess)(new Error('hunter2')),
        unknown,
      ],
      ['hands an UnauthorizedError to onSuccess', (_claims, onSuccess) => loose(onSuccess)(locked()), mine],
      [
        'has a promise of false call onSuccess',
        (_claims, onSuccess, onError) => Promise.resolve(false).then(loose(onSuccess), onError),
        unknown,
      ],
      ['returns true, and calls nobody', () => true, unknown],
      ['gives a promise of true, and calls nobody', () => Promise.resolve(true), unknown],
    ];
    for (const [how, additional_auth, error] of refusals) {
      it(`refuses if it ${how}`, async () => {
        guard({ additional_auth, keyTimeout: 50 });
        for (const outcome of await outcomes()) {
          expect(outcome).to.include(error);
          expect(JSON.stringify(outcome)).not.to.include('hunter2');
        }
      });
    }

    const consents: [how: string, hook: Hook][] = [
      ['calls onSuccess', (_claims, onSuccess) => onSuccess()],
      ['calls onSuccess, and returns false', (_claims, onSuccess) => (onSuccess(), false)],
      ['hands anything to onSuccess', (_claims, onSuccess) => loose(onSuccess)({ sub: 'bob' })],
      ['calls onSuccess later', (_claims, onSuccess) => void setImmediate(onSuccess)],
    ];
    for (const [how, additional_auth] of consents) {
      it(`accepts if it ${how}`, async () => {
        guard({ additional_auth });
        expect(await outcomes()).to.deep.equal([undefined, undefined]);
      });
    }
  });
});

describe('a limiter', () => {
  let warnings: Warnings;
  let rejections: Rejections;
  beforeEach(() => {
    warnings = new Warnings();
    rejections = new Rejections();
  });
  afterEach(async () => {
    warnings.close();
    await rejections.close();
  });

  const none: [what: string, clientAddress: () => unknown, told: string][] = [
    ['undefined', () => undefined, 'undefined'],
    ['an empty text', () => '', 'an empty string'],
    ['a number', () => 7, 'number'],
    ['a promise', () => Promise.resolve('192.0.2.1'), 'object'],
    ['a promise that rejects', () => Promise.reject(new Error('hunter2')), 'object'],
    [
      'an exception',
      () => {
        throw new Error('hunter2');
      },
      'failed',
    ],
  ];
  for (const [what, clientAddress, told] of none) {
    it(`without an address refuses everyone, with one warning: clientAddress returns ${what}`, async () => {
      const world = await new World().listen();
      const limiter = { consume: () => expect.fail('asked') };
      const clientAddressAny = clientAddress as () => string;
      world.authorize({ limiter, clientAddress: clientAddressAny, maxAttempts: 1 }).attach(world.io);
      const client = await world.connected();
      for (let times = 0; times < 2; times += 1) {
        const { error } = await show(client, createToken());
        expect(error).to.include({ code: 'rate_limited', message: 'too many requests', retryable: true });
      }
      expect((await warnings.next()).message)
        .to.include('options.clientAddress')
        .and.to.include(told);
      await world.close();
    });
  }

  it('on a Unix socket, where connections have no address, refuses everyone without clientAddress', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-'));
    const socketPath = join(folder, 'server.sock');
    const http = createServer();
    const io = new Server(http);
    const auth = authorize({
      secret: SECRET,
      handshake: true,
      limiter: new RateLimiterMemory({ points: 5, duration: 60 }),
    });
    auth.attach(io);
    const told = new NamespaceInbox(io.of('/'));
    await new Promise<void>((resolve) => http.listen(socketPath, resolve));
    const ask = (path: string, body?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const method = body === undefined ? 'GET' : 'POST';
        const asked = request({ socketPath, path, method }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk)).on('end', () => resolve(text));
        });
        asked.on('error', reject).end(body);
      });
    const base = '/socket.io/?EIO=4&transport=polling';
    const { sid } = JSON.parse((await ask(base)).slice(1)) as { sid: string };
    await ask(`${base}&sid=${sid}`, `40${JSON.stringify({ token: createToken() })}`);
    expect(await ask(`${base}&sid=${sid}`)).to.include('"code":"rate_limited"');
    expect(told.codes).to.deep.equal(['rate_limited']);
    expect((await warnings.next()).message).to.include('gave undefined');
    auth.close();
    await io.close();
    rmSync(folder, { recursive: true });
  });
});
