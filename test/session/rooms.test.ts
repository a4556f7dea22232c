import { expect } from 'chai';
import { UnauthorizedError } from '../../lib';
import type { AnySocket } from '../../lib';
import { exchangeRooms, roomsOf } from '../../lib/session/rooms';
import { BareWorld } from '../internals/kit';
import { Unharmed } from '../support/unharmed';

const CLAIMS = { sub: 'bob' };

describe('the rooms of a login', () => {
  let world: BareWorld;
  let socket: AnySocket;
  let unharmed: Unharmed;

  beforeEach(async () => {
    unharmed = new Unharmed();
    world = await BareWorld.start('socket.io');
    ({ socket } = await world.pair());
  });

  afterEach(async () => {
    await world.close();
    unharmed.close();
  });

  it('are none without the option', () => {
    expect(roomsOf(undefined, CLAIMS, socket)).to.deep.equal(new Set());
  });

  it('are those that the option returns for the claims and the socket, each once', () => {
    const asked: unknown[] = [];
    const rooms = roomsOf(
      (claims, one) => {
        asked.push(claims, one === socket);
        return ['user:bob', 'everyone', 'user:bob'];
      },
      CLAIMS,
      socket,
    );
    expect(asked).to.deep.equal([CLAIMS, true]);
    expect(rooms).to.deep.equal(new Set(['user:bob', 'everyone']));
    expect(roomsOf(() => [], CLAIMS, socket)).to.deep.equal(new Set());
  });

  it('may include the room of the socket itself', () => {
    expect(roomsOf(() => [socket.id], CLAIMS, socket)).to.deep.equal(new Set([socket.id]));
  });

  const bad: [what: string, names: () => unknown][] = [
    ['is a text', () => 'everyone'],
    ['is nothing', () => undefined],
    ['is null', () => null],
    ['is a set', () => new Set(['everyone'])],
    ['is a promise', () => Promise.resolve(['everyone'])],
    ['is a promise that rejects', () => Promise.reject(new Error('oops'))],
    ['names a number', () => ['everyone', 7]],
    ['names nothing', () => [undefined]],
    ['names a list', () => [['everyone']]],
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
  ];
  for (const [what, names] of bad) {
    it(`are refused with unknown if the option's result ${what}`, async () => {
      const refusal = roomsOf(names, CLAIMS, socket);
      expect(refusal)
        .to.be.instanceOf(UnauthorizedError)
        .and.to.include({ code: 'unknown', message: 'unauthorized' });
      await new Promise(setImmediate);
    });
  }

  it("are refused with the option's own error, if it throws an UnauthorizedError", () => {
    const error = new UnauthorizedError('no_room', { message: 'all rooms are full' });
    const refuse = (): never => {
      throw error;
    };
    expect(roomsOf(refuse, CLAIMS, socket)).to.equal(error);
  });

  it('are refused if one is the id of another socket of the namespace, until that socket has left', async () => {
    const { client, socket: other } = await world.pair();
    expect(roomsOf(() => ['everyone', other.id], CLAIMS, socket)).to.include({ code: 'unknown' });
    const gone = new Promise((resolve) => {
      other.on('disconnect', resolve);
    });
    client.socket.disconnect();
    await gone;
    expect(roomsOf(() => [other.id], CLAIMS, socket)).to.deep.equal(new Set([other.id]));
  });

  const always = (): boolean => true;

  it('are updated: former ones are left, new ones are joined, and the rest stays', () => {
    const calls: unknown[] = [];
    const { adapter } = socket.nsp;
    for (const event of ['join-room', 'leave-room'])
      adapter.on(event, (room: string, id: string) => calls.push([event, room, id === socket.id]));
    exchangeRooms(socket, new Set(), new Set(['one', 'two']), always);
    exchangeRooms(socket, new Set(['one', 'two']), new Set(['two', 'three']), always);
    expect(calls).to.deep.equal([
      ['join-room', 'one', true],
      ['join-room', 'two', true],
      ['leave-room', 'one', true],
      ['join-room', 'three', true],
    ]);
    expect(socket.rooms).to.deep.equal(new Set([socket.id, 'two', 'three']));
  });

  it('are updated no further than is wanted', () => {
    const upTo = (count: number) => {
      let left = count;
      return () => (left -= 1) >= 0;
    };
    exchangeRooms(socket, new Set(), new Set(['one', 'two', 'three']), upTo(2));
    expect(socket.rooms).to.deep.equal(new Set([socket.id, 'one', 'two']));
    exchangeRooms(socket, new Set(['one', 'two']), new Set(['four']), upTo(1));
    expect(socket.rooms).to.deep.equal(new Set([socket.id, 'two']));
  });

  it('do not affect rooms that the application has joined, nor the room of the socket itself', () => {
    void socket.join('of the application');
    exchangeRooms(socket, new Set(), new Set([socket.id, 'one']), always);
    exchangeRooms(socket, new Set([socket.id, 'one']), new Set(), always);
    expect(socket.rooms).to.deep.equal(new Set([socket.id, 'of the application']));
  });
});
