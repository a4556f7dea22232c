import { expect } from 'chai';
import { restore, stub } from 'sinon';
import type { AuthorizeOptions, RevocationStore } from '../../lib';
import { Deadlines } from '../../lib/runtime/deadlines';
import { createToken, SECRET } from '../support/tokens';
import { World } from '../support/world';

/** Nothing else in the library waits as long. */
const KEY_TIMEOUT = 12_345;

const soon = <Value>(value: Value): Promise<Value> =>
  new Promise((resolve) => {
    setImmediate(() => resolve(value));
  });
const failing = async (): Promise<never> => Promise.reject(await soon(new Error('down')));
const store = (answers: Partial<RevocationStore>): { revocation: RevocationStore } => ({
  revocation: { add: () => undefined, isRevoked: () => false, ...answers },
});

describe('the timer of keyTimeout is cleared', () => {
  let world: World;
  /** How often it was begun, and how often it still runs. */
  let begun: number;
  let running: number;

  beforeEach(async () => {
    world = await new World().listen();
    [begun, running] = [0, 0];
    const { after } = Deadlines.prototype;
    stub(Deadlines.prototype, 'after').callsFake(function watch(this: Deadlines, delay, callback) {
      const cancel = after.call(this, delay, callback);
      if (delay !== KEY_TIMEOUT) return cancel;
      begun += 1;
      running += 1;
      return () => {
        running -= 1;
        cancel();
      };
    });
  });

  afterEach(async () => {
    restore();
    await world.close();
  });

  const answers: [what: string, options: Partial<AuthorizeOptions>][] = [
    ['a key function has answered', { secret: () => soon(SECRET) }],
    ['a key function has rejected', { secret: failing }],
    ['validate has answered', { validate: () => soon(undefined) }],
    ['validate has rejected', { validate: failing }],
    ['a limiter has answered', { limiter: { consume: () => soon(undefined) } }],
    ['a limiter has rejected', { limiter: { consume: failing } }],
    ['additional_auth has called back', { additional_auth: (_claims, accept) => void soon(0).then(accept) }],
    ['a revocation store has answered', store({ isRevoked: () => soon(false) })],
    ['a revocation store has rejected', store({ isRevoked: failing })],
  ];
  for (const [what, options] of answers) {
    it(`once ${what}`, async () => {
      world.authorize({ keyTimeout: KEY_TIMEOUT, ...options }).attach(world.io);
      const client = await world.connected();
      const before = { begun, running };
      await client.authenticate(createToken());
      expect({ begun, running }).to.deep.equal({ begun: before.begun + 1, running: before.running });
    });
  }

  for (const hook of ['success', 'fail'] as const) {
    it(`once a ${hook} hook has called back, at the handshake`, async () => {
      const accept = (...args: unknown[]): void =>
        void soon(args.at(-1) as () => void).then((call) => call());
      world.authorize({ handshake: true, keyTimeout: KEY_TIMEOUT, [hook]: accept }).attach(world.io);
      await world.connected('/', { auth: { token: hook === 'success' ? createToken() : 'none' } });
      expect({ begun, running }).to.deep.equal({ begun: 1, running: 0 });
    });
  }

  it('once a revocation store has accepted a rule or failed', async () => {
    for (const add of [() => soon(undefined), failing]) {
      const auth = world.authorize({ keyTimeout: KEY_TIMEOUT, ...store({ add }) });
      const before = { begun, running };
      await auth.revoke({ jti: 'one' }).catch(() => undefined);
      expect({ begun, running }).to.deep.equal({ begun: before.begun + 1, running: before.running });
    }
  });
});
