export { redisRevocationStore } from './revocation/redis-store';
export type { RedisRevocationOptions } from './revocation/redis-store';
export type { IORedisRevocationClient, RedisRevocationClient } from './revocation/redis-client';
