import { load } from '../support/build.mjs';
import { cpuOf, FakeNetwork, settle } from '../support/fake-transport.mjs';
import { interleave } from '../support/rounds.mjs';
import { makeToken, SECRET } from '../support/tokens.mjs';

const EVENT = '2["message","a message of forty characters or thereabouts"]';

/** What Socket.IO and the gate themselves spend on an event, without a network. */
export async function measure({ sockets, eventsEach, rounds, warmups }) {
  const houses = [
    new House(sockets, eventsEach),
    new House(sockets, eventsEach),
    new House(sockets, eventsEach, {}),
    new House(sockets, eventsEach, { permissions: { message: 'chat:write' } }),
  ];
  for (const house of houses) await house.settled();
  const [plain, noise, gate, permissions] = await interleave(
    houses.map((house) => ({ measure: () => house.events() })),
    { warmups, rounds },
  );
  return {
    id: 'gate',
    title: "Inbound event without the network: Socket.IO's own work and the gate's",
    note: `${sockets} authenticated sockets, ${eventsEach} events each a round, in one process.`,
    unit: 'µs',
    samples: { plain, noise, gate, permissions },
    reference: 'plain',
    rows: [
      { id: 'plain', name: 'plain Socket.IO' },
      { id: 'noise', name: 'A/A: plain once more' },
      { id: 'gate', name: 'socketio-authorize' },
      { id: 'permissions', name: 'socketio-authorize with `permissions`' },
    ],
  };
}

/** A server whose clients have connected, with a token if it is guarded. */
class House {
  #network = new FakeNetwork();
  #transports;
  #eventsEach;
  #heard = 0;

  /** @param options those of the authorizer; without any the server is plain */
  constructor(sockets, eventsEach, options) {
    if (options !== undefined) {
      load('index')
        .authorize({ secret: SECRET, ...options })
        .attach(this.#network.io);
    }
    this.#network.io.on('connection', (socket) => socket.on('message', () => (this.#heard += 1)));
    this.#eventsEach = eventsEach;
    this.#transports = Array.from({ length: sockets }, (_, index) =>
      this.#network.connect(options && makeToken({ sub: `user-${index}`, scope: 'chat:write' })),
    );
  }

  async settled() {
    while (this.#network.io.of('/').sockets.size < this.#transports.length) await settle();
    await settle();
  }

  /** CPU of an event, in µs. */
  async events() {
    const count = this.#transports.length * this.#eventsEach;
    this.#heard = 0;
    globalThis.gc({ type: 'minor' });
    const cpu = await cpuOf(async () => {
      for (let turn = 0; turn < this.#eventsEach; turn += 1) {
        for (const transport of this.#transports) transport.receive(EVENT);
        await settle();
      }
    });
    if (this.#heard !== count) throw new Error(`${this.#heard} events were heard, not ${count}`);
    return cpu / count;
  }
}
