import { createAdapter } from '@socket.io/redis-streams-adapter';
import type { ServerOptions } from 'socket.io';
import type { RedisConnection, RedisServer } from './redis';
import type { ClientOptions, TestClient, World } from './world';

/** By what Socket.IO recognises a client that comes back: the private session id, and the last packet that it got. */
export interface RecoveryId {
  readonly pid: string;
  readonly offset: string;
}

/** The recovery id that a client has now. */
export function recoveryIdOf(client: TestClient): RecoveryId {
  const { _pid, _lastOffset } = client.socket as unknown as { _pid: string; _lastOffset: string };
  return { pid: _pid, offset: _lastOffset };
}

/** Gives a client a packet to recover from. */
export async function giveOffset(
  client: TestClient,
  namespace: { emit(event: string): unknown },
): Promise<void> {
  namespace.emit('offset');
  await client.until('offset');
}

/** Closes the transport below a client, as a lost network does; comes back when the server knows. */
export async function cutOff(client: TestClient, { io }: World, ...namespaces: string[]): Promise<void> {
  const { id } = client.socket;
  const known = ['/', ...namespaces];
  client.socket.io.reconnection(false);
  client.socket.io.engine.close();
  while (known.some((name) => io.of(name).sockets.has(String(id)))) await new Promise(setImmediate);
}

/** A new client, on a connection of its own, that shows a recovery id with its CONNECT packet. */
export function returning(
  world: World,
  { pid, offset }: RecoveryId,
  options: ClientOptions = {},
  namespace = '/',
): TestClient {
  const client = world.client(namespace, options);
  Object.assign(client.socket, { _pid: pid, _lastOffset: offset });
  return client;
}

/** Where Socket.IO keeps sessions: in the process, or in Redis. */
export async function recoveryIn(
  redis: RedisServer | undefined,
  options: Partial<ServerOptions['connectionStateRecovery']> = {},
): Promise<Partial<ServerOptions>> {
  const connectionStateRecovery = options;
  if (redis === undefined) return { connectionStateRecovery };
  const name = `stream ${Math.random()}`;
  const adapter = createAdapter(patient(await redis.connected()), {
    // So that the reader ends soon after the server.
    blockTimeInMs: 100,
    streamName: name,
    channelPrefix: name,
  });
  return { connectionStateRecovery, adapter: adapter as never };
}

/**
 * A client for the adapter for Redis streams, which catches no rejection of a SUBSCRIBE that is still under way when its
 * server closes: Redis may have done it, and the answer not be read yet.
 */
function patient(client: RedisConnection): RedisConnection {
  const duplicate = client.duplicate.bind(client);
  client.duplicate = ((): RedisConnection => {
    const copy = duplicate() as RedisConnection;
    const subscribe = copy.subscribe.bind(copy) as (...given: unknown[]) => Promise<void>;
    copy.subscribe = (...given: unknown[]) => subscribe(...given).catch(() => undefined);
    return copy;
  }) as never;
  return client;
}

/** Waits until every namespace's adapter is subscribed. */
export async function subscribed({ io }: World): Promise<void> {
  for (const { adapter } of io._nsps.values())
    while ((await adapter.serverCount()) < 1) await new Promise(setImmediate);
}

/** Everything that a client's connection was sent, as text: also what came ahead of CONNECT, which no listener hears. */
export function wireOf(client: TestClient): string[] {
  const wire: string[] = [];
  client.socket.io.on('packet' as never, ((packet: unknown) => wire.push(JSON.stringify(packet))) as never);
  return wire;
}
