import { expect } from 'chai';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';

interface Decoded {
  readonly decoded_token: { readonly sub: string };
}

describe('two users who log out and in on one connection, in one request', () => {
  let world: World;
  let unharmed: Unharmed;
  let raw: RawClient;

  beforeEach(async () => {
    unharmed = new Unharmed();
    world = await new World().listen();
  });

  afterEach(async () => {
    raw.close();
    await world.close();
    unharmed.close();
  });

  for (const scope of ['namespace', 'connection'] as const) {
    it(`no listener hears an event as that of the user before, under scope: '${scope}'`, async () => {
      const auth = world.authorize({ scope });
      const heard: unknown[] = [];
      auth.attach(world.io);
      world.io.on('connection', (socket) =>
        socket.onAny((_event, text) => heard.push([text, (socket as never as Decoded).decoded_token.sub])),
      );
      raw = await RawClient.open(world.url, 'polling');
      raw.send(RawClient.connect({ token: createToken({ sub: 'alice' }) }));
      await until('alice is logged in', () => auth.stats().authenticated === 1);
      const login = (sub: string): string => RawClient.event('authenticate', { token: createToken({ sub }) });
      const logout = RawClient.event('deauthenticate');
      raw.send(
        RawClient.event('say', 'from alice'),
        logout,
        login('bob'),
        RawClient.event('say', 'from bob'),
        logout,
        RawClient.event('say', 'from nobody'),
        login('carol'),
        RawClient.event('say', 'from carol'),
      );
      await until('carol is logged in', () => auth.stats().verified === 3);
      raw.send(RawClient.event('say', 'from carol, later'));
      await until('all is heard', () => heard.some((one) => String(one).includes('later')));
      for (const [text, sub] of heard as [string, string][]) expect(text).to.include(`from ${sub}`);
      expect(heard).to.deep.include(['from bob', 'bob']);
      expect(heard.at(-1)).to.deep.equal(['from carol, later', 'carol']);
    });
  }
});
