/** One node of a cluster, as a process of its own; the tests tell it by messages what to do. */
import type { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createAdapter as createClusterAdapter } from '@socket.io/cluster-adapter';
import { createAdapter as createRedisAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import type { ServerOptions, Socket } from 'socket.io';
import { authorize } from '../../lib';
import type { AuthorizedSocket, Revocation, RevocationStore, VerifierOptions } from '../../lib';
import { jwksVerifier } from '../../lib/jwks';
import { backchannelLogout } from '../../lib/oidc';
import { redisRevocationStore } from '../../lib/redis';
import { loadExample } from '../support/example';
import { Inbox } from '../support/inbox';
import type { Answer, NodeConfig, Question } from '../support/node-process';
import { ofIoredis } from '../support/redis-clients';
import { SECRET } from '../support/tokens';
import type { SessionEvents, SessionLogins, SessionRecipes } from '../support/user-sessions';
import { LONG_TIMEOUT } from '../support/world';

const config = JSON.parse(process.env.TEST_NODE ?? '') as NodeConfig;
const http = createServer();

// Whatever it waits for.
process.on('disconnect', () => process.exit());

async function connectedClient(url = config.redisUrl) {
  const client = createClient({
    url: url ?? '',
    socket: { reconnectStrategy: 20 },
    commandOptions: { timeout: config.commandTimeout ?? 5_000 },
  });
  client.on('error', () => undefined);
  await client.connect();
  // The adapters do not look at what becomes of these: a rejection would end the process.
  const { publish, set } = client;
  if (!config.isCareless) {
    Object.assign(client, {
      publish: (...args: Parameters<typeof publish>) => publish.apply(client, args).catch(() => 0),
      set: (...args: Parameters<typeof set>) => set.apply(client, args).catch(() => null),
    });
  }
  return client;
}

async function adapter(): Promise<Partial<ServerOptions>> {
  const { connectionStateRecovery } = config;
  const base = connectionStateRecovery === undefined ? {} : { connectionStateRecovery };
  if (config.adapter === 'cluster') return { ...base, adapter: createClusterAdapter() };
  const client = await connectedClient();
  if (config.adapter === 'streams')
    return { ...base, adapter: createStreamsAdapter(client, { blockTimeInMs: 1_000 }) };
  const subClient = await connectedClient(config.subscriberUrl);
  if (config.adapter === 'sharded') return { ...base, adapter: createShardedAdapter(client, subClient) };
  return { ...base, adapter: createRedisAdapter(client, subClient) };
}

async function store(): Promise<RevocationStore> {
  const url = config.storeUrl ?? config.redisUrl;
  if (config.store !== 'ioredis') return redisRevocationStore(await connectedClient(url));
  const { client } = await ofIoredis(new Redis(url ?? '', { retryStrategy: () => 20 }));
  return redisRevocationStore(client);
}

interface Identified {
  auth?: { claims: { jti?: string } };
}

/** Bytes of V8's heap, and of what it holds outside, after garbage collection. */
async function memory(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What closed sockets leave to later ticks is gone after some.
  for (let times = 0; times < 5; times += 1) {
    await new Promise(setImmediate);
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function start(): Promise<Record<string, (...args: never[]) => unknown>> {
  const io = new Server(http, await adapter());
  const settings = {
    timeout: LONG_TIMEOUT,
    ...config.options,
    ...(config.userSessions && (loadExample('user-sessions/recipes.js') as SessionRecipes).options),
    ...(config.store && { revocation: await store() }),
  };
  const { provider } = config;
  const auth = authorize(
    provider === undefined
      ? { secret: SECRET, ...settings }
      : ({ ...settings, verify: jwksVerifier(provider.tokens) } as unknown as VerifierOptions),
  );
  if (provider !== undefined) {
    const logout = backchannelLogout(auth, provider.logout);
    http.on('request', (request, response) => {
      if (request.url === '/backchannel-logout') logout(request, response);
    });
  }
  if (config.isMute) Object.assign(io.of('/').adapter, { serverSideEmit: () => undefined });
  if (config.options?.handshake === true) io.use(auth);
  auth.attach(io).on('authenticated', (socket: AuthorizedSocket) => {
    void socket.join(`user ${socket.decoded_token.sub}`);
  });
  if (config.userSessions) {
    const { handleSessions } = loadExample('user-sessions/events.js') as SessionEvents;
    const { redisLogins } = loadExample('user-sessions/logins.js') as SessionLogins;
    handleSessions(io, auth, redisLogins(await connectedClient()), config.userSessions.oneDevice);
  }
  const inbox = new Inbox();
  process.on('warning', (warning) => inbox.push('a warning', [warning.message]));
  io.on('mark', (name: string) => inbox.push(name, []));
  io.on('connection', (socket: Socket) => {
    void socket.join('everyone');
    socket.on('say', (text: unknown) => io.emit('said', text));
  });
  await new Promise<void>((resolve) => http.listen({ port: 0, host: '127.0.0.1', exclusive: true }, resolve));
  return {
    port: () => (http.address() as AddressInfo).port,
    revoke: (rule: Revocation) => auth.revoke(rule),
    /** @param turns of the event loop that it has left; `null`: until it has resolved */
    revokeAndDie: (rule: Revocation, turns: number | null) => {
      const done = auth.revoke(rule);
      const go = (left: number): unknown =>
        left > 0 ? setImmediate(() => go(left - 1)) : process.kill(process.pid, 'SIGKILL');
      if (turns === null) void done.then(() => go(0));
      else go(turns);
    },
    stats: () => auth.stats(),
    emit: (event: string, room?: string) => void (room === undefined ? io : io.to(room)).emit(event, 'told'),
    mark: (name: string) => void io.serverSideEmit('mark', name),
    untilMark: (name: string) => inbox.take(name),
    untilWarning: () => inbox.take('a warning'),
    fetchSockets: async () =>
      (await io.fetchSockets()).map(({ id, data }) => ({ id, data: data as unknown })),
    fetchById: async (id: string) => (await io.in(id).fetchSockets()).length,
    leftovers: () => ({
      sockets: io.of('/').sockets.size,
      rooms: [...io.of('/').adapter.rooms.keys()],
      sids: io.of('/').adapter.sids.size,
      clients: io.engine.clientsCount,
      listeners: [io.of('/'), io.engine, http, process]
        .flatMap((one: EventEmitter) => one.eventNames().map((name) => one.listenerCount(name)))
        .reduce((sum, count) => sum + count, 0),
      timers: process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length,
    }),
    /** Who each socket is logged in as. */
    identities: () =>
      Array.from(io.of('/').sockets.values(), ({ id, data }: Socket<object, object, object, Identified>) => [
        id,
        data.auth?.claims.jti ?? null,
      ]),
    memory,
    sleep: (ms: number) => sleep(ms),
    closeAuthorizer: () => auth.close(),
  };
}

void start().then((commands) => {
  process.on('message', (question: Question) => {
    // The adapter's messages come here as well.
    if (typeof question?.command !== 'string') return;
    void answer(commands, question).then((sent) => process.send?.(sent));
  });
  process.send?.({ id: 0, value: commands.port?.() } satisfies Answer);
});

async function answer(
  commands: Record<string, (...args: never[]) => unknown>,
  { id, command, args }: Question,
): Promise<Answer> {
  try {
    return { id, value: await commands[command]?.(...(args as never[])) };
  } catch (error) {
    return { id, error: String(error) };
  }
}
