export { redisRevocationStore } from './revocation/redis-store';
export type { RedisRevocationClient, RedisRevocationOptions } from './revocation/redis-store';
