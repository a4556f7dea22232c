import { expect } from 'chai';
import type { Authorizer } from '../../lib';
import { cpuOf, leastRatio } from '../support/cost';
import { unharmedWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { PollingSession } from '../support/polling-session';
import { createToken } from '../support/tokens';
import type { TestOptions } from '../support/world';

/** Dynamic namespaces: a client makes as many as it names. */
const ROOMS = /^\/room-\d+$/;
/** Sockets of the large connection, which all belong to one session. */
const MANY = 4_000;
/** How much more the same flood may cost a connection with so many sockets; if each packet visits all: 20 times. */
const LIMIT = 4;

const repeated = (count: number, make: (index: number) => string | string[]): string[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat();
const room = (index: number, event: string, payload = ''): string =>
  `2/room-${index},["${event}"${payload && `,${payload}`}]`;

const token = createToken();
const login = room(0, 'authenticate', `{"token":"${token}"}`);

/** A limiter that refuses at once. Its refusals are no failed attempts. */
function refuse(): never {
  throw new Error('too many requests');
}

/** What a client may repeat without end. */
const FLOODS: [
  what: string,
  hasToken: boolean,
  packets: string[],
  options?: TestOptions,
  sockets?: number,
][] = [
  ['logouts before a login', false, repeated(16_000, () => room(0, 'deauthenticate'))],
  ['logouts behind a login', true, repeated(16_000, () => room(0, 'deauthenticate'))],
  [
    'logouts with events between them',
    false,
    repeated(4_000, () => [room(0, 'news'), room(0, 'deauthenticate')]),
  ],
  [
    'tokens of a namespace that is left',
    false,
    [...repeated(8_000, () => room(0, 'authenticate')), '1/room-0,'],
  ],
  ['renewals', true, repeated(2_000, () => login)],
  [
    'tokens that are refused, with a disconnect that is due later',
    false,
    repeated(16_000, () => room(0, 'authenticate', '"none"')),
    { callback: 600_000, limiter: { consume: refuse } },
    // One more visit is cheap, and a refusal is not.
    16_000,
  ],
];

describe("a flood under scope: 'connection'", () => {
  const { world } = unharmedWorld();

  /** CPU of a flood by a connection with so many sockets. */
  async function cost(
    sockets: number,
    hasToken: boolean,
    packets: string[],
    options?: TestOptions,
  ): Promise<number> {
    await world.restart({});
    const auth = guard(options);
    const session = await PollingSession.open(world.url);
    const shown = hasToken ? JSON.stringify({ token }) : '';
    await session.send(`0/room-0,${shown}`, ...repeated(sockets - 1, (index) => `0/room-${index + 1},`));
    expect(auth.stats()).to.include({ [hasToken ? 'authenticated' : 'pending']: sockets });
    return cpuOf(() => session.send(...packets));
  }

  function guard(options: TestOptions = {}): Authorizer {
    const auth = world.authorize({ scope: 'connection', ...options });
    auth.attach(world.io.of(ROOMS));
    return auth;
  }

  for (const [what, hasToken, packets, options, sockets = MANY] of FLOODS) {
    it(`of ${what} costs a connection with many namespaces about as much as one with two`, async () => {
      const ratio = await leastRatio(
        () => cost(sockets, hasToken, packets, options),
        () => cost(2, hasToken, packets, options),
        LIMIT,
      );
      expect(ratio).to.be.below(LIMIT);
    });
  }

  it('of renewals is refused with rate_limited, and keeps the session', async () => {
    const told = new NamespaceInbox(world.io.of('/room-0'));
    const auth = guard();
    auth.attach(world.io.of('/room-0'));
    const session = await PollingSession.open(world.url);
    await session.send(`0/room-0,{"token":"${token}"}`, ...repeated(999, (index) => `0/room-${index + 1},`));
    await session.send(...repeated(12, () => login));
    expect(told.codes).to.deep.equal(['rate_limited', 'rate_limited']);
    expect(auth.stats()).to.include({ authenticated: 1_000, verified: 13 });
  });
});
