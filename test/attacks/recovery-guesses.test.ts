import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { RawClient } from '../support/raw-client';
import { Unharmed } from '../support/unharmed';
import { World } from '../support/world';

const MAX_ATTEMPTS = 5;
const GUESSES = 100;

/** What every recovery id of the main namespace begins with, as any client with a session can see. */
const PREFIX = createHash('sha256').update('/').digest('base64url').slice(0, 22);

const guess = (name: string): string =>
  RawClient.connect({ pid: `${PREFIX}.any`, offset: 'any', token: name });

describe('a client that guesses tokens with a recovery id', () => {
  let world: World;
  let unharmed: Unharmed;
  let raw: RawClient;
  let asked: number;

  beforeEach(async () => {
    unharmed = new Unharmed();
    world = await new World({ connectionStateRecovery: {} }).listen();
    asked = 0;
  });

  afterEach(async () => {
    raw.close();
    await world.close();
    unharmed.close();
  });

  for (const handshake of [false, true]) {
    for (const scope of ['namespace', 'connection'] as const) {
      for (const isSlow of [false, true]) {
        const how = `${handshake ? 'in handshake mode' : 'by event'}, scope: '${scope}', verified ${isSlow ? 'later' : 'at once'}`;
        it(`has no more attempts than others, however many come in one request, ${how}`, async () => {
          const refuse = (): never => {
            asked += 1;
            throw new Error('unknown token');
          };
          world
            .authorize({ handshake, scope, verify: isSlow ? async () => refuse() : refuse })
            .attach(world.io);
          raw = await RawClient.open(world.url, 'polling');
          raw.send(...Array.from({ length: GUESSES }, (_, index) => guess(`guess ${index}`)));
          await raw.next(handshake ? 'CONNECT_ERROR' : 'EVENT');
          raw.send(...Array.from({ length: GUESSES }, (_, index) => guess(`other ${index}`)));
          await Promise.race([raw.next('close'), raw.next('CONNECT_ERROR')]);
          // The last socket of each request shows its token, as one without a recovery id does.
          expect(asked).to.be.within(1, MAX_ATTEMPTS + 2);
        });
      }
    }
  }
});
