import { expect } from 'chai';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { needs } from '../support/debian';
import { RedisServer } from '../support/redis';
import { show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { World } from '../support/world';

describe('rate-limiter-flexible on Redis', () => {
  let redis: RedisServer;
  const worlds: World[] = [];

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
  });

  after(async () => {
    for (const world of worlds) await world.close();
    await redis?.close();
  });

  it('limits an address that a trusted proxy names, over all nodes, and sends `retryAfter`', async () => {
    const storeClient = await redis.connected();
    for (let nodes = 0; nodes < 2; nodes += 1) {
      const world = await new World().listen();
      worlds.push(world);
      world
        .authorize({
          limiter: new RateLimiterRedis({ storeClient, useRedisPackage: true, points: 2, duration: 60 }),
          clientAddress: (socket) => String(socket.handshake.headers['x-real-ip']),
        })
        .attach(world.io);
    }
    const shown = async (node: number, address: string): Promise<string | true> => {
      const client = await (worlds[node] as World).connected('/', { extraHeaders: { 'x-real-ip': address } });
      const { ok, error } = await show(client, createToken());
      if (error) expect(error.retryAfter).to.be.within(1, 60_000);
      return ok || String(error?.code);
    };
    expect(await shown(0, '192.0.2.1')).to.equal(true);
    expect(await shown(1, '192.0.2.1')).to.equal(true);
    expect(await shown(0, '192.0.2.1')).to.equal('rate_limited');
    expect(await shown(1, '192.0.2.1')).to.equal('rate_limited');
    expect(await shown(0, '192.0.2.2')).to.equal(true);
  });
});
