import { expect } from 'chai';
import type { AuthorizerStats } from '../../lib';
import { needs } from '../support/debian';
import { introduce, NodeProcess } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';
import type { ClientOptions } from '../support/world';

/** A session that the application would show in several ways, by where the token came from. */
const WAYS: Record<string, (token: string) => ClientOptions> = {
  'handshake.auth': (token) => ({ auth: { token } }),
  'the Authorization header': (token) => ({ extraHeaders: { authorization: `Bearer ${token}` } }),
  'the query': (token) => ({ query: { token } }),
  'a cookie': (token) => ({ extraHeaders: { cookie: `first=1; jwt=${token}; last=2` } }),
};

for (const adapter of ['redis', 'streams'] as const) {
  for (const handshake of [false, true]) {
    describe(`the traffic through Redis, on the ${adapter} adapter${handshake ? ', in handshake mode' : ''},`, () => {
      let redis: RedisServer;

      before(async function () {
        needs(this, 'redis-server');
        redis = await RedisServer.start();
      });

      after(async () => {
        await NodeProcess.closeAll();
        await redis?.close();
      });

      it('never contains the encoded token', async () => {
        const lines: string[] = [];
        const monitor = await redis.connected();
        await monitor.monitor((line) => lines.push(line));
        const [here, there] = (await NodeProcess.startAll(2, {
          adapter,
          redisUrl: redis.url,
          store: true,
          connectionStateRecovery: {},
          options: { handshake, cookie: 'jwt' },
        })) as [NodeProcess, NodeProcess];
        await introduce(here, there);
        const tokens: string[] = [];
        for (const way of Object.values(WAYS)) {
          const token = createToken({ sub: `user ${tokens.length}`, jti: `jti ${tokens.length}` });
          tokens.push(token);
          const client = await here.connected(way(token));
          const id = client.socket.id as string;
          // While it is pending, if it ever is, and when it is in.
          await there.call('fetchById', id);
          if (!handshake) await client.socket.emitWithAck('authenticate');
          await client.until('authenticated');
          expect(await there.call('fetchById', id)).to.equal(1);
          await there.call('emit', 'news', 'everyone');
          await client.until('news');
          // Kept for recovery, where the adapter does that.
          client.socket.io.engine.close();
          while ((await here.call<AuthorizerStats>('stats')).authenticated > 0);
          await here.call('revoke', { jti: `jti ${tokens.length - 1}` });
        }
        await here.call('fetchSockets');
        const admin = await redis.connected();
        await admin.publish('the end', 'of it');
        while (!lines.some((line) => line.includes('"the end"'))) await admin.ping();
        const all = lines.join('\n');
        // The scan sees what the nodes say of these users, so it would see the tokens.
        expect(all).to.include('user 3').and.include('jti 3');
        if (adapter === 'streams') expect(readable(all)).to.include('persisted: ');
        for (const token of tokens) {
          for (const part of [token, token.split('.')[2] as string]) {
            expect(all).to.not.include(part);
            expect(readable(all)).to.not.include(part);
          }
        }
      });
    });
  }
}

/** What adapters write as base64, decoded. */
function readable(lines: string): string {
  const encoded = [...lines.matchAll(/"SET" "sio:session:[^"]*" "([^"]+)"/gi)].map(
    ([, value]) => value ?? '',
  );
  return encoded.map((value) => `persisted: ${Buffer.from(value, 'base64').toString('latin1')}`).join('\n');
}
