/** What may happen, in any order. */
import fc from 'fast-check';
import type { AsyncCommand } from 'fast-check';
import { EVENTS, PLACES } from './application';
import { ACTS, HOOKS, isPossible } from './deeds';
import type { Deed } from './deeds';
import { GRACE } from './setup';
import type { Setup, TokenKind } from './setup';
import type { World } from './world';

type Command = AsyncCommand<object, World>;

/** A step that is always possible; where there is nothing to do it, it does nothing. */
class Step implements Command {
  constructor(
    readonly label: string,
    readonly act: (world: World) => void | Promise<void>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(_model: object, world: World): Promise<void> {
    await this.act(world);
    await world.settle();
  }

  toString(): string {
    return this.label;
  }
}

type Acting = (world: World) => void | Promise<void>;

/** Commands of one kind: what is drawn, and what is done with it. */
function steps<Drawn>(name: string, drawn: fc.Arbitrary<Drawn>, act: (drawn: Drawn) => Acting) {
  return drawn.map((one): Command => new Step(`${name}(${fc.stringify(one)})`, act(one)));
}

const often = <Usual, Rare>(usual: Usual, ...rare: Rare[]): fc.Arbitrary<Usual | Rare> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, ...rare.map((one) => fc.constant(one)));

const index = fc.constantFrom(0, 0, 1);
const place = often(PLACES[0], PLACES[1], PLACES[1], PLACES[1]);
const events = fc.array(fc.constantFrom(...EVENTS), { maxLength: 3 });
const user = often('alice', 'bob', 'bob');

const token: fc.Arbitrary<TokenKind> = fc.record({
  sub: user,
  sid: fc.constantFrom('s1', 's2'),
  scopes: fc.constantFrom([], ['admin']),
  life: fc.constantFrom(Infinity, 60, 5, 5, 2, 1, 0),
  verify: often('good', 'bad', 'down'),
  validate: often('good', 'bad'),
  store: often('good', 'down'),
});

/** A token that logs in, unless its user is revoked. */
const good = token.map(
  (one) => ({ ...one, life: Infinity, verify: 'good', validate: 'good', store: 'good' }) as const,
);

const deed: fc.Arbitrary<Deed> = fc
  .record({ hook: fc.constantFrom(...HOOKS), act: fc.constantFrom(...ACTS), sub: user })
  .filter(isPossible);

const at = { index, place };

export const commands = (maxCommands: number, replayPath?: string): fc.Arbitrary<Iterable<Command>> =>
  fc.commands(
    [
      steps(
        'connect',
        fc.record({ ...at, token: fc.option(token, { nil: undefined }), isReturning: fc.boolean() }),
        (one) => (world) => world.connect(one.index, one.place, one.token, one.isReturning),
      ),
      steps(
        'send',
        fc.record({ ...at, before: events }),
        (one) => (world) => world.send(one.index, one.place, one.before),
      ),
      ...[1, 2].map(() =>
        steps(
          'login',
          fc.record({ ...at, before: events, token, after: events }),
          (one) => (world) => world.send(one.index, one.place, one.before, one.token, one.after),
        ),
      ),
      steps(
        'logout',
        fc.record({ ...at, byServer: fc.boolean() }),
        (one) => (world) => world.logout(one.index, one.place, one.byServer),
      ),
      steps('logout and login', fc.record({ ...at, token, after: events }), (one) => (world) => {
        world.logout(one.index, one.place, false);
        world.send(one.index, one.place, [], one.token, one.after);
      }),
      steps('return', fc.record({ ...at, token: fc.option(token, { nil: undefined }) }), (one) => (world) => {
        world.drop(one.index);
        world.connect(one.index, one.place, one.token, true);
      }),
      steps('return and revoke', fc.record({ ...at, sub: user }), (one) => async (world) => {
        world.drop(one.index);
        world.connect(one.index, one.place, undefined, true);
        await world.settle();
        world.revoke({ sub: one.sub });
      }),
      steps('leave', fc.record(at), (one) => (world) => world.leave(one.index, one.place)),
      steps('drop', index, (one) => (world) => world.drop(one)),
      steps('revoke', fc.record({ sub: user }), (rule) => (world) => world.revoke(rule)),
      steps('warn', user, (sub) => (world) => world.revoke({ sub, grace: GRACE })),
      steps('warn twice', fc.constantFrom(1, 4), (time) => async (world) => {
        world.revoke({ sub: 'alice', grace: GRACE });
        await world.pass(time);
        world.revoke({ sub: 'alice', grace: GRACE });
      }),
      steps(
        'revoke',
        fc.record({ sid: fc.constantFrom('s1', 's2') }),
        (rule) => (world) => world.revoke(rule),
      ),
      ...[1, 2].map(() =>
        steps(
          'plan',
          fc.record({ ...at, deed }),
          (one) => (world) => world.plan(one.index, one.place, one.deed),
        ),
      ),
      ...[1, 2, 3].map(() =>
        steps('work', fc.record({ ...at, deed, token: good, after: events }), (one) => (world) => {
          world.plan(one.index, one.place, one.deed);
          world.connect(one.index, one.place, one.token, false);
          world.send(one.index, one.place, [], one.token, one.after);
        }),
      ),
      steps('pass', fc.constantFrom(1, 4, 8, 20, 24), (time) => (world) => world.pass(time)),
    ],
    { maxCommands, size: 'max', ...(replayPath !== undefined && { replayPath }) },
  );

export const setups: fc.Arbitrary<Setup> = fc
  .record({
    isShared: fc.boolean(),
    canRecover: fc.boolean(),
    slow: fc.record({
      verify: fc.boolean(),
      validate: fc.boolean(),
      store: fc.boolean(),
      add: fc.boolean(),
      use: fc.boolean(),
    }),
    rules: fc.record({
      maxAttempts: fc.constant(3),
      mustLogIn: often(true, false),
      holdEvents: fc.constantFrom(16, 2, 0),
      sameSubject: often(true, false),
      onExpired: fc.constantFrom('disconnect', 'deauthenticate', 'ignore'),
    }),
  })
  // Recovery under `scope: 'connection'` has tests of its own.
  .filter(({ isShared, canRecover }) => !(isShared && canRecover));
