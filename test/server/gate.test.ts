import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { freshWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { RawClient } from '../support/raw-client';
import { refusal, settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { World } from '../support/world';

const modes = [
  { name: 'without recovery', options: {} },
  { name: 'with connectionStateRecovery', options: { connectionStateRecovery: {} } },
];

for (const { name, options } of modes) {
  describe(`the gate, ${name}`, () => {
    const { world } = freshWorld(options);
    let heard: Inbox;

    beforeEach(() => {
      heard = new Inbox();
    });

    /** Has the application listen to everything of every socket, and join it to a room at once. */
    function listen(): void {
      world.io.on('connection', (socket) => {
        heard.push('socket', [socket]);
        void socket.join('room');
        socket.onAny((event: string) => heard.push('any', [event]));
        for (const event of ['news', 'login']) socket.on(event, () => heard.push('on', [event]));
      });
    }

    it('keeps packets of other types from every listener: CONNECT_ERROR', async () => {
      world.authorize().attach(world.io);
      const errors: unknown[] = [];
      world.io.on('connection', (socket) => socket.on('error', (error) => errors.push(error)));
      for (const packet of ['4"x"', '4{"message":"x"}']) {
        const raw = await RawClient.open(world.url, 'polling');
        raw.send(RawClient.connect());
        await raw.next('CONNECT');
        // Newer versions close the connection for the first.
        raw.send(packet, '1');
        while (world.io.sockets.sockets.size > 0) await new Promise(setImmediate);
        raw.close();
      }
      expect(errors).to.deep.equal([]);
    });

    it('keeps events of a pending socket from every listener, and tells the client', async () => {
      world.authorize({ holdEvents: 0 }).attach(world.io);
      listen();
      const client = await world.connected();
      client.socket.emit('news', 'too early');
      expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news', retryable: true });
      await show(client, createToken());
      client.socket.emit('news', 'in time');
      await heard.take('on');
      expect(heard.all('any')).to.deep.equal([['news']]);
      expect(heard.all('on')).to.deep.equal([['news']]);
    });

    it('lets the events of `allow` through, to onAny too', async () => {
      world.authorize({ allow: ['login'] }).attach(world.io);
      listen();
      const client = await world.connected();
      client.socket.emit('news');
      client.socket.emit('login');
      expect(await heard.take('on')).to.deep.equal(['login']);
      expect(heard.all('any')).to.deep.equal([['login']]);
    });

    it('never passes the token to a listener of the application', async () => {
      world.authorize().attach(world.io);
      listen();
      const client = await world.connected();
      for (let times = 0; times < 2; times += 1) await show(client, createToken());
      client.socket.emit('news');
      await heard.take('on');
      expect(heard.all('any')).to.deep.equal([['news']]);
    });

    it('keeps every broadcast from a pending socket, and lets its rooms take effect at login', async () => {
      world.authorize().attach(world.io);
      listen();
      const [guest, bob] = [await world.connected(), await world.connected()];
      await show(bob, createToken());
      const [socket] = (await heard.take('socket')) as [Socket];
      const [sender] = (await heard.take('socket')) as [Socket];
      expect([...socket.rooms]).to.have.members([socket.id, 'room']);
      const broadcast = (text: string): void => {
        world.io.emit('all', text);
        world.io.to('room').emit('room', text);
        world.io.except('another room').emit('except', text);
        sender.broadcast.emit('broadcast', text);
        sender.to('room').emit('to', text);
        world.io.local.emit('local', text);
        world.io.of('/').emit('namespace', text);
      };
      broadcast('before');
      socket.emit('direct', 'to you alone');
      await guest.until('direct');
      expect(guest.inbox.events).to.deep.equal(['connect', 'direct']);
      await show(guest, createToken());
      broadcast('after');
      await guest.until('namespace');
      for (const event of ['all', 'room', 'except', 'broadcast', 'to', 'local', 'namespace']) {
        expect(
          guest.received(event).map(([text]) => text),
          event,
        ).to.deep.equal(['after']);
      }
      for (let times = 0; times < 2; times += 1) await bob.until('namespace');
      expect(bob.received('all').map(([text]) => text)).to.deep.equal(['before', 'after']);
    });

    it('removes a socket that has logged out from its rooms and every broadcast', async () => {
      world.authorize().attach(world.io);
      listen();
      const client = await world.connected();
      await show(client, createToken());
      const [socket] = (await heard.take('socket')) as [Socket];
      await settled(client);
      expect([...socket.rooms]).to.deep.equal([socket.id]);
      world.io.emit('all');
      world.io.to('room').emit('all');
      await settled(client);
      expect(client.received('all')).to.deep.equal([]);
      await show(client, createToken());
      world.io.to('room').emit('room');
      world.io.emit('all');
      await client.until('all');
      expect(client.received('room')).to.deep.equal([]);
    });

    it('lets a room be left before the login', async () => {
      world.authorize().attach(world.io);
      world.io.on('connection', (socket) => {
        void socket.join(['left', 'kept']);
        void socket.leave('left');
      });
      const client = await world.connected();
      await show(client, createToken());
      world.io.to('left').emit('left');
      world.io.to('kept').emit('kept');
      await client.until('kept');
      expect(client.received('left')).to.deep.equal([]);
    });

    it('hides pending sockets from commands to all, but not from a command to their id', async () => {
      world.authorize().attach(world.io);
      listen();
      const client = await world.connected();
      const [socket] = (await heard.take('socket')) as [Socket];
      expect(await world.io.fetchSockets()).to.deep.equal([]);
      expect(await world.io.in(socket.id).fetchSockets()).to.have.length(1);
      world.io.in(socket.id).socketsJoin('later');
      await show(client, createToken());
      expect([...socket.rooms]).to.include('later');
    });

    it('lets broadcasts and rooms through with isolate: false', async () => {
      world.authorize({ isolate: false, holdEvents: 0 }).attach(world.io);
      listen();
      const client = await world.connected();
      world.io.to('room').emit('room');
      await client.until('room');
      client.socket.emit('news');
      expect(await refusal(client)).to.include({ code: 'not_authenticated' });
      await show(client, createToken());
      await settled(client);
      world.io.to('room').emit('room', 'again');
      world.io.emit('all');
      await client.until('all');
      expect(client.received('room')).to.have.length(1);
    });

    it('lets an event named error through to those who listen to it, as any other', async () => {
      world.authorize().attach(world.io);
      world.io.on('connection', (socket) => socket.on('error', (what) => heard.push('error', [what])));
      const client = await world.connected();
      await show(client, createToken());
      client.socket.emit('error', 'of the client');
      expect(await heard.take('error')).to.deep.equal(['of the client']);
    });

    it('continues after a middleware of the socket has refused an event', async () => {
      world.authorize().attach(world.io);
      listen();
      world.io.on('connection', (socket) => {
        socket.use(([event], next) => next(event === 'login' ? new Error('not this one') : undefined));
        socket.on('error', (error) => heard.push('error', [error.message]));
      });
      const client = await world.connected();
      await show(client, createToken());
      client.socket.emit('login');
      client.socket.emit('news');
      expect(await heard.take('on')).to.deep.equal(['news']);
      expect(heard.all('error')).to.deep.equal([['not this one']]);
    });

    it('handles a socket that the application has removed from all rooms, even its own', async () => {
      const auth = world.authorize();
      auth.attach(world.io);
      listen();
      const client = await world.connected();
      const [socket] = (await heard.take('socket')) as [Socket];
      world.io.of('/').adapter.delAll(socket.id);
      await show(client, createToken());
      world.io.of('/').adapter.delAll(socket.id);
      auth.deauthenticate(socket);
      await show(client, createToken());
      world.io.emit('all');
      await client.until('all');
    });

    it('leaves nothing in the adapter', async () => {
      const auth = world.authorize();
      auth.attach(world.io);
      listen();
      const { adapter } = world.io.of('/');
      const [guest, bob] = [await world.connected(), await world.connected()];
      await show(bob, createToken());
      const gone = new Promise<void>((resolve) => {
        let left = 2;
        for (const socket of world.io.of('/').sockets.values())
          socket.on('disconnect', () => (left -= 1) || resolve());
      });
      guest.socket.disconnect();
      bob.socket.disconnect();
      await gone;
      expect(adapter.rooms.size).to.equal(0);
      expect(adapter.sids.size).to.equal(0);
      expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
    });

    it('applies to an adapter that is set later', async () => {
      world.authorize().attach(world.io);
      world.io.adapter(world.io.of('/').adapter.constructor as never);
      const client = await world.connected();
      world.io.emit('all');
      await show(client, createToken());
      expect(client.received('all')).to.deep.equal([]);
    });
  });
}

describe('plain Socket.IO', () => {
  it('delivers broadcasts to every client at once, and receives its events', async () => {
    const world = await new World().listen();
    const heard = new Inbox();
    try {
      world.io.on('connection', (socket) => socket.onAny((event: string) => heard.push('any', [event])));
      const client = await world.connected();
      world.io.emit('all');
      await client.until('all');
      client.socket.emit('news');
      expect(await heard.take('any')).to.deep.equal(['news']);
    } finally {
      await world.close();
    }
  });
});
