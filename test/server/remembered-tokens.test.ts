import { expect } from 'chai';
import jsonwebtoken from 'jsonwebtoken';
import { restore, spy } from 'sinon';
import type { AuthorizeOptions } from '../../lib';
import { createToken, tokenEndingIn } from '../support/tokens';
import { World } from '../support/world';
import type { TestClient } from '../support/world';

describe('a client that comes back with the token that it had', () => {
  let world: World;

  beforeEach(async () => {
    world = await new World().listen();
  });

  afterEach(async () => {
    restore();
    await world.close();
  });

  /** Logs in, and how it ended: `ok`, or the reason of the refusal. */
  async function shown(token: string): Promise<[TestClient, unknown]> {
    const client = await world.connected();
    const answer = (await client.authenticate(token)) as { ok: boolean; error?: { reason?: string } };
    return [client, answer.ok ? 'ok' : answer.error?.reason];
  }

  async function leave(client: TestClient): Promise<void> {
    client.socket.disconnect();
    await client.until('disconnect');
  }

  function start(options: Partial<AuthorizeOptions> = {}) {
    const authorizer = world.authorize(options);
    authorizer.attach(world.io);
    return { authorizer, verify: spy(jsonwebtoken, 'verify') };
  }

  it('is let in without another check of the signature', async () => {
    const { verify } = start();
    const token = createToken();
    for (let time = 0; time < 3; time += 1) {
      const [client, outcome] = await shown(token);
      expect(outcome).to.equal('ok');
      await leave(client);
    }
    expect(verify.callCount).to.equal(1);
  });

  it('is refused if the token was revoked meanwhile', async () => {
    const { authorizer } = start();
    const token = createToken({ sub: 'bob', jti: 'one' });
    const [client, outcome] = await shown(token);
    expect(outcome).to.equal('ok');
    await leave(client);
    await authorizer.revoke({ jti: 'one' });
    expect((await shown(token))[1]).to.equal('revoked');
  });

  it('is refused if the token expired meanwhile', async () => {
    start({ onExpired: 'deauthenticate' });
    const token = tokenEndingIn(400);
    const [client, outcome] = await shown(token);
    expect(outcome).to.equal('ok');
    await client.until('unauthorized');
    expect((await shown(token))[1]).to.equal('expired');
  });

  it('is still asked about: validate has its say each time', async () => {
    let isWelcome = true;
    start({
      validate: () => {
        if (!isWelcome) throw new Error('not today');
      },
    });
    const token = createToken();
    expect((await shown(token))[1]).to.equal('ok');
    isWelcome = false;
    expect((await shown(token))[1]).to.not.equal('ok');
  });

  for (const how of ['logged out', 'was logged out', 'renewed with another'] as const) {
    it(`is checked in full if the one who had it ${how}`, async () => {
      const { authorizer, verify } = start();
      const token = createToken({ sub: 'bob' });
      const [client] = await shown(token);
      if (how === 'logged out') await client.socket.emitWithAck('deauthenticate');
      else if (how === 'was logged out') {
        for (const socket of world.io.sockets.sockets.values()) authorizer.deauthenticate(socket);
      } else await client.authenticate(createToken({ sub: 'bob', jti: 'next' }));
      const before = verify.callCount;
      expect((await shown(token))[1]).to.equal('ok');
      expect(verify.callCount).to.equal(before + 1);
    });
  }
});
