import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { AnySocket } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { refusal, settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import type { TestClient, TestOptions } from '../support/world';

interface Packet {
  data?: unknown[];
  id?: number;
}
interface Patchable {
  onevent: (packet: Packet) => void;
  ack: (id: number) => (...args: unknown[]) => void;
}

const inside = (socket: AnySocket): Patchable => socket as unknown as Patchable;

/** What a library notes down, and what it put in the place of `onevent`. */
interface Library {
  readonly seen: Inbox;
  readonly install: (socket: AnySocket) => (packet: Packet) => void;
}

/** As `socketio-wildcard` does it: emits to the listeners itself, and never calls what was there before. */
function wildcard(): Library {
  const seen = new Inbox();
  const install: Library['install'] = (socket) => {
    const onevent = function (this: AnySocket, packet: Packet): void {
      const args = [...(packet.data ?? [])];
      if (packet.id !== undefined) args.push(inside(this).ack(packet.id));
      seen.push(String(args[0]), args.slice(1));
      EventEmitter.prototype.emit.call(this, '*', packet);
      EventEmitter.prototype.emit.apply(this, args as [string]);
    };
    return (inside(socket).onevent = onevent);
  };
  return { seen, install };
}

/** As the usual wrapper does it: keeps what was there before, and calls it. */
function wrapper(): Library {
  const seen = new Inbox();
  const install: Library['install'] = (socket) => {
    const former = inside(socket).onevent;
    const onevent = function (this: AnySocket, packet: Packet): void {
      seen.push(String(packet.data?.[0]), packet.data?.slice(1) ?? []);
      former.call(this, packet);
    };
    return (inside(socket).onevent = onevent);
  };
  return { seen, install };
}

type Place = (world: World, install: (socket: AnySocket) => void, attach: () => void) => void;

const places: [where: string, place: Place][] = [
  [
    'in io.use, before the authorizer',
    (world, install, attach) => {
      world.io.use((socket, next) => {
        install(socket);
        next();
      });
      attach();
    },
  ],
  [
    'in io.use, after the authorizer',
    (world, install, attach) => {
      attach();
      world.io.use((socket, next) => {
        install(socket);
        next();
      });
    },
  ],
  [
    "in 'connection', before the authorizer",
    (world, install, attach) => {
      world.io.on('connection', install);
      attach();
    },
  ],
  [
    "in 'connection', after the authorizer",
    (world, install, attach) => {
      attach();
      world.io.on('connection', install);
    },
  ],
  [
    "later than 'connection'",
    (world, install, attach) => {
      attach();
      world.io.on('connection', (socket) => setImmediate(install, socket));
    },
  ],
];
const libraries: [what: string, make: () => Library][] = [
  ['replaces', wildcard],
  ['wraps', wrapper],
];

for (const [where, place] of places) {
  for (const [what, make] of libraries) {
    describe(`a library that ${what} socket.onevent ${where}`, () => {
      const { world } = freshWorld();
      let library: Library;
      let heard: Inbox;
      let installed: ((packet: Packet) => void)[];

      beforeEach(() => {
        library = make();
        heard = new Inbox();
        installed = [];
      });

      function start(
        options: TestOptions,
        install = (socket: AnySocket): unknown => installed.push(library.install(socket)),
      ): void {
        const auth = world.authorize(options);
        place(
          world,
          (socket) => void install(socket),
          () => void auth.attach(world.io),
        );
        world.io.on('connection', (socket: AnySocket) => {
          socket.on('news', (...args: unknown[]) => {
            const reply = args.at(-1);
            if (typeof reply === 'function') args.pop();
            heard.push('news', args);
            if (typeof reply === 'function') (reply as (answer: unknown) => void)('heard');
          });
          socket.on('login', () => heard.push('login', []));
        });
      }

      async function connected(): Promise<TestClient> {
        const client = await world.connected();
        // One turn more, for those who come late.
        await settled(client);
        return client;
      }

      it('gets no event of a pending socket, and all events of an authenticated one', async () => {
        start({});
        const client = await connected();
        client.socket.emit('news', 'too early');
        await settled(client);
        expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news' });
        expect(library.seen.events).to.deep.equal([]);
        await show(client, createToken());
        expect(await client.socket.emitWithAck('news', 'in time', Buffer.from([1]))).to.equal('heard');
        expect(heard.all('news')).to.deep.equal([['in time', Buffer.from([1])]]);
        expect(library.seen.events).to.deep.equal(['news']);
        // And nothing again after a logout.
        await settled(client);
        client.socket.emit('news', 'too late');
        expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news' });
        expect(library.seen.events).to.deep.equal(['news']);
        expect(heard.events).to.deep.equal(['news']);
      });

      it('gets the events of `allow` of a pending socket too', async () => {
        start({ allow: ['login'] });
        const client = await connected();
        client.socket.emit('login');
        await heard.take('login');
        expect(library.seen.events).to.deep.equal(['login']);
      });

      it('never gets a token', async () => {
        start({});
        const client = await connected();
        for (let times = 0; times < 2; times += 1) await show(client, createToken());
        await client.socket.emitWithAck('news');
        await settled(client);
        expect(library.seen.events).to.deep.equal(['news']);
      });

      it('finds socket.onevent as it has assigned it', async () => {
        start({});
        const client = await connected();
        await show(client, createToken());
        const [socket] = world.io.of('/').sockets.values();
        expect(installed).to.have.length(1);
        expect(inside(socket as AnySocket).onevent).to.equal(installed[0]);
      });

      it('works together with another such library', async () => {
        const second = wrapper();
        start({}, (socket) => {
          library.install(socket);
          second.install(socket);
        });
        const client = await connected();
        client.socket.emit('news');
        await settled(client);
        expect(second.seen.events).to.deep.equal([]);
        await show(client, createToken());
        expect(await client.socket.emitWithAck('news')).to.equal('heard');
        expect([library.seen.events, second.seen.events]).to.deep.equal([['news'], ['news']]);
      });

      it('works in handshake mode', async () => {
        start({ handshake: true });
        const client = world.client('/', { auth: { token: createToken() } });
        await client.until('authenticated');
        expect(await client.socket.emitWithAck('news')).to.equal('heard');
        await settled(client);
        client.socket.emit('news');
        expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news' });
        expect(library.seen.events).to.deep.equal(['news']);
      });
    });
  }
}

describe('socket.onevent', () => {
  it("stays Socket.IO's own where no library changes it", async () => {
    const world = await new World().listen();
    try {
      world.authorize().attach(world.io);
      const client = await world.connected();
      await show(client, createToken());
      const [socket] = world.io.of('/').sockets.values() as IterableIterator<AnySocket>;
      expect(Object.hasOwn(socket as object, 'onevent')).to.equal(false);
    } finally {
      await world.close();
    }
  });

  it('can be reset by a library that is closed: the gate stays', async () => {
    const world = await new World().listen();
    try {
      world.authorize().attach(world.io);
      const heard: string[] = [];
      world.io.on('connection', (socket: AnySocket) => {
        const former = inside(socket).onevent;
        inside(socket).onevent = () => undefined;
        inside(socket).onevent = former;
        delete (socket as unknown as Partial<Patchable>).onevent;
        socket.onAny((event: string) => heard.push(event));
      });
      const client = await world.connected();
      client.socket.emit('news');
      await settled(client);
      expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news' });
      expect(heard).to.deep.equal([]);
      await show(client, createToken());
      client.socket.emit('news');
      await settled(client);
      expect(heard).to.deep.equal(['news']);
    } finally {
      await world.close();
    }
  });
});
