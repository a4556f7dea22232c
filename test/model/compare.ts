/** What must hold after each step. */
import { deepStrictEqual } from 'node:assert';
import { PLACES } from './application';
import { Bug } from './deeds';
import type { Permission } from './permission';
import type { World } from './world';

/** Compares the library with the model. */
export function compare(world: World): void {
  world.broadcast();
  deepStrictEqual(world.faults.uncaught.filter(isFault), [], 'what reaches the process');
  for (const line of world.lines) compareLine(world, world.lines.indexOf(line));
  compareBooks(world);
  compareIndex(world);
  deepStrictEqual(
    heardByPlace(world),
    Object.fromEntries(world.expected.heard),
    'what the application hears',
  );
  deepStrictEqual(world.deeds.left('library'), world.deeds.left('model'), 'which listeners have not run');
  deepStrictEqual(
    world.application.welcomed.toSorted(),
    world.expected.welcomed.toSorted(),
    'who is welcomed',
  );
  deepStrictEqual(world.application.ended.toSorted(), world.expected.ended.toSorted(), 'which sessions end');
}

function compareLine(world: World, index: number): void {
  const [line, client] = [world.lines[index], world.clients[index]];
  if (line === undefined || client === undefined) return;
  deepStrictEqual(client.isOpen, line.isOpen, `whether the connection of ${line.name} is open`);
  // A client that causes too many refusals is told no more of them.
  const mayLack = (question: number, answer: string): boolean =>
    client.isMuted && answer !== 'ok' && !client.answers.has(question);
  const answers = [...line.answers]
    .filter(([question, answer]) => !mayLack(question, answer))
    .map(([question, answer]) => [question, [answer]]);
  deepStrictEqual(
    [...client.answers].toSorted(byNumber),
    (answers as [number, string[]][]).toSorted(byNumber),
    `the answers to ${line.name}`,
  );
  for (const place of PLACES) {
    const name: string = `${line.name} ${place}`;
    const expected: Permission | undefined = line.sockets.get(place)?.permission;
    const socket = world.application.socket(place, client.place(place).sid);
    deepStrictEqual(socket?.connected ?? false, expected !== undefined, `whether ${name} is connected`);
    deepStrictEqual(socket?.decoded_token?.sub, expected?.token?.sub, `the user of ${name}`);
    deepStrictEqual(client.place(place).news, line.newsAt(place), `the broadcasts to ${name}`);
  }
}

const byNumber = ([one]: [number, unknown], [other]: [number, unknown]): number => one - other;

/** Socket.IO's books have each logged-in socket with its rooms, and of each pending one the room of its own id. */
function compareBooks(world: World): void {
  const gauges = { pending: 0, authenticated: 0 };
  for (const place of PLACES) {
    const sids: Record<string, string[]> = {};
    const rooms: Record<string, string[]> = {};
    for (const line of world.lines) {
      const socket = line.sockets.get(place);
      if (socket === undefined) continue;
      const { sid } = socket;
      const { token } = socket.permission;
      gauges[token === undefined ? 'pending' : 'authenticated'] += 1;
      rooms[sid] = [sid];
      if (token === undefined) continue;
      sids[sid] = [sid, `user:${token.sub}`, ...socket.rooms].toSorted();
      for (const room of sids[sid]) if (room !== sid) rooms[room] = [...(rooms[room] ?? []), sid].toSorted();
    }
    const { adapter, sockets } = world.application.io.of(place);
    deepStrictEqual(toLists(adapter.sids), sids, `the sockets in broadcasts of ${place}`);
    deepStrictEqual(toLists(adapter.rooms), rooms, `the rooms of ${place}`);
    deepStrictEqual(sockets.size, world.lines.filter((line) => line.sockets.has(place)).length);
  }
  const { pending, authenticated } = world.application.auth.stats();
  deepStrictEqual({ pending, authenticated }, gauges, 'the gauges');
}

function compareIndex({ lines, books, setup, calls }: World): void {
  const tokens = lines.flatMap((line) => [...line.permissions].flatMap(({ token }) => token ?? []));
  deepStrictEqual(books.sessions, tokens.length, 'the sessions in the index');
  for (const { id } of tokens) deepStrictEqual(books.named('jti', id), 1, 'the token in the index');
  for (const user of ['alice', 'bob']) {
    const count = tokens.filter(({ sub }) => sub === user).length;
    deepStrictEqual(books.named('sub', user), count, `the sessions of ${user} in the index`);
  }
  const owners = books.owners();
  const ending = tokens.filter(({ exp }) => exp !== Infinity && setup.rules.onExpired !== 'ignore');
  deepStrictEqual(owners.get('Term') ?? 0, ending.length, 'the expiries that are watched');
  const isOver = calls.isIdle && lines.every(({ isOpen }) => !isOpen);
  if (isOver) deepStrictEqual(owners.get('Grace') ?? 0, 0, 'the grace periods that are watched');
}

function heardByPlace({ application, expected }: World): Record<string, string[]> {
  const heard: Record<string, string[]> = {};
  for (const { id, sub } of application.heard) {
    const place = expected.senderOf(id);
    heard[place] = [...(heard[place] ?? []), `${id}: ${sub}`];
  }
  return heard;
}

function toLists(books: Map<string, Set<string>>): Record<string, string[]> {
  // A `leave-room` listener that throws keeps the adapter from the removal of an empty room.
  const used = [...books].filter(([, members]) => members.size > 0);
  return Object.fromEntries(used.map(([name, members]) => [name, [...members].toSorted()]));
}

/** Socket.IO calls the listeners of these in a tick of its own, or the application's call of it does. */
const OF_SOCKET_IO: ReadonlySet<string> = new Set(['event', 'disconnecting', 'disconnect']);

function isFault(fault: unknown): boolean {
  return !(fault instanceof Bug && OF_SOCKET_IO.has(fault.hook));
}
