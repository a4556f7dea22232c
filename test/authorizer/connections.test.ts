import { expect } from 'chai';
import { UnauthorizedError } from '../../lib';
import type { AnySocket, AuthorizeOptions } from '../../lib';
import { Connections } from '../../lib/authorizer/connections';
import type { ClientConnection } from '../../lib/authorizer/connections';
import { toSettings } from '../../lib/authorizer/settings';
import { Deadlines } from '../../lib/runtime/deadlines';
import type { SessionContext } from '../../lib/session/context';
import type { LoginAttempts } from '../../lib/session/login-attempts';
import { emptyStats } from '../../lib/session/statistics';
import { BareWorld } from '../internals/kit';
import { SECRET } from '../support/tokens';

const BAD = new UnauthorizedError('invalid_token');

describe("the count of a connection's refusals", () => {
  let world: BareWorld;
  let deadlines: Deadlines;
  let connections: Connections;
  let socket: AnySocket;
  let connection: ClientConnection;

  async function start(options: Partial<AuthorizeOptions> = {}): Promise<void> {
    world = await BareWorld.start('socket.io');
    ({ socket } = await world.pair());
    deadlines = new Deadlines();
    const settings = toSettings({ secret: SECRET, ...options });
    // Sessions are not logged in here, so they ask for nothing else.
    const context = { settings, deadlines, stats: emptyStats() } as unknown as SessionContext;
    connections = new Connections(context);
    connection = connections.of(socket);
  }

  afterEach(async () => {
    deadlines.close();
    await world.close();
  });

  /** The attempts at a namespace that the connection was refused at. */
  function refusedAt(name: string): LoginAttempts {
    const attempts = connection.attemptsAt(world.io.of(name));
    attempts.fail(BAD);
    return attempts;
  }

  it('is kept for each connection and namespace', async () => {
    await start();
    const { socket: other } = await world.pair();
    expect(connections.of(socket)).to.equal(connection);
    expect(connections.of(other)).to.not.equal(connection);
    expect(connection.attemptsAt(world.io.of('/a'))).to.equal(connection.attemptsAt(world.io.of('/a')));
    expect(connection.attemptsAt(world.io.of('/a'))).to.not.equal(connection.attemptsAt(world.io.of('/b')));
    expect(connection.sessionAttempts(world.io.of('/a'))).to.equal(connection.attemptsAt(world.io.of('/a')));
  });

  it("is one for all namespaces under scope: 'connection'", async () => {
    await start({ scope: 'connection' });
    const all = connection.sessionAttempts(world.io.of('/a'));
    expect(connection.sessionAttempts(world.io.of('/b'))).to.equal(all);
    for (let count = 0; count < 100; count += 1) refusedAt(`/${count}`);
    expect(connection.sessionAttempts(world.io.of('/c'))).to.equal(all);
  });

  it('is dropped for namespaces that the connection has left, once there are more than 16', async () => {
    await start();
    const first = refusedAt('/0');
    for (let count = 1; count < 16; count += 1) refusedAt(`/${count}`);
    expect(connection.attemptsAt(world.io.of('/0'))).to.equal(first);
    const last = refusedAt('/16');
    expect(connection.attemptsAt(world.io.of('/16'))).to.equal(last);
    expect(connection.attemptsAt(world.io.of('/0'))).to.not.equal(first);
  });

  it('is kept for namespaces that the connection is in', async () => {
    await start();
    connection.sessionFor(socket);
    const own = refusedAt('/');
    for (let count = 0; count < 100; count += 1) refusedAt(`/${count}`);
    expect(connection.attemptsAt(socket.nsp)).to.equal(own);
    expect(own.isBlank).to.equal(false);
  });

  it('is kept for namespaces where a token is still being verified, however many there are', async () => {
    await start();
    const finish: (() => void)[] = [];
    const running = Array.from({ length: 50 }, (_, index) => {
      const attempts = connection.attemptsAt(world.io.of(`/${index}`));
      attempts.verification.submit({
        judge: () =>
          new Promise((resolve) => {
            finish.push(() => resolve(BAD));
          }),
        settle: () => undefined,
      });
      return attempts;
    });
    for (const [index, attempts] of running.entries())
      expect(connection.attemptsAt(world.io.of(`/${index}`))).to.equal(attempts);
    for (const end of finish) end();
    await new Promise(setImmediate);
    // Among as many others, one whose verification has ended is forgotten like any other.
    for (let count = 50; count < 100; count += 1) refusedAt(`/${count}`);
    expect(connection.attemptsAt(world.io.of('/0'))).to.not.equal(running[0]);
  });
});
