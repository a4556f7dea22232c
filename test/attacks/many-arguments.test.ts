import { expect } from 'chai';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';

/** More than function calls take on Node's stack, in 100 KB and more; Socket.IO takes 1 MB in one packet. */
for (const count of [50_000, 400_000])
  describe(`a packet with ${count} arguments`, () => {
    const ARGUMENTS = ',0'.repeat(count);
    let world: World;
    let raw: RawClient;
    let unharmed: Unharmed;

    beforeEach(async () => {
      unharmed = new Unharmed();
      world = await new World().listen();
      raw = await RawClient.open(world.url, 'websocket');
    });

    afterEach(async () => {
      raw.close();
      await world.close();
    });

    /** Sends a packet, and waits until the server, which must still be there, has dealt with it. */
    async function survives(packet: string): Promise<void> {
      raw.send(packet, '2987["sync"]');
      await until('the server answers, or closes', () => raw.inbox.all('ACK').length > 0 || !raw.isOpen);
      const client = world.client('/', { auth: { token: createToken({ sub: 'another' }) } });
      await client.until('authenticated');
      unharmed.close();
    }

    function guard(): void {
      world.authorize({ allow: ['sync', 'allowed'] }).attach(world.io);
      world.io.on('connection', (socket) => {
        for (const event of ['message', 'allowed']) socket.on(event, () => undefined);
        socket.on('sync', (reply: () => void) => reply());
      });
    }

    const EVENTS: [what: string, auth: object | undefined, packet: string][] = [
      ['an event of a pending socket', undefined, `2["message"${ARGUMENTS}]`],
      [
        'an event of a pending socket that asks for an acknowledgement',
        undefined,
        `27["message"${ARGUMENTS}]`,
      ],
      ['an event that is allowed before the login', undefined, `2["allowed"${ARGUMENTS}]`],
      ['an event of an authenticated socket', { token: createToken() }, `2["message"${ARGUMENTS}]`],
      ['an event that nobody listens to', { token: createToken() }, `2["nothing"${ARGUMENTS}]`],
      ['authenticate', undefined, `2["authenticate"${ARGUMENTS}]`],
      ['deauthenticate', { token: createToken() }, `2["deauthenticate"${ARGUMENTS}]`],
      ['an acknowledgement that nobody asked for', undefined, `37[0${ARGUMENTS}]`],
    ];
    for (const [what, auth, packet] of EVENTS) {
      it(`does no harm as ${what}`, async () => {
        guard();
        raw.send(RawClient.connect(auth));
        await raw.next(auth === undefined ? 'CONNECT' : 'EVENT');
        await survives(packet);
      });
    }

    it('does no harm as an event of an authenticated socket with an onAny listener', async () => {
      guard();
      world.io.on('connection', (socket) => socket.onAny(() => undefined));
      raw.send(RawClient.connect({ token: createToken() }));
      await raw.next('EVENT');
      await survives(`2["message"${ARGUMENTS}]`);
    });

    it('does no harm as the acknowledgement of a refusal', async () => {
      guard();
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send(RawClient.event('authenticate', { token: 'none' }));
      const [, id] = await raw.inbox.take('EVENT');
      await survives(`3${String(id)}[0${ARGUMENTS}]`);
      expect(world.io.of('/').sockets.size).to.be.at.most(2);
    });

    it('does no harm as the acknowledgement of an event that the application sent', async () => {
      guard();
      world.io.on('connection', (socket) => socket.emit('question', () => undefined));
      raw.send(RawClient.connect());
      const [, id] = await raw.inbox.take('EVENT');
      await survives(`3${String(id)}[0${ARGUMENTS}]`);
    });
  });
