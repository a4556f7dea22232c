import { expect } from 'chai';
import { decode } from 'jsonwebtoken';
import type { JwtPayload } from 'jsonwebtoken';
import { needs } from '../support/debian';
import { introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { AUDIENCE, OpenIdProvider } from '../support/openid-provider';
import type { ClientId } from '../support/openid-provider';
import { RedisServer } from '../support/redis';
import { refusal } from '../support/refusals';
import type { TestClient } from '../support/world';

/** Ms in which a session must have ended everywhere. */
const SOON = 2_000;

describe('a logout at a real OpenID provider, on three server processes', function () {
  let redis: RedisServer;
  let provider: OpenIdProvider;

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
  });
  beforeEach(async () => {
    provider = await new OpenIdProvider().listen();
  });
  afterEach(async () => {
    await NodeProcess.closeAll();
    await provider.close();
  });
  after(() => redis?.close());

  async function start(clientId: ClientId, endBy?: 'sub'): Promise<[NodeProcess, NodeProcess, NodeProcess]> {
    const { issuer } = provider;
    const config: NodeConfig = {
      adapter: 'redis',
      redisUrl: redis.url,
      store: true,
      provider: {
        tokens: { issuer, audience: AUDIENCE, typ: 'at+jwt' },
        logout: { issuer, audience: clientId, ...(endBy && { endBy }) },
      },
    };
    const nodes = (await NodeProcess.startAll(3, config)) as [NodeProcess, NodeProcess, NodeProcess];
    await introduce(...nodes);
    const uri = `${nodes[1].url}/backchannel-logout`;
    await provider.open({ 'by-session': uri, 'by-user': uri });
    return nodes;
  }

  const onEach = (nodes: NodeProcess[], token: string): Promise<TestClient[]> =>
    Promise.all(nodes.map((node) => node.loggedIn(token)));

  /** Has a user log out, and waits until all of these sockets were told so and are disconnected; gives back the ms. */
  async function timeToEnd(
    logOut: () => Promise<void>,
    clients: TestClient[],
    retryable: boolean,
  ): Promise<number> {
    const begin = performance.now();
    const ended = Promise.all(
      clients.map(async (client) => {
        expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'revoked', retryable });
        await client.until('disconnect');
        return performance.now() - begin;
      }),
    );
    await logOut();
    await provider.logouts.take('success');
    return Math.max(...(await ended));
  }

  const authenticated = async (nodes: NodeProcess[]): Promise<number[]> =>
    Promise.all(
      nodes.map(async (node) => (await node.call<{ authenticated: number }>('stats')).authenticated),
    );

  it('ends every socket of that session within two seconds, and no other session of the user', async () => {
    const nodes = await start('by-session');
    const [laptop, phone] = [provider.browser('bob'), provider.browser('bob')];
    const token = await laptop.accessToken('by-session');
    const other = await phone.accessToken('by-session');
    const [claims, otherClaims] = [token, other].map((one) => decode(one) as JwtPayload);
    expect(claims).to.include({ sub: 'bob' }).and.have.property('sid');
    expect(otherClaims).to.include({ sub: 'bob' }).and.have.property('sid').that.does.not.equal(claims?.sid);
    const ending = [...(await onEach(nodes, token)), ...(await onEach(nodes, token))];
    await onEach(nodes, other);
    await onEach(nodes, await provider.browser('eve').accessToken('by-session'));

    expect(await timeToEnd(() => laptop.logOut(), ending, false)).to.be.below(SOON);
    expect(await authenticated(nodes)).to.deep.equal([2, 2, 2]);
    // The token is of no use any more on any node; a new login of the same browser is.
    for (const node of nodes) {
      const client = await node.connected();
      expect(await client.authenticate(token)).to.have.nested.property('error.reason', 'revoked');
    }
    await onEach(nodes, await laptop.accessToken('by-session'));
    expect(await authenticated(nodes)).to.deep.equal([3, 3, 3]);
  });

  it("ends every session of the user with endBy: 'sub', if access tokens have no sid", async () => {
    const nodes = await start('by-user', 'sub');
    const [laptop, phone] = [provider.browser('anna'), provider.browser('anna')];
    const tokens = [await laptop.accessToken('by-user'), await phone.accessToken('by-user')] as const;
    expect(decode(tokens[0])).to.include({ sub: 'anna' }).and.not.have.property('sid');
    const ending = [...(await onEach(nodes, tokens[0])), ...(await onEach(nodes, tokens[1]))];
    await onEach(nodes, await provider.browser('eve').accessToken('by-user'));

    expect(await timeToEnd(() => laptop.logOut(), ending, true)).to.be.below(SOON);
    expect(await authenticated(nodes)).to.deep.equal([1, 1, 1]);
  });
});
