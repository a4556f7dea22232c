import { expect } from 'chai';
import { cpuOf, leastRatio } from '../support/cost';
import { PollingSession } from '../support/polling-session';
import { World } from '../support/world';

/** Events of 100 KB and more that are too large to be held: to find that out must cost little beside reading them. */
const EVENTS: [what: string, event: string][] = [
  ['a list of 50,000 numbers', `2["message",[${'0,'.repeat(50_000)}0]]`],
  ['a list of 40,000 empty objects', `2["message",[${'{},'.repeat(40_000)}{}]]`],
  ['50,000 arguments', `2["message"${',0'.repeat(50_000)}]`],
  ['lists that nest 50,000 deep', `2["message",${'['.repeat(50_000)}${']'.repeat(50_000)}]`],
  ['a text of 100,000 characters', `2["message","${'x'.repeat(100_000)}"]`],
];

describe('a flood of events that are too large to be held until the login', function () {
  /** CPU of the server, and of the requests that bring the events. */
  async function flood(event: string, isGuarded: boolean): Promise<number> {
    const world = await new World().listen();
    if (isGuarded) world.authorize({ timeout: 60_000 }).attach(world.io);
    const session = await PollingSession.open(world.url);
    await session.send('0');
    const cost = await cpuOf(async () => {
      for (let turn = 0; turn < 20; turn += 1) await session.send(...Array.from({ length: 5 }, () => event));
    });
    await session.close();
    await world.close();
    return cost;
  }

  for (const [what, event] of EVENTS) {
    it(`costs at most 1.4 times as much CPU time as without the library, with ${what}`, async () => {
      const ratio = await leastRatio(
        () => flood(event, true),
        () => flood(event, false),
        1.4,
      );
      expect(ratio).to.be.below(1.4);
    });
  }
});
